//! Several machines behind one address, and what an application sets for itself.

use std::sync::Arc;

use actix_saml::nhsmail::ClaimNames;
use actix_saml::store::{MemoryReplay, MemorySessions};
use actix_web::cookie::Key;

use crate::app::{Setup, TestApp, test_idp};
use crate::message::Form;

/// Two machines that share a key and their stores.
fn shared(key: &Key) -> impl Fn(&mut Setup) + use<> {
    let key = key.clone();
    let (replay, sessions) =
        (Arc::new(MemoryReplay::default()), Arc::new(MemorySessions::default()));
    move |setup| {
        let key = key.clone();
        setup.saml = Box::new(move |saml| saml.cookie_keys(key));
        setup.replay = Some(replay.clone());
        setup.sessions = Some(sessions.clone());
    }
}

#[actix_web::test]
async fn any_machine_can_finish_what_another_began() {
    let setup = shared(&Key::generate());
    let (one, other) = (TestApp::with(&setup).await, TestApp::with(&setup).await);
    let browser = one.browser();
    let begun = browser.begin("/rota").await;
    let form = one.respond(&begun, "ward.nurse");
    let kept = browser.jar.borrow().clone();

    let at_other = other.browser();
    *at_other.jar.borrow_mut() = kept.clone();
    assert_eq!(at_other.bring(&form).await.status, 303);
    assert!(at_other.is_signed_in().await);

    // The session holds at the first machine too, and the assertion is used up there.
    *browser.jar.borrow_mut() = at_other.jar.borrow().clone();
    assert!(browser.is_signed_in().await);
    *browser.jar.borrow_mut() = kept;
    one.log.take();
    let again = browser.bring(&form).await;
    assert_eq!(again.status, 403);
    assert!(again.body.contains("That sign-in has already been used"));
}

#[actix_web::test]
async fn a_machine_with_another_key_opens_nothing() {
    let one = TestApp::start().await;
    let browser = one.browser();
    let begun = browser.begin("/rota").await;
    let form = one.respond(&begun, "ward.nurse");
    let other = TestApp::start().await;
    let at_other = other.browser();
    *at_other.jar.borrow_mut() = browser.jar.borrow().clone();
    at_other.bring(&form).await.assert_refused(403, "no_pending_login");
}

/// An identity provider that was taken out while somebody was there.
#[actix_web::test]
async fn an_identity_provider_that_is_gone_signs_nobody_in() {
    let key = Key::generate();
    let before = TestApp::with(shared(&key)).await;
    let browser = before.browser();
    let begun = browser.begin("/rota").await;
    let form = before.respond(&begun, "ward.nurse");
    let after = TestApp::with(|setup| {
        shared(&key)(setup);
        setup.idps = vec![test_idp(1)];
    })
    .await;
    let later = after.browser();
    *later.jar.borrow_mut() = browser.jar.borrow().clone();
    later.bring(&form).await.assert_refused(403, "idp_gone");
    let nobody = Form { relay_state: String::new(), ..form };
    later.bring(&nobody).await.assert_refused(403, "no_pending_login");
}

#[actix_web::test]
async fn claim_names_can_be_ones_own() {
    let app = TestApp::with(|setup| {
        setup.saml = Box::new(|saml| {
            let names =
                ClaimNames { display_name: vec!["ODS".to_owned()], ..ClaimNames::default() };
            saml.claims(names)
        });
    })
    .await;
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    assert_eq!(browser.visit("/rota").await.body, "Rota of ZZT01");
}

#[actix_web::test]
async fn our_pages_may_live_elsewhere() {
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| builder.acs_path = "/auth/v1/acs".to_owned());
    })
    .await;
    let browser = app.browser();
    let refused = browser.visit("/rota").await;
    assert_eq!(refused.location(), "/auth/v1/login?return_to=%2Frota");
    let begun = browser.begin_at(refused.location()).await;
    let mut reply_to = app.reply_to(&begun.request_id);
    reply_to.acs_url = "https://rota.example.org/auth/v1/acs".to_owned();
    let nurse = app.person("ward.nurse");
    let xml = app.idp().respond(&reply_to, &nurse, crate::app::start_of_test()).unwrap();
    let form = Form { xml, relay_state: begun.relay_state };
    let landed = browser.submit_from_elsewhere("/auth/v1/acs", &form.encode()).await;
    assert_eq!(landed.location(), "/rota");
    assert_eq!(browser.visit("/saml/acs").await.status, 404);
    assert_eq!(browser.visit("/auth/v1/metadata").await.status, 200);
    assert_eq!(browser.submit("/auth/v1/logout", "").await.status, 200);
    assert!(!browser.is_signed_in().await);
}

/// Sessions may outlive the process, and with it whom it trusted.
#[actix_web::test]
async fn who_signed_in_at_a_provider_that_is_gone_is_signed_in_no_more() {
    let setup = shared(&Key::generate());
    let at = |indices: &'static [usize]| {
        let setup = &setup;
        move |s: &mut Setup| {
            setup(s);
            s.idps = indices.iter().map(|index| test_idp(*index)).collect();
        }
    };
    let before = TestApp::with(at(&[0])).await;
    let browser = before.browser();
    browser.sign_in("ward.nurse").await;
    let jar = browser.jar.borrow().clone();
    for (idps, is_signed_in) in [(&[0, 1][..], true), (&[1], false), (&[0], true)] {
        let after = TestApp::with(at(idps)).await;
        let browser = after.browser();
        *browser.jar.borrow_mut() = jar.clone();
        assert_eq!(browser.is_signed_in().await, is_signed_in, "{idps:?}");
    }
}
