//! Signing out, from either side.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use super::login::{expired, later};
use super::principal::Principal;
use super::service_provider::{Idp, ServiceProvider};
use super::store::{ReplayEntry, ReplayKey, SessionIndexKey, SubjectKey};
use crate::crypto::hex;
use crate::dsig::{DsigError, SignError};
use crate::saml::binding::{Binding, MessageParameter, RedirectError, redirect_message_url};
use crate::saml::logout::{
    LogoutAnswer, LogoutCall, LogoutExpectations, LogoutRejection, LogoutRequest, LogoutResponse,
    LogoutStatus, ReceivedLogout, is_issuer_of_logout, peek_logout_issuer, validate_logout_request,
    validate_logout_response,
};
use crate::saml::metadata::Endpoint;
use crate::saml::{EntityId, Keys};
use crate::xml::{WriteError, encode_base64};

/// So long an answer of the identity provider is waited for. The person is signed out here before.
const PENDING_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// Whether signing out goes on to the identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogoutOptions {
    /// Sign people out at the identity provider too, and let it end sessions here. It needs a key
    /// that signs. True by default.
    pub with_idp: bool,
    /// How requests are sent, when the identity provider takes them so.
    pub binding: Binding,
}

impl Default for LogoutOptions {
    fn default() -> Self {
        Self { with_idp: true, binding: Binding::HttpRedirect }
    }
}

/// Random bytes for the ID of a log-out message. The caller has them from a secure generator.
pub type LogoutEntropy = [u8; 20];

/// A log-out that this browser has begun, for which an answer is waited for. The session here has
/// ended already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLogout {
    /// The ID of the LogoutRequest.
    pub request_id: String,
    /// The identity provider that was asked.
    pub idp: EntityId,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

impl PendingLogout {
    /// How long a browser keeps it.
    pub const LIFETIME: TimeDelta = PENDING_LIFETIME;

    /// Whether it is too old to be finished.
    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.started_at.checked_add_signed(PENDING_LIFETIME).is_none_or(|end| now >= end)
    }
}

/// How a log-out message leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogoutMessage {
    /// The browser is to go to this address.
    Redirect(Url),
    /// The browser is to post this form.
    Post {
        /// The address.
        action: Url,
        /// The field that holds the message.
        field: MessageParameter,
        /// The message in base64.
        message: String,
        /// The field `RelayState`, when there is something to give back.
        relay_state: Option<String>,
    },
}

/// A log-out to send on its way.
#[derive(Clone, Debug)]
pub struct StartedLogout {
    /// To be kept by this browser until the answer arrives.
    pub pending: PendingLogout,
    /// To be sent to the identity provider through this browser.
    pub message: LogoutMessage,
}

/// Why signing out ends here, and does not go on to the identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LocalLogout {
    /// The configuration says so.
    #[error("the configuration keeps log-out here")]
    SwitchedOff,
    /// We have no key to sign with, and nobody takes an unsigned request.
    #[error("there is no signing key")]
    NoKey,
    /// The identity provider is no longer configured.
    #[error("the identity provider {0} is no longer trusted")]
    IdpGone(EntityId),
    /// The identity provider's metadata is past its `validUntil`.
    #[error("the identity provider's metadata was valid until {0}")]
    MetadataExpired(DateTime<Utc>),
    /// The identity provider takes no log-out messages.
    #[error("the identity provider has no SingleLogoutService for a binding that is spoken here")]
    NoService,
    /// The identity provider gave the person no name, so that it would not know whom to sign out.
    #[error("the sign-in had no NameID")]
    NoNameId,
}

impl LocalLogout {
    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SwitchedOff => "switched_off",
            Self::NoKey => "no_signing_key",
            Self::IdpGone(_) => "idp_gone",
            Self::MetadataExpired(_) => "metadata_expired",
            Self::NoService => "no_logout_service",
            Self::NoNameId => "no_name_id",
        }
    }
}

/// Why no log-out message can be sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartLogoutError {
    /// It is not to be sent.
    #[error(transparent)]
    Local(#[from] LocalLogout),
    /// The message cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The redirect cannot be made.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// The message cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Why a log-out message changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LogoutRefusal {
    /// A rule of SAML does not hold.
    #[error(transparent)]
    Rejected(#[from] LogoutRejection),
    /// The configuration keeps log-out here.
    #[error("the configuration keeps log-out here")]
    SwitchedOff,
    /// No identity provider that is trusted has this name.
    #[error("the issuer {found:?} is no identity provider that is trusted here")]
    UnknownIssuer {
        /// What the message says.
        found: Option<String>,
    },
    /// The identity provider's metadata is past its `validUntil`, so that its keys no longer count.
    #[error("the metadata of {idp} was valid until {valid_until}, and there is none that is newer")]
    MetadataExpired {
        /// The identity provider.
        idp: EntityId,
        /// `validUntil`
        valid_until: DateTime<Utc>,
    },
    /// This browser waits for no answer: there was none, or it took too long.
    #[error("this browser has no pending log-out for this response")]
    NoPendingLogout,
    /// The request came before.
    #[error("the request came before")]
    Replayed,
}

impl LogoutRefusal {
    /// Whether newer metadata of the identity provider could make this right.
    pub fn may_be_a_new_key(&self) -> bool {
        matches!(
            self,
            Self::Rejected(LogoutRejection::Signature(
                DsigError::SignatureMismatch { .. } | DsigError::AlgorithmKeyMismatch
            ))
        )
    }

    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.code(),
            Self::SwitchedOff => "logout_switched_off",
            Self::UnknownIssuer { .. } => "unknown_issuer",
            Self::MetadataExpired { .. } => "metadata_expired",
            Self::NoPendingLogout => "no_pending_logout",
            Self::Replayed => "replayed",
        }
    }
}

/// An identity provider's wish that is right, as far as can be told without memory. It counts if
/// `request` is remembered for the first time.
#[derive(Clone, Debug)]
pub struct WantedLogout {
    /// What it asks.
    pub request: LogoutRequest,
    /// Under this the request is remembered, so that it counts once.
    pub used: ReplayEntry,
    /// Whose sessions are to end.
    pub subject: SubjectKey,
    /// Which of them; all of them when it is empty.
    pub session_indexes: Vec<SessionIndexKey>,
}

impl ServiceProvider {
    /// Whether log-out goes beyond this application: it is not switched off, and we can sign.
    pub fn shares_logout(&self, now: DateTime<Utc>) -> bool {
        self.settings.logout.with_idp && self.signing(now).is_some()
    }

    /// Makes the LogoutRequest for `principal` (Profiles 4.4.3.1). Its session here is to be ended
    /// first. The name goes back in the clear, also when it came encrypted: the connection to the
    /// identity provider is, and AD FS and Entra publish nothing to encrypt log-out messages to.
    ///
    /// # Errors
    /// [`StartLogoutError::Local`] when signing out is to end here.
    pub fn start_logout(
        &self,
        principal: &Principal,
        now: DateTime<Utc>,
        entropy: &LogoutEntropy,
    ) -> Result<StartedLogout, StartLogoutError> {
        if !self.settings.logout.with_idp {
            return Err(LocalLogout::SwitchedOff.into());
        }
        if self.signing(now).is_none() {
            return Err(LocalLogout::NoKey.into());
        }
        let gone = || LocalLogout::IdpGone(principal.issuer.clone());
        let (idp, _) = self.trusted(&principal.issuer).ok_or_else(gone)?;
        if let Some(valid_until) = expired(idp, now) {
            return Err(LocalLogout::MetadataExpired(valid_until).into());
        }
        let name_id = principal.name_id.clone().ok_or(LocalLogout::NoNameId)?;
        let wanted = self.settings.logout.binding;
        let endpoint = find_endpoint(idp.metadata.single_logout(), wanted);
        let endpoint = endpoint.ok_or(LocalLogout::NoService)?;
        let call = LogoutCall {
            id: format!("_{}", hex(entropy)),
            issue_instant: now,
            destination: endpoint.text.clone(),
            issuer: self.entity_id().clone(),
            name_id,
            session_index: principal.session_index.clone(),
        };
        let (field, xml) = (MessageParameter::Request, call.to_xml()?);
        let message = self.send(endpoint, field, &call.id, &xml, None, now)?;
        let idp = principal.issuer.clone();
        let pending = PendingLogout { request_id: call.id, idp, started_at: now };
        Ok(StartedLogout { pending, message })
    }

    /// Decides about the answer to `pending`.
    ///
    /// # Errors
    /// A [`LogoutRefusal`].
    pub fn finish_logout(
        &self,
        pending: &PendingLogout,
        message: ReceivedLogout<'_>,
        now: DateTime<Utc>,
    ) -> Result<LogoutResponse, LogoutRefusal> {
        if pending.has_expired(now) {
            return Err(LogoutRefusal::NoPendingLogout);
        }
        // The pending log-out, not the message, says whose keys count.
        let unknown = || LogoutRefusal::UnknownIssuer { found: Some(pending.idp.to_string()) };
        let (idp, keys) = self.trusted(&pending.idp).ok_or_else(unknown)?;
        let (expect, keys) = self.expect_logout(idp, keys, now)?;
        Ok(validate_logout_response(message, &expect, &pending.request_id, keys, now)?)
    }

    /// Decides about an identity provider's LogoutRequest.
    ///
    /// # Errors
    /// A [`LogoutRefusal`]. [`LogoutRefusal::Replayed`] is for the caller to find out.
    pub fn receive_logout(
        &self,
        message: ReceivedLogout<'_>,
        now: DateTime<Utc>,
    ) -> Result<WantedLogout, LogoutRefusal> {
        if !self.settings.logout.with_idp {
            return Err(LogoutRefusal::SwitchedOff);
        }
        let issuer = peek_logout_issuer(message.xml())?;
        let idp = issuer.as_deref().and_then(|issuer| self.idp_of_logout(issuer));
        let Some(idp) = idp else { return Err(LogoutRefusal::UnknownIssuer { found: issuer }) };
        let unknown = || LogoutRefusal::UnknownIssuer { found: issuer.clone() };
        let (idp, keys) = self.trusted(&idp).ok_or_else(unknown)?;
        let (expect, keys) = self.expect_logout(idp, keys, now)?;
        let request = validate_logout_request(message, &expect, keys, now)?;
        let issuer = request.issuer();
        let skew = self.settings.clock_skew.as_delta();
        Ok(WantedLogout {
            used: ReplayEntry {
                key: ReplayKey::of_logout(issuer, request.id()),
                until: later(request.usable_until(), skew),
            },
            subject: SubjectKey::new(issuer, request.name_id()),
            session_indexes: request
                .session_indexes()
                .iter()
                .map(|index| SessionIndexKey::new(issuer, index))
                .collect(),
            request,
        })
    }

    /// The name in our configuration of whoever has issued a log-out message, as it says.
    pub fn idp_of_logout(&self, issuer: &str) -> Option<EntityId> {
        let idps = || self.idps().iter().map(|idp| idp.entity_id());
        let exact = self.idp(issuer).map(|idp| idp.entity_id());
        exact.or_else(|| idps().find(|idp| is_issuer_of_logout(issuer, idp))).cloned()
    }

    /// The signed answer to a LogoutRequest that came by `binding`, with its `RelayState`. `None`
    /// when we cannot sign, or the identity provider takes no answer: it has then to do without.
    ///
    /// # Errors
    /// [`StartLogoutError`] when the answer cannot be made.
    pub fn answer_logout(
        &self,
        request: &LogoutRequest,
        status: LogoutStatus,
        binding: Binding,
        relay_state: Option<&str>,
        now: DateTime<Utc>,
        entropy: &LogoutEntropy,
    ) -> Result<Option<LogoutMessage>, StartLogoutError> {
        let trusted = self.trusted(request.issuer()).filter(|_| self.signing(now).is_some());
        let services = trusted.map(|(idp, _)| idp.metadata.single_logout_answers());
        let endpoint = services.and_then(|services| find_endpoint(services, binding));
        let Some(endpoint) = endpoint else { return Ok(None) };
        let answer = LogoutAnswer {
            id: format!("_{}", hex(entropy)),
            issue_instant: now,
            destination: endpoint.text.clone(),
            issuer: self.entity_id().clone(),
            in_response_to: request.id().to_owned(),
            status,
        };
        let (field, xml) = (MessageParameter::Response, answer.to_xml()?);
        self.send(endpoint, field, &answer.id, &xml, relay_state, now).map(Some)
    }

    fn expect_logout<'s>(
        &self,
        idp: &Idp,
        keys: &'s Keys,
        now: DateTime<Utc>,
    ) -> Result<(LogoutExpectations, &'s Keys), LogoutRefusal> {
        if let Some(valid_until) = expired(idp, now) {
            let idp = idp.entity_id().clone();
            return Err(LogoutRefusal::MetadataExpired { idp, valid_until });
        }
        let expect = LogoutExpectations {
            idp: idp.entity_id().clone(),
            slo_url: self.slo_url().to_owned(),
            clock_skew: self.settings.clock_skew,
        };
        Ok((expect, keys))
    }

    fn send(
        &self,
        endpoint: &Endpoint,
        field: MessageParameter,
        id: &str,
        xml: &str,
        relay_state: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<LogoutMessage, StartLogoutError> {
        let location = &endpoint.location;
        Ok(match endpoint.binding {
            Binding::HttpRedirect => LogoutMessage::Redirect(redirect_message_url(
                location,
                field,
                xml,
                relay_state,
                self.signer(now),
            )?),
            Binding::HttpPost => LogoutMessage::Post {
                action: location.clone(),
                field,
                message: encode_base64(self.sign_request(xml, id, now)?.as_bytes()),
                relay_state: relay_state.map(str::to_owned),
            },
        })
    }
}

/// The address for the binding that is wanted, else for the other one.
fn find_endpoint(endpoints: &[Endpoint], wanted: Binding) -> Option<&Endpoint> {
    [wanted, Binding::HttpRedirect, Binding::HttpPost]
        .into_iter()
        .find_map(|binding| endpoints.iter().find(|endpoint| endpoint.binding == binding))
}
