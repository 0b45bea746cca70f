//! Metadata with what the standard asks for and nothing else.

use super::metadata::{FederationMetadata, write_key};
use super::names::{HTTP_POST, HTTP_REDIRECT, PERSISTENT};
use crate::saml::metadata::TEST_KEY_MARK;
use crate::saml::names::PROTOCOL;
use crate::xml::Writer;

impl FederationMetadata<'_> {
    pub(super) fn write_plain(&self, w: &mut Writer) {
        w.open("IDPSSODescriptor")
            .attribute("WantAuthnRequestsSigned", "false")
            .attribute("protocolSupportEnumeration", PROTOCOL);
        for key in self.keys.signing() {
            write_key(w, "signing", key.certificate());
        }
        self.write_endpoints(w, "SingleLogoutService", &[HTTP_REDIRECT, HTTP_POST]);
        w.leaf("NameIDFormat", PERSISTENT);
        self.write_endpoints(w, "SingleSignOnService", &[HTTP_REDIRECT, HTTP_POST]);
        w.close();
        let name = format!("{} ({TEST_KEY_MARK})", self.display_name);
        w.open("Organization");
        for (element, text) in [
            ("OrganizationName", name.as_str()),
            ("OrganizationDisplayName", &name),
            ("OrganizationURL", self.base_url),
        ] {
            w.open(element).attribute("xml:lang", "en").text(text).close();
        }
        w.close();
    }
}
