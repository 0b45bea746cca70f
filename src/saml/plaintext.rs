//! What encrypted elements decrypt to: documents of their own, under the same strict parser.

use std::cell::{Cell, OnceCell};

use super::names::ASSERTION;
use super::placement::check_placement;
use crate::dsig::Signed;
use crate::xml::{Document, Limits, Node};
use crate::xmlenc::{Budget, DecryptError, DecryptionKey, decrypt};

/// How many names and attributes may be encrypted by themselves inside one assertion. A private-key
/// operation takes a hundred times as long as the verification of a signature, so that even an
/// identity provider must not ask for as many as it likes. Providers that encrypt parts at all
/// encrypt the name and an attribute or two.
const MAX_PARTS: usize = 16;

/// Room for the plaintexts of one message and their trees, for as long as it is looked at, and what
/// they may cost together: one private-key operation for the assertion and for each part, with each
/// of our keys; and the nodes of one message. The parts lie inside what a signature covers, so that
/// whoever cannot sign gets no further than the assertion.
#[derive(Default)]
pub(super) struct Plaintext<'d> {
    assertion: Room<'d>,
    parts: OnceCell<Vec<Room<'d>>>,
    budget: OnceCell<Budget>,
    nodes: Cell<usize>,
    /// Every ID met so far, of the message itself as well.
    ids: Cell<Vec<&'d str>>,
}

/// Room for one plaintext.
#[derive(Default)]
struct Room<'d> {
    bytes: OnceCell<Vec<u8>>,
    document: OnceCell<Document<'d>>,
}

impl<'d> Plaintext<'d> {
    /// Decrypts `encrypted` and returns the assertion that comes out. It is untrusted until its
    /// signature, or one around the cipher text, is verified.
    ///
    /// Everything that is wrong with it is [`DecryptError::Failed`]: nested encryption, several
    /// roots, a `Response`, a document type in it or an ID of the message are no different from a
    /// wrong key.
    pub(super) fn open(
        &'d self,
        encrypted: Node<'d>,
        keys: &[DecryptionKey],
    ) -> Result<Node<'d>, DecryptError> {
        self.open_into(&self.assertion, encrypted, "Assertion", keys)
    }

    /// What is needed to open parts of `signed`, an assertion.
    pub(super) fn inside<'e>(
        &'d self,
        signed: Signed<'d>,
        keys: &'e [DecryptionKey],
    ) -> Inside<'d, 'e> {
        Inside { assertion: signed.element(), signed: Some(signed), plaintext: self, keys }
    }

    /// The same for an assertion that nothing vouches for, so that a walk over the rules can look
    /// into it. What comes out is worth as little as what it came out of.
    pub(super) fn inside_unsigned<'e>(
        &'d self,
        assertion: Node<'d>,
        keys: &'e [DecryptionKey],
    ) -> Inside<'d, 'e> {
        Inside { assertion, signed: None, plaintext: self, keys }
    }

    fn open_into(
        &'d self,
        room: &'d Room<'d>,
        encrypted: Node<'d>,
        local: &str,
        keys: &[DecryptionKey],
    ) -> Result<Node<'d>, DecryptError> {
        let operations = keys.len().saturating_mul(MAX_PARTS.saturating_add(1));
        let budget = self.budget.get_or_init(|| Budget::new(operations));
        let plaintext = decrypt(encrypted, keys, budget)?;
        let failed = || DecryptError::Failed;
        room.bytes.set(plaintext).map_err(|_| failed())?;
        let bytes = room.bytes.get().ok_or_else(failed)?;
        let nodes = Limits::MESSAGE.nodes.saturating_sub(self.nodes.get());
        let limits = Limits { nodes, ..Limits::MESSAGE };
        let parsed = Document::parse(bytes, &limits).map_err(|_| failed())?;
        self.nodes.set(self.nodes.get().saturating_add(parsed.node_count()));
        let document = room.document.get_or_init(|| parsed);
        let root = document.root();
        let assertions = usize::from(local == "Assertion");
        if check_placement(document) == Ok(assertions)
            && root.is(ASSERTION, local)
            && self.is_unique(encrypted, root)
        {
            Ok(root)
        } else {
            Err(failed())
        }
    }

    /// Whether no ID below `root` stands anywhere else in the message, whose encrypted element
    /// `encrypted` is, or in what came out of it before. The parser sees to each document alone.
    fn is_unique(&self, encrypted: Node<'d>, root: Node<'d>) -> bool {
        let mut ids = self.ids.take();
        if ids.is_empty() {
            let top = std::iter::successors(Some(encrypted), |node| node.parent()).last();
            ids.extend(top.into_iter().flat_map(ids_in));
        }
        ids.extend(ids_in(root));
        ids.sort_unstable();
        let is_unique = !ids.windows(2).any(|pair| matches!(pair, [a, b] if a == b));
        self.ids.set(ids);
        is_unique
    }
}

/// Whatever anybody could take for an ID, as the parser has it.
fn ids_in(node: Node<'_>) -> impl Iterator<Item = &str> {
    let attributes = node.descendants().flat_map(Node::attributes);
    attributes.filter(|a| a.local.eq_ignore_ascii_case("id")).map(|a| a.value)
}

/// Opens what is encrypted inside an assertion.
pub(super) struct Inside<'d, 'e> {
    assertion: Node<'d>,
    signed: Option<Signed<'d>>,
    plaintext: &'d Plaintext<'d>,
    keys: &'e [DecryptionKey],
}

impl<'d> Inside<'d, '_> {
    /// The assertion itself.
    pub(super) fn assertion(&self) -> Node<'d> {
        self.assertion
    }

    /// The `NameID` in an `EncryptedID` (Core 2.2.4). A `BaseID` or an `Assertion`, which the
    /// standard would allow there, is no name.
    pub(super) fn open_name_id(&self, encrypted: Node<'d>) -> Result<Node<'d>, DecryptError> {
        self.open(encrypted, "NameID")
    }

    /// The `Attribute` in an `EncryptedAttribute` (Core 2.7.3.2).
    pub(super) fn open_attribute(&self, encrypted: Node<'d>) -> Result<Node<'d>, DecryptError> {
        self.open(encrypted, "Attribute")
    }

    fn open(&self, encrypted: Node<'d>, local: &str) -> Result<Node<'d>, DecryptError> {
        let room = self.rooms()?.iter().find(|room| room.bytes.get().is_none());
        let room = room.ok_or(DecryptError::Budget)?;
        let root = self.plaintext.open_into(room, encrypted, local, self.keys)?;
        let Some(signed) = self.signed else { return Ok(root) };
        // Who signed the cipher text has signed what it stands for.
        let proof = signed.descend_decrypted(encrypted, root);
        proof.map(|signed| signed.element()).ok_or(DecryptError::Failed)
    }

    /// As many as there are parts. Too many are refused before the first one costs anything.
    fn rooms(&self) -> Result<&'d [Room<'d>], DecryptError> {
        let rooms = &self.plaintext.parts;
        if rooms.get().is_none() {
            let is_part = |node: &Node<'_>| {
                node.is(ASSERTION, "EncryptedID") || node.is(ASSERTION, "EncryptedAttribute")
            };
            let count = self.assertion.descendants().filter(is_part).count();
            if count > MAX_PARTS {
                return Err(DecryptError::Budget);
            }
            return Ok(rooms.get_or_init(|| (0..count).map(|_| Room::default()).collect()));
        }
        rooms.get().map(Vec::as_slice).ok_or(DecryptError::Budget)
    }
}
