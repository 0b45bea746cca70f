use super::*;
use crate::crypto::CipherAlgorithm;

const SHAPES: [EncryptionShape; 4] = [
    EncryptionShape::AdFs,
    EncryptionShape::Inside,
    EncryptionShape::Beside,
    EncryptionShape::Retrieved,
];

#[test]
fn control_every_cipher_and_transport_in_every_shape() {
    for shape in SHAPES {
        for cipher in CipherAlgorithm::ALL {
            for transport in KeyTransport::ALL {
                opens(&message(&EncryptionStyle { shape, cipher, transport }));
            }
        }
    }
}

#[test]
fn ad_fs_shape_is_written_as_ad_fs_writes_it() {
    let xml = message(&EncryptionStyle::AD_FS);
    let serial = OURS.certificate.serial_decimal().unwrap();
    let mut values = xml.split("CipherValue>").skip(1).step_by(2);
    let mut value = || values.next().unwrap().split_once("</").unwrap().0;
    let (key, data) = (value(), value());
    let expected = format!(
        "<xenc:EncryptedData Type=\"http://www.w3.org/2001/04/xmlenc#Element\" \
         xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\">\
         <xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes256-cbc\" />\
         <KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\
         <e:EncryptedKey xmlns:e=\"http://www.w3.org/2001/04/xmlenc#\">\
         <e:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\">\
         <DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\" />\
         </e:EncryptionMethod>\
         <KeyInfo><ds:X509Data xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
         <ds:X509IssuerSerial>\
         <ds:X509IssuerName>\
         O=\"Ward Rota, \"\"Test\"\"\", CN=rota.example.nhs.uk\
         </ds:X509IssuerName>\
         <ds:X509SerialNumber>{serial}</ds:X509SerialNumber>\
         </ds:X509IssuerSerial></ds:X509Data></KeyInfo>\
         <e:CipherData><e:CipherValue>{key}</e:CipherValue></e:CipherData>\
         </e:EncryptedKey></KeyInfo>\
         <xenc:CipherData><xenc:CipherValue>{data}</xenc:CipherValue></xenc:CipherData>\
         </xenc:EncryptedData>"
    );
    assert_eq!(xml, wrap(&expected));
    opens(&xml);
}

#[test]
fn no_two_encryptions_are_alike() {
    let (one, other) = (message(&EncryptionStyle::AD_FS), message(&EncryptionStyle::AD_FS));
    let value = |xml: &str, n: usize| xml.split("CipherValue>").nth(n).unwrap().to_owned();
    assert_ne!(value(&one, 1), value(&other, 1));
    assert_ne!(value(&one, 3), value(&other, 3));
}

#[test]
fn an_elliptic_key_cannot_be_encrypted_to() {
    let private = PrivateKey::generate(KeyShape::P256).unwrap();
    let request = CertificateRequest {
        common_name: "rota.example.nhs.uk",
        organisation: None,
        hosts: &[],
        not_before: "2026-01-01T00:00:00Z".parse().unwrap(),
        not_after: "2036-01-01T00:00:00Z".parse().unwrap(),
    };
    let certificate = Certificate::self_signed(&private, &request).unwrap();
    let outcome = encrypt(ASSERTION, &certificate, &EncryptionStyle::MODERN);
    assert_eq!(outcome, Err(EncryptError::Crypto(crate::crypto::CryptoError::KeyKind)));
}

#[test]
fn line_breaks_and_cdata_in_values_do_not_matter() {
    let xml = message(&EncryptionStyle::AD_FS);
    let mut broken = String::new();
    for (n, c) in xml.chars().enumerate() {
        broken.push(c);
        let in_value = broken.rfind("CipherValue>") > broken.rfind("</");
        if in_value && c.is_ascii_alphanumeric() && n % 17 == 0 && !broken.ends_with("CipherValue")
        {
            broken.push_str("\r\n  ");
        }
    }
    assert!(broken.len() > xml.len() + 100);
    opens(&broken);
    let (before, rest) = xml.split_once("<xenc:CipherValue>").unwrap();
    let (value, after) = rest.split_once("</xenc:CipherValue>").unwrap();
    let tag = "xenc:CipherValue";
    opens(&format!("{before}<{tag}><![CDATA[{value}]]></{tag}>{after}"));
}
