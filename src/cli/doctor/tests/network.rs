use super::super::reach::{Reach, Tried};
use super::super::scene::Fault;
use super::*;
use crate::web::federation::{Answer, FetchError};

const URL: &str = "https://fs.nhsmail.test/FederationMetadata/2007-06/FederationMetadata.xml";
const COOKIE: &str = "__Host-saml-pending-00112233445566778899aabbccddeeff=x; HttpOnly; \
                      SameSite=None; Secure; Path=/; Max-Age=3600";

/// Everything answers as it should.
fn right() -> Scene {
    let mut scene = scene(&format!("{START}{IDP}metadata_url = \"{URL}\"\n{KEYS}"));
    let ours = scene.own.as_ref().unwrap().metadata(now()).unwrap();
    let document = scene.providers[0].document.clone().unwrap();
    let tried = Tried {
        uses_proxy: false,
        fetched: Ok(document),
        clock_offset: Some(TimeDelta::milliseconds(1_400)),
    };
    scene.reach = Some(Ok(Reach {
        metadata: Ok(Answer { status: 200, body: ours.into_bytes(), ..Answer::default() }),
        login: Ok(Answer {
            status: 303,
            set_cookies: vec!["other=1".to_owned(), COOKIE.to_owned()],
            ..Answer::default()
        }),
        providers: vec![Some(tried)],
    }));
    scene
}

/// As it should be, but for this.
fn with(change: impl FnOnce(&mut Reach)) -> Scene {
    let mut scene = right();
    change(scene.reach.as_mut().unwrap().as_mut().unwrap());
    scene
}

fn with_tried(change: impl FnOnce(&mut Tried)) -> Scene {
    with(|reach| change(reach.providers[0].as_mut().unwrap()))
}

#[test]
fn nothing_was_tried() {
    assert_level(&scene(&format!("{START}{IDP}")), "reach", Level::Note);
}

#[test]
fn everything_answers() {
    let scene = right();
    for code in ["reach_application", "reach_cookies", "reach_idp", "clock"] {
        assert_level(&scene, code, Level::Ok);
    }
    assert!(all(&scene, "reach").is_empty());
}

#[test]
fn a_proxy_variable_that_is_wrong() {
    let mut scene = right();
    let environment = |name: &str| (name == "HTTPS_PROXY").then(|| "ftp://x".to_owned());
    let error = crate::web::federation::ProxySettings::from_environment(&environment);
    scene.reach = Some(Err(error.unwrap_err()));
    let finding = assert_level(&scene, "reach", Level::Problem);
    assert_eq!(finding.facts[0].value, "HTTPS_PROXY");
}

#[test]
fn our_address_cannot_be_reached() {
    let dns = FetchError::Dns { host: "rota.example.nhs.uk".to_owned() };
    let tls = FetchError::Tls("certificate has expired".to_owned());
    for (error, level, code) in [
        (dns, Level::Warning, "fetch_dns"),
        (FetchError::Timeout { seconds: 20 }, Level::Warning, "fetch_timeout"),
        (tls, Level::Problem, "fetch_tls"),
    ] {
        let scene = with(|reach| {
            reach.metadata = Err(error.clone());
            reach.login = Err(error);
        });
        let finding = assert_level(&scene, "reach_application", level);
        assert_eq!(finding.facts[0].value, code);
        assert!(all(&scene, "reach_cookies").is_empty(), "one finding is enough");
    }
}

#[test]
fn something_else_answers_at_our_address() {
    let page = |status, body: &str| {
        let body = body.as_bytes().to_vec();
        with(|reach| reach.metadata = Ok(Answer { status, body, ..Answer::default() }))
    };
    for (scene, title) in [
        (page(301, ""), "Our address leads somewhere else."),
        (page(404, ""), "Our metadata is not where we say it is."),
        (page(200, "<html><p>Sign in<br></html>"), "Something else answers at our address."),
        (page(200, &idp_metadata("x", "", &[&KEY.1])), "Something else answers at our address."),
    ] {
        assert_eq!(assert_level(&scene, "reach_application", Level::Problem).title, title);
    }
}

#[test]
fn another_configuration_answers_at_our_address() {
    let served = |from: &str, to: &str| {
        with(|reach| {
            let answer = reach.metadata.as_mut().unwrap();
            let text = String::from_utf8(answer.body.clone()).unwrap();
            assert!(text.contains(from), "{text}");
            answer.body = text.replace(from, to).into_bytes();
        })
    };
    let scene = served("/saml/acs", "/saml/acs/");
    let finding = assert_level(&scene, "reach_application", Level::Problem);
    assert!(finding.facts[1].value.starts_with("ACS only by a slash at the end"), "{finding:?}");
    let scene = served("entityID=\"https:", "entityID=\"http:");
    let finding = assert_level(&scene, "reach_application", Level::Problem);
    assert!(finding.facts[1].value.starts_with("entityID only by http and https"), "{finding:?}");

    let (_, other) = pair(KeyShape::P256, "2029-01-01T00:00:00Z");
    let (ours, others) = (encode_base64(KEY.1.as_der()), encode_base64(other.as_der()));
    assert_level(&served(&ours, &others), "reach_application", Level::Warning);
    // White space and the like are no other configuration.
    assert_level(&served("></md:Entity", ">\n</md:Entity"), "reach_application", Level::Ok);
}

#[test]
fn a_cookie_that_is_changed_on_its_way() {
    for (from, to, fault) in [
        ("; Secure", "", "Secure is missing"),
        ("; HttpOnly", "", "HttpOnly is missing"),
        ("SameSite=None", "SameSite=Lax", "SameSite=None is missing"),
        ("Path=/;", "Path=/rota;", "Path=/ is missing"),
        ("Path=/;", "Path=/; Domain=example.nhs.uk;", "a Domain was added"),
        (
            "__Host-",
            "",
            "its name is saml-pending-00112233445566778899aabbccddeeff, not __Host-saml-pending-…",
        ),
    ] {
        let changed = COOKIE.replacen(from, to, 1);
        assert_ne!(changed, COOKIE);
        let scene = with(|reach| reach.login.as_mut().unwrap().set_cookies = vec![changed]);
        let finding = assert_level(&scene, "reach_cookies", Level::Problem);
        assert_eq!(finding.facts[0].value, fault);
    }
    let scene = with(|reach| reach.login.as_mut().unwrap().set_cookies.clear());
    let finding = assert_level(&scene, "reach_cookies", Level::Problem);
    assert!(finding.title.starts_with("The cookie of a sign-in does not arrive"));
}

#[test]
fn a_page_that_sets_no_cookie_tells_nothing() {
    let page = |status| with(|reach| reach.login = Ok(Answer { status, ..Answer::default() }));
    assert!(all(&page(200), "reach_cookies").is_empty(), "the page that asks which provider");
    let finding = assert_level(&page(503), "reach_cookies", Level::Problem);
    assert_eq!(finding.title, "The application is running, and nobody can sign in yet.");
}

#[test]
fn a_provider_that_cannot_be_fetched() {
    let dns = FetchError::Dns { host: "fs.nhsmail.test".to_owned() };
    let scene = with_tried(|tried| tried.fetched = Err(dns.clone()));
    let finding = assert_level(&scene, "reach_idp", Level::Warning);
    assert_eq!(finding.facts[1].value, "directly");
    assert!(finding.remedy.unwrap().contains("HTTPS_PROXY"));
    // Without a last known good nobody can sign in.
    let mut scene = with_tried(|tried| tried.fetched = Err(dns));
    scene.providers[0].document = None;
    assert_level(&scene, "reach_idp", Level::Problem);
}

#[test]
fn each_trouble_has_a_remedy_of_its_own() {
    let text = String::new;
    let mut remedies = std::collections::BTreeSet::new();
    let troubles = [
        (FetchError::Insecure { url: text() }, false),
        (FetchError::Dns { host: text() }, false),
        (FetchError::Connection(text()), false),
        (FetchError::Connection(text()), true),
        (FetchError::Tls(text()), false),
        (FetchError::Proxy(text()), true),
        (FetchError::TooLarge { limit: 1 }, false),
        (FetchError::Status(403), false),
        (FetchError::Status(404), false),
        (FetchError::Status(500), false),
        (FetchError::Redirect { location: text(), why: "" }, false),
        (FetchError::Answer(text()), false),
    ];
    let count = troubles.len();
    for (error, uses_proxy) in troubles {
        let scene = with_tried(|tried| {
            tried.fetched = Err(error);
            tried.uses_proxy = uses_proxy;
        });
        remedies.insert(assert_level(&scene, "reach_idp", Level::Warning).remedy.unwrap());
    }
    assert_eq!(remedies.len(), count, "{remedies:#?}");
}

#[test]
fn a_provider_that_has_something_else() {
    let read =
        |text: &str| crate::saml::metadata::IdpMetadata::read(text.as_bytes(), now()).unwrap();
    let (_, next) = pair(KeyShape::P256, "2030-01-01T00:00:00Z");
    let other_key = read(&idp_metadata(ISSUER, "", &[&next]));
    let both_keys = read(&idp_metadata(ISSUER, "", &[&next, &KEY.1]));
    let other_entity = read(&idp_metadata("urn:other", "", &[&KEY.1]));
    for (fresh, level) in
        [(both_keys, Level::Note), (other_key, Level::Warning), (other_entity, Level::Problem)]
    {
        let scene = with_tried(|tried| tried.fetched = Ok(Ok(fresh)));
        let finding = assert_level(&scene, "reach_idp", level);
        let keys = finding.facts.iter().filter(|fact| fact.name == "new key");
        let expected = if level == Level::Problem { vec![] } else { vec![next.fingerprint()] };
        assert_eq!(keys.map(|fact| fact.value.clone()).collect::<Vec<_>>(), expected);
    }
    let fault = Fault { code: "metadata_root", detail: "the root element is <html>".to_owned() };
    let scene = with_tried(|tried| tried.fetched = Ok(Err(fault)));
    assert_eq!(assert_level(&scene, "reach_idp", Level::Warning).facts[2].value, "metadata_root");
}

#[test]
fn what_is_fetched_is_looked_at_where_there_is_no_file() {
    let mut scene = right();
    scene.providers[0].document = None;
    scene.providers[0].is_on_disk = false;
    assert_level(&scene, "idp_metadata", Level::Note);
    scene.adopt_fetched();
    assert_level(&scene, "idp_metadata", Level::Ok);
    assert_level(&scene, "idp_certificate", Level::Ok);
    let finding = assert_level(&scene, "reach_idp", Level::Ok);
    assert_eq!(finding.title, "Its metadata can be fetched and used.");
}

#[test]
fn clocks_that_disagree() {
    for (seconds, level) in [
        (0, Level::Ok),
        (92, Level::Ok),
        (93, Level::Warning),
        (-93, Level::Warning),
        (182, Level::Warning),
        (183, Level::Problem),
        (-183, Level::Problem),
    ] {
        let scene = with_tried(|tried| tried.clock_offset = Some(TimeDelta::seconds(seconds)));
        assert_level(&scene, "clock", level);
    }
    let scene = with_tried(|tried| tried.clock_offset = Some(TimeDelta::seconds(-200)));
    assert_eq!(one(&scene, "clock").title, "Our clock is 200 seconds behind its server's.");
    assert!(all(&with_tried(|tried| tried.clock_offset = None), "clock").is_empty());
}
