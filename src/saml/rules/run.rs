//! What the rules hand on to one another, and what several of them check.

use chrono::{DateTime, Utc};

use crate::dsig::Signed;
use crate::saml::assertion::{Assertion, SignedPart};
use crate::saml::contents::Contents;
use crate::saml::envelope::Envelope;
use crate::saml::expectations::Expectations;
use crate::saml::keys::Keys;
use crate::saml::names::FORMAT_ENTITY;
use crate::saml::plaintext::Plaintext;
use crate::saml::rejection::{Rejection, Role, TimeBound};
use crate::xml::{Document, Node};

/// One response on its way through the rules. Each rule finds what earlier ones left.
pub(in crate::saml) struct Run<'d, 'e> {
    pub(in crate::saml) document: &'d Document<'d>,
    pub(in crate::saml) expect: &'e Expectations,
    pub(in crate::saml) keys: &'e Keys,
    pub(in crate::saml) now: DateTime<Utc>,
    plaintext: &'d Plaintext<'d>,
    pub(super) envelope: Option<Envelope<'d>>,
    pub(super) assertions: usize,
    pub(super) proof: Option<Proof<'d>>,
    pub(super) contents: Option<Contents<'d>>,
    pub(super) bearer: Option<usize>,
}

/// That the assertion was signed.
#[derive(Clone, Copy)]
pub(super) struct Proof<'d> {
    pub(super) assertion: Signed<'d>,
    pub(super) part: SignedPart,
}

/// A rule ran before the one whose result it needs: the order of [`RULES`] is wrong. It fails
/// closed, and the tests over the list notice.
pub(super) fn out_of_order() -> Rejection {
    Rejection::Unsigned
}

impl<'d, 'e> Run<'d, 'e> {
    pub(in crate::saml) fn new(
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

    pub(super) fn envelope(&self) -> Result<&Envelope<'d>, Rejection> {
        self.envelope.as_ref().ok_or_else(out_of_order)
    }

    pub(super) fn contents(&self) -> Result<&Contents<'d>, Rejection> {
        self.contents.as_ref().ok_or_else(out_of_order)
    }

    /// What `encrypted` decrypts to, as a document of its own.
    pub(super) fn decrypt(&self, encrypted: Node<'_>) -> Result<Node<'d>, Rejection> {
        Ok(self.plaintext.open(encrypted, self.keys.decryption())?)
    }

    /// The assertion, once every rule has held.
    pub(in crate::saml) fn accept(self) -> Result<Assertion, Rejection> {
        let contents = self.contents()?;
        let proof = self.proof.as_ref().ok_or_else(out_of_order)?;
        let bearer = self.bearer.and_then(|i| contents.bearers.get(i)).ok_or_else(out_of_order)?;
        let key = proof.assertion.key();
        Assertion::accept(contents, bearer, &self.expect.idp, proof.part, key)
            .ok_or_else(out_of_order)
    }

    pub(super) fn check_not_too_late(
        &self,
        bound: TimeBound,
        at: DateTime<Utc>,
    ) -> Result<(), Rejection> {
        let skew = self.expect.clock_skew;
        if skew.is_too_late(self.now, at) {
            let skew_seconds = skew.as_delta().num_seconds();
            return Err(Rejection::Expired { bound, at, now: self.now, skew_seconds });
        }
        Ok(())
    }
}

pub(super) fn check_issuer(
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

pub(super) fn check_in_response_to(
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
