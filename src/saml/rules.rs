//! The rules, in the order in which they run. [`RULES`] is the whole list: `validate` stops at the
//! first that fails, and the documentation is checked against it.

use chrono::{DateTime, Utc};

use super::assertion::{Assertion, SignedPart};
use super::contents::{Confirmation, Contents};
use super::envelope::Envelope;
use super::expectations::{Expectations, RequireSigned};
use super::keys::Keys;
use super::names::{ASSERTION, FORMAT_ENTITY};
use super::placement::check_placement;
use super::plaintext::Plaintext;
use super::rejection::{Rejection, Role, TimeBound};
use crate::dsig::{self, Signed};
use crate::xml::{Document, Node};
use crate::xmlenc::DecryptError;

/// One thing that must be true of a response.
pub struct Rule {
    /// A stable name.
    pub name: &'static str,
    /// Where the standard says so.
    pub section: &'static str,
    /// The rule in one sentence.
    pub summary: &'static str,
    pub(super) check: fn(&mut Run<'_, '_>) -> Result<(), Rejection>,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The name of the rule that the parser holds, before any of [`RULES`] can run.
pub(super) const WELL_FORMED: &str = "well-formed";

/// Every rule, in order.
pub const RULES: &[Rule] = &[
    Rule {
        name: "response-structure",
        section: "Core 3.2.2, 3.3.3",
        summary: "The message is a SAML 2.0 Response with the children the schema gives, in order.",
        check: response_structure,
    },
    Rule {
        name: "placement",
        section: "Core 5.4.1; errata E91",
        summary: "No element of SAML, XML Signature, XML Encryption or metadata stands where foreign content may stand.",
        check: placement,
    },
    Rule {
        name: "status",
        section: "Core 3.2.2.2",
        summary: "The top-level status code is Success.",
        check: status,
    },
    Rule {
        name: "one-assertion",
        section: "Profiles 4.1.4.2",
        summary: "There is exactly one assertion in the whole document, plain or encrypted, a child of the Response.",
        check: one_assertion,
    },
    Rule {
        name: "destination",
        section: "Bindings 3.5.5.2",
        summary: "Destination is our assertion consumer service, byte for byte.",
        check: destination,
    },
    Rule {
        name: "response-issuer",
        section: "Profiles 4.1.4.2",
        summary: "The Response names the identity provider that was asked as its issuer.",
        check: response_issuer,
    },
    Rule {
        name: "response-in-response-to",
        section: "Core 3.2.2",
        summary: "The Response answers the request of this browser, or none when none was made.",
        check: response_in_response_to,
    },
    Rule {
        name: "signature",
        section: "Core 5.4; Profiles 4.1.4.5",
        summary: "An encrypted assertion decrypts to an assertion; every signature present follows the profile and verifies with a key from the identity provider's metadata; the required ones are present; one covers the assertion.",
        check: signature,
    },
    Rule {
        name: "assertion-structure",
        section: "Core 2.3.3 to 2.7",
        summary: "The signed element is a SAML 2.0 Assertion with the children the schema gives; a name or attribute that is encrypted inside it decrypts to one; no condition is unknown; no value holds markup.",
        check: assertion_structure,
    },
    Rule {
        name: "assertion-issuer",
        section: "Core 2.2.5; Profiles 4.1.4.2",
        summary: "The assertion names the identity provider that was asked as its issuer.",
        check: assertion_issuer,
    },
    Rule {
        name: "subject",
        section: "Core 2.2.2, 2.2.3",
        summary: "A NameID, when there is one, is visible text and is not meant for another service provider.",
        check: subject,
    },
    Rule {
        name: "bearer-confirmation",
        section: "Profiles 4.1.4.3",
        summary: "One bearer confirmation has our Recipient, the InResponseTo of this browser's request, a NotOnOrAfter that has not come, no NotBefore, and no other name than the subject's.",
        check: bearer_confirmation,
    },
    Rule {
        name: "conditions-time",
        section: "Core 2.5.1.2",
        summary: "Now lies between NotBefore and NotOnOrAfter of the Conditions, which are the right way round.",
        check: conditions_time,
    },
    Rule {
        name: "audience",
        section: "Core 2.5.1.4",
        summary: "There is an AudienceRestriction, and each one names us.",
        check: audience,
    },
    Rule {
        name: "authn-statement",
        section: "Profiles 4.1.4.2, 4.1.4.3",
        summary: "There is an AuthnStatement, all agree, and the session has not ended.",
        check: authn_statement,
    },
    Rule {
        name: "authn-request",
        section: "Core 3.3.2.2.1, 3.4.1",
        summary: "The person signed in by a method that was asked for, and anew when that was asked for.",
        check: authn_request,
    },
];

/// One response on its way through the rules. Each rule finds what earlier ones left.
pub(super) struct Run<'d, 'e> {
    pub(super) document: &'d Document<'d>,
    pub(super) expect: &'e Expectations,
    pub(super) keys: &'e Keys,
    pub(super) now: DateTime<Utc>,
    plaintext: &'d Plaintext<'d>,
    envelope: Option<Envelope<'d>>,
    assertions: usize,
    proof: Option<Proof<'d>>,
    contents: Option<Contents<'d>>,
    bearer: Option<usize>,
}

#[derive(Clone, Copy)]
struct Proof<'d> {
    assertion: Signed<'d>,
    part: SignedPart,
    uses_sha1: bool,
}

/// A rule ran before the one whose result it needs: the order of [`RULES`] is wrong. It fails
/// closed, and the tests over the list notice.
fn out_of_order() -> Rejection {
    Rejection::Unsigned
}

impl<'d, 'e> Run<'d, 'e> {
    pub(super) fn new(
        document: &'d Document<'d>,
        expect: &'e Expectations,
        keys: &'e Keys,
        now: DateTime<Utc>,
        plaintext: &'d Plaintext<'d>,
    ) -> Self {
        Self {
            plaintext,
            document,
            expect,
            keys,
            now,
            envelope: None,
            assertions: 0,
            proof: None,
            contents: None,
            bearer: None,
        }
    }

    fn envelope(&self) -> Result<&Envelope<'d>, Rejection> {
        self.envelope.as_ref().ok_or_else(out_of_order)
    }

    fn contents(&self) -> Result<&Contents<'d>, Rejection> {
        self.contents.as_ref().ok_or_else(out_of_order)
    }

    /// What `encrypted` decrypts to, as a document of its own.
    fn decrypt(&self, encrypted: Node<'d>) -> Result<Node<'d>, Rejection> {
        Ok(self.plaintext.open(encrypted, self.keys.decryption())?)
    }

    /// The assertion, once every rule has held.
    pub(super) fn accept(self) -> Result<Assertion, Rejection> {
        let contents = self.contents()?;
        let proof = self.proof.as_ref().ok_or_else(out_of_order)?;
        let bearer = self.bearer.and_then(|i| contents.bearers.get(i)).ok_or_else(out_of_order)?;
        let key = proof.assertion.key();
        Assertion::accept(contents, bearer, &self.expect.idp, proof.part, key, proof.uses_sha1)
            .ok_or_else(out_of_order)
    }

    fn check_not_too_late(&self, bound: TimeBound, at: DateTime<Utc>) -> Result<(), Rejection> {
        let skew = self.expect.clock_skew;
        if skew.is_too_late(self.now, at) {
            let skew_seconds = skew.as_delta().num_seconds();
            return Err(Rejection::Expired { bound, at, now: self.now, skew_seconds });
        }
        Ok(())
    }
}

fn response_structure(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    run.envelope = Some(Envelope::read(run.document)?);
    Ok(())
}

fn placement(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    run.assertions = check_placement(run.document)?;
    Ok(())
}

fn status(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let status = &run.envelope()?.status;
    if status.is_success() {
        return Ok(());
    }
    Err(Rejection::Status {
        code: status.code.to_owned(),
        sub_code: status.sub_code.map(str::to_owned),
        message: status.message.map(str::to_owned),
    })
}

fn one_assertion(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let found = run.assertions;
    match run.envelope()?.assertion {
        Some(_) if found != 1 => Err(Rejection::AssertionCount { found }),
        Some(_) => Ok(()),
        None => Err(Rejection::AssertionCount { found: 0 }),
    }
}

fn destination(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let found = run.envelope()?.response.attribute("Destination");
    if found == Some(&run.expect.acs_url) {
        return Ok(());
    }
    let expected = run.expect.acs_url.clone();
    Err(Rejection::Destination { expected, found: found.map(str::to_owned) })
}

fn response_issuer(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    check_issuer(run.envelope()?.issuer, Role::Response, run.expect)
}

fn check_issuer(
    issuer: Option<Node<'_>>,
    role: Role,
    expect: &Expectations,
) -> Result<(), Rejection> {
    let found = issuer.map(Node::value).transpose()?;
    let plain = issuer.is_some_and(|node| {
        node.attributes()
            .all(|a| a.namespace.is_empty() && a.local == "Format" && a.value == FORMAT_ENTITY)
    });
    if plain && found == Some(expect.idp.as_str()) {
        return Ok(());
    }
    let expected = expect.idp.to_string();
    Err(Rejection::Issuer { role, expected, found: found.map(str::to_owned) })
}

fn response_in_response_to(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let found = run.envelope()?.response.attribute("InResponseTo");
    check_in_response_to(found, Role::Response, run.expect)
}

fn check_in_response_to(
    found: Option<&str>,
    role: Role,
    expect: &Expectations,
) -> Result<(), Rejection> {
    let expected = expect.request.id();
    if found == expected {
        return Ok(());
    }
    let (expected, found) = (expected.map(str::to_owned), found.map(str::to_owned));
    Err(Rejection::InResponseTo { role, expected, found })
}

fn signature(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let envelope = run.envelope()?;
    let standing = envelope.assertion.ok_or(Rejection::AssertionCount { found: 0 })?;
    let require = run.expect.require_signed;
    let is_encrypted = !standing.is(ASSERTION, "Assertion");
    if envelope.signature.is_none() {
        // Decided before anything is decrypted: it is cheap, and anybody can see it.
        if !is_encrypted && enveloped_signature(standing).is_none() {
            return Err(Rejection::Unsigned);
        }
        if matches!(require, RequireSigned::Response | RequireSigned::Both) {
            return Err(Rejection::SignatureMissing { role: Role::Response });
        }
    }
    let verify = |element, signature, role| {
        run.keys
            .verify(element, signature, run.now)
            .map_err(|error| Rejection::Signature { role, error })
    };
    // The outer signature is over the message as it came, cipher text included.
    let of_response = envelope
        .signature
        .map(|signature| verify(envelope.response, signature, Role::Response))
        .transpose()?;
    let assertion = if is_encrypted { run.decrypt(standing)? } else { standing };
    let of_assertion = match enveloped_signature(assertion) {
        Some(signature) => verify(assertion, signature, Role::Assertion).map(Some),
        None if matches!(require, RequireSigned::Assertion | RequireSigned::Both) => {
            Err(Rejection::SignatureMissing { role: Role::Assertion })
        }
        None if of_response.is_none() => Err(Rejection::Unsigned),
        None => Ok(None),
    };
    let of_assertion = match of_assertion {
        // Nobody vouches for this cipher text: say nothing of what is in it.
        Err(_) if is_encrypted && of_response.is_none() => {
            return Err(DecryptError::Failed.into());
        }
        other => other?,
    };
    let uses_sha1 = [of_response, of_assertion].iter().flatten().any(Signed::uses_sha1);
    let (proof, part) = match (of_response, of_assertion) {
        (None, Some(own)) => (Some(own), SignedPart::Assertion),
        (Some(_), Some(own)) => (Some(own), SignedPart::Both),
        (Some(outer), None) if is_encrypted => {
            (outer.descend_decrypted(standing, assertion), SignedPart::Response)
        }
        (Some(outer), None) => (outer.descend(assertion), SignedPart::Response),
        (None, None) => (None, SignedPart::Assertion),
    };
    let assertion = proof.ok_or(Rejection::Unsigned)?;
    run.proof = Some(Proof { assertion, part, uses_sha1 });
    Ok(())
}

/// The signature of an assertion, which stands behind its issuer and nowhere else (Core 2.3.3).
/// One that stands elsewhere is refused when the assertion's grammar is read.
fn enveloped_signature(assertion: Node<'_>) -> Option<Node<'_>> {
    assertion.elements().nth(1).filter(|n| n.is(dsig::DSIG_NAMESPACE, "Signature"))
}

fn assertion_structure(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let proof = run.proof.as_ref().ok_or_else(out_of_order)?;
    let inside = run.plaintext.inside(proof.assertion, run.keys.decryption());
    run.contents = Some(Contents::read(&inside)?);
    Ok(())
}

fn assertion_issuer(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    check_issuer(Some(run.contents()?.issuer), Role::Assertion, run.expect)
}

fn subject(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let Some(name_id) = &run.contents()?.name_id else {
        return Ok(());
    };
    if let Some(fault) = name_id.fault() {
        return Err(Rejection::NameId(fault));
    }
    match name_id.sp_name_qualifier() {
        Some(found) if found != run.expect.sp.as_str() => Err(Rejection::SpNameQualifier {
            expected: run.expect.sp.to_string(),
            found: found.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn bearer_confirmation(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    if run.expect.request.id().is_none() {
        // Unsolicited means that not even an unused confirmation answers a request.
        for bearer in &run.contents()?.bearers {
            check_in_response_to(bearer.in_response_to, Role::Confirmation, run.expect)?;
        }
    }
    let mut first_fault = None;
    let mut good = None;
    for (index, bearer) in run.contents()?.bearers.iter().enumerate() {
        match check_bearer(run, bearer) {
            Ok(()) => {
                good = Some(index);
                break;
            }
            Err(fault) => _ = first_fault.get_or_insert(fault),
        }
    }
    run.bearer = good;
    match (good, first_fault) {
        (Some(_), _) => Ok(()),
        (None, Some(fault)) => Err(fault),
        (None, None) => Err(Rejection::NoBearer),
    }
}

/// One confirmation must fulfil everything: halves of two do not add up.
fn check_bearer(run: &Run<'_, '_>, bearer: &Confirmation<'_>) -> Result<(), Rejection> {
    if bearer.has_not_before {
        return Err(Rejection::ConfirmationNotBefore);
    }
    if let Some(presenter) = bearer.name_id {
        // A bearer who is somebody else than the subject would act for it (Core 2.4.1.1).
        let subject = run.contents()?.name_id;
        if !subject.is_some_and(|subject| subject.equals(presenter)) {
            return Err(Rejection::ConfirmationNameId);
        }
    }
    if bearer.recipient != Some(&run.expect.acs_url) {
        return Err(Rejection::Recipient {
            expected: run.expect.acs_url.clone(),
            found: bearer.recipient.map(str::to_owned),
        });
    }
    check_in_response_to(bearer.in_response_to, Role::Confirmation, run.expect)?;
    let until = bearer.not_on_or_after.ok_or(Rejection::ConfirmationUnlimited)?;
    run.check_not_too_late(TimeBound::ConfirmationNotOnOrAfter, until)
}

fn conditions_time(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let contents = run.contents()?;
    if let (Some(not_before), Some(not_on_or_after)) =
        (contents.not_before, contents.not_on_or_after)
        && not_before >= not_on_or_after
    {
        return Err(Rejection::Inverted { not_before, not_on_or_after });
    }
    let skew = run.expect.clock_skew;
    if let Some(at) = contents.not_before.filter(|at| skew.is_too_early(run.now, *at)) {
        return Err(Rejection::NotYetValid {
            bound: TimeBound::ConditionsNotBefore,
            at,
            now: run.now,
            skew_seconds: skew.as_delta().num_seconds(),
        });
    }
    match contents.not_on_or_after {
        Some(at) => run.check_not_too_late(TimeBound::ConditionsNotOnOrAfter, at),
        None => Ok(()),
    }
}

fn audience(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let restrictions = &run.contents()?.audiences;
    if restrictions.is_empty() {
        return Err(Rejection::AudienceMissing);
    }
    let us = run.expect.sp.as_str();
    match restrictions.iter().find(|audiences| !audiences.contains(&us)) {
        None => Ok(()),
        Some(audiences) => Err(Rejection::Audience {
            expected: us.to_owned(),
            found: audiences.iter().map(|a| (*a).to_owned()).collect(),
        }),
    }
}

fn authn_statement(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let statements = &run.contents()?.authn;
    let first = statements.first().ok_or(Rejection::AuthnStatementMissing)?;
    if statements.iter().any(|other| other != first) {
        return Err(Rejection::AuthnStatementConflict);
    }
    match first.session_not_on_or_after {
        Some(at) => run.check_not_too_late(TimeBound::SessionNotOnOrAfter, at),
        None => Ok(()),
    }
}

fn authn_request(run: &mut Run<'_, '_>) -> Result<(), Rejection> {
    let statement = run.contents()?.authn.first().ok_or(Rejection::AuthnStatementMissing)?;
    let requested = &run.expect.authn;
    let asked_for = |class: &str| requested.class_refs.iter().any(|r| r == class);
    if !requested.class_refs.is_empty() && !statement.class_ref.is_some_and(asked_for) {
        return Err(Rejection::AuthnContext {
            requested: requested.class_refs.clone(),
            found: statement.class_ref.map(str::to_owned),
        });
    }
    match requested.not_before {
        Some(required) if run.expect.clock_skew.is_too_early(statement.instant, required) => {
            Err(Rejection::AuthnTooOld { required, found: statement.instant })
        }
        _ => Ok(()),
    }
}
