use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey, random_hex};
use actix_saml::saml::parse_instant;
use chrono::{DateTime, Utc};
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslMethod, SslVersion};
use openssl::x509::X509;

/// A key and a self-signed certificate for it.
#[derive(Clone)]
pub struct Identity {
    pub certificate: Certificate,
    acceptor: SslAcceptor,
}

impl Identity {
    /// For these hosts, now.
    pub fn of(hosts: &[&str]) -> Self {
        Self::between(hosts, "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", None)
    }

    /// Its time is over.
    pub fn expired(hosts: &[&str]) -> Self {
        Self::between(hosts, "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", None)
    }

    /// Speaks no version of TLS later than 1.1.
    pub fn old(hosts: &[&str]) -> Self {
        let version = Some(SslVersion::TLS1_1);
        Self::between(hosts, "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", version)
    }

    fn between(hosts: &[&str], from: &str, until: &str, latest: Option<SslVersion>) -> Self {
        let time = |text| -> DateTime<Utc> { parse_instant(text).unwrap() };
        let key = PrivateKey::generate(KeyShape::P256).unwrap();
        let request = CertificateRequest {
            // OpenSSL looks an issuer up by its name.
            common_name: &random_hex::<8>().unwrap(),
            organisation: None,
            hosts,
            not_before: time(from),
            not_after: time(until),
        };
        let certificate = Certificate::self_signed(&key, &request).unwrap();
        let pem = key.to_pem().unwrap();
        let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        builder.set_private_key(&PKey::private_key_from_pem(pem.as_bytes()).unwrap()).unwrap();
        builder.set_certificate(&X509::from_der(certificate.as_der()).unwrap()).unwrap();
        if latest.is_some() {
            builder.set_min_proto_version(None).unwrap();
            builder.set_max_proto_version(latest).unwrap();
            builder.set_cipher_list("ALL:@SECLEVEL=0").unwrap();
            builder.clear_options(openssl::ssl::SslOptions::all());
        }
        Self { certificate, acceptor: builder.build() }
    }

    pub(super) fn acceptor(&self) -> &SslAcceptor {
        &self.acceptor
    }
}
