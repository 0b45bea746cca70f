//! What the identity provider has registered, against what we send. Byte for byte: so do they.

use super::difference::difference;
use super::finding::{Area, Finding, Level};
use super::scene::Scene;
use crate::cli::products::quoted;
use crate::crypto::Certificate;

const BASIC: &str = "Enterprise apps > the application > Single sign-on > Basic SAML Configuration";

fn finding(code: &'static str, level: Level, title: &str) -> Finding {
    Finding::new(Area::Registration, code, level, title)
}

pub(super) fn look(scene: &Scene) -> Vec<Finding> {
    let mut findings = vec![entity_id(scene)];
    findings.extend(acs_url(scene));
    findings.extend(certificates(scene));
    findings
}

fn entity_id(scene: &Scene) -> Finding {
    let ours = scene.config.entity_id.as_str();
    let Some(theirs) = &scene.registered.entity_id else {
        let title = "What the identity provider has registered was not given.";
        return finding("registered_entity_id", Level::Note, title)
            .remedy(
                "Ask its administrator, and give --registered-entity-id and --registered-acs, or \
                 --idp-sp-metadata with the file that was registered.",
            )
            .adfs(
                "Get-AdfsRelyingPartyTrust -Name '<trust>' | Format-List Identifier, SamlEndpoints",
            )
            .entra(BASIC);
    };
    match difference(ours, theirs) {
        None => {
            let title = "The identity provider knows us by our entityID.";
            finding("registered_entity_id", Level::Ok, title).fact("entityID", ours)
        }
        Some(difference) => {
            let title = "The identity provider knows us by another entityID.";
            finding("registered_entity_id", Level::Problem, title)
                .fact("ours", ours)
                .fact("registered", theirs)
                .fact("differs", difference)
                .remedy("Set entity_id to the registered one, or have it registered anew.")
                .adfs(format!(
                    "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -Identifier {}",
                    quoted(ours)
                ))
                .entra(format!("{BASIC} > Identifier (Entity ID)"))
        }
    }
}

fn acs_url(scene: &Scene) -> Option<Finding> {
    let ours = scene.own.as_ref()?.acs_url();
    let theirs = &scene.registered.acs_urls;
    if theirs.is_empty() {
        return None;
    }
    if theirs.iter().any(|url| url == ours) {
        let title = "Our reply URL is registered.";
        return Some(finding("registered_acs", Level::Ok, title).fact("ACS", ours));
    }
    let title = "Our reply URL is not registered: nobody can sign in.";
    let differences: Vec<String> = theirs.iter().filter_map(|url| difference(ours, url)).collect();
    Some(
        finding("registered_acs", Level::Problem, title)
            .fact("ours", ours)
            .facts("registered", theirs)
            .facts("differs", &differences)
            .remedy("base_url is the address that browsers see: a proxy's host and port.")
            .adfs(format!(
                "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SamlEndpoint \
                 (New-AdfsSamlEndpoint -Binding POST -Protocol SAMLAssertionConsumer -Uri {} \
                 -IsDefault $true -Index 0)",
                quoted(ours)
            ))
            .entra(format!("{BASIC} > Reply URL (Assertion Consumer Service URL)")),
    )
}

fn certificates(scene: &Scene) -> Option<Finding> {
    let (ours, theirs) = (scene.published.as_ref()?, scene.registered.certificates.as_ref()?);
    let lacks = |theirs: &[Certificate], ours: &[Certificate]| {
        let is_known = |c: &&Certificate| theirs.iter().any(|t| t.as_der() == c.as_der());
        ours.iter().filter(|c| !is_known(c)).map(Certificate::fingerprint).collect::<Vec<_>>()
    };
    let missing: Vec<String> = lacks(&theirs.signing, &ours.signing)
        .into_iter()
        .chain(lacks(&theirs.encryption, &ours.encryption))
        .collect();
    let old: Vec<String> = lacks(&ours.encryption, &theirs.encryption);
    if missing.is_empty() && old.is_empty() {
        let title = "The registered metadata has our certificates.";
        return Some(finding("registered_certificates", Level::Ok, title));
    }
    let title = "The registered metadata has other certificates than ours.";
    Some(
        finding("registered_certificates", Level::Problem, title)
            .facts("not registered", &missing)
            .facts("only there", &old)
            .remedy(
                "Send the new metadata before our key changes, and keep the old key until then.",
            )
            .adfs("Update-AdfsRelyingPartyTrust -TargetName '<trust>'")
            .entra(
                "Enterprise apps > the application > Single sign-on > SAML Certificates > \
                 Verification certificates; Token encryption",
            ),
    )
}
