//! Each identity provider's metadata: where it comes from, who vouches for it, and what it says.

mod pin;
mod product;
mod several;

use chrono::{DateTime, TimeDelta, Utc};

use super::finding::{Area, Finding, Level};
use super::scene::{Fault, Provider, Scene, bare};
use crate::crypto::Certificate;
use crate::saml::binding::Binding;
use crate::saml::format_instant;
use crate::saml::metadata::{IdpMetadata, TEST_KEY_MARK};
use crate::sp::expiry::{ExpiryThreshold, days_left};
use crate::web::config::BindingConfig;

const METADATA_ADDRESS: &str =
    "(Get-AdfsEndpoint -AddressPath '/FederationMetadata/2007-06/FederationMetadata.xml').FullUrl";
const FEDERATION_URL: &str = "Enterprise apps > the application > Single sign-on > SAML \
                              Certificates > App Federation Metadata Url";

pub(super) fn look(scene: &Scene) -> Vec<Finding> {
    let mut findings = Vec::new();
    if scene.providers.is_empty() {
        let title = "No identity provider is configured: nobody can sign in.";
        findings.push(
            finding("idp_metadata", Level::Problem, title)
                .remedy("Add [[idp]] with the metadata that the identity provider gives you."),
        );
    }
    for provider in &scene.providers {
        let named = |finding: Finding| provider.concern(finding);
        findings.extend(source(provider, scene.now).into_iter().map(named));
        findings.extend(
            match &provider.document {
                Some(Ok(document)) => document_of(provider, document, scene),
                Some(Err(fault)) => vec![unusable(provider, fault)],
                None => {
                    let title = "Its metadata is not here: it is fetched at start.";
                    let remedy = "Try it with --reach.";
                    vec![finding("idp_metadata", Level::Note, title).remedy(remedy)]
                }
            }
            .into_iter()
            .map(named),
        );
    }
    findings.extend(several::labels(scene));
    findings.extend(several::populations(scene));
    findings.extend(several::subjects(scene));
    findings
}

fn finding(code: &'static str, level: Level, title: impl Into<String>) -> Finding {
    Finding::new(Area::IdentityProvider, code, level, title)
}

fn unusable(provider: &Provider, fault: &Fault) -> Finding {
    let is_first = fault.code == "file" && provider.source.url.is_some();
    let (level, title, remedy) = match is_first {
        true => (
            Level::Warning,
            "There is no last known good metadata yet.",
            "It is written when the address has been fetched for the first time. Until then a \
             start depends on the network: look with --reach whether it can be fetched.",
        ),
        false => (
            Level::Problem,
            "Its metadata cannot be used: nobody can sign in by it.",
            match fault.code {
                "metadata_signer_not_pinned" => {
                    "If the pinned key is AD FS's or Entra's own, it has changed: remove pin_cert \
                     and pin_sha256. Otherwise save its federation metadata again, and look at it \
                     with actix-saml metadata check."
                }
                _ => {
                    "Save its federation metadata again, and look at it with actix-saml metadata \
                     check."
                }
            },
        ),
    };
    let finding = finding("idp_metadata", level, title)
        .fact("reason", fault.code)
        .fact("problem", &fault.detail)
        .remedy(remedy);
    match is_first {
        true => finding,
        false => finding.adfs(METADATA_ADDRESS).entra(FEDERATION_URL),
    }
}

/// Where the metadata comes from, and who renews it.
fn source(provider: &Provider, now: DateTime<Utc>) -> Vec<Finding> {
    let source = &provider.source;
    let mut findings = Vec::new();
    let file = source.file.as_ref().map(|path| path.display().to_string());
    let mut add = |finding: Finding| {
        let finding = match &file {
            Some(file) => finding.fact("file", file),
            None => finding,
        };
        findings.push(match &source.url {
            Some(url) => finding.fact("URL", bare(url)),
            None => finding,
        });
    };
    match (&source.file, &source.url) {
        (_, None) => add(
            finding("idp_source", Level::Warning, "Its metadata is a file, which somebody renews.")
                .remedy(
                    "Set metadata_url, so that a new key is noticed by itself. Where the network \
                     does not allow that, agree with the identity provider who sends the new file, \
                     and when: AD FS announces a key 5 days before it signs with it.",
                )
                .adfs("Get-AdfsProperties | Format-List AutoCertificateRollover, CertificateGenerationThreshold, CertificatePromotionThreshold")
                .entra(FEDERATION_URL),
        ),
        (None, Some(_)) => add(
            finding("idp_source", Level::Note, "Its metadata is fetched, and not kept on disk.")
                .remedy(
                    "Set metadata as well: a file in which the last good one is kept. Without it \
                     nobody can sign in after a start until the network works.",
                ),
        ),
        (Some(_), Some(_)) => {
            add(finding("idp_source", Level::Ok, "Its metadata is fetched, and kept on disk."));
        }
    }
    match (source.is_pinned, &source.url) {
        (true, _) => findings.push(finding(
            "idp_trust",
            Level::Ok,
            "Only a pinned key can vouch for its metadata.",
        )),
        (false, Some(url)) if url.scheme() != "https" => findings.push(
            finding("idp_trust", Level::Note, "Nothing vouches for its metadata: it comes by http.")
                .remedy("That is allowed within this machine, in development."),
        ),
        (false, Some(url)) => findings.push(
            finding("idp_trust", Level::Note, "The TLS connection vouches for its metadata.")
                .fact("host", url.host_str().unwrap_or_default())
                .remedy(
                    "A signature in the metadata proves nothing: it is by the key that the \
                     document announces. For a federation, pin its signer by pin_cert or \
                     pin_sha256; AD FS and Entra have none that lasts.",
                ),
        ),
        (false, None) => findings.push(
            finding("idp_trust", Level::Note, "Whoever saved the file vouches for its metadata.")
                .remedy(
                    "Compare the fingerprints below with the administrator, by another way than \
                     the file came.",
                )
                .adfs("Get-AdfsCertificate -CertificateType Token-Signing | ForEach-Object { $_.Certificate.GetCertHashString('SHA256') }")
                .entra(
                    "Enterprise apps > the application > Single sign-on > SAML Certificates > \
                     Token signing certificate > Thumbprint (SHA-1: compare the dates as well)",
                ),
        ),
    }
    findings.extend(age(provider, now));
    findings
}

/// How old the file is. With an address that tells only when there was something new.
fn age(provider: &Provider, now: DateTime<Utc>) -> Option<Finding> {
    let source = &provider.source;
    let age = now.signed_duration_since(source.modified?);
    let days = age.num_days();
    let finding = |level, title: String| finding("idp_file_age", level, title).fact("days", days);
    if source.url.is_some() {
        let title = format!("The address had something new {days} days ago.");
        return Some(finding(Level::Ok, title));
    }
    if age <= TimeDelta::days(31) {
        return Some(finding(Level::Ok, "The file is fresh.".to_owned()));
    }
    Some(
        finding(Level::Warning, format!("The file is {days} days old."))
            .remedy("Fetch it anew and compare: actix-saml metadata fetch, or by hand."),
    )
}

fn document_of(provider: &Provider, document: &IdpMetadata, scene: &Scene) -> Vec<Finding> {
    let mut findings = vec![
        finding("idp_metadata", Level::Ok, "Its metadata can be used.")
            .fact("entityID", document.entity_id()),
        keys(document),
        valid_until(document, scene.now),
        bindings(document, scene),
    ];
    findings.extend(document.certificates().iter().map(|c| certificate(c, provider, scene.now)));
    findings.extend(test_key(document, scene));
    findings.extend(sha1(provider, scene.now));
    findings.extend(pin::is_own_key(provider, document));
    findings.extend(product::entra(provider));
    findings.extend(product::adfs(provider));
    findings
}

/// One key, or a change of keys.
fn keys(document: &IdpMetadata) -> Finding {
    let count = document.certificates().len();
    if count < 2 {
        return finding("idp_keys", Level::Ok, "It signs with one key.");
    }
    finding("idp_keys", Level::Note, format!("It lists {count} signing keys: one follows another."))
        .remedy(
            "Nothing is needed: each of them counts. AD FS makes a key 20 days before the old one \
             ends, and signs with it 5 days later; the old one then disappears. Entra lists a new \
             one until an administrator makes it active.",
        )
        .adfs("Get-AdfsCertificate -CertificateType Token-Signing | Format-List IsPrimary, Thumbprint")
        .entra(
            "Enterprise apps > the application > Single sign-on > SAML Certificates > Token \
             signing certificate > Edit",
        )
}

/// A date of a provider's certificate decides nothing: it tells when to expect a new key.
fn certificate(certificate: &Certificate, provider: &Provider, now: DateTime<Utc>) -> Finding {
    let code = "idp_certificate";
    let level_if_near = if provider.source.url.is_some() { Level::Note } else { Level::Warning };
    let (Some(start), Some(end)) = (certificate.not_before(), certificate.not_after()) else {
        let title = "A signing certificate has no dates that can be read.";
        return finding(code, Level::Note, title).fact("SHA-256", certificate.fingerprint());
    };
    let days = days_left(end, now);
    let (level, title, remedy) = if now < start {
        let title = "A signing certificate is not valid yet: announced, and trusted.".to_owned();
        (Level::Note, title, None)
    } else if days < 0 {
        let title = "A signing certificate has ended. Its key still counts.".to_owned();
        let remedy = "Dates decide nothing about trust. If the identity provider has changed its \
                      key, its metadata here is old.";
        (Level::Note, title, Some(remedy))
    } else if ExpiryThreshold::reached(end, now).is_some() {
        let title = format!("A signing certificate ends in {days} days: expect a new key.");
        let remedy = match provider.source.url {
            Some(_) => "The new one is taken by itself.",
            None => {
                "Ask for the new metadata now: AD FS signs with another key 15 days before \
                     this date."
            }
        };
        (level_if_near, title, Some(remedy))
    } else {
        (Level::Ok, format!("A signing certificate is good for {days} days."), None)
    };
    let finding = finding(code, level, title)
        .key()
        .fact("SHA-256", certificate.fingerprint())
        .fact("from", format_instant(start))
        .fact("until", format_instant(end));
    match remedy {
        Some(remedy) => {
            finding.remedy(remedy).adfs("Get-AdfsCertificate -CertificateType Token-Signing").entra(
                "Enterprise apps > the application > Single sign-on > SAML Certificates > Token \
                 signing certificate",
            )
        }
        None => finding,
    }
}

fn test_key(document: &IdpMetadata, scene: &Scene) -> Option<Finding> {
    if !document.has_test_keys() {
        return None;
    }
    let level = if scene.config.dev { Level::Note } else { Level::Problem };
    let title = "It signs with the key of a test identity provider.";
    Some(finding("idp_test_key", level, title).fact("mark", TEST_KEY_MARK).remedy(
        "For live use take the metadata of the live identity provider. Anybody can have such a key.",
    ))
}

fn valid_until(document: &IdpMetadata, now: DateTime<Utc>) -> Finding {
    let code = "idp_valid_until";
    let Some(end) = document.valid_until() else {
        let title = "Its metadata has no end: AD FS and Entra write none.";
        return finding(code, Level::Ok, title);
    };
    let days = days_left(end, now);
    let finding = |level| {
        finding(code, level, format!("Its metadata is valid for {days} more days."))
            .fact("validUntil", format_instant(end))
    };
    if days >= 2 {
        return finding(Level::Ok);
    }
    finding(Level::Warning).remedy(
        "Fetch it anew: afterwards nobody can sign in. With metadata_url this is done by itself.",
    )
}

fn bindings(document: &IdpMetadata, scene: &Scene) -> Finding {
    let code = "idp_bindings";
    let (wanted, name) = match scene.config.policy.request_binding {
        BindingConfig::Redirect => (Binding::HttpRedirect, "HTTP-Redirect"),
        BindingConfig::Post => (Binding::HttpPost, "HTTP-POST"),
    };
    let own = scene.own.as_ref();
    let shares_logout = own.is_some_and(|own| own.shares_logout(scene.now));
    let logout = match (document.single_logout().is_empty(), own.filter(|_| shares_logout)) {
        (true, _) => "it takes none: signing out ends here".to_owned(),
        (false, Some(own)) => format!("it takes them, and answers at {}", own.slo_url()),
        (false, None) => {
            "it takes them signed, and nothing is sent: without keys.signing_key, or with \
             logout.idp = false, signing out ends here"
                .to_owned()
        }
    };
    if let Some(endpoint) = document.single_sign_on(wanted) {
        return finding(code, Level::Ok, format!("It takes requests by {name}."))
            .fact("to", &endpoint.text)
            .fact("log-out", logout);
    }
    finding(
        code,
        Level::Note,
        format!("It does not take requests by {name}: the other one is used."),
    )
    .remedy("Set policy.request_binding to what it takes, so that nobody wonders.")
    .fact("log-out", logout)
}

fn sha1(provider: &Provider, now: DateTime<Utc>) -> Option<Finding> {
    let end = provider.accept_sha1_until?;
    let algorithm = "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SignatureAlgorithm \
                     'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'";
    let finding = if now < end {
        finding("idp_sha1", Level::Warning, "Its signatures with SHA-1 are accepted.")
            .remedy("SHA-1 can be forged. Have it sign with SHA-256, then remove the exception.")
    } else {
        finding("idp_sha1", Level::Note, "The exception for signatures with SHA-1 is over.")
            .remedy("Remove dangerous_accept_sha1_until from the configuration.")
    };
    Some(finding.fact("until", format_instant(end)).adfs(algorithm).entra(
        "Enterprise apps > the application > Single sign-on > SAML Certificates > Token signing \
         certificate > Edit > Signing Algorithm: SHA-256",
    ))
}
