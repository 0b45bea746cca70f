//! What joins the test identity provider and an application.

use std::sync::Arc;

use actix_http::Request;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use url::Url;

use super::browser::Browser;
use super::reply::Reply;
use super::stuck::Stuck;
use super::who::Who;
use crate::Saml;
use crate::idp::{SignIn, TestIdp};
use crate::saml::EntityId;
use crate::saml::metadata::IdpMetadata;
use crate::sp::{Builder, Idp};
use crate::web::federation::RefreshSettings;
use crate::web::{Clock, SamlBuilder, SystemClock};

impl TestIdp {
    /// This identity provider as a service provider trusts it, read from its metadata, for
    /// [`Builder::idps`]. The builder must have `dev` set: test keys are refused otherwise.
    ///
    /// # Errors
    /// [`Stuck::Issue`] when the metadata cannot be written, [`Stuck::Metadata`] when it cannot be
    /// read.
    pub fn trusted(&self) -> Result<Arc<Idp>, Stuck> {
        let xml = self.metadata()?;
        let metadata = IdpMetadata::read(xml.as_bytes(), SystemClock.now())?;
        Ok(Arc::new(Idp { metadata, label: None }))
    }

    /// Sign-in for an application at `base_url` that trusts this identity provider and nobody else,
    /// and is registered here: the `Saml` to build the application under test with. Everything else
    /// is as it is by default.
    ///
    /// # Errors
    /// As [`TestIdp::saml_builder`].
    pub fn saml(&mut self, base_url: &str) -> Result<Saml, Stuck> {
        let saml = self.saml_builder(base_url, |_| {})?.build()?;
        self.register(saml.metadata().as_bytes())?;
        Ok(saml)
    }

    /// The same for an application that has settings, stores or a clock of its own. `change` makes
    /// the settings; everything else is set at the [`SamlBuilder`]. Register it afterwards:
    ///
    /// ```
    /// # use actix_saml::{idp::TestIdp, testing::{Stuck, Trail}};
    /// # fn main() -> Result<(), Stuck> {
    /// let mut idp = TestIdp::adfs()?;
    /// let trail = Trail::new();
    /// let saml = idp
    ///     .saml_builder("https://rota.example.org", |settings| {
    ///         settings.session.idle = chrono::TimeDelta::minutes(10);
    ///     })?
    ///     .audit(trail.clone())
    ///     .build()?;
    /// idp.register(saml.metadata().as_bytes())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Stuck::Address`] when `base_url` is none, [`Stuck::Build`] when the settings do not go
    /// together.
    pub fn saml_builder(
        &self,
        base_url: &str,
        change: impl FnOnce(&mut Builder),
    ) -> Result<SamlBuilder, Stuck> {
        let refused = || Stuck::Address { found: base_url.to_owned() };
        let url = Url::parse(base_url).map_err(|_| refused())?;
        let entity_id = url.join("/saml/metadata").map_err(|_| refused())?;
        let mut builder = Builder::new(EntityId::new(entity_id.as_str())?, url);
        builder.idps = vec![self.trusted()?];
        builder.dev = true;
        change(&mut builder);
        // What does not change by itself needs no thread that watches it.
        let watch = RefreshSettings { background: false, ..RefreshSettings::default() };
        Ok(Saml::builder(builder.build()?).sources(Vec::new(), watch))
    }

    /// A browser in front of the application that was registered last. Nobody is signed in.
    ///
    /// # Errors
    /// [`Stuck::NobodyRegistered`] when there is none.
    pub fn browser<'a, S, B>(&self, app: &'a S) -> Result<Browser<'a, S>, Stuck>
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let acs = self.relying_parties.last().and_then(|registered| registered.acs.first());
        let url = &acs.ok_or(Stuck::NobodyRegistered)?.url;
        let url = Url::parse(url).map_err(|_| Stuck::Address { found: url.clone() })?;
        Browser::new(app, &url.origin().ascii_serialization())
    }

    /// Signs somebody in from beginning to end, in a new browser that comes from `/saml/login`.
    /// For another way in see [`Browser::sign_in`].
    ///
    /// `app` is what [`actix_web::test::init_service`] makes. `who` is a user name, listed or not,
    /// a [`Person`](crate::idp::Person) or a [`TestStaff`](super::TestStaff).
    ///
    /// # Errors
    /// [`Stuck`] says how far it went.
    pub async fn sign_in<'a, S, B>(
        &self,
        app: &'a S,
        who: impl Into<Who>,
    ) -> Result<Browser<'a, S>, Stuck>
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let browser = self.browser(app)?;
        browser.sign_in(self, "/saml/login", who).await?;
        Ok(browser)
    }

    /// What is to be answered to a request that [`Browser::ask`] brought here.
    pub fn response_to<'i>(&'i self, request: &'i SignIn) -> Reply<'i> {
        Reply::new(self, request)
    }
}
