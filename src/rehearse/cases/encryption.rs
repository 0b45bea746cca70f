//! Encrypted assertions, for service providers that publish a key for it.

use super::by_hand::{with_rsa_15, with_triple_des};
use crate::crypto::{CipherAlgorithm, OaepHash};
use crate::idp::SignedParts;
use crate::rehearse::case::{
    Case, Judgement, Kind, Make, Theme, Trouble, honest, hostile, script, substitution,
};
use crate::rehearse::maker::Maker;
use crate::rehearse::scene::Scene;
use crate::rehearse::surgery::{before, nth, part, set, set_text};
use crate::xml::{decode_base64, encode_base64};
use crate::xmlenc::{EncryptionShape, EncryptionStyle, KeyTransport};

const READ: &str = "Decrypt what the metadata invites to send: AES in GCM and CBC mode, the key by \
                    RSA-OAEP, wherever the standard lets EncryptedKey stand.";
const SIGNED: &str = "Encryption proves nothing about the sender: anybody has the public key. Treat what \
                      comes out like any message that came in clear.";
const ONE: &str = "Refuse a response with more than one assertion, encrypted or not.";
const UNIFORM: &str = "Answer every failure of decryption in the same words, status and time.";
const WEAK: &str =
    "Allow RSA-OAEP and AES alone, and refuse other names before anything is decrypted.";

pub(super) const THEME: Theme = Theme {
    id: "encryption",
    title: "Encryption",
    about: "Assertions that are encrypted to the service provider, by the identity provider and by \
            others. Only for service providers whose metadata holds a key for it.",
    cases: CASES,
};

const GCM: EncryptionStyle = EncryptionStyle::MODERN;

fn style(cipher: CipherAlgorithm, shape: EncryptionShape) -> EncryptionStyle {
    EncryptionStyle { shape, cipher, ..GCM }
}

/// A genuine response, encrypted.
fn sealed(m: &Maker<'_>, style: EncryptionStyle) -> Result<String, Trouble> {
    let xml = m.signing(SignedParts::AssertionOnly).response()?;
    m.seal(&xml, m.recipient()?, &style)
}

/// As AD FS does it, with these parts signed.
fn by_adfs(m: &Maker<'_>, signed: SignedParts) -> Result<String, Trouble> {
    let mut draft = m.draft()?;
    draft.signed = signed;
    let sealed = draft.sign_for(m.key(), Some(m.recipient()?));
    sealed.map_err(|error| Trouble::made(&error))
}

/// The last byte but `from_end` of the content's cipher text is turned round.
fn tampered(xml: &str, from_end: usize) -> Result<String, Trouble> {
    let value = nth(xml, "CipherValue", 1)?;
    let text = value.text.split(['<', '>']).nth(2).unwrap_or_default();
    let missing = || Trouble::Made("there is no cipher text".to_owned());
    let mut bytes = decode_base64(text.as_bytes()).ok_or_else(missing)?;
    let at = bytes.len().checked_sub(from_end.saturating_add(1)).ok_or_else(missing)?;
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 0xFF;
    }
    Ok(value.with(&value.text.replace(text, &encode_base64(&bytes))))
}

/// The response with anything encrypted in the place of the assertion.
fn around(m: &Maker<'_>, plain: &str) -> Result<String, Trouble> {
    let sealed = m.sealed(plain, m.recipient()?, &GCM)?;
    Ok(part(&m.response()?, "Assertion")?.with(&sealed))
}

const NEEDS: &[&str] = &["encrypted-adfs"];

const CASES: &[Case] = &[
    honest(
        "encrypted-adfs",
        "Encrypted as AD FS does it",
        "AD FS encrypts as soon as it knows a key: AES-256 in CBC mode, RSA-OAEP.",
        READ,
        |m| sealed(m, EncryptionStyle::AD_FS),
    ),
    honest(
        "encrypted-both-signed",
        "Signed, encrypted, and signed again",
        "SamlResponseSignature MessageAndAssertion.",
        READ,
        |m| by_adfs(m, SignedParts::MessageAndAssertion),
    ),
    honest(
        "encrypted-response-signed",
        "Encrypted, and the response is signed",
        "SamlResponseSignature MessageOnly.",
        READ,
        |m| by_adfs(m, SignedParts::MessageOnly),
    ),
    honest("encrypted-gcm-256", "AES-256 in GCM mode", "It notices changes.", READ, |m| {
        sealed(m, GCM)
    }),
    honest("encrypted-gcm-128", "AES-128 in GCM mode", "It notices changes.", READ, |m| {
        sealed(m, style(CipherAlgorithm::Aes128Gcm, EncryptionShape::Inside))
    }),
    honest("encrypted-cbc-128", "AES-128 in CBC mode", "Older products use it.", READ, |m| {
        sealed(m, style(CipherAlgorithm::Aes128Cbc, EncryptionShape::Inside))
    }),
    honest(
        "encrypted-beside",
        "The key stands beside the data",
        "Okta and others write it there.",
        READ,
        |m| sealed(m, style(CipherAlgorithm::Aes256Cbc, EncryptionShape::Beside)),
    ),
    honest(
        "encrypted-retrieved",
        "The key is referred to",
        "Erratum E43 of the standard.",
        READ,
        |m| sealed(m, style(CipherAlgorithm::Aes256Cbc, EncryptionShape::Retrieved)),
    ),
    honest("encrypted-oaep-sha256", "RSA-OAEP with SHA-256", "SHA-1 goes out of use.", READ, |m| {
        sealed(
            m,
            EncryptionStyle {
                transport: KeyTransport::OaepMgf1p { digest: OaepHash::Sha256 },
                ..GCM
            },
        )
    }),
    hostile(
        "encrypted-unsigned",
        "An encrypted assertion without a signature",
        "The key is public: anybody can encrypt.",
        SIGNED,
        |m| {
            let xml = m.draft_for(m.victim())?.xml;
            m.seal(&xml, m.recipient()?, &GCM)
        },
    )
    .needing(NEEDS),
    hostile(
        "encrypted-stranger",
        "An encrypted assertion, signed by a stranger",
        "The key is public: anybody can encrypt.",
        SIGNED,
        |m| {
            let xml = m.sign_by(&m.draft_for(m.victim())?, m.stranger())?;
            m.seal(&xml, m.recipient()?, &GCM)
        },
    )
    .needing(NEEDS),
    hostile(
        "encrypted-changed",
        "An encrypted assertion that was changed after its signature",
        "Encryption hides the change from everybody but the recipient.",
        SIGNED,
        |m| {
            let xml = m.as_victim(&m.response()?)?;
            m.seal(&xml, m.recipient()?, &GCM)
        },
    )
    .needing(NEEDS),
    hostile(
        "encrypted-other-key",
        "Encrypted to another service",
        "It is for somebody else.",
        SIGNED,
        |m| {
            m.recipient()?;
            m.seal(&m.response()?, m.stranger().certificate(), &GCM)
        },
    )
    .needing(NEEDS),
    hostile(
        "encrypted-cbc-tampered",
        "CBC cipher text that was changed",
        "CBC does not notice; the signature inside must.",
        SIGNED,
        |m| tampered(&sealed(m, EncryptionStyle::AD_FS)?, 40),
    )
    .needing(NEEDS),
    hostile(
        "encrypted-cbc-padding",
        "CBC cipher text with another padding",
        "Whoever tells wrong padding from other faults decrypts for the sender.",
        UNIFORM,
        |m| tampered(&sealed(m, EncryptionStyle::AD_FS)?, 0),
    )
    .needing(NEEDS),
    hostile(
        "encrypted-gcm-tampered",
        "GCM cipher text that was changed",
        "GCM must notice.",
        SIGNED,
        |m| tampered(&sealed(m, GCM)?, 40),
    )
    .needing(NEEDS),
    hostile(
        "encrypted-gcm-tag",
        "GCM cipher text with another tag",
        "GCM must notice.",
        SIGNED,
        |m| tampered(&sealed(m, GCM)?, 0),
    )
    .needing(NEEDS),
    hostile(
        "encrypted-rsa-15",
        "The key is encrypted by RSA 1.5",
        "Its padding can be tested from outside (Bleichenbacher): the content key gets known.",
        WEAK,
        with_rsa_15,
    )
    .needing(NEEDS),
    hostile(
        "encrypted-triple-des",
        "Encrypted by Triple DES",
        "Blocks of 64 bits are too short.",
        WEAK,
        with_triple_des,
    )
    .needing(NEEDS),
    hostile(
        "encrypted-unknown-cipher",
        "Encrypted by a cipher that nobody knows",
        "What is not known must not be guessed.",
        WEAK,
        |m| {
            let xml = sealed(m, GCM)?;
            set(&xml, "EncryptionMethod", "Algorithm", Some("urn:nobody:knows"))
        },
    )
    .needing(NEEDS),
    substitution(
        "encrypted-and-clear",
        "An encrypted assertion and one in clear, about two people",
        "Which one counts is anybody's guess.",
        ONE,
        |m| {
            let clear = m.forged_assertion(&m.response()?)?;
            before(&sealed(m, GCM)?, "EncryptedAssertion", &clear)
        },
    )
    .needing(NEEDS),
    substitution(
        "encrypted-twice",
        "Two encrypted assertions, about two people",
        "Which one counts is anybody's guess.",
        ONE,
        |m| {
            let xml = sealed(m, GCM)?;
            let other = m.sign(&m.draft_for(m.victim())?)?;
            let other = m.sealed(&part(&other, "Assertion")?.text, m.recipient()?, &GCM)?;
            before(&xml, "EncryptedAssertion", &other)
        },
    )
    .needing(NEEDS),
    hostile(
        "encrypted-nested",
        "An encrypted assertion inside another",
        "Each layer costs a private-key operation.",
        ONE,
        |m| {
            let inner = m.sealed(&part(&m.response()?, "Assertion")?.text, m.recipient()?, &GCM)?;
            around(m, &inner)
        },
    )
    .needing(NEEDS),
    hostile(
        "encrypted-response",
        "A whole response is encrypted",
        "An assertion belongs there.",
        ONE,
        |m| around(m, &m.response()?),
    )
    .needing(NEEDS),
    hostile(
        "encrypted-doctype",
        "A DOCTYPE inside the cipher text",
        "Filters in front do not see it.",
        "Refuse a DOCTYPE after decryption as well.",
        |m| {
            around(
                m,
                &format!(
                    "<!DOCTYPE r [<!ENTITY e \"x\">]>{}",
                    part(&m.response()?, "Assertion")?.text
                ),
            )
        },
    )
    .needing(NEEDS),
    hostile(
        "encrypted-two-roots",
        "Two assertions inside the cipher text",
        "It is no XML.",
        ONE,
        |m| {
            let xml = m.response()?;
            around(m, &[m.forged_assertion(&xml)?, part(&xml, "Assertion")?.text].concat())
        },
    )
    .needing(NEEDS),
    hostile("encrypted-empty", "An empty cipher text", "There is nothing in it.", SIGNED, |m| {
        let value = nth(&sealed(m, GCM)?, "CipherValue", 1)?;
        Ok(value.with("<xenc:CipherValue></xenc:CipherValue>"))
    })
    .needing(NEEDS),
    hostile(
        "encrypted-reference",
        "The cipher text is on another machine",
        "Whoever fetches it makes requests for the sender.",
        WEAK,
        |m| {
            let value = nth(&sealed(m, GCM)?, "CipherValue", 1)?;
            let url = m.setup.trap_url();
            Ok(value.with(&format!("<xenc:CipherReference URI=\"{url}\"/>")))
        },
    )
    .needing(NEEDS),
    hostile(
        "encrypted-key-changed",
        "The encrypted key is changed",
        "It decrypts to nothing.",
        UNIFORM,
        |m| set_text(&sealed(m, GCM)?, "CipherValue", &encode_base64(&[0x41; 256])),
    )
    .needing(NEEDS),
    script(
        "encrypted-oracle",
        Kind::Hostile,
        "Four faults of decryption, and one answer to all",
        "An answer that differs tells the sender what the cipher text holds (padding oracles).",
        UNIFORM,
        oracle,
    )
    .expecting("refused, all of them in the same words")
    .needing(NEEDS),
];

fn oracle(scene: &mut Scene<'_>) -> Result<Judgement, Trouble> {
    let faults: [Make; 4] = [
        |m| tampered(&sealed(m, EncryptionStyle::AD_FS)?, 0),
        |m| tampered(&sealed(m, EncryptionStyle::AD_FS)?, 40),
        |m| {
            set_text(
                &sealed(m, EncryptionStyle::AD_FS)?,
                "CipherValue",
                &encode_base64(&[0x41; 256]),
            )
        },
        |m| m.seal(&m.response()?, m.stranger().certificate(), &EncryptionStyle::AD_FS),
    ];
    let mut answers = Vec::new();
    for fault in faults {
        let mut browser = scene.browser();
        let begun = scene.begin(&mut browser)?;
        let maker = scene.maker(&begun);
        maker.recipient()?;
        let way = scene.deliver(&mut browser, &begun, &fault(&maker)?);
        if scene.who(&mut browser).signed_in {
            return Ok(Judgement::bad("one of them is accepted; expected: refused"));
        }
        let page = way.pages.first();
        answers.push(page.map(|page| (page.status, words(&page.body))));
    }
    let first = answers.first().cloned();
    let same = answers.iter().all(|answer| Some(answer) == first.as_ref());
    Ok(Judgement::when(
        same,
        "all four are answered alike",
        "the answers differ in status or words; expected: one answer to all",
    ))
}

/// The words of a page without numbers, references and the like.
fn words(html: &str) -> Vec<String> {
    let words = html.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>'));
    let is_word = |word: &&str| !word.is_empty() && word.chars().all(char::is_alphabetic);
    words.filter(is_word).filter(|word| word.len() < 20).map(str::to_owned).collect()
}
