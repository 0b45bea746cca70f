use openssl::bn::BigNum;
use openssl::md::{Md, MdRef};
use openssl::pkey_ctx::{PkeyCtx, PkeyCtxRef};
use openssl::rsa::Padding;

use super::error::CryptoError;
use super::private_key::PrivateKey;
use super::public_key::{KeyKind, PublicKey};

/// A hash inside RSAES-OAEP. It is a type of its own because SHA-1 does no harm there, where
/// nothing depends on its collisions, and must not be had for signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum OaepHash {
    /// SHA-1: the default of XML Encryption, and what AD FS writes.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl OaepHash {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Sha1, Self::Sha256];

    /// The hash that the `Algorithm` of a `DigestMethod` names, if it is allowed.
    pub fn from_digest_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|h| h.digest_uri() == uri)
    }

    /// The hash that the `Algorithm` of an `MGF` names, if it is allowed.
    pub fn from_mgf1_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|h| h.mgf1_uri() == uri)
    }

    /// Its identifier as a digest.
    pub fn digest_uri(self) -> &'static str {
        match self {
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
            Self::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
        }
    }

    /// The identifier of the mask generation function MGF1 with it.
    pub fn mgf1_uri(self) -> &'static str {
        match self {
            Self::Sha1 => "http://www.w3.org/2009/xmlenc11#mgf1sha1",
            Self::Sha256 => "http://www.w3.org/2009/xmlenc11#mgf1sha256",
        }
    }

    fn md(self) -> &'static MdRef {
        match self {
            Self::Sha1 => Md::sha1(),
            Self::Sha256 => Md::sha256(),
        }
    }
}

/// The parameters of RSAES-OAEP (RFC 8017 section 7.1). The label is always empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Oaep {
    /// The hash of the label.
    pub digest: OaepHash,
    /// The hash in the mask generation function MGF1.
    pub mgf1: OaepHash,
}

impl Oaep {
    fn apply<T>(self, context: &mut PkeyCtxRef<T>) -> Result<(), CryptoError> {
        context.set_rsa_padding(Padding::PKCS1_OAEP)?;
        context.set_rsa_oaep_md(self.digest.md())?;
        context.set_rsa_mgf1_md(self.mgf1.md())?;
        Ok(())
    }
}

impl PublicKey {
    /// Encrypts a short secret to the holder of the private key.
    ///
    /// # Errors
    /// [`CryptoError::KeyKind`] when this is no RSA key, [`CryptoError::Provider`] when the secret
    /// is too long for it.
    pub fn encrypt_oaep(&self, oaep: Oaep, secret: &[u8]) -> Result<Vec<u8>, CryptoError> {
        if !matches!(self.kind(), KeyKind::Rsa(_)) {
            return Err(CryptoError::KeyKind);
        }
        let mut context = PkeyCtx::new(&self.key)?;
        context.encrypt_init()?;
        oaep.apply(&mut context)?;
        let mut encrypted = Vec::new();
        context.encrypt_to_vec(secret, &mut encrypted)?;
        Ok(encrypted)
    }
}

impl PrivateKey {
    /// Decrypts what [`PublicKey::encrypt_oaep`] made, or returns `None` for every fault alike.
    ///
    /// With an RSA key it costs one private-key operation whatever `encrypted` is: a value that
    /// cannot be a cipher text of this key is replaced by one that can, and the outcome thrown
    /// away, so that the time says nothing about the reason.
    pub fn decrypt_oaep(&self, oaep: Oaep, encrypted: &[u8]) -> Option<Vec<u8>> {
        if !matches!(self.kind(), KeyKind::Rsa(_)) {
            return None;
        }
        let size = self.key.size();
        let fits = encrypted.len() == size
            && *BigNum::from_slice(encrypted).ok()? < *self.key.rsa().ok()?.n();
        let mut stand_in = vec![1; size];
        if let Some(first) = stand_in.first_mut() {
            *first = 0;
        }
        let input = if fits { encrypted } else { &stand_in };
        let mut context = PkeyCtx::new(&self.key).ok()?;
        context.decrypt_init().ok()?;
        oaep.apply(&mut context).ok()?;
        let mut secret = Vec::new();
        let outcome = context.decrypt_to_vec(input, &mut secret);
        (outcome.is_ok() && fits).then_some(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::KeyShape;

    fn all() -> impl Iterator<Item = Oaep> {
        OaepHash::ALL
            .into_iter()
            .flat_map(|digest| OaepHash::ALL.into_iter().map(move |mgf1| Oaep { digest, mgf1 }))
    }

    #[test]
    fn what_is_encrypted_comes_back_to_the_holder_alone() {
        let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
        let stranger = PrivateKey::generate(KeyShape::Rsa3072).unwrap();
        for oaep in all() {
            let encrypted = key.public_key().unwrap().encrypt_oaep(oaep, b"secret").unwrap();
            assert_eq!(key.decrypt_oaep(oaep, &encrypted), Some(b"secret".to_vec()));
            assert_eq!(stranger.decrypt_oaep(oaep, &encrypted), None);
        }
    }

    #[test]
    fn what_cannot_be_a_cipher_text_is_none() {
        let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
        let oaep = Oaep { digest: OaepHash::Sha1, mgf1: OaepHash::Sha1 };
        let encrypted = key.public_key().unwrap().encrypt_oaep(oaep, b"secret").unwrap();
        let longer = [&[0][..], &encrypted].concat();
        for bad in [&[][..], &[1], &encrypted[..255], &longer, &[0xFF; 256], &[0; 256]] {
            assert_eq!(key.decrypt_oaep(oaep, bad), None, "{} bytes", bad.len());
        }
        assert_eq!(key.decrypt_oaep(oaep, &encrypted), Some(b"secret".to_vec()));
    }

    #[test]
    fn a_leading_zero_belongs_to_the_cipher_text() {
        let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
        let oaep = Oaep { digest: OaepHash::Sha1, mgf1: OaepHash::Sha1 };
        let public = key.public_key().unwrap();
        let encrypted = std::iter::repeat_with(|| public.encrypt_oaep(oaep, b"secret").unwrap())
            .find(|encrypted| encrypted[0] == 0)
            .unwrap();
        assert_eq!(key.decrypt_oaep(oaep, &encrypted), Some(b"secret".to_vec()));
        assert_eq!(key.decrypt_oaep(oaep, &encrypted[1..]), None);
    }

    #[test]
    fn an_elliptic_key_neither_encrypts_nor_decrypts() {
        let key = PrivateKey::generate(KeyShape::P256).unwrap();
        let oaep = Oaep { digest: OaepHash::Sha1, mgf1: OaepHash::Sha1 };
        let outcome = key.public_key().unwrap().encrypt_oaep(oaep, b"secret");
        assert_eq!(outcome, Err(CryptoError::KeyKind));
        assert_eq!(key.decrypt_oaep(oaep, &[1; 256]), None);
    }

    #[test]
    fn uris_name_their_hash() {
        for hash in OaepHash::ALL {
            assert_eq!(OaepHash::from_digest_uri(hash.digest_uri()), Some(hash));
            assert_eq!(OaepHash::from_mgf1_uri(hash.mgf1_uri()), Some(hash));
            assert_eq!(OaepHash::from_digest_uri(hash.mgf1_uri()), None);
            assert_eq!(OaepHash::from_mgf1_uri(hash.digest_uri()), None);
        }
    }
}
