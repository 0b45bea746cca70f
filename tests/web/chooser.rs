//! Where people sign in when there is a choice: what they are asked, what is remembered, and how
//! they get out of a choice that was wrong.

use actix_saml::crypto::{hex, sha256};
use actix_saml::idp::TestIdp;
use actix_saml::saml::metadata::IdpMetadata;
use actix_saml::sp::{Builder, Idp};
use actix_saml::web::federation::{IdpSource, RefreshSettings};
use chrono::TimeDelta;

use crate::answer::Answer;
use crate::app::{Setup, TestApp, start_of_test, test_idp, test_keys};
use crate::browser::Browser;
use crate::message::Begun;

const A: &str = "http%3A%2F%2Ffs-a.nhsmail.test%2Fadfs%2Fservices%2Ftrust";
const B: &str = "http%3A%2F%2Ffs-b.nhsmail.test%2Fadfs%2Fservices%2Ftrust";
const COOKIE: &str = "__Host-saml-idp";
const USED_LAST: &str = "<span>Used last in this browser</span>";

async fn two() -> TestApp {
    TestApp::with(|setup: &mut Setup| {
        setup.idps = vec![test_idp(0), test_idp(1)];
        setup.builder = Box::new(|builder| {
            for (idp, label) in builder.idps.iter_mut().zip(["NHSmail", "Partners"]) {
                let mut labelled = (**idp).clone();
                labelled.label = Some(label.to_owned());
                *idp = labelled.into();
            }
        });
    })
    .await
}

/// Signs in at the identity provider of this number, and lets a while go by.
async fn sign_in_at(browser: &Browser<'_>, index: usize) -> Answer {
    let app = browser.app;
    let login = format!("/saml/login?idp={}&return_to=%2Frota", [A, B][index]);
    let begun = browser.begin_at(&login).await;
    let form = app.respond_by(&app.idps[index], &begun, &app.person("ward.nurse"));
    let answer = browser.bring(&form).await;
    // The accounts of two providers are two people, unless they share their people.
    assert!(["/rota", "/saml/handover"].contains(&answer.location()), "{}", answer.location());
    app.clock.advance(TimeDelta::minutes(2));
    answer
}

#[track_caller]
fn assert_sent_to(answer: &Answer, host: &str) {
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(Begun::read(answer.location()).url.host_str(), Some(host));
}

/// It is the chooser, with the one marked that was used last.
#[track_caller]
fn assert_chooser(answer: &Answer, marked: Option<&str>) {
    assert_eq!(answer.status, 200);
    answer.assert_page();
    assert!(answer.body.contains("Where is your account?"), "{}", answer.body);
    for label in ["NHSmail", "Partners"] {
        let note = if marked == Some(label) { USED_LAST } else { "" };
        assert!(answer.body.contains(&format!(">{label}{note}</a></li>")), "{}", answer.body);
    }
    assert_eq!(answer.header("Set-Cookie"), None, "nothing has begun");
}

#[actix_web::test]
async fn where_a_sign_in_succeeded_is_remembered() {
    let app = two().await;
    let browser = app.browser();
    assert_chooser(&browser.visit("/saml/login").await, None);
    let answer = sign_in_at(&browser, 1).await;
    assert_eq!(
        answer.set_cookie(COOKIE).as_deref(),
        Some("__Host-saml-idp; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=31536000")
    );
    let value = browser.jar.borrow().value(COOKIE).unwrap();
    assert_eq!(value, hex(&sha256(app.idps[1].entity_id.as_str().as_bytes()))[..32]);
    let next = browser.visit("/saml/login?return_to=%2Frota").await;
    assert_sent_to(&next, "fs-b.nhsmail.test");
    assert_eq!(next.set_cookie(COOKIE), None);

    // The other one when it is asked for, and from then on.
    sign_in_at(&browser, 0).await;
    assert_sent_to(&browser.visit("/saml/login").await, "fs-a.nhsmail.test");

    // It does not depend on a session, and ends after a year.
    let next_day = app.browser();
    next_day.jar.borrow_mut().put(COOKIE, &value);
    assert_sent_to(&next_day.visit("/saml/login").await, "fs-b.nhsmail.test");
    sign_in_at(&browser, 0).await;
    app.clock.advance(TimeDelta::days(364));
    assert_sent_to(&browser.visit("/saml/login").await, "fs-a.nhsmail.test");
    app.clock.advance(TimeDelta::days(1));
    assert_chooser(&browser.visit("/saml/login").await, None);
}

#[actix_web::test]
async fn a_choice_that_led_nowhere_is_not_remembered() {
    let app = two().await;
    let browser = app.browser();
    let begun = browser.begin_at(&format!("/saml/login?idp={B}")).await;
    assert_eq!(browser.jar.borrow().value(COOKIE), None);
    let by_other = app.respond_by(&app.idps[0], &begun, &app.person("ward.nurse"));
    browser.bring(&by_other).await.assert_refused(403, "issuer");
    assert_eq!(browser.jar.borrow().value(COOKIE), None);
}

#[actix_web::test]
async fn there_is_always_a_way_back() {
    let app = two().await;
    let browser = app.browser();
    sign_in_at(&browser, 1).await;
    for query in ["choose", "choose=", "choose=1&return_to=%2Frota", "choose&choose"] {
        let page = browser.visit(&format!("/saml/login?{query}")).await;
        assert_chooser(&page, Some("Partners"));
    }
    for query in [format!("choose&idp={A}"), format!("idp={A}&idp={B}"), format!("idp={A}&idp={A}")]
    {
        let page = browser.visit(&format!("/saml/login?{query}")).await;
        assert_chooser(&page, Some("Partners"));
    }

    // From a page that says no, to the page that was asked for.
    let link =
        |query: &str| format!("<a href=\"/saml/login?{query}\">Sign in with another account</a>");
    let begun = browser.begin("/rota?day=2").await;
    let by_other = app.respond_by(&app.idps[0], &begun, &app.person("ward.nurse"));
    let refused = browser.bring(&by_other).await;
    refused.assert_refused(403, "issuer");
    let chooser = link("return_to=%2Frota%3Fday%3D2&amp;choose");
    assert!(refused.body.contains(&chooser), "{}", refused.body);
    let page = browser.visit("/saml/login?return_to=%2Frota%3Fday%3D2&choose").await;
    assert_chooser(&page, Some("Partners"));
    let onward = format!("href=\"/saml/login?idp={A}&amp;return_to=%2Frota%3Fday%3D2\"");
    assert!(page.body.contains(&onward), "{}", page.body);

    // From the page after signing out: the next person may have another account.
    let signed_out = browser.submit("/saml/logout", "").await;
    assert!(signed_out.body.contains(&link("choose")), "{}", signed_out.body);
}

/// AD FS and Entra show pages of their own to people who have no account there: ours is not seen.
#[actix_web::test]
async fn who_comes_back_at_once_is_asked() {
    let app = two().await;
    let browser = app.browser();
    sign_in_at(&browser, 1).await;
    let again = "/saml/login?return_to=%2Frota";
    assert_sent_to(&browser.visit(again).await, "fs-b.nhsmail.test");
    app.clock.advance(TimeDelta::seconds(59));
    assert_chooser(&browser.visit(again).await, Some("Partners"));
    // Who names a provider is not asked, nor who wants another page, nor who comes later.
    let named = browser.visit(&format!("{again}&idp={B}")).await;
    assert_sent_to(&named, "fs-b.nhsmail.test");
    let other = browser.visit("/saml/login?return_to=%2Fadmin").await;
    assert_sent_to(&other, "fs-b.nhsmail.test");
    app.clock.advance(TimeDelta::seconds(60));
    assert_sent_to(&browser.visit(again).await, "fs-b.nhsmail.test");
}

#[actix_web::test]
async fn a_memory_that_fits_no_provider_is_none() {
    let app = two().await;
    let digest = |name: &str| hex(&sha256(name.as_bytes()));
    let b = digest(app.idps[1].entity_id.as_str());
    for value in [
        &digest("http://gone.nhsmail.test/adfs/services/trust")[..32],
        app.idps[1].entity_id.as_str(),
        &b,
        &b[..31],
        &b[..32].to_uppercase(),
        "",
        "1",
        "\"><script>",
    ] {
        let browser = app.browser();
        browser.jar.borrow_mut().put(COOKIE, value);
        let page = browser.visit("/saml/login").await;
        assert_chooser(&page, None);
        assert!(value.len() < 2 || !page.body.contains(value), "{value}");
    }
    // Two: nobody can say which one is ours.
    let browser = app.browser();
    browser.jar.borrow_mut().put(COOKIE, &b[..32]);
    browser.jar.borrow_mut().put_in_front(COOKIE, "x");
    assert_chooser(&browser.visit("/saml/login").await, None);
    browser.jar.borrow_mut().put(COOKIE, &b[..32]);
    assert_sent_to(&browser.visit("/saml/login").await, "fs-b.nhsmail.test");
}

#[actix_web::test]
async fn an_unknown_provider_is_no_wish_and_is_not_shown() {
    let app = two().await;
    let browser = app.browser();
    sign_in_at(&browser, 1).await;
    for name in ["https://evil.example", "<script>evil</script>", "", &A.to_lowercase()] {
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let page = browser.visit(&format!("/saml/login?idp={name}")).await;
        assert_chooser(&page, Some("Partners"));
        assert!(!page.body.contains("evil"), "{}", page.body);
    }
}

#[actix_web::test]
async fn one_alone_is_no_choice() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let answer = sign_in_at(&browser, 0).await;
    assert_eq!(answer.set_cookie(COOKIE), None);
    browser.jar.borrow_mut().put(COOKIE, "x");
    assert_sent_to(&browser.visit("/saml/login?choose").await, "fs-a.nhsmail.test");
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse").replace("ward.nurse", "test.consultant");
    let refused = browser.bring(&form).await;
    refused.assert_refused(403, "digest_mismatch");
    let signed_out = browser.submit("/saml/logout", "").await;
    for page in [refused, signed_out] {
        assert!(page.body.contains("Sign in again"), "{}", page.body);
        assert!(!page.body.contains("choose") && !page.body.contains("another account"));
    }
}

/// Plain links in a list that is named: for keyboards, screen readers, and without any script.
#[actix_web::test]
async fn the_page_is_plain() {
    let app = two().await;
    let page = app.browser().visit("/saml/login?return_to=%2Frota").await;
    assert_chooser(&page, None);
    for part in [
        "<html lang=\"en-GB\" dir=\"ltr\">",
        "<title>Sign in</title>",
        "<h1>Sign in</h1>",
        "<p id=\"where\">Where is your account?</p>",
        "<ul class=\"choices\" aria-labelledby=\"where\"><li><a href=",
    ] {
        assert_eq!(page.body.matches(part).count(), 1, "{part} in {}", page.body);
    }
    assert!(!page.body.contains("Other ways"), "all are there");
    assert!(!page.body.contains("<script") && !page.body.contains("tabindex"));
    assert_eq!(page.body.matches("<a ").count(), 2);
}

#[actix_web::test]
async fn in_development_the_name_has_no_prefix() {
    let app = TestApp::with(|setup| {
        setup.base_url = "http://localhost:8080";
        setup.idps = vec![test_idp(0), test_idp(1)];
    })
    .await;
    let browser = app.browser();
    let answer = sign_in_at(&browser, 1).await;
    assert_eq!(
        answer.set_cookie("saml-idp").as_deref(),
        Some("saml-idp; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=31536000")
    );
    assert_sent_to(&browser.visit("/saml/login").await, "fs-b.nhsmail.test");
}

/// The metadata of the other one has not come yet. To go straight to the only one that is known
/// would take half of the people to where they have no account.
#[actix_web::test]
async fn one_that_is_awaited_counts() {
    let app = TestApp::with(|setup| {
        let awaited = IdpSource { file: Some("/nonexistent".into()), ..IdpSource::default() };
        let refresh = RefreshSettings { background: false, ..RefreshSettings::default() };
        setup.saml = Box::new(|saml| saml.sources(vec![awaited], refresh));
    })
    .await;
    let browser = app.browser();
    for query in ["", "?choose", "?return_to=%2Frota"] {
        let page = browser.visit(&format!("/saml/login{query}")).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.body.matches("<a ").count(), 1, "{}", page.body);
        assert!(page.body.contains("Other ways to sign in are not available at the moment."));
    }
    sign_in_at(&browser, 0).await;
    assert_sent_to(&browser.visit("/saml/login").await, "fs-a.nhsmail.test");
}

/// What a browser remembers leads to the right one of many, whatever their order.
#[actix_web::test]
async fn one_of_many_is_remembered() {
    let many: Vec<TestIdp> = (0..40)
        .map(|n| TestIdp::adfs_at(&format!("https://fs-{n}.nhsmail.test"), test_keys(0)).unwrap())
        .collect();
    let names: Vec<String> = many.iter().map(|idp| idp.entity_id.to_string()).collect();
    let app = TestApp::with(|setup| setup.idps = many).await;
    for number in [0, 7, 39] {
        let browser = app.browser();
        let digest = hex(&sha256(names[number].as_bytes()));
        browser.jar.borrow_mut().put(COOKIE, &digest[..32]);
        let host = format!("fs-{number}.nhsmail.test");
        assert_sent_to(&browser.visit("/saml/login").await, &host);
    }
}

/// Makes a provider call itself by these names, each with its language.
fn calls_itself(builder: &mut Builder, idps: &[TestIdp], index: usize, names: &[(&str, &str)]) {
    let names: String = names
        .iter()
        .map(|(lang, name)| format!("<m:DisplayName xml:lang=\"{lang}\">{name}</m:DisplayName>"))
        .collect();
    let xml = idps[index].metadata().unwrap();
    // The signature breaks, and counts for nothing without a pin.
    let (start, rest) = xml.split_once("<IDPSSODescriptor").unwrap();
    let (attributes, rest) = rest.split_once('>').unwrap();
    let xml = format!(
        "{start}<IDPSSODescriptor{attributes}><Extensions><m:UIInfo \
         xmlns:m=\"urn:oasis:names:tc:SAML:metadata:ui\">{names}</m:UIInfo></Extensions>{rest}"
    );
    let metadata = IdpMetadata::read(xml.as_bytes(), start_of_test()).unwrap();
    assert!(!metadata.ui_info().display_names.is_empty());
    builder.idps[index] = Idp { metadata, label: None }.into();
}

/// The page on which two providers call themselves so, unless the first has a label.
async fn named(label: Option<&str>, first: &[(&str, &str)], second: &[(&str, &str)]) -> String {
    let own = |names: &[(&str, &str)]| -> Vec<(String, String)> {
        names.iter().map(|(lang, name)| ((*lang).to_owned(), (*name).to_owned())).collect()
    };
    let (label, names) = (label.map(str::to_owned), [own(first), own(second)]);
    let app = TestApp::with(|setup: &mut Setup| {
        setup.idps = vec![test_idp(0), test_idp(1)];
        let idps = setup.idps.clone();
        setup.builder = Box::new(move |builder| {
            for (index, names) in names.iter().enumerate().filter(|(_, names)| !names.is_empty()) {
                let names: Vec<_> = names.iter().map(|(l, n)| (l.as_str(), n.as_str())).collect();
                calls_itself(builder, &idps, index, &names);
            }
            let mut first = (*builder.idps[0]).clone();
            first.label = label;
            builder.idps[0] = first.into();
        });
    })
    .await;
    let page = app.browser().visit("/saml/login").await;
    page.assert_page();
    page.body
}

#[track_caller]
fn assert_names(page: &str, names: [&str; 2]) {
    let shown: Vec<&str> = page
        .split("<li><a href=")
        .skip(1)
        .map(|item| item.split_once('>').unwrap().1.split_once("</a></li>").unwrap().0)
        .collect();
    assert_eq!(shown, names);
}

const NAME_A: &str = "http://fs-a.nhsmail.test/adfs/services/trust";
const NAME_B: &str = "http://fs-b.nhsmail.test/adfs/services/trust";

#[actix_web::test]
async fn without_a_label_the_providers_own_name_is_shown() {
    let page = named(None, &[("cy", "Ysbyty"), ("en-GB", "Wards Trust")], &[]).await;
    assert_names(&page, ["Wards Trust", NAME_B]);
    let page = named(None, &[("cy", "Ysbyty"), ("de", "Krankenhaus")], &[("en", "Clinics")]).await;
    assert_names(&page, ["Ysbyty", "Clinics"]);
    // The label counts before it.
    let page = named(Some("NHSmail"), &[("en", "Wards Trust")], &[("en", "Clinics")]).await;
    assert_names(&page, ["NHSmail", "Clinics"]);
}

#[actix_web::test]
async fn a_providers_own_name_is_a_text_and_short() {
    let hostile = "&lt;/a>&lt;script>alert(&quot;x&quot;)&lt;/script>&amp;'";
    let page = named(None, &[("en", hostile)], &[]).await;
    let escaped = "&lt;/a&gt;&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;";
    assert_names(&page, [escaped, NAME_B]);
    assert!(!page.contains("<script"), "{page}");

    let (fits, long) = ("ä".repeat(80), "ä".repeat(81));
    let page = named(None, &[("en", &fits)], &[("en", &long)]).await;
    assert_names(&page, [&fits, &format!("{}…", "ä".repeat(79))]);
    // Whoever writes it cannot move what stands beside it.
    let page = named(None, &[("en", "sdraW\u{202e}"), ("cy", "Ysbyty")], &[]).await;
    assert_names(&page, ["Ysbyty", NAME_B]);
}

#[actix_web::test]
async fn nobody_calls_itself_what_another_is_called() {
    let page = named(Some("NHSmail"), &[], &[("en", "nhsmail")]).await;
    assert_names(&page, ["NHSmail", NAME_B]);
    let page = named(None, &[("en", "Wards")], &[("en", "Wards")]).await;
    assert_names(&page, [NAME_A, NAME_B]);
    let page = named(None, &[("en", "Wards")], &[("en", "Other wards")]).await;
    assert_names(&page, ["Wards", "Other wards"]);
    // Nor what another one would be called without a name.
    let page = named(None, &[("en", NAME_B)], &[("en", "Wards")]).await;
    assert_names(&page, [NAME_A, "Wards"]);
    let page = named(None, &[("en", NAME_A)], &[]).await;
    assert_names(&page, [NAME_A, NAME_B]);
}
