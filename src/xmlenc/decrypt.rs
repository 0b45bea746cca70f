use super::budget::Budget;
use super::error::DecryptError;
use super::key::DecryptionKey;
use super::profile::Profile;
use crate::crypto::ContentKey;
use crate::xml::Node;

/// Decrypts the element inside `encrypted`, an `EncryptedAssertion`, `EncryptedID` or
/// `EncryptedAttribute`, and returns its bytes, which are UTF-8 and nothing else yet.
///
/// The bytes are untrusted. Read them as a document of their own, never as part of another, and
/// demand a signature as if nothing had been encrypted. Report whatever is wrong with them before
/// that signature is verified as [`DecryptError::Failed`] too: with CBC, a sender who can tell
/// "decrypts to XML" from "does not" can read other people's messages.
///
/// Each of `keys` is tried, whether or not an earlier one fits, so that every failure costs the
/// same; `budget` pays for that. When it pays for only some of them, a key whose certificate the
/// message names comes first.
///
/// # Errors
/// A [`DecryptError`]: first for what is wrong with the shape, then [`DecryptError::NoKey`] and
/// [`DecryptError::Budget`], and [`DecryptError::Failed`] for everything that takes a private key
/// to find out.
pub fn decrypt(
    encrypted: Node<'_>,
    keys: &[DecryptionKey],
    budget: &Budget,
) -> Result<Vec<u8>, DecryptError> {
    let profile = Profile::read(encrypted)?;
    if keys.is_empty() {
        return Err(DecryptError::NoKey);
    }
    let operations = budget.take(keys.len());
    if operations == 0 {
        return Err(DecryptError::Budget);
    }

    // A random key takes the place of one that does not open, and the decryption goes on with it
    // (RFC 3218 section 2.3.2 has the idea): when and where it fails says nothing.
    let mut content_key = ContentKey::generate(profile.cipher).map_err(|_| DecryptError::Failed)?;
    let mut opened = false;
    for key in in_order(keys, profile.serial).take(operations) {
        let bytes =
            key.private_key().decrypt_oaep(profile.transport.oaep(), &profile.encrypted_key);
        if let Some(key) = bytes.and_then(|bytes| ContentKey::new(profile.cipher, bytes)) {
            content_key = key;
            opened = true;
        }
    }

    let plaintext = content_key.decrypt(&profile.encrypted_data).unwrap_or_default();
    let readable = std::str::from_utf8(&plaintext).is_ok_and(|text| !text.is_empty());
    if opened && readable { Ok(plaintext) } else { Err(DecryptError::Failed) }
}

/// The keys whose certificate has the serial number in the message, then the others.
fn in_order<'k>(
    keys: &'k [DecryptionKey],
    serial: Option<&str>,
) -> impl Iterator<Item = &'k DecryptionKey> {
    let named = move |key: &&DecryptionKey| serial.is_some_and(|serial| key.has_serial(serial));
    keys.iter().filter(named).chain(keys.iter().filter(move |key| !named(key)))
}
