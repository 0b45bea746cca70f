//! Documents that are not applied: what was known before still counts.

use actix_saml::saml::metadata::MetadataAnchor;
use chrono::TimeDelta;

use super::scene::{Publisher, app, fingerprint, key, metadata, source, written};

/// Offers `document` where key 0 is trusted, and says with which code it is refused.
async fn refused(document: String) -> &'static str {
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|_| {})).await;
    let before = app.idp_status();
    let known = app.events().len();
    publisher.publish(document);
    app.clock.advance(TimeDelta::hours(1));
    app.saml.refresh_due();
    let after = app.idp_status();
    assert_eq!(after.document_sha256, before.document_sha256);
    assert_eq!(after.confirmed_at, before.confirmed_at);
    let problem = after.fetch_problem.unwrap();
    assert!(problem.quarantined);
    assert_eq!(app.codes_after(known), [problem.code], "one event");
    assert_eq!(app.sign_in_by(0).await.status, 303, "the last known good");
    problem.code
}

#[actix_web::test]
async fn u_md_roll_what_does_not_fit_is_not_applied() {
    let good = metadata(0, Some(1));
    let entity = "http://fs-a.nhsmail.test/adfs/services/trust";
    assert!(good.contains(entity));
    for (document, code) in [
        (
            good.replace(entity, "http://fs-b.nhsmail.test/adfs/services/trust"),
            "metadata_other_entity",
        ),
        (metadata(1, None), "metadata_no_shared_key"),
        (metadata(1, Some(2)), "metadata_no_shared_key"),
        (
            good.replace("entityID=", "validUntil=\"2020-01-01T00:00:00Z\" entityID="),
            "metadata_expired",
        ),
        ("<html><body>Sign in</body></html>".to_owned(), "metadata_root"),
        (good[..good.len() / 2].to_owned(), "xml_malformed"),
        (String::new(), "xml_malformed"),
        (good.replace("https://fs-a", "http://fs-a"), "metadata_insecure_address"),
        (good.replace("IDPSSODescriptor", "PDPDescriptor"), "metadata_role"),
        (format!("<!DOCTYPE x>{good}"), "xml_doctype"),
    ] {
        assert_eq!(refused(document).await, code);
    }
}

/// One key in common is enough: that is how every rollover begins.
#[actix_web::test]
async fn the_control() {
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|_| {})).await;
    publisher.publish(metadata(1, Some(0)));
    app.clock.advance(TimeDelta::hours(1));
    app.saml.refresh_due();
    assert_eq!(app.idp_status().fetch_problem, None);
    assert_eq!(app.sign_in_by(1).await.status, 303);
}

#[actix_web::test]
async fn md_sig_a_pinned_key_vouches_for_entirely_new_keys() {
    // The metadata is signed by the provider's key in use; that is who is pinned here.
    let anchor = |numbers: &[usize]| {
        let certificates = numbers.iter().map(|n| key(*n).certificate().clone()).collect();
        Some(MetadataAnchor::new(certificates, Vec::new()).unwrap())
    };
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|source| source.policy.anchor = anchor(&[0, 1]))).await;
    assert!(app.saml.is_ready());
    let known = app.events().len();
    publisher.publish(metadata(1, None));
    app.clock.advance(TimeDelta::hours(1));
    app.saml.refresh_due();
    assert_eq!(app.codes_after(known), ["idp_keys_replaced", "idp_key_announced", "idp_key_gone"]);
    assert_eq!(app.sign_in_by(1).await.status, 303);
}

#[actix_web::test]
async fn md_tamper_with_a_pin_nothing_unsigned_or_changed_is_applied() {
    let fingerprint = fingerprint(0).parse().unwrap();
    let anchor = MetadataAnchor::new(Vec::new(), vec![fingerprint]).unwrap();
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|source| source.policy.anchor = Some(anchor))).await;
    let good = metadata(0, Some(1));
    let signature = good.find("<ds:Signature").unwrap()..good.find("</ds:Signature>").unwrap() + 15;
    let mut unsigned = good.clone();
    unsigned.replace_range(signature, "");
    for (document, code) in [
        (unsigned, "metadata_not_signed"),
        (good.replace(&written(1), &written(2)), "digest_mismatch"),
        // Signed by the key that it announces, and by nobody who is pinned.
        (metadata(1, Some(0)), "metadata_signer_not_pinned"),
    ] {
        publisher.publish(document);
        app.clock.advance(TimeDelta::hours(1));
        app.saml.refresh_due();
        let problem = app.idp_status().fetch_problem.unwrap();
        assert_eq!((problem.code, problem.quarantined), (code, true));
        assert_eq!(app.idp_status().keys.len(), 1);
    }
    publisher.publish(good);
    app.clock.advance(TimeDelta::hours(1));
    app.saml.refresh_due();
    assert_eq!(app.idp_status().fetch_problem, None, "the control");
    assert_eq!(app.idp_status().keys.len(), 2);
}
