//! What the audit trail says of metadata.

use std::sync::Arc;

use actix_saml::web::federation::{FetchError, RefreshSettings};
use actix_saml::web::{AuditStep, Outcome};

use super::scene::{Publisher, app_with, fingerprint, metadata, source};
use crate::audit::Trail;

#[actix_web::test]
async fn changes_and_troubles_of_metadata_are_events() {
    let trail = Trail::default();
    let publisher = Publisher::of(metadata(0, None));
    let refresh = RefreshSettings {
        fetch: Some(Arc::new(publisher.clone())),
        background: false,
        ..RefreshSettings::default()
    };
    let setup_trail = trail.clone();
    let app = app_with(source(|_| {}), refresh, |setup| setup_trail.into_setup(setup)).await;
    app.saml.refresh_due();
    let events = trail.take();
    let loaded = events.iter().find(|e| e.code.as_deref() == Some("metadata_loaded")).unwrap();
    assert_eq!((loaded.step, loaded.outcome), (AuditStep::MetadataChange, Outcome::Done));
    assert_eq!(loaded.idp.as_ref(), Some(&app.idp().entity_id));

    publisher.publish(metadata(0, Some(1)));
    app.clock.advance(chrono::TimeDelta::hours(2));
    app.saml.refresh_due();
    let events = trail.take();
    let new = events.iter().find(|e| e.code.as_deref() == Some("idp_key_announced")).unwrap();
    assert_eq!(new.fingerprint, Some(fingerprint(1)));
    assert_eq!(new.time, app.clock.read());

    publisher.fail(FetchError::Status(500));
    app.clock.advance(chrono::TimeDelta::hours(2));
    app.saml.refresh_due();
    let events = trail.take();
    let failed = events.iter().find(|event| event.outcome == Outcome::Failed).unwrap();
    assert_eq!(failed.step, AuditStep::MetadataChange);
}
