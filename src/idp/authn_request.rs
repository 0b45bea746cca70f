use super::refusal::Refusal;
use super::relying_party::is_true;
use crate::saml::names::{ASSERTION, PROTOCOL, VERSION};
use crate::xml::{Node, is_ncname};

/// What the identity provider takes from an AuthnRequest (Core 3.4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuthnRequest {
    pub(super) id: String,
    pub(super) issuer: String,
    pub(super) destination: Option<String>,
    pub(super) acs_url: Option<String>,
    pub(super) acs_index: Option<String>,
    pub(super) protocol_binding: Option<String>,
    pub(super) force_authn: bool,
    pub(super) is_passive: bool,
    pub(super) name_id_format: Option<String>,
    pub(super) requested_authn: Option<RequestedAuthn>,
    /// Whether it says who is to sign in.
    pub(super) has_subject: bool,
    /// Whether it says anything of other identity providers.
    pub(super) has_scoping: bool,
}

/// `RequestedAuthnContext`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestedAuthn {
    pub(super) comparison: Comparison,
    pub(super) class_refs: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Exact,
    Minimum,
    Maximum,
    Better,
}

impl AuthnRequest {
    pub(super) fn read(root: Node<'_>) -> Result<Self, Refusal> {
        if !root.is(PROTOCOL, "AuthnRequest") {
            return Err(Refusal::NotAuthnRequest { found: root.local_name().to_owned() });
        }
        let required = |what: &'static str| root.attribute(what).ok_or(Refusal::Missing { what });
        let id = required("ID")?;
        if !is_ncname(id) {
            return Err(Refusal::Id);
        }
        let version = required("Version")?;
        if version != VERSION {
            return Err(Refusal::Version { found: version.to_owned() });
        }
        required("IssueInstant")?;
        let issuer = root
            .elements()
            .find(|n| n.is(ASSERTION, "Issuer"))
            .ok_or(Refusal::Missing { what: "Issuer" })?;
        if ["NameQualifier", "SPNameQualifier", "SPProvidedID"]
            .iter()
            .any(|name| issuer.attribute(name).is_some())
        {
            return Err(Refusal::IssuerQualifier);
        }
        let owned = |name: &str| root.attribute(name).map(str::to_owned);
        Ok(Self {
            id: id.to_owned(),
            issuer: issuer.text().ok_or(Refusal::Missing { what: "Issuer" })?.to_owned(),
            destination: owned("Destination"),
            acs_url: owned("AssertionConsumerServiceURL"),
            acs_index: owned("AssertionConsumerServiceIndex"),
            protocol_binding: owned("ProtocolBinding"),
            force_authn: is_true(root.attribute("ForceAuthn")),
            is_passive: is_true(root.attribute("IsPassive")),
            name_id_format: root
                .elements()
                .find(|n| n.is(PROTOCOL, "NameIDPolicy"))
                .and_then(|n| n.attribute("Format"))
                .map(str::to_owned),
            requested_authn: root
                .elements()
                .find(|n| n.is(PROTOCOL, "RequestedAuthnContext"))
                .map(RequestedAuthn::read),
            has_subject: root.elements().any(|n| n.is(ASSERTION, "Subject")),
            has_scoping: root
                .elements()
                .filter(|n| n.is(PROTOCOL, "Scoping"))
                .any(|n| n.attribute("ProxyCount").is_some() || n.elements().next().is_some()),
        })
    }
}

impl RequestedAuthn {
    fn read(node: Node<'_>) -> Self {
        let class_refs = node
            .elements()
            .filter(|n| n.is(ASSERTION, "AuthnContextClassRef"))
            .filter_map(|n| n.text().map(str::to_owned))
            .collect();
        let comparison = match node.attribute("Comparison") {
            Some("minimum") => Comparison::Minimum,
            Some("maximum") => Comparison::Maximum,
            Some("better") => Comparison::Better,
            _ => Comparison::Exact,
        };
        Self { comparison, class_refs }
    }

    /// The class to sign in with, of those that the test identity provider offers.
    pub(super) fn choose(&self) -> Option<&'static str> {
        let asked: Vec<usize> = self
            .class_refs
            .iter()
            .filter_map(|class_ref| CLASSES.iter().position(|class| class == class_ref))
            .collect();
        let fits = |offered: usize| match self.comparison {
            Comparison::Exact => asked.contains(&offered),
            Comparison::Minimum => asked.iter().any(|asked| offered >= *asked),
            Comparison::Maximum => asked.iter().any(|asked| offered <= *asked),
            Comparison::Better => !asked.is_empty() && asked.iter().all(|asked| offered > *asked),
        };
        let mut offered = OFFERED.iter().copied().filter(|place| fits(*place));
        let chosen = match self.comparison {
            Comparison::Maximum => offered.next_back(),
            _ => offered.next(),
        };
        chosen.and_then(|place| CLASSES.get(place).copied())
    }
}

/// AD FS's classes, weakest first.
const CLASSES: [&str; 6] = [
    super::names::PASSWORD,
    super::names::PASSWORD_PROTECTED_TRANSPORT,
    "urn:oasis:names:tc:SAML:2.0:ac:classes:TLSClient",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:X509",
    super::names::WINDOWS_AUTHENTICATION,
    "urn:oasis:names:tc:SAML:2.0:ac:classes:Kerberos",
];

/// Places in [`CLASSES`] of what can be had: forms and Windows, no client certificates.
const OFFERED: [usize; 3] = [0, 1, 4];
