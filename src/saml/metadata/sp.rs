use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

use crate::crypto::{Certificate, PrivateKey, hex, sha256};
use crate::dsig::{DSIG_NAMESPACE, Place, SignError, SignatureStyle, sign_enveloped};
use crate::saml::binding::Binding;
use crate::saml::entity_id::EntityId;
use crate::saml::format_instant;
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
    /// Where log-out messages are to be sent to, by either binding. None when we could not sign what
    /// we say.
    pub logout_url: Option<&'c str>,
    /// The end of what the document says, if it has one.
    pub valid_until: Option<DateTime<Utc>>,
    /// After how long to look again, if it is to say so.
    pub cache_duration: Option<TimeDelta>,
    /// Whether the document is to have an ID, which a signature needs.
    pub is_signable: bool,
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

/// Why metadata cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteMetadataError {
    /// A setting holds characters that XML does not allow.
    #[error("the metadata cannot be written: {0}")]
    Write(#[from] WriteError),
    /// It cannot be signed.
    #[error("the metadata cannot be signed: {0}")]
    Sign(#[from] SignError),
}

impl SpMetadata<'_> {
    /// The metadata as XML, without a signature.
    ///
    /// # Errors
    /// [`WriteMetadataError::Write`].
    pub fn to_xml(&self) -> Result<String, WriteMetadataError> {
        let mut w = Writer::default();
        w.open("md:EntityDescriptor")
            .attribute("xmlns:md", METADATA)
            .attribute_opt("ID", self.is_signable.then(|| self.id()).as_deref())
            .attribute("entityID", self.entity_id.as_str())
            .attribute_opt("validUntil", self.valid_until.map(format_instant).as_deref())
            .attribute_opt("cacheDuration", self.cache_duration.map(format_duration).as_deref());
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
        for binding in [Binding::HttpRedirect, Binding::HttpPost] {
            let Some(url) = self.logout_url else { break };
            w.open("md:SingleLogoutService")
                .attribute("Binding", binding.uri())
                .attribute("Location", url)
                .close();
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

    /// Puts a signature by `key` into `xml`, which [`SpMetadata::to_xml`] has written. The
    /// certificate goes with it: AD FS imports no signed metadata without (ID3276).
    ///
    /// # Errors
    /// [`WriteMetadataError::Sign`] when the key cannot sign, or when `xml` is not signable.
    pub fn sign(
        &self,
        xml: &str,
        key: &PrivateKey,
        certificate: &Certificate,
    ) -> Result<String, WriteMetadataError> {
        let (place, style) = (Place::First, SignatureStyle::default());
        let algorithm = key.default_algorithm();
        Ok(sign_enveloped(xml, &self.id(), place, key, algorithm, Some(certificate), &style)?)
    }

    /// Unique within the document, which is all that is asked of it (Metadata 2.3.2).
    fn id(&self) -> String {
        let digest = hex(&sha256(self.entity_id.as_str().as_bytes()));
        format!("_{}", digest.get(..32).unwrap_or(&digest))
    }
}

/// As `xs:duration`.
fn format_duration(duration: TimeDelta) -> String {
    let (hours, seconds) = (duration.num_hours(), duration.num_seconds());
    match TimeDelta::try_hours(hours) == Some(duration) {
        true => format!("PT{hours}H"),
        false => format!("PT{seconds}S"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{CertificateRequest, KeyShape};
    use crate::saml::parse_instant;

    fn certificate() -> Certificate {
        pair().1
    }

    fn pair() -> (PrivateKey, Certificate) {
        let key = PrivateKey::generate(KeyShape::P256).unwrap();
        let request = CertificateRequest {
            common_name: "rota.example.nhs.uk",
            organisation: None,
            hosts: &[],
            not_before: parse_instant("2026-01-01T00:00:00Z").unwrap(),
            not_after: parse_instant("2027-01-01T00:00:00Z").unwrap(),
        };
        let certificate = Certificate::self_signed(&key, &request).unwrap();
        (key, certificate)
    }

    fn written(signs: bool, keys: &str, people: &str) -> String {
        format!(
            "<md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"urn:rota\">\
             <md:SPSSODescriptor AuthnRequestsSigned=\"{signs}\" WantAssertionsSigned=\"true\" \
             protocolSupportEnumeration=\"{PROTOCOL}\">{keys}<md:AssertionConsumerService \
             Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
             Location=\"https://rota.example.nhs.uk/saml/acs\" index=\"0\" isDefault=\"true\"/>\
             </md:SPSSODescriptor>{people}</md:EntityDescriptor>"
        )
    }

    #[test]
    fn nothing_but_what_there_is() {
        let entity_id = EntityId::new("urn:rota").unwrap();
        let mut metadata = SpMetadata {
            entity_id: &entity_id,
            acs_url: "https://rota.example.nhs.uk/saml/acs",
            logout_url: None,
            valid_until: None,
            cache_duration: None,
            is_signable: false,
            signing: &[],
            encryption: &[],
            signs_requests: false,
            organisation: None,
            contact: None,
        };
        assert_eq!(metadata.to_xml().unwrap(), written(false, "", ""));

        let contact = Contact { email: "rota@example.nhs.uk".to_owned(), ..Contact::default() };
        metadata.contact = Some(&contact);
        let person = "<md:ContactPerson contactType=\"technical\">\
            <md:EmailAddress>mailto:rota@example.nhs.uk</md:EmailAddress></md:ContactPerson>";
        assert_eq!(metadata.to_xml().unwrap(), written(false, "", person));
    }

    #[test]
    fn everything_in_the_order_of_the_schema() {
        let entity_id = EntityId::new("urn:rota").unwrap();
        let (signing, encryption) = (certificate(), certificate());
        let organisation = Organisation {
            name: "Test Trust".to_owned(),
            display_name: "Test & Trust".to_owned(),
            url: "https://example.nhs.uk/".to_owned(),
        };
        let contact = Contact {
            given_name: Some("Rota team".to_owned()),
            email: "rota@example.nhs.uk".to_owned(),
            telephone: Some("01234".to_owned()),
        };
        let metadata = SpMetadata {
            entity_id: &entity_id,
            acs_url: "https://rota.example.nhs.uk/saml/acs",
            logout_url: None,
            valid_until: None,
            cache_duration: None,
            is_signable: false,
            signing: std::slice::from_ref(&signing),
            encryption: std::slice::from_ref(&encryption),
            signs_requests: true,
            organisation: Some(&organisation),
            contact: Some(&contact),
        };
        let key = |purpose: &str, certificate: &Certificate| {
            format!(
                "<md:KeyDescriptor use=\"{purpose}\"><ds:KeyInfo xmlns:ds=\"{DSIG_NAMESPACE}\">\
                 <ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>\
                 </ds:KeyInfo></md:KeyDescriptor>",
                encode_base64(certificate.as_der())
            )
        };
        let keys = [key("signing", &signing), key("encryption", &encryption)].concat();
        let people = "<md:Organization>\
            <md:OrganizationName xml:lang=\"en\">Test Trust</md:OrganizationName>\
            <md:OrganizationDisplayName xml:lang=\"en\">Test &amp; Trust</md:OrganizationDisplayName>\
            <md:OrganizationURL xml:lang=\"en\">https://example.nhs.uk/</md:OrganizationURL>\
            </md:Organization><md:ContactPerson contactType=\"technical\">\
            <md:GivenName>Rota team</md:GivenName>\
            <md:EmailAddress>mailto:rota@example.nhs.uk</md:EmailAddress>\
            <md:TelephoneNumber>01234</md:TelephoneNumber></md:ContactPerson>";
        assert_eq!(metadata.to_xml().unwrap(), written(true, &keys, people));
    }

    #[test]
    fn signed_and_limited_in_time() {
        use crate::dsig::DsigError;
        use crate::xml::{Document, Limits};
        let entity_id = EntityId::new("urn:rota").unwrap();
        let mut metadata = SpMetadata {
            entity_id: &entity_id,
            acs_url: "https://rota.example.nhs.uk/saml/acs",
            logout_url: None,
            valid_until: Some(parse_instant("2026-11-29T09:00:00Z").unwrap()),
            cache_duration: Some(TimeDelta::hours(36)),
            is_signable: true,
            signing: &[],
            encryption: &[],
            signs_requests: false,
            organisation: None,
            contact: None,
        };
        // `printf urn:rota | sha256sum`
        let id = "_6eeb8795156bcd1fecf1d60688b3cc10";
        let root = |duration: &str| {
            format!(
                "<md:EntityDescriptor xmlns:md=\"{METADATA}\" ID=\"{id}\" entityID=\"urn:rota\" \
                 validUntil=\"2026-11-29T09:00:00.000Z\" cacheDuration=\"{duration}\">"
            )
        };
        let xml = metadata.to_xml().unwrap();
        assert!(xml.starts_with(&root("PT36H")), "{xml}");
        metadata.cache_duration = Some(TimeDelta::seconds(5400));
        assert!(metadata.to_xml().unwrap().starts_with(&root("PT5400S")));

        let [(key, certificate), (_, other)] = [pair(), pair()];
        let signed = metadata.sign(&xml, &key, &certificate).unwrap();
        let document = Document::parse(signed.as_bytes(), &Limits::METADATA).unwrap();
        let signature = document.root().elements().next().unwrap();
        let by = |certificate: &Certificate| {
            let keys = [certificate.public_key().clone()];
            crate::dsig::verify(document.root(), signature, &keys).map(|_| ())
        };
        assert_eq!(by(&certificate), Ok(()));
        assert_eq!(by(&other), Err(DsigError::SignatureMismatch { keys: 1 }));

        metadata.is_signable = false;
        let unsignable = metadata.to_xml().unwrap();
        assert!(!unsignable.contains(" ID="));
        let error = metadata.sign(&unsignable, &key, &certificate).unwrap_err();
        assert!(matches!(error, WriteMetadataError::Sign(SignError::Place)), "{error:?}");
    }
}
