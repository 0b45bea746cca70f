use crate::saml::names::ASSERTION;
use crate::xml::{Document, Limits, Node};

/// A session that was begun at a service provider, by the names that log-out has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedSession {
    /// The relying party's identifier: the audience.
    pub relying_party: String,
    /// The value of `NameID`.
    pub name_id: String,
    /// Its `Format`, if one was written.
    pub format: Option<String>,
    /// `SessionIndex`
    pub session_index: String,
}

impl IssuedSession {
    /// The session that a response begins. `None` when it has no `NameID` or no `SessionIndex`:
    /// nobody can be signed out of such a one.
    pub fn of_response(xml: &str) -> Option<Self> {
        let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE).ok()?;
        let only = |local: &str| {
            let mut found = document.elements().filter(|n| n.is(ASSERTION, local));
            found.next().filter(|_| found.next().is_none())
        };
        let name_id = only("NameID")?;
        Some(Self {
            relying_party: only("Audience").and_then(Node::text)?.to_owned(),
            name_id: name_id.text()?.to_owned(),
            format: name_id.attribute("Format").map(str::to_owned),
            session_index: only("AuthnStatement")?.attribute("SessionIndex")?.to_owned(),
        })
    }
}
