mod builder;

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use actix_session::SessionMiddleware;
use actix_session::config::BrowserSession;
use actix_web::cookie::{SameSite, time::Duration};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use url::form_urlencoded::byte_serialize;

pub use builder::SamlBuilder;

use super::access::{Requirement, StepUp, StepUpSupport, with_step_up};
use super::audit::{Auditors, Pseudonyms};
use super::clock::{Clock, SystemClock};
use super::config::{Config, ConfigError};
use super::cookie_keys::CookieKeys;
use super::federation::{Background, Federation, Snapshot, Status};
use super::guard::Require;
use super::heavy_work::HeavyWork;
use super::known::KnownPeople;
use super::lock::Lock;
use super::metrics::Metrics;
use super::own_metadata::OwnMetadata;
use super::pages::{PageContent, Pages};
use super::proxy::HostWatch;
use super::routes;
use super::session_store::StoreAdapter;
use super::sessions::Sessions;
use crate::nhsmail::dual_run::DualRun;
use crate::nhsmail::{ClaimNames, Staff, SubjectRules};
use crate::saml::EntityId;
use crate::sp::{
    BuildError, Builder, LogoutIndex, Principal, ReplayStore, ReturnTo, ServiceProvider,
    SessionStore, UnsolicitedTargets,
};

/// So long a start waits for metadata that has to be fetched.
const FIRST_METADATA: std::time::Duration = std::time::Duration::from_secs(10);

/// SAML sign-in for one application. Cheap to clone; one for the whole process, made before the
/// server starts.
#[derive(Clone)]
pub struct Saml {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Saml {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Saml").field("entity_id", &self.shared.settings.entity_id).finish()
    }
}

/// What routes, guard and extractors have in common.
pub(super) struct Shared {
    pub(super) settings: Builder,
    pub(super) federation: Arc<Federation>,
    /// Ends with the last clone of the [`Saml`].
    _background: Option<Background>,
    pub(super) known: KnownPeople,
    pub(super) claims: ClaimNames,
    pub(super) subjects: SubjectRules,
    /// When several providers share their people.
    pub(super) dual_run: Option<DualRun>,
    pub(super) replay: Arc<dyn ReplayStore>,
    pub(super) sessions: Arc<dyn SessionStore>,
    pub(super) logout_index: Arc<dyn LogoutIndex>,
    pub(super) audit: Auditors,
    pub(super) pseudonyms: Pseudonyms,
    pub(super) metrics: Arc<Metrics>,
    /// Whether the trail says where connections come from.
    tells_client_address: bool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) heavy_work: HeavyWork,
    pub(super) cookie_keys: CookieKeys,
    step_up: HashMap<EntityId, StepUpSupport>,
    pub(super) keeps_forms: bool,
    /// Where sign-ins may lead that begin at these identity providers.
    pub(super) unsolicited: HashMap<EntityId, UnsolicitedTargets>,
    pub(super) own_metadata: OwnMetadata,
    pub(super) pages: Arc<Pages>,
    pub(super) paths: Paths,
    pub(super) host_watch: HostWatch,
}

/// Paths of our own pages.
pub(super) struct Paths {
    pub(super) metadata: String,
    pub(super) login: String,
    pub(super) acs: String,
    pub(super) logout: String,
    pub(super) slo: String,
    pub(super) forget: String,
    pub(super) handover: String,
    pub(super) resume: String,
}

impl Paths {
    /// Whether `path` is one of ours.
    pub(super) fn has(&self, path: &str) -> bool {
        let Self { metadata, login, acs, logout, slo, forget, handover, resume } = self;
        let own = [metadata, login, acs, logout, slo, forget, handover, resume];
        own.into_iter().any(|own| own == path)
    }
}

impl Shared {
    pub(super) fn is_https(&self) -> bool {
        self.settings.base_url.scheme() == "https"
    }

    /// The name of our session cookie.
    pub(super) fn session_cookie(&self) -> &'static str {
        // Browsers take the prefix over https only.
        if self.is_https() { "__Host-saml-session" } else { "saml-session" }
    }

    /// Where a connection comes from, if that is to be told.
    pub(super) fn client_address(&self, request: &HttpRequest) -> Option<IpAddr> {
        self.tells_client_address.then(|| request.peer_addr()).flatten().map(|peer| peer.ip())
    }

    /// The pseudonym of somebody who is signed in, and whether a second factor was seen.
    pub(super) fn subject(&self, principal: &Arc<Principal>) -> (Option<String>, Option<bool>) {
        let staff = Staff::from_principal(Arc::clone(principal), &self.claims, &self.subjects).ok();
        let subject = staff.as_ref().and_then(|staff| self.pseudonyms.of(staff.key()));
        (subject, staff.map(|staff| staff.has_mfa_evidence()))
    }

    /// Whom we trust at this moment. A request asks once, and keeps what it got.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.federation.snapshot()
    }

    /// Whether anybody can sign in now.
    pub(super) fn is_ready(&self) -> bool {
        self.federation.snapshot().is_ready(self.clock.now())
    }

    /// Whether this identity provider is one of ours, or may be, once its metadata is there.
    pub(super) fn trusts(&self, issuer: &EntityId) -> bool {
        self.federation.has(issuer)
    }

    /// Where a sign-in begins that ends at the form that was kept.
    pub(super) fn resume_url(&self, step_up: Option<StepUp>) -> String {
        let page = ReturnTo::parse(&self.paths.resume, &self.settings.base_url);
        let plain = self.login_url(page.as_ref());
        step_up.map_or_else(|| plain.clone(), |asked| with_step_up(plain.clone(), asked))
    }

    /// What `idp` does with a request for more than a sign-in.
    pub(super) fn step_up_support(&self, idp: &EntityId) -> Cow<'_, StepUpSupport> {
        let configured = self.step_up.get(idp).map(Cow::Borrowed);
        configured.unwrap_or_else(|| Cow::Owned(StepUpSupport::known_of(idp)))
    }

    /// Our metadata as it is now.
    pub(super) fn metadata(&self) -> Arc<str> {
        self.own_metadata.read(&self.snapshot().sp, self.clock.now())
    }

    /// Where a sign-in begins that ends at `return_to`.
    pub(super) fn login_url(&self, return_to: Option<&ReturnTo>) -> String {
        let login = &self.paths.login;
        return_to.map_or_else(
            || login.clone(),
            |page| {
                let page: String = byte_serialize(page.as_str().as_bytes()).collect();
                format!("{login}?return_to={page}")
            },
        )
    }
}

impl Saml {
    /// Reads the configuration file at `path`, with overrides from `SAML_*` variables, and the
    /// keys and metadata that it names.
    ///
    /// # Errors
    /// A [`ConfigError`] that names file, field and remedy. The program should end with it: an
    /// application that starts with half a configuration is worse than one that does not start.
    pub async fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let config = Config::from_file(path.as_ref())?;
        config.warn(SystemClock.now());
        let saml = config.into_saml()?;
        saml.first_metadata(FIRST_METADATA).await;
        saml.look_at_store().await;
        Ok(saml)
    }

    /// Tells the operator what is the matter with the store, if anything is. It may be mended later.
    pub(crate) async fn look_at_store(&self) {
        match self.shared.replay.warning().await {
            Ok(None) => {}
            Ok(Some(warning)) => tracing::warn!(event = "store_may_forget", warning = ?warning),
            Err(error) => tracing::warn!(event = "store_unavailable", error = ?error.to_string()),
        }
    }

    /// Waits until the metadata of every identity provider has been asked for once, and `limit` at
    /// most. Nobody has to wait: until there is metadata, people who want to sign in are told to
    /// come again.
    pub async fn first_metadata(&self, limit: std::time::Duration) {
        self.shared.federation.first_attempts(limit).await;
    }

    /// Starts from a service provider that was built in code.
    pub fn builder(sp: ServiceProvider) -> SamlBuilder {
        SamlBuilder::new(sp)
    }

    /// How many people are kept in memory.
    #[cfg(test)]
    pub(super) fn known_people(&self) -> usize {
        self.shared.known.count()
    }

    /// For `App::configure`: mounts `/saml/metadata`, `/saml/login`, `/saml/acs`,
    /// `/saml/logout` and `/saml/slo`, and lets handlers ask for [`Staff`](crate::nhsmail::Staff) and
    /// [`Principal`](crate::sp::Principal).
    pub fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let data = web::Data::from(Arc::clone(&self.shared));
        move |config| routes::mount(config, data)
    }

    /// For `App::wrap`: server-side sessions with the configured limits. The cookie holds nothing
    /// but an encrypted key, and is `HttpOnly`, `Secure` and `SameSite=Lax`. An application that
    /// has a `SessionMiddleware` of its own leaves this out.
    pub fn sessions(&self) -> Sessions {
        let shared = &self.shared;
        let idle = shared.settings.session.idle;
        let store = StoreAdapter::new(
            Arc::clone(&shared.sessions),
            Arc::clone(&shared.logout_index),
            Arc::clone(&shared.clock),
            idle,
            Lock::of(&shared.settings.session),
        );
        // The store lets a session live on when it loads it.
        let lifecycle = BrowserSession::default().state_ttl(Duration::seconds(idle.num_seconds()));
        let sealing = shared.cookie_keys.sealing().clone();
        let middleware = SessionMiddleware::builder(store, sealing)
            .cookie_name(shared.session_cookie().to_owned())
            .cookie_same_site(SameSite::Lax)
            .cookie_secure(true)
            .cookie_http_only(true)
            .cookie_path("/".to_owned())
            .session_lifecycle(lifecycle)
            .build();
        Sessions::new(middleware, Arc::clone(shared))
    }

    /// For `wrap` around an application, a scope, a resource or a route: lets only people through who
    /// are signed in.
    pub fn require_login(&self) -> Require {
        Require::new(Arc::clone(&self.shared), None)
    }

    /// As [`Saml::require_login`], and of those only people who fulfil `requirement`; see
    /// [`access`](super::access).
    pub fn require(&self, requirement: Requirement) -> Require {
        Require::new(Arc::clone(&self.shared), Some(requirement))
    }

    #[cfg(feature = "coverage")]
    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Our metadata as it is now, to be registered at the identity provider.
    pub fn metadata(&self) -> String {
        self.shared.metadata().to_string()
    }

    /// Who we are and whom we trust, as it is now. It does not change; when metadata changes, the
    /// next call returns another one.
    pub fn service_provider(&self) -> ServiceProvider {
        self.shared.snapshot().sp.clone()
    }

    /// How the trust between us and the identity providers stands: metadata, keys, clocks, and what
    /// has happened to them. For operators; see docs/federation.md.
    pub fn status(&self) -> Status {
        let dual_run = self.shared.dual_run.as_ref().map(DualRun::report);
        Status { dual_run, ..self.shared.federation.status() }
    }

    /// Whether anybody can sign in: whether there is usable metadata of one identity provider at
    /// least. For a readiness probe.
    pub fn is_ready(&self) -> bool {
        self.shared.is_ready()
    }

    /// What has been counted and measured, as OpenMetrics text; see docs/monitoring.md. Nothing in it
    /// is about a person.
    #[cfg(feature = "metrics")]
    pub fn metrics(&self) -> String {
        self.shared.metrics.write(&self.status(), self.shared.audit.lost())
    }

    /// For `App::service`: serves [`Saml::metrics`] at `/metrics`. It is not mounted by
    /// [`Saml::routes`]: it says how many people sign in and when, so that it should not be reached
    /// from everywhere. Put a guard around it, or mount it in a server of its own on a loopback
    /// address.
    #[cfg(feature = "metrics")]
    pub fn metrics_route(&self) -> actix_web::Resource {
        let saml = self.clone();
        let serve = move || {
            let body = saml.metrics();
            async move {
                actix_web::HttpResponse::Ok()
                    .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
                    .insert_header((actix_web::http::header::CACHE_CONTROL, "no-store"))
                    .body(body)
            }
        };
        web::resource("/metrics").route(web::get().to(serve))
    }

    /// Every page that people can get to see, with invented content: to look at it, and to try texts
    /// and a template with.
    pub fn sample_pages(&self) -> Vec<(PageContent, HttpResponse)> {
        self.shared.pages.samples()
    }

    /// An identity provider whose metadata was there at the start and must not be trusted.
    pub(super) fn refused_idp(&self) -> Option<BuildError> {
        self.shared.federation.refused_at_start()
    }

    /// Does what is due by the clock, one thing after another, and returns when it is done: looks
    /// at the files, fetches metadata whose time has come, drops keys, gives warnings. A thread
    /// calls it unless [`background`](super::federation::RefreshSettings::background) is off. It
    /// blocks.
    pub fn refresh_due(&self) {
        self.shared.federation.refresh_due();
    }

    /// How identity providers that share their people name them.
    pub fn subjects(&self) -> &SubjectRules {
        &self.shared.subjects
    }

    /// The claim names that are configured.
    pub fn claims(&self) -> &ClaimNames {
        &self.shared.claims
    }
}
