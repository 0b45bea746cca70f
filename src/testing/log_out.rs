//! Log-out that the identity provider begins.

use actix_http::Request;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};

use super::browser::Browser;
use super::page::Page;
use super::stuck::{Answer, Stuck};
use crate::idp::{IssuedSession, LogoutAnswered, LogoutBinding, OutgoingLogout, Received, TestIdp};

impl TestIdp {
    /// Ends `session` at the application, as an identity provider does when somebody signs out there:
    /// a signed `LogoutRequest` goes through `browser`, and the application's answer comes back and
    /// is judged as AD FS judges it. The browser need not be the one that is signed in.
    ///
    /// The message goes by HTTP-Redirect if the application takes it that way, or else by HTTP-POST.
    /// What it names is what `session` says: with another `session_index` it is about another
    /// session of the same person.
    ///
    /// The application must have a signing key. Without one its metadata has no address for this.
    ///
    /// ```
    /// # use actix_saml::{idp::{SigningKey, TestIdp, Validity}, sp::RequestSigning, testing::Stuck};
    /// # use actix_web::{App, test::init_service};
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Stuck> {
    /// let mut idp = TestIdp::adfs()?;
    /// # let key = SigningKey::generate("rota.example.org", Validity::of_tests()).unwrap();
    /// # let signing = RequestSigning {
    /// #     key: key.private_key().clone(),
    /// #     certificate: key.certificate().clone(),
    /// # };
    /// let saml = idp
    ///     .saml_builder("https://rota.example.org", |settings| settings.signing = Some(signing))?
    ///     .build()?;
    /// idp.register(saml.metadata().as_bytes())?;
    /// # let app = init_service(App::new().configure(saml.routes()).wrap(saml.sessions())).await;
    /// let nurse = idp.sign_in(&app, "ward.nurse").await?;
    /// let session = nurse.session()?;
    /// assert!(idp.sign_out(&nurse, &session).await?.is_success);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Stuck::Issue`] when the application has no address for log-out, [`Stuck::NotSignedOut`] when
    /// it does not answer as the protocol wants it, [`Stuck::Refused`] when its answer is not in
    /// order.
    pub async fn sign_out<S, B>(
        &self,
        browser: &Browser<'_, S>,
        session: &IssuedSession,
    ) -> Result<LogoutAnswered, Stuck>
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let binding = self
            .relying_parties
            .iter()
            .find(|registered| registered.entity_id.as_str() == session.relying_party)
            .and_then(|registered| registered.logout.first())
            .map_or(LogoutBinding::Redirect, |service| service.binding);
        self.sign_out_by(binding, browser, session).await
    }

    /// The same by this binding.
    ///
    /// # Errors
    /// As [`TestIdp::sign_out`].
    pub async fn sign_out_by<S, B>(
        &self,
        binding: LogoutBinding,
        browser: &Browser<'_, S>,
        session: &IssuedSession,
    ) -> Result<LogoutAnswered, Stuck>
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let page = match self.request_logout(session, None, binding, browser.now())? {
            OutgoingLogout::Redirect { url, .. } => browser.bring_query(&url).await?,
            OutgoingLogout::Post { form, .. } => {
                browser.bring_form(&form.url, &[(form.field, &form.value())]).await?
            }
        };
        Ok(self.receive_logout_response(&self.answer_in_page(&page)?)?)
    }

    /// The log-out response that a page carries to this identity provider.
    fn answer_in_page(&self, page: &Page) -> Result<Received, Stuck> {
        let not_signed_out = || Stuck::NotSignedOut(Answer::of(page));
        if let Some((address, query)) = page.location().and_then(|to| to.split_once('?')) {
            return match address == self.sign_in_url() {
                true => Ok(Received::from_response_query(query)?),
                false => Err(not_signed_out()),
            };
        }
        let response = page.field("SAMLResponse").ok_or_else(not_signed_out)?;
        if page.action() != Some(self.sign_in_url()) {
            return Err(not_signed_out());
        }
        Ok(Received::from_form(&response, page.field("RelayState").as_deref())?)
    }
}
