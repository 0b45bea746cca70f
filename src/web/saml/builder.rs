//! Puts a [`Saml`] together.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::cookie::Key;

use super::{Paths, Saml, Shared};
use crate::crypto::{KeyedHash, random_bytes};
use crate::nhsmail::dual_run::DualRun;
use crate::nhsmail::{ClaimNames, SubjectRules};
use crate::saml::EntityId;
use crate::saml::metadata::WriteMetadataError;
use crate::sp::{LogoutIndex, ReplayStore, ServiceProvider, SessionStore, UnsolicitedTargets};
use crate::store::{MemoryLogoutIndex, MemoryReplay, MemorySessions};
use crate::web::access::StepUpSupport;
use crate::web::audit::{AuditSink, Auditors, Pseudonyms};
use crate::web::clock::{Clock, SystemClock};
use crate::web::cookie_keys::CookieKeys;
use crate::web::federation::{Background, Federation, IdpSource, RefreshSettings};
use crate::web::heavy_work::HeavyWork;
use crate::web::known::KnownPeople;
use crate::web::metrics::Metrics;
use crate::web::observed_store::Observed;
use crate::web::own_metadata::OwnMetadata;
use crate::web::pages::Pages;
use crate::web::proxy::HostWatch;

/// Puts a [`Saml`] together from parts of one's own.
pub struct SamlBuilder {
    sp: ServiceProvider,
    sources: Vec<IdpSource>,
    refresh: RefreshSettings,
    claims: ClaimNames,
    subjects: SubjectRules,
    replay: Arc<dyn ReplayStore>,
    sessions: Arc<dyn SessionStore>,
    logout_index: Arc<dyn LogoutIndex>,
    audit: Auditors,
    pseudonyms: Pseudonyms,
    tells_client_address: bool,
    clock: Arc<dyn Clock>,
    heavy_work: HeavyWork,
    cookie_keys: CookieKeys,
    step_up: HashMap<EntityId, StepUpSupport>,
    unsolicited: HashMap<EntityId, UnsolicitedTargets>,
    keeps_forms: bool,
    pub(in crate::web) pages: Pages,
}

impl std::fmt::Debug for SamlBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SamlBuilder").field("entity_id", self.sp.entity_id()).finish()
    }
}

impl SamlBuilder {
    /// Everything in memory, and nothing that is not asked for.
    pub(super) fn new(sp: ServiceProvider) -> Self {
        Self {
            sp,
            sources: Vec::new(),
            refresh: RefreshSettings::default(),
            claims: ClaimNames::default(),
            subjects: SubjectRules::default(),
            replay: Arc::new(MemoryReplay::default()),
            sessions: Arc::new(MemorySessions::default()),
            logout_index: Arc::new(MemoryLogoutIndex::default()),
            audit: Auditors::default(),
            pseudonyms: Pseudonyms::of_this_process(),
            tells_client_address: false,
            clock: Arc::new(SystemClock),
            heavy_work: HeavyWork::default(),
            cookie_keys: Key::generate().into(),
            step_up: HashMap::new(),
            keeps_forms: false,
            unsolicited: HashMap::new(),
            pages: Pages::default(),
        }
    }

    /// The claim names of [`Staff`](crate::nhsmail::Staff). Microsoft's by default.
    #[must_use]
    pub fn claims(mut self, claims: ClaimNames) -> Self {
        self.claims = claims;
        self
    }

    /// How identity providers that share their people name them. By default none do: each names
    /// people for itself alone.
    #[must_use]
    pub fn subjects(mut self, subjects: SubjectRules) -> Self {
        self.subjects = subjects;
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

    /// Where sessions are found by the names that identity providers have for them, and which were
    /// ended. In memory by default.
    #[must_use]
    pub fn logout_index(mut self, index: Arc<dyn LogoutIndex>) -> Self {
        self.logout_index = index;
        self
    }

    /// Somebody who is told of every step of the audit trail. There may be several.
    #[must_use]
    pub fn audit(mut self, sink: Arc<dyn AuditSink>) -> Self {
        self.audit.0.push(sink);
        self
    }

    /// The key of the pseudonyms in the audit trail. A new one at each start by default: then nobody
    /// is followed from one start to the next, nor from one machine to another.
    #[must_use]
    pub fn audit_subject_key(mut self, key: KeyedHash) -> Self {
        self.pseudonyms = Pseudonyms::new(key);
        self
    }

    /// Whether the audit trail says where connections come from. Not by default. It is the address
    /// of whoever is connected, which behind a proxy is the proxy: no header says anything here.
    #[must_use]
    pub fn audit_client_address(mut self, tells: bool) -> Self {
        self.tells_client_address = tells;
        self
    }

    /// The clock. The machine's by default.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Identity providers whose metadata comes from files and addresses, and is kept current. The
    /// service provider's own come in addition; it may have none if it
    /// [awaits them](crate::sp::Builder::awaits_idps).
    #[must_use]
    pub fn sources(mut self, sources: Vec<IdpSource>, refresh: RefreshSettings) -> Self {
        self.sources = sources;
        self.refresh = refresh;
        self
    }

    /// Where responses are decrypted, and how many at a time. An application that has several
    /// `Saml`s may give them all one. On as many threads as there are cores by default.
    #[must_use]
    pub fn heavy_work(mut self, heavy_work: HeavyWork) -> Self {
        self.heavy_work = heavy_work;
        self
    }

    /// The keys that encrypt cookies. A new one at each start by default: sign-ins that are under
    /// way when the process ends must then begin again.
    #[must_use]
    pub fn cookie_keys(mut self, keys: impl Into<CookieKeys>) -> Self {
        self.cookie_keys = keys.into();
        self
    }

    /// What the identity provider `idp` does with a request for more than a sign-in. By default what
    /// is [known of it](StepUpSupport::known_of).
    #[must_use]
    pub fn step_up(mut self, idp: EntityId, support: StepUpSupport) -> Self {
        self.step_up.insert(idp, support);
        self
    }

    /// Accept sign-ins that begin at the identity provider `idp`, and lead them to one of `targets`.
    /// Nobody's are accepted by default. See docs/idp-initiated.md for what that gives away.
    #[must_use]
    pub fn accept_unsolicited(mut self, idp: EntityId, targets: UnsolicitedTargets) -> Self {
        self.unsolicited.insert(idp, targets);
        self
    }

    /// Whether a form that meets no session, or one that does not do, is kept for its sender until
    /// they have signed in. Not by default. See docs/clients.md for which forms, and for how long.
    #[must_use]
    pub fn keep_forms(mut self, keeps: bool) -> Self {
        self.keeps_forms = keeps;
        self
    }

    /// Done.
    ///
    /// # Errors
    /// [`WriteMetadataError`] when a setting cannot be written into our metadata.
    #[cfg_attr(not(feature = "metrics"), expect(unused_mut, reason = "metrics listen as well"))]
    pub fn build(mut self) -> Result<Saml, WriteMetadataError> {
        let metrics = Arc::new(Metrics::default());
        #[cfg(feature = "metrics")]
        self.audit.0.push(Arc::<Metrics>::clone(&metrics));
        let acs = self.sp.settings().acs_path.clone();
        let beside = |name: &str| match acs.rsplit_once('/') {
            Some((parent, _)) => format!("{parent}/{name}"),
            None => format!("/{name}"),
        };
        let paths = Paths {
            metadata: beside("metadata"),
            login: beside("login"),
            logout: beside("logout"),
            slo: self.sp.settings().slo_path(),
            forget: beside("logout/forget"),
            handover: beside("handover"),
            resume: beside("resume"),
            acs,
        };
        let own_metadata = OwnMetadata::write(&self.sp, self.clock.now())?;
        let settings = self.sp.settings().clone();
        // Without sources, too: certificates end and clocks drift.
        let is_kept_current = self.refresh.background;
        let clock = Arc::clone(&self.clock);
        let audit = self.audit.clone();
        let federation = Federation::new(self.sp, self.sources, self.refresh, clock, audit);
        let federation = Arc::new(federation);
        let background = is_kept_current.then(|| Background::start(&federation)).flatten();
        // Without randomness nothing is compared: people must not be told by what is kept of them.
        let salt = (self.subjects.iter().next().is_some()).then(|| random_bytes().ok()).flatten();
        let dual_run = salt.map(|salt| DualRun::new(salt, &self.subjects));
        let watch = || (self.audit.clone(), Arc::clone(&metrics), Arc::clone(&self.clock));
        Ok(Saml {
            shared: Arc::new(Shared {
                settings,
                federation,
                _background: background,
                known: KnownPeople::default(),
                claims: self.claims,
                dual_run,
                subjects: self.subjects,
                replay: Arc::new(Observed::new("replay", self.replay, watch())),
                sessions: Arc::new(Observed::new("session", self.sessions, watch())),
                logout_index: Arc::new(Observed::new("logout_index", self.logout_index, watch())),
                metrics,
                audit: self.audit,
                pseudonyms: self.pseudonyms,
                tells_client_address: self.tells_client_address,
                clock: self.clock,
                heavy_work: self.heavy_work,
                cookie_keys: self.cookie_keys,
                step_up: self.step_up,
                keeps_forms: self.keeps_forms,
                unsolicited: self.unsolicited,
                own_metadata,
                pages: Arc::new(self.pages),
                paths,
                host_watch: HostWatch::default(),
            }),
        })
    }
}
