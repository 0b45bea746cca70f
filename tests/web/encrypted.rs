//! Responses that are encrypted to the application: they are opened where nobody has to wait for
//! it, so many at a time, and whatever goes wrong with one is one answer.

use std::collections::BTreeMap;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use actix_saml::crypto::{
    Certificate, CertificateRequest, KeyShape, PrivateKey, SignatureAlgorithm,
};
use actix_saml::idp::SignedParts;
use actix_saml::web::{HeavyWork, HeavyWorkError};
use actix_saml::xmlenc::{DecryptionKey, EncryptionStyle, encrypt};
use futures_util::future::{join, poll_immediate};

use crate::answer::Answer;
use crate::app::{Setup, TestApp, start_of_test, test_idp};
use crate::browser::Browser;
use crate::message::{Begun, Form, between};

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const CBC: EncryptionStyle = EncryptionStyle::AD_FS;

struct Recipient {
    key: PrivateKey,
    certificate: Certificate,
}

fn recipient() -> Recipient {
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let request = CertificateRequest {
        common_name: "rota.example.org",
        organisation: None,
        hosts: &[],
        not_before: start_of_test(),
        not_after: start_of_test(),
    };
    let certificate = Certificate::self_signed(&key, &request).unwrap();
    Recipient { key, certificate }
}

static US: LazyLock<Recipient> = LazyLock::new(recipient);
static STRANGER: LazyLock<Recipient> = LazyLock::new(recipient);

/// An application that can decrypt, and has so many places for it.
async fn app_with(heavy_work: HeavyWork) -> TestApp {
    TestApp::with(|setup| decrypts(setup, heavy_work)).await
}

pub fn decrypts(setup: &mut Setup, heavy_work: HeavyWork) {
    setup.builder = Box::new(|builder| {
        builder.decryption = vec![DecryptionKey::new(US.key.clone()).unwrap()];
    });
    setup.saml = Box::new(|saml| saml.heavy_work(heavy_work));
}

pub fn places(simultaneous: usize, waiting: usize) -> HeavyWork {
    HeavyWork::new(NonZeroUsize::new(simultaneous).unwrap(), waiting)
}

/// The assertion in a response.
fn assertion(xml: &str) -> &str {
    let (start, end) = (xml.find("<Assertion ").unwrap(), xml.find("</samlp:Response>").unwrap());
    &xml[start..end]
}

/// An element of this name around something that is encrypted.
fn sealed(local: &str, plaintext: &str, to: &Recipient) -> String {
    let inside = encrypt(plaintext, &to.certificate, &CBC).unwrap();
    format!("<{local} xmlns=\"{SAML}\">{inside}</{local}>")
}

impl Form {
    /// With something else in the place of the assertion.
    fn carrying(&self, instead: &str) -> Self {
        self.replace(assertion(&self.xml), instead)
    }

    fn encrypted(&self) -> Self {
        self.carrying(&sealed("EncryptedAssertion", assertion(&self.xml), &US))
    }

    /// So long that it is heavy without being encrypted.
    pub fn padded(&self) -> Self {
        let comment = format!("<!--{}--></samlp:Response>", "x".repeat(70_000));
        self.replace("</samlp:Response>", &comment)
    }
}

async fn begun(app: &TestApp) -> (Browser<'_>, Begun, Form) {
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond(&begun, "ward.nurse");
    (browser, begun, form)
}

pub type Occupant = Pin<Box<dyn Future<Output = Result<(), HeavyWorkError>>>>;

/// Somebody who has taken a place, until told to leave it.
pub async fn occupied(places: &HeavyWork) -> (Occupant, Sender<()>) {
    let (leave, told) = channel();
    let places = places.clone();
    let mut occupant: Occupant =
        Box::pin(async move { places.run(move || told.recv().unwrap()).await });
    assert!(poll_immediate(&mut occupant).await.is_none());
    (occupant, leave)
}

#[actix_web::test]
async fn an_encrypted_response_signs_in() {
    let app = app_with(HeavyWork::default()).await;
    let (browser, _, form) = begun(&app).await;
    let landed = browser.bring(&form.encrypted()).await;
    assert_eq!((landed.status, landed.location()), (303, "/rota"), "{}", landed.body);
    assert_eq!(browser.visit("/rota").await.body, "Rota of Bryn O'Sample");
    assert!(app.saml.metrics().contains("saml_weak_algorithms_total{algorithm=\"cbc\"} 1\n"));
    // A long one that is not encrypted takes the same way.
    let (browser, _, form) = begun(&app).await;
    assert_eq!(browser.bring(&form.padded()).await.status, 303);
}

#[track_caller]
fn assert_busy(answer: &Answer) {
    answer.assert_no(503, "busy", "busy");
    assert_eq!(answer.header("Retry-After"), Some("5"));
    assert_eq!(answer.header("Set-Cookie"), None);
    assert!(answer.body.contains("<h1>Many people are signing in</h1>"), "{}", answer.body);
}

#[actix_web::test]
async fn dos_when_all_places_are_taken_one_is_told_to_come_again() {
    let places = places(1, 0);
    let app = app_with(places.clone()).await;
    let (browser, _, form) = begun(&app).await;
    let (other, _, light) = begun(&app).await;
    let (occupant, leave) = occupied(&places).await;

    for heavy in [form.encrypted(), form.padded()] {
        let answer = browser.bring(&heavy).await;
        assert_busy(&answer);
        assert!(answer.body.contains("href=\"/saml/login?return_to=%2Frota\""));
    }
    // Without a sign-in under way a long message is read as well, and costs as much.
    assert_busy(&app.browser().bring(&form.padded()).await);
    app.browser().bring(&form.encrypted()).await.assert_refused(403, "no_pending_login");
    // Nobody else is held up.
    assert_eq!(other.bring(&light).await.status, 303);
    assert_eq!(other.visit("/rota").await.body, "Rota of Bryn O'Sample");

    leave.send(()).unwrap();
    occupant.await.unwrap();
    // Nothing was used up.
    assert_eq!(browser.bring(&form.encrypted()).await.status, 303);
}

#[actix_web::test]
async fn dos_so_many_wait_for_their_turn() {
    let places = places(1, 1);
    let app = app_with(places.clone()).await;
    let (first, _, form) = begun(&app).await;
    let (second, _, other) = begun(&app).await;
    let (occupant, leave) = occupied(&places).await;
    let (form, other) = (form.encrypted(), other.encrypted());
    let (landed, refused) = join(first.bring(&form), async {
        let refused = second.bring(&other).await;
        leave.send(()).unwrap();
        refused
    })
    .await;
    assert_busy(&refused);
    assert_eq!(landed.status, 303, "{}", landed.body);
    occupant.await.unwrap();
    assert_eq!(second.bring(&other).await.status, 303);
}

/// Without a key nothing is decrypted, and nothing is heavy.
#[actix_web::test]
async fn without_a_key_it_is_refused_at_once() {
    let places = places(1, 0);
    let shared = places.clone();
    let app = TestApp::with(|setup| setup.saml = Box::new(|saml| saml.heavy_work(shared))).await;
    let (browser, _, form) = begun(&app).await;
    let (occupant, leave) = occupied(&places).await;
    browser.bring(&form.encrypted()).await.assert_refused(403, "decryption_no_key");
    leave.send(()).unwrap();
    occupant.await.unwrap();
}

/// The response as the provider signs it with something else in it.
fn signed_with(app: &TestApp, begun: &Begun, change: impl FnOnce(String) -> String) -> Form {
    let mut idp = app.idp().clone();
    idp.issuance.signed = SignedParts::AssertionOnly;
    let nurse = app.person("ward.nurse");
    let draft = idp.draft(&app.reply_to(&begun.request_id), &nurse, app.clock.read()).unwrap();
    let xml = draft.tamper(change).sign(idp.keys.current()).unwrap();
    Form { xml, relay_state: begun.relay_state.clone() }
}

/// Everything that can be wrong with what is encrypted, with what it is called.
fn faults(app: &TestApp, begun: &Begun, form: &Form) -> Vec<(&'static str, Form)> {
    let good = assertion(&form.xml);
    let to_us = |text: &str| form.carrying(&sealed("EncryptedAssertion", text, &US));
    let value = |form: &Form, number: usize, change: fn(&str) -> String| {
        let text = form.xml.split("CipherValue>").nth(number).unwrap();
        let text = text.split('<').next().unwrap();
        form.replace(text, &change(text))
    };
    let encrypted = form.encrypted();
    let nurse = app.person("ward.nurse");
    let by_stranger = app.respond_by(&test_idp(1), begun, &nurse);
    let mut old = app.idp().clone();
    old.issuance.algorithm = SignatureAlgorithm::RsaSha1;
    let old = app.respond_by(&old, begun, &nurse);
    let signature = between(good, "<ds:Signature ", "</ds:Signature>");
    let unsigned = good.replace(&format!("<ds:Signature {signature}</ds:Signature>"), "");
    let response_id = between(&form.xml, "<samlp:Response ID=\"", "\"");
    let name = between(&form.xml, "<NameID", "</NameID>");
    let name = format!("<NameID{name}</NameID>");
    let part = |plaintext: &str, to: &Recipient| {
        signed_with(app, begun, |xml| xml.replace(&name, &sealed("EncryptedID", plaintext, to)))
    };
    let alone = name.replacen("<NameID", &format!("<NameID xmlns=\"{SAML}\""), 1);
    vec![
        ("to a stranger", form.carrying(&sealed("EncryptedAssertion", good, &STRANGER))),
        ("key altered", value(&encrypted, 1, |text| format!("AAAA{}", &text[4..]))),
        ("key cut", value(&encrypted, 1, |text| text[4..].to_owned())),
        ("key empty", value(&encrypted, 1, |_| String::new())),
        ("data altered", value(&encrypted, 3, |text| format!("AAAA{}", &text[4..]))),
        ("data cut", value(&encrypted, 3, |text| text[..64].to_owned())),
        ("not XML", to_us("hello")),
        ("a response", to_us(&form.xml)),
        ("a document type", to_us(&format!("<!DOCTYPE x>{good}"))),
        ("two roots", to_us(&good.repeat(2))),
        ("encrypted again", to_us(&sealed("EncryptedAssertion", good, &US))),
        (
            "an ID of the response",
            to_us(&unsigned.replace("ID=\"_", &format!("ID=\"{response_id}\" x=\""))),
        ),
        ("not signed", to_us(&unsigned)),
        ("another person", to_us(&good.replace("ward.nurse", "ward.admin"))),
        ("signed by a stranger", to_us(assertion(&by_stranger.xml))),
        ("signed with SHA-1", to_us(assertion(&old.xml))),
        ("a name to a stranger", part(&alone, &STRANGER)),
        ("no name", part("hello", &US)),
        ("an assertion for a name", part(good, &US)),
        ("a name without its namespace", part(&name, &US)),
    ]
}

/// What could tell one answer from another: status, headers, page and log, without the reference.
type Seen = (u16, Vec<(String, String)>, String, Vec<BTreeMap<String, String>>);

fn seen(answer: &Answer) -> Seen {
    let reference = between(&answer.body, "Reference: <code>", "</code>").to_owned();
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    let events = answer.events.iter().map(|event| {
        let fields = event.fields.iter();
        fields.map(|(name, value)| (name.clone(), value.replace(&reference, "R"))).collect()
    });
    (answer.status, headers, answer.body.replace(&reference, "R"), events.collect())
}

#[actix_web::test]
async fn u_oracle_every_failure_is_one_answer_one_line_and_one_step_of_time() {
    let app = app_with(HeavyWork::default()).await;
    let (browser, begun, form) = begun(&app).await;
    let mut first = None;
    for (what, form) in faults(&app, &begun, &form) {
        let start = Instant::now();
        let answer = browser.bring(&form).await;
        assert!(start.elapsed() >= Duration::from_millis(50), "{what}");
        answer.assert_refused(403, "decryption_failed");
        let seen = seen(&answer);
        assert_eq!(&seen, first.get_or_insert(seen.clone()), "{what}");
    }
    // What was answered is not used up, and a name that is one signs in.
    let name = between(&form.xml, "<NameID", "</NameID>");
    let name = format!("<NameID{name}</NameID>");
    let alone = name.replacen("<NameID", &format!("<NameID xmlns=\"{SAML}\""), 1);
    let good =
        signed_with(&app, &begun, |xml| xml.replace(&name, &sealed("EncryptedID", &alone, &US)));
    assert!(good.xml.contains("<EncryptedID "));
    assert_eq!(browser.bring(&good).await.status, 303, "the control");
}
