use std::fmt::Write as _;

use super::error::CryptoError;

/// Bytes from OpenSSL's random generator.
///
/// # Errors
/// [`CryptoError::Provider`] when the generator has no entropy. Callers stop then.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    openssl::rand::rand_bytes(&mut bytes)?;
    Ok(bytes)
}

/// `N` random bytes in lower-case hexadecimal digits.
///
/// # Errors
/// As [`random_bytes`].
pub fn random_hex<const N: usize>() -> Result<String, CryptoError> {
    Ok(hex(&random_bytes::<N>()?))
}

/// `bytes` in lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
