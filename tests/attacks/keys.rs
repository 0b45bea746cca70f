//! Whose key it is. Keys come from metadata; what a message says of keys is not read.

use actix_saml::crypto::{Certificate, CryptoError, PrivateKey};
use actix_saml::dsig::DsigError;
use actix_saml::saml::metadata::IdpMetadata;
use actix_saml::saml::{EntityId, Keys, Rejection, Role, peek_issuer};
use actix_saml::xml::encode_base64;
use openssl::bn::BigNum;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};

use crate::fixture::{
    ASSERTION_ID, Draft, IDP, Message, RESPONSE_ID, SP, expectations, honest, now,
};
use crate::keys_of_tests::{FOREIGN_KEY, IDP_KEY, P256, P521, Pair};
use crate::metadata::{Metadata, descriptor};
use crate::refusal::{bad_response_signature, bad_signature};

const MISMATCH: DsigError = DsigError::SignatureMismatch { keys: 1 };

fn with_key_info(key_info: &str) -> Message {
    let old = honest().element("KeyInfo");
    honest().edit(&old, key_info)
}

fn certificates(pairs: &[&Pair]) -> String {
    let one = |pair: &&Pair| {
        let text = encode_base64(pair.certificate.as_der());
        format!("<ds:X509Certificate>{text}</ds:X509Certificate>")
    };
    let all: String = pairs.iter().map(one).collect();
    format!(
        "<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>{all}</ds:X509Data></KeyInfo>"
    )
}

#[test]
fn keytrust_1() {
    // The attacker's certificate comes with the message.
    let message = Draft::adfs().key(&FOREIGN_KEY).signed();
    assert!(message.0.contains(&encode_base64(FOREIGN_KEY.certificate.as_der())));
    message.refused(bad_signature(MISMATCH));
    message.verdict_trusting(&FOREIGN_KEY.alone()).unwrap();
}

#[test]
fn keytrust_2() {
    // Same subject, same issuer, and even the same serial number written down.
    assert_eq!(FOREIGN_KEY.certificate.common_name(), IDP_KEY.certificate.common_name());
    let serial = IDP_KEY.certificate.serial_decimal().unwrap();
    let named = format!(
        "<ds:X509Data><ds:X509SubjectName>CN=ADFS Signing - fs.test.nhs.example</ds:X509SubjectName><ds:X509IssuerSerial><ds:X509IssuerName>CN=ADFS Signing - fs.test.nhs.example</ds:X509IssuerName><ds:X509SerialNumber>{serial}</ds:X509SerialNumber></ds:X509IssuerSerial>"
    );
    let message = Draft::adfs().key(&FOREIGN_KEY).signed().edit("<ds:X509Data>", &named);
    message.refused(bad_signature(MISMATCH));
    message.verdict_trusting(&FOREIGN_KEY.alone()).unwrap();
}

#[test]
fn keytrust_3() {
    // One certificate to be checked, another to be used.
    let forged = Draft::adfs().key(&FOREIGN_KEY).signed();
    let own = forged.element("KeyInfo");
    for pairs in [[&*IDP_KEY, &*FOREIGN_KEY], [&*FOREIGN_KEY, &*IDP_KEY]] {
        forged.clone().edit(&own, &certificates(&pairs)).refused(bad_signature(MISMATCH));
    }
    // And the other way about: a stranger's certificate does an honest signature no harm.
    assert_eq!(with_key_info(&certificates(&[&FOREIGN_KEY])).accepted(), honest().accepted());
}

/// What the identity provider with these signing and encryption keys says of this message.
fn verdict_by_metadata(message: &Message, keys: &[(&str, &Pair)]) -> Result<usize, Rejection> {
    let keys: String = keys.iter().map(|(usage, pair)| descriptor(usage, pair)).collect();
    let metadata = IdpMetadata::read(Metadata::with_keys(&keys).xml().as_bytes(), now()).unwrap();
    message.verdict_trusting(metadata.keys()).map(|assertion| assertion.signing_key())
}

#[test]
fn keyuse_1() {
    // AD FS lists its key for decryption first.
    let keys = [("encryption", &*FOREIGN_KEY), ("signing", &*IDP_KEY)];
    let by_encryption_key = Draft::adfs().key(&FOREIGN_KEY).signed();
    assert_eq!(verdict_by_metadata(&by_encryption_key, &keys), Err(bad_signature(MISMATCH)));
    assert_eq!(verdict_by_metadata(&honest(), &keys), Ok(0));
}

#[test]
fn keyuse_2() {
    // Our own key, which signs requests, signs no answers.
    let by_our_key = Draft::adfs().key(&P256).signed();
    by_our_key.refused(bad_signature(DsigError::AlgorithmKeyMismatch));
    let two = Keys::new(vec![IDP_KEY.public(), P521.public()]).unwrap();
    assert_eq!(by_our_key.verdict_trusting(&two), Err(bad_signature(MISMATCH)));
    by_our_key.verdict_trusting(&P256.alone()).unwrap();
}

#[test]
fn keyuse_3() {
    let old = Draft::adfs().key(&FOREIGN_KEY).signed();
    let during = [("signing", &*FOREIGN_KEY), ("signing", &*IDP_KEY)];
    assert_eq!(verdict_by_metadata(&old, &during), Ok(0));
    assert_eq!(verdict_by_metadata(&honest(), &during), Ok(1), "order does not matter");
    // Retired: the metadata no longer lists it.
    let after = [("signing", &*IDP_KEY)];
    assert_eq!(verdict_by_metadata(&old, &after), Err(bad_signature(MISMATCH)));
    assert_eq!(verdict_by_metadata(&honest(), &after), Ok(0));
    // As many keys as fit were tried, and the message says how many.
    let neither = Draft::adfs().key(&FOREIGN_KEY).signed();
    let keys = Keys::new(vec![IDP_KEY.public(), IDP_KEY.public(), P256.public()]).unwrap();
    let two = DsigError::SignatureMismatch { keys: 2 };
    assert_eq!(neither.verdict_trusting(&keys), Err(bad_signature(two)));
}

#[test]
fn crossidp_1() {
    // Another provider that we trust signs in the name of the one that was asked.
    let by_other = Draft::adfs().key(&FOREIGN_KEY).signed();
    assert_eq!(peek_issuer(by_other.0.as_bytes()), Ok(Some(IDP.to_owned())));
    by_other.refused(bad_signature(MISMATCH));
}

#[test]
fn crossidp_2() {
    // Two tenants of Entra share a key: the issuer alone tells them apart.
    let other = "https://sts.windows.net/22222222-2222-4222-8222-222222222222/";
    let mut draft = Draft::entra();
    draft.xml = draft.xml.replace(&format!(">{IDP}<"), &format!(">{other}<"));
    let message = draft.signed();
    let issuer =
        |role| Rejection::Issuer { role, expected: IDP.to_owned(), found: Some(other.to_owned()) };
    message.refused(issuer(Role::Response));
    let agreeing = message
        .clone()
        .edit(&format!(">{other}</Issuer><samlp:"), &format!(">{IDP}</Issuer><samlp:"));
    agreeing.refused(issuer(Role::Assertion));
    let mut expect = expectations();
    expect.idp = EntityId::new(other).unwrap();
    message.verdict_expecting(&expect).unwrap();
}

#[test]
fn each_signature_names_its_key() {
    // The response and the assertion may be signed with different keys: the assertion's counts.
    let draft = Draft::adfs().key(&FOREIGN_KEY).sign(ASSERTION_ID).key(&IDP_KEY).sign(RESPONSE_ID);
    let keys = Keys::new(vec![IDP_KEY.public(), FOREIGN_KEY.public()]).unwrap();
    assert_eq!(draft.clone().send().verdict_trusting(&keys).unwrap().signing_key(), 1);
    // Each must be made by a key that is trusted.
    draft.clone().send().refused(bad_signature(MISMATCH));
    let error = bad_response_signature(MISMATCH);
    assert_eq!(draft.send().verdict_trusting(&FOREIGN_KEY.alone()), Err(error));
}

fn with_exponent(exponent: u32) -> PKey<Private> {
    let rsa = Rsa::generate_with_e(2048, &BigNum::from_u32(exponent).unwrap()).unwrap();
    PKey::from_rsa(rsa).unwrap()
}

#[test]
fn rsa_e3() {
    let read = |key: &PKey<Private>| PrivateKey::from_pem(&key.private_key_to_pem_pkcs8().unwrap());
    for small in [3, 17] {
        let key = with_exponent(small);
        assert_eq!(read(&key).unwrap_err(), CryptoError::RsaExponent);
        let der = crate::metadata::certificate_of(&key);
        assert_eq!(Certificate::from_der(&der).unwrap_err(), CryptoError::RsaExponent);
    }
    read(&with_exponent(65_537)).unwrap();
}

#[test]
fn rsa_e3_padding() {
    // What a lax reader of PKCS #1 would take: something behind the digest, short padding, another
    // block type. Made with the private key, so that only the padding is wrong.
    let key = with_exponent(65_537);
    let pem = key.private_key_to_pem_pkcs8().unwrap();
    let pair: &'static Pair =
        Box::leak(Box::new(Pair::of(PrivateKey::from_pem(&pem).unwrap(), "padding")));
    let message = Draft::adfs().key(pair).signed();
    let info = message.element("SignedInfo").replace(
        "<ds:SignedInfo>",
        "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">",
    );
    // The canonical form has no empty-element tags.
    let info = info.replace(" />", "></ds:X>");
    let canonical =
        ["CanonicalizationMethod", "SignatureMethod", "Transform", "Transform", "DigestMethod"]
            .iter()
            .fold(info, |text, name| text.replacen("</ds:X>", &format!("</ds:{name}>"), 1));
    let digest = openssl::sha::sha256(canonical.as_bytes());
    let prefix = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    let block = |kind: u8, padding: usize, behind: usize| {
        let mut block = vec![0, kind];
        block.extend(std::iter::repeat_n(0xFF, padding));
        block.push(0);
        block.extend(prefix);
        block.extend(digest);
        block.extend(std::iter::repeat_n(0xAB, behind));
        assert_eq!(block.len(), 256);
        let mut value = vec![0; 256];
        key.rsa().unwrap().private_encrypt(&block, &mut value, Padding::NONE).unwrap();
        let old = message.element("SignatureValue");
        let new = format!("<ds:SignatureValue>{}</ds:SignatureValue>", encode_base64(&value));
        message.clone().edit(&old, &new).verdict_trusting(&pair.alone())
    };
    block(1, 202, 0).unwrap();
    for (kind, padding, behind) in [(1, 8, 194), (1, 201, 1), (1, 0, 202), (2, 202, 0), (0, 202, 0)]
    {
        assert_eq!(block(kind, padding, behind), Err(bad_signature(MISMATCH)), "{kind} {padding}");
    }
}

#[test]
fn keyinfo_1() {
    let accepted = honest().accepted();
    let id = SP.len(); // Any number: the loop is what counts.
    for key_info in [
        "<KeyInfo Id=\"_k\" xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><ds:RetrievalMethod URI=\"#_k\" /></KeyInfo>".to_owned(),
        "<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><ds:RetrievalMethod URI=\"http://127.0.0.1:9/\" /><ds:RetrievalMethod URI=\"file:///etc/hostname\" /></KeyInfo>".to_owned(),
        format!("<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">{}</KeyInfo>", "<ds:RetrievalMethod URI=\"#x\" />".repeat(id)),
    ] {
        assert_eq!(with_key_info(&key_info).accepted(), accepted, "read past, never followed");
    }
}

#[test]
fn keyinfo_2() {
    let accepted = honest().accepted();
    let certificate = encode_base64(IDP_KEY.certificate.as_der());
    for bad in ["", "!!!", "AAAA", &certificate[..100], &certificate.repeat(2)] {
        let message = honest().edit(&certificate, bad);
        assert_eq!(message.accepted(), accepted);
    }
}

#[test]
fn keyinfo_3() {
    let accepted = honest().accepted();
    let modulus = encode_base64(&[0xFF; 2048]);
    for other in [
        String::new(),
        "<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\" />".to_owned(),
        format!("<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><KeyValue><RSAKeyValue><Modulus>{modulus}</Modulus><Exponent>AQ==</Exponent></RSAKeyValue></KeyValue></KeyInfo>"),
        "<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><KeyName>../../key</KeyName></KeyInfo>".to_owned(),
    ] {
        assert_eq!(with_key_info(&other).accepted(), accepted);
    }
    let two = honest().element("KeyInfo");
    let two = honest().edit(&two, &format!("{two}{two}"));
    two.refused(bad_signature(crate::refusal::unexpected("Signature", "KeyInfo")));
}
