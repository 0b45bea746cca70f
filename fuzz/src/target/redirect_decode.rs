use std::slice;

use actix_saml::idp::Received;
use actix_saml::saml::binding::{MessageParameter, RedirectFault, RedirectMessage, redirect_url};
use url::Url;
use url::form_urlencoded;

use super::choice;
use crate::keys::IDP_EC;
use crate::message::{SIGNED_RELAY_STATE, request};

/// The longest message, as documented.
const MOST: usize = 65_536;

/// First bytes with remainder 1 or 3 by four have a message and a RelayState that we send, not
/// signed and signed: they arrive as they left. Others have a query as it came: what is accepted is
/// within the limit, names nothing twice, and is signed only if it is the one that was signed. The
/// test identity provider, which reads by itself, finds the same.
pub fn redirect_decode(data: &[u8]) {
    let (mode, rest) = choice(data);
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match mode % 4 {
        1 => sent(text, false),
        3 => sent(text, true),
        _ => came(text),
    }
}

fn came(query: &str) {
    let message = RedirectMessage::read(query);
    let received = Received::from_query(query);
    if let (Err(fault), Ok(_)) = (&message, &received) {
        // What the test identity provider does not mind, or takes no notice of.
        assert!(
            matches!(
                fault,
                RedirectFault::QueryLength { .. }
                    | RedirectFault::MessageLength { .. }
                    | RedirectFault::Encoding { .. }
                    | RedirectFault::TwoMessages
                    | RedirectFault::Repeated { name: "SAMLResponse" | "SAMLEncoding" }
            ),
            "{fault}"
        );
    }
    let Ok(message) = message else { return };
    assert!(message.xml().len() <= MOST);
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let count = |name: &str| pairs.iter().filter(|(key, _)| key == name).count();
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, v)| &**v);
    assert_eq!(count("SAMLRequest") + count("SAMLResponse"), 1);
    assert_eq!(count(message.parameter().as_str()), 1);
    for name in ["RelayState", "SigAlg", "Signature", "SAMLEncoding"] {
        assert!(count(name) <= 1, "{name} twice");
    }
    assert_eq!(message.relay_state(), value("RelayState"));
    assert_eq!(message.signature().map(|s| s.algorithm()), value("SigAlg"));
    assert_eq!(message.signature().is_some(), value("Signature").is_some());
    if message.signature().is_some_and(|s| s.verify(slice::from_ref(&IDP_EC.public)).is_ok()) {
        assert_eq!(message.xml(), request().as_bytes(), "a forgery");
        assert_eq!(message.relay_state(), Some(SIGNED_RELAY_STATE), "a forgery");
        assert_eq!(message.parameter(), MessageParameter::Request, "a forgery");
    }
    if message.parameter() == MessageParameter::Request {
        let received = received.expect("the same to another reader");
        assert_eq!(received.xml, message.xml());
        assert_eq!(received.relay_state.as_deref(), message.relay_state());
        let algorithm = received.query_signature.as_ref().map(|s| &*s.algorithm);
        assert_eq!(algorithm, message.signature().map(|s| s.algorithm()));
    }
}

fn sent(text: &str, signed: bool) {
    let (relay_state, xml) = text.split_once('\n').unwrap_or(("", text));
    let endpoint = Url::parse("https://fs.nhsmail.test/adfs/ls/?wa=1").expect("an address");
    let key = signed.then(|| (&IDP_EC.key, IDP_EC.key.default_algorithm()));
    let url = redirect_url(&endpoint, xml, relay_state, key).expect("a redirect");
    assert_eq!(url.origin(), endpoint.origin());
    assert!(url.fragment().is_none());
    let query = url.query().expect("a query");
    let received = Received::from_query(query).expect("our own message");
    assert_eq!(received.xml, xml.as_bytes());
    assert_eq!(received.relay_state.as_deref(), Some(relay_state));
    assert_eq!(received.query_signature.is_some(), signed);
    let message = match RedirectMessage::read(query) {
        // No XML that we send shrinks to a sixty-fourth, but anything goes here.
        Err(RedirectFault::MessageLength { limit }) => return assert!(xml.len() > limit),
        other => other.expect("our own message"),
    };
    assert_eq!(message.xml(), xml.as_bytes());
    assert_eq!(message.relay_state(), Some(relay_state));
    assert_eq!(message.signature().is_some(), signed);
    if let Some(signature) = message.signature() {
        assert_eq!(signature.verify(slice::from_ref(&IDP_EC.public)), Ok(0));
        assert!(signature.verify(&[]).is_err());
    }
}
