//! Keys that are refused when they are loaded, in certificates written byte by byte: OpenSSL would
//! not make most of them.

use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;

use super::{bytes, number};
use crate::crypto::{Certificate, CryptoError, KeyKind};

/// A DER value.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let low = length.to_be_bytes();
    let head = match length {
        0..128 => vec![tag, low[7]],
        128..256 => vec![tag, 0x81, low[7]],
        _ => vec![tag, 0x82, low[6], low[7]],
    };
    [&head, content].concat()
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    der(0x30, &parts.concat())
}

/// An INTEGER, positive.
fn integer(value: &BigNum) -> Vec<u8> {
    let bytes = value.to_vec();
    let zero = bytes.first().is_none_or(|first| *first >= 0x80);
    der(0x02, &[&[0][..usize::from(zero)], &bytes].concat())
}

fn bits(content: &[u8]) -> Vec<u8> {
    der(0x03, &[&[0], content].concat())
}

const NULL: &[u8] = &[0x05, 0x00];
const RSA: &[u8] = &[0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
const RSA_PSS: &[u8] = &[0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A];
const EC: &[u8] = &[0x06, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const PRIME_FIELD: &[u8] = &[0x06, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x01, 0x01];
const P256: &[u8] = &[0x06, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x06, 5, 0x2B, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x06, 5, 0x2B, 0x81, 0x04, 0x00, 0x23];
const SECP256K1: &[u8] = &[0x06, 5, 0x2B, 0x81, 0x04, 0x00, 0x0A];
const ED25519: &[u8] = &[0x06, 3, 0x2B, 0x65, 0x70];

/// What is said of a certificate that carries this SubjectPublicKeyInfo. Nobody looks at its
/// signature, which is empty.
fn load(key_info: &[u8]) -> Result<KeyKind, CryptoError> {
    let algorithm = sequence(&[
        vec![0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B],
        NULL.to_vec(),
    ]);
    let time = |text: &str| der(0x17, text.as_bytes());
    let to_be_signed = sequence(&[
        der(0xA0, &[0x02, 1, 2]),
        vec![0x02, 1, 1],
        algorithm.clone(),
        sequence(&[]),
        sequence(&[time("260101000000Z"), time("270101000000Z")]),
        sequence(&[]),
        key_info.to_vec(),
    ]);
    let certificate = sequence(&[to_be_signed, algorithm, bits(&[])]);
    Certificate::from_der(&certificate).map(|c| c.public_key().kind())
}

fn rsa_info(n: &BigNum, e: &BigNum) -> Vec<u8> {
    let key = sequence(&[integer(n), integer(e)]);
    sequence(&[sequence(&[RSA.to_vec(), NULL.to_vec()]), bits(&key)])
}

/// An odd number of so many bits: nobody factors it to see whether it is a modulus.
fn modulus(size: i32) -> BigNum {
    let mut n = BigNum::new().unwrap();
    n.rand(size, openssl::bn::MsbOption::ONE, true).unwrap();
    n
}

fn power_of_two_plus(power: i32, more: u32) -> BigNum {
    let mut value = BigNum::from_u32(more).unwrap();
    assert!(!value.is_bit_set(power));
    value.set_bit(power).unwrap();
    value
}

#[test]
fn rsa_sizes() {
    let e = BigNum::from_u32(65_537).unwrap();
    for size in [2048, 2049, 3072, 4096, 8191, 8192] {
        let loaded = load(&rsa_info(&modulus(size), &e));
        assert_eq!(loaded, Ok(KeyKind::Rsa(size.unsigned_abs())));
    }
    for size in [512_i32, 768, 1024, 1536, 2040, 2047, 8193, 16_384] {
        let bits = size.unsigned_abs();
        let loaded = load(&rsa_info(&modulus(size), &e));
        assert_eq!(loaded, Err(CryptoError::RsaSize { bits }));
    }
    // Zeros in front make nothing larger.
    let padded = |n: &BigNum| {
        let n = der(0x02, &[&[0; 200][..], &n.to_vec()].concat());
        let key = sequence(&[n, integer(&e)]);
        sequence(&[sequence(&[RSA.to_vec(), NULL.to_vec()]), bits(&key)])
    };
    let bits = 1024;
    assert_eq!(load(&padded(&modulus(1024))), Err(CryptoError::RsaSize { bits }));
}

#[test]
fn rsa_exponents() {
    let n = modulus(2048);
    let small = |e: u32| BigNum::from_u32(e).unwrap();
    for e in [small(65_537), small(65_539), small(u32::MAX), power_of_two_plus(63, 1)] {
        assert_eq!(load(&rsa_info(&n, &e)), Ok(KeyKind::Rsa(2048)), "{e}");
    }
    for e in [
        small(0),
        small(1),
        small(2),
        small(3),
        small(17),
        small(257),
        small(65_535),
        small(65_536),
        // Even: no signer has one, and what it verifies is not a signature.
        small(65_538),
        small(u32::MAX - 1),
        // Longer than anybody needs: each verification would take many times as long.
        power_of_two_plus(64, 1),
        power_of_two_plus(255, 1),
        power_of_two_plus(2046, 1),
    ] {
        assert_eq!(load(&rsa_info(&n, &e)), Err(CryptoError::RsaExponent), "{e}");
    }
}

#[test]
fn keys_of_other_kinds() {
    let e = BigNum::from_u32(65_537).unwrap();
    let rsa = sequence(&[integer(&modulus(2048)), integer(&e)]);
    let point = point_on(Nid::X9_62_PRIME256V1);
    let named = |parts: &[&[u8]], key: &[u8]| {
        let parts: Vec<_> = parts.iter().map(|part| part.to_vec()).collect();
        sequence(&[sequence(&parts), bits(key)])
    };
    assert_eq!(load(&named(&[RSA, NULL], &rsa)), Ok(KeyKind::Rsa(2048)));
    assert_eq!(load(&named(&[EC, P256], &point)), Ok(KeyKind::P256));
    for (what, info, expected) in [
        ("RSASSA-PSS", named(&[RSA_PSS], &rsa), CryptoError::KeyKind),
        ("Ed25519", named(&[ED25519], &[7; 32]), CryptoError::KeyKind),
        ("secp256k1", named(&[EC, SECP256K1], &point_on(Nid::SECP256K1)), CryptoError::KeyKind),
        ("no curve", named(&[EC], &point), CryptoError::Certificate),
        ("RSA with a curve", named(&[EC, P256], &rsa), CryptoError::Certificate),
        ("a point as RSA", named(&[RSA, NULL], &point), CryptoError::Certificate),
        ("RSA, nothing in it", named(&[RSA, NULL], &[]), CryptoError::Certificate),
        ("nobody's algorithm", named(&[&[0x06, 1, 0x2A]], &point), CryptoError::Certificate),
    ] {
        assert_eq!(load(&info), Err(expected), "{what}");
    }
}

fn point_on(curve: Nid) -> Vec<u8> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    let key = EcKey::generate(&group).unwrap();
    let mut context = BigNumContext::new().unwrap();
    let form = openssl::ec::PointConversionForm::UNCOMPRESSED;
    key.public_key().to_bytes(&group, form, &mut context).unwrap()
}

fn ec_info(curve: &[u8], point: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[EC.to_vec(), curve.to_vec()]), bits(point)])
}

#[test]
fn points_off_the_curve() {
    for (nid, curve, kind, field) in [
        (Nid::X9_62_PRIME256V1, P256, KeyKind::P256, 32),
        (Nid::SECP384R1, P384, KeyKind::P384, 48),
        (Nid::SECP521R1, P521, KeyKind::P521, 66),
    ] {
        let group = EcGroup::from_curve_name(nid).unwrap();
        let mut context = BigNumContext::new().unwrap();
        let [mut p, mut a, mut b] = [(); 3].map(|()| BigNum::new().unwrap());
        group.components_gfp(&mut p, &mut a, &mut b, &mut context).unwrap();
        let point = point_on(nid);
        assert_eq!(load(&ec_info(curve, &point)), Ok(kind));
        let (x, y) = point[1..].split_at(field);
        let write = |x: &[u8], y: &[u8]| [&[4], x, y].concat();
        let flipped = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            bytes[field - 1] ^= 1;
            bytes
        };
        let zero = vec![0; field];
        let p_bytes = bytes(&p, i32::try_from(field).unwrap());
        let mut bad = vec![
            ("nothing", Vec::new()),
            ("another y", write(x, &flipped(y))),
            ("another x", write(&flipped(x), y)),
            ("x and y the other way", write(y, x)),
            ("the origin", write(&zero, &zero)),
            ("x = p", write(&p_bytes, y)),
            ("y = p", write(x, &p_bytes)),
            ("as large as can be", write(&vec![0xFF; field], &vec![0xFF; field])),
            ("x alone", [&[4], x].concat()),
            ("one byte short", point[..point.len() - 1].to_vec()),
            ("one byte more", [&point[..], &[0]].concat()),
            ("an unknown form", [&[5], &point[1..]].concat()),
            ("infinity with coordinates", [&[0], &point[1..]].concat()),
            ("compressed with both coordinates", [&[2], &point[1..]].concat()),
            ("hybrid with the wrong sign", [&[7 - (y[field - 1] & 1)], &point[1..]].concat()),
        ];
        // The same point written with a coordinate above the field, where that fits.
        let mut above = BigNum::new().unwrap();
        above.checked_add(&p, &number(x)).unwrap();
        if above.num_bytes() <= i32::try_from(field).unwrap() {
            let x = bytes(&above, i32::try_from(field).unwrap());
            bad.push(("x above the field", write(&x, y)));
        }
        for (what, point) in bad {
            let loaded = load(&ec_info(curve, &point));
            assert_eq!(loaded, Err(CryptoError::Certificate), "{kind:?}: {what}");
        }
        let infinity = load(&ec_info(curve, &[0]));
        assert_eq!(infinity, Err(CryptoError::KeyKind), "{kind:?}: infinity");
        // Of another curve.
        let other = if kind == KeyKind::P256 { P384 } else { P256 };
        assert_eq!(load(&ec_info(other, &point)), Err(CryptoError::Certificate));
    }
}

#[test]
fn curves_of_ones_own() {
    // CVE-2020-0601: the right point, and a generator of the attacker's choice, for which the
    // attacker knows the private key.
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let mut context = BigNumContext::new().unwrap();
    let [mut p, mut a, mut b, mut order] = [(); 4].map(|()| BigNum::new().unwrap());
    group.components_gfp(&mut p, &mut a, &mut b, &mut context).unwrap();
    group.order(&mut order, &mut context).unwrap();
    let point = point_on(Nid::X9_62_PRIME256V1);
    let explicit = |generator: &[u8], p: &BigNum| {
        sequence(&[
            integer(&BigNum::from_u32(1).unwrap()),
            sequence(&[PRIME_FIELD.to_vec(), integer(p)]),
            sequence(&[der(0x04, &bytes(&a, 32)), der(0x04, &bytes(&b, 32))]),
            der(0x04, generator),
            integer(&order),
            integer(&BigNum::from_u32(1).unwrap()),
        ])
    };
    // The public key itself as generator: the private key is 1.
    assert_eq!(load(&ec_info(&explicit(&point, &p), &point)), Err(CryptoError::KeyKind));
    let mut other_p = BigNum::new().unwrap();
    other_p.checked_sub(&p, &BigNum::from_u32(2).unwrap()).unwrap();
    let loaded = load(&ec_info(&explicit(&point, &other_p), &point));
    assert_eq!(loaded, Err(CryptoError::Certificate));
}
