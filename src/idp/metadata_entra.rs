//! The metadata of Entra ID: two WS-Federation roles the other way round than AD FS writes them,
//! and a lean role for SAML, with keys for signatures only.

use super::claim_types::{ClaimType, ENTRA_CLAIM_TYPES};
use super::metadata::{FederationMetadata, write_key};
use super::names::{HTTP_POST, HTTP_REDIRECT, WS_ADDRESSING, WS_AUTHORISATION, WS_FEDERATION};
use crate::saml::names::{PROTOCOL, XSI};
use crate::xml::Writer;

/// What Entra writes in front: the mark of UTF-8, and an XML declaration.
pub(super) const FRONT: &str = "\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?>";

impl FederationMetadata<'_> {
    pub(super) fn write_entra(&self, w: &mut Writer) {
        let passive = self.url(&self.personality.browser_path()).replace("/saml2", "/wsfed");
        open_role(w, "fed:SecurityTokenServiceType");
        self.write_signing_keys(w);
        w.open("fed:ClaimTypesOffered");
        for ClaimType { uri, name, description } in &ENTRA_CLAIM_TYPES {
            w.open("auth:ClaimType")
                .attribute("Uri", uri)
                .attribute("Optional", "true")
                .attribute("xmlns:auth", WS_AUTHORISATION)
                .leaf("auth:DisplayName", name)
                .leaf("auth:Description", description)
                .close();
        }
        w.close();
        write_endpoint(w, "fed:SecurityTokenServiceEndpoint", &passive);
        write_endpoint(w, "fed:PassiveRequestorEndpoint", &passive);
        w.close();

        open_role(w, "fed:ApplicationServiceType");
        self.write_signing_keys(w);
        write_endpoint(w, "fed:TargetScopes", self.entity_id.as_str());
        write_endpoint(w, "fed:ApplicationServiceEndpoint", &passive);
        write_endpoint(w, "fed:PassiveRequestorEndpoint", &passive);
        w.close();

        w.open("IDPSSODescriptor").attribute("protocolSupportEnumeration", PROTOCOL);
        for key in self.keys.signing() {
            write_key(w, "signing", key.certificate());
        }
        self.write_endpoints(w, "SingleLogoutService", &[HTTP_REDIRECT]);
        self.write_endpoints(w, "SingleSignOnService", &[HTTP_REDIRECT, HTTP_POST]);
        w.close();
    }
}

fn open_role(w: &mut Writer, kind: &str) {
    w.open("RoleDescriptor")
        .attribute("xsi:type", kind)
        .attribute("protocolSupportEnumeration", WS_FEDERATION)
        .attribute("xmlns:xsi", XSI)
        .attribute("xmlns:fed", WS_FEDERATION);
}

fn write_endpoint(w: &mut Writer, name: &str, url: &str) {
    w.open(name);
    w.open("EndpointReference").attribute("xmlns", WS_ADDRESSING);
    w.leaf("Address", url).close().close();
}
