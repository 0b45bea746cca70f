//! A request is answered once.

use crate::app::TestApp;

#[actix_web::test]
async fn irt_5_a_second_answer_to_one_request_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.begin("/rota").await;
    let kept = browser.jar.borrow().clone();
    let (first, second) = (app.respond(&begun, "ward.nurse"), app.respond(&begun, "locum.doctor"));
    assert_eq!(browser.bring(&first).await.status, 303);

    // Another assertion, never used, brought with the cookie of the request that was answered.
    let other = app.browser();
    *other.jar.borrow_mut() = kept;
    other.bring(&second).await.assert_refused(403, "replayed");
    assert!(!other.is_signed_in().await);
    assert!(browser.is_signed_in().await);
}

#[actix_web::test]
async fn control_two_requests_are_two_sign_ins() {
    let app = TestApp::start().await;
    for person in ["ward.nurse", "locum.doctor"] {
        let browser = app.browser();
        let begun = browser.begin("/rota").await;
        let form = app.respond(&begun, person);
        assert_eq!(browser.bring(&form).await.status, 303);
    }
}
