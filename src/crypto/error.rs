use thiserror::Error;

/// Why a key, certificate or signature cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The bytes are not a certificate, or something follows it.
    #[error("not a certificate")]
    Certificate,
    /// The bytes are not a private key in PEM.
    #[error("not a private key in PEM form")]
    PrivateKey,
    /// The private key is under a passphrase, and none was given.
    #[error("the private key is under a passphrase, and none is given")]
    PassphraseMissing,
    /// The passphrase is another key's, or the file is damaged.
    #[error("the passphrase does not open the private key")]
    WrongPassphrase,
    /// The private key is not under a passphrase.
    #[error("the private key is not under a passphrase")]
    NotEncrypted,
    /// The passphrase cannot be used. It is not shown.
    #[error("a passphrase has 1 to 1023 bytes, and no zero byte")]
    Passphrase,
    /// The key of a keyed hash is too short.
    #[error("a key of less than 32 bytes")]
    HashKey,
    /// An RSA key outside 2048 to 8192 bits.
    #[error("an RSA key of {bits} bits; 2048 to 8192 are allowed")]
    RsaSize {
        /// Size of the modulus.
        bits: u32,
    },
    /// An RSA key with a public exponent that is below 65537, even, or longer than 64 bits.
    #[error("an RSA key with a public exponent below 65537, even, or longer than 64 bits")]
    RsaExponent,
    /// A key that is neither RSA nor on P-256, P-384 or P-521.
    #[error("a key that is neither RSA nor on P-256, P-384 or P-521")]
    KeyKind,
    /// The algorithm does not belong to this kind of key.
    #[error("the signature algorithm does not fit the key")]
    AlgorithmMismatch,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    SignatureMismatch,
    /// The certificate is another key's.
    #[error("the certificate does not belong to the key")]
    CertificateMismatch,
    /// OpenSSL failed for another reason.
    #[error("OpenSSL: {0}")]
    Provider(String),
}

impl From<openssl::error::ErrorStack> for CryptoError {
    fn from(error: openssl::error::ErrorStack) -> Self {
        Self::Provider(error.to_string())
    }
}
