//! Canonical XML 1.0 and Exclusive XML Canonicalization 1.0, over one element and what is inside.

use std::cmp::Ordering;

use super::document::{
    AttributeData, Declaration, Document, ElementData, Kind, Link, Node, NodeData, at, range,
};
use super::error::XmlError;
use super::limits::Budget;
use super::names::is_same;

/// A canonicalisation algorithm of XML Signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum C14n {
    /// Exclusive XML Canonicalization 1.0, comments left out.
    Exclusive,
    /// Exclusive XML Canonicalization 1.0 with comments.
    ExclusiveWithComments,
    /// Canonical XML 1.0, comments left out.
    Inclusive,
    /// Canonical XML 1.0 with comments.
    InclusiveWithComments,
}

impl C14n {
    /// The algorithm that an `Algorithm` attribute names, if it is one of these.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Some(match uri {
            "http://www.w3.org/2001/10/xml-exc-c14n#" => Self::Exclusive,
            "http://www.w3.org/2001/10/xml-exc-c14n#WithComments" => Self::ExclusiveWithComments,
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315" => Self::Inclusive,
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments" => {
                Self::InclusiveWithComments
            }
            _ => return None,
        })
    }

    /// The algorithm's identifier.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Exclusive => "http://www.w3.org/2001/10/xml-exc-c14n#",
            Self::ExclusiveWithComments => "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
            Self::Inclusive => "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            Self::InclusiveWithComments => {
                "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
            }
        }
    }

    /// Whether this is one of the exclusive algorithms, which alone take a prefix list.
    pub fn is_exclusive(self) -> bool {
        matches!(self, Self::Exclusive | Self::ExclusiveWithComments)
    }

    fn keeps_comments(self) -> bool {
        matches!(self, Self::ExclusiveWithComments | Self::InclusiveWithComments)
    }
}

/// Appends the canonical form of `apex` to `out`.
///
/// `prefixes` is the PrefixList of `InclusiveNamespaces` (`#default` for the default namespace);
/// the inclusive algorithms ignore it. `omit` is left out with all that is inside: the enveloped
/// signature.
pub fn canonicalise(
    apex: Node<'_>,
    method: C14n,
    prefixes: &[&str],
    omit: Option<Node<'_>>,
    out: &mut Vec<u8>,
) {
    // Without a limit there is nothing to exceed.
    let _ = canonicalise_within(usize::MAX, apex, method, prefixes, omit, out);
}

/// As [`canonicalise`], for documents of strangers: stops when the form grows beyond `limit` bytes.
/// The exclusive form writes a namespace again wherever it is used, so that a small document can
/// have a form many times its size. Looking for what is written already is limited with it.
///
/// # Errors
/// [`XmlError::Limit`]; `out` then holds a part.
pub fn canonicalise_within(
    limit: usize,
    apex: Node<'_>,
    method: C14n,
    prefixes: &[&str],
    omit: Option<Node<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), XmlError> {
    let most = out.len().saturating_add(limit);
    let omit = omit.filter(|o| apex.contains(*o)).map(|o| o.index..o.end());
    let look_ups = (limit / BYTES_PER_LOOK_UP).saturating_add(LOOK_UPS_ANYWAY);
    let mut writer = Canonicaliser {
        document: apex.document,
        method,
        prefixes,
        out,
        rendered: Vec::with_capacity(8),
        scratch: Vec::with_capacity(8),
        attributes: Vec::with_capacity(8),
        look_ups: Budget::new("canonical bytes", limit, look_ups),
    };
    // Open elements: where each ends, and how much of `rendered` belongs to its ancestors.
    let mut open: Vec<(u32, usize, &ElementData<'_>)> = Vec::with_capacity(16);
    let mut index = apex.index;
    let end = apex.end();
    while index < end {
        while let Some(&(close, rendered, element)) = open.last() {
            if close > index {
                break;
            }
            writer.end_tag(element);
            writer.rendered.truncate(rendered);
            open.pop();
        }
        if let Some(omit) = omit.as_ref().filter(|o| o.start == index) {
            index = omit.end;
            continue;
        }
        if writer.out.len() > most {
            return Err(XmlError::Limit { what: "canonical bytes", limit });
        }
        let Some(node) = at(&apex.document.nodes, index) else { break };
        match &node.kind {
            Kind::Element(element) => {
                let rendered = writer.rendered.len();
                writer.start_tag(element, index == apex.index, node)?;
                open.push((node.end, rendered, element));
            }
            Kind::Text(text) => escape_text(text, writer.out),
            Kind::Comment(text) => {
                if method.keeps_comments() {
                    writer.out.extend_from_slice(b"<!--");
                    writer.out.extend_from_slice(text.as_bytes());
                    writer.out.extend_from_slice(b"-->");
                }
            }
        }
        index = index.saturating_add(1);
    }
    while let Some((_, _, element)) = open.pop() {
        writer.end_tag(element);
    }
    Ok(())
}

struct Canonicaliser<'d, 'o> {
    document: &'d Document<'d>,
    method: C14n,
    prefixes: &'o [&'o str],
    out: &'o mut Vec<u8>,
    /// Namespace declarations written on the elements that are open, outermost first.
    rendered: Vec<(&'d str, &'d str)>,
    /// Declarations of the element at hand, used again for each.
    scratch: Vec<(&'d str, &'d str)>,
    /// Its attributes, likewise.
    attributes: Vec<&'d AttributeData<'d>>,
    /// Steps that are left for looking at declarations that were written further out.
    look_ups: Budget,
}

/// One step of looking for a declaration among those written for so many bytes of the limit, and some
/// for the smallest. Honest elements find theirs in two or three steps.
const LOOK_UPS_ANYWAY: usize = 200_000;
const BYTES_PER_LOOK_UP: usize = 16;

impl<'d> Canonicaliser<'d, '_> {
    fn start_tag(
        &mut self,
        element: &'d ElementData<'d>,
        is_apex: bool,
        node: &NodeData<'_>,
    ) -> Result<(), XmlError> {
        self.out.push(b'<');
        self.name(self.document.prefix(element.namespace), element.local);
        if self.method.is_exclusive() {
            self.collect_utilised(element)?;
            if !self.prefixes.is_empty() {
                self.collect_listed(element, is_apex)?;
            }
        } else {
            self.collect_in_scope(element, is_apex)?;
        }
        self.write_declarations();
        self.write_attributes(element, is_apex, node.parent);
        self.out.push(b'>');
        Ok(())
    }

    fn end_tag(&mut self, element: &ElementData<'_>) {
        self.out.extend_from_slice(b"</");
        self.name(self.document.prefix(element.namespace), element.local);
        self.out.push(b'>');
    }

    fn name(&mut self, prefix: &str, local: &str) {
        if !prefix.is_empty() {
            self.out.extend_from_slice(prefix.as_bytes());
            self.out.push(b':');
        }
        self.out.extend_from_slice(local.as_bytes());
    }

    /// Exclusive C14N section 3: only what the element's own name and its attributes' names use.
    fn collect_utilised(&mut self, element: &'d ElementData<'d>) -> Result<(), XmlError> {
        let document = self.document;
        self.want(document.prefix(element.namespace), document.uri(element.namespace))?;
        for attribute in range(&self.document.attributes, &element.attributes) {
            if attribute.namespace.is_some() {
                self.want(document.prefix(attribute.namespace), document.uri(attribute.namespace))?;
            }
        }
        Ok(())
    }

    /// Exclusive C14N section 3, the PrefixList: these prefixes are treated as Canonical XML does.
    fn collect_listed(
        &mut self,
        element: &'d ElementData<'d>,
        is_apex: bool,
    ) -> Result<(), XmlError> {
        let document = self.document;
        let scope = document.scope(element.scope);
        if is_apex {
            for declaration in scope {
                if self.lists(declaration.prefix) && !self.is_noted(declaration.prefix) {
                    self.scratch.push((declaration.prefix, &declaration.uri));
                }
            }
            self.scratch.retain(|(_, uri)| !uri.is_empty());
        } else {
            // What is declared further out, the parent has written.
            let own = usize::try_from(element.declared).unwrap_or(0);
            for declaration in scope.take(own) {
                if self.lists(declaration.prefix) {
                    self.want(declaration.prefix, &declaration.uri)?;
                }
            }
        }
        Ok(())
    }

    fn lists(&self, prefix: &str) -> bool {
        prefix != "xml"
            && self
                .prefixes
                .iter()
                .any(|p| is_same(p, prefix) || (prefix.is_empty() && *p == "#default"))
    }

    fn is_noted(&self, prefix: &str) -> bool {
        self.scratch.iter().any(|(p, _)| is_same(p, prefix))
    }

    /// Canonical XML section 2.3: every namespace in scope, unless an ancestor wrote the same.
    fn collect_in_scope(
        &mut self,
        element: &'d ElementData<'d>,
        is_apex: bool,
    ) -> Result<(), XmlError> {
        if is_apex {
            // The whole inherited context. A prefix declared twice counts as its inner declaration.
            let scope = self.document.scope(element.scope);
            for declaration in scope {
                if !self.is_noted(declaration.prefix) {
                    self.scratch.push((declaration.prefix, &declaration.uri));
                }
            }
            self.scratch.retain(|(prefix, uri)| *prefix != "xml" && !uri.is_empty());
        } else {
            let own = usize::try_from(element.declared).unwrap_or(0);
            let scope: &'d Document<'d> = self.document;
            for Declaration { prefix, uri, .. } in scope.scope(element.scope).take(own) {
                self.want(prefix, uri)?;
            }
        }
        Ok(())
    }

    /// Notes one declaration as needed here, unless the nearest one written says the same.
    fn want(&mut self, prefix: &'d str, uri: &'d str) -> Result<(), XmlError> {
        if prefix == "xml" || self.is_noted(prefix) {
            return Ok(());
        }
        let mut steps = self.scratch.len();
        // Nothing written at all means the same as `xmlns=""`.
        let mut is_written = uri.is_empty();
        for (written, namespace) in self.rendered.iter().rev() {
            steps = steps.saturating_add(1);
            if is_same(written, prefix) {
                is_written = is_same(namespace, uri);
                break;
            }
        }
        self.look_ups.spend(steps)?;
        if !is_written {
            self.scratch.push((prefix, uri));
        }
        Ok(())
    }

    fn write_declarations(&mut self) {
        self.scratch.sort_unstable_by(|a, b| a.0.cmp(b.0));
        for (prefix, uri) in &self.scratch {
            if prefix.is_empty() {
                self.out.extend_from_slice(b" xmlns=\"");
            } else {
                self.out.extend_from_slice(b" xmlns:");
                self.out.extend_from_slice(prefix.as_bytes());
                self.out.extend_from_slice(b"=\"");
            }
            escape_attribute(uri, self.out);
            self.out.push(b'"');
        }
        self.rendered.append(&mut self.scratch);
    }

    /// Attributes by namespace name, then local name; those without a namespace first.
    fn write_attributes(&mut self, element: &'d ElementData<'d>, is_apex: bool, parent: u32) {
        let document = self.document;
        self.attributes.clear();
        self.attributes.extend(range(&document.attributes, &element.attributes));
        if is_apex && !self.method.is_exclusive() {
            self.inherit_xml_attributes(element, parent);
        }
        self.attributes.sort_unstable_by(|a, b| {
            let by_namespace = match (a.namespace, b.namespace) {
                (a, b) if a == b => Ordering::Equal,
                (a, b) => document.uri(a).cmp(document.uri(b)),
            };
            by_namespace.then_with(|| a.local.cmp(b.local))
        });
        for i in 0..self.attributes.len() {
            let Some(attribute) = self.attributes.get(i) else { break };
            self.attribute(document.prefix(attribute.namespace), attribute.local, &attribute.value);
        }
    }

    fn attribute(&mut self, prefix: &str, local: &str, value: &str) {
        self.out.push(b' ');
        self.name(prefix, local);
        self.out.extend_from_slice(b"=\"");
        escape_attribute(value, self.out);
        self.out.push(b'"');
    }

    /// Canonical XML section 2.4: `xml:` attributes of ancestors that are left out come along.
    fn inherit_xml_attributes(&mut self, apex: &ElementData<'_>, parent: u32) {
        let document = self.document;
        let is_root = apex.span == document.root.span;
        let mut next = (!is_root).then_some(parent);
        while let Some(index) = next {
            let Some(node) = at(&document.nodes, index) else { break };
            if let Kind::Element(element) = &node.kind {
                for a in range(&document.attributes, &element.attributes) {
                    let same = |b: &&AttributeData<'_>| {
                        b.namespace == Some(Link::XML) && b.local == a.local
                    };
                    if a.namespace == Some(Link::XML) && !self.attributes.iter().any(same) {
                        self.attributes.push(a);
                    }
                }
            }
            next = (index != 0).then_some(node.parent);
        }
    }
}

/// Appends `text`, with each special byte replaced.
fn escape(text: &str, out: &mut Vec<u8>, replace: impl Fn(u8) -> Option<&'static [u8]>) {
    let mut rest = text.as_bytes();
    // Most values have nothing to replace. No branch per byte, so that the compiler can use vector
    // instructions to find out.
    if rest.iter().fold(true, |plain, &b| plain & replace(b).is_none()) {
        return out.extend_from_slice(rest);
    }
    while let Some(at) = rest.iter().position(|&b| replace(b).is_some()) {
        let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        let Some((&b, after)) = special.split_first() else { return };
        out.extend_from_slice(replace(b).unwrap_or(&[]));
        rest = after;
    }
    out.extend_from_slice(rest);
}

fn escape_text(text: &str, out: &mut Vec<u8>) {
    escape(text, out, |b| match b {
        b'&' => Some(b"&amp;"),
        b'<' => Some(b"&lt;"),
        b'>' => Some(b"&gt;"),
        b'\r' => Some(b"&#xD;"),
        _ => None,
    });
}

fn escape_attribute(value: &str, out: &mut Vec<u8>) {
    escape(value, out, |b| match b {
        b'&' => Some(b"&amp;"),
        b'<' => Some(b"&lt;"),
        b'"' => Some(b"&quot;"),
        b'\t' => Some(b"&#x9;"),
        b'\n' => Some(b"&#xA;"),
        b'\r' => Some(b"&#xD;"),
        _ => None,
    });
}
