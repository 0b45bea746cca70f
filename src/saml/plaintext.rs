//! What an encrypted assertion decrypts to: a document of its own, under the same strict parser.

use std::cell::OnceCell;

use super::names::ASSERTION;
use super::placement::check_placement;
use crate::xml::{Document, Limits, Node};
use crate::xmlenc::{Budget, DecryptError, DecryptionKey, decrypt};

/// Room for the plaintext and its tree, for as long as the response is looked at.
#[derive(Default)]
pub(super) struct Plaintext<'d> {
    bytes: OnceCell<Vec<u8>>,
    document: OnceCell<Document<'d>>,
}

impl<'d> Plaintext<'d> {
    /// Decrypts `encrypted` and returns the assertion that comes out. It is untrusted until its
    /// signature, or one around the cipher text, is verified.
    ///
    /// Everything that is wrong with it is [`DecryptError::Failed`]: nested encryption, several
    /// roots, a `Response` or a document type in it are no different from a wrong key.
    pub(super) fn open(
        &'d self,
        encrypted: Node<'_>,
        keys: &[DecryptionKey],
    ) -> Result<Node<'d>, DecryptError> {
        // A message has one encrypted assertion, and the operator says how many keys there are:
        // nobody else can multiply the work, and no key goes untried.
        let plaintext = decrypt(encrypted, keys, &mut Budget::new(keys.len()))?;
        let bytes = self.bytes.get_or_init(|| plaintext);
        let parsed = Document::parse(bytes, &Limits::MESSAGE).map_err(|_| DecryptError::Failed)?;
        let document = self.document.get_or_init(|| parsed);
        let is_alone = check_placement(document) == Ok(1);
        let root = document.root();
        if is_alone && root.is(ASSERTION, "Assertion") {
            Ok(root)
        } else {
            Err(DecryptError::Failed)
        }
    }
}
