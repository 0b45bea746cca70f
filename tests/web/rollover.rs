//! Our own keys follow one another: from the first announcement to the removal of the old ones, the
//! identity provider understands every request, and we open whatever is encrypted to us.

use std::sync::LazyLock;

use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use actix_saml::idp::{Received, Refusal, TestIdp};
use actix_saml::saml::binding::Binding;
use actix_saml::sp::{Builder, MetadataOptions, NextEncryption, NextSigning, RequestSigning};
use actix_saml::xmlenc::{DecryptionKey, EncryptionStyle, encrypt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};

use crate::app::{ENTITY_ID, TestApp, start_of_test, test_idp};
use crate::message::{Form, between};

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

/// A key that is for both purposes, to make fewer of them.
struct Pair {
    key: PrivateKey,
    certificate: Certificate,
}

impl Pair {
    fn make(common_name: &str) -> Self {
        let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
        let request = CertificateRequest {
            common_name,
            organisation: None,
            hosts: &[],
            not_before: start_of_test(),
            not_after: start_of_test() + TimeDelta::days(1095),
        };
        let certificate = Certificate::self_signed(&key, &request).unwrap();
        Self { key, certificate }
    }

    fn signing(&self) -> RequestSigning {
        RequestSigning { key: self.key.clone(), certificate: self.certificate.clone() }
    }

    fn decryption(&self) -> DecryptionKey {
        DecryptionKey::with_certificate(self.key.clone(), &self.certificate).unwrap()
    }

    fn published(&self) -> String {
        STANDARD.encode(self.certificate.as_der())
    }
}

static OLD: LazyLock<Pair> = LazyLock::new(|| Pair::make("old"));
static NEW: LazyLock<Pair> = LazyLock::new(|| Pair::make("new"));

fn day(day: i64) -> DateTime<Utc> {
    start_of_test() + TimeDelta::days(day)
}

/// When the new keys take over.
const SWITCH: i64 = 14;

/// What an administrator writes into the configuration, one after the other.
#[derive(Clone, Copy)]
enum Settings {
    OldOnly,
    NewAnnounced,
    NewOnly,
}

fn configure(builder: &mut Builder, settings: Settings) {
    let (first, second) = match settings {
        Settings::OldOnly => (&OLD, None),
        Settings::NewAnnounced => (&OLD, Some(&NEW)),
        Settings::NewOnly => (&NEW, None),
    };
    builder.signing = Some(first.signing());
    builder.decryption = std::iter::once(first).chain(second).map(|p| p.decryption()).collect();
    builder.encryption = vec![first.certificate.clone()];
    let from = Some(day(SWITCH));
    builder.next_signing = second.map(|pair| NextSigning { signing: pair.signing(), from });
    builder.next_encryption = second.map(|pair| {
        let certificate = pair.certificate.clone();
        NextEncryption { certificate, from, beside: false }
    });
}

async fn app(settings: Settings, binding: Binding) -> TestApp {
    TestApp::with(|setup| {
        setup.builder = Box::new(move |builder| {
            configure(builder, settings);
            builder.request_binding = binding;
        });
    })
    .await
}

const OLD_ONE: &str = "old";
const NEW_ONE: &str = "new";

/// Whose certificate comes first in a piece of metadata.
fn certificate_in(piece: &str) -> &'static str {
    match between(piece, "<ds:X509Certificate>", "</ds:X509Certificate>") {
        text if text == OLD.published() => OLD_ONE,
        text if text == NEW.published() => NEW_ONE,
        text => panic!("whose? {text}"),
    }
}

/// The published certificates for a purpose, in their order.
fn published(metadata: &str, purpose: &str) -> Vec<&'static str> {
    let start = format!("<md:KeyDescriptor use=\"{purpose}\">");
    metadata.split(&start).skip(1).map(certificate_in).collect()
}

/// The identity provider, which has imported our metadata.
struct Importer {
    idp: TestIdp,
    encrypts_to: Certificate,
}

impl Importer {
    fn of(metadata: &str) -> Self {
        let mut idp = test_idp(0);
        idp.register(metadata.as_bytes()).unwrap();
        let pair = if published(metadata, "encryption")[0] == OLD_ONE { &OLD } else { &NEW };
        Self { idp, encrypts_to: pair.certificate.clone() }
    }

    /// What it makes of a request that the application sends now.
    async fn receives(&self, app: &TestApp) -> Result<(), Refusal> {
        let answer = app.browser().visit("/saml/login").await;
        let received = match answer.status {
            303 => Received::from_query(answer.location().split_once('?').unwrap().1),
            200 => {
                let value = between(&answer.body, "name=\"SAMLRequest\" value=\"", "\"");
                Received::from_form(&value.replace("&#x2B;", "+").replace("&#x3D;", "="), None)
            }
            other => panic!("{other}: {}", answer.body),
        };
        let sign_in = self.idp.receive(&received?)?;
        assert_eq!(sign_in.relying_party.as_str(), ENTITY_ID);
        Ok(())
    }

    /// Whether the application takes an assertion that is encrypted to it.
    async fn is_understood(&self, app: &TestApp) -> bool {
        let browser = app.browser();
        let begun = match app.saml.service_provider().settings().request_binding {
            Binding::HttpRedirect => browser.begin("/rota").await,
            Binding::HttpPost => return true,
        };
        let form = app.respond(&begun, "ward.nurse");
        let start = form.xml.find("<Assertion ").unwrap();
        let end = form.xml.find("</samlp:Response>").unwrap();
        let assertion = &form.xml[start..end];
        let inside = encrypt(assertion, &self.encrypts_to, &EncryptionStyle::AD_FS).unwrap();
        let sealed = format!("<EncryptedAssertion xmlns=\"{SAML}\">{inside}</EncryptedAssertion>");
        let form = Form { xml: form.xml.replace(assertion, &sealed), ..form };
        let answer = browser.bring(&form).await;
        match answer.status {
            303 => {
                assert_eq!(answer.location(), "/rota");
                true
            }
            _ => {
                answer.assert_refused(403, "decryption_failed");
                false
            }
        }
    }
}

async fn metadata(app: &TestApp) -> String {
    app.browser().visit("/saml/metadata").await.body
}

fn mismatch() -> Result<(), Refusal> {
    Err(Refusal::SignatureMismatch { entity_id: ENTITY_ID.to_owned() })
}

async fn the_whole_timeline(binding: Binding) {
    let (signing, encryption) = ("signing", "encryption");

    // At first there is one key.
    let first = app(Settings::OldOnly, binding).await;
    let before = metadata(&first).await;
    assert_eq!(published(&before, signing), [OLD_ONE]);
    assert_eq!(published(&before, encryption), [OLD_ONE]);
    let early = Importer::of(&before);
    assert_eq!(early.receives(&first).await, Ok(()));
    assert!(early.is_understood(&first).await);
    drop(first);

    // The next one is announced: signing certificates beside one another, and one for encryption.
    let overlap = app(Settings::NewAnnounced, binding).await;
    overlap.clock.set(day(1));
    let announced = metadata(&overlap).await;
    assert_eq!(published(&announced, signing), [OLD_ONE, NEW_ONE]);
    assert_eq!(published(&announced, encryption), [OLD_ONE]);
    let prepared = Importer::of(&announced);
    for now in [day(1), day(SWITCH) - TimeDelta::milliseconds(1)] {
        overlap.clock.set(now);
        for idp in [&early, &prepared] {
            assert_eq!(idp.receives(&overlap).await, Ok(()), "{now}");
            assert!(idp.is_understood(&overlap).await, "{now}");
        }
    }

    // It takes over by itself, in the same process.
    overlap.clock.set(day(SWITCH));
    assert_eq!(prepared.receives(&overlap).await, Ok(()));
    assert_eq!(early.receives(&overlap).await, mismatch(), "who did not look again");
    let switched = metadata(&overlap).await;
    assert_eq!(published(&switched, signing), [NEW_ONE, OLD_ONE]);
    assert_eq!(published(&switched, encryption), [NEW_ONE]);
    let late = Importer::of(&switched);
    assert_eq!(late.receives(&overlap).await, Ok(()));
    for idp in [&early, &prepared, &late] {
        assert!(idp.is_understood(&overlap).await, "both keys decrypt");
    }
    // A process that was not told yet still signs with the old one.
    drop(overlap);
    let other = app(Settings::OldOnly, binding).await;
    other.clock.set(day(SWITCH));
    assert_eq!(late.receives(&other).await, Ok(()));
    drop(other);

    // The old one is removed.
    let last = app(Settings::NewOnly, binding).await;
    last.clock.set(day(30));
    let after = metadata(&last).await;
    assert_eq!(published(&after, signing), [NEW_ONE]);
    assert_eq!(published(&after, encryption), [NEW_ONE]);
    let clean = Importer::of(&after);
    for idp in [&prepared, &late, &clean] {
        assert_eq!(idp.receives(&last).await, Ok(()));
    }
    for idp in [&late, &clean] {
        assert!(idp.is_understood(&last).await);
    }
    if binding == Binding::HttpRedirect {
        assert!(!prepared.is_understood(&last).await, "it still encrypts to the old key");
    }
    drop(last);
    let forgotten = app(Settings::OldOnly, binding).await;
    assert_eq!(clean.receives(&forgotten).await, mismatch());
}

#[actix_web::test]
async fn nobody_notices_when_our_keys_change() {
    the_whole_timeline(Binding::HttpRedirect).await;
}

#[actix_web::test]
async fn nobody_notices_when_requests_are_posted() {
    the_whole_timeline(Binding::HttpPost).await;
}

#[actix_web::test]
async fn both_encryption_certificates_only_for_those_who_take_them() {
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| {
            configure(builder, Settings::NewAnnounced);
            builder.next_encryption.as_mut().unwrap().beside = true;
        });
    })
    .await;
    let before = metadata(&app).await;
    assert_eq!(published(&before, "encryption"), [OLD_ONE, NEW_ONE]);
    assert!(Importer::of(&before).is_understood(&app).await);
    app.clock.set(day(SWITCH));
    let after = metadata(&app).await;
    assert_eq!(published(&after, "encryption"), [NEW_ONE, OLD_ONE]);
    assert!(Importer::of(&after).is_understood(&app).await);
}

#[actix_web::test]
async fn signed_metadata_moves_with_the_clock_and_is_not_signed_for_everyone_who_asks() {
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| {
            configure(builder, Settings::NewAnnounced);
            builder.metadata = MetadataOptions {
                sign: true,
                valid_for: Some(TimeDelta::days(7)),
                cache_duration: Some(TimeDelta::hours(24)),
            };
        });
    })
    .await;
    let at = |now| {
        app.clock.set(now);
        metadata(&app)
    };
    let root = |xml: &str| xml.split_once('>').unwrap().0.to_owned();
    // What signed it stands in its KeyInfo, which comes first.
    let signer = certificate_in;
    let value = |xml: &str| between(xml, "<ds:SignatureValue>", "</ds:SignatureValue>").to_owned();

    let first = at(start_of_test()).await;
    let end = " validUntil=\"2026-11-29T09:00:00.000Z\" cacheDuration=\"PT24H\"";
    assert!(root(&first).ends_with(end), "{}", root(&first));
    assert!(root(&first).contains(" ID=\"_"));
    assert_eq!(signer(&first), OLD_ONE);
    let minute = TimeDelta::minutes(1);
    let hour = TimeDelta::hours(1);
    assert_eq!(at(start_of_test() + hour - minute).await, first);
    let second = at(start_of_test() + hour).await;
    assert!(root(&second).contains(" validUntil=\"2026-11-29T10:00:00.000Z\""));
    assert_ne!(value(&second), value(&first));

    let last_of_old = at(day(SWITCH) - minute).await;
    assert_eq!(signer(&last_of_old), OLD_ONE);
    let first_of_new = at(day(SWITCH)).await;
    assert_eq!(signer(&first_of_new), NEW_ONE);
    assert_eq!(app.saml.metadata(), first_of_new);
    // It registers like any other.
    assert_eq!(Importer::of(&first_of_new).receives(&app).await, Ok(()));
}

/// ECDSA takes a new random number for each signature: who signs again gives another document.
#[actix_web::test]
async fn dos_metadata_is_signed_once_for_all_who_ask() {
    let key = PrivateKey::generate(KeyShape::P256).unwrap();
    let request = CertificateRequest {
        common_name: "ec",
        organisation: None,
        hosts: &[],
        not_before: start_of_test(),
        not_after: start_of_test(),
    };
    let certificate = Certificate::self_signed(&key, &request).unwrap();
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| {
            builder.signing = Some(RequestSigning { key, certificate });
            builder.metadata.sign = true;
        });
    })
    .await;
    let first = metadata(&app).await;
    for days in 0..3 {
        app.clock.set(day(days));
        assert_eq!(metadata(&app).await, first);
    }
    let signed_again = app.saml.service_provider().metadata(start_of_test()).unwrap();
    assert_ne!(signed_again, first, "the control");
}
