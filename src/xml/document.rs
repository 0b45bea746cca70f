//! The immutable tree.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::ops::Range;

use super::error::XmlError;
use super::limits::Limits;
use super::parse;

/// A parsed document. Nodes lie in document order in one arena; an element's descendants are the
/// contiguous run behind it.
#[derive(Debug)]
pub struct Document<'a> {
    pub(super) nodes: Vec<NodeData<'a>>,
    pub(super) attributes: Vec<AttributeData<'a>>,
    pub(super) declarations: Vec<Declaration<'a>>,
    pub(super) root: ElementData<'a>,
}

#[derive(Debug)]
pub(super) struct NodeData<'a> {
    pub(super) parent: u32,
    /// One past the last descendant.
    pub(super) end: u32,
    pub(super) kind: Kind<'a>,
}

#[derive(Debug)]
pub(super) enum Kind<'a> {
    Element(ElementData<'a>),
    Text(Cow<'a, str>),
    Comment(Cow<'a, str>),
}

/// Kept small: there is one for each few bytes of a document.
#[derive(Clone, Debug, Default)]
pub(super) struct ElementData<'a> {
    pub(super) local: &'a str,
    /// The declaration that binds the name, its prefix included.
    pub(super) namespace: Option<Link>,
    pub(super) attributes: Range<u32>,
    /// The innermost declaration in scope.
    pub(super) scope: Option<Link>,
    /// How many declarations stand on this element itself.
    pub(super) declared: u32,
    /// Byte offsets of the element in the source.
    pub(super) span: Range<u32>,
}

/// The place of a declaration in the document's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link(NonZeroU32);

impl Link {
    /// The prefix `xml`, which nobody has to declare: every list begins with it.
    pub(super) const XML: Self = Self(NonZeroU32::MIN);

    /// The link to the declaration that comes next behind so many.
    pub(super) fn behind(declarations: usize) -> Option<Self> {
        NonZeroU32::new(u32::try_from(declarations).ok()?.checked_add(1)?).map(Self)
    }

    pub(super) fn of<'d, 'a>(
        self,
        declarations: &'d [Declaration<'a>],
    ) -> Option<&'d Declaration<'a>> {
        at(declarations, self.0.get().saturating_sub(1))
    }
}

#[derive(Debug)]
pub(super) struct AttributeData<'a> {
    pub(super) local: &'a str,
    /// The declaration that binds the name; none without a prefix.
    pub(super) namespace: Option<Link>,
    pub(super) value: Cow<'a, str>,
}

/// One namespace declaration; `outer` links to the next one further out.
#[derive(Debug)]
pub(super) struct Declaration<'a> {
    pub(super) prefix: &'a str,
    /// Empty only for `xmlns=""`.
    pub(super) uri: Cow<'a, str>,
    pub(super) outer: Option<Link>,
}

pub(super) fn at<T>(items: &[T], index: u32) -> Option<&T> {
    items.get(usize::try_from(index).ok()?)
}

pub(super) fn range<'i, T>(items: &'i [T], range: &Range<u32>) -> &'i [T] {
    let (Ok(start), Ok(end)) = (usize::try_from(range.start), usize::try_from(range.end)) else {
        return &[];
    };
    items.get(start..end).unwrap_or(&[])
}

impl<'a> Document<'a> {
    /// Reads `bytes` as a document.
    ///
    /// # Errors
    /// An [`XmlError`] that says which rule of XML 1.0, of Namespaces in XML 1.0 or of this crate
    /// is broken.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, XmlError> {
        parse::parse(bytes, limits)
    }

    /// The document element.
    pub fn root(&self) -> Node<'_> {
        Node { document: self, index: 0, element: &self.root }
    }

    /// How many nodes there are: elements, text runs and comments.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Every element, in document order.
    pub fn elements(&self) -> impl Iterator<Item = Node<'_>> {
        self.root().descendants()
    }

    fn declaration(&self, link: Option<Link>) -> Option<&Declaration<'a>> {
        link.and_then(|link| link.of(&self.declarations))
    }

    /// The namespace name that `link` binds, empty when there is none.
    pub(super) fn uri(&self, link: Option<Link>) -> &str {
        self.declaration(link).map_or("", |d| &d.uri)
    }

    /// The prefix that `link` binds, empty when there is none.
    pub(super) fn prefix(&self, link: Option<Link>) -> &'a str {
        self.declaration(link).map_or("", |d| d.prefix)
    }

    /// Declarations in scope from `head`, innermost first. A prefix may come more than once: the
    /// first wins.
    pub(super) fn scope(&self, head: Option<Link>) -> impl Iterator<Item = &Declaration<'a>> {
        let mut next = head;
        std::iter::from_fn(move || {
            let declaration = next?.of(&self.declarations)?;
            next = declaration.outer;
            Some(declaration)
        })
    }
}

/// An element of a [`Document`]: a position and what stands there. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Node<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) index: u32,
    pub(super) element: &'d ElementData<'d>,
}

impl std::fmt::Debug for Node<'_> {
    // The name only: content may be personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} #{}>", self.element.local, self.index)
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.index == other.index
    }
}

impl Eq for Node<'_> {}

/// An attribute that is not a namespace declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'d> {
    /// Namespace name, empty for an attribute without a prefix.
    pub namespace: &'d str,
    /// Local part of the name.
    pub local: &'d str,
    /// Prefix as written, empty when there is none.
    pub prefix: &'d str,
    /// Normalised value (XML 1.0 section 3.3.3).
    pub value: &'d str,
}

impl<'d> Node<'d> {
    /// Local part of the element's name.
    pub fn local_name(self) -> &'d str {
        self.element.local
    }

    /// Namespace name of the element, empty when it is in none.
    pub fn namespace(self) -> &'d str {
        self.document.uri(self.element.namespace)
    }

    /// Prefix of the element as written, empty when there is none.
    pub fn prefix(self) -> &'d str {
        self.document.prefix(self.element.namespace)
    }

    /// Whether the element has this expanded name: both parts equal byte for byte.
    pub fn is(self, namespace: &str, local: &str) -> bool {
        self.element.local == local && self.namespace() == namespace
    }

    /// The value of the attribute of this local name in no namespace. SAML's own attributes are
    /// all of this kind.
    pub fn attribute(self, local: &str) -> Option<&'d str> {
        range(&self.document.attributes, &self.element.attributes)
            .iter()
            .find(|a| a.local == local && a.namespace.is_none())
            .map(|a| &*a.value)
    }

    /// All attributes in the order they were written, without namespace declarations.
    pub fn attributes(self) -> impl Iterator<Item = Attribute<'d>> {
        range(&self.document.attributes, &self.element.attributes).iter().map(move |a| Attribute {
            namespace: self.document.uri(a.namespace),
            local: a.local,
            prefix: self.document.prefix(a.namespace),
            value: &a.value,
        })
    }

    /// The parent element, or `None` at the root.
    pub fn parent(self) -> Option<Node<'d>> {
        if self.index == 0 {
            return None;
        }
        let own = at(&self.document.nodes, self.index)?;
        self.document.element_at(own.parent)
    }

    /// Child elements in document order.
    pub fn elements(self) -> Elements<'d> {
        Elements { document: self.document, next: self.index.saturating_add(1), end: self.end() }
    }

    /// This element and every element inside it, in document order.
    pub fn descendants(self) -> impl Iterator<Item = Node<'d>> {
        (self.index..self.end()).filter_map(move |index| self.document.element_at(index))
    }

    /// Whether `other` is this element or inside it, in the same document.
    pub fn contains(self, other: Node<'_>) -> bool {
        std::ptr::eq(self.document, other.document)
            && (self.index..self.end()).contains(&other.index)
    }

    /// The element's text when it holds nothing but text; empty when it holds nothing. `None` when
    /// an element or a comment is inside: a value is never put together around markup.
    pub fn text(self) -> Option<&'d str> {
        let start = self.index.saturating_add(1);
        match range(&self.document.nodes, &(start..self.end())) {
            [] => Some(""),
            [NodeData { kind: Kind::Text(text), .. }] => Some(text),
            _ => None,
        }
    }

    /// Whether text other than white space stands directly inside this element.
    pub fn has_own_text(self) -> bool {
        let end = self.end();
        let mut next = self.index.saturating_add(1);
        // From child to child: what is inside them is not looked at.
        while next < end {
            let Some(node) = at(&self.document.nodes, next) else { break };
            if let Kind::Text(text) = &node.kind
                && text.bytes().any(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
            {
                return true;
            }
            next = node.end.max(next.saturating_add(1));
        }
        false
    }

    /// Byte offsets of the element in the bytes that were parsed.
    pub fn span(self) -> Range<usize> {
        let start = usize::try_from(self.element.span.start).unwrap_or(0);
        let end = usize::try_from(self.element.span.end).unwrap_or(0);
        start..end
    }

    pub(super) fn end(self) -> u32 {
        at(&self.document.nodes, self.index).map_or(0, |n| n.end)
    }
}

/// The child elements of one element, in document order.
#[derive(Clone)]
pub struct Elements<'d> {
    document: &'d Document<'d>,
    next: u32,
    end: u32,
}

impl<'d> Iterator for Elements<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Node<'d>> {
        while self.next < self.end {
            let index = self.next;
            let node = at(&self.document.nodes, index)?;
            self.next = node.end.max(index.saturating_add(1));
            if let Kind::Element(element) = &node.kind {
                return Some(Node { document: self.document, index, element });
            }
        }
        None
    }
}

impl<'a> Document<'a> {
    fn element_at(&self, index: u32) -> Option<Node<'_>> {
        match &at(&self.nodes, index)?.kind {
            Kind::Element(element) => Some(Node { document: self, index, element }),
            Kind::Text(_) | Kind::Comment(_) => None,
        }
    }
}
