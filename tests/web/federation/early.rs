//! A key that was never announced: metadata is looked for at once, and the person does not notice.

use actix_saml::web::federation::FetchError;
use chrono::TimeDelta;

use super::scene::{Publisher, app, metadata, source};

#[actix_web::test]
async fn a_sign_in_by_an_unknown_key_fetches_and_is_tried_again() {
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|_| {})).await;
    assert_eq!(publisher.asked(), 1);
    publisher.publish(metadata(1, Some(0)));
    let known = app.events().len();
    let landed = app.sign_in_by(1).await;
    assert_eq!((landed.status, landed.location()), (303, "/rota"));
    assert_eq!(publisher.asked(), 2);
    assert_eq!(
        app.codes_after(known),
        ["idp_key_unknown", "idp_key_announced", "idp_key_first_used"]
    );
}

#[actix_web::test]
async fn a_key_that_nobody_publishes_fetches_every_five_minutes_at_most() {
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|_| {})).await;
    for _ in 0..3 {
        app.sign_in_by(2).await.assert_refused(403, "signature_mismatch");
        assert_eq!(publisher.asked(), 2);
    }
    app.clock.advance(TimeDelta::minutes(5) - TimeDelta::seconds(1));
    app.sign_in_by(2).await.assert_refused(403, "signature_mismatch");
    assert_eq!(publisher.asked(), 2);
    app.clock.advance(TimeDelta::seconds(1));
    app.sign_in_by(2).await.assert_refused(403, "signature_mismatch");
    assert_eq!(publisher.asked(), 3);
    // It does no harm to those who are honest.
    assert_eq!(app.sign_in_by(0).await.status, 303);
    assert_eq!(publisher.asked(), 3);
}

#[actix_web::test]
async fn only_a_signature_by_nobody_known_fetches() {
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|_| {})).await;
    let browser = app.browser();
    let form = browser.respond_by_key(0).await;
    let changed = form.replace("ward.nurse", "ward.nurze");
    browser.bring(&changed).await.assert_refused(403, "digest_mismatch");
    let addressed = form.replace("Destination=\"", "Destination=\"https://evil.example/");
    browser.bring(&addressed).await.assert_refused(403, "destination");
    assert_eq!(publisher.asked(), 1);
    assert_eq!(browser.bring(&form).await.status, 303, "the control");
}

#[actix_web::test]
async fn a_server_that_fails_leaves_the_refusal() {
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|_| {})).await;
    publisher.fail(FetchError::Status(500));
    app.sign_in_by(1).await.assert_refused(403, "signature_mismatch");
    assert_eq!(publisher.asked(), 2);
    assert_eq!(app.idp_status().fetch_problem.unwrap().code, "fetch_status");
    assert_eq!(app.sign_in_by(0).await.status, 303);
}

#[actix_web::test]
async fn of_many_at_once_one_fetches_and_all_come_in() {
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|_| {})).await;
    let mut forms = Vec::new();
    let browsers: Vec<_> = (0..20).map(|_| app.browser()).collect();
    for browser in &browsers {
        forms.push(browser.respond_by_key(1).await);
    }
    publisher.publish(metadata(1, Some(0)));
    let all = browsers.iter().zip(&forms).map(|(browser, form)| browser.bring(form));
    let landed = futures_util::future::join_all(all).await;
    assert!(landed.iter().all(|answer| answer.status == 303));
    assert_eq!(publisher.asked(), 2);
}
