//! What the documents say, gathered from the configuration and from the command line.

use chrono::{DateTime, Utc};

use super::claims::Wanted;
use super::text::blank;
use super::{Arguments, Mfa, Problem};
use crate::crypto::{Certificate, KeyKind};
use crate::dsig::DSIG_NAMESPACE;
use crate::saml::names::METADATA;
use crate::web::Config;
use crate::web::config::RequireSignedConfig;
use crate::xml::{Document, Limits, Node, decode_base64};

pub(super) struct Facts {
    /// `22 November 2026`
    pub(super) date: String,
    pub(super) application: String,
    pub(super) purpose: String,
    pub(super) ods_code: String,
    pub(super) organisation: String,
    pub(super) contact_name: Option<String>,
    pub(super) contact_email: String,
    pub(super) contact_telephone: Option<String>,
    pub(super) entity_id: String,
    pub(super) base_url: String,
    pub(super) acs_url: String,
    pub(super) metadata_url: String,
    /// Where messages about logging out go, if our metadata names such a place.
    pub(super) logout_urls: Vec<String>,
    pub(super) metadata: String,
    /// Until when that is good, if it ends.
    pub(super) metadata_until: Option<String>,
    pub(super) signs_requests: bool,
    pub(super) decrypts: bool,
    pub(super) certificates: Vec<Published>,
    pub(super) require_signed: RequireSignedConfig,
    pub(super) mfa: Mfa,
    pub(super) claims: Vec<Wanted>,
    pub(super) idle_minutes: u32,
    pub(super) absolute_hours: u32,
    pub(super) pending_minutes: u32,
    /// What a person has to fill in, and how.
    pub(super) missing: Vec<String>,
}

/// A certificate of our metadata.
pub(super) struct Published {
    /// `signing` or `encryption`
    pub(super) purpose: String,
    pub(super) file: &'static str,
    pub(super) pem: String,
    pub(super) sha256: String,
    pub(super) kind: String,
    pub(super) until: String,
}

impl Facts {
    pub(super) fn gather(
        config: &Config,
        arguments: &Arguments,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        let own = config.own_side()?;
        let settings = own.settings();
        let metadata = own.metadata(now)?;
        let document = Document::parse(metadata.as_bytes(), &Limits::METADATA)?;
        let mut missing = Vec::new();
        let mut or_blank = |value: Option<String>, what: &str, how: &str| {
            let value = value.filter(|value| !value.trim().is_empty());
            value.unwrap_or_else(|| {
                missing.push(format!("{what} ({how})"));
                blank(what)
            })
        };
        let contact = config.contact.as_ref();
        let application =
            or_blank(arguments.application.clone(), "name of the application", "--application");
        let purpose =
            or_blank(arguments.purpose.clone(), "what the application is for", "--purpose");
        let ods_code =
            or_blank(arguments.ods_code.clone(), "ODS code of your organisation", "--ods-code");
        let organisation = or_blank(
            config.organisation.as_ref().map(|o| o.name.clone()),
            "legal name of your organisation",
            "[organisation] in the configuration",
        );
        let contact_email = or_blank(
            contact.map(|c| c.email.clone()),
            "mail address of the technical contact",
            "[contact] in the configuration",
        );
        if config.dev {
            let what = "an address for live use: dev is set, and this would register a trial";
            missing.push(format!("{what} (dev and base_url in the configuration)"));
        }
        let base_url = config.base_url.as_str().trim_end_matches('/').to_owned();
        let parent = settings.acs_path.rsplit_once('/').map_or("", |(parent, _)| parent);
        Ok(Self {
            date: now.format("%-d %B %Y").to_string(),
            application,
            purpose,
            ods_code,
            organisation,
            contact_name: contact.and_then(|c| c.name.clone()),
            contact_email,
            contact_telephone: contact.and_then(|c| c.telephone.clone()),
            entity_id: own.entity_id().as_str().to_owned(),
            acs_url: own.acs_url().to_owned(),
            metadata_url: format!("{base_url}{parent}/metadata"),
            logout_urls: logout_urls(document.root()),
            metadata_until: document.root().attribute("validUntil").map(str::to_owned),
            signs_requests: settings.signing.is_some(),
            decrypts: !settings.encryption.is_empty(),
            certificates: published(document.root())?,
            require_signed: config.policy.require_signed,
            mfa: arguments.mfa,
            claims: Wanted::of(&config.claims, &subjects(config)),
            idle_minutes: config.session.idle_minutes,
            absolute_hours: config.session.absolute_hours,
            pending_minutes: config.policy.pending_minutes,
            base_url,
            metadata: metadata.clone(),
            missing,
        })
    }

    /// `Rota team, rota.team@example.nhs.uk, 01234 567890`
    pub(super) fn contact(&self) -> String {
        let parts = [self.contact_name.as_deref(), Some(&self.contact_email)];
        let parts = parts.into_iter().chain([self.contact_telephone.as_deref()]);
        parts.flatten().collect::<Vec<_>>().join(", ")
    }
}

/// The claims by which several providers know people as the same.
fn subjects(config: &Config) -> Vec<String> {
    let mut names: Vec<String> =
        config.idp.iter().filter_map(|idp| idp.subject.clone()).flatten().collect();
    names.sort();
    names.dedup();
    names
}

fn logout_urls(root: Node<'_>) -> Vec<String> {
    let mut urls: Vec<String> = root
        .descendants()
        .filter(|n| n.is(METADATA, "SingleLogoutService"))
        .filter_map(|n| n.attribute("Location").map(str::to_owned))
        .collect();
    urls.dedup();
    urls
}

/// The certificates of our own metadata, as everybody can read them.
fn published(root: Node<'_>) -> Result<Vec<Published>, Problem> {
    let mut certificates: Vec<Published> = Vec::new();
    let keys = root.descendants().filter(|n| n.is(METADATA, "KeyDescriptor"));
    for key in keys {
        let node = key.descendants().find(|n| n.is(DSIG_NAMESPACE, "X509Certificate"));
        let Some(text) = node.and_then(|n| n.text()) else { continue };
        let der = decode_base64(text.as_bytes()).unwrap_or_default();
        let certificate = Certificate::from_der(&der)?;
        let purpose = key.attribute("use").unwrap_or("signing").to_owned();
        let is_next = certificates.iter().any(|known| known.purpose == purpose);
        let file = match (purpose.as_str(), is_next) {
            ("encryption", false) => "encryption-certificate.cer",
            ("encryption", true) => "next-encryption-certificate.cer",
            (_, false) => "signing-certificate.cer",
            (_, true) => "next-signing-certificate.cer",
        };
        if certificates.iter().any(|known| known.file == file) {
            continue;
        }
        let until = certificate.not_after();
        certificates.push(Published {
            purpose,
            file,
            pem: certificate.to_pem()?,
            sha256: certificate.fingerprint(),
            kind: match certificate.public_key().kind() {
                KeyKind::Rsa(bits) => format!("RSA of {bits} bits"),
                KeyKind::P256 => "elliptic curve P-256".to_owned(),
                KeyKind::P384 => "elliptic curve P-384".to_owned(),
                KeyKind::P521 => "elliptic curve P-521".to_owned(),
            },
            until: until.map_or_else(String::new, |end| end.format("%-d %B %Y").to_string()),
        });
    }
    Ok(certificates)
}
