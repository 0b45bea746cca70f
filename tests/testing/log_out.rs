//! Log-out that begins at the identity provider.

use super::*;

/// Somebody signs out at the identity provider: through this browser, or through another.
#[actix_web::test]
async fn the_identity_provider_signs_people_out() -> Result<(), Stuck> {
    for mut idp in [TestIdp::adfs()?, TestIdp::entra()?, TestIdp::plain()?] {
        let builder = idp.saml_builder(ROTA, |settings| settings.signing = Some(signing()))?;
        let saml = builder.build()?;
        idp.register(saml.metadata().as_bytes())?;
        let app = serve(&saml).await;
        for binding in [None, Some(LogoutBinding::Redirect), Some(LogoutBinding::Post)] {
            let (other, locum) = (idp.browser(&app)?, idp.sign_in(&app, "locum.doctor").await?);
            for through_other in [false, true] {
                let nurse = idp.sign_in(&app, "ward.nurse").await?;
                let browser = if through_other { &other } else { &nurse };
                let session = nurse.session()?;
                let answered = match binding {
                    None => idp.sign_out(browser, &session).await?,
                    Some(binding) => idp.sign_out_by(binding, browser, &session).await?,
                };
                assert!(answered.is_success, "{binding:?}");
                assert_eq!(answered.relying_party, "https://rota.example.org/saml/metadata");
                assert_eq!(nurse.get("/for-everybody").await?.text(), "nobody");
            }
            assert_eq!(locum.get("/for-everybody").await?.text(), "Dr Zoë Müller-Example");
        }
    }
    Ok(())
}

#[actix_web::test]
async fn a_log_out_of_another_session_ends_nothing_here() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let saml = idp.saml_builder(ROTA, |settings| settings.signing = Some(signing()))?.build()?;
    idp.register(saml.metadata().as_bytes())?;
    let app = serve(&saml).await;
    let nurse = idp.sign_in(&app, "ward.nurse").await?;
    let session = nurse.session()?;
    let other = IssuedSession { session_index: "_another".to_owned(), ..session.clone() };
    assert!(idp.sign_out(&nurse, &other).await?.is_success, "there is none of that name");
    assert_eq!(nurse.get("/rota").await?.text(), "Rota of Bryn O'Sample");
    idp.sign_out(&nurse, &session).await?;
    assert_eq!(nurse.get("/rota").await?.status(), 303);
    Ok(())
}

#[actix_web::test]
async fn who_cannot_be_signed_out_is_told_why() -> Result<(), Stuck> {
    let mut idp = TestIdp::adfs()?;
    let trail = Trail::new();
    let with_key = |settings: &mut Builder| settings.signing = Some(signing());
    let saml = idp.saml_builder(ROTA, with_key)?.audit(trail.clone()).build()?;
    idp.register(saml.metadata().as_bytes())?;
    let app = serve(&saml).await;
    let stuck = idp.browser(&app)?.session().err().unwrap();
    assert!(matches!(stuck, Stuck::NoSession), "{stuck}");
    let nameless = idp.sign_in(&app, "no.mail").await?;
    assert!(matches!(nameless.session().err().unwrap(), Stuck::NoSession));

    // A stranger of the same name signs nobody out.
    let nurse = idp.sign_in(&app, "ward.nurse").await?;
    let session = nurse.session()?;
    let mut stranger = idp.clone();
    stranger.keys.replace(SigningKey::generate("fs.nhsmail.test", Validity::of_tests()).unwrap());
    let stuck = stranger.sign_out(&nurse, &session).await.err().unwrap();
    assert!(matches!(&stuck, Stuck::NotSignedOut(answer) if answer.status == 403), "{stuck}");
    assert_eq!(trail.last_code().as_deref(), Some("signature_mismatch"));
    assert_eq!(nurse.get("/rota").await?.text(), "Rota of Bryn O'Sample");

    // Nor does anybody where the application has no key.
    let keyless = idp.saml(ROTA)?;
    let app = serve(&keyless).await;
    let nurse = idp.sign_in(&app, "ward.nurse").await?;
    let stuck = idp.sign_out(&nurse, &nurse.session()?).await.err().unwrap();
    assert!(matches!(stuck, Stuck::Issue(IssueError::NoLogoutService)), "{stuck}");
    Ok(())
}
