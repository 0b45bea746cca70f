//! A generated certificate for https on this machine.

use std::path::Path;

use chrono::TimeDelta;
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod};
use openssl::x509::X509;

use super::Problem;
use super::files::{NewFile, Readers, replace_all};
use crate::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use crate::web::{Clock as _, SystemClock};

const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The acceptor for the certificate in `folder`, which is made when it is not there.
pub(super) fn acceptor(folder: &Path) -> Result<SslAcceptorBuilder, Problem> {
    let (key_path, cert_path) = (folder.join("tls-key.pem"), folder.join("tls-cert.pem"));
    if !(key_path.exists() && cert_path.exists()) {
        let key = PrivateKey::generate(KeyShape::P256)?;
        let now = SystemClock.now();
        let certificate = Certificate::self_signed(
            &key,
            &CertificateRequest {
                common_name: "localhost (actix-saml demo)",
                organisation: None,
                hosts: &HOSTS,
                not_before: now,
                // Browsers refuse what lasts longer.
                not_after: now.checked_add_signed(TimeDelta::days(365)).unwrap_or(now),
            },
        )?;
        replace_all(&[
            NewFile { path: &key_path, text: &key.to_pem()?, readers: Readers::Owner },
            NewFile { path: &cert_path, text: &certificate.to_pem()?, readers: Readers::Everybody },
        ])?;
    }
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    let key = PKey::private_key_from_pem(&std::fs::read(&key_path)?)?;
    let certificate = X509::from_pem(&std::fs::read(&cert_path)?)?;
    builder.set_private_key(&key)?;
    builder.set_certificate(&certificate)?;
    builder.check_private_key()?;
    Ok(builder)
}
