//! What to do about a response that is refused: at AD FS, at Entra, and here.
//!
//! Nothing of a message is ever put into a command. What stands in angle brackets is for the
//! administrator to fill in.

use crate::crypto::CryptoError;
use crate::dsig::{AlgorithmRole, DsigError};
use crate::saml::{NameIdFault, Rejection, Role, TimeBound};
use crate::xmlenc::DecryptError;

/// What to do about a rejection. Where no setting of a product has to do with it, there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What is usually behind it.
    pub why: &'static str,
    /// A line of PowerShell for AD FS.
    pub adfs: Option<&'static str>,
    /// A setting of Entra.
    pub entra: Option<&'static str>,
    /// Something to set or do on our side.
    pub here: Option<&'static str>,
}

impl Advice {
    const fn because(why: &'static str) -> Self {
        Self { why, adfs: None, entra: None, here: None }
    }

    const fn adfs(self, line: &'static str) -> Self {
        Self { adfs: Some(line), ..self }
    }

    const fn entra(self, setting: &'static str) -> Self {
        Self { entra: Some(setting), ..self }
    }

    const fn here(self, what: &'static str) -> Self {
        Self { here: Some(what), ..self }
    }
}

/// About a message that cannot be read at all.
pub(crate) const DAMAGED: Advice = Advice::because(
    "No identity provider writes this. The message was damaged or changed on its way, or copied \
     incompletely; on a live system it can be an attack.",
)
.here("Capture the message anew from the browser's network view. If it is the same: report it.");

const UNUSUAL: Advice = Advice::because(
    "The identity provider writes something that the standard does not allow here, or something \
     stands where signed content could hide.",
)
.here("Show the marked XML to whoever runs the identity provider.");

const ALTERED: Advice = Advice::because(
    "The message was changed after it was signed: by copying, by a proxy that rewrites, by an \
     editor that indents, or by an attacker.",
)
.here("Capture the message anew, byte for byte. Pretty-printed XML never verifies.");

const REPLY_URL: Advice = Advice::because(
    "The identity provider knows another address of the application than the one expected here. \
     Scheme, host, port, path and a slash at the end all count.",
)
.adfs(
    "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SamlEndpoint (New-AdfsSamlEndpoint -Binding \
     POST -Protocol SAMLAssertionConsumer -Uri '<our ACS URL>' -IsDefault $true -Index 0), \
     <the log-out endpoints that it has>",
)
.entra(
    "Enterprise apps > the application > Single sign-on > Basic SAML Configuration > Reply URL \
     (Assertion Consumer Service URL)",
)
.here("base_url in saml.toml is the address that browsers use, a proxy's included.");

const CLOCK: Advice = Advice::because("One of the two clocks is wrong, or the message is old.")
    .here(
        "Compare the clocks (`timedatectl`, `w32tm /query /status`). policy.clock_skew_seconds \
         allows up to 300.",
    );

const NAME_ID: Advice = Advice::because("The NameID cannot name a person safely.")
    .adfs(
        "Get-AdfsRelyingPartyTrust -Name '<trust>' | Select-Object -ExpandProperty \
         IssuanceTransformRules",
    )
    .entra(
        "Enterprise apps > the application > Single sign-on > Attributes & Claims > Unique User \
         Identifier (Name ID)",
    );

const SIGNING: &str = "Enterprise apps > the application > Single sign-on > SAML Signing Certificate > Edit > \
     Signing Option";
const TOKEN_ENCRYPTION: &str = "Enterprise apps > the application > Token encryption";

/// What to do about `rejection`.
pub fn advise(rejection: &Rejection) -> Advice {
    match rejection {
        Rejection::Base64
        | Rejection::Xml(_)
        | Rejection::Version { .. }
        | Rejection::Id { .. } => DAMAGED,
        Rejection::Structure(_)
        | Rejection::Misplaced { .. }
        | Rejection::UnknownCondition { .. }
        | Rejection::Time { .. }
        | Rejection::Inverted { .. }
        | Rejection::AuthnStatementConflict => UNUSUAL,
        Rejection::NotResponse { .. } => Advice::because(
            "This is another kind of message. Only a Response can sign a person in.",
        )
        .here("Capture what is posted to /saml/acs."),
        Rejection::AssertionCount { found: 0 } => Advice::because(
            "There is no assertion. A response that reports a failure has none: see its status.",
        ),
        Rejection::AssertionCount { .. } => UNUSUAL,
        Rejection::Decryption(error) => advise_on_decryption(error),
        Rejection::Status { sub_code, .. } => advise_on_status(sub_code.as_deref()),
        Rejection::Destination { .. } | Rejection::Recipient { .. } => REPLY_URL,
        Rejection::UnknownIssuer { .. } | Rejection::Issuer { .. } => Advice::because(
            "Another identity provider answered than the one in the metadata, or its name is \
             spelt differently. It counts byte for byte: http or https, and the slash at the end.",
        )
        .adfs("(Get-AdfsProperties).Identifier")
        .entra(
            "Enterprise apps > the application > Single sign-on > Set up > Microsoft Entra \
             Identifier",
        )
        .here("Take the metadata of the provider that answers, and put it under [[idp]]."),
        Rejection::InResponseTo { expected: None, .. } => Advice::because(
            "The response answers a request, and none is expected: it is from another sign-in.",
        )
        .here("Give the ID of the request that was made, not --unsolicited."),
        Rejection::InResponseTo { found: None, .. } => Advice::because(
            "The sign-in was begun at the identity provider, and nothing here asked for it. Such \
             responses cannot be told from ones that an attacker slipped in.",
        )
        .here("Begin at the application: link people to /saml/login, not to the provider's page."),
        Rejection::InResponseTo { .. } => Advice::because(
            "The response answers another request: an old page was sent again, or another browser \
             window's sign-in.",
        )
        .here("Sign in once more. A sign-in may take policy.pending_minutes."),
        Rejection::Unsigned => Advice::because("Nothing vouches for the assertion.")
            .adfs(
                "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SamlResponseSignature \
                 AssertionOnly",
            )
            .entra(SIGNING),
        Rejection::SignatureMissing { role } => advise_on_missing(*role),
        Rejection::Signature { error, .. } => advise_on_signature(error),
        Rejection::NameId(NameIdFault::Blank) => {
            Advice { why: "The directory has no value for this person's NameID.", ..NAME_ID }
        }
        Rejection::NameId(NameIdFault::TooLong | NameIdFault::InvisibleCharacter) => NAME_ID,
        Rejection::SpNameQualifier { .. } => Advice {
            why: "The NameID was made for another application: the provider knows this one by \
                  another name.",
            ..NAME_ID
        },
        Rejection::NoBearer
        | Rejection::ConfirmationUnlimited
        | Rejection::ConfirmationNameId
        | Rejection::ConfirmationNotBefore => Advice::because(
            "The provider does not confirm the subject in the way of browser sign-in.",
        )
        .adfs("Set-AdfsRelyingPartyTrust -TargetName '<trust>' -ProtocolProfile SAML"),
        Rejection::Expired { bound: TimeBound::SessionNotOnOrAfter, .. } => {
            Advice::because("The session at the identity provider is over.")
                .here("Sign in once more.")
        }
        Rejection::Expired { .. } => Advice {
            why: "The message is too old, or this machine's clock is ahead. AD FS gives a browser \
                  five minutes to bring it.",
            ..CLOCK
        },
        Rejection::NotYetValid { .. } => Advice {
            why: "This machine's clock is behind the identity provider's. AD FS leaves no margin.",
            adfs: Some("Set-AdfsRelyingPartyTrust -TargetName '<trust>' -NotBeforeSkew 2"),
            ..CLOCK
        },
        Rejection::AudienceMissing | Rejection::Audience { .. } => Advice::because(
            "The identity provider knows the application by another name. It counts byte for byte.",
        )
        .adfs("Set-AdfsRelyingPartyTrust -TargetName '<trust>' -Identifier '<our entityID>'")
        .entra(
            "Enterprise apps > the application > Single sign-on > Basic SAML Configuration > \
             Identifier (Entity ID)",
        )
        .here("entity_id in saml.toml"),
        Rejection::AuthnStatementMissing => Advice::because(
            "The assertion does not say that anybody signed in: it is an answer to something else.",
        ),
        Rejection::AuthnContext { .. } => Advice::because(
            "The person signed in by another method than was asked for: Windows or a second \
             factor where a password was named, for example.",
        )
        .here("Ask for no method unless it is needed: both products choose a good one."),
        Rejection::AuthnTooOld { .. } => Advice::because(
            "The provider used a session that it had, although a fresh sign-in was asked for.",
        )
        .adfs("Set-AdfsRelyingPartyTrust -TargetName '<trust>' -AlwaysRequireAuthentication $true"),
    }
}

fn advise_on_missing(role: Role) -> Advice {
    let advice = Advice::because("The configuration here demands a signature that is not there.")
        .entra(SIGNING)
        .here("policy.require_signed in saml.toml; `either` is safe.");
    match role {
        Role::Response => advice.adfs(
            "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SamlResponseSignature \
             MessageAndAssertion",
        ),
        Role::Assertion | Role::Confirmation => advice.adfs(
            "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SamlResponseSignature AssertionOnly",
        ),
    }
}

fn advise_on_signature(error: &DsigError) -> Advice {
    match error {
        DsigError::SignatureMismatch { .. } => Advice::because(
            "The key that signed is not in the metadata given; certificates are named by their \
             SHA-256. Most often the provider has a new one, and the metadata here is old. \
             Otherwise somebody else signed.",
        )
        .adfs("Get-AdfsCertificate -CertificateType Token-Signing")
        .entra(
            "Enterprise apps > the application > Single sign-on > SAML Certificates > App \
             Federation Metadata Url (the one with ?appid=: the tenant's own lists other keys)",
        )
        .here(
            "Fetch the provider's metadata anew, compare fingerprints, replace [[idp]] metadata.",
        ),
        DsigError::AlgorithmKeyMismatch => Advice::because(
            "The message says that another kind of key signed than the metadata has.",
        )
        .adfs("Get-AdfsCertificate -CertificateType Token-Signing")
        .here("Fetch the provider's metadata anew."),
        DsigError::DigestMismatch => ALTERED,
        DsigError::Algorithm { role: AlgorithmRole::Signature | AlgorithmRole::Digest, .. } => {
            Advice::because("The algorithm is too weak, or unknown. SHA-1 can be forged.")
                .adfs(
                    "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SignatureAlgorithm \
                     'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'",
                )
                .entra(
                    "Enterprise apps > the application > Single sign-on > SAML Signing \
                     Certificate > Edit > Signing Algorithm: SHA-256",
                )
        }
        DsigError::Algorithm {
            role: AlgorithmRole::Canonicalisation | AlgorithmRole::Transform,
            ..
        }
        | DsigError::Position
        | DsigError::Id
        | DsigError::Grammar(_)
        | DsigError::Reference { .. }
        | DsigError::Transforms
        | DsigError::PrefixList
        | DsigError::CanonicalSize { .. } => Advice::because(
            "The signature is not of the form that SAML prescribes. Neither AD FS nor Entra writes \
             such ones; signature wrapping looks like this.",
        ),
        DsigError::Base64(_) => DAMAGED,
        DsigError::Crypto(CryptoError::AlgorithmMismatch | CryptoError::SignatureMismatch) => {
            ALTERED
        }
        DsigError::Crypto(_) => {
            Advice::because("The cryptography failed for a reason that is not the message's.")
                .here("Check the OpenSSL of this machine.")
        }
    }
}

fn advise_on_decryption(error: &DecryptError) -> Advice {
    match error {
        DecryptError::NoKey => Advice::because(
            "The assertion is encrypted. AD FS does that as soon as it knows a certificate to \
             encrypt to.",
        )
        .adfs("Set-AdfsRelyingPartyTrust -TargetName '<trust>' -EncryptClaims $false")
        .entra(TOKEN_ENCRYPTION)
        .here("Give the key: --sp-key here, keys.decryption_keys in saml.toml."),
        DecryptError::Failed => Advice::because(
            "It is encrypted to another key, or changed, or what is inside is not a signed \
             assertion. To tell more would help an attacker, so that nothing tells more.",
        )
        .adfs("Update-AdfsRelyingPartyTrust -TargetName '<trust>'")
        .entra(TOKEN_ENCRYPTION)
        .here(
            "Compare keys.encryption_cert with the certificate at the provider; keep the old key \
             in keys.decryption_keys until the provider has the new certificate.",
        ),
        DecryptError::Algorithm { .. } => Advice::because(
            "The encryption algorithm is unsafe or unknown: PKCS #1 v1.5 and triple DES are \
             refused.",
        )
        .entra(TOKEN_ENCRYPTION),
        DecryptError::Budget => {
            Advice::because("The message asks for more decryptions than one message may cost.")
        }
        DecryptError::Grammar(_)
        | DecryptError::Type { .. }
        | DecryptError::EncryptedKeys { .. }
        | DecryptError::Reference { .. } => UNUSUAL,
        DecryptError::Base64(_) => DAMAGED,
    }
}

/// The codes that AD FS and Entra are known to answer with.
fn advise_on_status(sub_code: Option<&str>) -> Advice {
    let refused = Advice::because(
        "The identity provider did not sign the person in, and only its own log says why.",
    )
    .adfs("Get-WinEvent -LogName 'AD FS/Admin' -MaxEvents 20")
    .entra("Enterprise apps > the application > Sign-in logs");
    let name = sub_code.and_then(|code| code.strip_prefix("urn:oasis:names:tc:SAML:2.0:status:"));
    let why = match name {
        Some("InvalidNameIDPolicy") => {
            "The request asked for a NameID format that no claim rule issues, or this person lacks \
             the value (MSIS7070)."
        }
        Some("NoAuthnContext") => {
            "The request asked for a method that this person cannot use (MSIS7102, AADSTS75011). \
             Ask for none."
        }
        Some("AuthnFailed") => "The person could not prove who they are.",
        Some("NoPassive") => "The request forbade to ask the person anything.",
        Some("RequestDenied") => "A policy of the identity provider forbids it.",
        Some("RequestUnsupported") => "The provider does not do what the request asked for.",
        _ => refused.why,
    };
    Advice { why, ..refused }
}

#[cfg(test)]
mod tests;
