//! The same person in the words of each identity provider. People are written down in the words of
//! AD FS; Entra has names of its own for the same things.

use super::issue::uuid;
use super::person::{
    AUTHN_METHODS, Claim, DISPLAY_NAME, GROUP, INSIDE_NETWORK, MULTIPLE_AUTHN, PRIMARY_SID, Person,
    UPN,
};
use super::personality::{Personality, TEST_TENANT};
use crate::crypto::sha256;

const TENANT_ID: &str = "http://schemas.microsoft.com/identity/claims/tenantid";
const OBJECT_ID: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";
const ENTRA_DISPLAY_NAME: &str = "http://schemas.microsoft.com/identity/claims/displayname";
const IDENTITY_PROVIDER: &str = "http://schemas.microsoft.com/identity/claims/identityprovider";
const NAME: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
const GROUPS: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
const GROUPS_LINK: &str = "http://schemas.microsoft.com/claims/groups.link";
const BY_PASSWORD: &str =
    "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password";
const BY_WINDOWS: &str =
    "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/windows";

/// With more groups than this Entra writes a link in their place.
const MAX_GROUPS: usize = 150;

/// What the standard's own name format for URIs is called.
const URI_FORMAT: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
const BASIC_FORMAT: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";

/// The claims that are issued about `person`.
pub(super) fn of(personality: Personality, issuer: &str, person: &Person) -> Vec<Claim> {
    match personality {
        Personality::Adfs => person.claims.clone(),
        Personality::Entra => of_entra(issuer, person),
        Personality::Plain => person.claims.iter().cloned().map(by_the_standard).collect(),
    }
}

/// The name of the account, which Entra always has.
pub(super) fn user_principal_name(person: &Person) -> String {
    let upn = person.values(UPN).next().map(str::to_owned);
    upn.unwrap_or_else(|| format!("{}@nhs.net", person.user_name))
}

/// The one thing about an account that never changes.
pub(super) fn object_id(person: &Person) -> String {
    guid("object", &person.user_name)
}

/// An identifier of the person for one service provider alone.
pub(super) fn pairwise_id(audience: &str, person: &Person) -> String {
    guid(audience, &person.user_name)
}

/// Whether this could be one of those.
pub(super) fn is_pairwise_id(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

fn guid(kind: &str, of: &str) -> String {
    let digest = sha256(format!("{kind} {of}").as_bytes());
    let uuid = uuid(digest.first_chunk().copied().unwrap_or_default());
    uuid.trim_start_matches('_').to_owned()
}

fn of_entra(issuer: &str, person: &Person) -> Vec<Claim> {
    let object_id = object_id(person);
    let mut claims =
        vec![Claim::new(TENANT_ID, [TEST_TENANT]), Claim::new(OBJECT_ID, [object_id.as_str()])];
    if !person.display_name.is_empty() {
        claims.push(Claim::new(ENTRA_DISPLAY_NAME, [person.display_name.as_str()]));
    }
    let groups: Vec<&str> = person.values(GROUP).collect();
    if groups.len() > MAX_GROUPS {
        let link =
            format!("https://graph.windows.net/{TEST_TENANT}/users/{object_id}/getMemberObjects");
        claims.push(Claim::new(GROUPS_LINK, [link]));
    } else if !groups.is_empty() {
        claims.push(Claim::new(GROUPS, groups));
    }
    claims.push(Claim::new(IDENTITY_PROVIDER, [issuer]));
    let method = if person.class_ref.is_some() { BY_WINDOWS } else { BY_PASSWORD };
    let mut methods = vec![method];
    if person.has_mfa_evidence() {
        methods.push(MULTIPLE_AUTHN);
    }
    claims.push(Claim::new(AUTHN_METHODS, methods));
    claims.push(Claim::new(NAME, [user_principal_name(person)]));
    let renamed = [UPN, DISPLAY_NAME, GROUP, PRIMARY_SID, AUTHN_METHODS, INSIDE_NETWORK];
    let others = person.claims.iter().filter(|claim| !renamed.contains(&claim.name.as_str()));
    // Other claims providers are not known to Entra: it says nothing of where a claim came from.
    claims.extend(others.cloned().map(|claim| Claim { original_issuer: None, ..claim }));
    claims
}

/// `NameFormat` says what kind of name it is (Core 2.7.3.1, 8.2).
fn by_the_standard(claim: Claim) -> Claim {
    let is_uri = claim.name.contains(':');
    let usual = if is_uri { URI_FORMAT } else { BASIC_FORMAT };
    Claim {
        name_format: claim.name_format.or_else(|| Some(usual.to_owned())),
        original_issuer: None,
        ..claim
    }
}
