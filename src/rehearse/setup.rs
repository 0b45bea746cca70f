//! What is the same for every case.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;
use url::Url;

use super::browser::Network;
use super::fence::{Fence, Outside};
use super::wishes::Wishes;
use crate::crypto::Certificate;
use crate::idp::{
    Claim, IdpError, KeyError, Person, RegisterError, RelyingParty, SigningKey, TestIdp, Validity,
};

/// How it is told whether somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignedInCheck {
    /// The page where a sign-in starts answers with a status of 200 to 299, and does not send the
    /// browser to the identity provider.
    StartPage,
    /// This address answers 200.
    Address(Url),
    /// The page where a sign-in starts holds this text.
    Text(String),
}

/// What a rehearsal needs to know.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The identity provider that is played. The service provider must trust it.
    pub idp: TestIdp,
    /// The service provider's metadata.
    pub sp_metadata: Vec<u8>,
    /// A page for which one must be signed in.
    pub start: Url,
    /// How it is told whether somebody is signed in.
    pub check: SignedInCheck,
    /// The service provider is meant to take responses that nobody asked for.
    pub takes_unsolicited: bool,
    /// Where requests may go.
    pub fence: Fence,
    /// How long one request may take.
    pub timeout: Duration,
    /// How long to wait for a service provider that does not answer any more.
    pub recovery: Duration,
    /// Certificate authorities beside those of the machine.
    pub authorities: Vec<Certificate>,
    /// Tells the time.
    pub clock: fn() -> DateTime<Utc>,
}

/// Why there can be no rehearsal.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CannotRehearse {
    /// The metadata of the service provider cannot be used.
    #[error("the service provider's metadata: {0}")]
    Metadata(#[from] RegisterError),
    /// An address is outside.
    #[error("{0}; to rehearse there nevertheless, say --allow-public")]
    Outside(#[from] Outside),
    /// No keys can be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No port can be had.
    #[error("no port can be had: {0}")]
    Port(#[from] std::io::Error),
    /// The identity provider cannot be set up.
    #[error(transparent)]
    Idp(#[from] IdpError),
    /// Somebody is signed in before anybody has signed in.
    #[error(
        "a browser that has never been there counts as signed in ({saw}): name a page that is only \
         for people who are signed in, with --start or --signed-in-check"
    )]
    AlwaysSignedIn {
        /// What was seen.
        saw: String,
    },
    /// The service provider does not send the browser to the identity provider.
    #[error(
        "{start} does not lead to a sign-in at the identity provider of this rehearsal: {problem}\n\
         Is the page for people who are signed in? Does the service provider have the metadata of \
         this rehearsal (--idp-metadata-out)? Is it the current one, with the same --idp-url?"
    )]
    NoSignIn {
        /// The page.
        start: String,
        /// What happened instead.
        problem: String,
    },
    /// The first honest sign-in is refused.
    #[error(
        "the first honest sign-in is refused, so that nothing else would mean anything: {saw}\n\
         Look into the log of the service provider. Often it has other metadata of the identity \
         provider (compare the certificate), another entityID or address of its own, a clock that \
         is wrong, no permission for keys made for tests, or the page asks for a role.\n{trail}"
    )]
    FirstSignIn {
        /// What was seen.
        saw: String,
        /// The requests.
        trail: String,
    },
}

/// A plan that has been looked through.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) idp: TestIdp,
    pub(super) relying_party: RelyingParty,
    pub(super) sp_metadata: Vec<u8>,
    pub(super) start: Url,
    pub(super) check: SignedInCheck,
    pub(super) network: Network,
    pub(super) takes_unsolicited: bool,
    pub(super) recovery: Duration,
    /// What the metadata asks of messages.
    pub(super) wishes: Wishes,
    pub(super) stranger: SigningKey,
    /// Who signs in unless a case says otherwise.
    pub(super) sender: Person,
    /// Whom the sender would like to be.
    pub(super) victim: Person,
    /// Where nobody has any business: messages name it, and who follows them is noticed. It can be
    /// reached from this machine alone.
    trap: Arc<TcpListener>,
    /// Whether the page shows who is signed in.
    pub(super) shows_names: bool,
}

impl Setup {
    pub(super) fn new(plan: Plan) -> Result<Self, CannotRehearse> {
        let relying_party = RelyingParty::from_metadata(&plan.sp_metadata)?;
        let mut idp = plan.idp;
        idp.register(&plan.sp_metadata)?;
        plan.fence.check(&plan.start)?;
        if let SignedInCheck::Address(url) = &plan.check {
            plan.fence.check(url)?;
        }
        for acs in &relying_party.acs {
            if let Ok(url) = Url::parse(&acs.url) {
                plan.fence.check(&url)?;
            }
        }
        let trap = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        trap.set_nonblocking(true)?;
        let validity = Validity::three_years((plan.clock)());
        Ok(Self {
            stranger: SigningKey::generate_as(idp.personality, idp.host(), validity)?,
            idp,
            relying_party,
            takes_unsolicited: plan.takes_unsolicited,
            recovery: plan.recovery,
            wishes: Wishes::read(&plan.sp_metadata),
            sp_metadata: plan.sp_metadata,
            start: plan.start,
            check: plan.check,
            network: Network::new(plan.fence, plan.timeout, &plan.authorities, plan.clock),
            sender: invented("test.user1"),
            victim: invented("test.user2"),
            trap: Arc::new(trap),
            shows_names: false,
        })
    }
}

impl Setup {
    /// An address that a message may name.
    pub(super) fn trap_url(&self) -> String {
        let address = self.trap.local_addr().map(|address| address.to_string());
        format!("http://{}/rehearsal", address.unwrap_or_default())
    }

    /// Whether somebody has been there since it was asked last.
    pub(super) fn was_followed(&self) -> bool {
        let mut was_followed = false;
        while self.trap.accept().is_ok() {
            was_followed = true;
        }
        was_followed
    }
}

/// Somebody who does not exist.
fn invented(user_name: &str) -> Person {
    Person::from_user_name(user_name)
        .unwrap_or_default()
        .with_claim(Claim::new("ODS", ["ZZT01"]))
        .with_claim(Claim::new(
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
            ["Staff Nurse"],
        ))
        .with_claim(Claim::new(
            "http://schemas.microsoft.com/claims/authnmethodsreferences",
            ["http://schemas.microsoft.com/claims/multipleauthn"],
        ))
}
