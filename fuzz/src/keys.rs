//! Keys made of a word. Every process has the same ones, so that an input which was signed by one
//! run means the same to the next, on any machine, and no private key needs to lie in a file.

use std::sync::LazyLock;

use actix_saml::crypto::{
    Certificate, CertificateRequest, PrivateKey, PublicKey, SignatureAlgorithm, sha256,
};
use actix_saml::saml::metadata::TEST_KEY_MARK;
use actix_saml::saml::parse_instant;
use actix_saml::xmlenc::DecryptionKey;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::rsa::RsaPrivateKeyBuilder;

/// A private key, its public half and a certificate around it.
pub struct Pair {
    pub key: PrivateKey,
    pub public: PublicKey,
    pub certificate: Certificate,
}

/// The identity provider's, one of each family: elliptic curves sign ten times faster.
pub static IDP_EC: LazyLock<Pair> = LazyLock::new(|| Pair::new(&p256("identity provider")));
pub static IDP_RSA: LazyLock<Pair> = LazyLock::new(|| Pair::new(&rsa("identity provider")));
/// Ours, to decrypt with.
pub static SP: LazyLock<Pair> = LazyLock::new(|| Pair::new(&rsa("service provider")));
/// Somebody else's.
pub static STRANGER: LazyLock<Pair> = LazyLock::new(|| Pair::new(&p256("stranger")));

impl Pair {
    fn new(pem: &[u8]) -> Self {
        let key = PrivateKey::from_pem(pem).expect("a private key");
        let request = CertificateRequest {
            common_name: TEST_KEY_MARK,
            organisation: None,
            hosts: &[],
            not_before: parse_instant("2026-01-01T00:00:00Z").expect("a time"),
            not_after: parse_instant("2099-01-01T00:00:00Z").expect("a time"),
        };
        let certificate = Certificate::self_signed(&key, &request).expect("a certificate");
        let public = key.public_key().expect("a public key");
        Self { key, public, certificate }
    }

    pub fn decryption(&self) -> DecryptionKey {
        DecryptionKey::new(self.key.clone()).expect("an RSA key")
    }
}

/// The identity provider's key that suits an algorithm.
pub fn signer(algorithm: SignatureAlgorithm) -> &'static Pair {
    if IDP_EC.key.kind().fits(algorithm) { &IDP_EC } else { &IDP_RSA }
}

fn bytes_of(word: &str, length: usize) -> Vec<u8> {
    let blocks = (0..length.div_ceil(32)).map(|n| sha256(format!("{word} {n}").as_bytes()));
    blocks.flatten().take(length).collect()
}

fn p256(word: &str) -> Vec<u8> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("P-256");
    // Smaller than the order of the group, which begins with FF.
    let mut secret = bytes_of(word, 32);
    secret[0] = 1;
    let secret = BigNum::from_slice(&secret).expect("a number");
    let mut public = EcPoint::new(&group).expect("a point");
    let mut context = BigNumContext::new().expect("a context");
    public.mul_generator2(&group, &secret, &mut context).expect("a multiple");
    let key = EcKey::from_private_components(&group, &secret, &public).expect("a key");
    PKey::from_ec_key(key).and_then(|k| k.private_key_to_pem_pkcs8()).expect("PEM")
}

fn rsa(word: &str) -> Vec<u8> {
    let make = || {
        let mut context = BigNumContext::new()?;
        let one = BigNum::from_u32(1)?;
        let e = BigNum::from_u32(65_537)?;
        let (p, q) = (prime(&format!("{word} p"))?, prime(&format!("{word} q"))?);
        let less = |n: &BigNum| {
            let mut out = BigNum::new()?;
            out.checked_sub(n, &one)?;
            Ok::<_, openssl::error::ErrorStack>(out)
        };
        let (p1, q1) = (less(&p)?, less(&q)?);
        let [mut n, mut phi, mut d, mut dp, mut dq, mut qi] =
            [(); 6].map(|()| BigNum::new().expect("a number"));
        n.checked_mul(&p, &q, &mut context)?;
        phi.checked_mul(&p1, &q1, &mut context)?;
        d.mod_inverse(&e, &phi, &mut context)?;
        dp.nnmod(&d, &p1, &mut context)?;
        dq.nnmod(&d, &q1, &mut context)?;
        qi.mod_inverse(&q, &p, &mut context)?;
        let key = RsaPrivateKeyBuilder::new(n, e, d)?
            .set_factors(p, q)?
            .set_crt_params(dp, dq, qi)?
            .build();
        PKey::from_rsa(key)?.private_key_to_pem_pkcs8()
    };
    make().expect("an RSA key")
}

/// The first prime of 1024 bits from a place that `word` chooses, one more than no multiple of
/// 65537.
fn prime(word: &str) -> Result<BigNum, openssl::error::ErrorStack> {
    let mut bytes = bytes_of(word, 128);
    bytes[0] |= 0xC0;
    bytes[127] |= 1;
    let mut candidate = BigNum::from_slice(&bytes)?;
    let mut context = BigNumContext::new()?;
    loop {
        if candidate.mod_word(65_537)? != 1
            && candidate.is_prime_fasttest(16, &mut context, true)?
        {
            return Ok(candidate);
        }
        candidate.add_word(2)?;
    }
}
