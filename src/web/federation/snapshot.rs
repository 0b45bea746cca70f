use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::saml::EntityId;
use crate::sp::{BuildError, Idp, ServiceProvider, Trust};
use crate::web::chooser;

/// Everything that one request needs to know of identity providers. A request holds one from its
/// beginning to its end, so that it never sees half of a change.
pub(in crate::web) struct Snapshot {
    /// Who we are, and whom we trust.
    pub(in crate::web) sp: ServiceProvider,
    trusts: HashMap<EntityId, (usize, Arc<Trust>)>,
    /// By what browsers remember; `None` where that is two providers'. Made here, so that a visit
    /// costs the same however many providers there are.
    remembered: HashMap<String, Option<Arc<Idp>>>,
}

impl Snapshot {
    pub(super) fn new(sp: ServiceProvider) -> Self {
        Self { sp, trusts: HashMap::new(), remembered: HashMap::new() }
    }

    /// `trusts` has a place for each provider, filled or not.
    pub(super) fn assemble(
        before: &ServiceProvider,
        trusts: &[Option<Arc<Trust>>],
    ) -> Result<Self, BuildError> {
        let known = || trusts.iter().enumerate().filter_map(|(i, t)| Some((i, t.as_ref()?)));
        let sp = before.with_idps(known().map(|(_, trust)| Arc::clone(trust.idp())).collect())?;
        let trusts = known().map(|(i, t)| (t.entity_id().clone(), (i, Arc::clone(t)))).collect();
        let mut remembered = HashMap::with_capacity(sp.idps().len());
        for idp in sp.idps() {
            let named = remembered.entry(chooser::digest(idp.entity_id()));
            named.and_modify(|idp| *idp = None).or_insert_with(|| Some(Arc::clone(idp)));
        }
        Ok(Self { sp, trusts, remembered })
    }

    /// The one provider of which a browser remembers this, by [`chooser::digest`].
    pub(in crate::web) fn remembered(&self, digest: &str) -> Option<&Arc<Idp>> {
        self.remembered.get(digest)?.as_ref()
    }

    /// The provider's number and what is trusted of it.
    pub(super) fn trust(&self, idp: &EntityId) -> Option<(usize, &Arc<Trust>)> {
        self.trusts.get(idp).map(|(index, trust)| (*index, trust))
    }

    /// Whether anybody can sign in.
    pub(in crate::web) fn is_ready(&self, now: DateTime<Utc>) -> bool {
        self.trusts.values().any(|(_, trust)| !trust.has_expired(now))
    }
}
