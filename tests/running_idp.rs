//! The test identity provider over HTTP, for tests that have a program or a browser of their own.

#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::TcpStream;
use std::sync::Arc;

use actix_saml::Saml;
use actix_saml::idp::{Scenario, TestIdp};
use actix_saml::nhsmail::Staff;
use actix_saml::testing::{RunningIdp, Stuck};
use actix_saml::web::Clock;
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, get};
use chrono::{DateTime, TimeDelta, Utc};
use ureq::Agent;
use url::{Url, form_urlencoded};

#[get("/rota")]
async fn rota(staff: Staff) -> String {
    format!("Rota of {}", staff.display_name())
}

/// A program with a jar of cookies, as any HTTP client can be one.
struct Client {
    agent: Agent,
    cookies: RefCell<BTreeMap<String, String>>,
}

struct Answer {
    status: u16,
    location: Option<String>,
    text: String,
}

impl Answer {
    fn between(&self, start: &str, end: &str) -> String {
        let (_, rest) = self.text.split_once(start).unwrap_or_else(|| panic!("{}", self.text));
        rest.split_once(end).unwrap().0.replace("&#x27;", "'").replace("&amp;", "&")
    }

    fn field(&self, name: &str) -> String {
        self.between(&format!("name=\"{name}\" value=\""), "\"")
    }
}

impl Client {
    fn new() -> Self {
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
        Self { agent: config.proxy(None).build().into(), cookies: RefCell::default() }
    }

    fn send(&self, url: &str, form: Option<&[(&str, &str)]>) -> Answer {
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let answer = match form {
            None => self
                .agent
                .get(url)
                .header("Accept", "text/html")
                .header("Sec-Fetch-Mode", "navigate")
                .header("Sec-Fetch-Dest", "document")
                .header("Cookie", cookies)
                .call(),
            Some(fields) => {
                let body =
                    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                self.agent
                    .post(url)
                    .header("Accept", "text/html")
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .header("Cookie", cookies)
                    .send(body)
            }
        };
        let mut answer = answer.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = value.split(';').next().unwrap();
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
        let location = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        let base = Url::parse(url).unwrap();
        Answer {
            status: answer.status().as_u16(),
            location: location.map(|to| base.join(&to).unwrap().to_string()),
            text: answer.body_mut().read_to_string().unwrap(),
        }
    }

    /// Follows redirects, from the application to the identity provider too.
    fn open(&self, url: &str) -> Answer {
        let mut answer = self.send(url, None);
        for _ in 0..5 {
            match &answer.location {
                Some(to) => answer = self.send(to, None),
                None => break,
            }
        }
        answer
    }

    /// Asks for `page`, chooses a card at the identity provider, and brings the response back.
    fn sign_in(&self, idp: &RunningIdp, page: &str, person: &str) -> Answer {
        let chooser = self.open(page);
        assert!(chooser.text.contains("Choose who signs in"), "{}", chooser.text);
        let query = chooser.field("query");
        let fields = [("query", query.as_str()), ("person", person)];
        let posting = self.send(&idp.idp().sign_in_url(), Some(&fields));
        let (response, state) = (posting.field("SAMLResponse"), posting.field("RelayState"));
        let fields = [("SAMLResponse", response.as_str()), ("RelayState", state.as_str())];
        let answer = self.send(&posting.between("action=\"", "\""), Some(&fields));
        match &answer.location {
            Some(to) => self.open(to),
            None => answer,
        }
    }
}

/// The application, as it runs anywhere: it fetches the metadata from the address in its file.
async fn serve(idp: &RunningIdp) -> (String, Saml, ServerHandle) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let folder = std::env::temp_dir().join(format!("actix-saml-running-idp-{}", port(&url)));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("saml.toml");
    let text = format!(
        "base_url = \"{url}\"\nentity_id = \"{url}/saml/metadata\"\ndev = true\n\n[[idp]]\n\
         metadata_url = \"{}\"\n",
        idp.metadata_url()
    );
    std::fs::write(&file, text).unwrap();
    let saml = Saml::from_file(&file).await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let served = saml.clone();
    let server = HttpServer::new(move || {
        App::new().configure(served.routes()).service(rota).wrap(served.sessions())
    });
    let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    (url, saml, handle)
}

fn port(url: &str) -> u16 {
    Url::parse(url).unwrap().port().unwrap()
}

/// Runs what blocks beside the servers of the test.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    actix_web::web::block(work).await.unwrap()
}

#[actix_web::test]
async fn an_application_that_fetches_its_metadata_signs_people_in() -> Result<(), Stuck> {
    for idp in [TestIdp::adfs()?, TestIdp::entra()?, TestIdp::plain()?] {
        let mut idp = idp;
        idp.accept_unknown = true;
        let idp = Arc::new(idp.start().await?);
        assert!(idp.url().starts_with("http://127.0.0.1:"), "{}", idp.url());
        assert!(idp.metadata_url().starts_with(idp.url()));
        let (app, _saml, server) = serve(&idp).await;
        let (running, page) = (Arc::clone(&idp), format!("{app}/rota"));
        aside(move || {
            let nurse = Client::new();
            let shown = nurse.sign_in(&running, &page, "ward.nurse");
            assert_eq!((shown.status, shown.text.as_str()), (200, "Rota of Bryn O'Sample"));
            assert_eq!(nurse.open(&page).text, "Rota of Bryn O'Sample");
            assert!(Client::new().open(&page).text.contains("Choose who signs in"));
        })
        .await;
        server.stop(false).await;
    }
    Ok(())
}

/// Test and pages change one and the same identity provider.
#[actix_web::test]
async fn what_comes_next_the_clock_and_the_log_are_shared() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    idp.accept_unknown = true;
    let idp = Arc::new(idp.start().await?);
    let (app, _saml, server) = serve(&idp).await;
    let (running, page) = (Arc::clone(&idp), format!("{app}/rota"));
    aside(move || {
        let sign_in = || Client::new().sign_in(&running, &page, "ward.nurse").status;
        running.set_next(Scenario::Expired);
        assert_eq!(sign_in(), 403);
        assert_eq!(sign_in(), 200, "it was for one response only");
        running.set_clock_offset(TimeDelta::hours(-3));
        assert_eq!(sign_in(), 403);
        running.set_clock_offset(TimeDelta::zero());
        assert_eq!(sign_in(), 200);

        let log = running.log();
        let sent: Vec<_> = log.iter().filter(|entry| !entry.is_received()).collect();
        let words: Vec<_> = sent.iter().filter_map(|entry| entry.scenario()).collect();
        assert_eq!(words, ["expired", "usual", "usual", "usual"]);
        assert!(sent.iter().all(|entry| entry.xml().contains("ward.nurse@nhs.net")));
        let asked: Vec<_> = log.iter().filter(|entry| entry.is_received()).collect();
        assert_eq!(asked.len(), 4);
        let name = page.replace("/rota", "/saml/metadata");
        assert!(asked.iter().all(|e| e.relying_party() == Some(&name) && e.code().is_none()));

        // By the admin interface, as a program in another language does it.
        let body = "{\"scenario\":\"unsigned\"}";
        let next = format!("{}/admin/api/next", running.url());
        let told = ureq::post(&next).header("Content-Type", "application/json").send(body);
        assert_eq!(told.unwrap().status(), 200);
        assert_eq!(sign_in(), 403);
        assert_eq!(running.log().last().unwrap().scenario(), Some("unsigned"));
    })
    .await;
    server.stop(false).await;
    Ok(())
}

#[actix_web::test]
async fn it_is_the_identity_provider_that_was_set_up() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    idp.people.retain(|person| person.user_name == "ward.nurse");
    let fingerprint = idp.keys.current().certificate().fingerprint();
    let running = idp.start().await?;
    let entity_id = format!("{}/adfs/services/trust", running.url());
    assert_eq!(running.idp().entity_id.as_str(), entity_id);
    assert_eq!(running.idp().people.len(), 1);
    assert_eq!(running.idp().keys.current().certificate().fingerprint(), fingerprint);
    let saml = running.saml("https://rota.example.org")?;
    assert!(saml.metadata().contains("https://rota.example.org/saml/acs"));
    assert_eq!(running.idp().relying_parties.len(), 1);
    running.change(|idp| idp.relying_parties.clear());
    running.register(saml.metadata().as_bytes())?;
    assert_eq!(running.idp().relying_parties.len(), 1);

    // A name of its own stays.
    let mut named = TestIdp::adfs()?;
    named.entity_id = actix_saml::saml::EntityId::new("urn:test:idp")?;
    let named = named.start().await?;
    assert_eq!(named.idp().entity_id.as_str(), "urn:test:idp");
    assert_ne!(named.url(), running.url());
    Ok(())
}

/// Nothing listens on when the test has ended, whichever way it ends.
#[actix_web::test]
async fn it_ends_with_the_value() -> Result<(), Stuck> {
    let reachable = |url: &str| TcpStream::connect(("127.0.0.1", port(url))).is_ok();
    let idp = TestIdp::adfs()?.start().await?;
    let url = idp.url().to_owned();
    assert!(reachable(&url));
    idp.shut_down().await;
    assert!(!reachable(&url));

    let idp = TestIdp::adfs()?.start().await?;
    let url = idp.url().to_owned();
    assert!(reachable(&url));
    drop(idp);
    assert!(!reachable(&url));
    Ok(())
}

struct Standing(DateTime<Utc>);

impl Clock for Standing {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

/// Tests that wait for a program need no runtime that goes on meanwhile, and may set the time.
#[test]
fn it_runs_while_the_test_waits_and_by_a_clock_of_the_test() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let now: DateTime<Utc> = "2026-11-22T09:00:00Z".parse().unwrap();
    let idp = runtime.block_on(TestIdp::adfs().unwrap().start_by(Arc::new(Standing(now)))).unwrap();
    let client = Client::new();
    let state = client.send(&format!("{}/admin/api/state", idp.url()), None);
    assert_eq!(state.status, 200, "{}", state.text);
    assert!(state.text.contains("\"now\":\"2026-11-22T09:00:00.000Z\""), "{}", state.text);
}

/// As browsers get them. What each page of the identity provider has is tested beside its code.
#[cfg(feature = "cli")]
#[actix_web::test]
async fn the_pages_of_demo_and_identity_provider_stay_out_of_frames() -> Result<(), Stuck> {
    let idp = TestIdp::adfs()?.start().await?;
    let saml = idp.saml("http://localhost:1")?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let app = format!("http://{}", listener.local_addr().unwrap());
    let server = HttpServer::new(move || {
        App::new()
            .configure(saml.routes())
            .configure(actix_saml::cli::app::routes(&saml))
            .wrap(saml.sessions())
    });
    let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let idp_url = idp.url().to_owned();
    aside(move || {
        for (url, referrer) in [(format!("{app}/"), "no-referrer"), (idp_url, "strict-origin")] {
            let answer = ureq::get(&url).call().unwrap();
            for (name, value) in [
                ("x-frame-options", "DENY"),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", referrer),
                ("cache-control", "no-store"),
            ] {
                let found = answer.headers().get(name).map(|value| value.to_str().unwrap());
                assert_eq!(found, Some(value), "{name} of {url}");
            }
            let policy = answer.headers()["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        }
    })
    .await;
    handle.stop(false).await;
    Ok(())
}
