//! Signing in: from the request that leaves to the person who arrives.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use super::principal::Principal;
use super::return_to::ReturnTo;
use super::service_provider::{Idp, ServiceProvider};
use super::store::{ReplayEntry, ReplayKey};
use crate::crypto::hex;
use crate::dsig::{DsigError, Place, SignError, SignatureStyle, sign_enveloped};
use crate::saml::binding::{Binding, RedirectError, redirect_url};
use crate::saml::metadata::Endpoint;
use crate::saml::names::ASSERTION;
use crate::saml::{
    Assertion, AuthnRequest, EntityId, Expectations, ExpectedRequest, Rejection, RequestedAuthn,
    WriteAuthnRequestError, validate,
};
use crate::xml::encode_base64;
use crate::xmlenc::DecryptError;

/// Random bytes for one sign-in. The caller has them from a secure generator.
#[derive(Clone, Copy)]
pub struct Entropy {
    /// For the ID of the request: 160 bits.
    pub request_id: [u8; 20],
    /// For the handle in `RelayState`: 128 bits.
    pub relay_state: [u8; 16],
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy")
    }
}

/// What to ask of the sign-in beyond the sign-in itself. Nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginOptions {
    /// Ask for the password even if the identity provider has a session.
    pub force_authn: bool,
    /// Ask the person for nothing: answer at once, or refuse.
    pub is_passive: bool,
    /// Accept only these `AuthnContextClassRef`s.
    pub class_refs: Vec<String>,
    /// Ask for one of these as well, and accept any other: whoever asks looks at what the sign-in
    /// says of itself.
    pub wished_class_refs: Vec<String>,
}

/// A sign-in that this browser has begun. It travels in an encrypted cookie, so that any machine
/// can finish it and nobody else's browser can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLogin {
    /// The ID of the AuthnRequest.
    pub request_id: String,
    /// The identity provider that was asked.
    pub idp: EntityId,
    /// The handle that was sent as `RelayState`.
    pub relay_state: String,
    /// The page to go to afterwards.
    pub return_to: ReturnTo,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Whether a new authentication was demanded.
    pub force_authn: bool,
    /// Which context classes were demanded.
    pub class_refs: Vec<String>,
}

impl PendingLogin {
    /// Whether it is too old to be finished.
    pub fn has_expired(&self, lifetime: TimeDelta, now: DateTime<Utc>) -> bool {
        self.started_at.checked_add_signed(lifetime).is_none_or(|end| now >= end)
    }
}

/// A sign-in to send on its way.
#[derive(Clone, Debug)]
pub struct StartedLogin {
    /// To be kept by this browser until the response arrives.
    pub pending: PendingLogin,
    /// To be sent to the identity provider through this browser.
    pub message: LoginMessage,
}

/// How the AuthnRequest leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginMessage {
    /// The browser is to go to this address.
    Redirect(Url),
    /// The browser is to post this form.
    Post {
        /// The address.
        action: Url,
        /// The field `SAMLRequest`.
        saml_request: String,
        /// The field `RelayState`.
        relay_state: String,
    },
}

/// Why a sign-in cannot begin: configuration, not the person, is at fault.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartLoginError {
    /// The request cannot be written.
    #[error(transparent)]
    Write(#[from] WriteAuthnRequestError),
    /// The redirect cannot be made.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// The request cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The identity provider's metadata is past its `validUntil`.
    #[error("the identity provider's metadata was valid until {valid_until}")]
    MetadataExpired {
        /// `validUntil`
        valid_until: DateTime<Utc>,
    },
    /// The identity provider has no address for any binding that we speak.
    #[error("the identity provider takes requests by no binding that is spoken here")]
    NoBinding,
}

/// A sign-in that is right, as far as can be told without memory. It counts once all of
/// `uses` have been remembered for the first time.
#[derive(Clone, Debug)]
pub struct FinishedLogin {
    /// Who signed in.
    pub principal: Principal,
    /// The page that was asked for first.
    pub return_to: ReturnTo,
    /// What this sign-in uses up: the assertion and the request that it answers. It counts only if
    /// neither was remembered before.
    pub uses: [ReplayEntry; 2],
    /// Whether a signature with SHA-1 was accepted, as the configuration allows for a while. It
    /// must be logged.
    pub uses_sha1: bool,
    /// Which of the identity provider's [certificates](crate::saml::metadata::IdpMetadata) has the
    /// key that signed, as an index.
    pub signing_key: usize,
    /// `IssueInstant` of the assertion, to compare clocks by.
    pub issue_instant: DateTime<Utc>,
}

/// Why a response does not sign anybody in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A rule of SAML does not hold.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// This browser began no sign-in that is still open: its cookie is lost, was never there, or
    /// belongs to another sign-in.
    #[error("this browser has no pending sign-in for this response")]
    NoPendingLogin,
    /// The person took too long.
    #[error("the sign-in began at {started_at}, more than {lifetime_minutes} minutes ago")]
    PendingExpired {
        /// When it began.
        started_at: DateTime<Utc>,
        /// How long it may take.
        lifetime_minutes: i64,
    },
    /// The identity provider that was asked is no longer configured.
    #[error("the identity provider {0} is no longer trusted")]
    IdpGone(EntityId),
    /// The identity provider's metadata is past its `validUntil`, so that its keys no longer count.
    #[error("the metadata of {idp} was valid until {valid_until}, and there is none that is newer")]
    MetadataExpired {
        /// The identity provider.
        idp: EntityId,
        /// `validUntil`
        valid_until: DateTime<Utc>,
    },
    /// The assertion was used before.
    #[error("the assertion was used before")]
    Replayed,
    /// By our clock the session is over before it has begun. Within the tolerance for clocks the
    /// assertion is good; but to sign in and be signed out at once would go round in circles.
    #[error("the identity provider ends the session at {ends}, and it is {now} here")]
    SessionEnded {
        /// `SessionNotOnOrAfter`
        ends: DateTime<Utc>,
        /// Our clock.
        now: DateTime<Utc>,
    },
}

impl Refusal {
    /// Whether newer metadata of the identity provider could turn this into a sign-in. What is
    /// inside an encrypted message is not told from a message that cannot be decrypted, so that
    /// both are alike here too, and nobody learns anything from what follows.
    pub fn may_be_a_new_key(&self) -> bool {
        let Self::Rejected(rejection) = self else { return false };
        matches!(
            rejection,
            Rejection::Decryption(DecryptError::Failed)
                | Rejection::Signature {
                    error: DsigError::SignatureMismatch { .. } | DsigError::AlgorithmKeyMismatch,
                    ..
                }
        )
    }

    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.code(),
            Self::NoPendingLogin => "no_pending_login",
            Self::PendingExpired { .. } => "pending_expired",
            Self::IdpGone(_) => "idp_gone",
            Self::MetadataExpired { .. } => "metadata_expired",
            Self::Replayed => "replayed",
            Self::SessionEnded { .. } => "session_ended",
        }
    }
}

impl ServiceProvider {
    /// Makes the AuthnRequest for one sign-in at `idp` (Profiles 4.1.4.1).
    ///
    /// # Errors
    /// [`StartLoginError`] when configuration does not allow it.
    pub fn start_login(
        &self,
        idp: &Idp,
        return_to: ReturnTo,
        options: &LoginOptions,
        now: DateTime<Utc>,
        entropy: &Entropy,
    ) -> Result<StartedLogin, StartLoginError> {
        if let Some(valid_until) = expired(idp, now) {
            return Err(StartLoginError::MetadataExpired { valid_until });
        }
        let endpoint = self.request_endpoint(idp).ok_or(StartLoginError::NoBinding)?;
        let request = AuthnRequest {
            // An ID must not start with a digit (xs:ID; Entra: AADSTS7500529).
            id: format!("_{}", hex(&entropy.request_id)),
            issue_instant: now,
            destination: endpoint.text.clone(),
            issuer: self.entity_id().clone(),
            acs_url: self.acs_url().to_owned(),
            force_authn: options.force_authn,
            is_passive: options.is_passive,
            name_id_format: None,
            class_refs: [&options.class_refs[..], &options.wished_class_refs].concat(),
        };
        let relay_state = hex(&entropy.relay_state);
        let xml = request.to_xml()?;
        let message = match endpoint.binding {
            Binding::HttpRedirect => LoginMessage::Redirect(redirect_url(
                &endpoint.location,
                &xml,
                &relay_state,
                self.signer(now),
            )?),
            Binding::HttpPost => LoginMessage::Post {
                action: endpoint.location.clone(),
                saml_request: encode_base64(self.sign_request(&xml, &request.id, now)?.as_bytes()),
                relay_state: relay_state.clone(),
            },
        };
        let pending = PendingLogin {
            request_id: request.id,
            idp: idp.entity_id().clone(),
            relay_state,
            return_to,
            started_at: now,
            force_authn: options.force_authn,
            class_refs: options.class_refs.clone(),
        };
        Ok(StartedLogin { pending, message })
    }

    /// The binding that is configured, if the identity provider has it, else the other one.
    fn request_endpoint<'i>(&self, idp: &'i Idp) -> Option<&'i Endpoint> {
        let wanted = self.settings.request_binding;
        [wanted, Binding::HttpRedirect, Binding::HttpPost]
            .into_iter()
            .find_map(|binding| idp.metadata.single_sign_on(binding))
    }

    pub(super) fn sign_request(
        &self,
        xml: &str,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<String, SignError> {
        let Some(signing) = self.signing(now) else { return Ok(xml.to_owned()) };
        let (key, algorithm) = (&signing.key, signing.key.default_algorithm());
        let place = Place::After { namespace: ASSERTION, local: "Issuer" };
        let certificate = Some(&signing.certificate);
        sign_enveloped(xml, id, place, key, algorithm, certificate, &SignatureStyle::default())
    }

    /// Decides about a response to `pending`. `response` is XML.
    ///
    /// # Errors
    /// A [`Refusal`]. [`Refusal::Replayed`] is for the caller to find out.
    pub fn finish_login(
        &self,
        pending: &PendingLogin,
        response: &[u8],
        now: DateTime<Utc>,
    ) -> Result<FinishedLogin, Refusal> {
        let settings = &self.settings;
        if pending.has_expired(settings.pending_lifetime, now) {
            return Err(Refusal::PendingExpired {
                started_at: pending.started_at,
                lifetime_minutes: settings.pending_lifetime.num_minutes(),
            });
        }
        let authn = RequestedAuthn {
            class_refs: pending.class_refs.clone(),
            not_before: pending.force_authn.then_some(pending.started_at),
        };
        let request = ExpectedRequest::Id(pending.request_id.clone());
        // The pending sign-in, not the message, says whose keys count: no mix-up of providers.
        let (assertion, principal) = self.judge(&pending.idp, request, authn, response, now)?;
        Ok(FinishedLogin {
            principal,
            return_to: pending.return_to.clone(),
            uses_sha1: assertion.uses_sha1(),
            signing_key: assertion.signing_key(),
            issue_instant: assertion.issue_instant(),
            uses: [
                self.use_of(&assertion),
                ReplayEntry {
                    key: ReplayKey::of_request(&pending.idp, &pending.request_id),
                    until: later(pending.started_at, settings.pending_lifetime),
                },
            ],
        })
    }

    /// Decides about a response of `idp`, by the keys of that provider alone.
    pub(super) fn judge(
        &self,
        idp: &EntityId,
        request: ExpectedRequest,
        authn: RequestedAuthn,
        response: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(Assertion, Principal), Refusal> {
        let settings = &self.settings;
        let (known, keys) = self.trusted(idp).ok_or_else(|| Refusal::IdpGone(idp.clone()))?;
        if let Some(valid_until) = expired(known, now) {
            return Err(Refusal::MetadataExpired { idp: idp.clone(), valid_until });
        }
        let expect = Expectations {
            idp: idp.clone(),
            sp: settings.entity_id.clone(),
            acs_url: self.acs_url.as_ref().to_owned(),
            request,
            require_signed: settings.require_signed,
            clock_skew: settings.clock_skew,
            authn,
        };
        let assertion = validate(response, &expect, keys, now)?;
        let latest = now.checked_add_signed(settings.session.absolute).unwrap_or(now);
        let principal = Principal::new(&assertion, now, latest);
        if principal.has_expired(now) {
            return Err(Refusal::SessionEnded { ends: principal.expires_at, now });
        }
        Ok((assertion, principal))
    }

    /// What an assertion uses up.
    pub(super) fn use_of(&self, assertion: &Assertion) -> ReplayEntry {
        ReplayEntry {
            key: ReplayKey::new(assertion.issuer(), assertion.id()),
            // Past this, validation refuses it on any clock within tolerance.
            until: later(assertion.usable_until(), self.settings.clock_skew.as_delta()),
        }
    }
}

/// `validUntil` of an identity provider's metadata, if that has passed.
pub(super) fn expired(idp: &Idp, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    idp.metadata.valid_until().filter(|end| now >= *end)
}

/// Never, where the calendar ends: what is kept too long does no harm.
pub(super) fn later(time: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
