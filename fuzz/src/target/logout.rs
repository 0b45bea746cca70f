use actix_saml::saml::binding::RedirectMessage;
use actix_saml::saml::logout::ReceivedLogout;
use actix_saml::saml::names::{ASSERTION, PROTOCOL};
use actix_saml::saml::parse_instant;
use chrono::TimeDelta;
use roxmltree::{Document, Node};

use super::choice;
use crate::logout::{ID, SAID, SLO, as_posted, query, said};
use crate::message::{IDP, REQUEST_ID, SKEW_SECONDS, now};
use crate::re_sign::re_sign;

/// The first byte says how a log-out message comes: in a form as it is; in a form, signed again by
/// the identity provider; in a query as it is; in a query that the identity provider has signed.
/// What comes as it is says what an honest one says; what is signed again keeps every rule in the
/// eyes of another reader. Returns whether it is accepted.
pub fn logout(data: &[u8]) -> bool {
    let (mode, rest) = choice(data);
    let Ok(text) = std::str::from_utf8(rest) else { return false };
    match mode % 4 {
        0 => was_said(said(as_posted(text))),
        1 => {
            let xml = re_sign(text);
            let said = said(as_posted(&xml));
            said.inspect(|said| keeps_the_rules(&xml, said)).is_some()
        }
        2 => was_said(by_query(text)),
        _ => {
            let said = query(text).and_then(|query| by_query(&query));
            said.inspect(|said| keeps_the_rules(text, said)).is_some()
        }
    }
}

fn by_query(query: &str) -> Option<String> {
    let message = RedirectMessage::read(query).ok()?;
    said(ReceivedLogout::Redirect(&message))
}

fn was_said(said: Option<String>) -> bool {
    said.inspect(|said| assert!(SAID.contains(said), "a forgery: {said}")).is_some()
}

fn text(node: Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|n| n.text()).collect()
}

fn keeps_the_rules(xml: &str, said: &str) {
    let document = Document::parse(xml).expect("another reader reads it");
    let root = document.root_element();
    let children = |space: &'static str, local: &'static str| {
        root.children().filter(move |n| n.has_tag_name((space, local)))
    };
    assert_eq!(root.attribute("Version"), Some("2.0"));
    assert_eq!(root.attribute("Destination"), Some(SLO));
    let issuers: Vec<_> = children(ASSERTION, "Issuer").map(text).collect();
    assert_eq!(issuers, [IDP.entity_id.as_str()]);
    let issued = root.attribute("IssueInstant").and_then(parse_instant).expect("a time");
    let skew = TimeDelta::seconds(i64::from(SKEW_SECONDS));
    assert!(issued <= now() + skew && now() < issued + TimeDelta::minutes(5) + skew, "{issued}");
    if root.has_tag_name((PROTOCOL, "LogoutResponse")) {
        assert_eq!(root.attribute("InResponseTo"), Some(REQUEST_ID));
        assert_eq!(children(PROTOCOL, "Status").count(), 1);
        return;
    }
    assert!(root.has_tag_name((PROTOCOL, "LogoutRequest")));
    let id = root.attribute("ID").expect("an ID");
    assert!(said.starts_with(&format!("{id} ")) || id == ID, "{said}");
    let indexes: Vec<_> = children(PROTOCOL, "SessionIndex").map(text).collect();
    assert!(indexes.iter().all(|index| !index.trim().is_empty()));
    assert!(said.contains(&format!("{indexes:?}")), "{indexes:?} in {said}");
    let names: Vec<_> = children(ASSERTION, "NameID").map(text).collect();
    let encrypted = children(ASSERTION, "EncryptedID").count();
    assert_eq!(names.len() + encrypted, 1, "one name");
    for name in names {
        assert!(said.contains(&format!("value: {name:?}")), "{name:?} in {said}");
    }
    if let Some(end) = root.attribute("NotOnOrAfter") {
        assert!(now() < parse_instant(end).expect("a time") + skew, "{end}");
    }
}
