//! Log-out messages of the identity provider, and what the service provider expects of them.

use std::sync::LazyLock;

use actix_saml::crypto::SignatureAlgorithm;
use actix_saml::dsig::{KeyInfoStyle, Place, SignatureStyle, sign_enveloped};
use actix_saml::saml::binding::{MessageParameter, redirect_message_url};
use actix_saml::saml::logout::{
    LogoutExpectations, ReceivedLogout, validate_logout_request, validate_logout_response,
};
use actix_saml::saml::{ClockSkew, names};
use actix_saml::xml::{C14n, EmptyTag};
use actix_saml::xmlenc::{EncryptionStyle, encrypt};
use url::Url;

use crate::keys;
use crate::message::{IDP, KEYS, REQUEST_ID, SKEW_SECONDS, now};

pub const SLO: &str = "https://rota.example.nhs.uk/saml/slo";
pub const ID: &str = "_8a4d9f60-5c1b-4c55-8d0b-6a5d9c0e7701";
const NAME: &str = "<NameID>ward.nurse@nhs.net</NameID>";

pub static EXPECTATIONS: LazyLock<LogoutExpectations> = LazyLock::new(|| LogoutExpectations {
    idp: IDP.entity_id.clone(),
    slo_url: SLO.to_owned(),
    clock_skew: ClockSkew::from_seconds(SKEW_SECONDS).expect("a skew"),
});

fn written(local: &str, attributes: &str, inside: &str) -> String {
    format!(
        "<samlp:{local} ID=\"{ID}\" Version=\"2.0\" IssueInstant=\"2026-11-22T10:00:00.000Z\" Destination=\"{SLO}\"{attributes} xmlns:samlp=\"{}\" xmlns=\"{}\"><Issuer>{}</Issuer>{inside}</samlp:{local}>",
        names::PROTOCOL,
        names::ASSERTION,
        IDP.entity_id
    )
}

/// Messages that are right and that nobody has signed yet.
pub static DRAFTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let index = |text: &str| format!("<samlp:SessionIndex>{text}</samlp:SessionIndex>");
    let alone = NAME.replacen('>', &format!(" xmlns=\"{}\">", names::ASSERTION), 1);
    let encrypted = encrypt(&alone, &keys::SP.certificate, &EncryptionStyle::MODERN);
    let status =
        |code: &str| format!("<samlp:Status><samlp:StatusCode Value=\"{code}\"/></samlp:Status>");
    let answers = format!(" InResponseTo=\"{REQUEST_ID}\"");
    vec![
        written("LogoutRequest", "", &[NAME, &index("_1")].concat()),
        written(
            "LogoutRequest",
            " Consent=\"urn:x\" Reason=\"urn:y\" NotOnOrAfter=\"2026-11-22T10:02:00Z\"",
            &[
                "<samlp:Extensions><x xmlns=\"urn:x\"/></samlp:Extensions>",
                NAME,
                &index("_1"),
                &index("_2"),
            ]
            .concat(),
        ),
        written(
            "LogoutRequest",
            "",
            &format!("<EncryptedID>{}</EncryptedID>", encrypted.expect("it is encrypted")),
        ),
        written("LogoutResponse", &answers, &status(names::SUCCESS)),
        written("LogoutResponse", &answers, &status(names::RESPONDER)),
    ]
});

/// The same, signed as they are posted.
pub static HONEST: LazyLock<Vec<String>> = LazyLock::new(|| {
    let style = SignatureStyle {
        prefix: "ds",
        key_info: KeyInfoStyle::Plain,
        empty: EmptyTag::Spaced,
        c14n: C14n::Exclusive,
    };
    let place = Place::After { namespace: names::ASSERTION, local: "Issuer" };
    let algorithm = SignatureAlgorithm::EcdsaSha256;
    let key = &keys::signer(algorithm).key;
    let sign = |xml: &String| sign_enveloped(xml, ID, place, key, algorithm, None, &style);
    DRAFTS.iter().map(|xml| sign(xml).expect("signed")).collect()
});

/// `xml` as the query of a redirect that the identity provider signs.
pub fn query(xml: &str) -> Option<String> {
    let field = match xml.contains("LogoutResponse") {
        true => MessageParameter::Response,
        false => MessageParameter::Request,
    };
    let url = Url::parse(SLO).ok()?;
    let key = Some((&keys::IDP_EC.key, keys::IDP_EC.key.default_algorithm()));
    let url = redirect_message_url(&url, field, xml, Some("a+b/c"), key).ok()?;
    url.query().map(str::to_owned)
}

/// What a message says, if it is accepted.
pub fn said(message: ReceivedLogout<'_>) -> Option<String> {
    let request = validate_logout_request(message, &EXPECTATIONS, &KEYS, now());
    let response = validate_logout_response(message, &EXPECTATIONS, REQUEST_ID, &KEYS, now());
    match (request, response) {
        // A name keeps its value to itself when it is shown.
        (Ok(request), Err(_)) => Some(format!(
            "{} value: {:?} {:?} {:?} {}",
            request.id(),
            request.name_id().value,
            request.name_id(),
            request.session_indexes(),
            request.usable_until()
        )),
        (Err(_), Ok(response)) => Some(format!("{:?}", response.outcome())),
        (Err(_), Err(_)) => None,
        (Ok(_), Ok(_)) => panic!("a request that is a response"),
    }
}

/// What the honest say.
pub static SAID: LazyLock<Vec<String>> = LazyLock::new(|| {
    let read = |xml: &String| said(as_posted(xml)).expect("a seed is accepted");
    HONEST.iter().map(read).collect()
});

/// In the field that is named after the message.
pub fn as_posted(xml: &str) -> ReceivedLogout<'_> {
    let field = match xml.contains("LogoutResponse") {
        true => MessageParameter::Response,
        false => MessageParameter::Request,
    };
    ReceivedLogout::Post { field, xml: xml.as_bytes() }
}
