//! Log-out that begins at the identity provider, and what may go wrong with it.

use super::*;

/// The browser that carries the wish need not be the one with the session.
#[actix_web::test]
async fn the_identity_provider_ends_a_session_without_our_cookie() {
    let trail = Trail::default();
    let sink = trail.clone();
    let scene = Scene::with(|setup| {
        setup.saml = Box::new(move |saml| saml.audit(Arc::new(sink)));
    })
    .await;
    for binding in [LogoutBinding::Redirect, LogoutBinding::Post] {
        let browser = scene.app.browser();
        let session = scene.sign_in(&browser, "ward.nurse").await;
        let courier = scene.app.browser();
        let answer = carry(&courier, &scene.wish_by(&session, binding)).await;
        assert!(!browser.is_signed_in().await, "{binding:?}");
        assert_eq!(trail.last(), (AuditStep::Revocation, Outcome::Done, None));
        let received = match binding {
            LogoutBinding::Redirect => {
                assert_eq!(answer.status, 303);
                let (address, query) = answer.location().split_once('?').unwrap();
                assert_eq!(address, scene.idp.sign_in_url());
                Received::from_response_query(query).unwrap()
            }
            LogoutBinding::Post => {
                answer.assert_page();
                let message = between(&answer.body, "name=\"SAMLResponse\" value=\"", "\"");
                let state = between(&answer.body, "name=\"RelayState\" value=\"", "\"");
                Received::from_form(message, Some(state)).unwrap()
            }
        };
        let answered = scene.idp.receive_logout_response(&received).unwrap();
        assert!(answered.is_success);
        assert_eq!(answered.relay_state.as_deref(), Some("a+b/c"));
    }
}

/// The browser that has the session loses its cookie with it.
#[actix_web::test]
async fn the_identity_provider_ends_the_session_of_this_browser() {
    let scene = Scene::start().await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let answer = carry(&browser, &scene.wish(&session)).await;
    assert_eq!(answer.status, 303);
    assert!(answer.set_cookie("__Host-saml-session").unwrap().contains("Max-Age=0"));
    assert!(!browser.is_signed_in().await);
}

#[actix_web::test]
async fn one_session_ends_or_all_of_one_person() {
    let scene = Scene::start().await;
    let (one, two, other) = (scene.app.browser(), scene.app.browser(), scene.app.browser());
    let session = scene.sign_in(&one, "ward.nurse").await;
    scene.sign_in(&two, "ward.nurse").await;
    scene.sign_in(&other, "locum.doctor").await;
    carry(&scene.app.browser(), &scene.wish(&session)).await;
    assert!(!one.is_signed_in().await);
    assert!(two.is_signed_in().await && other.is_signed_in().await);

    let three = scene.app.browser();
    scene.sign_in(&three, "ward.nurse").await;
    let all = scene.wish_of(&scene.idp, &session.name_id, None);
    let answer = carry(&scene.app.browser(), &all).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let ended = answer.events.iter().find(|event| event.field("event") == "sessions_ended");
    assert_eq!(ended.unwrap().field("sessions"), "2");
    assert!(!two.is_signed_in().await && !three.is_signed_in().await);
    assert!(other.is_signed_in().await);
}

/// A wish counts once: what is carried again ends no session that began since.
#[actix_web::test]
async fn slo_replay() {
    let scene = Scene::start().await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let all = scene.wish_of(&scene.idp, &session.name_id, None);
    assert_eq!(carry(&scene.app.browser(), &all).await.status, 303);
    assert!(!browser.is_signed_in().await);
    scene.sign_in(&browser, "ward.nurse").await;
    for minutes in [0, 5] {
        scene.app.clock.advance(TimeDelta::minutes(minutes));
        refused(&carry(&scene.app.browser(), &all).await, 403, "replayed");
        assert!(browser.is_signed_in().await);
    }
    // Until it is too old by itself, whichever is first.
    scene.app.clock.advance(TimeDelta::minutes(3));
    refused(&carry(&scene.app.browser(), &all).await, 403, "expired");
    assert!(browser.is_signed_in().await);
}

/// A wish for somebody who is not here is fulfilled already, and ends nothing.
#[actix_web::test]
async fn slo_unmatched() {
    let scene = Scene::start().await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let upper = session.name_id.to_uppercase();
    for (name, index) in [
        ("nobody@nhs.net", Some(session.session_index.as_str())),
        (upper.as_str(), None),
        (session.name_id.as_str(), Some("_another")),
    ] {
        // Each is a request of its own: what was remembered is forgotten by then.
        scene.app.clock.advance(TimeDelta::minutes(9));
        let wish = scene.wish_of(&scene.idp, name, index);
        let answer = carry(&scene.app.browser(), &wish).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let query = answer.location().split_once('?').unwrap().1;
        let received = Received::from_response_query(query).unwrap();
        assert!(scene.idp.receive_logout_response(&received).unwrap().is_success);
        assert!(browser.is_signed_in().await, "{name} {index:?}");
    }
}

/// Nobody but the identity provider that signed somebody in ends their session.
#[actix_web::test]
async fn slo_forged_or_foreign_ends_nothing() {
    let scene = Scene::with(|setup| setup.idps.push(test_idp(1))).await;
    let browser = scene.app.browser();
    let session = {
        let begun = browser.begin_at(&format!("/saml/login?idp={}", encode_id(&scene.idp))).await;
        let form = scene.app.respond(&begun, "ward.nurse");
        assert_eq!(browser.bring(&form).await.status, 303);
        IssuedSession::of_response(&form.xml).unwrap()
    };
    let courier = scene.app.browser();
    // Another one that is trusted, in its own name: its people are others.
    let other = test_idp(1);
    let foreign = scene.wish_of(&other, &session.name_id, Some(&session.session_index));
    assert_eq!(carry(&courier, &foreign).await.status, 303);
    assert!(browser.is_signed_in().await);
    // The same in the name of the first.
    let mut liar = other.clone();
    liar.entity_id = scene.idp.entity_id.clone();
    let lie = scene.wish_of(&liar, &session.name_id, None);
    refused(&carry(&courier, &lie).await, 403, "signature_mismatch");
    // Nobody that is trusted.
    let mut stranger = other;
    stranger.entity_id = EntityId::new("urn:stranger").unwrap();
    let strange = scene.wish_of(&stranger, &session.name_id, None);
    refused(&carry(&courier, &strange).await, 403, "unknown_issuer");
    // Without its signature.
    let OutgoingLogout::Redirect { url, .. } = scene.wish(&session) else { panic!() };
    let path = url.strip_prefix("https://rota.example.org").unwrap();
    let (unsigned, _) = path.split_once("&SigAlg=").unwrap();
    refused(&courier.visit_from_elsewhere(unsigned).await, 403, "unsigned");
    let swapped = path.replace("&RelayState=a%2bb%2fc&", "&RelayState=x&");
    assert_ne!(swapped, path);
    refused(&courier.visit_from_elsewhere(&swapped).await, 403, "signature_mismatch");
    let doubled = format!("{path}&RelayState=x");
    refused(&courier.visit_from_elsewhere(&doubled).await, 400, "redirect_repeated_parameter");
    assert!(browser.is_signed_in().await);
    // The control: all that was wrong was what was changed.
    assert_eq!(courier.visit_from_elsewhere(path).await.status, 303);
    assert!(!browser.is_signed_in().await);
}

fn encode_id(idp: &TestIdp) -> String {
    url::form_urlencoded::byte_serialize(idp.entity_id.as_str().as_bytes()).collect()
}

#[actix_web::test]
async fn slo_expired() {
    let scene = Scene::start().await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let wish = scene.wish(&session);
    scene.app.clock.advance(TimeDelta::minutes(8));
    refused(&carry(&scene.app.browser(), &wish).await, 403, "expired");
    assert!(browser.is_signed_in().await);
}

/// Two machines that share their stores.
#[actix_web::test]
async fn what_one_machine_ends_has_ended_on_the_other() {
    let key = Key::generate();
    let stores = (
        Arc::new(MemoryReplay::default()),
        Arc::new(MemorySessions::default()),
        Arc::new(MemoryLogoutIndex::default()),
    );
    let machine = || {
        let (key, (replay, sessions, index)) = (key.clone(), stores.clone());
        Scene::with(move |setup| {
            setup.saml = Box::new(move |saml| saml.cookie_keys(key).logout_index(index));
            setup.replay = Some(replay);
            setup.sessions = Some(sessions);
        })
    };
    let (one, other) = (machine().await, machine().await);
    let browser = one.app.browser();
    let session = one.sign_in(&browser, "ward.nurse").await;
    let wish = other.wish(&session);
    assert_eq!(carry(&other.app.browser(), &wish).await.status, 303);
    assert!(!browser.is_signed_in().await);
    // What is logged goes to the machine that was started last.
    let again = carry(&one.app.browser(), &wish).await;
    assert_eq!(again.status, 403, "{}", again.body);

    // And what a person ends.
    one.sign_in(&browser, "ward.nurse").await;
    let at_other = other.app.browser();
    *at_other.jar.borrow_mut() = browser.jar.borrow().clone();
    let page = at_other.submit("/saml/logout", "").await;
    assert!(page.body.contains("You are signed out of this service."));
    assert!(!browser.is_signed_in().await);
}

/// An index that does not work.
struct NoIndex;

impl LogoutIndex for NoIndex {
    fn enter(
        &self,
        _: IndexedSession,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn end_subject<'a>(
        &'a self,
        _: SubjectKey,
        _: &'a [SessionIndexKey],
        _: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<Vec<SessionHandle>, StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable("gone".to_owned()))))
    }

    fn end(
        &self,
        _: SessionHandle,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable("gone".to_owned()))))
    }

    fn has_ended(
        &self,
        _: SessionHandle,
        _: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(std::future::ready(Ok(false)))
    }
}

/// Nobody is told that they are signed out when they are not.
#[actix_web::test]
async fn a_store_that_fails_is_told() {
    let trail = Trail::default();
    let sink = trail.clone();
    let scene = Scene::with(|setup| {
        setup.saml =
            Box::new(move |saml| saml.logout_index(Arc::new(NoIndex)).audit(Arc::new(sink)));
    })
    .await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let answer = carry(&scene.app.browser(), &scene.wish(&session)).await;
    let code = Some("logout_index".to_owned());
    assert_eq!(trail.last(), (AuditStep::Revocation, Outcome::Failed, code));
    let query = answer.location().split_once('?').unwrap().1;
    let received = Received::from_response_query(query).unwrap();
    assert!(!scene.idp.receive_logout_response(&received).unwrap().is_success);

    let page = browser.submit("/saml/logout", "").await;
    page.assert_no(503, "session_store", "unavailable");
    assert!(browser.is_signed_in().await);
}

/// The session is marked, and then the store fails before it is deleted.
#[actix_web::test]
async fn a_session_that_could_not_be_deleted_counts_no_more() {
    let store = Arc::new(Fragile::default());
    let sessions = Arc::clone(&store);
    let scene = Scene::with(|setup| setup.sessions = Some(sessions)).await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let ask = async || {
        let answer = carry(&scene.app.browser(), &scene.wish(&session)).await;
        let query = answer.location().split_once('?').unwrap().1;
        let received = Received::from_response_query(query).unwrap();
        scene.idp.receive_logout_response(&received).unwrap().is_success
    };
    store.break_at(Step::Delete);
    assert!(!ask().await, "the control: it is not there yet");
    // It is still in the store, and cannot be deleted.
    browser.visit("/whoami").await.assert_unavailable("session_store");
    store.break_at(None);
    // Asked again, there is nothing that has not been marked. It is dead.
    assert!(ask().await);
    assert!(!browser.is_signed_in().await);
}

#[actix_web::test]
async fn slo_messages_in_other_forms() {
    let scene = Scene::start().await;
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let OutgoingLogout::Post { form, .. } = scene.wish_by(&session, LogoutBinding::Post) else {
        panic!()
    };
    let value = form.value();
    let field = ("SAMLRequest", value.as_str());
    let courier = scene.app.browser();
    for (fields, code) in [
        (vec![field, field], "form"),
        (vec![field, ("SAMLResponse", "x")], "form"),
        (vec![field, ("SAMLart", "x")], "form"),
        (vec![field, ("RelayState", "a"), ("RelayState", "a")], "form"),
        (vec![("RelayState", "a")], "form"),
        (vec![("SAMLRequest", "!")], "base64"),
        (vec![("SAMLRequest", "PGE+")], "xml_malformed"),
        (vec![("SAMLRequest", "PGEvPg==")], "not_the_logout_message"),
        // Right in itself, in the field of the other.
        (vec![("SAMLResponse", value.as_str())], "no_pending_logout"),
    ] {
        let answer = courier.submit_from_elsewhere(SLO, &encode(&fields)).await;
        let alarming = answer.events.iter().find(|event| event.is_alarming()).unwrap();
        assert_eq!((alarming.field("event"), alarming.field("code")), ("logout_refused", code));
        assert!(matches!(answer.status, 400 | 403), "{}", answer.status);
    }
    let in_query = format!("{SLO}?SAMLRequest=x");
    let answer = courier.submit_from_elsewhere(&in_query, &encode(&[field])).await;
    refused(&answer, 400, "form");
    let long = encode(&[("SAMLRequest", &"A".repeat(300_000))]);
    let answer = courier.submit_from_elsewhere(SLO, &long).await;
    assert_eq!(answer.status, 413);
    let text = post(SLO, &encode(&[field])).insert_header((CONTENT_TYPE, "text/plain"));
    assert_eq!(courier.send(From::OtherSitePost, text).await.status, 415);
    assert_eq!(courier.visit(SLO).await.status, 400);
    let put = courier.send(From::SameSite, navigation(Method::PUT, SLO)).await;
    assert_eq!((put.status, put.header("Allow")), (405, Some("GET, POST")));
    assert!(browser.is_signed_in().await);
    let honest = courier.submit_from_elsewhere(SLO, &encode(&[field])).await;
    assert_eq!(honest.status, 200, "{}", honest.body);
    assert!(!browser.is_signed_in().await);
}

#[actix_web::test]
async fn the_metadata_names_the_address_only_with_a_key() {
    let mark = "SingleLogoutService";
    let scene = Scene::start().await;
    let metadata = scene.app.saml.metadata();
    assert_eq!(metadata.matches(mark).count(), 2, "{metadata}");
    assert!(metadata.contains("Location=\"https://rota.example.org/saml/slo\""), "{metadata}");
    let bare = TestApp::start().await;
    assert!(!bare.saml.metadata().contains(mark));
}

/// Without a key we cannot answer. What the identity provider wants is done all the same.
#[actix_web::test]
async fn without_a_key_a_wish_is_obeyed_and_not_answered() {
    let app = TestApp::start().await;
    let scene = Scene { idp: app.idp().clone(), app };
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let wish = scene.wish_of(&scene.idp, &session.name_id, Some(&session.session_index));
    let page = carry(&scene.app.browser(), &wish).await;
    assert_eq!(page.status, 200);
    page.assert_page();
    assert!(page.body.contains("as the sign-in service has asked"), "{}", page.body);
    assert!(!browser.is_signed_in().await);
}

#[actix_web::test]
async fn where_it_is_switched_off_nobody_ends_anything() {
    let app = TestApp::with(|setup| {
        setup.builder = Box::new(|builder| {
            builder.signing = Some(SIGNING.clone());
            builder.logout.with_idp = false;
        });
    })
    .await;
    assert!(!app.saml.metadata().contains("SingleLogoutService"));
    let scene = Scene { idp: app.idp().clone(), app };
    let browser = scene.app.browser();
    let session = scene.sign_in(&browser, "ward.nurse").await;
    let wish = scene.wish_of(&scene.idp, &session.name_id, None);
    refused(&carry(&scene.app.browser(), &wish).await, 403, "logout_switched_off");
    assert!(browser.is_signed_in().await);
}
