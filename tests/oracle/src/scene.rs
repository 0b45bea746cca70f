//! One identity provider, one service provider, and everybody's opinion of what the one sends to
//! the other.

use actix_saml::crypto::{
    Certificate, CertificateRequest, KeyShape, PrivateKey, SignatureAlgorithm,
};
use actix_saml::idp::{
    Draft, Issuance, Person, Personality, ReplyTo, SignedParts, SigningKey, TestIdp, TestKeys,
    Validity,
};
use actix_saml::saml::metadata::TEST_KEY_MARK;
use actix_saml::saml::{
    Assertion, ClockSkew, EntityId, Expectations, ExpectedRequest, Keys, Rejection, RequestedAuthn,
    RequireSigned, validate,
};
use chrono::{DateTime, SubsecRound, Utc};

use crate::Trouble;
use crate::stranger::Stranger;

/// The request that is answered.
pub const REQUEST: &str = "_4fee3b046395c4e751011e97f8900b52a1b2c3d4";
/// The service provider.
pub const SP: &str = "https://rota.example.org/saml/metadata";
/// Its consumer.
pub const ACS: &str = "https://rota.example.org/saml/acs";

/// Both sides of a sign-in. The time is that of the machine: samael knows no other.
pub struct Scene {
    /// The test identity provider.
    pub idp: TestIdp,
    /// samael.
    pub stranger: Stranger,
    /// The key that signs, in DER form.
    pub key_der: Vec<u8>,
    now: DateTime<Utc>,
    expect: Expectations,
    keys: Keys,
}

impl Scene {
    /// A scene with a new key of this shape, and an identity provider like AD FS.
    ///
    /// # Errors
    /// When a key cannot be made.
    pub fn new(shape: KeyShape) -> Result<Self, Trouble> {
        Self::of(Personality::Adfs, shape)
    }

    /// The same with an identity provider like this.
    ///
    /// # Errors
    /// When a key cannot be made.
    pub fn of(personality: Personality, shape: KeyShape) -> Result<Self, Trouble> {
        let validity = Validity::of_tests();
        let key = PrivateKey::generate(shape)?;
        let request = CertificateRequest {
            common_name: TEST_KEY_MARK,
            organisation: None,
            hosts: &[],
            not_before: validity.not_before,
            not_after: validity.not_after,
        };
        let certificate = Certificate::self_signed(&key, &request)?;
        let pem = key.to_pem()?;
        let key_der =
            openssl::pkey::PKey::private_key_from_pem(pem.as_bytes())?.private_key_to_der()?;
        let signing = SigningKey::new(key, certificate)?;
        let keys = TestKeys::new(signing.clone(), signing);
        let idp = TestIdp::at(personality, "https://fs.nhsmail.test", keys)?;
        let certificate = idp.keys.current().certificate().clone();
        let stranger = Stranger::new(idp.entity_id.as_str(), certificate.as_der(), SP, ACS)?;
        let expect = Expectations {
            idp: idp.entity_id.clone(),
            sp: EntityId::new(SP)?,
            acs_url: ACS.to_owned(),
            request: ExpectedRequest::Id(REQUEST.to_owned()),
            require_signed: RequireSigned::Either,
            clock_skew: ClockSkew::default(),
            authn: RequestedAuthn::default(),
        };
        let keys = Keys::new(vec![certificate.public_key().clone()])?;
        // One time for all: an honest response would say so to the millisecond.
        let now = Utc::now().trunc_subsecs(3);
        Ok(Self { idp, stranger, key_der, now, expect, keys })
    }

    /// A response as the identity provider drafts it for one of its people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn draft(
        &self,
        signed: SignedParts,
        algorithm: SignatureAlgorithm,
    ) -> Result<Draft, Trouble> {
        let mut idp = self.idp.clone();
        idp.issuance = Issuance { signed, algorithm, ..Issuance::of(idp.personality) };
        let reply_to = ReplyTo {
            request_id: Some(REQUEST.to_owned()),
            acs_url: ACS.to_owned(),
            audience: SP.to_owned(),
            class_ref: None,
        };
        Ok(idp.draft(&reply_to, &self.person()?, self.now)?)
    }

    /// The same, signed.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn response(
        &self,
        signed: SignedParts,
        algorithm: SignatureAlgorithm,
    ) -> Result<String, Trouble> {
        Ok(self.draft(signed, algorithm)?.sign(self.idp.keys.current())?)
    }

    fn person(&self) -> Result<Person, Trouble> {
        Ok(self.idp.people.first().ok_or("nobody works there")?.clone())
    }

    /// The product's opinion.
    ///
    /// # Errors
    /// The rejection.
    pub fn ours(&self, xml: &str) -> Result<Assertion, Rejection> {
        validate(xml.as_bytes(), &self.expect, &self.keys, self.now)
    }

    /// The certificate of the key that signs.
    ///
    /// # Errors
    /// When OpenSSL cannot write it.
    pub fn certificate_pem(&self) -> Result<String, Trouble> {
        Ok(self.idp.keys.current().certificate().to_pem()?)
    }
}
