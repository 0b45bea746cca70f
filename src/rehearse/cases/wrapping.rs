//! Signature wrapping: a genuine signed part stays in the message, and something else beside it.

use crate::dsig::DSIG_NAMESPACE;
use crate::idp::SignedParts;
use crate::rehearse::case::{Case, Theme, Trouble, substitution};
use crate::rehearse::maker::{FORGED_RESPONSE_ID, Maker};
use crate::rehearse::surgery::{after, before, inside, part, replace, set, without};
use crate::saml::names::{ASSERTION, PROTOCOL};

const WHY: &str = "The signature is genuine, but of another element than the one that is read \
                   (\"On Breaking SAML\", 2012: eleven of fourteen products).";
const FIX: &str = "Read only from the very element whose signature was verified. That element must be \
                   the response, or its one assertion, and the signature must be its own child.";
const PLACE: &str = "The standard lets anything stand in this place, and a search for the signed \
                     element finds it there.";
const ONE: &str = "Refuse a response with more than one assertion, wherever they stand.";

pub(super) const THEME: Theme = Theme {
    id: "wrapping",
    title: "Signature wrapping",
    about: "Genuine signatures, with a forged message around, before, behind or within what they \
            cover.",
    cases: CASES,
};

/// A genuine response, its assertion, and a forged assertion about the victim.
struct Pieces {
    xml: String,
    genuine: String,
    forged: String,
}

fn pieces(m: &Maker<'_>) -> Result<Pieces, Trouble> {
    let xml = m.signing(SignedParts::AssertionOnly).response()?;
    let genuine = part(&xml, "Assertion")?.text;
    let forged = m.forged_assertion(&xml)?;
    Ok(Pieces { xml, genuine, forged })
}

/// The response with the forged assertion in the place of the genuine one, which `hide` puts
/// somewhere else.
fn hidden(
    m: &Maker<'_>,
    hide: impl FnOnce(&str, &str) -> Result<String, Trouble>,
) -> Result<String, Trouble> {
    let pieces = pieces(m)?;
    hide(&part(&pieces.xml, "Assertion")?.with(&pieces.forged), &pieces.genuine)
}

/// Puts the genuine signature, and `more` within it, into the forged assertion.
fn with_signature(pieces: &Pieces, more: &str) -> Result<String, Trouble> {
    let signature = part(&pieces.genuine, "Signature")?.text;
    let signature = match more {
        "" => signature,
        more => inside(
            &signature,
            "Signature",
            &format!("<ds:Object xmlns:ds=\"{DSIG_NAMESPACE}\">{more}</ds:Object>"),
        )?,
    };
    after(&pieces.forged, "Issuer", &signature)
}

/// A response that is signed as a whole, and a forged one without a signature.
fn responses(m: &Maker<'_>) -> Result<(String, String, String), Trouble> {
    let signed = m.signing(SignedParts::MessageOnly).response()?;
    let signature = part(&signed, "Signature")?.text;
    let bare = without(&signed, "Signature")?;
    let forged = m.as_victim(&set(&bare, "Response", "ID", Some(FORGED_RESPONSE_ID))?)?;
    Ok((signed, signature, forged))
}

fn object(content: &str) -> String {
    format!("<ds:Object xmlns:ds=\"{DSIG_NAMESPACE}\">{content}</ds:Object>")
}

fn extensions(content: &str) -> String {
    format!("<samlp:Extensions>{content}</samlp:Extensions>")
}

const RESPONSE: &[&str] = &["signing-response"];

const CASES: &[Case] = &[
    substitution(
        "xsw-1",
        "The signed response stands inside its own signature, a forged one around",
        WHY,
        FIX,
        |m| {
            let (signed, signature, forged) = responses(m)?;
            let bare = without(&signed, "Signature")?;
            let wrapped = inside(&signature, "Signature", &object(&bare))?;
            after(&forged, "Issuer", &wrapped)
        },
    )
    .needing(RESPONSE),
    substitution(
        "xsw-2",
        "The signed response stands before its signature, a forged one around",
        WHY,
        FIX,
        |m| {
            let (signed, signature, forged) = responses(m)?;
            let bare = without(&signed, "Signature")?;
            after(&forged, "Issuer", &[bare, signature].concat())
        },
    )
    .needing(RESPONSE),
    substitution(
        "xsw-2-whole",
        "A forged response with the whole signed one in Extensions",
        WHY,
        FIX,
        |m| {
            let (signed, _, forged) = responses(m)?;
            before(&forged, "Status", &extensions(&signed))
        },
    )
    .needing(RESPONSE),
    substitution("xsw-3", "A forged assertion before the signed one", WHY, ONE, |m| {
        let pieces = pieces(m)?;
        before(&pieces.xml, "Assertion", &pieces.forged)
    }),
    substitution("xsw-3-behind", "A forged assertion behind the signed one", WHY, ONE, |m| {
        let pieces = pieces(m)?;
        after(&pieces.xml, "Assertion", &pieces.forged)
    }),
    substitution("xsw-4", "The signed assertion inside the forged one", WHY, FIX, |m| {
        let pieces = pieces(m)?;
        let around = inside(&pieces.forged, "Assertion", &pieces.genuine)?;
        Ok(part(&pieces.xml, "Assertion")?.with(&around))
    }),
    substitution(
        "xsw-5",
        "The forged assertion has the signature, the signed one stands behind",
        WHY,
        FIX,
        |m| {
            let pieces = pieces(m)?;
            let bare = without(&pieces.genuine, "Signature")?;
            let both = [with_signature(&pieces, "")?, bare].concat();
            Ok(part(&pieces.xml, "Assertion")?.with(&both))
        },
    ),
    substitution(
        "xsw-6",
        "The forged assertion has the signature, with the signed one within it",
        WHY,
        FIX,
        |m| {
            let pieces = pieces(m)?;
            let bare = without(&pieces.genuine, "Signature")?;
            Ok(part(&pieces.xml, "Assertion")?.with(&with_signature(&pieces, &bare)?))
        },
    ),
    substitution("xsw-7", "The signed assertion in Extensions", PLACE, FIX, |m| {
        hidden(m, |xml, genuine| before(xml, "Status", &extensions(genuine)))
    }),
    substitution(
        "xsw-8",
        "The forged assertion has the signature, an Object within it the whole signed one",
        PLACE,
        FIX,
        |m| {
            let pieces = pieces(m)?;
            Ok(part(&pieces.xml, "Assertion")?.with(&with_signature(&pieces, &pieces.genuine)?))
        },
    ),
    substitution("xsw-status-detail", "The signed assertion in StatusDetail", PLACE, FIX, |m| {
        hidden(m, |xml, genuine| {
            inside(xml, "Status", &format!("<samlp:StatusDetail>{genuine}</samlp:StatusDetail>"))
        })
    }),
    substitution("xsw-advice", "The signed assertion in Advice", PLACE, FIX, |m| {
        hidden(m, |xml, genuine| after(xml, "Conditions", &format!("<Advice>{genuine}</Advice>")))
    }),
    substitution(
        "xsw-confirmation",
        "The signed assertion in SubjectConfirmationData",
        PLACE,
        FIX,
        |m| {
            hidden(m, |xml, genuine| {
                let data = part(xml, "SubjectConfirmationData")?;
                let open = data.text.trim_end_matches("/>").trim_end();
                Ok(data.with(&format!("{open}>{genuine}</SubjectConfirmationData>")))
            })
        },
    ),
    substitution("xsw-attribute", "The signed assertion in an AttributeValue", PLACE, FIX, |m| {
        hidden(m, |xml, genuine| inside(xml, "AttributeValue", genuine))
    }),
    substitution("xsw-key-info", "The signed assertion in KeyInfo", PLACE, FIX, |m| {
        let pieces = pieces(m)?;
        let signature = part(&pieces.genuine, "Signature")?.text;
        let signature = inside(&signature, "KeyInfo", &without(&pieces.genuine, "Signature")?)?;
        let forged = after(&pieces.forged, "Issuer", &signature)?;
        Ok(part(&pieces.xml, "Assertion")?.with(&forged))
    }),
    substitution(
        "xsw-same-id",
        "The forged assertion has the ID of the signed one in Extensions",
        "Of two elements of one ID, one is verified and the other is read.",
        "Refuse a document in which two elements have the same ID.",
        |m| {
            let pieces = pieces(m)?;
            let id = id_of(&pieces.genuine)?;
            let twin = set(&pieces.forged, "Assertion", "ID", Some(&id))?;
            before(
                &part(&pieces.xml, "Assertion")?.with(&twin),
                "Status",
                &extensions(&pieces.genuine),
            )
        },
    ),
    substitution(
        "xsw-same-id-behind",
        "The forged assertion has the ID of the signed one behind it",
        "Of two elements of one ID, one is verified and the other is read.",
        "Refuse a document in which two elements have the same ID.",
        |m| {
            let pieces = pieces(m)?;
            let twin = set(&pieces.forged, "Assertion", "ID", Some(&id_of(&pieces.genuine)?))?;
            before(&pieces.xml, "Assertion", &twin)
        },
    ),
    substitution(
        "xsw-unknown-wrapper",
        "The signed assertion in an element that nobody knows",
        PLACE,
        FIX,
        |m| {
            hidden(m, |xml, genuine| {
                before(xml, "Assertion", &format!("<x xmlns=\"urn:nobody:knows\">{genuine}</x>"))
            })
        },
    ),
    substitution("xsw-nested-response", "A genuine response inside a forged one", WHY, FIX, |m| {
        let pieces = pieces(m)?;
        let outer = part(&pieces.xml, "Assertion")?.with(&pieces.forged);
        let outer = set(&outer, "Response", "ID", Some(FORGED_RESPONSE_ID))?;
        inside(&outer, "Response", &pieces.xml)
    }),
    substitution(
        "xsw-forged-namespace",
        "The signed assertion has another namespace than the forged one",
        "A search by local name finds either.",
        "Compare namespaces and local names, and refuse what stands at an unknown place.",
        |m| {
            let pieces = pieces(m)?;
            let strange =
                replace(&pieces.genuine, ASSERTION, "urn:oasis:names:tc:SAML:2.0:assertion/")?;
            let xml = part(&pieces.xml, "Assertion")?.with(&pieces.forged);
            before(&xml, "Assertion", &strange)
        },
    ),
    substitution(
        "xsw-prefixed-id",
        "The forged assertion has two IDs, of two namespaces",
        "Attributes without a prefix are another thing than those with one (CVE-2025-66567).",
        "Look for the attribute ID without a namespace.",
        |m| {
            let pieces = pieces(m)?;
            let id = id_of(&pieces.genuine)?;
            let forged = crate::rehearse::surgery::add(
                &pieces.forged,
                "Assertion",
                &format!("xmlns:p=\"{PROTOCOL}\" p:ID=\"{id}\""),
            )?;
            let signature = part(&pieces.genuine, "Signature")?.text;
            let forged = after(&forged, "Issuer", &signature)?;
            Ok(part(&pieces.xml, "Assertion")?.with(&forged))
        },
    ),
    substitution(
        "metadata-signature",
        "A forged assertion beside the signed metadata of the provider",
        "The metadata is public and signed by the same key: whoever takes any genuine signature \
         can be entered without an account (CVE-2024-6800).",
        FIX,
        |m| {
            let metadata = m.idp.metadata().map_err(|error| Trouble::made(&error))?;
            let metadata =
                metadata.split_once("?>").map_or(metadata.as_str(), |(_, rest)| rest).to_owned();
            let pieces = pieces(m)?;
            let xml = part(&pieces.xml, "Assertion")?.with(&pieces.forged);
            before(&xml, "Status", &extensions(metadata.trim()))
        },
    ),
    substitution(
        "metadata-signature-in-assertion",
        "The metadata's signature in a forged assertion",
        "A genuine signature of another document.",
        FIX,
        |m| {
            let metadata = m.idp.metadata().map_err(|error| Trouble::made(&error))?;
            let signature = part(&metadata, "Signature")?.text;
            let pieces = pieces(m)?;
            let forged = after(&pieces.forged, "Issuer", &signature)?;
            Ok(part(&pieces.xml, "Assertion")?.with(&forged))
        },
    ),
    substitution(
        "two-signed",
        "Two genuine assertions, about two people",
        "Which one counts is anybody's guess.",
        ONE,
        |m| {
            let first = pieces(m)?;
            let second = m.sign(&m.draft_for(m.victim())?)?;
            after(&first.xml, "Assertion", &part(&second, "Assertion")?.text)
        },
    ),
];

fn id_of(assertion: &str) -> Result<String, Trouble> {
    let id = assertion.split_once(" ID=\"").and_then(|(_, rest)| rest.split_once('"'));
    id.map(|(id, _)| id.to_owned()).ok_or_else(|| Trouble::Made("no ID".to_owned()))
}
