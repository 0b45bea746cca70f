//! From a request to an answer, without HTTP.

use chrono::{DateTime, Utc};

use super::authn_request::AuthnRequest;
use super::entra;
use super::issue::{Issue, IssueError, NameIdRule, ReplyTo};
use super::names::{HTTP_POST, UNSPECIFIED};
use super::person::Person;
use super::personality::Personality;
use super::received::Received;
use super::refusal::Refusal;
use super::relying_party::{RelyingParty, check_url};
use super::status::ErrorStatus;
use super::test_idp::TestIdp;
use crate::crypto::Certificate;
use crate::dsig::DSIG_NAMESPACE;
use crate::saml::EntityId;
use crate::xml::encode_base64;
use crate::xml::{Document, Limits};

/// A request that AD FS would take on: somebody can be signed in, or an answer can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Who asked.
    pub relying_party: EntityId,
    /// What the response is to say.
    pub reply_to: ReplyTo,
    /// To be given back unchanged.
    pub relay_state: Option<String>,
    /// `ForceAuthn`: the person is to be asked even if there is a session. This identity provider
    /// asks every time.
    pub force_authn: bool,
    /// The `NameID` format that was asked for.
    pub name_id_format: Option<String>,
    /// Why nobody can be signed in, known before anybody is asked.
    pub failure: Option<ErrorStatus>,
}

/// A response on its way: what the browser posts to the service provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormPost {
    /// Where to.
    pub url: String,
    /// The XML of the response.
    pub response: String,
    /// `RelayState`
    pub relay_state: Option<String>,
}

impl FormPost {
    /// The value of the field `SAMLResponse`.
    pub fn saml_response(&self) -> String {
        encode_base64(self.response.as_bytes())
    }
}

impl TestIdp {
    /// Checks a request as AD FS does: who sent it, where the answer goes, how it is signed.
    ///
    /// # Errors
    /// The [`Refusal`] for which AD FS shows a page of its own.
    pub fn receive(&self, received: &Received) -> Result<SignIn, Refusal> {
        let document = Document::parse(&received.xml, &Limits::MESSAGE)?;
        let root = document.root();
        let request = AuthnRequest::read(root)?;
        let relying_party = self.relying_party(&request)?;

        let enveloped = root.elements().find(|n| n.is(DSIG_NAMESPACE, "Signature"));
        // Entra takes no notice of signatures until an administrator makes it demand them.
        let is_entra = self.personality == Personality::Entra;
        let takes_notice = !is_entra || relying_party.require_signed;
        match (&received.query_signature, enveloped) {
            _ if !takes_notice => {}
            (Some(signature), _) => relying_party.verify_query(signature)?,
            (None, Some(signature)) => relying_party.verify_enveloped(&document, signature)?,
            (None, None) if relying_party.require_signed => {
                let entity_id = relying_party.entity_id.to_string();
                return Err(Refusal::SignatureMissing { entity_id });
            }
            (None, None) => {}
        }
        let is_signed = received.query_signature.is_some() || enveloped.is_some();
        match &request.destination {
            // Nor does it read this.
            _ if is_entra => {}
            Some(found) if *found != self.sign_in_url() => {
                let (expected, found) = (self.sign_in_url(), found.clone());
                return Err(Refusal::Destination { expected, found });
            }
            None if is_signed => return Err(Refusal::NoDestination),
            Some(_) | None => {}
        }
        let acs_url =
            acs_url_of(&relying_party, request.acs_url.as_deref(), request.acs_index.as_deref())?;

        let class_ref = request.requested_authn.as_ref().map(|requested| requested.choose());
        let binding = request.protocol_binding.as_deref();
        let failure = if is_entra {
            entra::failure(&request)
        } else if !matches!(binding, None | Some(HTTP_POST)) {
            Some(ErrorStatus::unsupported_binding())
        } else if class_ref == Some(None) {
            Some(ErrorStatus::no_authn_context())
        } else if request.is_passive {
            Some(ErrorStatus::no_passive())
        } else {
            None
        };
        Ok(SignIn {
            reply_to: ReplyTo {
                request_id: Some(request.id),
                acs_url,
                audience: if is_entra {
                    entra::audience(relying_party.entity_id.as_str())
                } else {
                    relying_party.entity_id.to_string()
                },
                class_ref: class_ref.flatten().map(str::to_owned),
            },
            relying_party: relying_party.entity_id,
            relay_state: received.relay_state.clone(),
            force_authn: request.force_authn,
            name_id_format: request.name_id_format,
            failure,
        })
    }

    /// The answer after `person` was chosen: a response that signs them in, or one that says why
    /// that cannot be.
    ///
    /// # Errors
    /// An [`IssueError`].
    pub fn answer(
        &self,
        sign_in: &SignIn,
        person: &Person,
        now: DateTime<Utc>,
    ) -> Result<FormPost, IssueError> {
        if let Some(failure) = &sign_in.failure {
            return self.answer_failure(sign_in, failure, now);
        }
        if !self.issues_format(sign_in.name_id_format.as_deref(), person) {
            return self.answer_failure(sign_in, &ErrorStatus::invalid_name_id_policy(), now);
        }
        let (mut issuance, mut person) = (self.issuance.clone(), person.clone());
        if self.personality == Personality::Entra
            && let Some(format) = sign_in.name_id_format.as_deref()
        {
            entra::follow_name_id_policy(format, sign_in, &mut issuance, &mut person, &self.ids)?;
        }
        let ids = self.ids.pair()?;
        let issue = Issue { issuance: &issuance, ..self.issue(&sign_in.reply_to, &ids, now) };
        let recipient = self.recipient(&sign_in.relying_party);
        let response = issue.draft(&person)?.sign_for(self.keys.current(), recipient)?;
        Ok(form_post(sign_in, response))
    }

    /// To whom assertions for a service provider are encrypted, if they are.
    pub(super) fn recipient(&self, entity_id: &EntityId) -> Option<&Certificate> {
        let registered = self.relying_parties.iter().find(|rp| rp.entity_id == *entity_id)?;
        registered.encryption.as_ref().filter(|_| self.issuance.encrypts)
    }

    /// The answer that reports a failure, for example after "Cancel".
    ///
    /// # Errors
    /// An [`IssueError`].
    pub fn answer_failure(
        &self,
        sign_in: &SignIn,
        status: &ErrorStatus,
        now: DateTime<Utc>,
    ) -> Result<FormPost, IssueError> {
        let response = match self.personality {
            Personality::Entra => {
                let status = entra::with_trace(status, &self.ids.pair()?, now);
                self.refuse(&sign_in.reply_to, &status, now)?
            }
            Personality::Adfs | Personality::Plain => {
                self.refuse(&sign_in.reply_to, status, now)?
            }
        };
        Ok(form_post(sign_in, response))
    }

    /// A format that is asked for must be the one that the rules issue, to this person too.
    fn issues_format(&self, asked: Option<&str>, person: &Person) -> bool {
        match (asked, &self.issuance.name_id) {
            (None | Some(UNSPECIFIED), _) => true,
            // Judged when the request came.
            _ if self.personality == Personality::Entra => true,
            (Some(asked), NameIdRule::Issued { format: Some(issued) }) => {
                asked == issued
                    && (person.name_id.is_some() || self.personality == Personality::Plain)
            }
            (Some(_), _) => false,
        }
    }

    fn relying_party(&self, request: &AuthnRequest) -> Result<RelyingParty, Refusal> {
        let unknown = || Refusal::UnknownIssuer { found: request.issuer.clone() };
        let mut registered = self.relying_parties.iter().filter(|rp| !rp.is_met);
        let found = registered.find(|rp| rp.entity_id.as_str() == request.issuer);
        match (found, &request.acs_url) {
            (Some(relying_party), _) => Ok(relying_party.clone()),
            (None, Some(acs_url)) if self.accept_unknown => {
                let entity_id = EntityId::new(&request.issuer).map_err(|_| unknown())?;
                RelyingParty::new(entity_id, acs_url).map_err(|_| Refusal::AcsNotRegistered {
                    entity_id: request.issuer.clone(),
                    found: acs_url.clone(),
                })
            }
            (None, _) => Err(unknown()),
        }
    }
}

fn form_post(sign_in: &SignIn, response: String) -> FormPost {
    FormPost {
        url: sign_in.reply_to.acs_url.clone(),
        response,
        relay_state: sign_in.relay_state.clone(),
    }
}

/// The registered address that a request names, or the default when it names none.
pub(super) fn acs_url_of(
    relying_party: &RelyingParty,
    url: Option<&str>,
    index: Option<&str>,
) -> Result<String, Refusal> {
    let entity_id = || relying_party.entity_id.to_string();
    let mut registered = relying_party.acs.iter();
    let found = match (url, index) {
        (Some(url), _) => registered.find(|acs| acs.url == url).ok_or_else(|| {
            Refusal::AcsNotRegistered { entity_id: entity_id(), found: url.to_owned() }
        })?,
        (None, Some(text)) => {
            let index: Option<u16> = text.parse().ok();
            registered.find(|acs| Some(acs.index) == index).ok_or_else(|| {
                Refusal::AcsIndexNotRegistered { entity_id: entity_id(), found: text.to_owned() }
            })?
        }
        (None, None) => registered.next().ok_or_else(|| Refusal::AcsNotRegistered {
            entity_id: entity_id(),
            found: String::new(),
        })?,
    };
    // Whoever registered it by code may not have looked.
    check_url(&found.url).map_err(|_| Refusal::AcsNotRegistered {
        entity_id: entity_id(),
        found: found.url.clone(),
    })?;
    Ok(found.url.clone())
}
