//! Makes the messages of one sign-in. The hand is the identity provider's own: nothing here knows
//! how a service provider judges.

use chrono::{DateTime, TimeDelta, Utc};

use super::case::Trouble;
use super::setup::Setup;
use super::surgery;
use crate::crypto::Certificate;
use crate::idp::{
    Draft, NameIdRule, Person, Personality, ReplyTo, SignedParts, SigningKey, TestIdp,
};
use crate::xmlenc::EncryptionStyle;

/// `ID` of a forged assertion.
pub(super) const FORGED_ID: &str = "_0000e411-0000-4000-8000-00000000e411";
/// `ID` of a forged response.
pub(super) const FORGED_RESPONSE_ID: &str = "_0000e412-0000-4000-8000-00000000e412";
/// What makes somebody else's mail address of the victim's.
pub(super) const LONGER_MAIL: &str = ".elsewhere.example";
/// What makes somebody else's name of the victim's.
pub(super) const LONGER_NAME: &str = "-Elsewhere";
/// An address that nobody has.
pub(super) const ELSEWHERE: &str = "https://elsewhere.example/saml/acs";

/// What goes into the answer to one request.
#[derive(Clone, Debug)]
pub(super) struct Maker<'m> {
    pub(super) setup: &'m Setup,
    pub(super) idp: TestIdp,
    pub(super) reply_to: ReplyTo,
    pub(super) person: Person,
    pub(super) now: DateTime<Utc>,
}

impl Maker<'_> {
    /// The key that signs.
    pub(super) fn key(&self) -> &SigningKey {
        self.idp.keys.current()
    }

    /// A key that the service provider has never heard of.
    pub(super) fn stranger(&self) -> &SigningKey {
        &self.setup.stranger
    }

    /// Somebody else, whom the sender would like to be.
    pub(super) fn victim(&self) -> &Person {
        &self.setup.victim
    }

    /// The response before it is signed.
    pub(super) fn draft(&self) -> Result<Draft, Trouble> {
        self.draft_for(&self.person)
    }

    /// The same for somebody else.
    pub(super) fn draft_for(&self, person: &Person) -> Result<Draft, Trouble> {
        self.idp.draft(&self.reply_to, person, self.now).map_err(|error| Trouble::made(&error))
    }

    /// The same from an identity provider with other settings.
    pub(super) fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = self.clone();
        change(&mut other);
        other
    }

    /// The same in another style of writing.
    pub(super) fn in_style(&self, personality: Personality) -> Self {
        self.with(|maker| maker.idp.personality = personality)
    }

    /// The same with these parts signed.
    pub(super) fn signing(&self, signed: SignedParts) -> Self {
        self.with(|maker| maker.idp.issuance.signed = signed)
    }

    /// The same at another time.
    pub(super) fn at(&self, offset: TimeDelta) -> Self {
        self.with(|maker| {
            maker.now = maker.now.checked_add_signed(offset).unwrap_or(maker.now);
        })
    }

    /// The same with a `NameID` of this format.
    pub(super) fn with_name_id_format(&self, format: &str) -> Self {
        let format = Some(format.to_owned());
        self.with(|maker| maker.idp.issuance.name_id = NameIdRule::Issued { format })
    }

    /// A response as it should be.
    pub(super) fn response(&self) -> Result<String, Trouble> {
        self.sign(&self.draft()?)
    }

    /// Signs with the key that counts.
    pub(super) fn sign(&self, draft: &Draft) -> Result<String, Trouble> {
        self.sign_by(draft, self.key())
    }

    /// Signs with any key.
    pub(super) fn sign_by(&self, draft: &Draft, key: &SigningKey) -> Result<String, Trouble> {
        draft.sign(key).map_err(|error| Trouble::made(&error))
    }

    /// Changes the draft, then signs it: what an identity provider would send that is wrong itself.
    pub(super) fn edited(
        &self,
        edit: impl FnOnce(&str) -> Result<String, Trouble>,
    ) -> Result<String, Trouble> {
        let mut draft = self.draft()?;
        draft.xml = edit(&draft.xml)?;
        self.sign(&draft)
    }

    /// Changes the response after it was signed.
    pub(super) fn spoilt(
        &self,
        edit: impl FnOnce(&str) -> Result<String, Trouble>,
    ) -> Result<String, Trouble> {
        edit(&self.response()?)
    }

    /// The text about the sender as if it were about the victim.
    pub(super) fn as_victim(&self, xml: &str) -> Result<String, Trouble> {
        let (sender, victim) = (&self.person, self.victim());
        let xml = surgery::replace_all(xml, &sender.user_name, &victim.user_name)?;
        Ok(xml.replace(&sender.display_name, &victim.display_name))
    }

    /// An assertion about the victim, of the sender's making and without a signature. `xml` is a
    /// response of the sender's.
    pub(super) fn forged_assertion(&self, xml: &str) -> Result<String, Trouble> {
        let assertion = surgery::part(xml, "Assertion")?.text;
        let bare = surgery::without(&assertion, "Signature").unwrap_or(assertion);
        let forged = surgery::set(&bare, "Assertion", "ID", Some(FORGED_ID))?;
        self.as_victim(&forged)
    }

    /// The certificate to encrypt to.
    pub(super) fn recipient(&self) -> Result<&Certificate, Trouble> {
        self.setup.relying_party.encryption.as_ref().ok_or(Trouble::NotApplicable(
            "its metadata holds no key for encryption, so nothing is encrypted to it",
        ))
    }

    /// Puts `EncryptedAssertion` in the place of the assertion.
    pub(super) fn seal(
        &self,
        xml: &str,
        recipient: &Certificate,
        style: &EncryptionStyle,
    ) -> Result<String, Trouble> {
        let part = surgery::part(xml, "Assertion")?;
        Ok(part.with(&self.sealed(&part.text, recipient, style)?))
    }

    /// An `EncryptedAssertion` around any text.
    pub(super) fn sealed(
        &self,
        plain: &str,
        recipient: &Certificate,
        style: &EncryptionStyle,
    ) -> Result<String, Trouble> {
        let data = crate::xmlenc::encrypt(plain, recipient, style)
            .map_err(|error| Trouble::made(&error))?;
        let namespace = crate::saml::names::ASSERTION;
        Ok(format!("<EncryptedAssertion xmlns=\"{namespace}\">{data}</EncryptedAssertion>"))
    }
}
