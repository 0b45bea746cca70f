//! Toy service providers that are weak on purpose: a rehearsal that finds nothing in front of them
//! would be worth nothing.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use actix_saml::crypto::{PublicKey, random_hex};
use actix_saml::dsig::verify;
use actix_saml::idp::{Personality, TestIdp};
use actix_saml::rehearse::{CannotRehearse, Finding, Kind, Rehearsal, SignedInCheck, Verdict};
use actix_saml::saml::names::{METADATA, PROTOCOL};
use actix_saml::xml::{Document, Limits, decode_base64, encode_base64};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::web::{Data, Form, ServiceConfig, get, post};
use actix_web::{HttpRequest, HttpResponse};
use chrono::SecondsFormat;

use crate::scene::{idp, now, plan, serve_at};

/// What a toy judges by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Judges {
    /// Whatever can be decoded is taken, and the last `NameID` counts.
    ByNothing,
    /// The assertion has a genuine signature, and its `NameID` counts. Nothing else is looked at.
    BySignature,
    /// Nobody is ever let in.
    Never,
    /// The first so many are let in, and nobody after them.
    Tiring(usize),
}

struct Toy {
    judges: Judges,
    keys: Vec<PublicKey>,
    sign_in_url: String,
    url: String,
    sessions: Mutex<Vec<(String, String)>>,
    asked: AtomicUsize,
}

type Fields = Form<std::collections::BTreeMap<String, String>>;

impl Toy {
    fn who(&self, request: &HttpRequest) -> Option<String> {
        let cookie = request.cookie("toy")?;
        let sessions = self.sessions.lock().unwrap();
        sessions.iter().find(|(id, _)| id == cookie.value()).map(|(_, name)| name.clone())
    }

    /// The name in a message, if the toy takes it.
    fn judge(&self, xml: &str) -> Option<String> {
        match self.judges {
            Judges::Never => None,
            Judges::ByNothing => {
                follow(xml);
                let name = xml.rsplit_once("</NameID>")?.0.rsplit_once('>')?.1;
                Some(name.to_owned())
            }
            Judges::Tiring(left) => {
                let so_far = self.asked.fetch_add(1, Ordering::Relaxed);
                let name = xml.rsplit_once("</NameID>")?.0.rsplit_once('>')?.1;
                (so_far < left).then(|| name.to_owned())
            }
            Judges::BySignature => {
                let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE).ok()?;
                let assertion = document.elements().find(|n| n.local_name() == "Assertion")?;
                let signature = assertion.elements().find(|n| n.local_name() == "Signature")?;
                verify(assertion, signature, &self.keys).ok()?;
                let name = assertion.descendants().find(|n| n.local_name() == "NameID");
                Some(name.and_then(|n| n.text()).unwrap_or("somebody").to_owned())
            }
        }
    }

    fn redirect(&self) -> HttpResponse {
        let request = format!(
            "<p:AuthnRequest xmlns:p=\"{PROTOCOL}\" ID=\"_{}\" Version=\"2.0\" IssueInstant=\"{}\" \
             Destination=\"{}\" AssertionConsumerServiceURL=\"{}/acs\"><Issuer \
             xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">{}</Issuer></p:AuthnRequest>",
            random_hex::<20>().unwrap(),
            now().to_rfc3339_opts(SecondsFormat::Millis, true),
            self.sign_in_url,
            self.url,
            self.url,
        );
        let page = format!(
            "<form method=\"post\" action=\"{}\"><input name=\"SAMLRequest\" value=\"{}\"></form>",
            self.sign_in_url,
            encode_base64(request.as_bytes())
        );
        HttpResponse::Ok().content_type("text/html").body(page)
    }
}

/// Goes wherever a document type asks it to.
fn follow(xml: &str) {
    if let Some((_, rest)) = xml.split_once("SYSTEM \"http://") {
        let address = rest.split('/').next().unwrap();
        drop(std::net::TcpStream::connect(address));
    }
}

async fn page(request: HttpRequest, toy: Data<Toy>) -> HttpResponse {
    match toy.who(&request) {
        Some(name) => HttpResponse::Ok().body(format!("<p>Hello {name}</p>")),
        None => toy.redirect(),
    }
}

async fn acs(fields: Fields, toy: Data<Toy>) -> HttpResponse {
    let xml = fields.get("SAMLResponse").and_then(|value| decode_base64(value.as_bytes()));
    let name = xml.and_then(|xml| toy.judge(&String::from_utf8_lossy(&xml)));
    let Some(name) = name else { return HttpResponse::Forbidden().body("no") };
    let id = random_hex::<16>().unwrap();
    toy.sessions.lock().unwrap().push((id.clone(), name));
    let cookie = Cookie::build("toy", id).path("/").same_site(SameSite::Lax).finish();
    // It follows whatever address it is told.
    let to = fields.get("RelayState").filter(|to| !to.is_empty()).cloned();
    let to = to.unwrap_or_else(|| "/page".to_owned());
    match actix_web::http::header::HeaderValue::from_str(&to) {
        Ok(to) => HttpResponse::SeeOther().insert_header(("Location", to)).cookie(cookie).finish(),
        Err(_) => HttpResponse::Ok().cookie(cookie).finish(),
    }
}

/// Starts a toy; gives its address and its metadata.
pub fn toy(judges: Judges, idp: &TestIdp) -> (String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let metadata = format!(
        "<EntityDescriptor xmlns=\"{METADATA}\" entityID=\"{url}\"><SPSSODescriptor \
         protocolSupportEnumeration=\"{PROTOCOL}\"><AssertionConsumerService \
         Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{url}/acs\" \
         index=\"0\"/></SPSSODescriptor></EntityDescriptor>"
    );
    let toy = Data::from(Arc::new(Toy {
        judges,
        keys: idp.keys.signing().map(|key| key.certificate().public_key().clone()).collect(),
        sign_in_url: idp.sign_in_url(),
        url: url.clone(),
        sessions: Mutex::default(),
        asked: AtomicUsize::new(0),
    }));
    let routes = |config: &mut ServiceConfig| {
        config.route("/page", get().to(page)).route("/acs", post().to(acs));
    };
    serve_at(listener, routes, toy);
    (url, metadata)
}

fn begin(judges: Judges) -> Result<Rehearsal, CannotRehearse> {
    let idp = idp(Personality::Adfs);
    let (url, metadata) = toy(judges, &idp);
    let mut plan = plan(idp, &url, "/page", SignedInCheck::StartPage);
    plan.sp_metadata = metadata.into_bytes();
    Rehearsal::begin(plan)
}

fn ids(findings: &[Finding], verdict: Verdict) -> BTreeSet<&'static str> {
    findings.iter().filter(|f| f.verdict == verdict).map(|f| f.case.id).collect()
}

#[test]
fn a_toy_that_takes_everything_is_found_out_in_nearly_every_case() {
    let findings = begin(Judges::ByNothing).unwrap().play(|_| {});
    let wrong = ids(&findings, Verdict::NotAsExpected);
    for id in [
        "unsigned",
        "stranger",
        "changed-name",
        "hmac-certificate",
        "sha1",
        "xsw-3-behind",
        "metadata-signature",
        "two-signed",
        "doctype-entity",
        "root-soap",
        "audience-other",
        "recipient-other",
        "unsolicited",
        "expired",
        "status-responder",
        "replay-other-browser",
        "other-browser",
        "switched-person",
        "relay-address",
        "relay-no-scheme",
        "large",
        "cookie-http-only",
        "page-not-kept",
        "metadata-wants-signed",
    ] {
        assert!(wrong.contains(id), "{id} was not found: {wrong:?}");
    }
    let hostile: Vec<_> = findings
        .iter()
        .filter(|f| f.case.kind == Kind::Hostile && f.verdict != Verdict::NotApplicable)
        .collect();
    let found = hostile.iter().filter(|f| f.verdict == Verdict::NotAsExpected).count();
    let missed: Vec<_> = hostile
        .iter()
        .filter(|f| f.verdict != Verdict::NotAsExpected)
        .map(|f| format!("{}: {}", f.case.id, f.saw))
        .collect();
    assert!(found * 10 >= hostile.len() * 7, "{found} of {}: {missed:#?}", hostile.len());
    let unsigned = findings.iter().find(|f| f.case.id == "unsigned").unwrap();
    assert!(unsigned.saw.starts_with("accepted: the sender is signed in as Test User2"));
    let followed = findings.iter().find(|f| f.case.id == "doctype-network").unwrap();
    assert!(followed.saw.starts_with("it followed an address in the message"), "{}", followed.saw);
    // It has neither a key for encryption nor an address for log-out.
    let none = ids(&findings, Verdict::NotApplicable);
    assert!(none.contains("encrypted-stranger") && none.contains("logout-unsigned"), "{none:?}");
}

/// What has no signed assertion, or needs a response that is signed as a whole.
const PROTOCOL_AND_REFUSED: [&str; 3] =
    ["destination-missing-signed", "assertion-missing", "name-in-attribute-only"];

#[test]
fn a_toy_that_looks_at_the_signature_alone_is_found_out_where_it_does_not_look() {
    let findings = begin(Judges::BySignature).unwrap().play(|_| {});
    let wrong = ids(&findings, Verdict::NotAsExpected);
    for id in [
        "audience-other",
        "audience-missing",
        "recipient-other",
        "destination-other",
        "expired",
        "not-yet-valid",
        "unsolicited",
        "request-other",
        "issuer-other-assertion",
        "status-responder",
        "confirmation-holder-of-key",
        "replay-same-browser",
        "replay-other-browser",
        "other-browser",
        "relay-address",
        "session-over",
        // It takes no response that is signed as a whole, and says so.
        "signing-response",
    ] {
        assert!(wrong.contains(id), "{id} was not found: {wrong:?}");
    }
    // The signatures of these themes are genuine: nothing in them is refused by chance.
    let refused: Vec<_> = findings
        .iter()
        .filter(|f| {
            matches!(f.theme.id, "protocol" | "times") && f.verdict != Verdict::NotAsExpected
        })
        .map(|f| f.case.id)
        .collect();
    assert_eq!(refused, PROTOCOL_AND_REFUSED);
    let right = ids(&findings, Verdict::AsExpected);
    for id in [
        "unsigned",
        "stranger",
        "stranger-under-our-certificate",
        "changed-name",
        "hmac-certificate",
        "sha1",
        "algorithm-none",
        "encryption-key-signs",
        "doctype-entity",
        "encoding-twice",
        "first-sign-in",
        "signing-assertion",
        "layout-entra",
    ] {
        assert!(right.contains(id), "{id} was not as expected");
    }
    let unclear = ids(&findings, Verdict::Inconclusive);
    assert!(unclear.contains("xsw-1") && unclear.contains("stranger-response"), "{unclear:?}");
}

#[test]
fn where_nobody_is_let_in_there_is_no_rehearsal() {
    let refused = begin(Judges::Never);
    assert!(matches!(refused, Err(CannotRehearse::FirstSignIn { .. })), "{refused:?}");
}

#[test]
fn refusals_do_not_count_once_honest_people_are_refused_as_well() {
    // The first theme and some of the second are let in.
    let findings = begin(Judges::Tiring(30)).unwrap().play(|_| {});
    let unsigned = findings.iter().find(|f| f.case.id == "unsigned").unwrap();
    assert_eq!(unsigned.verdict, Verdict::Inconclusive, "{}", unsigned.saw);
    assert!(unsigned.saw.contains("an honest person could not sign in afterwards"));
    assert!(ids(&findings, Verdict::NotAsExpected).contains("two-tabs"));
}

#[test]
fn a_page_for_everybody_is_no_start() {
    let idp = idp(Personality::Adfs);
    let (url, metadata) = toy(Judges::ByNothing, &idp);
    let check = SignedInCheck::Text("SAMLRequest".to_owned());
    let mut plan = plan(idp, &url, "/page", check);
    plan.sp_metadata = metadata.into_bytes();
    let refused = Rehearsal::begin(plan);
    assert!(matches!(refused, Err(CannotRehearse::AlwaysSignedIn { .. })), "{refused:?}");
}

/// Of two megabytes a sentence says as much as anybody reads: there is one for each case.
#[test]
fn what_is_said_of_a_page_of_megabytes_is_short() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let page = format!("<form action='/{}'><input name=SAMLRequest>", "x".repeat(2 << 20));
        for mut stream in listener.incoming().flatten() {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n";
            // Whoever asks may have gone by then.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all([head, page.as_str()].concat().as_bytes());
        }
    });
    let idp = idp(Personality::Adfs);
    let (_, metadata) = toy(Judges::Never, &idp);
    let mut plan = plan(idp, &url, "/page", SignedInCheck::StartPage);
    plan.sp_metadata = metadata.into_bytes();
    let Err(CannotRehearse::NoSignIn { problem, .. }) = Rehearsal::begin(plan) else { panic!() };
    assert!(problem.contains("its form goes to /xxx"), "{problem:.100}");
    assert!(problem.len() < 2_000, "{}", problem.len());
}
