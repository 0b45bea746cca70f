//! AD FS announces a key twenty days before the old one ends, switches five days later, and removes
//! the old one in the end. Responses are signed at every point.

use actix_saml::web::federation::KeyStanding;
use chrono::TimeDelta;

use super::scene::{Publisher, app, fingerprint, idp, metadata, source};

#[actix_web::test]
async fn nobody_notices_a_rollover() {
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|_| {})).await;
    assert_eq!(app.codes_after(0), ["test_keys_trusted", "metadata_loaded"]);
    assert_eq!(app.sign_in_by(0).await.status, 303);
    let mut known = app.events().len();

    // Announced: the old key goes on signing.
    publisher.publish(metadata(0, Some(1)));
    app.clock.advance(TimeDelta::hours(1));
    app.saml.refresh_due();
    assert_eq!(app.codes_after(known), ["idp_key_announced"]);
    let event = app.events().pop().unwrap();
    assert_eq!(event.fingerprint, Some(fingerprint(1)));
    assert!(event.detail.starts_with("new signing key announced"), "{}", event.detail);
    assert_eq!(app.sign_in_by(0).await.status, 303);
    let standing = |app: &crate::app::TestApp| -> Vec<_> {
        app.idp_status().keys.iter().map(|k| (k.fingerprint.clone(), k.standing)).collect()
    };
    let (old, new) = (fingerprint(0), fingerprint(1));
    assert_eq!(
        standing(&app),
        [(old.clone(), KeyStanding::Current), (new.clone(), KeyStanding::Announced)]
    );
    known = app.events().len();

    // Switched, five days later, and before we have looked again.
    publisher.publish(metadata(1, Some(0)));
    app.clock.advance(TimeDelta::days(5));
    let switched = app.clock.read();
    assert_eq!(app.sign_in_by(1).await.status, 303);
    assert_eq!(app.codes_after(known), ["idp_key_first_used"]);
    let event = app.events().pop().unwrap();
    assert_eq!(event.detail, "first response signed by the new key");
    assert_eq!((event.at, event.fingerprint), (switched, Some(new.clone())));
    // Responses of the old key are still on their way.
    assert_eq!(app.sign_in_by(0).await.status, 303);
    app.saml.refresh_due();
    assert_eq!(
        standing(&app),
        [(new.clone(), KeyStanding::Current), (old.clone(), KeyStanding::Current)]
    );
    let keys = app.idp_status().keys;
    assert_eq!((keys[0].first_used, keys[0].last_used), (Some(switched), Some(switched)));
    known = app.events().len();

    // A day later nobody has seen the old one.
    app.clock.advance(TimeDelta::hours(12));
    assert_eq!(app.sign_in_by(1).await.status, 303);
    app.saml.refresh_due();
    assert_eq!(app.codes_after(known), Vec::<&str>::new());
    app.clock.advance(TimeDelta::hours(13));
    assert_eq!(app.sign_in_by(1).await.status, 303);
    app.saml.refresh_due();
    assert_eq!(app.codes_after(known), ["idp_key_unused"]);
    let event = app.events().pop().unwrap();
    assert_eq!(event.fingerprint, Some(old.clone()));
    assert!(event.detail.starts_with("old key unused since 2026-11-27"), "{}", event.detail);
    known = app.events().len();

    // Removed: it counts for another day.
    publisher.publish(metadata(1, None));
    app.clock.advance(TimeDelta::days(14));
    let removed = app.clock.read();
    app.saml.refresh_due();
    assert_eq!(app.codes_after(known), ["idp_key_gone"]);
    assert_eq!(standing(&app), [(new.clone(), KeyStanding::Current), (old, KeyStanding::Gone)]);
    assert_eq!(app.idp_status().keys[1].gone_since, Some(removed));
    assert_eq!(app.sign_in_by(0).await.status, 303);
    assert_eq!(app.sign_in_by(1).await.status, 303);
    app.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    app.saml.refresh_due();
    assert_eq!(app.sign_in_by(0).await.status, 303);
    known = app.events().len();

    app.clock.advance(TimeDelta::seconds(1));
    app.saml.refresh_due();
    assert_eq!(app.codes_after(known), ["idp_key_dropped"]);
    assert_eq!(standing(&app), [(new, KeyStanding::Current)]);
    app.sign_in_by(0).await.assert_refused(403, "signature_mismatch");
    assert_eq!(app.sign_in_by(1).await.status, 303);
}

#[actix_web::test]
async fn a_grace_period_of_nothing_drops_at_once() {
    let publisher = Publisher::of(metadata(0, Some(1)));
    let source = source(|source| source.policy.grace = TimeDelta::zero());
    let app = app(&publisher, source).await;
    let known = app.events().len();
    publisher.publish(metadata(1, None));
    app.clock.advance(TimeDelta::hours(1));
    app.saml.refresh_due();
    assert_eq!(app.codes_after(known), ["idp_key_gone", "idp_key_dropped"]);
    app.sign_in_by(0).await.assert_refused(403, "signature_mismatch");
    assert_eq!(app.sign_in_by(1).await.status, 303, "the control");
}

#[actix_web::test]
async fn a_key_that_returns_counts_for_good() {
    let publisher = Publisher::of(metadata(0, Some(1)));
    let app = app(&publisher, source(|_| {})).await;
    let mut known = app.events().len();
    for (document, code) in
        [(metadata(1, None), "idp_key_gone"), (metadata(1, Some(0)), "idp_key_returned")]
    {
        publisher.publish(document);
        app.clock.advance(TimeDelta::hours(1));
        app.saml.refresh_due();
        assert_eq!(app.codes_after(known), [code]);
        known = app.events().len();
    }
    app.clock.advance(TimeDelta::days(3));
    app.saml.refresh_due();
    assert_eq!(app.sign_in_by(0).await.status, 303);
}

/// The test identity provider changes its keys while it runs, and metadata and signatures are its
/// own at every step.
#[actix_web::test]
async fn the_test_identity_provider_rotates_its_keys() {
    let mut running = idp(0, None);
    let publisher = Publisher::of(running.metadata().unwrap());
    let app = app(&publisher, source(|_| {})).await;
    let next = actix_saml::idp::SigningKey::generate(
        running.host(),
        actix_saml::idp::Validity::of_tests(),
    )
    .unwrap();
    for step in ["before", "announced", "switched", "retired"] {
        match step {
            "announced" => running.keys.announce(next.clone()),
            "switched" => assert!(running.keys.promote()),
            "retired" => assert!(running.keys.retire()),
            _ => {}
        }
        publisher.publish(running.metadata().unwrap());
        app.clock.advance(TimeDelta::hours(1));
        app.saml.refresh_due();
        let browser = app.browser();
        let begun = browser.begin("/rota").await;
        let landed =
            browser.bring(&app.respond_by(&running, &begun, &app.person("ward.nurse"))).await;
        assert_eq!(landed.status, 303, "{step}");
    }
    let signer = app.idp_status().keys.remove(0);
    assert_eq!(signer.fingerprint, next.certificate().fingerprint());
}
