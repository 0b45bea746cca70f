use super::*;
use crate::crypto::{CipherAlgorithm, OaepHash};
use crate::xml::GrammarError;

fn not_allowed(role: AlgorithmRole, uri: &str) -> DecryptError {
    DecryptError::Algorithm { role, uri: uri.to_owned() }
}

#[test]
fn enc_rsa15() {
    let xml = message(&EncryptionStyle::AD_FS);
    opens(&xml);
    let uri = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
    let old = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    refused(&altered(&xml, old, uri), not_allowed(AlgorithmRole::KeyTransport, uri));
}

#[test]
fn enc_3des() {
    let xml = message(&EncryptionStyle::AD_FS);
    opens(&xml);
    let old = CipherAlgorithm::Aes256Cbc.uri();
    let uri = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc";
    refused(&altered(&xml, old, uri), not_allowed(AlgorithmRole::Content, uri));
}

#[test]
fn enc_alg_content() {
    let xml = message(&EncryptionStyle::MODERN);
    opens(&xml);
    let old = CipherAlgorithm::Aes256Gcm.uri();
    for uri in [
        "",
        "none",
        "http://www.w3.org/2009/xmlenc11#AES256-GCM",
        "http://www.w3.org/2009/xmlenc11#aes256-gcm ",
        "https://www.w3.org/2009/xmlenc11#aes256-gcm",
        "http://www.w3.org/2001/04/xmlenc#aes256-gcm",
        "http://www.w3.org/2009/xmlenc11#aes192-gcm",
        "http://www.w3.org/2001/04/xmlenc#kw-aes256",
        "http://www.w3.org/2001/04/xmldsig-more#arcfour",
    ] {
        refused(&altered(&xml, old, uri), not_allowed(AlgorithmRole::Content, uri));
    }
    let method = format!("<xenc:EncryptionMethod Algorithm=\"{old}\"/>");
    refused(&altered(&xml, &method, ""), unexpected("EncryptedData", "KeyInfo"));
    let nameless =
        GrammarError::MissingAttribute { parent: "EncryptionMethod".into(), expected: "Algorithm" };
    refused(&altered(&xml, &method, "<xenc:EncryptionMethod/>"), nameless.into());
}

#[test]
fn enc_alg_key_transport() {
    let xml = message(&EncryptionStyle::MODERN);
    opens(&xml);
    let old = EncryptionStyle::MODERN.transport.uri();
    for uri in [
        "",
        "http://www.w3.org/2001/04/xmlenc#RSA-OAEP-MGF1P",
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep",
        "http://www.w3.org/2001/04/xmlenc#kw-aes256",
        "http://www.w3.org/2009/xmlenc11#ECDH-ES",
        "http://www.w3.org/2010/xmlsec-ghc#rsaes-kem",
    ] {
        refused(&altered(&xml, old, uri), not_allowed(AlgorithmRole::KeyTransport, uri));
    }
}

fn oaep(digest: OaepHash, mgf1: OaepHash) -> String {
    let transport = KeyTransport::Oaep { digest, mgf1 };
    message(&EncryptionStyle { transport, ..EncryptionStyle::MODERN })
}

fn digest_element(hash: OaepHash) -> String {
    format!("<ds:DigestMethod Algorithm=\"{}\"/>", hash.digest_uri())
}

fn mgf_element(hash: OaepHash) -> String {
    let uri = hash.mgf1_uri();
    format!("<xenc11:MGF xmlns:xenc11=\"{XMLENC11_NAMESPACE}\" Algorithm=\"{uri}\"/>")
}

#[test]
fn enc_alg_hashes() {
    let xml = oaep(OaepHash::Sha256, OaepHash::Sha256);
    opens(&xml);
    for uri in [
        "",
        "http://www.w3.org/2001/04/xmldsig-more#md5",
        "http://www.w3.org/2001/04/xmlenc#ripemd160",
        "http://www.w3.org/2001/04/xmlenc#SHA256",
        "http://www.w3.org/2009/xmlenc11#mgf1sha256",
    ] {
        let changed = altered(&xml, OaepHash::Sha256.digest_uri(), uri);
        refused(&changed, not_allowed(AlgorithmRole::Digest, uri));
    }
    for uri in [
        "",
        "http://www.w3.org/2009/xmlenc11#mgf1sha224",
        "http://www.w3.org/2009/xmlenc11#MGF1SHA256",
        "http://www.w3.org/2001/04/xmlenc#sha256",
    ] {
        let changed = altered(&xml, OaepHash::Sha256.mgf1_uri(), uri);
        refused(&changed, not_allowed(AlgorithmRole::MaskGeneration, uri));
    }
}

#[test]
fn enc_alg_absent_hashes_are_sha1() {
    for digest in OaepHash::ALL {
        for mgf1 in OaepHash::ALL {
            let xml = oaep(digest, mgf1);
            opens(&xml);
            let without_digest = altered(&xml, &digest_element(digest), "");
            let without_mgf = altered(&xml, &mgf_element(mgf1), "");
            match digest {
                OaepHash::Sha1 => opens(&without_digest),
                OaepHash::Sha256 => fails(&without_digest),
            }
            match mgf1 {
                OaepHash::Sha1 => opens(&without_mgf),
                OaepHash::Sha256 => fails(&without_mgf),
            }
        }
    }
}

#[test]
fn enc_alg_parameters_in_either_order_and_once() {
    let hash = OaepHash::Sha256;
    let xml = oaep(hash, hash);
    let (digest, mgf) = (digest_element(hash), mgf_element(hash));
    let with = |parameters: &str| altered(&xml, &format!("{digest}{mgf}"), parameters);
    opens(&xml);
    opens(&with(&format!("{mgf}{digest}")));
    let refusal = |found| unexpected("EncryptionMethod", found);
    refused(&with(&format!("{digest}{mgf}{digest}")), refusal("DigestMethod"));
    refused(&with(&format!("{mgf}{digest}{mgf}")), refusal("MGF"));
    let label = "<xenc:OAEPparams>AAAA</xenc:OAEPparams>";
    refused(&with(&format!("{label}{digest}{mgf}")), refusal("OAEPparams"));
    refused(&with(&format!("<xenc:KeySize>2048</xenc:KeySize>{digest}{mgf}")), refusal("KeySize"));
    let inside = digest.replace("/>", "><ds:Parameter/></ds:DigestMethod>");
    refused(&with(&format!("{inside}{mgf}")), unexpected("DigestMethod", "Parameter"));
}

#[test]
fn enc_alg_mgf_has_no_place_in_mgf1p() {
    let xml = message(&EncryptionStyle::MODERN);
    opens(&xml);
    let digest = digest_element(OaepHash::Sha1);
    for hash in OaepHash::ALL {
        let changed = altered(&xml, &digest, &format!("{digest}{}", mgf_element(hash)));
        refused(&changed, unexpected("EncryptionMethod", "MGF"));
    }
}

#[test]
fn enc_keylen_named_size_is_the_algorithms() {
    for cipher in CipherAlgorithm::ALL {
        let xml = message(&EncryptionStyle { cipher, ..EncryptionStyle::MODERN });
        let method = format!("<xenc:EncryptionMethod Algorithm=\"{}\"", cipher.uri());
        let with = |size: &str| {
            let element =
                format!("{method}><xenc:KeySize>{size}</xenc:KeySize></xenc:EncryptionMethod>");
            altered(&xml, &format!("{method}/>"), &element)
        };
        let right = cipher.key_bytes() * 8;
        opens(&with(&right.to_string()));
        for wrong in ["0", "", "-1", "64", "99999999999999999999999999", &(right + 8).to_string()] {
            let refusal = GrammarError::InvalidValue { what: "KeySize" };
            refused(&with(wrong), refusal.into());
        }
    }
}
