use thiserror::Error;

use crate::crypto::Certificate;
use crate::dsig::DSIG_NAMESPACE;
use crate::saml::binding::Binding;
use crate::saml::entity_id::EntityId;
use crate::saml::names::{METADATA, PROTOCOL};
use crate::xml::encode_base64;
use crate::xml::{WriteError, Writer};

/// Whom to write to about this application (Metadata 2.3.2.2).
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// A team's name rather than a person's.
    pub given_name: Option<String>,
    /// A mail address without `mailto:`.
    pub email: String,
    /// A telephone number.
    pub telephone: Option<String>,
}

/// Who runs this application (Metadata 2.3.2.1).
#[derive(Clone, Debug)]
pub struct Organisation {
    /// The legal name.
    pub name: String,
    /// The name that people know.
    pub display_name: String,
    /// A web page.
    pub url: String,
}

/// What we publish of ourselves (Metadata 2.4.4). The identity provider's administrator registers
/// the application with it.
#[derive(Clone, Debug)]
pub struct SpMetadata<'c> {
    /// Our name.
    pub entity_id: &'c EntityId,
    /// Where responses are to be posted to.
    pub acs_url: &'c str,
    /// The certificates of the keys that sign our requests.
    pub signing: &'c [Certificate],
    /// The certificates to encrypt to. AD FS encrypts as soon as there is one.
    pub encryption: &'c [Certificate],
    /// Whether we sign AuthnRequests.
    pub signs_requests: bool,
    /// Who runs the application.
    pub organisation: Option<&'c Organisation>,
    /// Whom to write to about technical matters.
    pub contact: Option<&'c Contact>,
}

/// Metadata that cannot be written as XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the metadata cannot be written: {0}")]
pub struct WriteMetadataError(#[from] WriteError);

impl SpMetadata<'_> {
    /// The metadata as XML.
    ///
    /// # Errors
    /// [`WriteMetadataError`] when configuration holds characters that XML does not allow.
    pub fn to_xml(&self) -> Result<String, WriteMetadataError> {
        let mut w = Writer::default();
        w.open("md:EntityDescriptor")
            .attribute("xmlns:md", METADATA)
            .attribute("entityID", self.entity_id.as_str());
        w.open("md:SPSSODescriptor")
            .attribute("AuthnRequestsSigned", if self.signs_requests { "true" } else { "false" })
            .attribute("WantAssertionsSigned", "true")
            .attribute("protocolSupportEnumeration", PROTOCOL);
        for (purpose, certificates) in [("signing", self.signing), ("encryption", self.encryption)]
        {
            for certificate in certificates {
                w.open("md:KeyDescriptor").attribute("use", purpose);
                w.open("ds:KeyInfo").attribute("xmlns:ds", DSIG_NAMESPACE);
                w.open("ds:X509Data");
                w.leaf("ds:X509Certificate", &encode_base64(certificate.as_der()));
                w.close().close().close();
            }
        }
        w.open("md:AssertionConsumerService")
            .attribute("Binding", Binding::HttpPost.uri())
            .attribute("Location", self.acs_url)
            .attribute("index", "0")
            .attribute("isDefault", "true")
            .close();
        w.close();
        if let Some(organisation) = self.organisation {
            w.open("md:Organization");
            for (name, value) in [
                ("md:OrganizationName", &organisation.name),
                ("md:OrganizationDisplayName", &organisation.display_name),
                ("md:OrganizationURL", &organisation.url),
            ] {
                w.open(name).attribute("xml:lang", "en").text(value).close();
            }
            w.close();
        }
        if let Some(contact) = self.contact {
            w.open("md:ContactPerson").attribute("contactType", "technical");
            if let Some(name) = &contact.given_name {
                w.leaf("md:GivenName", name);
            }
            w.leaf("md:EmailAddress", &format!("mailto:{}", contact.email));
            if let Some(telephone) = &contact.telephone {
                w.leaf("md:TelephoneNumber", telephone);
            }
            w.close();
        }
        w.close();
        Ok(w.finish()?)
    }
}
