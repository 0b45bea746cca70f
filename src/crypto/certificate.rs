use std::fmt;

use chrono::{DateTime, Utc};
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::x509::extension::{
    BasicConstraints, KeyUsage, SubjectAlternativeName, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Name};

use super::digest::sha256;
use super::error::CryptoError;
use super::private_key::PrivateKey;
use super::public_key::PublicKey;
use super::random::{hex, random_bytes};

/// An X.509 certificate, used as a carrier of a public key. SAML metadata trusts the key, not what
/// the certificate says of itself (SAML Metadata Interoperability 2.6.1), so nothing here checks
/// chains or dates: callers warn about dates.
#[derive(Clone)]
pub struct Certificate {
    certificate: X509,
    public_key: PublicKey,
    der: Vec<u8>,
}

/// The same bytes. Whether two certificates carry the same key is another question.
impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("fingerprint", &self.fingerprint())
            .field("public_key", &self.public_key)
            .finish()
    }
}

/// What a self-signed certificate is to say.
#[derive(Clone, Debug)]
pub struct CertificateRequest<'r> {
    /// Common name of subject and issuer.
    pub common_name: &'r str,
    /// Organisation of subject and issuer, if any.
    pub organisation: Option<&'r str>,
    /// Host names and addresses for TLS; empty for signing certificates.
    pub hosts: &'r [&'r str],
    /// Valid from this second.
    pub not_before: DateTime<Utc>,
    /// Valid until this second.
    pub not_after: DateTime<Utc>,
}

/// What a certificate says that its key is for (RFC 5280 section 4.2.1.3). Windows refuses to
/// encrypt to a certificate that names other uses only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// Signing.
    Signing,
    /// Being encrypted to.
    Encryption,
}

impl Certificate {
    /// Reads one certificate in DER form. Bytes behind it are refused: two readers could take
    /// different ones.
    ///
    /// # Errors
    /// [`CryptoError::Certificate`] when it is none, or one of the errors for weak keys.
    pub fn from_der(der: &[u8]) -> Result<Self, CryptoError> {
        let certificate = X509::from_der(der).map_err(|_| CryptoError::Certificate)?;
        let encoded = certificate.to_der()?;
        if encoded != der {
            return Err(CryptoError::Certificate);
        }
        Self::new(certificate, encoded)
    }

    /// Reads the one certificate in a PEM file.
    ///
    /// # Errors
    /// [`CryptoError::Certificate`] when there is none or more than one, or one of the errors for
    /// weak keys.
    pub fn from_pem(pem: &[u8]) -> Result<Self, CryptoError> {
        let mut all = X509::stack_from_pem(pem).map_err(|_| CryptoError::Certificate)?;
        match (all.pop(), all.is_empty()) {
            (Some(only), true) => {
                let der = only.to_der()?;
                Self::new(only, der)
            }
            _ => Err(CryptoError::Certificate),
        }
    }

    /// Reads every certificate in a PEM file.
    ///
    /// # Errors
    /// [`CryptoError::Certificate`] when there is none, or one of the errors for weak keys.
    pub fn all_from_pem(pem: &[u8]) -> Result<Vec<Self>, CryptoError> {
        let all = X509::stack_from_pem(pem).map_err(|_| CryptoError::Certificate)?;
        if all.is_empty() {
            return Err(CryptoError::Certificate);
        }
        all.into_iter()
            .map(|certificate| {
                let der = certificate.to_der()?;
                Self::new(certificate, der)
            })
            .collect()
    }

    fn new(certificate: X509, der: Vec<u8>) -> Result<Self, CryptoError> {
        let key = certificate.public_key().map_err(|_| CryptoError::Certificate)?;
        let public_key = PublicKey::new(key)?;
        Ok(Self { certificate, public_key, der })
    }

    /// Makes a certificate for `key`, signed by `key`.
    ///
    /// # Errors
    /// [`CryptoError::Provider`] when OpenSSL cannot put the request in a certificate.
    pub fn self_signed(
        key: &PrivateKey,
        request: &CertificateRequest<'_>,
    ) -> Result<Self, CryptoError> {
        Self::make(key, request, None, random_bytes()?)
    }

    /// As [`Certificate::self_signed`]; the certificate says that its key is for this and nothing
    /// else.
    ///
    /// # Errors
    /// As for [`Certificate::self_signed`].
    pub fn self_signed_for(
        key: &PrivateKey,
        request: &CertificateRequest<'_>,
        key_use: KeyUse,
    ) -> Result<Self, CryptoError> {
        Self::make(key, request, Some(key_use), random_bytes()?)
    }

    pub(super) fn make(
        key: &PrivateKey,
        request: &CertificateRequest<'_>,
        key_use: Option<KeyUse>,
        mut serial: [u8; 16],
    ) -> Result<Self, CryptoError> {
        let mut name = X509Name::builder()?;
        name.append_entry_by_nid(Nid::COMMONNAME, request.common_name)?;
        if let Some(organisation) = request.organisation {
            name.append_entry_by_nid(Nid::ORGANIZATIONNAME, organisation)?;
        }
        let name = name.build();
        // RFC 5280 section 4.1.2.2: positive, at most 20 bytes.
        if let Some(first) = serial.first_mut() {
            *first = (*first & 0x7F) | 0x40;
        }
        let serial = BigNum::from_slice(&serial)?.to_asn1_integer()?;
        let mut builder = X509::builder()?;
        builder.set_version(2)?;
        builder.set_serial_number(&serial)?;
        builder.set_subject_name(&name)?;
        builder.set_issuer_name(&name)?;
        builder.set_pubkey(&key.key)?;
        let not_before = Asn1Time::from_unix(request.not_before.timestamp())?;
        let not_after = Asn1Time::from_unix(request.not_after.timestamp())?;
        builder.set_not_before(&not_before)?;
        builder.set_not_after(&not_after)?;
        if !request.hosts.is_empty() {
            let mut names = SubjectAlternativeName::new();
            for host in request.hosts {
                match host.parse::<std::net::IpAddr>() {
                    Ok(_) => names.ip(host),
                    Err(_) => names.dns(host),
                };
            }
            let names = names.build(&builder.x509v3_context(None, None))?;
            builder.append_extension(names)?;
            builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
        }
        if let Some(key_use) = key_use {
            let mut usage = KeyUsage::new();
            usage.critical();
            match key_use {
                KeyUse::Signing => usage.digital_signature(),
                KeyUse::Encryption => usage.key_encipherment(),
            };
            builder.append_extension(usage.build()?)?;
            builder.append_extension(BasicConstraints::new().critical().build()?)?;
            let identifier =
                SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
            builder.append_extension(identifier)?;
        }
        builder.sign(&key.key, MessageDigest::sha256())?;
        let certificate = builder.build();
        let der = certificate.to_der()?;
        Self::new(certificate, der)
    }

    /// The key it carries.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The certificate in DER form.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate in PEM form.
    ///
    /// # Errors
    /// [`CryptoError::Provider`].
    pub fn to_pem(&self) -> Result<String, CryptoError> {
        String::from_utf8(self.certificate.to_pem()?).map_err(|_| CryptoError::Certificate)
    }

    /// SHA-256 of the DER form, in lower-case hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        hex(&sha256(&self.der))
    }

    /// The subject's common name, if it has one.
    pub fn common_name(&self) -> Option<String> {
        let entry = self.certificate.subject_name().entries_by_nid(Nid::COMMONNAME).next()?;
        entry.data().to_string().ok()
    }

    /// The issuer's name as Windows writes it, last part first: `CN=…, O=…, S=…, C=GB`. It is for
    /// people to read; products differ in spelling it, so nothing compares it.
    pub fn issuer_name(&self) -> Option<String> {
        let mut parts = Vec::new();
        for entry in self.certificate.issuer_name().entries() {
            let name = match entry.object().nid() {
                Nid::STATEORPROVINCENAME => "S".to_owned(),
                Nid::PKCS9_EMAILADDRESS => "E".to_owned(),
                nid => match nid.short_name() {
                    Ok(name) => name.to_owned(),
                    Err(_) => entry.object().to_string(),
                },
            };
            let value = entry.data().to_string().ok()?;
            let is_plain = !value.contains([',', '+', '=', '"', '\n', '<', '>', '#', ';']);
            parts.push(match is_plain {
                true => format!("{name}={value}"),
                false => format!("{name}=\"{}\"", value.replace('"', "\"\"")),
            });
        }
        parts.reverse();
        Some(parts.join(", "))
    }

    /// The serial number as `X509IssuerSerial` writes it (XML Signature 4.5.4.1).
    pub fn serial_decimal(&self) -> Option<String> {
        let serial = self.certificate.serial_number().to_bn().ok()?;
        Some(serial.to_dec_str().ok()?.to_string())
    }

    /// First second of validity.
    pub fn not_before(&self) -> Option<DateTime<Utc>> {
        to_utc(self.certificate.not_before())
    }

    /// Last second of validity.
    pub fn not_after(&self) -> Option<DateTime<Utc>> {
        to_utc(self.certificate.not_after())
    }

    /// Whether `key` is the private half of this certificate's key.
    pub fn belongs_to(&self, key: &PrivateKey) -> bool {
        self.certificate.public_key().is_ok_and(|public| public.public_eq(&key.key))
    }
}

fn to_utc(time: &Asn1TimeRef) -> Option<DateTime<Utc>> {
    let epoch = Asn1Time::from_unix(0).ok()?;
    let since = epoch.diff(time).ok()?;
    let seconds = i64::from(since.days).checked_mul(86_400)?.checked_add(i64::from(since.secs))?;
    DateTime::from_timestamp(seconds, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::KeyShape;

    #[test]
    fn the_issuer_is_named_as_windows_names_it() {
        let key = PrivateKey::generate(KeyShape::P256).unwrap();
        let mut name = X509Name::builder().unwrap();
        for (nid, value) in [
            (Nid::COUNTRYNAME, "GB"),
            (Nid::STATEORPROVINCENAME, "West Yorkshire"),
            (Nid::ORGANIZATIONNAME, "Rota, \"Wards\""),
            (Nid::COMMONNAME, "rota.example.nhs.uk"),
            (Nid::PKCS9_EMAILADDRESS, "test.user1@nhs.net"),
        ] {
            name.append_entry_by_nid(nid, value).unwrap();
        }
        let mut builder = X509::builder().unwrap();
        builder.set_issuer_name(&name.build()).unwrap();
        builder.set_pubkey(&key.key).unwrap();
        builder.set_not_before(&Asn1Time::from_unix(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::from_unix(1).unwrap()).unwrap();
        builder.sign(&key.key, MessageDigest::sha256()).unwrap();
        let certificate = Certificate::from_der(&builder.build().to_der().unwrap()).unwrap();
        let expected = "E=test.user1@nhs.net, CN=rota.example.nhs.uk, \
                        O=\"Rota, \"\"Wards\"\"\", S=West Yorkshire, C=GB";
        assert_eq!(certificate.issuer_name().as_deref(), Some(expected));
    }
}
