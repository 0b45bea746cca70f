use actix_saml::idp::Received;
use actix_saml::saml::binding::redirect_url;
use url::Url;
use url::form_urlencoded;

use super::choice;
use crate::keys::IDP_EC;

/// The longest message, as documented.
const MOST: usize = 65_536;

/// An even first byte has a query as it came: what is accepted is within the limit, names nothing
/// twice, and is said to be signed as it was sent. An odd one has a message and a RelayState that
/// we send: they arrive as they left.
pub fn redirect_decode(data: &[u8]) {
    let (mode, rest) = choice(data);
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match mode % 4 {
        1 | 3 => sent(text, mode % 4 == 3),
        _ => came(text),
    }
}

fn came(query: &str) {
    let Ok(received) = Received::from_query(query) else { return };
    assert!(received.xml.len() <= MOST);
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    for name in ["SAMLRequest", "RelayState", "SigAlg", "Signature"] {
        assert!(pairs.iter().filter(|(key, _)| key == name).count() <= 1, "{name} twice");
    }
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, v)| v.to_string());
    assert_eq!(received.relay_state, value("RelayState"));
    match received.query_signature {
        None => assert!(value("SigAlg").is_none() && value("Signature").is_none()),
        Some(signature) => {
            assert_eq!(Some(signature.algorithm), value("SigAlg"));
            // Each signed part stands in the query, byte for byte.
            let sent: Vec<&str> =
                query.split('&').map(|pair| pair.split_once('=').map_or("", |(_, v)| v)).collect();
            let signed: Vec<&str> = signature.octets.split('&').collect();
            let names = signed.iter().map(|p| p.split_once('=').expect("a name").0);
            let names: Vec<&str> = names.collect();
            assert!(matches!(
                names[..],
                ["SAMLRequest", "SigAlg"] | ["SAMLRequest", "RelayState", "SigAlg"]
            ));
            for pair in signed {
                let (_, value) = pair.split_once('=').expect("a value");
                assert!(sent.contains(&value), "{value:?} was never sent");
            }
        }
    }
}

fn sent(text: &str, signed: bool) {
    let (relay_state, xml) = text.split_once('\n').unwrap_or(("", text));
    let endpoint = Url::parse("https://fs.nhsmail.test/adfs/ls/?wa=1").expect("an address");
    let key = signed.then(|| (&IDP_EC.key, IDP_EC.key.default_algorithm()));
    let url = redirect_url(&endpoint, xml, relay_state, key).expect("a redirect");
    assert_eq!(url.origin(), endpoint.origin());
    assert!(url.fragment().is_none());
    let received = Received::from_query(url.query().expect("a query")).expect("our own message");
    assert_eq!(received.xml, xml.as_bytes());
    assert_eq!(received.relay_state.as_deref(), Some(relay_state));
    assert_eq!(received.query_signature.is_some(), signed);
    if let Some(signature) = received.query_signature {
        let algorithm = IDP_EC.key.default_algorithm();
        assert_eq!(signature.algorithm, algorithm.uri());
        let octets = signature.octets.as_bytes();
        IDP_EC.public.verify(algorithm, octets, &signature.value).expect("our own signature");
    }
}
