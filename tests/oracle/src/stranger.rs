//! What samael makes of a response.

use samael::crypto::{CertificateDer, Crypto, CryptoProvider, ReduceMode};
use samael::metadata::EntityDescriptor;
use samael::service_provider::ServiceProvider;

use crate::Trouble;

/// A service provider built on samael, which trusts one certificate.
pub struct Stranger {
    provider: ServiceProvider,
    certificate: CertificateDer,
}

impl Stranger {
    /// A service provider `sp` with its consumer at `acs_url`, that knows the identity provider
    /// `idp` by the certificate in `der`.
    ///
    /// # Errors
    /// When samael cannot read the metadata made of these.
    pub fn new(idp: &str, der: &[u8], sp: &str, acs_url: &str) -> Result<Self, Trouble> {
        let certificate = openssl::base64::encode_block(der);
        let metadata: EntityDescriptor = format!(
            r##"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{idp}">
                <IDPSSODescriptor
                    protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
                <KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">
                <X509Data><X509Certificate>{certificate}</X509Certificate></X509Data>
                </KeyInfo></KeyDescriptor>
                <SingleSignOnService Location="https://idp.example.org/"
                    Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"/>
                </IDPSSODescriptor></EntityDescriptor>"##
        )
        .parse()?;
        let provider = ServiceProvider {
            entity_id: Some(sp.to_owned()),
            acs_url: Some(acs_url.to_owned()),
            idp_metadata: metadata,
            ..ServiceProvider::default()
        };
        Ok(Self { provider, certificate: der.to_vec().into() })
    }

    /// The ID of the assertion that samael accepts from the response, or its objection. samael
    /// reads the clock of the machine.
    ///
    /// # Errors
    /// The objection.
    pub fn accepts(&self, xml: &str, request_id: &str) -> Result<String, String> {
        let assertion = self.provider.parse_xml_response(xml, Some(&[request_id]));
        assertion.map(|a| a.id).map_err(|e| e.to_string())
    }

    /// Whether every signature in `xml` is good, by samael and xmlsec. Gives what xmlsec took the
    /// digest of. (samael's other modes look for these bytes in the tree again, and do not find
    /// text that was written in a CDATA section.)
    ///
    /// # Errors
    /// The objection.
    pub fn verifies(&self, xml: &str) -> Result<String, String> {
        reduce(xml, std::slice::from_ref(&self.certificate))
    }
}

/// As [`Stranger::verifies`], with the keys of these certificates in DER form.
///
/// # Errors
/// The objection.
pub fn verifies(xml: &str, certificates: &[&[u8]]) -> Result<String, String> {
    let certificates: Vec<CertificateDer> =
        certificates.iter().map(|der| der.to_vec().into()).collect();
    reduce(xml, &certificates)
}

fn reduce(xml: &str, certificates: &[CertificateDer]) -> Result<String, String> {
    Crypto::reduce_xml_to_signed(xml, certificates, ReduceMode::PreDigest)
        .map_err(|e| e.to_string())
}
