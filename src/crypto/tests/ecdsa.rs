//! ECDSA (FIPS 186-5 section 6.4) in the form of XML Signature: r and s one after the other, each
//! as long as the field. Signed here with whole numbers and chosen k, so that each value can be had
//! that a generator never gives.

use std::sync::LazyLock;

use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;

use super::{DATA, bytes, digest, number};
use crate::crypto::SignatureAlgorithm::{self, EcdsaSha256, EcdsaSha384, EcdsaSha512};
use crate::crypto::{CryptoError, KeyShape, PrivateKey, PublicKey};

/// A curve with what is needed to calculate on it.
struct Curve {
    nid: Nid,
    group: EcGroup,
    n: BigNum,
    field: usize,
}

static CURVES: LazyLock<[Curve; 3]> = LazyLock::new(|| {
    [Nid::X9_62_PRIME256V1, Nid::SECP384R1, Nid::SECP521R1].map(|nid| {
        let group = EcGroup::from_curve_name(nid).unwrap();
        let mut n = BigNum::new().unwrap();
        group.order(&mut n, &mut context()).unwrap();
        let field = usize::try_from(group.degree().div_ceil(8)).unwrap();
        Curve { nid, group, n, field }
    })
});

/// With the digest that is as long as the curve, a longer one, and a shorter one.
const DIGESTS: [SignatureAlgorithm; 3] = [EcdsaSha256, EcdsaSha384, EcdsaSha512];

fn context() -> BigNumContext {
    BigNumContext::new().unwrap()
}

fn small(value: u32) -> BigNum {
    BigNum::from_u32(value).unwrap()
}

fn md(algorithm: SignatureAlgorithm) -> MessageDigest {
    match algorithm {
        EcdsaSha256 => MessageDigest::sha256(),
        EcdsaSha384 => MessageDigest::sha384(),
        _ => MessageDigest::sha512(),
    }
}

impl Curve {
    fn add(&self, a: &BigNumRef, b: &BigNumRef) -> BigNum {
        let mut sum = BigNum::new().unwrap();
        sum.mod_add(a, b, &self.n, &mut context()).unwrap();
        sum
    }

    fn multiply(&self, a: &BigNumRef, b: &BigNumRef) -> BigNum {
        let mut product = BigNum::new().unwrap();
        product.mod_mul(a, b, &self.n, &mut context()).unwrap();
        product
    }

    fn inverse(&self, a: &BigNumRef) -> BigNum {
        let mut inverse = BigNum::new().unwrap();
        inverse.mod_inverse(a, &self.n, &mut context()).unwrap();
        inverse
    }

    fn minus(&self, a: &BigNumRef) -> BigNum {
        let mut difference = BigNum::new().unwrap();
        difference.checked_sub(&self.n, a).unwrap();
        difference
    }

    fn point(&self, factor: &BigNumRef) -> EcPoint {
        let mut point = EcPoint::new(&self.group).unwrap();
        point.mul_generator2(&self.group, factor, &mut context()).unwrap();
        point
    }

    /// The x-coordinate of `factor` times the generator, modulo n.
    fn x(&self, factor: &BigNumRef) -> BigNum {
        let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
        let point = self.point(factor);
        point.affine_coordinates(&self.group, &mut x, &mut y, &mut context()).unwrap();
        self.add(&x, &small(0))
    }

    /// The public key of a private one that we chose.
    fn public(&self, private: &BigNumRef) -> PublicKey {
        let key = EcKey::from_public_key(&self.group, &self.point(private)).unwrap();
        PublicKey::new(PKey::from_ec_key(key).unwrap()).unwrap()
    }

    /// The number that a digest stands for: its leftmost bits, as many as n has.
    fn z(&self, algorithm: SignatureAlgorithm, data: &[u8]) -> BigNum {
        let hash = digest(md(algorithm), data);
        let excess = (i32::try_from(hash.len() * 8).unwrap() - self.n.num_bits()).max(0);
        let mut z = BigNum::new().unwrap();
        z.rshift(&number(&hash), excess).unwrap();
        z
    }

    /// s for a given digest, private key, k and r.
    fn s(&self, z: &BigNumRef, private: &BigNumRef, k: &BigNumRef, r: &BigNumRef) -> BigNum {
        self.multiply(&self.inverse(k), &self.add(z, &self.multiply(r, private)))
    }

    /// The private key for which r and s belong to k and z.
    fn private_for(&self, z: &BigNumRef, k: &BigNumRef, r: &BigNumRef, s: &BigNumRef) -> BigNum {
        let minus_z = self.minus(&self.add(z, &small(0)));
        self.multiply(&self.inverse(r), &self.add(&self.multiply(s, k), &minus_z))
    }

    fn write(&self, r: &BigNumRef, s: &BigNumRef) -> Vec<u8> {
        let field = i32::try_from(self.field).unwrap();
        [bytes(r, field), bytes(s, field)].concat()
    }

    /// An ordinary private key and k.
    fn chosen(&self) -> (BigNum, BigNum) {
        let mut one = BigNum::new().unwrap();
        let mut other = BigNum::new().unwrap();
        self.n.rand_range(&mut one).unwrap();
        self.n.rand_range(&mut other).unwrap();
        (one, other)
    }
}

const MISMATCH: Result<(), CryptoError> = Err(CryptoError::SignatureMismatch);

#[test]
fn values() {
    for curve in CURVES.iter() {
        for algorithm in DIGESTS {
            let (private, k) = curve.chosen();
            let key = curve.public(&private);
            let (r, z) = (curve.x(&k), curve.z(algorithm, DATA));
            let s = curve.s(&z, &private, &k, &r);
            let verdict = |value: &[u8]| key.verify(algorithm, DATA, value);
            let good = curve.write(&r, &s);
            assert_eq!(verdict(&good), Ok(()), "control {:?} {algorithm:?}", curve.nid);
            // Whoever sees a signature can write the other one: nothing may be keyed on its bytes.
            assert_eq!(verdict(&curve.write(&r, &curve.minus(&s))), Ok(()));

            let field = curve.field;
            let (zero, one, n) = (small(0), small(1), &curve.n);
            let n_less = curve.minus(&one);
            let mut n_more = BigNum::new().unwrap();
            n_more.checked_add(n, &one).unwrap();
            let largest = number(&vec![0xFF; field]);
            // Two's complement, as if the numbers had a sign.
            let negative = |value: &BigNumRef| {
                let mut sum = BigNum::new().unwrap();
                sum.checked_sub(&largest, value).unwrap();
                sum.add_word(1).unwrap();
                sum
            };
            for (what, r, s) in [
                ("r = s = 0", &*zero, &*zero),
                ("r = 0", &zero, &s),
                ("s = 0", &r, &zero),
                ("r = 0, s = 1", &zero, &one),
                ("r = 1, s = 0", &one, &zero),
                ("r = s = 1", &one, &one),
                ("r = n", n, &s),
                ("s = n", &r, n),
                ("r = s = n", n, n),
                ("r = n, s = 0", n, &zero),
                ("r = 0, s = n", &zero, n),
                ("r = n - 1", &n_less, &s),
                ("s = n - 1", &r, &n_less),
                ("r = n + 1", &n_more, &s),
                ("s = n + 1", &r, &n_more),
                ("as large as can be", &largest, &largest),
                ("r as large as can be", &largest, &s),
                ("s as large as can be", &r, &largest),
                ("-r", &negative(&r), &s),
                ("-s", &r, &negative(&s)),
                ("n - r", &curve.minus(&r), &s),
                ("r and s the other way", &s, &r),
                ("r twice", &r, &r),
                ("s twice", &s, &s),
            ] {
                let value = curve.write(r, s);
                assert_eq!(verdict(&value), MISMATCH, "{:?} {algorithm:?}: {what}", curve.nid);
            }
            // The same numbers in the ring, where the field has room for them.
            let above = |value: &BigNumRef| {
                let mut sum = BigNum::new().unwrap();
                sum.checked_add(value, n).unwrap();
                (sum <= largest).then_some(sum)
            };
            assert!(curve.nid != Nid::SECP521R1 || above(&s).is_some());
            if let Some(r) = above(&r) {
                assert_eq!(verdict(&curve.write(&r, &s)), MISMATCH);
            }
            if let Some(s) = above(&s) {
                assert_eq!(verdict(&curve.write(&r, &s)), MISMATCH);
            }
            assert_eq!(key.verify(algorithm, b"other", &good), MISMATCH);
            assert_eq!(curve.public(&k).verify(algorithm, DATA, &good), MISMATCH, "another key");
            for other in DIGESTS.into_iter().filter(|other| *other != algorithm) {
                assert_eq!(key.verify(other, DATA, &good), MISMATCH, "as {other:?}");
            }
        }
    }
}

#[test]
fn forms() {
    for curve in CURVES.iter() {
        let (private, k) = curve.chosen();
        let key = curve.public(&private);
        let (r, z) = (curve.x(&k), curve.z(EcdsaSha512, DATA));
        let s = curve.s(&z, &private, &k, &r);
        let good = curve.write(&r, &s);
        let (first, second) = good.split_at(curve.field);
        let der = |r: &BigNumRef, s: &BigNumRef| {
            let (r, s) = (r.to_owned().unwrap(), s.to_owned().unwrap());
            EcdsaSig::from_private_components(r, s).unwrap().to_der().unwrap()
        };
        let tls = der(&r, &s);
        let mut filled = tls.clone();
        filled.resize(filled.len().max(2 * curve.field), 0);
        filled.truncate(2 * curve.field);
        for (what, value) in [
            ("nothing", Vec::new()),
            ("one byte", vec![1]),
            ("r alone", first.to_vec()),
            ("the last byte gone", good[..good.len() - 1].to_vec()),
            ("the first byte gone", good[1..].to_vec()),
            ("a byte of each gone", [&first[1..], &second[1..]].concat()),
            ("a zero behind", [&good[..], &[0]].concat()),
            ("a zero in front", [&[0], &good[..]].concat()),
            ("a zero before each", [&[0], first, &[0], second].concat()),
            ("a zero behind each", [first, &[0], second, &[0]].concat()),
            ("twice", good.repeat(2)),
            ("backwards", good.iter().rev().copied().collect()),
            ("the form of TLS", tls.clone()),
            ("the form of TLS at this length", filled),
            ("the form of TLS, both zero", der(&small(0), &small(0))),
        ] {
            let verdict = key.verify(EcdsaSha512, DATA, &value);
            assert_eq!(verdict, MISMATCH, "{:?}: {what}", curve.nid);
        }
        assert_eq!(key.verify(EcdsaSha512, DATA, &good), Ok(()), "control");
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at] ^= 1 << (at % 8);
            assert_eq!(key.verify(EcdsaSha512, DATA, &changed), MISMATCH, "byte {at}");
        }
        // A signature of each other curve, at its own length and filled to this one.
        for other in CURVES.iter().filter(|other| other.nid != curve.nid) {
            let (r, z) = (other.x(&k), other.z(EcdsaSha512, DATA));
            let value = other.write(&r, &other.s(&z, &private, &k, &r));
            assert_eq!(key.verify(EcdsaSha512, DATA, &value), MISMATCH);
            let mut value = value;
            value.resize(2 * curve.field, 0);
            assert_eq!(key.verify(EcdsaSha512, DATA, &value), MISMATCH);
        }
    }
}

/// Edges of the calculation at which implementations have gone wrong: all are good signatures.
#[test]
fn rare_and_right() {
    for curve in CURVES.iter() {
        let algorithm = EcdsaSha256;
        let z = curve.z(algorithm, DATA);
        let (private, k) = curve.chosen();
        let one = small(1);
        let last = curve.minus(&one);
        let check = |what: &str, private: &BigNumRef, r: &BigNumRef, s: &BigNumRef| {
            let key = curve.public(private);
            let value = curve.write(r, s);
            assert_eq!(key.verify(algorithm, DATA, &value), Ok(()), "{:?}: {what}", curve.nid);
            assert_eq!(key.verify(algorithm, b"other", &value), MISMATCH, "{what}");
        };
        for (what, k) in [("k = 1", &one), ("k = 2", &small(2)), ("k = n - 1", &last)] {
            let r = curve.x(k);
            check(what, &private, &r, &curve.s(&z, &private, k, &r));
        }
        // s at its edges: the private key is chosen for it.
        let r = curve.x(&k);
        for (what, s) in [("s = 1", &one), ("s = 2", &small(2)), ("s = n - 1", &last)] {
            check(what, &curve.private_for(&z, &k, &r, s), &r, s);
        }
        // The public key is the generator, or its opposite.
        for (what, private) in [("private key 1", &one), ("private key n - 1", &last)] {
            check(what, private, &r, &curve.s(&z, private, &k, &r));
        }
        // Both terms of the sum are one point, which must be doubled: z = r d.
        let doubled = curve.multiply(&z, &curve.inverse(&r));
        check("a doubled point", &doubled, &r, &curve.s(&z, &doubled, &k, &r));
    }
}

#[test]
fn the_sum_may_be_nowhere() {
    // z + r d = 0: whatever s is, the sum is the point at infinity, which has no x.
    for curve in CURVES.iter() {
        let z = curve.z(EcdsaSha256, DATA);
        let (s, k) = curve.chosen();
        for r in [curve.x(&k), small(1), curve.minus(&small(1))] {
            let minus_z = curve.minus(&curve.add(&z, &small(0)));
            let private = curve.multiply(&minus_z, &curve.inverse(&r));
            let key = curve.public(&private);
            assert_eq!(key.verify(EcdsaSha256, DATA, &curve.write(&r, &s)), MISMATCH);
            let honest = curve.x(&k);
            let other = curve.z(EcdsaSha256, b"other");
            let value = curve.write(&honest, &curve.s(&other, &private, &k, &honest));
            assert_eq!(key.verify(EcdsaSha256, b"other", &value), Ok(()), "control");
        }
    }
}

#[test]
fn digests_at_their_edges() {
    // Data whose digest begins, or ends, with zeros or ones: the number is shorter than its bytes.
    let curve = &CURVES[0];
    let (private, k) = curve.chosen();
    let key = curve.public(&private);
    let r = curve.x(&k);
    let wanted: [fn(&[u8]) -> bool; 4] = [
        |hash| hash.starts_with(&[0]) && hash[1] < 16,
        |hash| hash.starts_with(&[0xFF]) && hash[1] > 0xF0,
        |hash| hash.ends_with(&[0]) && hash[30] < 16,
        |hash| hash.ends_with(&[0xFF]) && hash[30] > 0xF0,
    ];
    for wanted in wanted {
        let data = (0_u32..)
            .map(u32::to_be_bytes)
            .find(|data| wanted(&digest(MessageDigest::sha256(), data)))
            .unwrap();
        let z = curve.z(EcdsaSha256, &data);
        let value = curve.write(&r, &curve.s(&z, &private, &k, &r));
        assert_eq!(key.verify(EcdsaSha256, &data, &value), Ok(()));
    }
    // A digest longer than the curve is cut on the right; one that was reduced, or cut on the left,
    // is another number.
    let hash = digest(MessageDigest::sha512(), DATA);
    let mut reduced = BigNum::new().unwrap();
    reduced.checked_rem(&number(&hash), &curve.n, &mut context()).unwrap();
    for (z, expected) in
        [(number(&hash[..32]), Ok(())), (number(&hash[32..]), MISMATCH), (reduced, MISMATCH)]
    {
        let value = curve.write(&r, &curve.s(&z, &private, &k, &r));
        assert_eq!(key.verify(EcdsaSha512, DATA, &value), expected);
    }
}

#[test]
fn what_we_sign_has_the_length_of_the_field() {
    for (shape, length) in [(KeyShape::P256, 64), (KeyShape::P384, 96), (KeyShape::P521, 132)] {
        let key = PrivateKey::generate(shape).unwrap();
        for n in 0..64_u32 {
            let data = n.to_be_bytes();
            let signature = key.sign(key.default_algorithm(), &data).unwrap();
            assert_eq!(signature.len(), length);
            let public = key.public_key().unwrap();
            assert_eq!(public.verify(key.default_algorithm(), &data, &signature), Ok(()));
        }
    }
}
