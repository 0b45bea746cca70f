//! The primitives against the vectors of Wycheproof, which were made by people who break them.
//!
//! The product must accept what is valid and refuse what is not. Where it has to refuse something
//! valid, the reason is one of [`Excuse`]: such a vector that is accepted fails the test as well,
//! and how often each excuse is needed is pinned.

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::sync::LazyLock;

use actix_saml::crypto::{
    Certificate, CipherAlgorithm, ContentKey, CryptoError, Oaep, OaepHash, PrivateKey, PublicKey,
    SignatureAlgorithm,
};
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;
use wycheproof::{EllipticCurve, HashFunction, TestResult};

/// Why the product refuses what the vectors call valid, or the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Excuse {
    /// RSA keys have at least 2048 bits.
    SmallKey,
    /// RSA keys have a public exponent of at least 65537.
    SmallExponent,
    /// A curve or key type that no algorithm here has.
    KeyKind,
    /// PKCS #1 v1.5 verifiers may take a missing NULL; ours does not.
    Lenient,
    /// A salt, mask or digest other than the one that XML Signature's algorithm names.
    OtherParameters,
    /// The form of TLS, where XML Signature has two numbers one after the other.
    Der,
    /// Data beside the cipher text, or a label, which XML Encryption does not have.
    Beside,
    /// A vector or tag of another length than XML Encryption's, or AES-192 in GCM.
    Lengths,
    /// PKCS #7 says what the padding is filled with; XML Encryption 5.2.1 says only how it ends.
    Filling,
}

/// What the vectors say and what the product says, of one set.
struct Tally {
    name: &'static str,
    vectors: usize,
    accepted: usize,
    excuses: BTreeMap<Excuse, usize>,
}

impl Tally {
    fn new(name: &'static str) -> Self {
        Self { name, vectors: 0, accepted: 0, excuses: BTreeMap::new() }
    }

    /// One vector: what it is called, what should become of it, and whether it was accepted.
    fn count(
        &mut self,
        id: usize,
        comment: &str,
        result: TestResult,
        excuse: Option<Excuse>,
        accepted: bool,
    ) {
        let what = format!("{} {id} ({comment}): {result:?}", self.name);
        self.vectors += 1;
        self.accepted += usize::from(accepted);
        // An `Acceptable` vector is one that may be refused: here each has its excuse.
        let is_valid = result != TestResult::Invalid;
        match excuse {
            None => assert_eq!(accepted, is_valid, "{what}"),
            Some(excuse) => {
                assert_ne!(accepted, is_valid, "{what}: agrees, in spite of {excuse:?}");
                *self.excuses.entry(excuse).or_default() += 1;
            }
        }
    }

    fn found(&self) -> (usize, usize, Vec<(Excuse, usize)>) {
        (self.vectors, self.accepted, self.excuses.iter().map(|(e, n)| (*e, *n)).collect())
    }
}

/// Vectors, accepted ones, and excuses, of each set.
type Expected = (&'static str, usize, usize, &'static [(Excuse, usize)]);

fn compare(expected: &[Expected], run: impl Fn(&'static str) -> Tally) {
    for &(name, vectors, accepted, excuses) in expected {
        let found = run(name).found();
        println!("{name}: {found:?}");
        assert_eq!(found, (vectors, accepted, excuses.to_vec()), "{name}");
    }
}

static ISSUER: LazyLock<PKey<Private>> = LazyLock::new(|| {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
    PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key")
});

/// The key as the product gets it: in a certificate, which anybody may have signed.
fn public_key(spki: &[u8]) -> Result<PublicKey, CryptoError> {
    let certificate = || -> Result<Vec<u8>, openssl::error::ErrorStack> {
        let mut builder = X509::builder()?;
        let key = PKey::public_key_from_der(spki)?;
        builder.set_pubkey(&key)?;
        let (start, end) = (Asn1Time::from_unix(0)?, Asn1Time::from_unix(1)?);
        builder.set_not_before(&start)?;
        builder.set_not_after(&end)?;
        builder.sign(&ISSUER, MessageDigest::sha256())?;
        builder.build().to_der()
    };
    let certificate = certificate().map_err(|_| CryptoError::Certificate)?;
    Certificate::from_der(&certificate).map(|c| c.public_key().clone())
}

/// Verified, or refused as a signature that does not verify. Nothing else may happen.
fn verifies(key: &PublicKey, algorithm: SignatureAlgorithm, data: &[u8], signature: &[u8]) -> bool {
    match key.verify(algorithm, data, signature) {
        Ok(()) => true,
        Err(CryptoError::SignatureMismatch) => false,
        Err(other) => panic!("{other:?}"),
    }
}

fn rsa(hash: HashFunction) -> SignatureAlgorithm {
    match hash {
        HashFunction::Sha2_256 => SignatureAlgorithm::RsaSha256,
        HashFunction::Sha2_384 => SignatureAlgorithm::RsaSha384,
        HashFunction::Sha2_512 => SignatureAlgorithm::RsaSha512,
        other => panic!("{other:?}"),
    }
}

#[test]
fn rsa_pkcs1() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    let run = |name: &'static str| {
        let mut tally = Tally::new(name);
        let set = TestSet::load(TestName::from_str(name).unwrap()).unwrap();
        for group in set.test_groups {
            let key = public_key(&group.der);
            let algorithm = rsa(group.hash);
            for test in group.tests {
                let (excuse, accepted) = match &key {
                    Ok(key) => {
                        let lenient = test.result == TestResult::Acceptable;
                        let accepted = verifies(key, algorithm, &test.msg, &test.sig);
                        (lenient.then_some(Excuse::Lenient), accepted)
                    }
                    Err(CryptoError::RsaExponent) if group.key.e[..] == [3] => {
                        let valid = test.result != TestResult::Invalid;
                        (valid.then_some(Excuse::SmallExponent), false)
                    }
                    Err(other) => panic!("{other:?}"),
                };
                tally.count(test.tc_id, &test.comment, test.result, excuse, accepted);
            }
        }
        tally
    };
    compare(
        &[
            (
                "rsa_signature_2048_sha256",
                259,
                7,
                &[(Excuse::SmallExponent, 2), (Excuse::Lenient, 1)],
            ),
            ("rsa_signature_2048_sha384", 258, 7, &[(Excuse::Lenient, 1)]),
            (
                "rsa_signature_2048_sha512",
                259,
                7,
                &[(Excuse::SmallExponent, 1), (Excuse::Lenient, 1)],
            ),
            (
                "rsa_signature_3072_sha256",
                259,
                7,
                &[(Excuse::SmallExponent, 1), (Excuse::Lenient, 1)],
            ),
            ("rsa_signature_3072_sha384", 259, 7, &[(Excuse::Lenient, 1)]),
            (
                "rsa_signature_3072_sha512",
                260,
                7,
                &[(Excuse::SmallExponent, 1), (Excuse::Lenient, 1)],
            ),
            ("rsa_signature_4096_sha256", 258, 7, &[(Excuse::Lenient, 1)]),
            ("rsa_signature_4096_sha384", 259, 7, &[(Excuse::Lenient, 1)]),
            ("rsa_signature_4096_sha512", 259, 7, &[(Excuse::Lenient, 1)]),
            ("rsa_signature_8192_sha256", 258, 7, &[(Excuse::Lenient, 1)]),
            ("rsa_signature_8192_sha384", 259, 7, &[(Excuse::Lenient, 1)]),
            ("rsa_signature_8192_sha512", 259, 7, &[(Excuse::Lenient, 1)]),
        ],
        run,
    );
}

#[test]
fn rsa_pss() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    let run = |name: &'static str| {
        let mut tally = Tally::new(name);
        let set = TestSet::load(TestName::from_str(name).unwrap()).unwrap();
        for group in set.test_groups {
            let ours = (HashFunction::Sha2_256, Some(HashFunction::Sha2_256), 32);
            let is_ours = (group.hash, group.mgf_hash, group.salt_size) == ours;
            let key = public_key(&group.der);
            for test in group.tests {
                let excused = |excuse| (test.result != TestResult::Invalid).then_some(excuse);
                let (excuse, accepted) = match &key {
                    Ok(key) => {
                        let algorithm = SignatureAlgorithm::RsaPssSha256;
                        let accepted = verifies(key, algorithm, &test.msg, &test.sig);
                        // A signature that is wrong for its set, and as we want it.
                        let wanted = test.comment == "s_len changed to 32"
                            && (group.hash, group.mgf_hash) == (ours.0, ours.1);
                        let other = !is_ours && (wanted || test.result != TestResult::Invalid);
                        (other.then_some(Excuse::OtherParameters), accepted)
                    }
                    Err(CryptoError::KeyKind) => (excused(Excuse::KeyKind), false),
                    Err(CryptoError::RsaSize { bits }) if *bits < 2048 => {
                        (excused(Excuse::SmallKey), false)
                    }
                    Err(other) => panic!("{other:?}"),
                };
                tally.count(test.tc_id, &test.comment, test.result, excuse, accepted);
            }
        }
        tally
    };
    compare(
        &[
            ("rsa_pss_2048_sha256_mgf1_32", 108, 63, &[]),
            ("rsa_pss_3072_sha256_mgf1_32", 108, 63, &[]),
            ("rsa_pss_4096_sha256_mgf1_32", 108, 63, &[]),
            ("rsa_pss_2048_sha256_mgf1_0", 103, 1, &[(Excuse::OtherParameters, 62)]),
            ("rsa_pss_2048_sha256_mgf1sha1_20", 108, 0, &[(Excuse::OtherParameters, 63)]),
            ("rsa_pss_2048_sha1_mgf1_20", 88, 0, &[(Excuse::OtherParameters, 42)]),
            ("rsa_pss_4096_sha512_mgf1_32", 177, 0, &[(Excuse::OtherParameters, 132)]),
            ("rsa_pss_misc", 150, 1, &[(Excuse::OtherParameters, 149)]),
            ("rsa_pss_2048_sha256_mgf1_32_params", 108, 0, &[(Excuse::KeyKind, 63)]),
        ],
        run,
    );
}

#[test]
fn ecdsa() {
    use wycheproof::ecdsa::{TestGroupTypeId, TestName, TestSet};
    let run = |name: &'static str| {
        let mut tally = Tally::new(name);
        let set = TestSet::load(TestName::from_str(name).unwrap()).unwrap();
        for group in set.test_groups {
            let algorithm = match group.hash {
                HashFunction::Sha2_256 => SignatureAlgorithm::EcdsaSha256,
                HashFunction::Sha2_384 => SignatureAlgorithm::EcdsaSha384,
                HashFunction::Sha2_512 => SignatureAlgorithm::EcdsaSha512,
                other => panic!("{other:?}"),
            };
            let is_der = group.test_type == TestGroupTypeId::Ecdsa;
            let has_curve = matches!(
                group.key.curve,
                EllipticCurve::Secp256r1 | EllipticCurve::Secp384r1 | EllipticCurve::Secp521r1
            );
            let key = public_key(&group.der);
            for test in group.tests {
                let excused = |excuse| (test.result != TestResult::Invalid).then_some(excuse);
                let (excuse, accepted) = match &key {
                    Ok(key) => {
                        assert!(has_curve, "{name}");
                        let accepted = verifies(key, algorithm, &test.msg, &test.sig);
                        (excused(Excuse::Der).filter(|_| is_der), accepted)
                    }
                    Err(CryptoError::KeyKind) if !has_curve => (excused(Excuse::KeyKind), false),
                    Err(other) => panic!("{other:?}"),
                };
                tally.count(test.tc_id, &test.comment, test.result, excuse, accepted);
            }
        }
        tally
    };
    compare(
        &[
            ("ecdsa_secp256r1_sha256_p1363", 262, 173, &[]),
            ("ecdsa_secp256r1_sha512_p1363", 332, 242, &[]),
            ("ecdsa_secp384r1_sha384_p1363", 280, 193, &[]),
            ("ecdsa_secp384r1_sha512_p1363", 318, 230, &[]),
            ("ecdsa_secp521r1_sha512_p1363", 318, 231, &[]),
            ("ecdsa_secp256r1_sha256", 484, 0, &[(Excuse::Der, 174)]),
            ("ecdsa_secp384r1_sha384", 504, 0, &[(Excuse::Der, 194)]),
            ("ecdsa_secp521r1_sha512", 542, 0, &[(Excuse::Der, 232)]),
            ("ecdsa_secp256k1_sha256_p1363", 252, 0, &[(Excuse::KeyKind, 167)]),
            ("ecdsa_brainpoolP256r1_sha256_p1363", 261, 0, &[(Excuse::KeyKind, 175)]),
        ],
        run,
    );
}

/// Decrypted to the right bytes, or refused. Nothing else may happen.
fn decrypts(key: &ContentKey, encrypted: &[u8], expected: &[u8]) -> bool {
    key.decrypt(encrypted).inspect(|plaintext| assert_eq!(plaintext, expected)).is_some()
}

#[test]
fn aes_gcm() {
    use wycheproof::aead::{TestName, TestSet};
    let mut tally = Tally::new("aes_gcm");
    for group in TestSet::load(TestName::AesGcm).unwrap().test_groups {
        let algorithm = match group.key_size {
            128 => Some(CipherAlgorithm::Aes128Gcm),
            192 => None,
            256 => Some(CipherAlgorithm::Aes256Gcm),
            other => panic!("{other}"),
        };
        let has_lengths = group.nonce_size == 96 && group.tag_size == 128;
        for test in group.tests {
            let excused = |excuse| (test.result != TestResult::Invalid).then_some(excuse);
            let (excuse, accepted) = match algorithm {
                None => (excused(Excuse::Lengths), false),
                Some(algorithm) => {
                    let key = ContentKey::new(algorithm, test.key.to_vec()).unwrap();
                    let whole = [&test.nonce[..], &test.ct, &test.tag].concat();
                    let excuse = match (has_lengths, test.aad.is_empty()) {
                        (true, true) => None,
                        (true, false) => excused(Excuse::Beside),
                        (false, _) => excused(Excuse::Lengths),
                    };
                    (excuse, decrypts(&key, &whole, &test.pt))
                }
            };
            tally.count(test.tc_id, &test.comment, test.result, excuse, accepted);
        }
    }
    let expected = (316, 43, vec![(Excuse::Beside, 36), (Excuse::Lengths, 150)]);
    assert_eq!(tally.found(), expected);
}

#[test]
fn aes_cbc() {
    use wycheproof::cipher::{TestName, TestSet};
    let mut tally = Tally::new("aes_cbc_pkcs5");
    for group in TestSet::load(TestName::from_str("aes_cbc_pkcs5").unwrap()).unwrap().test_groups {
        let algorithm = match group.key_size {
            128 => CipherAlgorithm::Aes128Cbc,
            192 => CipherAlgorithm::Aes192Cbc,
            256 => CipherAlgorithm::Aes256Cbc,
            other => panic!("{other}"),
        };
        for test in group.tests {
            let key = ContentKey::new(algorithm, test.key.to_vec()).unwrap();
            let opened = key.decrypt(&[&test.nonce[..], &test.ct].concat());
            let excuse = match (test.result, &opened) {
                (TestResult::Valid, opened) => {
                    assert_eq!(opened.as_deref(), Some(&test.pt[..]), "{}", test.tc_id);
                    None
                }
                // By another implementation: the last byte of the last block counts.
                (_, _) => last_byte(&test.key, &test.nonce, &test.ct)
                    .filter(|last| (1..=16).contains(last))
                    .map(|_| Excuse::Filling),
            };
            tally.count(test.tc_id, &test.comment, test.result, excuse, opened.is_some());
        }
    }
    let expected = (216, 117, vec![(Excuse::Filling, 45)]);
    assert_eq!(tally.found(), expected);
}

/// The last byte of the plaintext, if there are whole blocks.
fn last_byte(key: &[u8], iv: &[u8], body: &[u8]) -> Option<u8> {
    use openssl::symm::{Cipher, Crypter, Mode};
    let blocks = [iv, body].concat();
    let (previous, last) = blocks.split_at_checked(blocks.len().checked_sub(16)?)?;
    let previous = previous.last_chunk::<16>()?;
    if !body.len().is_multiple_of(16) || body.is_empty() {
        return None;
    }
    let cipher = match key.len() {
        16 => Cipher::aes_128_ecb(),
        24 => Cipher::aes_192_ecb(),
        _ => Cipher::aes_256_ecb(),
    };
    let mut crypter = Crypter::new(cipher, Mode::Decrypt, key, None).ok()?;
    crypter.pad(false);
    let mut out = [0; 32];
    crypter.update(last, &mut out).ok()?;
    Some(out[15] ^ previous[15])
}

#[test]
fn rsa_oaep() {
    use wycheproof::rsa_oaep::{TestName, TestSet};
    let hash = |hash| match hash {
        HashFunction::Sha1 => Some(OaepHash::Sha1),
        HashFunction::Sha2_256 => Some(OaepHash::Sha256),
        _ => None,
    };
    let run = |name: &'static str| {
        let mut tally = Tally::new(name);
        let set = TestSet::load(TestName::from_str(name).unwrap()).unwrap();
        for group in set.test_groups {
            let oaep = hash(group.hash).zip(hash(group.mgf_hash));
            let oaep = oaep.map(|(digest, mgf1)| Oaep { digest, mgf1 });
            let key = PrivateKey::from_pem(group.pem.as_bytes());
            for test in group.tests {
                let excused = |excuse| (test.result != TestResult::Invalid).then_some(excuse);
                let (excuse, accepted) = match (&key, oaep) {
                    (Ok(key), Some(oaep)) => {
                        let opened = key.decrypt_oaep(oaep, &test.ct);
                        let excuse = excused(Excuse::Beside).filter(|_| !test.label.is_empty());
                        (excuse, opened.inspect(|o| assert_eq!(o[..], test.pt[..])).is_some())
                    }
                    // Every other pair of hashes in turn: none opens it.
                    (Ok(key), None) => {
                        let opened = OaepHash::ALL.into_iter().any(|digest| {
                            OaepHash::ALL.into_iter().any(|mgf1| {
                                key.decrypt_oaep(Oaep { digest, mgf1 }, &test.ct).is_some()
                            })
                        });
                        (excused(Excuse::OtherParameters), opened)
                    }
                    (Err(CryptoError::RsaSize { bits }), _) if *bits < 2048 => {
                        (excused(Excuse::SmallKey), false)
                    }
                    (Err(other), _) => panic!("{other:?}"),
                };
                tally.count(test.tc_id, &test.comment, test.result, excuse, accepted);
            }
        }
        tally
    };
    compare(
        &[
            ("rsa_oaep_2048_sha1_mgf1sha1", 36, 10, &[(Excuse::Beside, 7)]),
            ("rsa_oaep_2048_sha256_mgf1sha1", 31, 10, &[(Excuse::Beside, 3)]),
            ("rsa_oaep_2048_sha256_mgf1sha256", 37, 10, &[(Excuse::Beside, 8)]),
            ("rsa_oaep_3072_sha256_mgf1sha256", 37, 10, &[(Excuse::Beside, 8)]),
            ("rsa_oaep_4096_sha256_mgf1sha1", 32, 10, &[(Excuse::Beside, 3)]),
            ("rsa_oaep_4096_sha256_mgf1sha256", 37, 10, &[(Excuse::Beside, 8)]),
            ("rsa_oaep_2048_sha512_mgf1sha512", 33, 0, &[(Excuse::OtherParameters, 14)]),
            (
                "rsa_oaep_misc",
                395,
                42,
                &[(Excuse::SmallKey, 120), (Excuse::OtherParameters, 217), (Excuse::Beside, 16)],
            ),
        ],
        run,
    );
}
