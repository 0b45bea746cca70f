//! Handlers that are tested without any sign-in.

use super::*;

/// Without any SAML: handlers get whom the test names, and nobody else.
#[actix_web::test]
async fn a_handler_is_tested_without_sign_in() -> Result<(), Stuck> {
    let app = App::new().service(rota).service(who).service(for_everybody).service(note);
    let app = init_service(app).await;
    let nurse = TestStaff::new("test.user1").role("RotaAdmin");
    let get = |uri: &str| TestRequest::get().uri(uri);
    let read = async |request| {
        let answer = app.call(request).await.unwrap();
        (answer.status().as_u16(), to_bytes(answer.into_body()).await.unwrap())
    };
    assert_eq!(read(nurse.asks(get("/rota"))?).await, (200, "Rota of Test User1".into()));
    assert_eq!(read(nurse.asks(get("/for-everybody"))?).await, (200, "Test User1".into()));
    let form = TestRequest::post().uri("/note").set_payload("hello");
    assert_eq!(read(nurse.asks(form)?).await, (200, "Noted: hello".into()));
    let (_, principal) = read(nurse.asks(get("/who"))?).await;
    let principal: Principal = serde_json::from_slice(&principal).unwrap();
    assert_eq!(principal.attributes, nurse.staff()?.principal().attributes);

    // One request does not speak for the next.
    assert_eq!(read(get("/rota").to_request()).await, (500, "".into()));
    assert_eq!(read(get("/for-everybody").to_request()).await, (200, "nobody".into()));
    let capital = TestStaff::new("Capital").asks(get("/rota"));
    assert!(matches!(capital, Err(Stuck::Person(_))));
    Ok(())
}

/// Where there is a sign-in, it is the only door.
#[actix_web::test]
async fn nobody_is_handed_to_an_application_with_sign_in() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let saml = idp.saml(ROTA)?;
    let app = serve(&saml).await;
    let nurse = TestStaff::new("test.user1").role("RotaAdmin");
    for (uri, status) in [("/rota", 303), ("/who", 303), ("/for-everybody", 200)] {
        let answer = app.call(nurse.asks(TestRequest::get().uri(uri))?).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{uri}");
        let body = to_bytes(answer.into_body()).await.unwrap();
        assert!(!body.windows(5).any(|part| part == b"User1"), "{uri}");
    }
    // A closed scope stays closed, without sessions too.
    let closed = web::scope("/closed").wrap(saml.require_login()).service(rota);
    let app = init_service(App::new().service(closed)).await;
    let answer = app.call(nurse.asks(TestRequest::get().uri("/closed/rota"))?).await;
    let status = answer.map_or_else(|e| e.as_response_error().status_code(), |a| a.status());
    assert_ne!(status.as_u16(), 200);
    Ok(())
}
