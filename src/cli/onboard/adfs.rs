//! The script that makes the relying party trust in AD FS.

use super::Mfa;
use super::claims::{AtAdfs, PRIMARY_SID, Wanted};
use super::facts::Facts;
use crate::cli::products::{quoted, response_signature};
use crate::crypto::SignatureAlgorithm;

const ACCOUNT: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/windowsaccountname";
const NAME_ID: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";
const FORMAT: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claimproperties/format";
const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

pub(super) fn write(facts: &Facts) -> String {
    let name = quoted(&facts.application);
    let switch = |on: bool| if on { "$true" } else { "$false" };
    let mut settings = vec![
        format!("Name = {name}"),
        "MetadataFile = Join-Path $PSScriptRoot 'sp-metadata.xml'".to_owned(),
        "IssuanceTransformRules = $rules".to_owned(),
        format!("AccessControlPolicyName = {}", quoted(policy(facts.mfa))),
        format!("SignatureAlgorithm = {}", quoted(SignatureAlgorithm::RsaSha256.uri())),
        format!("SamlResponseSignature = {}", quoted(response_signature(facts.require_signed))),
        format!("SignedSamlRequestsRequired = {}", switch(facts.signs_requests)),
        format!("EncryptClaims = {}", switch(facts.decrypts)),
    ];
    // Our certificates are self-signed: there is nowhere to ask whether they were revoked.
    if facts.signs_requests {
        settings.push("SigningCertificateRevocationCheck = 'None'".to_owned());
    }
    if facts.decrypts {
        settings.push("EncryptionCertificateRevocationCheck = 'None'".to_owned());
    }
    let settings: String = settings.iter().map(|line| format!("    {line}\n")).collect();
    let to_do: String = facts.claims.iter().filter_map(by_hand).collect();
    let rules = rules(&facts.claims);
    let url = quoted(&facts.metadata_url);
    format!(
        "# Makes the relying party trust in AD FS of Windows Server 2016 or later.
# Read it first, then run it in this folder as an AD FS administrator.
#
# A server that reaches the application can follow its metadata by itself. Put
#     MetadataUrl = {url}; MonitoringEnabled = $true; AutoUpdateEnabled = $true
# in place of MetadataFile below.
{to_do}
$rules = @'
{rules}'@

$trust = @{{
{settings}}}
Add-AdfsRelyingPartyTrust @trust

# What it has become, to compare with registration.md:
Get-AdfsRelyingPartyTrust -Name {name} |
    Format-List Name, Identifier, SamlEndpoints, SamlResponseSignature, SignatureAlgorithm,
        SignedSamlRequestsRequired, RequestSigningCertificate, EncryptClaims, EncryptionCertificate

# Please send us what these two lines print, and the federation metadata (see registration.md):
(Get-AdfsProperties).Identifier
Get-AdfsCertificate -CertificateType Token-Signing |
    Select-Object IsPrimary, Thumbprint, @{{ n = 'Until'; e = {{ $_.Certificate.NotAfter }} }}
"
    )
}

fn policy(mfa: Mfa) -> &'static str {
    match mfa {
        Mfa::Policy => "Permit everyone",
        Mfa::Always => "Permit everyone and require MFA",
    }
}

/// Whether a name can stand in a rule between quotation marks.
fn is_plain(name: &str) -> bool {
    !name.contains(['"', '\\']) && !name.chars().any(char::is_control)
}

/// What no rule below can do.
pub(super) fn by_hand(claim: &Wanted) -> Option<String> {
    let what = match claim.adfs {
        AtAdfs::Ask(what) => what,
        AtAdfs::Directory(_) | AtAdfs::Incoming(_) if !is_plain(claim.name_at_adfs()) => {
            "its name has characters that a rule cannot hold"
        }
        _ => return None,
    };
    let name: String =
        claim.name_at_adfs().chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    Some(format!("#\n# No rule below issues '{name}' ({}): it takes\n# {what}.\n", claim.wish))
}

pub(super) fn rules(claims: &[Wanted]) -> String {
    let mut rules = vec![format!(
        "@RuleName = \"Name ID: an identifier that never changes\"\n\
         c:[Type == \"{PRIMARY_SID}\"]\n \
         => issue(Type = \"{NAME_ID}\", Value = c.Value,\n      \
         Properties[\"{FORMAT}\"] = \"{PERSISTENT}\");\n"
    )];
    let directory: Vec<(&str, &str)> = claims
        .iter()
        .filter_map(|claim| match claim.adfs {
            AtAdfs::Directory(attribute) => Some((claim.name_at_adfs(), attribute)),
            _ => None,
        })
        .filter(|(name, _)| is_plain(name))
        .collect();
    if !directory.is_empty() {
        let types: Vec<String> = directory.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let attributes: Vec<&str> = directory.iter().map(|(_, attribute)| *attribute).collect();
        rules.push(format!(
            "@RuleTemplate = \"LdapClaims\"\n\
             @RuleName = \"From the directory\"\n\
             c:[Type == \"{ACCOUNT}\", Issuer == \"AD AUTHORITY\"]\n \
             => issue(store = \"Active Directory\",\n      types = ({}),\n      \
             query = \";{};{{0}}\", param = c.Value);\n",
            types.join(",\n        "),
            attributes.join(","),
        ));
    }
    for claim in claims {
        let AtAdfs::Incoming(kind) = claim.adfs else { continue };
        let name = claim.name_at_adfs();
        if !is_plain(name) {
            continue;
        }
        let issue = match name == kind {
            true => "issue(claim = c)".to_owned(),
            false => format!("issue(Type = \"{name}\", Value = c.Value)"),
        };
        let field = claim.field;
        rules.push(format!("@RuleName = \"{field}\"\nc:[Type == \"{kind}\"]\n => {issue};\n"));
    }
    rules.join("\n")
}
