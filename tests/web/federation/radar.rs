//! What is told early: certificates that end, clocks that drift.

use std::sync::Arc;

use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use actix_saml::idp::{SigningKey, TestIdp, TestKeys, Validity};
use actix_saml::sp::RequestSigning;
use actix_saml::web::federation::{EventLevel, RefreshSettings};
use chrono::TimeDelta;

use super::scene::{Publisher, app, app_with, metadata, source};
use crate::app::{TestApp, start_of_test};

#[actix_web::test]
async fn certificates_of_the_provider_are_warned_about_four_times_and_count_for_ever() {
    let start = start_of_test();
    let validity = Validity { not_before: start, not_after: start + TimeDelta::days(40) };
    let key = SigningKey::generate("fs-a.nhsmail.test", validity).unwrap();
    let ending =
        TestIdp::adfs_at("https://fs-a.nhsmail.test", TestKeys::new(key.clone(), key)).unwrap();
    let publisher = Publisher::of(ending.metadata().unwrap());
    let app = app(&publisher, source(|_| {})).await;
    let mut told = Vec::new();
    for day in 1..=45 {
        let known = app.events().len();
        app.clock.advance(TimeDelta::days(1));
        app.saml.refresh_due();
        let events = app.events();
        told.extend(events.iter().skip(known).map(|event| (day, event.code, event.level)));
    }
    let warned = |day| (day, "idp_certificate_expiry", EventLevel::Warning);
    assert_eq!(told, [10, 26, 33, 38, 41].map(warned));
    let last = app.events().pop().unwrap();
    assert!(
        last.detail.contains("ended at 2027-01-01") && last.detail.contains("still counts"),
        "{}",
        last.detail
    );
    let status = app.idp_status();
    assert_eq!((status.ready, status.keys[0].days_left), (true, Some(-5)));
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let form = app.respond_by(&ending, &begun, &app.person("ward.nurse"));
    assert_eq!(browser.bring(&form).await.status, 303);
}

/// Signs somebody in whose provider's clock is `ahead` of ours.
async fn sign_in_with_clock(app: &TestApp, ahead: TimeDelta) {
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let reply_to = app.reply_to(&begun.request_id);
    let now = app.clock.read() + ahead;
    let xml = app.idp().respond(&reply_to, &app.person("ward.nurse"), now).unwrap();
    let form = crate::message::Form { xml, relay_state: begun.relay_state };
    let landed = browser.bring(&form).await;
    assert_eq!(landed.status, 303, "{}", landed.body);
}

#[actix_web::test]
async fn a_clock_is_warned_about_at_half_of_what_is_tolerated() {
    // 180 seconds are tolerated.
    for (ahead, warns, direction) in
        [(89, false, ""), (90, true, "behind"), (-89, false, ""), (-90, true, "ahead of")]
    {
        let publisher = Publisher::of(metadata(0, None));
        let app = app(&publisher, source(|_| {})).await;
        assert_eq!(app.idp_status().clock_offset_ms, None);
        let known = app.events().len();
        for _ in 0..3 {
            sign_in_with_clock(&app, TimeDelta::seconds(ahead)).await;
            app.saml.refresh_due();
        }
        let status = app.idp_status();
        assert_eq!(status.clock_offset_ms, Some(-ahead * 1000));
        assert_eq!(status.clock_offset_warning, warns);
        let expected: &[&str] = if warns { &["clock_offset"] } else { &[] };
        assert_eq!(app.codes_after(known), expected, "{ahead}");
        if warns {
            let detail = app.events().pop().unwrap().detail;
            let expected = format!(
                "our clock is 90 seconds {direction} the identity provider's, and 180 are tolerated"
            );
            assert_eq!(detail, expected);
        }
    }
}

#[actix_web::test]
async fn the_status_is_json_and_holds_nobody() {
    let publisher = Publisher::of(metadata(0, Some(1)));
    let app =
        app(&publisher, source(|source| source.policy.label = Some("NHSmail".to_owned()))).await;
    assert_eq!(app.sign_in_by(0).await.status, 303);
    let json = serde_json::to_string(&app.saml.status()).unwrap();
    for person in &app.idp().people {
        assert!(!json.contains(&person.user_name));
    }
    let status: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(status["ready"], true);
    let idp = &status["idps"][0];
    assert_eq!(idp["entity_id"], app.idp().entity_id.as_str());
    assert_eq!(
        (&idp["label"], &idp["trust"], &idp["age_seconds"]),
        (&"NHSmail".into(), &"tls".into(), &0.into())
    );
    assert!(idp["next_refresh"].as_str().unwrap() > "2026-11-22T09:54:00");
    assert_eq!(idp["keys"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&idp["keys"][0]["standing"], &idp["keys"][1]["standing"]),
        (&"current".into(), &"current".into())
    );
    assert_eq!(idp["keys"][0]["first_used"], "2026-11-22T09:00:00Z");
    assert_eq!(idp["keys"][1]["first_used"], serde_json::Value::Null);
}

#[actix_web::test]
async fn our_own_certificates_are_warned_about_the_same_way() {
    let start = start_of_test();
    let key = PrivateKey::generate(KeyShape::P256).unwrap();
    let request = CertificateRequest {
        common_name: "rota.example.org",
        organisation: None,
        hosts: &[],
        not_before: start,
        not_after: start + TimeDelta::days(31),
    };
    let certificate = Certificate::self_signed(&key, &request).unwrap();
    let fingerprint = certificate.fingerprint();
    let publisher = Publisher::of(metadata(0, None));
    let refresh = RefreshSettings {
        fetch: Some(Arc::new(publisher.clone())),
        background: false,
        ..RefreshSettings::default()
    };
    let app = app_with(source(|_| {}), refresh, |setup| {
        setup.builder = Box::new(move |builder| {
            builder.idps.clear();
            builder.awaits_idps = true;
            builder.signing = Some(RequestSigning { key, certificate });
        });
    })
    .await;
    let own = app.saml.status().own_keys.remove(0);
    assert_eq!((own.purpose, own.stage, own.days_left), ("signing", "current", Some(31)));
    let mut told = Vec::new();
    for day in 1..=33 {
        let known = app.events().len();
        app.clock.advance(TimeDelta::days(1));
        app.saml.refresh_due();
        told.extend(app.events().into_iter().skip(known).map(|event| (day, event)));
    }
    let days: Vec<_> = told.iter().map(|(day, _)| *day).collect();
    assert_eq!(days, [1, 17, 24, 29, 32]);
    for (_, event) in &told {
        assert_eq!((event.code, event.level), ("own_certificate_expiry", EventLevel::Warning));
        assert_eq!((event.idp.as_ref(), event.fingerprint.as_ref()), (None, Some(&fingerprint)));
    }
    let first = &told[0].1.detail;
    assert!(
        first.starts_with("our current signing certificate: the certificate ends at"),
        "{first}"
    );
}
