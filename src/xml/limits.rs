use super::error::XmlError;

/// How much of each thing one document may hold. Every loop over input in this module ends at one
/// of these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole document, checked before anything is read.
    pub bytes: usize,
    /// Elements inside one another; the root counts as one.
    pub depth: usize,
    /// Elements, text runs and comments together.
    pub nodes: usize,
    /// Tags, runs of text, references, CDATA sections and comments together, wherever they stand.
    pub tokens: usize,
    /// Attributes on one element, namespace declarations included.
    pub attributes: usize,
    /// Namespace declarations in scope at one element.
    pub namespaces: usize,
    /// Bytes of one element name, attribute name (prefix included) or namespace name.
    pub name: usize,
}

impl Limits {
    /// For protocol messages: room for a thousand attributes, and no more than a megabyte.
    pub const MESSAGE: Self = Self {
        bytes: 1_048_576,
        depth: 48,
        nodes: 30_000,
        tokens: 60_000,
        attributes: 32,
        namespaces: 64,
        name: 256,
    };

    /// For federation metadata, which an operator names. AD FS writes some 70 kB, an aggregate of
    /// a large federation tens of megabytes.
    pub const METADATA: Self = Self {
        bytes: 67_108_864,
        depth: 64,
        nodes: 3_000_000,
        tokens: 9_000_000,
        attributes: 64,
        namespaces: 128,
        name: 256,
    };
}

/// What is left of one limit.
pub(super) struct Budget {
    what: &'static str,
    limit: usize,
    left: usize,
}

impl Budget {
    /// `limit` is what the error will say, `left` what there is.
    pub(super) fn new(what: &'static str, limit: usize, left: usize) -> Self {
        Self { what, limit, left }
    }

    /// Takes `cost` off, or says that there is not enough left.
    pub(super) fn spend(&mut self, cost: usize) -> Result<(), XmlError> {
        let left = self.left.checked_sub(cost);
        self.left = left.ok_or(XmlError::Limit { what: self.what, limit: self.limit })?;
        Ok(())
    }
}
