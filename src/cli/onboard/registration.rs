//! Everything that is registered, the claims, and what has to be asked.

use super::Mfa;
use super::facts::Facts;
use super::text::{code, plain};
use crate::cli::products::response_signature;

pub(super) fn write(facts: &Facts) -> String {
    let application = plain(&facts.application);
    let people = [
        ("Application", application.clone()),
        ("What it is for", plain(&facts.purpose)),
        ("Organisation", plain(&facts.organisation)),
        ("ODS code", plain(&facts.ods_code)),
        ("Technical contact", plain(&facts.contact())),
        ("Date", facts.date.clone()),
    ];
    let logout = match facts.logout_urls.is_empty() {
        true => format!(
            "none to register: the application ends its own session at {}",
            code(&format!("{}/saml/logout", facts.base_url))
        ),
        false => facts.logout_urls.iter().map(|url| code(url)).collect::<Vec<_>>().join(", "),
    };
    let requests = match facts.signs_requests {
        true => "signed with RSA-SHA256; the signature algorithm of the trust must be the same",
        false => "not signed",
    };
    let encryption = match facts.decrypts {
        true => "assertions may be encrypted, with AES-256 and RSA-OAEP",
        false => "no: there is no encryption certificate in the metadata",
    };
    let technical = [
        ("Entity ID", code(&facts.entity_id)),
        ("Reply URL (ACS)", format!("{}, by HTTP-POST", code(&facts.acs_url))),
        ("Logout URL", logout),
        ("Sign-on URL", code(&facts.base_url)),
        ("Metadata", metadata(facts)),
        ("Requests", requests.to_owned()),
        (
            "Signature of responses",
            format!(
                "RSA-SHA256; AD FS: {}. SHA-1 is refused",
                code(response_signature(facts.require_signed))
            ),
        ),
        ("Encryption", encryption.to_owned()),
        ("NameID", "one that never changes, in the persistent format".to_owned()),
        ("Begun by", "the application; responses that nobody asked for are refused".to_owned()),
        (
            "Sessions",
            format!(
                "the application ends them after {} minutes without use, and after {} hours",
                facts.idle_minutes, facts.absolute_hours
            ),
        ),
    ];
    format!(
        "# {application}: registration for SAML 2.0 sign-in

{}
## What to register

{}
Entity ID and reply URL count character by character: http or https, case, port, and the slash at
the end.

{}## Claims

{}
Please send no more than these: what the application does not use, it should not have. Send them
under the name in the middle, or tell us the names that you use: the application can be set to any.

## Second factors

{}

## What we have to ask

No public document answers these, so that nothing is assumed.

1. From which address can the application read your federation metadata, and is that address
   stable? With Entra, please give the one with `?appid=`: the tenant's own lists other keys.
2. What is your entity ID, character by character?
3. Under which names do you send the claims above, and which of them are optional or empty for some
   people? May the ODS code have several values?
4. Which NameID do you send, and in which format? Can it ever change for a person, or be given to
   somebody else? Which identifier can AD FS and Entra both send, such as the anchor of the
   synchronisation between them?
5. Will assertions be encrypted? Must requests be signed?
6. Which policy for second factors applies to this application, and what do people at named
   locations send us?
7. Do you send logout requests, and do you take any from us?
8. How and how long ahead do you announce a new signing certificate, and a move from AD FS to Entra?
",
        table(["", ""], &people.map(|(label, value)| [label.to_owned(), value])),
        table(["Setting", "Value"], &technical.map(|(label, value)| [label.to_owned(), value])),
        certificates(facts),
        claims(facts),
        second_factors(facts.mfa),
    )
}

fn metadata(facts: &Facts) -> String {
    let url = code(&facts.metadata_url);
    match &facts.metadata_until {
        Some(end) => format!("{url}, always fresh; the file sp-metadata.xml ends at {}", code(end)),
        None => format!("sp-metadata.xml, or {url}"),
    }
}

fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let mut table = line(head.to_vec());
    table.push_str(&format!("|{}\n", "---|".repeat(N)));
    for row in rows {
        table.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    table
}

fn certificates(facts: &Facts) -> String {
    if facts.certificates.is_empty() {
        return "There is no certificate: requests are not signed, and nothing is decrypted.\n\n"
            .to_owned();
    }
    let rows: Vec<[String; 4]> = facts
        .certificates
        .iter()
        .map(|c| {
            [c.purpose.clone(), code(c.file), format!("{}, until {}", c.kind, c.until), {
                code(&c.sha256)
            }]
        })
        .collect();
    format!(
        "{}\nThey are self-signed, so that there is no revocation list to ask: see\n\
         `adfs.ps1`. The fingerprint is that of the certificate in DER form. Please compare it by\n\
         telephone, or by another way than this letter came.\n\n",
        table(["Certificate for", "File", "Key", "SHA-256"], &rows)
    )
}

fn claims(facts: &Facts) -> String {
    let rows: Vec<[String; 4]> = facts
        .claims
        .iter()
        .map(|claim| {
            let names = [claim.name_at_entra(), claim.name_at_adfs()];
            let name = match names {
                [one, other] if one == other => code(one),
                [entra, adfs] => format!("{} (AD FS: {})", code(entra), code(adfs)),
            };
            let others: Vec<String> = claim
                .names
                .iter()
                .filter(|name| !names.contains(&name.as_str()))
                .map(|name| code(name))
                .collect();
            let others = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
            [format!("{}: {}", code(claim.field), claim.purpose), claim.wish.to_owned(), name, {
                others
            }]
        })
        .collect();
    table(["Claim", "Wish", "Name", "Also understood"], &rows)
}

fn second_factors(mfa: Mfa) -> &'static str {
    match mfa {
        Mfa::Policy => {
            "Your own policy suits us. People at named locations, such as HSCN, may sign in without \
             being\nprompted, and are not turned away. Please send\n\
             `http://schemas.microsoft.com/claims/authnmethodsreferences`, so that the application \
             can see when\na second factor was used, and keep what needs one from the others."
        }
        Mfa::Always => {
            "Please require a second factor at every sign-in to this application, at named \
             locations too, and\nsend `http://schemas.microsoft.com/claims/authnmethodsreferences`, \
             so that the application can see\nit. We know that people without a device at hand \
             cannot sign in then."
        }
    }
}
