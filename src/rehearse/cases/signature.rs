//! Signatures that are missing, wrong, or by the wrong key.

use crate::crypto::{KeyedHash, SignatureAlgorithm};
use crate::dsig::DSIG_NAMESPACE;
use crate::idp::SignedParts;
use crate::rehearse::case::{Case, Theme, Trouble, hostile};
use crate::rehearse::maker::{FORGED_ID, Maker};
use crate::rehearse::surgery::{
    after, before, inside, nth, part, re_sign, replace, set, set_text, without,
};

const UNSIGNED: &str = "Refuse whatever is not covered by a signature of a key from the identity \
                        provider's metadata. There is no setting for which that is not so.";
const KEYS: &str = "Take keys from the identity provider's metadata alone. What KeyInfo says is a \
                    hint by whoever wrote the message.";
const ALGORITHMS: &str = "Keep a list of allowed algorithms: RSA and ECDSA with SHA-256, SHA-384 or \
                          SHA-512. Refuse every other name before anything is computed.";
const STRUCTURE: &str = "Check the structure of the signature first: one SignedInfo, one Reference, \
                         to the ID of the parent element, and nothing beside them.";

pub(super) const THEME: Theme = Theme {
    id: "signature",
    title: "Signatures",
    about: "Messages whose signature is missing, broken, or by a key that does not count.",
    cases: CASES,
};

/// The response about the victim, signed by nobody.
fn forged(m: &Maker<'_>) -> Result<String, Trouble> {
    Ok(m.draft_for(m.victim())?.xml)
}

/// The response about the victim, signed by a stranger.
fn by_stranger(m: &Maker<'_>) -> Result<String, Trouble> {
    m.sign_by(&m.draft_for(m.victim())?, m.stranger())
}

/// The same, with another name for the algorithm.
fn labelled(m: &Maker<'_>, uri: &str) -> Result<String, Trouble> {
    set(&by_stranger(m)?, "SignatureMethod", "Algorithm", Some(uri))
}

fn hmac(m: &Maker<'_>, key: &[u8], more: &str) -> Result<String, Trouble> {
    let uri = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    let mut xml = labelled(m, uri)?;
    if !more.is_empty() {
        let method = part(&xml, "SignatureMethod")?;
        let start = method.text.trim_end_matches('>').trim_end_matches('/').trim_end();
        let prefix = if start.starts_with("<ds:") { "ds:" } else { "" };
        xml = method.with(&format!(
            "{start}><{prefix}HMACOutputLength>{more}</{prefix}HMACOutputLength>\
             </{prefix}SignatureMethod>"
        ));
    }
    let hash = KeyedHash::new(key).map_err(|error| Trouble::made(&error))?;
    re_sign(&xml, |bytes| {
        let value = hash.digest(bytes).map_err(|error| Trouble::made(&error))?;
        // One byte when that is all that is said to count.
        Ok(value.into_iter().take(if more.is_empty() { 32 } else { 1 }).collect())
    })
}

const CASES: &[Case] = &[
    hostile(
        "unsigned",
        "No signature at all",
        "Anybody can write such a message.",
        UNSIGNED,
        forged,
    ),
    hostile(
        "signature-removed",
        "A genuine response, without its signature and about somebody else",
        "What a person can do with their own response.",
        UNSIGNED,
        |m| m.spoilt(|xml| m.as_victim(&without(xml, "Signature")?)),
    ),
    hostile(
        "signature-empty",
        "An empty Signature element",
        "Libraries that look for broken signatures find none.",
        UNSIGNED,
        |m| {
            let xml = forged(m)?;
            let issuer = nth(&xml, "Issuer", 1)?;
            let empty = format!("<ds:Signature xmlns:ds=\"{DSIG_NAMESPACE}\"/>");
            Ok(issuer.with(&[issuer.text.as_str(), &empty].concat()))
        },
    ),
    hostile(
        "signed-info-only",
        "A signature without a value",
        "Nothing is proved by it.",
        UNSIGNED,
        |m| without(&by_stranger(m)?, "SignatureValue"),
    ),
    hostile(
        "signature-value-empty",
        "A signature whose value is empty",
        "Nothing is proved by it.",
        UNSIGNED,
        |m| set_text(&by_stranger(m)?, "SignatureValue", ""),
    ),
    hostile(
        "signature-value-zero",
        "A signature whose value is zero",
        "Verifiers have taken zero for a signature by every key (CVE-2022-21449).",
        UNSIGNED,
        |m| set_text(&by_stranger(m)?, "SignatureValue", &"A".repeat(344)),
    ),
    hostile(
        "signature-value-other",
        "The value of another signature",
        "It belongs to another message.",
        UNSIGNED,
        |m| {
            let other = part(&m.response()?, "SignatureValue")?.text;
            let other = other.split(['<', '>']).nth(2).unwrap_or_default().to_owned();
            set_text(&m.response()?, "SignatureValue", &other)
        },
    ),
    hostile(
        "changed-name",
        "The NameID is changed after the signature",
        "The digest does not fit any more.",
        UNSIGNED,
        |m| m.spoilt(|xml| m.as_victim(xml)),
    ),
    hostile(
        "changed-attribute",
        "An attribute is changed after the signature",
        "Roles are worth changing.",
        UNSIGNED,
        |m| m.spoilt(|xml| replace(xml, ">Staff Nurse<", ">RotaAdmin<")),
    ),
    hostile(
        "added-attribute",
        "An attribute is added after the signature",
        "Roles are worth adding.",
        UNSIGNED,
        |m| {
            m.spoilt(|xml| inside(xml, "AttributeStatement",
            "<Attribute Name=\"role\"><AttributeValue>RotaAdmin</AttributeValue></Attribute>"))
        },
    ),
    hostile(
        "changed-time",
        "The times are changed after the signature",
        "So that an old response lives on.",
        UNSIGNED,
        |m| {
            m.spoilt(|xml| {
                set(
                    xml,
                    "SubjectConfirmationData",
                    "NotOnOrAfter",
                    Some("2099-01-01T00:00:00.000Z"),
                )
            })
        },
    ),
    hostile(
        "changed-digest",
        "The changed message comes with its right digest, and the old value",
        "The digest is itself signed.",
        UNSIGNED,
        |m| {
            let digest = part(&by_stranger(m)?, "DigestValue")?.text;
            let digest = digest.split(['<', '>']).nth(2).unwrap_or_default().to_owned();
            set_text(&m.response()?, "DigestValue", &digest)
        },
    ),
    hostile(
        "one-of-two-broken-assertion",
        "Both parts are signed; the assertion's signature is broken",
        "Every signature that is there must be right.",
        "Verify every signature that is there, not the first one.",
        |m| {
            m.signing(SignedParts::MessageAndAssertion).response().and_then(|xml| {
                let value = nth(&xml, "SignatureValue", 1)?;
                let text = value.text.split(['<', '>']).nth(2).unwrap_or_default();
                let turned: String = text.chars().rev().collect();
                Ok(value.with(&value.text.replace(text, turned.trim_start_matches('='))))
            })
        },
    )
    .needing(&["signing-both"]),
    hostile(
        "one-of-two-broken-response",
        "Both parts are signed; the response's signature is broken",
        "Every signature that is there must be right.",
        "Verify every signature that is there, not the first one.",
        |m| {
            m.signing(SignedParts::MessageAndAssertion).response().and_then(|xml| {
                set(&xml, "Response", "IssueInstant", Some("2026-01-01T00:00:00.000Z"))
            })
        },
    )
    .needing(&["signing-both"]),
    hostile(
        "response-signature-stale",
        "A signed response with another assertion in it",
        "The signature covers the assertion as well.",
        UNSIGNED,
        |m| {
            let xml = m.signing(SignedParts::MessageOnly).response()?;
            let forged = m.forged_assertion(&xml)?;
            Ok(part(&xml, "Assertion")?.with(&forged))
        },
    )
    .needing(&["signing-response"]),
    hostile(
        "stranger",
        "Signed by a key that nobody knows",
        "The signature is right, the key is not.",
        KEYS,
        by_stranger,
    ),
    hostile(
        "stranger-response",
        "The response is signed by a key that nobody knows",
        "The signature is right, the key is not.",
        KEYS,
        |m| {
            let mut draft = m.draft_for(m.victim())?;
            draft.signed = SignedParts::MessageOnly;
            m.sign_by(&draft, m.stranger())
        },
    )
    .needing(&["signing-response"]),
    hostile(
        "stranger-under-our-certificate",
        "Signed by a stranger, with the genuine certificate beside it",
        "The certificate that was checked must be the one whose key verifies.",
        KEYS,
        |m| {
            let genuine = crate::xml::encode_base64(m.key().certificate().as_der());
            set_text(&by_stranger(m)?, "X509Certificate", &genuine)
        },
    ),
    hostile(
        "stranger-without-certificate",
        "Signed by a stranger, without KeyInfo",
        "The signature is right, the key is not.",
        KEYS,
        |m| without(&by_stranger(m)?, "KeyInfo"),
    ),
    hostile(
        "stranger-by-key-value",
        "Signed by a stranger, whose bare key stands in the message",
        "KeyValue is no more to be trusted than a certificate.",
        KEYS,
        |m| {
            let info = part(&by_stranger(m)?, "KeyInfo")?;
            Ok(info.with(&format!(
                "<ds:KeyInfo xmlns:ds=\"{DSIG_NAMESPACE}\"><ds:KeyName>genuine</ds:KeyName>\
                 <ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB\
                 </ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>"
            )))
        },
    ),
    hostile(
        "stranger-by-reference",
        "Signed by a stranger, with a reference to the key on another machine",
        "Whoever fetches it makes requests for the sender, and trusts anybody.",
        KEYS,
        |m| {
            let info = part(&by_stranger(m)?, "KeyInfo")?;
            Ok(info.with(&format!(
                "<ds:KeyInfo xmlns:ds=\"{DSIG_NAMESPACE}\"><ds:RetrievalMethod URI=\"{}\" \
                 Type=\"{DSIG_NAMESPACE}rawX509Certificate\"/></ds:KeyInfo>",
                m.setup.trap_url()
            )))
        },
    ),
    hostile(
        "encryption-key-signs",
        "Signed by the identity provider's key for encryption",
        "In metadata the key is marked use=\"encryption\".",
        "Verify only with keys marked use=\"signing\" or not marked.",
        |m| m.sign_by(&m.draft()?, m.idp.keys.encryption()),
    ),
    hostile(
        "sha1",
        "Signed with RSA and SHA-1, by the genuine key",
        "Two messages of one SHA-1 digest can be made for money.",
        ALGORITHMS,
        |m| m.with(|m| m.idp.issuance.algorithm = SignatureAlgorithm::RsaSha1).response(),
    ),
    hostile("md5", "Labelled as RSA with MD5", "MD5 is broken.", ALGORITHMS, |m| {
        labelled(m, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5")
    }),
    hostile(
        "algorithm-none",
        "Labelled as \"none\"",
        "It works with tokens of another kind.",
        ALGORITHMS,
        |m| labelled(m, "none"),
    ),
    hostile(
        "algorithm-empty",
        "Without the name of an algorithm",
        "What is not said must not be guessed.",
        ALGORITHMS,
        |m| labelled(m, ""),
    ),
    hostile(
        "algorithm-ecdsa",
        "Labelled as ECDSA, under an RSA key",
        "The label must fit the key.",
        ALGORITHMS,
        |m| labelled(m, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
    ),
    hostile(
        "hmac-certificate",
        "HMAC with the genuine certificate as its secret",
        "A certificate is public: whoever takes it for a secret can be entered by anybody.",
        ALGORITHMS,
        |m| hmac(m, m.key().certificate().as_der(), ""),
    ),
    hostile(
        "hmac-pem",
        "HMAC with the certificate in PEM form as its secret",
        "As the case before.",
        ALGORITHMS,
        |m| {
            let pem = m.key().certificate().to_pem().map_err(|error| Trouble::made(&error))?;
            hmac(m, pem.as_bytes(), "")
        },
    ),
    hostile(
        "hmac-short",
        "HMAC of which eight bits count",
        "HMACOutputLength can be guessed in 256 tries (CVE-2009-0217).",
        ALGORITHMS,
        |m| hmac(m, m.key().certificate().as_der(), "8"),
    ),
    hostile(
        "reference-empty",
        "The reference is empty, which means the whole document",
        "It was made for another document.",
        STRUCTURE,
        |m| m.spoilt(|xml| set(&m.as_victim(xml)?, "Reference", "URI", Some(""))),
    ),
    hostile(
        "reference-missing",
        "The signature refers to nothing",
        "A right signature over nothing proves nothing.",
        STRUCTURE,
        |m| m.spoilt(|xml| m.as_victim(&without(xml, "Reference")?)),
    ),
    hostile(
        "reference-elsewhere",
        "The reference leads to another machine",
        "Whoever follows it makes requests for the sender.",
        STRUCTURE,
        |m| m.spoilt(|xml| set(&m.as_victim(xml)?, "Reference", "URI", Some(&m.setup.trap_url()))),
    ),
    hostile(
        "reference-other-case",
        "The reference differs from the ID in case",
        "IDs are compared byte for byte.",
        STRUCTURE,
        |m| {
            m.spoilt(|xml| {
                let assertion = part(xml, "Assertion")?;
                let forged = m.forged_assertion(xml)?;
                let signature = part(&assertion.text, "Signature")?.text;
                let id = id_of(&assertion.text)?;
                let forged = replace(&forged, FORGED_ID, &id.to_uppercase())?;
                let issuer = part(&forged, "Issuer")?;
                let forged = issuer.with(&[issuer.text.as_str(), &signature].concat());
                Ok(assertion.with(&forged))
            })
        },
    ),
    hostile(
        "two-references",
        "A second reference, to something harmless",
        "Of two references one is checked and the other used (CVE-2026-33487).",
        STRUCTURE,
        |m| {
            m.spoilt(|xml| {
                let reference = part(xml, "Reference")?;
                let first = reference.text.clone();
                let xml = reference.with(&[first.as_str(), first.as_str()].concat());
                m.as_victim(&xml)
            })
        },
    ),
    hostile(
        "two-signed-infos",
        "Two SignedInfo elements",
        "One is verified, the other is read (CVE-2025-29774).",
        STRUCTURE,
        |m| {
            m.spoilt(|xml| {
                let forged = part(&by_stranger(m)?, "SignedInfo")?.text;
                let id = id_of(&part(xml, "Assertion")?.text)?;
                let forged = set(
                    &format!("<x xmlns:ds=\"{DSIG_NAMESPACE}\">{forged}</x>"),
                    "Reference",
                    "URI",
                    Some(&format!("#{id}")),
                )?;
                let forged = part(&forged, "SignedInfo")?.text;
                m.as_victim(&before(xml, "SignedInfo", &forged)?)
            })
        },
    ),
    hostile(
        "comment-in-digest",
        "A comment in the DigestValue",
        "The first piece of text is another one than all of it (CVE-2025-29775).",
        "Refuse comments inside the signature.",
        |m| {
            m.spoilt(|xml| {
                let digest = part(&by_stranger(m)?, "DigestValue")?.text;
                let digest = digest.split(['<', '>']).nth(2).unwrap_or_default().to_owned();
                let genuine = part(xml, "DigestValue")?;
                let text = genuine.text.split(['<', '>']).nth(2).unwrap_or_default();
                let xml =
                    genuine.with(&genuine.text.replace(text, &format!("<!--{digest}-->{text}")));
                m.as_victim(&xml)
            })
        },
    ),
    hostile(
        "two-digests",
        "Two digest values",
        "One is verified, the other is compared (CVE-2025-29775).",
        STRUCTURE,
        |m| {
            m.spoilt(|xml| {
                let digest = part(&by_stranger(m)?, "DigestValue")?.text;
                m.as_victim(&after(xml, "DigestValue", &digest)?)
            })
        },
    ),
    hostile(
        "digest-elsewhere",
        "A forged digest stands earlier in the message",
        "A search finds it before the signed one (CVE-2024-45409).",
        STRUCTURE,
        |m| {
            m.spoilt(|xml| {
                let digest = part(&by_stranger(m)?, "DigestValue")?.text;
                let detail = format!(
                    "<samlp:StatusDetail xmlns:ds=\"{DSIG_NAMESPACE}\">{digest}\
                                  </samlp:StatusDetail>"
                );
                m.as_victim(&inside(xml, "Status", &detail)?)
            })
        },
    ),
];

fn id_of(assertion: &str) -> Result<String, Trouble> {
    let id = assertion.split_once(" ID=\"").and_then(|(_, rest)| rest.split_once('"'));
    id.map(|(id, _)| id.to_owned()).ok_or_else(|| Trouble::Made("no ID".to_owned()))
}
