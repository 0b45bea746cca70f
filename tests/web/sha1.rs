//! An identity provider that signs with SHA-1, and an operator who has named a day.

use std::sync::Arc;

use actix_saml::crypto::SignatureAlgorithm;
use actix_saml::idp::SignedParts;
use actix_saml::sp::Idp;
use chrono::{DateTime, TimeDelta, Utc};

use crate::app::{TestApp, start_of_test, test_idp, trusted};

/// The first of two identity providers signs with SHA-1, and that is accepted until then.
async fn accepting_until(end: Option<DateTime<Utc>>) -> TestApp {
    TestApp::with(|setup| {
        setup.idps = vec![test_idp(0), test_idp(1)];
        setup.idps[0].issuance.algorithm = SignatureAlgorithm::RsaSha1;
        setup.builder = Box::new(move |builder| {
            if let Some(end) = end {
                let mut metadata = trusted(&test_idp(0)).metadata.clone();
                metadata.dangerous().accept_sha1_signatures_until(end);
                builder.idps[0] = Arc::new(Idp { metadata, label: None });
            }
        });
    })
    .await
}

fn login_at(app: &TestApp, idp: usize) -> String {
    let entity_id = app.idps[idp].entity_id.as_str();
    let query: String = url::form_urlencoded::byte_serialize(entity_id.as_bytes()).collect();
    format!("/saml/login?return_to=%2Frota&idp={query}")
}

#[actix_web::test]
async fn sha1_1_it_is_let_in_until_the_day_and_logged_each_time() {
    let end = start_of_test() + TimeDelta::minutes(10);
    let app = accepting_until(Some(end)).await;
    for _ in 0..2 {
        let browser = app.browser();
        let begun = browser.begin_at(&login_at(&app, 0)).await;
        let landed = browser.bring(&app.respond(&begun, "ward.nurse")).await;
        assert_eq!(landed.status, 303, "{}", landed.body);
        let alarming: Vec<_> = landed.events.iter().filter(|e| e.is_alarming()).collect();
        let [event] = alarming.as_slice() else { panic!("{alarming:#?}") };
        assert_eq!(event.field("event"), "sha1_signature_used");
        assert_eq!(event.field("issuer"), app.idp().entity_id.as_str());
        assert_eq!(event.fields.len(), 3, "{event:?}");
        assert!(browser.is_signed_in().await);
    }
    assert!(app.saml.metrics().contains("saml_weak_algorithms_total{algorithm=\"sha1\"} 2\n"));
    // The response and its assertion are judged alike.
    let mut idp = app.idp().clone();
    idp.issuance.signed = SignedParts::MessageAndAssertion;
    let browser = app.browser();
    let begun = browser.begin_at(&login_at(&app, 0)).await;
    let landed = browser.bring(&app.respond_by(&idp, &begun, &app.person("ward.nurse"))).await;
    assert_eq!((landed.status, landed.events.len()), (303, 2), "{:#?}", landed.events);

    let browser = app.browser();
    let begun = browser.begin_at(&login_at(&app, 0)).await;
    app.clock.set(end);
    let answer = browser.bring(&app.respond(&begun, "ward.nurse")).await;
    answer.assert_refused(403, "signature_algorithm");
    assert!(!browser.is_signed_in().await);
}

#[actix_web::test]
async fn sha1_1_without_it_or_for_another_provider_it_is_refused() {
    let far = start_of_test() + TimeDelta::days(100);
    for (end, by) in [(None, 0), (Some(far), 1)] {
        let app = accepting_until(end).await;
        let browser = app.browser();
        let begun = browser.begin_at(&login_at(&app, by)).await;
        let mut idp = app.idps[by].clone();
        idp.issuance.algorithm = SignatureAlgorithm::RsaSha1;
        let nurse = app.person("ward.nurse");
        let answer = browser.bring(&app.respond_by(&idp, &begun, &nurse)).await;
        answer.assert_refused(403, "signature_algorithm");
        idp.issuance.algorithm = SignatureAlgorithm::RsaSha256;
        let landed = browser.bring(&app.respond_by(&idp, &begun, &nurse)).await;
        assert_eq!(landed.status, 303, "the control");
        assert!(!landed.events.iter().any(|e| e.is_alarming()), "{:#?}", landed.events);
    }
}
