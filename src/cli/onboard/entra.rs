//! What an Entra administrator does, step by step.

use super::Mfa;
use super::facts::Facts;
use super::text::{code, plain};
use crate::cli::products::signing_option;

pub(super) fn write(facts: &Facts) -> String {
    let logout = facts.logout_urls.first().map_or("leave empty".to_owned(), |url| code(url));
    let claims: String = facts
        .claims
        .iter()
        .map(|claim| {
            let name = code(claim.name_at_entra());
            format!("   - {name}: {} ({})\n", claim.entra, claim.wish)
        })
        .collect();
    let mut steps = vec![
        format!(
            "Microsoft Entra admin center > Enterprise apps > New application > Create your own\n   \
             application: {}, not from the gallery.",
            plain(&facts.application)
        ),
        "Single sign-on > SAML > Upload metadata file: `sp-metadata.xml`.".to_owned(),
        format!(
            "Basic SAML Configuration. It must read, character by character:\n\n   \
             - Identifier (Entity ID): {}\n   \
             - Reply URL (Assertion Consumer Service URL): {}\n   \
             - Sign on URL: {}\n   \
             - Relay State: leave empty\n   \
             - Logout URL: {logout}\n",
            code(&facts.entity_id),
            code(&facts.acs_url),
            code(&facts.base_url),
        ),
        format!(
            "Attributes & Claims > Unique User Identifier (Name ID): name identifier format\n   \
             Persistent, source attribute `user.objectid`. Then the claims, with these names in \
             full and\n   no namespace beside them:\n\n{claims}"
        ),
        format!(
            "SAML Certificates > Token signing certificate > Edit: Signing Option **{}**, Signing\n   \
             Algorithm **SHA-256**. Please add an address of ours to the expiry notifications: {}.",
            signing_option(facts.require_signed),
            plain(&facts.contact_email),
        ),
    ];
    if facts.signs_requests {
        steps.push(
            "SAML Certificates > Verification certificates > Edit: upload \
             `signing-certificate.cer`. With\n   **Require verification certificates** on, the \
             portal's own Test button stops working."
                .to_owned(),
        );
    }
    if facts.decrypts {
        steps.push(
            "Token encryption > Import Certificate: `encryption-certificate.cer`, then activate it."
                .to_owned(),
        );
    }
    steps.push(
        "Users and groups: assign whoever may use the application, or set Properties > Assignment\n   \
         required to No. Somebody who is not assigned sees AADSTS50105."
            .to_owned(),
    );
    steps.push(
        match facts.mfa {
            Mfa::Policy => {
                "Conditional Access: your usual policies. Trusted named locations may stay excluded \
                 from the\n   second factor."
            }
            Mfa::Always => {
                "Conditional Access: a policy for this application that grants access with \
                 multifactor\n   authentication, without excluded locations, and with the sign-in \
                 frequency Every time."
            }
        }
        .to_owned(),
    );
    steps.push(
        "Please send us SAML Certificates > **App Federation Metadata Url** (it ends in `?appid=…`) \
         and\n   the **Microsoft Entra Identifier** below Set up."
            .to_owned(),
    );
    let mut page = format!("# {}: steps in Entra\n\n", plain(&facts.application));
    for (number, step) in (1_u32..).zip(&steps) {
        page.push_str(&format!("{number}. {step}\n"));
    }
    page
}
