//! What a service provider's metadata asks of messages. Who refuses what they have asked not to be
//! sent does nothing wrong.

use crate::idp::SignIn;
use crate::saml::names::{ASSERTION, METADATA};
use crate::saml::parse_instant;
use crate::xml::{Document, Limits, Node};

const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
/// Who asks for a fresh sign-in need take none that is older, in seconds.
const FRESH: i64 = 300;

/// What the metadata of a service provider asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// `WantAssertionsSigned`
    signed_assertions: bool,
    /// The texts of `NameIDFormat`.
    name_id_formats: Vec<String>,
    /// The names of what is a `RequestedAttribute` with `isRequired`.
    attributes: Vec<String>,
}

impl Wishes {
    /// Reads the first role of a service provider. What cannot be read asks for nothing.
    pub(super) fn read(metadata: &[u8]) -> Self {
        let Ok(document) = Document::parse(metadata, &Limits::METADATA) else {
            return Self::default();
        };
        let root = document.root();
        let Some(role) = root.elements().find(|n| n.is(METADATA, "SPSSODescriptor")) else {
            return Self::default();
        };
        let formats = role.elements().filter(|n| n.is(METADATA, "NameIDFormat"));
        let required = role
            .elements()
            .filter(|n| n.is(METADATA, "AttributeConsumingService"))
            // AD FS and Entra ID know of one service only.
            .take(1)
            .flat_map(|service| service.elements())
            .filter(|n| n.is(METADATA, "RequestedAttribute") && is_true(n.attribute("isRequired")));
        Self {
            signed_assertions: is_true(role.attribute("WantAssertionsSigned")),
            name_id_formats: formats
                .filter_map(|n| n.text())
                .map(|t| t.trim().to_owned())
                .collect(),
            attributes: required.filter_map(|n| n.attribute("Name")).map(str::to_owned).collect(),
        }
    }

    /// What speaks against an honest message that answers this request, in words.
    pub(super) fn against(&self, message: &str, asked: &SignIn) -> Option<String> {
        let document = Document::parse(message.as_bytes(), &Limits::MESSAGE).ok()?;
        let assertion = document.elements().find(|n| n.is(ASSERTION, "Assertion"))?;
        if self.signed_assertions && !assertion.elements().any(|n| n.local_name() == "Signature") {
            return Some(
                "its metadata demands that the assertion itself be signed (WantAssertionsSigned)"
                    .to_owned(),
            );
        }
        let name_id = assertion.descendants().find(|n| n.is(ASSERTION, "NameID"));
        name_id
            .and_then(|name_id| self.against_format(name_id, asked))
            .or_else(|| self.against_lack(assertion))
            .or_else(|| against_age(assertion, asked))
    }

    fn against_format(&self, name_id: Node<'_>, asked: &SignIn) -> Option<String> {
        let format = name_id.attribute("Format").unwrap_or(UNSPECIFIED);
        if let Some(wanted) = asked.name_id_format.as_deref() {
            let is_met = wanted == UNSPECIFIED || wanted == format;
            return (!is_met).then(|| format!("its request asks for a NameID of format {wanted}"));
        }
        let formats = &self.name_id_formats;
        let is_met = formats.is_empty() || formats.iter().any(|f| f == UNSPECIFIED || f == format);
        (!is_met).then(|| format!("its metadata lists other NameIDFormats than {format}"))
    }

    fn against_lack(&self, assertion: Node<'_>) -> Option<String> {
        let is_there = |name: &str| {
            let mut attributes = assertion.descendants().filter(|n| n.is(ASSERTION, "Attribute"));
            attributes.any(|n| n.attribute("Name") == Some(name))
        };
        let missing = self.attributes.iter().find(|name| !is_there(name))?;
        Some(format!("its metadata demands the attribute {missing} (isRequired)"))
    }
}

fn against_age(assertion: Node<'_>, asked: &SignIn) -> Option<String> {
    let time = |node: Node<'_>, name: &str| parse_instant(node.attribute(name)?);
    let statement = assertion.descendants().find(|n| n.is(ASSERTION, "AuthnStatement"))?;
    let age = time(assertion, "IssueInstant")?
        .signed_duration_since(time(statement, "AuthnInstant")?)
        .num_seconds();
    (asked.force_authn && age > FRESH)
        .then(|| "its request asks for a fresh sign-in (ForceAuthn)".to_owned())
}

fn is_true(value: Option<&str>) -> bool {
    matches!(value, Some("true" | "1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idp::ReplyTo;
    use crate::saml::EntityId;

    const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

    fn wishes(attributes: &str, children: &str) -> Wishes {
        Wishes::read(
            format!(
                "<EntityDescriptor xmlns=\"{METADATA}\" entityID=\"x\"><SPSSODescriptor {attributes}>\
                 {children}</SPSSODescriptor></EntityDescriptor>"
            )
            .as_bytes(),
        )
    }

    fn asked(format: Option<&str>, force_authn: bool) -> SignIn {
        SignIn {
            relying_party: EntityId::new("x").unwrap(),
            reply_to: ReplyTo {
                request_id: None,
                acs_url: "https://x.test/acs".to_owned(),
                audience: "x".to_owned(),
                class_ref: None,
            },
            relay_state: None,
            force_authn,
            name_id_format: format.map(str::to_owned),
            failure: None,
        }
    }

    fn message(signature: &str, format: &str, attribute: &str, authenticated: &str) -> String {
        format!(
            "<Response><Assertion xmlns=\"{ASSERTION}\" IssueInstant=\"2026-11-28T10:00:00Z\">\
             {signature}<Subject><NameID Format=\"{format}\">a</NameID></Subject><AuthnStatement \
             AuthnInstant=\"{authenticated}\"/><AttributeStatement><Attribute Name=\"{attribute}\"/>\
             </AttributeStatement></Assertion></Response>"
        )
    }

    fn usual() -> String {
        message("<Signature/>", EMAIL, "mail", "2026-11-28T10:00:00Z")
    }

    #[test]
    fn who_asks_for_nothing_has_no_excuse() {
        let wishes = wishes("", "");
        assert_eq!(wishes, Wishes::default());
        let unsigned = message("", "urn:x", "y", "2026-11-01T10:00:00Z");
        assert_eq!(wishes.against(&unsigned, &asked(None, false)), None);
    }

    #[test]
    fn whoever_wants_the_assertion_signed_need_not_take_another() {
        let wishes = wishes("WantAssertionsSigned=\"true\"", "");
        let unsigned = message("", EMAIL, "mail", "2026-11-28T10:00:00Z");
        let why = wishes.against(&unsigned, &asked(None, false)).unwrap();
        assert!(why.contains("WantAssertionsSigned"), "{why}");
        assert_eq!(wishes.against(&usual(), &asked(None, false)), None);
    }

    #[test]
    fn a_format_must_be_one_of_those_that_are_listed() {
        let list = |format: &str| wishes("", &format!("<NameIDFormat> {format} </NameIDFormat>"));
        let none = asked(None, false);
        assert_eq!(list(EMAIL).against(&usual(), &none), None);
        assert_eq!(list(UNSPECIFIED).against(&usual(), &none), None);
        let why = list("urn:other").against(&usual(), &none).unwrap();
        assert!(why.contains("NameIDFormat"), "{why}");
    }

    #[test]
    fn a_format_that_is_asked_for_counts_more_than_those_that_are_listed() {
        let wishes = wishes("", "<NameIDFormat>urn:other</NameIDFormat>");
        assert_eq!(wishes.against(&usual(), &asked(Some(EMAIL), false)), None);
        let why = wishes.against(&usual(), &asked(Some("urn:other"), false)).unwrap();
        assert!(why.contains("request"), "{why}");
    }

    #[test]
    fn an_attribute_that_is_required_must_be_there() {
        let service = |is_required: &str| {
            wishes(
                "",
                &format!(
                    "<AttributeConsumingService><RequestedAttribute Name=\"staff-number\" \
                     isRequired=\"{is_required}\"/></AttributeConsumingService>"
                ),
            )
        };
        let why = service("true").against(&usual(), &asked(None, false)).unwrap();
        assert!(why.contains("staff-number"), "{why}");
        assert_eq!(service("false").against(&usual(), &asked(None, false)), None);
        let there = message("<Signature/>", EMAIL, "staff-number", "2026-11-28T10:00:00Z");
        assert_eq!(service("true").against(&there, &asked(None, false)), None);
    }

    #[test]
    fn whoever_asks_for_a_fresh_sign_in_need_not_take_an_old_one() {
        let old = message("<Signature/>", EMAIL, "mail", "2026-11-28T09:00:00Z");
        let why = Wishes::default().against(&old, &asked(None, true)).unwrap();
        assert!(why.contains("ForceAuthn"), "{why}");
        assert_eq!(Wishes::default().against(&old, &asked(None, false)), None);
        assert_eq!(Wishes::default().against(&usual(), &asked(None, true)), None);
    }

    #[test]
    fn what_cannot_be_read_is_no_excuse() {
        let wishes = wishes("WantAssertionsSigned=\"true\"", "");
        assert_eq!(wishes.against("no XML", &asked(None, false)), None);
        assert_eq!(wishes.against("<Response/>", &asked(None, false)), None);
        assert_eq!(Wishes::read(b"no XML"), Wishes::default());
    }
}
