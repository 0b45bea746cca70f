//! A ward rota, and tests of it that sign people in.
//!
//! ```text
//! cargo test --features idp --example rota                    # the tests
//! cargo run --features fetch,idp --example rota -- saml.toml  # the application itself
//! ```
//!
//! The feature `idp` is for the tests. An application of yours has it under `[dev-dependencies]`.

use actix_saml::Saml;
use actix_saml::nhsmail::Staff;
use actix_web::http::StatusCode;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer, Responder, get, post};

#[get("/rota")]
async fn rota(staff: Staff) -> String {
    format!("Rota of {}", staff.display_name())
}

#[post("/rota/publish")]
async fn publish(staff: Staff) -> impl Responder {
    if may_publish(&staff) {
        ("Published", StatusCode::OK)
    } else {
        ("Only administrators of the rota publish it", StatusCode::FORBIDDEN)
    }
}

/// Who publishes the rota of the hospital ZZT01.
fn may_publish(staff: &Staff) -> bool {
    staff.has_role("RotaAdmin") && staff.ods_codes().iter().any(|code| code == "ZZT01")
}

/// Every route of the application: what runs is what is tested.
fn routes(saml: &Saml) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let saml = saml.routes();
    |config| {
        config.configure(saml).service(rota).service(publish);
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("which saml.toml?")?;
    let saml = Saml::from_file(file).await?;
    HttpServer::new(move || App::new().configure(routes(&saml)).wrap(saml.sessions()))
        .bind("127.0.0.1:8080")?
        .run()
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use actix_saml::idp::TestIdp;
    use actix_saml::testing::{Stuck, TestStaff};
    use actix_web::test::init_service;

    use super::*;

    #[actix_web::test]
    async fn a_nurse_sees_the_rota() -> Result<(), Stuck> {
        let mut idp = TestIdp::adfs()?;
        let saml = idp.saml("https://rota.example.org")?;
        let app = init_service(App::new().configure(routes(&saml)).wrap(saml.sessions())).await;

        let nurse = idp.sign_in(&app, "ward.nurse").await?;
        assert_eq!(nurse.get("/rota").await?.text(), "Rota of Bryn O'Sample");
        Ok(())
    }

    #[actix_web::test]
    async fn an_administrator_publishes_and_a_nurse_does_not() -> Result<(), Stuck> {
        let mut idp = TestIdp::adfs()?;
        let saml = idp.saml("https://rota.example.org")?;
        let app = init_service(App::new().configure(routes(&saml)).wrap(saml.sessions())).await;

        let administrator = TestStaff::new("test.user1").role("RotaAdmin").ods_code("ZZT01");
        let administrator = idp.sign_in(&app, administrator).await?;
        assert_eq!(administrator.post("/rota/publish", &[]).await?.status(), 200);

        let nurse = idp.sign_in(&app, "ward.nurse").await?;
        assert_eq!(nurse.post("/rota/publish", &[]).await?.status(), 403);
        Ok(())
    }

    #[actix_web::test]
    async fn nobody_gets_in_with_a_response_that_has_expired() -> Result<(), Stuck> {
        let mut idp = TestIdp::adfs()?;
        let saml = idp.saml("https://rota.example.org")?;
        let app = init_service(App::new().configure(routes(&saml)).wrap(saml.sessions())).await;

        let browser = idp.browser(&app)?;
        let request = browser.ask(&idp, "/rota").await?;
        let response = idp.response_to(&request).for_person("ward.nurse").expired();
        assert_eq!(response.post_to(&browser).await?.status(), 403);
        assert_eq!(browser.get("/rota").await?.status(), 303, "to the sign-in");
        Ok(())
    }

    /// No sign-in, no application: a function and a colleague.
    #[test]
    fn publishing_takes_the_role_and_the_hospital() -> Result<(), Stuck> {
        let administrator = TestStaff::new("test.user1").role("RotaAdmin");
        assert!(!may_publish(&administrator.clone().ods_code("Z99001").staff()?));
        assert!(may_publish(&administrator.ods_code("ZZT01").staff()?));
        Ok(())
    }
}
