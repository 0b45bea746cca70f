//! The rules, in the order in which they run. [`RULES`] is the whole list: `validate` stops at the
//! first that fails, and the documentation is checked against it. What they check stands in a file
//! for each part of the message.

mod assertion;
mod authn;
mod conditions;
mod response;
mod run;
mod signature;
mod subject;

pub(super) use run::{KeySet, Run};

use super::rejection::Rejection;

/// One thing that must be true of a response.
pub struct Rule {
    /// A stable name.
    pub name: &'static str,
    /// Where the standard says so.
    pub section: &'static str,
    /// The rule in one sentence.
    pub summary: &'static str,
    pub(super) check: fn(&mut Run<'_, '_>) -> Result<(), Rejection>,
    /// The rules that must hold before this one has anything to look at. When all of them run in
    /// order and the first that fails ends it, nobody needs to know; a walk does.
    pub(super) needs: &'static [&'static str],
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What the parser sees to, before any of [`RULES`] can run.
pub(super) const WELL_FORMED: Rule = Rule {
    name: "well-formed",
    section: "XML 1.0; Namespaces in XML 1.0",
    summary: "The message is XML with namespaces, within the limits of this crate and without document types.",
    check: |_| Ok(()),
    needs: &[],
};
/// The rule whose result is the proof that the rest depends on.
pub(super) const SIGNATURE: &str = "signature";
/// The rule that reads what was signed.
pub(super) const ASSERTION_STRUCTURE: &str = "assertion-structure";

/// Every rule, in order.
pub const RULES: &[Rule] = &[
    Rule {
        name: "response-structure",
        section: "Core 3.2.2, 3.3.3",
        summary: "The message is a SAML 2.0 Response with the children the schema gives, in order.",
        check: response::response_structure,
        needs: &[],
    },
    Rule {
        name: "placement",
        section: "Core 5.4.1; errata E91",
        summary: "No element of SAML, XML Signature, XML Encryption or metadata stands where foreign content may stand.",
        check: response::placement,
        needs: &[],
    },
    Rule {
        name: "status",
        section: "Core 3.2.2.2",
        summary: "The top-level status code is Success.",
        check: response::status,
        needs: &["response-structure"],
    },
    Rule {
        name: "one-assertion",
        section: "Profiles 4.1.4.2",
        summary: "There is exactly one assertion in the whole document, plain or encrypted, a child of the Response.",
        check: response::one_assertion,
        needs: &["response-structure", "placement"],
    },
    Rule {
        name: "destination",
        section: "Bindings 3.5.5.2",
        summary: "Destination is our assertion consumer service, byte for byte.",
        check: response::destination,
        needs: &["response-structure"],
    },
    Rule {
        name: "response-issuer",
        section: "Profiles 4.1.4.2",
        summary: "The Response names the identity provider that was asked as its issuer.",
        check: response::response_issuer,
        needs: &["response-structure"],
    },
    Rule {
        name: "response-in-response-to",
        section: "Core 3.2.2",
        summary: "The Response answers the request of this browser, or none when none was made.",
        check: response::response_in_response_to,
        needs: &["response-structure"],
    },
    Rule {
        name: SIGNATURE,
        section: "Core 5.4; Profiles 4.1.4.5",
        summary: "An encrypted assertion decrypts to an assertion; every signature present follows the profile and verifies with a key from the identity provider's metadata; the required ones are present; one covers the assertion.",
        check: signature::signature,
        needs: &["one-assertion"],
    },
    Rule {
        name: ASSERTION_STRUCTURE,
        section: "Core 2.3.3 to 2.7",
        summary: "The signed element is a SAML 2.0 Assertion with the children the schema gives; a name or attribute that is encrypted inside it decrypts to one; no condition is unknown; no value holds markup.",
        check: assertion::assertion_structure,
        needs: &["one-assertion"],
    },
    Rule {
        name: "assertion-issuer",
        section: "Core 2.2.5; Profiles 4.1.4.2",
        summary: "The assertion names the identity provider that was asked as its issuer.",
        check: assertion::assertion_issuer,
        needs: &["assertion-structure"],
    },
    Rule {
        name: "subject",
        section: "Core 2.2.2, 2.2.3",
        summary: "A NameID, when there is one, is visible text and is not meant for another service provider.",
        check: subject::subject,
        needs: &["assertion-structure"],
    },
    Rule {
        name: "bearer-confirmation",
        section: "Profiles 4.1.4.3",
        summary: "One bearer confirmation has our Recipient, the InResponseTo of this browser's request, a NotOnOrAfter that has not come, no NotBefore, and no other name than the subject's.",
        check: subject::bearer_confirmation,
        needs: &["assertion-structure"],
    },
    Rule {
        name: "conditions-time",
        section: "Core 2.5.1.2",
        summary: "Now lies between NotBefore and NotOnOrAfter of the Conditions, which are the right way round.",
        check: conditions::conditions_time,
        needs: &["assertion-structure"],
    },
    Rule {
        name: "audience",
        section: "Core 2.5.1.4",
        summary: "There is an AudienceRestriction, and each one names us.",
        check: conditions::audience,
        needs: &["assertion-structure"],
    },
    Rule {
        name: "authn-statement",
        section: "Profiles 4.1.4.2, 4.1.4.3",
        summary: "There is an AuthnStatement, all agree, and the session has not ended.",
        check: authn::authn_statement,
        needs: &["assertion-structure"],
    },
    Rule {
        name: "authn-request",
        section: "Core 3.3.2.2.1, 3.4.1",
        summary: "The person signed in by a method that was asked for, and anew when that was asked for.",
        check: authn::authn_request,
        needs: &["assertion-structure"],
    },
];
