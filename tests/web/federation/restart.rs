//! The last known good on disk, and files that an operator replaces.

use std::path::Path;

use actix_saml::web::federation::{FetchError, RefreshSettings, TrustBasis};
use chrono::TimeDelta;

use super::scene::{Folder, Publisher, app, app_with, metadata, source};
use crate::app::TestApp;

#[actix_web::test]
async fn u_md_lkg_the_next_start_needs_no_network() {
    let folder = Folder::new();
    let file = folder.path("idp.xml");
    let with_file = || {
        let file = file.clone();
        source(|source| source.file = Some(file))
    };
    let publisher = Publisher::of(metadata(0, None));
    let first = app(&publisher, with_file()).await;
    assert!(first.saml.is_ready());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), metadata(0, None));
    publisher.publish(metadata(1, Some(0)));
    first.clock.advance(TimeDelta::hours(1));
    first.saml.refresh_due();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), metadata(1, Some(0)));
    // What is not applied is not kept.
    publisher.publish(metadata(2, None));
    first.clock.advance(TimeDelta::hours(1));
    first.saml.refresh_due();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), metadata(1, Some(0)));
    drop(first);

    let offline = Publisher::failing(FetchError::Connection("refused".to_owned()));
    let second = app(&offline, with_file()).await;
    assert!(second.saml.is_ready());
    assert_eq!(second.idp_status().trust, TrustBasis::Tls);
    assert_eq!(second.idp_status().fetch_problem.unwrap().code, "fetch_connection");
    for key in [0, 1] {
        assert_eq!(second.sign_in_by(key).await.status, 303);
    }
    // A start is no way around the quarantine.
    offline.publish(metadata(2, None));
    second.clock.advance(TimeDelta::hours(1));
    second.saml.refresh_due();
    assert_eq!(second.idp_status().fetch_problem.unwrap().code, "metadata_no_shared_key");
}

/// An application that has the metadata in a file and nowhere else.
async fn app_of_file(file: &Path) -> TestApp {
    let alone = source(|source| {
        source.file = Some(file.to_owned());
        source.url = None;
    });
    let refresh = RefreshSettings { background: false, ..RefreshSettings::default() };
    app_with(alone, refresh, |_| {}).await
}

#[actix_web::test]
async fn a_file_that_is_replaced_is_read_again() {
    let folder = Folder::new();
    let file = folder.path("idp.xml");
    std::fs::write(&file, metadata(0, None)).unwrap();
    let app = app_of_file(&file).await;
    assert_eq!(app.idp_status().trust, TrustBasis::File);
    assert_eq!(app.idp_status().next_refresh, None);
    app.sign_in_by(1).await.assert_refused(403, "signature_mismatch");

    std::fs::write(&file, metadata(1, Some(0))).unwrap();
    app.saml.refresh_due();
    assert_eq!(app.sign_in_by(1).await.status, 303);

    // Nonsense is told once, and does no harm.
    let known = app.events().len();
    std::fs::write(&file, "<html/>").unwrap();
    for _ in 0..3 {
        app.saml.refresh_due();
    }
    assert_eq!(app.codes_after(known), ["metadata_root"]);
    assert_eq!(app.idp_status().file_problem.unwrap().code, "metadata_root");
    std::fs::remove_file(&file).unwrap();
    for _ in 0..3 {
        app.saml.refresh_due();
    }
    assert_eq!(app.codes_after(known), ["metadata_root", "disk_read"]);
    assert_eq!(app.sign_in_by(1).await.status, 303);
    std::fs::write(&file, metadata(1, None)).unwrap();
    app.saml.refresh_due();
    assert_eq!(app.idp_status().file_problem, None);
}

/// Somebody saves the new file, and the first response by the new key is there before anything has
/// looked.
#[actix_web::test]
async fn an_unknown_key_makes_the_file_be_looked_at() {
    let folder = Folder::new();
    let file = folder.path("idp.xml");
    std::fs::write(&file, metadata(0, None)).unwrap();
    let app = app_of_file(&file).await;
    std::fs::write(&file, metadata(1, Some(0))).unwrap();
    assert_eq!(app.sign_in_by(1).await.status, 303);
}
