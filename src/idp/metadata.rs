use super::claim_types::{CLAIM_TYPES, ClaimType};
use super::issue::{IssueError, uuid};
use super::keys::TestKeys;
use super::metadata_entra;
use super::names::{
    ATTRIBUTE_NAME_URI, EMAIL_ADDRESS, HTTP_ARTIFACT, HTTP_POST, HTTP_REDIRECT, PERSISTENT,
    SAML_1_TOKEN, TRANSIENT, WS_ADDRESSING, WS_AUTHORISATION, WS_FEDERATION, WS_METADATA_EXCHANGE,
    WS_TRUST, WS_TRUST_2005, XML_SCHEMA,
};
use super::personality::Personality;
use crate::crypto::{Certificate, SignatureAlgorithm, sha256};
use crate::dsig::{DSIG_NAMESPACE, Place, sign_enveloped};
use crate::saml::EntityId;
use crate::saml::metadata::TEST_KEY_MARK;
use crate::saml::names::{ASSERTION, METADATA, PROTOCOL, XSI};
use crate::xml::Writer;
use crate::xml::encode_base64;

/// The metadata, with all that each product puts into it. AD FS: two WS-Federation roles, AD FS as
/// a service provider to others, and last the role that matters, whose first key is for encryption.
#[derive(Clone, Copy, Debug)]
pub struct FederationMetadata<'m> {
    /// Whose habits to follow.
    pub personality: Personality,
    /// `entityID`
    pub entity_id: &'m EntityId,
    /// Scheme, host and port, without a slash at the end.
    pub base_url: &'m str,
    /// The service's name for people.
    pub display_name: &'m str,
    /// The keys; the one in use signs.
    pub keys: &'m TestKeys,
}

const BROWSER_PATH: &str = "/adfs/ls/";
const NAME_ID_FORMATS: [&str; 3] = [EMAIL_ADDRESS, PERSISTENT, TRANSIENT];

impl FederationMetadata<'_> {
    /// The signed metadata on one line; Entra's begins with a byte order mark and an XML
    /// declaration, the others' with neither. The same input gives the same bytes.
    ///
    /// # Errors
    /// An [`IssueError`] when a name cannot be written or the key cannot sign.
    pub fn to_xml(&self) -> Result<String, IssueError> {
        let id = self.id();
        let mut w = Writer::new(self.personality.metadata_empty_tag());
        w.open("EntityDescriptor")
            .attribute("ID", &id)
            .attribute("entityID", self.entity_id.as_str())
            .attribute("xmlns", METADATA);
        match self.personality {
            Personality::Adfs => self.write_adfs(&mut w),
            Personality::Entra => self.write_entra(&mut w),
            Personality::Plain => self.write_plain(&mut w),
        }
        w.close();
        let key = self.keys.current();
        let signed = sign_enveloped(
            &w.finish()?,
            &id,
            Place::First,
            key.private_key(),
            SignatureAlgorithm::RsaSha256,
            Some(key.certificate()),
            &self.personality.metadata_signature(),
        )?;
        Ok(match self.personality {
            Personality::Entra => format!("{}{signed}", metadata_entra::FRONT),
            Personality::Adfs | Personality::Plain => signed,
        })
    }

    fn write_adfs(&self, w: &mut Writer) {
        self.write_application_service(w);
        self.write_token_service(w);
        self.write_sp_role(w);
        self.write_idp_role(w);
        w.open("ContactPerson").attribute("contactType", "support").close();
    }

    /// Follows from the keys, so that it changes when the content does.
    fn id(&self) -> String {
        let mut certificates = Vec::new();
        for key in self.keys.signing() {
            certificates.extend_from_slice(key.certificate().as_der());
        }
        uuid(sha256(&certificates).first_chunk().copied().unwrap_or_default())
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn open_ws_federation_role(&self, w: &mut Writer, kind: &str) {
        w.open("RoleDescriptor")
            .attribute("xsi:type", kind)
            .attribute(
                "protocolSupportEnumeration",
                &[WS_TRUST, WS_TRUST_2005, WS_FEDERATION].join(" "),
            )
            .attribute("ServiceDisplayName", &format!("{} ({TEST_KEY_MARK})", self.display_name))
            .attribute("xmlns:xsi", XSI)
            .attribute("xmlns:fed", WS_FEDERATION);
    }

    fn write_application_service(&self, w: &mut Writer) {
        self.open_ws_federation_role(w, "fed:ApplicationServiceType");
        write_key(w, "encryption", self.keys.encryption().certificate());
        write_claim_types(w, "fed:ClaimTypesRequested");
        w.open("fed:TargetScopes");
        for path in [
            "/adfs/services/trust/2005/issuedtokenmixedasymmetricbasic256",
            "/adfs/services/trust/2005/issuedtokenmixedsymmetricbasic256",
            "/adfs/services/trust/13/issuedtokenmixedasymmetricbasic256",
            "/adfs/services/trust/13/issuedtokenmixedsymmetricbasic256",
            BROWSER_PATH,
        ] {
            write_address(w, &self.url(path));
        }
        write_address(w, self.entity_id.as_str());
        w.close();
        w.open("fed:ApplicationServiceEndpoint");
        write_address(w, &self.url("/adfs/services/trust/2005/issuedtokenmixedasymmetricbasic256"));
        w.close();
        self.write_passive_endpoint(w);
        w.close();
    }

    fn write_token_service(&self, w: &mut Writer) {
        self.open_ws_federation_role(w, "fed:SecurityTokenServiceType");
        self.write_signing_keys(w);
        w.open("fed:TokenTypesOffered");
        for uri in [ASSERTION, SAML_1_TOKEN] {
            w.open("fed:TokenType").attribute("Uri", uri).close();
        }
        w.close();
        write_claim_types(w, "fed:ClaimTypesOffered");
        w.open("fed:SecurityTokenServiceEndpoint");
        w.open("wsa:EndpointReference").attribute("xmlns:wsa", WS_ADDRESSING);
        w.leaf("wsa:Address", &self.url("/adfs/services/trust/2005/certificatemixed"));
        w.open("Metadata").attribute("xmlns", WS_ADDRESSING);
        w.open("Metadata")
            .attribute("xmlns", WS_METADATA_EXCHANGE)
            .attribute("xmlns:xsd", XML_SCHEMA)
            .attribute("xmlns:wsx", WS_METADATA_EXCHANGE);
        w.open("wsx:MetadataSection")
            .attribute("Dialect", WS_METADATA_EXCHANGE)
            .attribute("xmlns", "");
        w.open("wsx:MetadataReference");
        w.open("Address").attribute("xmlns", WS_ADDRESSING);
        w.text(&self.url("/adfs/services/trust/mex")).close();
        w.close().close().close().close().close().close();
        self.write_passive_endpoint(w);
        w.close();
    }

    fn write_passive_endpoint(&self, w: &mut Writer) {
        w.open("fed:PassiveRequestorEndpoint");
        write_address(w, &self.url(BROWSER_PATH));
        w.close();
    }

    fn write_sp_role(&self, w: &mut Writer) {
        w.open("SPSSODescriptor")
            .attribute("WantAssertionsSigned", "true")
            .attribute("protocolSupportEnumeration", PROTOCOL);
        self.write_keys(w);
        self.write_endpoints(w, "SingleLogoutService", &[HTTP_REDIRECT, HTTP_POST]);
        write_name_id_formats(w);
        for (index, binding) in [HTTP_POST, HTTP_ARTIFACT, HTTP_REDIRECT].iter().enumerate() {
            w.open("AssertionConsumerService")
                .attribute("Binding", binding)
                .attribute("Location", &self.url(BROWSER_PATH))
                .attribute("index", &index.to_string())
                .attribute_opt("isDefault", (index == 0).then_some("true"))
                .close();
        }
        w.close();
    }

    fn write_idp_role(&self, w: &mut Writer) {
        w.open("IDPSSODescriptor").attribute("protocolSupportEnumeration", PROTOCOL);
        self.write_keys(w);
        self.write_endpoints(w, "SingleLogoutService", &[HTTP_REDIRECT, HTTP_POST]);
        write_name_id_formats(w);
        self.write_endpoints(w, "SingleSignOnService", &[HTTP_REDIRECT, HTTP_POST]);
        for ClaimType { uri, name, .. } in &CLAIM_TYPES {
            w.open("Attribute")
                .attribute("Name", uri)
                .attribute("NameFormat", ATTRIBUTE_NAME_URI)
                .attribute("FriendlyName", name)
                .attribute("xmlns", ASSERTION)
                .close();
        }
        w.close();
    }

    fn write_keys(&self, w: &mut Writer) {
        write_key(w, "encryption", self.keys.encryption().certificate());
        self.write_signing_keys(w);
    }

    pub(super) fn write_signing_keys(&self, w: &mut Writer) {
        for key in self.keys.signing() {
            write_key(w, "signing", key.certificate());
        }
    }

    pub(super) fn write_endpoints(&self, w: &mut Writer, name: &str, bindings: &[&str]) {
        let location = self.url(&self.personality.browser_path());
        for binding in bindings {
            w.open(name).attribute("Binding", binding).attribute("Location", &location).close();
        }
    }
}

fn write_name_id_formats(w: &mut Writer) {
    for format in NAME_ID_FORMATS {
        w.leaf("NameIDFormat", format);
    }
}

pub(super) fn write_key(w: &mut Writer, purpose: &str, certificate: &Certificate) {
    w.open("KeyDescriptor").attribute("use", purpose);
    w.open("KeyInfo").attribute("xmlns", DSIG_NAMESPACE).open("X509Data");
    w.leaf("X509Certificate", &encode_base64(certificate.as_der()));
    w.close().close().close();
}

fn write_claim_types(w: &mut Writer, list: &str) {
    w.open(list);
    for ClaimType { uri, name, description } in &CLAIM_TYPES {
        w.open("auth:ClaimType")
            .attribute("Uri", uri)
            .attribute("xmlns:auth", WS_AUTHORISATION)
            .leaf("auth:DisplayName", name)
            .leaf("auth:Description", description)
            .close();
    }
    w.close();
}

fn write_address(w: &mut Writer, url: &str) {
    w.open("wsa:EndpointReference").attribute("xmlns:wsa", WS_ADDRESSING);
    w.leaf("wsa:Address", url).close();
}
