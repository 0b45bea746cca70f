//! What is new in newer metadata.

use super::idp::{Endpoint, IdpMetadata};
use super::ui_info::Scope;
use crate::crypto::Certificate;
use crate::saml::binding::Binding;
use crate::saml::entity_id::EntityId;

/// One thing in which the metadata of a provider differs from what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It is another provider.
    EntityId {
        /// Its name before.
        from: EntityId,
        /// Its name now.
        to: EntityId,
    },
    /// A signing key was not there before.
    SigningKeyAdded {
        /// The certificate that carries it.
        certificate: Certificate,
    },
    /// A signing key is not there any more.
    SigningKeyGone {
        /// The certificate that carried it.
        certificate: Certificate,
    },
    /// A signing key has come in another certificate. Trust is in the key, and is the same.
    SigningCertificate {
        /// The certificate before.
        from: Certificate,
        /// The certificate now.
        to: Certificate,
    },
    /// The address for AuthnRequests by one binding.
    SignOnAddress {
        /// The binding.
        binding: Binding,
        /// The address before, if there was one.
        from: Option<String>,
        /// The address now, if there is one.
        to: Option<String>,
    },
    /// The address for log-out messages by one binding.
    LogOutAddress {
        /// The binding.
        binding: Binding,
        /// The address before, if there was one.
        from: Option<String>,
        /// The address now, if there is one.
        to: Option<String>,
    },
    /// Whether AuthnRequests must be signed.
    WantsSignedRequests {
        /// Whether they must be now.
        to: bool,
    },
    /// The English name, or that in another language if there is none.
    DisplayName {
        /// The name before.
        from: Option<String>,
        /// The name now.
        to: Option<String>,
    },
    /// The provider may speak for a domain that it could not speak for before.
    ScopeAdded(Scope),
    /// The provider may no longer speak for a domain.
    ScopeGone(Scope),
}

impl Change {
    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::EntityId { .. } => "entity_id",
            Self::SigningKeyAdded { .. } => "signing_key_added",
            Self::SigningKeyGone { .. } => "signing_key_gone",
            Self::SigningCertificate { .. } => "signing_certificate",
            Self::SignOnAddress { .. } => "sign_on_address",
            Self::LogOutAddress { .. } => "log_out_address",
            Self::WantsSignedRequests { .. } => "wants_signed_requests",
            Self::DisplayName { .. } => "display_name",
            Self::ScopeAdded(_) => "scope_added",
            Self::ScopeGone(_) => "scope_gone",
        }
    }
}

impl IdpMetadata {
    /// What differs from `old`, what matters most first. How long either counts is left out: a
    /// federation writes that anew each day.
    pub fn changes_since(&self, old: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.entity_id() != old.entity_id() {
            let (from, to) = (old.entity_id().clone(), self.entity_id().clone());
            changes.push(Change::EntityId { from, to });
        }
        for certificate in old.certificates() {
            match same_key(self, certificate) {
                None => {
                    changes.push(Change::SigningKeyGone { certificate: certificate.clone() });
                }
                Some(to) if to != certificate => {
                    let (from, to) = (certificate.clone(), to.clone());
                    changes.push(Change::SigningCertificate { from, to });
                }
                Some(_) => {}
            }
        }
        let added = self.certificates().iter().filter(|c| same_key(old, c).is_none());
        changes.extend(added.map(|c| Change::SigningKeyAdded { certificate: c.clone() }));
        for binding in [Binding::HttpRedirect, Binding::HttpPost] {
            let at = |metadata: &Self| address(metadata.single_sign_on(binding));
            if let Some((from, to)) = differing(at(old), at(self)) {
                changes.push(Change::SignOnAddress { binding, from, to });
            }
        }
        for binding in [Binding::HttpRedirect, Binding::HttpPost] {
            let at = |metadata: &Self| {
                address(metadata.single_logout().iter().find(|e| e.binding == binding))
            };
            if let Some((from, to)) = differing(at(old), at(self)) {
                changes.push(Change::LogOutAddress { binding, from, to });
            }
        }
        let to = self.wants_signed_requests();
        if to != old.wants_signed_requests() {
            changes.push(Change::WantsSignedRequests { to });
        }
        let name = |metadata: &Self| metadata.ui_info().display_name("en").map(str::to_owned);
        if let Some((from, to)) = differing(name(old), name(self)) {
            changes.push(Change::DisplayName { from, to });
        }
        let not_in =
            |scope: &&Scope, metadata: &Self| metadata.scopes().iter().all(|other| other != *scope);
        let added = self.scopes().iter().filter(|scope| not_in(scope, old));
        changes.extend(added.cloned().map(Change::ScopeAdded));
        let gone = old.scopes().iter().filter(|scope| not_in(scope, self));
        changes.extend(gone.cloned().map(Change::ScopeGone));
        changes
    }

    /// Whether one of the signing keys is a signing key of `other` too. Providers change their keys
    /// one at a time: metadata that shares none may be somebody else's.
    pub fn shares_key_with(&self, other: &Self) -> bool {
        self.certificates().iter().any(|c| same_key(other, c).is_some())
    }
}

fn same_key<'m>(metadata: &'m IdpMetadata, certificate: &Certificate) -> Option<&'m Certificate> {
    metadata.certificates().iter().find(|c| c.public_key() == certificate.public_key())
}

fn address(endpoint: Option<&Endpoint>) -> Option<String> {
    endpoint.map(|endpoint| endpoint.text.clone())
}

fn differing<T: PartialEq>(from: T, to: T) -> Option<(T, T)> {
    (from != to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::crypto::{CertificateRequest, KeyShape, PrivateKey};
    use crate::saml::time::parse_instant;
    use crate::xml::encode_base64;

    const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
    const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

    fn key() -> PrivateKey {
        PrivateKey::generate(KeyShape::P256).unwrap()
    }

    fn certificate(key: &PrivateKey, name: &str) -> Certificate {
        let request = CertificateRequest {
            common_name: name,
            organisation: None,
            hosts: &[],
            not_before: parse_instant("2026-01-01T00:00:00Z").unwrap(),
            not_after: parse_instant("2027-01-01T00:00:00Z").unwrap(),
        };
        Certificate::self_signed(key, &request).unwrap()
    }

    /// Metadata in parts.
    #[derive(Clone)]
    struct Draft {
        entity_id: &'static str,
        attributes: &'static str,
        extensions: &'static str,
        certificates: Vec<Certificate>,
        sign_on: Vec<(&'static str, &'static str)>,
        log_out: Vec<(&'static str, &'static str)>,
    }

    impl Draft {
        fn new(certificates: &[&Certificate]) -> Self {
            Self {
                entity_id: "urn:idp",
                attributes: "",
                extensions: "",
                certificates: certificates.iter().map(|c| (*c).clone()).collect(),
                sign_on: vec![(REDIRECT, "https://idp.test/sso")],
                log_out: Vec::new(),
            }
        }

        fn read(&self) -> IdpMetadata {
            let keys: String = self
                .certificates
                .iter()
                .map(|c| {
                    format!(
                        "<KeyDescriptor use=\"signing\"><KeyInfo \
                         xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509Certificate>\
                         {}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>",
                        encode_base64(c.as_der())
                    )
                })
                .collect();
            let endpoints = |name: &str, all: &[(&str, &str)]| -> String {
                let endpoint = |(binding, location): &(&str, &str)| {
                    format!("<{name} Binding=\"{binding}\" Location=\"{location}\"/>")
                };
                all.iter().map(endpoint).collect()
            };
            let xml = format!(
                "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{}\">\
                 <IDPSSODescriptor {} \
                 protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
                 <Extensions>{}</Extensions>{keys}{}{}</IDPSSODescriptor></EntityDescriptor>",
                self.entity_id,
                self.attributes,
                self.extensions,
                endpoints("SingleLogoutService", &self.log_out),
                endpoints("SingleSignOnService", &self.sign_on),
            );
            IdpMetadata::read(xml.as_bytes(), DateTime::UNIX_EPOCH).unwrap()
        }

        /// What changes from this to `other`.
        fn changes_to(&self, other: &Self) -> Vec<Change> {
            other.read().changes_since(&self.read())
        }
    }

    #[test]
    fn signing_keys() {
        let (one, two) = (key(), key());
        let (a, b) = (certificate(&one, "a"), certificate(&two, "b"));
        let renewed = certificate(&one, "renewed");
        let added = |c: &Certificate| Change::SigningKeyAdded { certificate: c.clone() };
        let gone = |c: &Certificate| Change::SigningKeyGone { certificate: c.clone() };
        for (from, to, expected, shares) in [
            (vec![&a], vec![&a], vec![], true),
            (vec![&a, &b], vec![&b, &a], vec![], true),
            (vec![&a], vec![&a, &b], vec![added(&b)], true),
            (vec![&a, &b], vec![&b], vec![gone(&a)], true),
            (vec![&a], vec![&b], vec![gone(&a), added(&b)], false),
            (
                vec![&a],
                vec![&renewed],
                vec![Change::SigningCertificate { from: a.clone(), to: renewed.clone() }],
                true,
            ),
        ] {
            let (from, to) = (Draft::new(&from), Draft::new(&to));
            assert_eq!(from.changes_to(&to), expected);
            assert_eq!(to.read().shares_key_with(&from.read()), shares);
        }
    }

    #[test]
    fn names_and_addresses() {
        let certificate = certificate(&key(), "a");
        let from = Draft::new(&[&certificate]);
        let (here, there) = ("https://idp.test/sso".to_owned(), "https://idp.test/new".to_owned());

        let to = Draft { entity_id: "urn:other", ..from.clone() };
        let id = |text| EntityId::new(text).unwrap();
        let expected = Change::EntityId { from: id("urn:idp"), to: id("urn:other") };
        assert_eq!(from.changes_to(&to), [expected]);

        let to = Draft { sign_on: vec![(REDIRECT, "https://idp.test/new")], ..from.clone() };
        let moved = Change::SignOnAddress {
            binding: Binding::HttpRedirect,
            from: Some(here.clone()),
            to: Some(there.clone()),
        };
        assert_eq!(from.changes_to(&to), [moved]);
        let to = Draft { sign_on: vec![(POST, "https://idp.test/new")], ..from.clone() };
        let (redirect, post) = (Binding::HttpRedirect, Binding::HttpPost);
        let expected = [
            Change::SignOnAddress { binding: redirect, from: Some(here), to: None },
            Change::SignOnAddress { binding: post, from: None, to: Some(there.clone()) },
        ];
        assert_eq!(from.changes_to(&to), expected);

        let to = Draft { log_out: vec![(POST, "https://idp.test/new")], ..from.clone() };
        let appeared = Change::LogOutAddress { binding: post, from: None, to: Some(there.clone()) };
        assert_eq!(from.changes_to(&to), [appeared]);
        let vanished = Change::LogOutAddress { binding: post, from: Some(there), to: None };
        assert_eq!(to.changes_to(&from), [vanished]);

        let to = Draft { attributes: "WantAuthnRequestsSigned=\"true\"", ..from.clone() };
        assert_eq!(from.changes_to(&to), [Change::WantsSignedRequests { to: true }]);
        assert_eq!(to.changes_to(&from), [Change::WantsSignedRequests { to: false }]);
        // How long it counts is no change.
        let to = Draft { attributes: "validUntil=\"2027-01-01T00:00:00Z\"", ..from.clone() };
        assert_eq!(from.changes_to(&to), []);
    }

    #[test]
    fn extensions() {
        let from = Draft::new(&[&certificate(&key(), "a")]);
        let extensions = "<UIInfo xmlns=\"urn:oasis:names:tc:SAML:metadata:ui\">\
            <DisplayName xml:lang=\"en\">Wards</DisplayName></UIInfo>\
            <Scope xmlns=\"urn:mace:shibboleth:metadata:1.0\">ward.test</Scope>";
        let to = Draft { extensions, ..from.clone() };
        let scope = Scope { text: "ward.test".to_owned(), is_regexp: false };
        let name = Some("Wards".to_owned());
        let expected = [
            Change::DisplayName { from: None, to: name.clone() },
            Change::ScopeAdded(scope.clone()),
        ];
        assert_eq!(from.changes_to(&to), expected);
        let expected = [Change::DisplayName { from: name, to: None }, Change::ScopeGone(scope)];
        assert_eq!(to.changes_to(&from), expected);
    }
}
