//! Our own keys: where they lie, how long they are good, what they are for.

use chrono::{DateTime, Utc};

use super::finding::{Area, Finding, Level};
use super::scene::{KeyFile, Scene};
use crate::crypto::KeyKind;
use crate::saml::format_instant;
use crate::sp::expiry::{ExpiryThreshold, days_left};
use crate::sp::{KeyStage, OwnKey};

fn finding(code: &'static str, level: Level, title: impl Into<String>) -> Finding {
    Finding::new(Area::OwnKeys, code, level, title)
}

pub(super) fn look(scene: &Scene) -> Vec<Finding> {
    let mut findings: Vec<Finding> = scene.key_files.iter().map(file).collect();
    if let Some(own) = &scene.own {
        findings.extend(own.own_keys(scene.now).iter().map(|key| certificate(key, scene)));
        findings.extend(next(scene));
        findings.push(signing(scene));
        findings.push(encryption(scene));
    }
    findings
}

fn file(file: &KeyFile) -> Finding {
    let path = file.path.display().to_string();
    let about = |finding: Finding| finding.about(file.field).fact("file", &path);
    match &file.mode {
        Err(error) => {
            about(finding("key_file", Level::Problem, "A secret of ours cannot be read."))
                .fact("problem", error)
                .remedy("Check the path, which is relative to the configuration file.")
        }
        Ok(mode) if mode & 0o077 != 0 => {
            about(finding("key_file", Level::Problem, "Others can read a secret of ours."))
                .fact("mode", format!("{mode:o}"))
                .remedy(format!(
                    "chmod 600 {path}; and if others have been on this machine, make a new key: \
                     actix-saml keygen."
                ))
        }
        Ok(_) => about(finding("key_file", Level::Ok, "Only its owner can read it.")),
    }
}

/// How bad the end of a certificate of ours is.
fn level_of(threshold: Option<ExpiryThreshold>) -> Level {
    match threshold {
        None => Level::Ok,
        Some(ExpiryThreshold::ThirtyDays) => Level::Note,
        Some(ExpiryThreshold::FourteenDays | ExpiryThreshold::SevenDays) => Level::Warning,
        Some(ExpiryThreshold::TwoDays | ExpiryThreshold::Expired) => Level::Problem,
    }
}

fn certificate(key: &OwnKey, scene: &Scene) -> Finding {
    let code = "own_certificate";
    let purpose = key.purpose.as_str();
    let stage = match key.stage {
        KeyStage::Current => "",
        KeyStage::Next => "next ",
        KeyStage::Retiring => "former ",
    };
    let about = |finding: Finding| {
        finding.about(format!("{stage}{purpose} key")).key().fact("SHA-256", &key.fingerprint)
    };
    let Some(end) = key.not_after else {
        let title = "The certificate does not say until when it is valid.";
        return about(finding(code, Level::Warning, title)).remedy("Make it anew.");
    };
    let days = days_left(end, scene.now);
    let level = match key.stage {
        KeyStage::Retiring => Level::Note,
        KeyStage::Current | KeyStage::Next => level_of(ExpiryThreshold::reached(end, scene.now)),
    };
    let title = match (key.stage, days) {
        (KeyStage::Retiring, _) => {
            "It is still there for those who have not noticed the new one.".to_owned()
        }
        (_, ..0) => "Its certificate has ended.".to_owned(),
        _ => format!("Its certificate is good for {days} days."),
    };
    let finding = about(finding(code, level, title)).fact("until", format_instant(end));
    if level == Level::Ok || key.stage == KeyStage::Retiring {
        return finding;
    }
    finding
        .remedy(
            "Make the next key with actix-saml keygen, publish its certificate beside this one, \
             send our metadata to the identity provider, and let the new key take over once it is \
             registered there.",
        )
        .adfs("Update-AdfsRelyingPartyTrust -TargetName '<trust>'")
        .entra(match purpose {
            "encryption" => "Enterprise apps > the application > Token encryption",
            _ => {
                "Enterprise apps > the application > Single sign-on > SAML Certificates > \
                 Verification certificates"
            }
        })
}

/// Whether the key that follows another has everything that it needs to.
fn next(scene: &Scene) -> Vec<Finding> {
    let keys = &scene.config.keys;
    [
        ("signing", keys.next_signing_key.is_some(), keys.next_signing_from),
        ("encryption", keys.next_encryption_cert.is_some(), keys.next_encryption_from),
    ]
    .into_iter()
    .filter(|(_, is_there, _)| *is_there)
    .map(|(purpose, _, from)| next_of(purpose, from, scene))
    .collect()
}

fn next_of(purpose: &str, from: Option<DateTime<Utc>>, scene: &Scene) -> Finding {
    let code = "own_next_key";
    let about = |finding: Finding| finding.about(format!("next {purpose} key"));
    let register = "Send our metadata to the identity provider before that day, and ask whether \
                    the certificate is registered: actix-saml doctor --idp-sp-metadata.";
    let Some(from) = from else {
        let title = "Nothing says when it takes over: it never does by itself.";
        return about(finding(code, Level::Warning, title)).remedy(format!(
            "Once the identity provider has its certificate, set keys.next_{purpose}_from."
        ));
    };
    let days = days_left(from, scene.now);
    let (level, title, remedy) = match days {
        ..0 => (
            Level::Note,
            "It has taken over.".to_owned(),
            "Make it the current one in the configuration, at leisure; keep the old decryption key \
             until nobody encrypts to it.",
        ),
        0..7 => (Level::Warning, format!("It takes over in {days} days."), register),
        _ => (Level::Note, format!("It takes over in {days} days."), register),
    };
    about(finding(code, level, title))
        .fact("from", format_instant(from))
        .remedy(remedy)
        .adfs("Update-AdfsRelyingPartyTrust -TargetName '<trust>'")
}

/// What requests are signed with, and what that asks of the identity provider.
fn signing(scene: &Scene) -> Finding {
    let code = "request_signing";
    let signing = scene.own.as_ref().and_then(|own| own.signing(scene.now));
    let insists: Vec<&String> = scene
        .providers
        .iter()
        .filter(|p| matches!(&p.document, Some(Ok(d)) if d.wants_signed_requests()))
        .map(|p| &p.name)
        .collect();
    let Some(signing) = signing else {
        if !insists.is_empty() {
            let title = "Requests are not signed, and an identity provider insists on it.";
            return finding(code, Level::Problem, title)
                .facts("insists", insists)
                .remedy("Make a key with actix-saml keygen, and name it in [keys].")
                .adfs(
                    "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SignedSamlRequestsRequired \
                     $false",
                );
        }
        let title = "Requests are not signed, which AD FS and Entra accept by default.";
        return finding(code, Level::Note, title).remedy(
            "Nothing is needed. AD FS does not say in its metadata when it insists: then MSIS1016 \
             appears on its page.",
        );
    };
    let algorithm = signing.key.default_algorithm();
    if !matches!(signing.key.kind(), KeyKind::Rsa(_)) {
        let title = "Requests are signed with an elliptic curve key, which AD FS does not verify.";
        return finding(code, Level::Warning, title)
            .fact("algorithm", algorithm.uri())
            .remedy("Use an RSA key for AD FS and Entra: actix-saml keygen makes one.");
    }
    finding(code, Level::Ok, "Requests are signed. The trust must be set to the same algorithm.")
        .fact("algorithm", algorithm.uri())
        .adfs(format!(
            "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SignatureAlgorithm '{}'",
            algorithm.uri()
        ))
        .entra(
            "Enterprise apps > the application > Single sign-on > SAML Certificates > \
             Verification certificates",
        )
}

fn encryption(scene: &Scene) -> Finding {
    let code = "encryption";
    let keys = scene.config.keys.decryption_keys.len();
    let published = scene.published.as_ref().map_or(0, |p| p.encryption.len());
    if published > 0 {
        let title = "Our metadata asks for encrypted assertions: AD FS encrypts once it has it.";
        return finding(code, Level::Ok, title)
            .fact("decryption keys", keys)
            .adfs("Set-AdfsRelyingPartyTrust -TargetName '<trust>' -EncryptClaims $true")
            .entra("Enterprise apps > the application > Token encryption");
    }
    if keys > 0 {
        let title = "We can decrypt, and publish no certificate: assertions come unencrypted.";
        return finding(code, Level::Note, title)
            .fact("decryption keys", keys)
            .remedy("Set keys.encryption_cert to ask for encryption, or leave out the keys.");
    }
    finding(code, Level::Ok, "Assertions come signed and not encrypted, within https.")
        .adfs("Set-AdfsRelyingPartyTrust -TargetName '<trust>' -EncryptClaims $false")
}
