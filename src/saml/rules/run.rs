//! What the rules hand on to one another, and what several of them check.

use chrono::{DateTime, Utc};

use crate::dsig::{DsigError, Signed};
use crate::saml::assertion::{Assertion, SignedPart};
use crate::saml::contents::{Contents, SignedContents};
use crate::saml::envelope::Envelope;
use crate::saml::expectations::Expectations;
use crate::saml::keys::Keys;
use crate::saml::names::{ASSERTION, FORMAT_ENTITY};
use crate::saml::plaintext::Plaintext;
use crate::saml::rejection::{Rejection, Role, TimeBound};
use crate::xml::{Document, Node};
use crate::xmlenc::DecryptionKey;

/// One response on its way through the rules. Each rule finds what earlier ones left.
pub(in crate::saml) struct Run<'d, 'e> {
    pub(in crate::saml) document: &'d Document<'d>,
    pub(in crate::saml) expect: &'e Expectations,
    pub(super) keys: KeySet<'e>,
    pub(in crate::saml) now: DateTime<Utc>,
    pub(super) plaintext: &'d Plaintext<'d>,
    pub(super) envelope: Option<Envelope<'d>>,
    pub(super) assertions: usize,
    pub(super) proof: Option<Proof<'d>>,
    /// The assertion as it stands in the message or in what it decrypts to, whoever wrote it.
    pub(super) standing: Option<Node<'d>>,
    pub(super) contents: Option<SignedContents<'d>>,
    /// For a walk alone. No assertion is ever made of these.
    unsigned: Option<Contents<'d>>,
    pub(super) bearer: Option<usize>,
}

/// The keys of one run.
#[derive(Clone, Copy)]
pub(in crate::saml) struct KeySet<'e> {
    /// In a walk they may not be known, and then nothing verifies.
    pub(in crate::saml) signing: Option<&'e Keys>,
    pub(in crate::saml) decryption: &'e [DecryptionKey],
}

impl<'e> From<&'e Keys> for KeySet<'e> {
    fn from(keys: &'e Keys) -> Self {
        Self { signing: Some(keys), decryption: keys.decryption() }
    }
}

/// That the assertion was signed.
#[derive(Clone, Copy)]
pub(super) struct Proof<'d> {
    pub(super) assertion: Signed<'d>,
    pub(super) part: SignedPart,
    pub(super) uses_sha1: bool,
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
        keys: KeySet<'e>,
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
            standing: None,
            contents: None,
            unsigned: None,
            bearer: None,
        }
    }

    pub(super) fn envelope(&self) -> Result<&Envelope<'d>, Rejection> {
        self.envelope.as_ref().ok_or_else(out_of_order)
    }

    pub(super) fn contents(&self) -> Result<&Contents<'d>, Rejection> {
        let signed = self.contents.as_ref().map(SignedContents::contents);
        signed.or(self.unsigned.as_ref()).ok_or_else(out_of_order)
    }

    /// Verifies the signature of an element of this role.
    pub(super) fn verify(
        &self,
        element: Node<'d>,
        signature: Node<'d>,
        role: Role,
    ) -> Result<Signed<'d>, Rejection> {
        let verdict = match self.keys.signing {
            Some(keys) => keys.verify(element, signature, self.now),
            None => Err(DsigError::AlgorithmKeyMismatch),
        };
        verdict.map_err(|error| Rejection::Signature { role, error })
    }

    /// What `encrypted` decrypts to, as a document of its own.
    pub(super) fn decrypt(&self, encrypted: Node<'d>) -> Result<Node<'d>, Rejection> {
        Ok(self.plaintext.open(encrypted, self.keys.decryption)?)
    }

    /// The assertion, once every rule has held.
    pub(in crate::saml) fn accept(self) -> Result<Assertion, Rejection> {
        let contents = self.contents.as_ref().ok_or_else(out_of_order)?;
        let proof = self.proof.as_ref().ok_or_else(out_of_order)?;
        let bearer = self.bearer.ok_or_else(out_of_order)?;
        Assertion::accept(contents, bearer, &self.expect.idp, proof.part, proof.uses_sha1)
            .ok_or_else(out_of_order)
    }

    pub(in crate::saml) fn has_no_keys(&self) -> bool {
        self.keys.signing.is_none()
    }

    /// Which signatures vouch for the assertion, if any do.
    pub(in crate::saml) fn signed_part(&self) -> Option<SignedPart> {
        self.proof.as_ref().map(|proof| proof.part)
    }

    /// Reads the assertion although nothing vouches for it, so that a walk can go on. `None` when
    /// it is encrypted and does not decrypt.
    pub(in crate::saml) fn read_unsigned(&mut self) -> Option<Result<(), Rejection>> {
        let standing = match self.standing {
            Some(standing) => standing,
            None => {
                let element = self.envelope.as_ref()?.assertion?;
                match element.is(ASSERTION, "Assertion") {
                    true => element,
                    false => self.decrypt(element).ok()?,
                }
            }
        };
        let contents = Contents::read_unsigned(standing, self.plaintext, self.keys.decryption);
        Some(contents.map(|contents| self.unsigned = Some(contents)))
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
