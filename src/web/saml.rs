use std::path::Path;
use std::sync::Arc;

use actix_session::SessionMiddleware;
use actix_session::config::{BrowserSession, TtlExtensionPolicy};
use actix_web::cookie::{Key, SameSite, time::Duration};
use actix_web::web::{self, ServiceConfig};
use url::form_urlencoded::byte_serialize;

use super::clock::{Clock, SystemClock};
use super::config::{Config, ConfigError};
use super::guard::RequireLogin;
use super::heavy_work::HeavyWork;
use super::own_metadata::OwnMetadata;
use super::routes;
use super::session_store::StoreAdapter;
use super::sessions::Sessions;
use crate::nhsmail::ClaimNames;
use crate::saml::metadata::WriteMetadataError;
use crate::sp::{ReplayStore, ReturnTo, ServiceProvider, SessionStore};
use crate::store::{MemoryReplay, MemorySessions};

/// SAML sign-in for one application. Cheap to clone; one for the whole process, made before the
/// server starts.
#[derive(Clone)]
pub struct Saml {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Saml {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Saml").field("entity_id", self.shared.sp.entity_id()).finish()
    }
}

/// What routes, guard and extractors have in common.
pub(super) struct Shared {
    pub(super) sp: ServiceProvider,
    pub(super) claims: ClaimNames,
    pub(super) replay: Arc<dyn ReplayStore>,
    pub(super) sessions: Arc<dyn SessionStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) heavy_work: HeavyWork,
    pub(super) cookie_key: Key,
    pub(super) own_metadata: OwnMetadata,
    pub(super) paths: Paths,
}

/// Paths of our own pages.
pub(super) struct Paths {
    pub(super) metadata: String,
    pub(super) login: String,
    pub(super) acs: String,
    pub(super) logout: String,
    pub(super) forget: String,
}

impl Paths {
    /// Whether `path` is one of ours.
    pub(super) fn has(&self, path: &str) -> bool {
        let own = [&self.metadata, &self.login, &self.acs, &self.logout, &self.forget];
        own.into_iter().any(|own| own == path)
    }
}

impl Shared {
    pub(super) fn is_https(&self) -> bool {
        self.sp.settings().base_url.scheme() == "https"
    }

    /// Our metadata as it is now.
    pub(super) fn metadata(&self) -> Arc<str> {
        self.own_metadata.read(&self.sp, self.clock.now())
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

/// Puts a [`Saml`] together from parts of one's own.
pub struct SamlBuilder {
    sp: ServiceProvider,
    claims: ClaimNames,
    replay: Arc<dyn ReplayStore>,
    sessions: Arc<dyn SessionStore>,
    clock: Arc<dyn Clock>,
    heavy_work: HeavyWork,
    cookie_key: Key,
}

impl std::fmt::Debug for SamlBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SamlBuilder").field("entity_id", self.sp.entity_id()).finish()
    }
}

impl SamlBuilder {
    /// The claim names of [`Staff`](crate::nhsmail::Staff). Microsoft's by default.
    #[must_use]
    pub fn claims(mut self, claims: ClaimNames) -> Self {
        self.claims = claims;
        self
    }

    /// Where used assertions are remembered. In memory by default.
    #[must_use]
    pub fn replay_store(mut self, store: Arc<dyn ReplayStore>) -> Self {
        self.replay = store;
        self
    }

    /// Where sessions are kept. In memory by default.
    #[must_use]
    pub fn session_store(mut self, store: Arc<dyn SessionStore>) -> Self {
        self.sessions = store;
        self
    }

    /// The clock. The machine's by default.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where responses are decrypted, and how many at a time. An application that has several
    /// `Saml`s may give them all one. On as many threads as there are cores by default.
    #[must_use]
    pub fn heavy_work(mut self, heavy_work: HeavyWork) -> Self {
        self.heavy_work = heavy_work;
        self
    }

    /// The key that encrypts cookies. A new one at each start by default: sign-ins that are under
    /// way when the process ends must then begin again.
    #[must_use]
    pub fn cookie_key(mut self, key: Key) -> Self {
        self.cookie_key = key;
        self
    }

    /// Done.
    ///
    /// # Errors
    /// [`WriteMetadataError`] when a setting cannot be written into our metadata.
    pub fn build(self) -> Result<Saml, WriteMetadataError> {
        let acs = self.sp.settings().acs_path.clone();
        let beside = |name: &str| match acs.rsplit_once('/') {
            Some((parent, _)) => format!("{parent}/{name}"),
            None => format!("/{name}"),
        };
        let paths = Paths {
            metadata: beside("metadata"),
            login: beside("login"),
            logout: beside("logout"),
            forget: beside("logout/forget"),
            acs,
        };
        let own_metadata = OwnMetadata::write(&self.sp, self.clock.now())?;
        Ok(Saml {
            shared: Arc::new(Shared {
                sp: self.sp,
                claims: self.claims,
                replay: self.replay,
                sessions: self.sessions,
                clock: self.clock,
                heavy_work: self.heavy_work,
                cookie_key: self.cookie_key,
                own_metadata,
                paths,
            }),
        })
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
        Config::from_file(path.as_ref())?.into_saml()
    }

    /// Starts from a service provider that was built in code.
    pub fn builder(sp: ServiceProvider) -> SamlBuilder {
        SamlBuilder {
            sp,
            claims: ClaimNames::default(),
            replay: Arc::new(MemoryReplay::default()),
            sessions: Arc::new(MemorySessions::default()),
            clock: Arc::new(SystemClock),
            heavy_work: HeavyWork::default(),
            cookie_key: Key::generate(),
        }
    }

    /// For `App::configure`: mounts `/saml/metadata`, `/saml/login`, `/saml/acs` and
    /// `/saml/logout`, and lets handlers ask for [`Staff`](crate::nhsmail::Staff) and
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
        let store = StoreAdapter::new(Arc::clone(&shared.sessions), Arc::clone(&shared.clock));
        let idle = shared.sp.settings().session.idle.num_seconds();
        let lifecycle = BrowserSession::default()
            .state_ttl(Duration::seconds(idle))
            .state_ttl_extension_policy(TtlExtensionPolicy::OnEveryRequest);
        // Browsers take the prefix over https only.
        let name = if shared.is_https() { "__Host-saml-session" } else { "saml-session" };
        let middleware = SessionMiddleware::builder(store, shared.cookie_key.clone())
            .cookie_name(name.to_owned())
            .cookie_same_site(SameSite::Lax)
            .cookie_secure(true)
            .cookie_http_only(true)
            .cookie_path("/".to_owned())
            .session_lifecycle(lifecycle)
            .build();
        Sessions::new(middleware, Arc::clone(shared))
    }

    /// For `Scope::wrap`: lets only people through who are signed in.
    pub fn require_login(&self) -> RequireLogin {
        RequireLogin::new(Arc::clone(&self.shared))
    }

    /// Our metadata as it is now, to be registered at the identity provider.
    pub fn metadata(&self) -> String {
        self.shared.metadata().to_string()
    }

    /// Who we are and whom we trust.
    pub fn service_provider(&self) -> &ServiceProvider {
        &self.shared.sp
    }

    /// The claim names that are configured.
    pub fn claims(&self) -> &ClaimNames {
        &self.shared.claims
    }
}
