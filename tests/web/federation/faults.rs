//! Everything that can go wrong on the way, over real connections: each ends with the last known
//! good and one clear event.

use std::sync::Arc;
use std::time::Duration;

use actix_saml::web::federation::{HttpFetch, RefreshSettings};
use chrono::TimeDelta;

use super::scene::{Folder, app_with, metadata, source, written};
use crate::faults::{Answer, Server};

const LIMIT: Duration = Duration::from_millis(500);

/// The application has read key 0 from `server`; then the server gives `answer`.
async fn after(answer: Answer) -> (&'static str, bool) {
    let server = Server::http(Answer::ok(metadata(0, None)));
    let folder = Folder::new();
    let file = folder.path("idp.xml");
    let at_server = source(|source| {
        source.url = Some(server.url("/metadata.xml").parse().unwrap());
        source.file = Some(file.clone());
    });
    let refresh = RefreshSettings {
        timeout: LIMIT,
        fetch: Some(Arc::new(HttpFetch::default())),
        background: false,
        ..RefreshSettings::default()
    };
    let app = app_with(at_server, refresh, |_| {}).await;
    assert!(app.saml.is_ready());
    let known = app.events().len();
    server.answer(answer);
    app.clock.advance(TimeDelta::hours(1));
    app.saml.refresh_due();
    let problem = app.idp_status().fetch_problem.unwrap();
    assert_eq!(app.codes_after(known), [problem.code], "one event");
    assert_eq!(app.sign_in_by(0).await.status, 303, "the last known good");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), metadata(0, None));
    // It heals by itself, and that is told as well.
    server.answer(Answer::ok(metadata(0, Some(1))));
    app.clock.advance(TimeDelta::hours(1));
    let known = app.events().len();
    app.saml.refresh_due();
    assert_eq!(app.codes_after(known), ["idp_key_announced", "metadata_recovered"]);
    assert_eq!(app.sign_in_by(1).await.status, 303);
    (problem.code, problem.quarantined)
}

#[actix_web::test]
async fn md_net_every_fault_leaves_the_last_known_good() {
    let good = metadata(0, Some(1));
    let other = good.replace("http://fs-a.nhsmail.test/adfs", "http://fs-b.nhsmail.test/adfs");
    let expired = good.replace("entityID=", "validUntil=\"2020-01-01T00:00:00Z\" entityID=");
    let tampered = good.replace(&written(0), &written(2));
    for (answer, code, quarantined) in [
        (Answer::silence(), "fetch_timeout", false),
        (Answer::error(), "fetch_status", false),
        (Answer::html(), "xml_doctype", true),
        (Answer::truncated(&good), "fetch_answer", false),
        (Answer::ok(other), "metadata_other_entity", true),
        (Answer::ok(expired), "metadata_expired", true),
        (Answer::ok(tampered), "metadata_no_shared_key", true),
        (Answer::drip(&good, Duration::from_millis(20)), "fetch_timeout", false),
        (Answer::large(50 * 1024 * 1024), "fetch_too_large", false),
        (Answer::endless(), "fetch_too_large", false),
        (Answer::redirect(302, "http://fs-a.nhsmail.test/metadata.xml"), "fetch_redirect", false),
    ] {
        let shown = format!("{answer:?}").chars().take(40).collect::<String>();
        assert_eq!(after(answer).await, (code, quarantined), "{shown}");
    }
}

#[actix_web::test]
async fn md_net_a_name_that_is_gone_and_a_server_that_is_gone() {
    for (url, code) in [
        ("https://metadata.nhsmail.invalid/m.xml".to_owned(), "fetch_dns"),
        (
            {
                let server = Server::http(Answer::error());
                server.url("/m.xml")
            },
            "fetch_connection",
        ),
    ] {
        let folder = Folder::new();
        let file = folder.path("idp.xml");
        std::fs::write(&file, metadata(0, None)).unwrap();
        let at = source(|source| {
            source.url = Some(url.parse().unwrap());
            source.file = Some(file);
        });
        let refresh = RefreshSettings {
            fetch: Some(Arc::new(HttpFetch::default())),
            background: false,
            ..RefreshSettings::default()
        };
        let app = app_with(at, refresh, |_| {}).await;
        let events = app.events();
        let codes: Vec<_> = events.iter().map(|event| event.code).collect();
        assert_eq!(codes, ["test_keys_trusted", "metadata_loaded", code]);
        assert_eq!(app.sign_in_by(0).await.status, 303, "the last known good");
    }
}
