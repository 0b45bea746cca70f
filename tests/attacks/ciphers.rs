//! Algorithms, keys and references of XML Encryption: what is not on the list is refused by name,
//! before a private key is used.

use actix_saml::crypto::{CipherAlgorithm, OaepHash};
use actix_saml::saml::Rejection;
use actix_saml::xml::{GrammarError, XmlError};
use actix_saml::xmlenc::{AlgorithmRole, DecryptError, EncryptionShape, EncryptionStyle, encrypt};
use openssl::encrypt::Encrypter;
use openssl::pkey::PKey;
use openssl::rsa::Padding;
use openssl::x509::X509;

use crate::fixture::{Draft, SP, honest};
use crate::keys_of_tests::{FOREIGN_KEY, SP_KEY};
use crate::recipient::{CBC, GCM, assemble, cipher_texts, encrypted_key, sealed, styles, wrap};
use crate::refusal::{count, unexpected};
use crate::surgery::element;

#[test]
fn enc_rsa15() {
    let uri = "http://www.w3.org/2001/04/xmlenc#rsa-1_5".to_owned();
    let (_, data) = cipher_texts(&GCM, honest().assertion().as_bytes());
    let der = SP_KEY.certificate.as_der();
    let public = X509::from_der(der).unwrap().public_key().unwrap();
    let public = PKey::from_rsa(public.rsa().unwrap()).unwrap();
    let mut encrypter = Encrypter::new(&public).unwrap();
    encrypter.set_rsa_padding(Padding::PKCS1).unwrap();
    let mut key = vec![0; encrypter.encrypt_len(&[7; 32]).unwrap()];
    let length = encrypter.encrypt(&[7; 32], &mut key).unwrap();
    key.truncate(length);
    // Called by its name it is refused; called by another it is a wrong key.
    let message = honest().carrying(&assemble(&GCM, &key, &data));
    message.fails();
    let role = AlgorithmRole::KeyTransport;
    let refused = DecryptError::Algorithm { role, uri: uri.clone() };
    message.edit(GCM.transport.uri(), &uri).stays_shut(refused.clone());
    Draft::adfs().encrypted(&CBC).edit(CBC.transport.uri(), &uri).stays_shut(refused);
}

/// The algorithm of the content is called `uri`.
#[track_caller]
fn content_refused(uri: &str) {
    for style in [CBC, GCM] {
        let uri = uri.to_owned();
        let message = Draft::adfs().encrypted(&style).edit(style.cipher.uri(), &uri);
        message.stays_shut(DecryptError::Algorithm { role: AlgorithmRole::Content, uri });
    }
}

#[test]
fn enc_3des() {
    content_refused("http://www.w3.org/2001/04/xmlenc#tripledes-cbc");
}

#[test]
fn enc_alg() {
    for uri in [
        "",
        "http://www.w3.org/2001/04/xmlenc#aes256-CBC",
        "http://www.w3.org/2009/xmlenc11#aes192-gcm",
        "http://www.w3.org/2001/04/xmlenc#kw-aes256",
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    ] {
        content_refused(uri);
    }
    let message = Draft::adfs().encrypted(&CBC);
    for uri in [
        "",
        "http://www.w3.org/2001/04/xmlenc#kw-aes256",
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep",
    ] {
        let uri = uri.to_owned();
        let changed = message.clone().edit(CBC.transport.uri(), &uri);
        changed.stays_shut(DecryptError::Algorithm { role: AlgorithmRole::KeyTransport, uri });
    }
    let uri = "http://www.w3.org/2001/04/xmldsig-more#md5".to_owned();
    let changed = message.edit(OaepHash::Sha1.digest_uri(), &uri);
    changed.stays_shut(DecryptError::Algorithm { role: AlgorithmRole::Digest, uri });
}

#[test]
fn enc_keylen() {
    let assertion = honest().assertion();
    for named in CipherAlgorithm::ALL {
        let style = EncryptionStyle { cipher: named, ..GCM };
        let (key, data) = cipher_texts(&style, assertion.as_bytes());
        honest().carrying(&assemble(&style, &key, &data)).opens_as(&honest());
        for length in [0, 1, 8, 15, 16, 17, 24, 31, 32, 33, 64] {
            let key = encrypted_key(&style, &vec![7; length]);
            honest().carrying(&assemble(&style, &key, &data)).fails();
        }
    }
    let size = |bits: &str| {
        let uri = CBC.cipher.uri();
        let method = "</xenc:EncryptionMethod>";
        Draft::adfs().encrypted(&CBC).edit(
            &format!("<xenc:EncryptionMethod Algorithm=\"{uri}\" />"),
            &format!("<xenc:EncryptionMethod Algorithm=\"{uri}\"><xenc:KeySize>{bits}</xenc:KeySize>{method}"),
        )
    };
    size("256").opens_as(&honest());
    size("128").stays_shut(DecryptError::from(GrammarError::InvalidValue { what: "KeySize" }));
}

#[test]
fn enc_cref() {
    let reference = "<xenc:CipherReference URI=\"http://127.0.0.1/\" />";
    for style in styles() {
        let message = Draft::adfs().encrypted(&style);
        let value = message.element("CipherData");
        for number in 0..2 {
            let value = element(&message.0, "CipherValue", number);
            let prefix = if value.starts_with("<e:") { "e" } else { "xenc" };
            let reference = reference.replace("xenc", prefix);
            let refused = || DecryptError::from(unexpected("CipherData", "CipherReference"));
            message.clone().edit(&value, &reference).stays_shut(refused());
            message.clone().edit(&value, &format!("{value}{reference}")).stays_shut(refused());
        }
        assert_eq!(message.0.matches(&value).count(), 1);
    }
}

#[test]
fn enc_loop() {
    let retrieved = EncryptionStyle { shape: EncryptionShape::Retrieved, ..GCM };
    let message = Draft::adfs().encrypted(&retrieved);
    message.opens_as(&honest());
    let after = |mark: &str| {
        let (_, rest) = message.0.split_once(mark).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let (key, data) = (after("RetrievalMethod URI=\""), after("DataReference URI=\""));
    for found in ["", "#", "http://127.0.0.1/key", &data] {
        let (expected, found) = (key.clone(), found.to_owned());
        let changed = message.clone().edit(&format!("\"{key}\""), &format!("\"{found}\""));
        changed.stays_shut(DecryptError::Reference { expected, found });
    }
    // The key is to be found by way of itself.
    let info = format!("<ds:KeyInfo><ds:RetrievalMethod URI=\"{key}\"/>");
    let own = message.element("X509Data");
    let looped = message.clone().edit(&format!("<ds:KeyInfo>{own}"), &format!("{info}{own}"));
    looped.stays_shut(DecryptError::from(unexpected("KeyInfo", "RetrievalMethod")));
    let nested = message.element("EncryptedKey");
    let nested = message.clone().edit(&own, &format!("{own}{}", nested.replace(" Id=", " x=")));
    nested.stays_shut(DecryptError::from(unexpected("KeyInfo", "EncryptedKey")));
}

#[test]
fn enc_dos() {
    let beside = EncryptionStyle { shape: EncryptionShape::Beside, ..GCM };
    let message = Draft::adfs().encrypted(&beside);
    message.opens_as(&honest());
    let key = message.element("EncryptedKey");
    for found in [0, 2, 300] {
        let many = message.clone().edit(&key, &key.repeat(found));
        many.stays_shut(DecryptError::EncryptedKeys { found });
    }
    let encrypted = message.element("EncryptedAssertion");
    message.carrying(&encrypted.repeat(50)).stays_shut(count(50));
    // The budgets of a message hold for what comes out of it, too.
    let deep = format!("{}{}", "<a>".repeat(60), "</a>".repeat(60));
    for value in [deep, "<a/>".repeat(31_000), "x".repeat(1_048_000)] {
        let big = honest().assertion().replace("ward 7", &value);
        let sealed = sealed(&big, &CBC);
        if sealed.len() > 1_040_000 {
            let limit = XmlError::Limit { what: "bytes", limit: 1_048_576 };
            honest().carrying(&sealed).stays_shut(limit);
        } else {
            honest().carrying(&sealed).fails();
        }
    }
}

#[test]
fn enc_rcpt() {
    let beside = EncryptionStyle { shape: EncryptionShape::Beside, ..GCM };
    let message = Draft::adfs().encrypted(&beside);
    let named = |recipient: &str| {
        let with = format!("<xenc:EncryptedKey Recipient=\"{recipient}\"");
        message.clone().edit("<xenc:EncryptedKey", &with)
    };
    // Who can open it is what counts, not what it says.
    named("https://rota.example.nhs.uk/saml").opens_as(&honest());
    named("https://payroll.example.nhs.uk/saml").opens_as(&honest());
    let assertion = honest().assertion();
    let theirs = wrap(&encrypt(&assertion, &FOREIGN_KEY.certificate, &beside).unwrap());
    message.carrying(&theirs).fails();
    let key = element(&theirs, "EncryptedKey", 0);
    let own = message.element("EncryptedKey");
    let both = message.clone().edit(&own, &format!("{own}{key}"));
    both.stays_shut(DecryptError::EncryptedKeys { found: 2 });
    // Encrypted to us, and meant for others: the audience decides, once the signature has.
    let other = "https://payroll.example.nhs.uk/saml";
    let message = Draft::adfs()
        .edit(&format!("<Audience>{SP}<"), &format!("<Audience>{other}<"))
        .encrypted(&CBC);
    message
        .stays_shut(Rejection::Audience { expected: SP.to_owned(), found: vec![other.to_owned()] });
}

#[test]
fn enc_alg_base64_and_markup_in_values() {
    let message = Draft::adfs().encrypted(&CBC);
    let value = message.element("CipherValue");
    let bad = message.clone().edit(&value, "<e:CipherValue>?</e:CipherValue>");
    bad.stays_shut(DecryptError::Base64("CipherValue"));
    let split = value.replace("</", "<!-- --></");
    let markup = GrammarError::MarkupInValue { parent: "CipherValue".to_owned() };
    message.edit(&value, &split).stays_shut(DecryptError::from(markup));
}
