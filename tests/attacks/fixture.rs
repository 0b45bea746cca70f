//! Honest messages in the shape that AD FS gives them, before and after signing.

use std::io::Write as _;

use actix_saml::crypto::SignatureAlgorithm;
use actix_saml::dsig::{KeyInfoStyle, Place, SignatureStyle, sign_enveloped};
use actix_saml::saml::{
    Assertion, ClockSkew, EntityId, Expectations, ExpectedRequest, Keys, RULES, Rejection,
    RequestedAuthn, RequireSigned, names, parse_instant, validate, walk,
};
use actix_saml::xml::{C14n, EmptyTag};
use chrono::{DateTime, Utc};

use crate::keys_of_tests::{IDP_KEY, Pair};

pub const IDP: &str = "http://fs.test.nhs.example/adfs/services/trust";
pub const SP: &str = "https://rota.example.nhs.uk/saml";
pub const ACS: &str = "https://rota.example.nhs.uk/saml/acs";
pub const REQUEST_ID: &str = "_f00dfacef00dfacef00dfacef00dfacef00dface";
pub const RESPONSE_ID: &str = "_5b7c2c5e-31a8-4d39-9a0f-5f0a6f0d1c01";
pub const ASSERTION_ID: &str = "_0c9d1e77-4be2-47f0-8f10-2d6c3b9a7e02";
/// The reference of the assertion's signature.
pub const HASH_ID: &str = "#_0c9d1e77-4be2-47f0-8f10-2d6c3b9a7e02";
pub const NURSE: &str = "test.nurse1@nhs.net";
/// Whom the attacker would like to be.
pub const ADMIN: &str = "test.admin9@nhs.net";
pub const MAIL: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
pub const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

/// When the message was issued; [`now`] is five seconds later.
pub const ISSUED: &str = "2026-11-22T10:00:00.000Z";
pub const NOT_ON_OR_AFTER: &str = "2026-11-22T11:00:00.000Z";
pub const CONFIRMED_UNTIL: &str = "2026-11-22T10:05:00.000Z";

pub fn instant(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

pub fn now() -> DateTime<Utc> {
    instant("2026-11-22T10:00:05.000Z")
}

/// What the service provider of these tests expects.
pub fn expectations() -> Expectations {
    Expectations {
        idp: EntityId::new(IDP).unwrap(),
        sp: EntityId::new(SP).unwrap(),
        acs_url: ACS.to_owned(),
        request: ExpectedRequest::Id(REQUEST_ID.to_owned()),
        require_signed: RequireSigned::Either,
        clock_skew: ClockSkew::from_seconds(120).unwrap(),
        authn: RequestedAuthn::default(),
    }
}

/// A message that is not signed yet.
#[derive(Clone)]
pub struct Draft {
    pub xml: String,
    pub pair: &'static Pair,
    pub algorithm: SignatureAlgorithm,
    pub style: SignatureStyle,
}

impl Draft {
    /// As AD FS writes it: attributes in its order, the assertion in the default namespace, empty
    /// elements with a space, a confirmation of five minutes and conditions of an hour.
    pub fn adfs() -> Self {
        let assertion = names::ASSERTION;
        let xml = [
            format!(
                r#"<samlp:Response ID="{RESPONSE_ID}" Version="2.0" IssueInstant="{ISSUED}" Destination="{ACS}" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" InResponseTo="{REQUEST_ID}" xmlns:samlp="{}">"#,
                names::PROTOCOL
            ),
            format!(r#"<Issuer xmlns="{assertion}">{IDP}</Issuer>"#),
            format!(r#"<samlp:Status><samlp:StatusCode Value="{}" /></samlp:Status>"#, names::SUCCESS),
            format!(
                r#"<Assertion ID="{ASSERTION_ID}" IssueInstant="{ISSUED}" Version="2.0" xmlns="{assertion}"><Issuer>{IDP}</Issuer>"#
            ),
            format!(
                r#"<Subject><NameID>{NURSE}</NameID><SubjectConfirmation Method="{}"><SubjectConfirmationData InResponseTo="{REQUEST_ID}" NotOnOrAfter="{CONFIRMED_UNTIL}" Recipient="{ACS}" /></SubjectConfirmation></Subject>"#,
                names::BEARER
            ),
            format!(
                r#"<Conditions NotBefore="{ISSUED}" NotOnOrAfter="{NOT_ON_OR_AFTER}"><AudienceRestriction><Audience>{SP}</Audience></AudienceRestriction></Conditions>"#
            ),
            format!(
                r#"<AttributeStatement><Attribute Name="{MAIL}"><AttributeValue>{NURSE}</AttributeValue></Attribute><Attribute Name="{ROLE}"><AttributeValue>nurse</AttributeValue><AttributeValue>ward 7</AttributeValue></Attribute></AttributeStatement>"#
            ),
            format!(
                r#"<AuthnStatement AuthnInstant="2026-11-22T09:12:44.000Z" SessionIndex="{ASSERTION_ID}"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</AuthnContextClassRef></AuthnContext></AuthnStatement>"#
            ),
            "</Assertion></samlp:Response>".to_owned(),
        ]
        .concat();
        Self {
            xml,
            pair: &IDP_KEY,
            algorithm: SignatureAlgorithm::RsaSha256,
            style: SignatureStyle {
                prefix: "ds",
                key_info: KeyInfoStyle::OuterUnprefixed,
                empty: EmptyTag::Spaced,
                c14n: C14n::Exclusive,
            },
        }
    }

    /// As Entra writes it: no `Consent`, signatures without a prefix, empty elements without a
    /// space, NotBefore five minutes early, the same end for everything.
    pub fn entra() -> Self {
        let mut draft = Self::adfs()
            .edit(r#" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified""#, "")
            .edit(&format!(r#"NotBefore="{ISSUED}""#), r#"NotBefore="2026-11-22T09:55:00.000Z""#)
            .edit(CONFIRMED_UNTIL, NOT_ON_OR_AFTER)
            .edit(
                "<NameID>",
                r#"<NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">"#,
            );
        draft.xml = draft.xml.replace(" />", "/>");
        draft.style = SignatureStyle {
            prefix: "",
            key_info: KeyInfoStyle::Plain,
            empty: EmptyTag::Tight,
            c14n: C14n::Exclusive,
        };
        draft
    }

    /// Replaces the one place where `from` stands.
    pub fn edit(mut self, from: &str, to: &str) -> Self {
        self.xml = edit(&self.xml, from, to);
        self
    }

    /// Another key, with the algorithm that suits it.
    pub fn key(mut self, pair: &'static Pair) -> Self {
        self.pair = pair;
        self.algorithm = pair.key.default_algorithm();
        self
    }

    pub fn algorithm(mut self, algorithm: SignatureAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Signs the element of this ID, behind its `Issuer`.
    pub fn sign(mut self, id: &str) -> Self {
        let place = Place::After { namespace: names::ASSERTION, local: "Issuer" };
        let Self { pair, algorithm, style, .. } = &self;
        let certificate = Some(&pair.certificate);
        self.xml = sign_enveloped(&self.xml, id, place, &pair.key, *algorithm, certificate, style)
            .unwrap();
        self
    }

    /// Sends it as it is.
    pub fn send(self) -> Message {
        Message(self.xml)
    }

    /// Signs the assertion: what AD FS does unless told otherwise.
    pub fn signed(self) -> Message {
        self.sign(ASSERTION_ID).send()
    }

    /// Signs the response alone.
    pub fn response_signed(self) -> Message {
        self.sign(RESPONSE_ID).send()
    }

    /// Signs the assertion and then the response around it.
    pub fn both_signed(self) -> Message {
        self.sign(ASSERTION_ID).sign(RESPONSE_ID).send()
    }
}

/// The honest message of AD FS, with its assertion signed.
pub fn honest() -> Message {
    Draft::adfs().signed()
}

/// A message on its way, where an attacker may change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(pub String);

impl Message {
    /// Replaces the one place where `from` stands.
    pub fn edit(self, from: &str, to: &str) -> Self {
        Self(edit(&self.0, from, to))
    }

    /// What the service provider of these tests says to it.
    pub fn verdict(&self) -> Result<Assertion, Rejection> {
        self.verdict_by(&expectations(), &IDP_KEY.alone())
    }

    pub fn verdict_expecting(&self, expect: &Expectations) -> Result<Assertion, Rejection> {
        self.verdict_by(expect, &IDP_KEY.alone())
    }

    pub fn verdict_trusting(&self, keys: &Keys) -> Result<Assertion, Rejection> {
        self.verdict_by(&expectations(), keys)
    }

    pub fn verdict_by(&self, expect: &Expectations, keys: &Keys) -> Result<Assertion, Rejection> {
        let verdict = crate::witness::watch(self, keys, Rejection::code, || {
            validate(self.0.as_bytes(), expect, keys, now())
        });
        agrees_with_walk(self.0.as_bytes(), expect, keys, &verdict);
        verdict
    }

    /// Accepted, and for the right person.
    #[track_caller]
    pub fn accepted(&self) -> Assertion {
        let assertion = self.verdict().unwrap_or_else(|r| panic!("refused: {r:?}\n{}", self.0));
        assert_eq!(assertion.id(), ASSERTION_ID);
        if let Some(name_id) = assertion.name_id() {
            assert_eq!(name_id.value, NURSE);
        }
        assertion
    }

    /// Refused for exactly this reason.
    #[track_caller]
    pub fn refused(&self, expected: Rejection) {
        assert_eq!(self.verdict(), Err(expected), "{}", self.0);
    }
}

/// A walk over the rules says what the verdict is, whatever else it says.
#[track_caller]
pub fn agrees_with_walk(
    response: &[u8],
    expect: &Expectations,
    keys: &Keys,
    verdict: &Result<Assertion, Rejection>,
) {
    let walk = walk(response, expect, Some(keys), keys.decryption(), now());
    assert_eq!(walk.steps.len(), RULES.len() + 1);
    let first_failure = walk.first_failure().map(|(_, rejection)| rejection);
    assert_eq!(first_failure, verdict.as_ref().err(), "{walk:#?}");
    assert_eq!(walk.all_held(), verdict.is_ok(), "{walk:#?}");
    if let Ok(assertion) = verdict {
        assert_eq!(walk.signed, Some(assertion.signed()));
    }
}

/// `text` with the one place where `from` stands replaced.
#[track_caller]
pub fn edit(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from:?} must stand once in {text}");
    text.replacen(from, to, 1)
}

/// Says that a test did not run. Not by a macro: what those print is hidden when a test passes.
pub fn skipped(why: &str) {
    let mut stderr = std::io::stderr().lock();
    writeln!(stderr, "SKIPPED: {why}").unwrap();
}
