use std::fmt;

use super::error::CryptoError;

/// Protects a private key while it lies in a file. Neither its `Debug` form nor any error shows it.
#[derive(Clone)]
pub struct Passphrase(Vec<u8>);

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase")
    }
}

impl Passphrase {
    /// The most that OpenSSL reads, in bytes.
    const MAX_LENGTH: usize = 1023;

    /// Takes it as it is.
    ///
    /// # Errors
    /// [`CryptoError::Passphrase`] when it is empty, longer than 1023 bytes, or holds a zero byte:
    /// OpenSSL would take only a part of it.
    pub fn new(bytes: &[u8]) -> Result<Self, CryptoError> {
        if bytes.is_empty() || bytes.len() > Self::MAX_LENGTH || bytes.contains(&0) {
            return Err(CryptoError::Passphrase);
        }
        Ok(Self(bytes.to_vec()))
    }

    /// Takes it from the contents of a file. One line end behind it is not part of it.
    ///
    /// # Errors
    /// As for [`Passphrase::new`].
    pub fn from_file(contents: &[u8]) -> Result<Self, CryptoError> {
        let line = contents.strip_suffix(b"\n").unwrap_or(contents);
        Self::new(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// How many bytes it has.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
