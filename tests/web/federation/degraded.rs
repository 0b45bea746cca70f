//! Without any metadata the application runs, lets nobody in, says so, and heals by itself.

use actix_saml::web::federation::{EventLevel, FetchError};
use actix_web::http::Method;
use chrono::TimeDelta;

use super::scene::{Publisher, app, metadata, source};
use crate::browser::navigation;
use crate::jar::From;

#[actix_web::test]
async fn it_starts_without_metadata_and_heals_by_itself() {
    let publisher = Publisher::failing(FetchError::Dns { host: "fs.example.org".to_owned() });
    let app = app(&publisher, source(|_| {})).await;
    assert!(!app.saml.is_ready());
    let status = app.saml.status();
    assert_eq!((status.ready, status.idps[0].ready), (false, false));
    assert_eq!(status.idps[0].fetch_problem.as_ref().unwrap().code, "fetch_dns");
    let [event] = status.events.as_slice() else { panic!("{:#?}", status.events) };
    assert_eq!((event.code, event.level), ("fetch_dns", EventLevel::Error));

    let browser = app.browser();
    for path in ["/rota", "/saml/login?return_to=%2Frota", "/admin"] {
        let answer = browser.visit(path).await;
        assert_eq!(answer.status, 503, "{path}");
        assert_eq!(answer.header("Retry-After"), Some("30"), "{path}");
        assert!(answer.body.contains("Sign-in is not ready yet"), "{path}");
        answer.assert_page();
    }
    let script = navigation(Method::GET, "/rota").insert_header(("Sec-Fetch-Mode", "cors"));
    let answer = browser.send(From::SameSite, script).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("Content-Type"), Some("application/problem+json"));
    assert_eq!(answer.header("Retry-After"), Some("30"));
    // What needs nobody to be signed in goes on, and so does registration.
    assert_eq!(browser.visit("/").await.status, 200);
    assert_eq!(browser.visit("/saml/metadata").await.status, 200);
    assert_eq!(browser.visit("/saml/logout").await.status, 200);

    // It is tried again after seconds, not after an hour.
    publisher.publish(metadata(0, None));
    app.saml.refresh_due();
    assert!(!app.saml.is_ready());
    app.clock.advance(TimeDelta::seconds(2));
    app.saml.refresh_due();
    assert!(app.saml.is_ready());
    assert_eq!(app.idp_status().fetch_problem, None);
    assert_eq!(app.sign_in_by(0).await.status, 303);
}

#[actix_web::test]
async fn who_is_signed_in_stays_so_when_metadata_ends() {
    let until = (crate::app::start_of_test() + TimeDelta::hours(3)).to_rfc3339();
    let until = until.replace("+00:00", "Z");
    let document =
        metadata(0, None).replace("entityID=", &format!("validUntil=\"{until}\" entityID="));
    let publisher = Publisher::of(document);
    let app = app(&publisher, source(|_| {})).await;
    let browser = app.browser();
    let waiting = app.browser();
    assert_eq!(browser.sign_in_by(0).await.status, 303);
    publisher.fail(FetchError::Status(503));
    for _ in 0..8 {
        app.clock.advance(TimeDelta::minutes(20));
        app.saml.refresh_due();
        assert!(browser.is_signed_in().await);
    }
    app.clock.advance(TimeDelta::minutes(20) - TimeDelta::seconds(1));
    assert!(app.saml.is_ready() && browser.is_signed_in().await);
    let form = waiting.respond_by_key(0).await;
    app.clock.advance(TimeDelta::seconds(1));
    let known = app.events().len();
    app.saml.refresh_due();
    assert!(app.codes_after(known).contains(&"metadata_expired"));
    assert!(!app.saml.is_ready() && browser.is_signed_in().await);
    waiting.bring(&form).await.assert_no(503, "metadata_expired", "not_ready");
    assert_eq!(app.browser().visit("/rota").await.status, 503);
}
