use thiserror::Error;

/// Why bytes are not a document this crate reads.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum XmlError {
    /// One of the [`Limits`](super::Limits) is exceeded.
    #[error("more than {limit} {what}")]
    Limit {
        /// What there was too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The bytes are not UTF-8, or the declaration names another encoding.
    #[error("the document is not in UTF-8")]
    Encoding,
    /// The XML declaration names a version other than 1.0.
    #[error("the document is not XML 1.0")]
    Version,
    /// There is a document type declaration.
    #[error("a document type declaration is not allowed")]
    Doctype,
    /// There is a processing instruction.
    #[error("a processing instruction is not allowed")]
    ProcessingInstruction,
    /// There is a reference to an entity other than the five that XML defines.
    #[error("an entity reference is not allowed")]
    Entity,
    /// XML 1.0 is broken at this place.
    #[error("not well-formed: {what} at byte {position}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
        /// Byte offset, near the fault.
        position: usize,
    },
    /// Namespaces in XML 1.0 is broken.
    #[error("namespaces: {what} at byte {position}")]
    Namespace {
        /// What is wrong.
        what: &'static str,
        /// Byte offset, near the fault.
        position: usize,
    },
    /// Two elements carry the same ID.
    #[error("two elements carry one ID")]
    DuplicateId,
}

impl XmlError {
    /// A stable, machine-readable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Limit { .. } => "xml_limit",
            Self::Encoding => "xml_encoding",
            Self::Version => "xml_version",
            Self::Doctype => "xml_doctype",
            Self::ProcessingInstruction => "xml_processing_instruction",
            Self::Entity => "xml_entity",
            Self::Malformed { .. } => "xml_malformed",
            Self::Namespace { .. } => "xml_namespace",
            Self::DuplicateId => "xml_duplicate_id",
        }
    }
}
