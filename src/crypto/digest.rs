use super::algorithm::DigestAlgorithm;

/// The digest of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    Sha256([u8; 32]),
    /// SHA-384.
    Sha384([u8; 48]),
    /// SHA-512.
    Sha512([u8; 64]),
    /// SHA-1.
    Sha1([u8; 20]),
}

impl Digest {
    /// The digest of `data` by `algorithm`.
    pub fn of(algorithm: DigestAlgorithm, data: &[u8]) -> Self {
        match algorithm {
            DigestAlgorithm::Sha256 => Self::Sha256(sha256(data)),
            DigestAlgorithm::Sha384 => Self::Sha384(openssl::sha::sha384(data)),
            DigestAlgorithm::Sha512 => Self::Sha512(openssl::sha::sha512(data)),
            DigestAlgorithm::Sha1 => Self::Sha1(openssl::sha::sha1(data)),
        }
    }

    /// The bytes of the digest.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(bytes) => bytes,
            Self::Sha384(bytes) => bytes,
            Self::Sha512(bytes) => bytes,
            Self::Sha1(bytes) => bytes,
        }
    }
}

/// SHA-256 of `data`, where the algorithm is our own choice.
pub fn sha256(data: &[u8]) -> [u8; 32] {
    // OpenSSL's one-step function looks the algorithm up anew each time, which takes longer than the
    // digest of anything short.
    let mut digest = openssl::sha::Sha256::new();
    digest.update(data);
    digest.finish()
}
