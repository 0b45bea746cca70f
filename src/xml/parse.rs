//! Tokens to tree. Everything that makes them a document is checked here.

use std::borrow::Cow;

use super::document::{
    AttributeData, Declaration, Document, ElementData, Kind, Link, NodeData, range,
};
use super::error::XmlError;
use super::limits::{Budget, Limits};
use super::names::{QName, all_xml_chars, is_absolute_uri, is_same, is_space, take_qname};
use super::start_tag::{RawAttributes, check_declaration};
use super::text::{normalise_attribute, normalise_line_ends, resolve_reference};
use super::tokens::{Token, Tokens};
use super::{XML_NAMESPACE, XMLNS_NAMESPACE};

pub(super) fn parse<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Document<'a>, XmlError> {
    if bytes.len() > limits.bytes || u32::try_from(bytes.len()).is_err() {
        return Err(XmlError::Limit { what: "bytes", limit: limits.bytes });
    }
    let whole = std::str::from_utf8(bytes).map_err(|_| XmlError::Encoding)?;
    // One byte order mark is no part of the document (XML 1.0 section 4.3.3); a second one is text.
    let source = whole.strip_prefix('\u{FEFF}').unwrap_or(whole);
    let bom = whole.len().saturating_sub(source.len());
    if source.starts_with('\u{FEFF}') {
        return Err(XmlError::Malformed { what: "text outside the root element", position: bom });
    }
    if !all_xml_chars(source) {
        return Err(XmlError::Malformed {
            what: "a character that XML does not allow",
            position: 0,
        });
    }
    let count = |byte| memchr::memchr_iter(byte, source.as_bytes()).count();
    let look_ups = source.len().saturating_mul(LOOK_UPS_PER_BYTE).saturating_add(LOOK_UPS_ANYWAY);
    let mut declarations = Vec::with_capacity(16);
    let uri = Cow::Borrowed(XML_NAMESPACE);
    declarations.push(Declaration { prefix: "xml", uri, outer: None });
    let mut builder = Builder {
        source,
        limits,
        bom: u32::try_from(bom).unwrap_or(0),
        // Counting is cheaper than to grow, which holds the old and the new at once. An element has
        // two tags and mostly one text; an attribute or declaration has one sign of equality.
        nodes: Vec::with_capacity(count(b'<').min(limits.nodes)),
        attributes: Vec::with_capacity(count(b'=').min(limits.nodes)),
        declarations,
        prefixes: Vec::with_capacity(8),
        open: Vec::with_capacity(16),
        ids: Vec::with_capacity(8),
        text: None,
        root_done: false,
        tokens: Budget::new("tokens", limits.tokens, limits.tokens),
        look_ups: Budget::new("look-ups of names", look_ups, look_ups),
    };
    builder.run()?;
    builder.finish()
}

struct Builder<'a, 'l> {
    source: &'a str,
    limits: &'l Limits,
    bom: u32,
    nodes: Vec<NodeData<'a>>,
    attributes: Vec<AttributeData<'a>>,
    declarations: Vec<Declaration<'a>>,
    /// Prefixes of the attributes of the element at hand, until its declarations are known.
    prefixes: Vec<&'a str>,
    open: Vec<Open<'a>>,
    ids: Vec<Cow<'a, str>>,
    /// A run of text that may go on with the next token.
    text: Option<Cow<'a, str>>,
    root_done: bool,
    tokens: Budget,
    look_ups: Budget,
}

/// Prefixes looked up in a chain of declarations, and names of attributes compared with each other:
/// so many steps for each byte of a document, and some for the smallest. An honest one needs a third.
const LOOK_UPS_PER_BYTE: usize = 1;
const LOOK_UPS_ANYWAY: usize = 10_000;
/// What it counts for that two attributes of one element differ in their namespace alone.
const SAME_LOCAL_NAME: usize = 8;

struct Open<'a> {
    index: u32,
    name: &'a str,
    scope: Option<Link>,
    /// Declarations in scope, this element's own included.
    in_scope: usize,
}

impl<'a> Builder<'a, '_> {
    fn run(&mut self) -> Result<(), XmlError> {
        let mut tokens = Tokens::new(self.source);
        while let Some(token) = tokens.next()? {
            let (start, end) = (tokens.start(), tokens.end());
            self.tokens.spend(1)?;
            match token {
                Token::Start { inside, is_empty } => {
                    self.open_element(inside, start, end)?;
                    if is_empty {
                        self.close_element(end)?;
                    }
                }
                Token::End { inside } => {
                    // Byte for byte: nobody else has matched it with its start tag.
                    let spaces = inside.bytes().rev().take_while(|b| is_space(*b)).count();
                    let name = inside.get(..inside.len().saturating_sub(spaces));
                    if self.open.last().map(|open| open.name) != name {
                        return Err(malformed("an end tag without its start tag", start));
                    }
                    self.close_element(end)?;
                }
                Token::Text(raw) => {
                    if memchr::memchr(b'>', raw.as_bytes()).is_some() && raw.contains("]]>") {
                        return Err(malformed("']]>' in text", start));
                    }
                    self.push_text(raw, start)?;
                }
                Token::CData(raw) => {
                    if self.open.is_empty() {
                        return Err(malformed("text outside the root element", start));
                    }
                    self.push_text(raw, start)?;
                }
                Token::Reference(body) => {
                    let c = resolve_reference(body, start)?;
                    if self.open.is_empty() {
                        return Err(malformed("text outside the root element", start));
                    }
                    self.text.get_or_insert_default().to_mut().push(c);
                }
                Token::Comment(raw) => self.push_comment(raw, start)?,
                Token::Declaration(token) => check_declaration(token)?,
            }
        }
        Ok(())
    }

    fn next_index(&self) -> Result<u32, XmlError> {
        let limit = self.limits.nodes;
        if self.nodes.len() >= limit {
            return Err(XmlError::Limit { what: "nodes", limit });
        }
        u32::try_from(self.nodes.len()).map_err(|_| XmlError::Limit { what: "nodes", limit })
    }

    fn parent(&self) -> u32 {
        self.open.last().map_or(0, |open| open.index)
    }

    fn push_leaf(&mut self, kind: Kind<'a>) -> Result<(), XmlError> {
        let index = self.next_index()?;
        let parent = self.parent();
        self.nodes.push(NodeData { parent, end: index.saturating_add(1), kind });
        Ok(())
    }

    fn flush_text(&mut self) -> Result<(), XmlError> {
        match self.text.take() {
            Some(text) if !text.is_empty() => self.push_leaf(Kind::Text(text)),
            _ => Ok(()),
        }
    }

    fn push_text(&mut self, raw: &'a str, position: usize) -> Result<(), XmlError> {
        if self.open.is_empty() {
            if raw.bytes().all(is_space) {
                return Ok(());
            }
            return Err(malformed("text outside the root element", position));
        }
        let text = normalise_line_ends(raw);
        match &mut self.text {
            Some(run) => run.to_mut().push_str(&text),
            None => self.text = Some(text),
        }
        Ok(())
    }

    fn push_comment(&mut self, raw: &'a str, position: usize) -> Result<(), XmlError> {
        if raw.contains("--") || raw.ends_with('-') {
            return Err(malformed("'--' in a comment", position));
        }
        if self.open.is_empty() {
            return Ok(());
        }
        self.flush_text()?;
        self.push_leaf(Kind::Comment(normalise_line_ends(raw)))
    }

    fn open_element(
        &mut self,
        inside: &'a str,
        position: usize,
        end: usize,
    ) -> Result<(), XmlError> {
        if self.root_done {
            return Err(malformed("a second root element", position));
        }
        if self.open.len() >= self.limits.depth {
            return Err(XmlError::Limit { what: "depth", limit: self.limits.depth });
        }
        self.flush_text()?;
        let (QName { written: name, prefix, local }, rest) = take_qname(inside)
            .filter(|(_, rest)| rest.bytes().next().is_none_or(is_space))
            .ok_or(malformed("a name", position))?;
        self.check_length(name)?;
        let (outer, outer_in_scope) =
            self.open.last().map_or((None, 0), |open| (open.scope, open.in_scope));
        let first_attribute = self.attributes.len();
        let first_declaration = self.declarations.len();
        let mut scope = outer;

        self.prefixes.clear();
        let mut attributes = RawAttributes::new(rest, position);
        let mut count = 0_usize;
        while let Some(raw) = attributes.next()? {
            count = count.saturating_add(1);
            if count > self.limits.attributes {
                let limit = self.limits.attributes;
                return Err(XmlError::Limit { what: "attributes", limit });
            }
            self.check_length(raw.name.written)?;
            let value = normalise_attribute(raw.value, position, &mut self.tokens)?;
            match (raw.name.prefix, raw.name.local) {
                ("", "xmlns") => {
                    self.declare("", value, &mut scope, first_declaration, position)?
                }
                ("xmlns", local) => {
                    self.declare(local, value, &mut scope, first_declaration, position)?;
                }
                (prefix, local) => {
                    self.attributes.push(AttributeData { local, namespace: None, value });
                    self.prefixes.push(prefix);
                }
            }
        }
        let declared = self.declarations.len().saturating_sub(first_declaration);
        let in_scope = outer_in_scope.saturating_add(declared);
        if in_scope > self.limits.namespaces {
            let limit = self.limits.namespaces;
            return Err(XmlError::Limit { what: "namespaces", limit });
        }
        let namespace = self.resolve(prefix, scope, position)?;
        self.resolve_attributes(first_attribute, scope, position)?;

        let index = self.next_index()?;
        let parent = self.parent();
        let offset = |byte: usize| u32::try_from(byte).unwrap_or(0).saturating_add(self.bom);
        let element = ElementData {
            local,
            namespace,
            attributes: to_u32(first_attribute)..to_u32(self.attributes.len()),
            scope,
            declared: to_u32(declared),
            span: offset(position)..offset(end),
        };
        self.nodes.push(NodeData { parent, end: index, kind: Kind::Element(element) });
        self.open.push(Open { index, name, scope, in_scope });
        Ok(())
    }

    fn close_element(&mut self, end: usize) -> Result<(), XmlError> {
        self.flush_text()?;
        let after = to_u32(self.nodes.len());
        let Some(open) = self.open.pop() else {
            return Err(malformed("an end tag without its start tag", end));
        };
        let index = usize::try_from(open.index).unwrap_or(usize::MAX);
        if let Some(node) = self.nodes.get_mut(index) {
            node.end = after;
            if let Kind::Element(element) = &mut node.kind {
                element.span.end = to_u32(end).saturating_add(self.bom);
            }
        }
        self.root_done = self.open.is_empty();
        Ok(())
    }

    fn check_length(&self, name: &str) -> Result<(), XmlError> {
        if name.len() > self.limits.name {
            return Err(XmlError::Limit { what: "bytes in a name", limit: self.limits.name });
        }
        Ok(())
    }

    /// Enters one `xmlns` attribute (Namespaces in XML 1.0, sections 2.2 and 3).
    fn declare(
        &mut self,
        prefix: &'a str,
        uri: Cow<'a, str>,
        scope: &mut Option<Link>,
        first: usize,
        position: usize,
    ) -> Result<(), XmlError> {
        let namespace = |what| Err(XmlError::Namespace { what, position });
        // Names are compared again and again, so that their length must have a limit as well.
        self.check_length(&uri)?;
        if prefix == "xmlns" || uri == XMLNS_NAMESPACE {
            return namespace("xmlns cannot be declared");
        }
        if (prefix == "xml") != (uri == XML_NAMESPACE) {
            return namespace("xml cannot be bound to another namespace");
        }
        if uri.is_empty() {
            if !prefix.is_empty() {
                return namespace("a prefix cannot be undeclared");
            }
        } else if !is_absolute_uri(&uri) {
            return namespace("a namespace name must be an absolute URI");
        }
        self.look_ups.spend(self.declarations.len().saturating_sub(first))?;
        let own = self.declarations.get(first..).unwrap_or(&[]);
        if own.iter().any(|d| is_same(d.prefix, prefix)) {
            return Err(malformed("an attribute twice", position));
        }
        let link = Link::behind(self.declarations.len());
        self.declarations.push(Declaration { prefix, uri, outer: *scope });
        *scope = link;
        Ok(())
    }

    fn resolve(
        &mut self,
        prefix: &str,
        scope: Option<Link>,
        position: usize,
    ) -> Result<Option<Link>, XmlError> {
        if prefix == "xml" {
            return Ok(Some(Link::XML));
        }
        let mut found = None;
        let mut next = scope;
        let mut steps = 0_usize;
        while let Some(link) = next {
            let Some(declaration) = link.of(&self.declarations) else { break };
            steps = steps.saturating_add(1);
            if is_same(declaration.prefix, prefix) {
                // The default namespace may be undeclared.
                found = Some(Some(link).filter(|_| !declaration.uri.is_empty()));
                break;
            }
            next = declaration.outer;
        }
        self.look_ups.spend(steps)?;
        match (found, prefix) {
            (Some(binding), _) => Ok(binding),
            (None, "") => Ok(None),
            _ => Err(XmlError::Namespace { what: "a prefix without a declaration", position }),
        }
    }

    fn uri(&self, link: Option<Link>) -> &str {
        link.and_then(|link| link.of(&self.declarations)).map_or("", |d| &d.uri)
    }

    /// Binds the attributes of one element, refuses duplicates by expanded name, and collects IDs.
    fn resolve_attributes(
        &mut self,
        first: usize,
        scope: Option<Link>,
        position: usize,
    ) -> Result<(), XmlError> {
        for i in first..self.attributes.len() {
            // The default namespace is not for attributes.
            let namespace = match self.prefixes.get(i.saturating_sub(first)).copied() {
                None | Some("") => None,
                Some(prefix) => self.resolve(prefix, scope, position)?,
            };
            self.look_ups.spend(i.saturating_sub(first))?;
            let Some(attribute) = self.attributes.get(i) else { break };
            for other in range(&self.attributes, &(to_u32(first)..to_u32(i))) {
                if other.local != attribute.local {
                    continue;
                }
                let (one, two) = (self.uri(other.namespace), self.uri(namespace));
                if is_same(one, two) {
                    return Err(malformed("an attribute twice", position));
                }
                // Honest elements hardly ever get here, and long names take long to compare.
                self.look_ups.spend(SAME_LOCAL_NAME.saturating_add(one.len()))?;
            }
            // Whatever anybody could take for an ID. SAML uses `ID`, XML Signature `Id`.
            if attribute.local.eq_ignore_ascii_case("id") {
                if self.ids.len() >= self.limits.nodes {
                    let limit = self.limits.nodes;
                    return Err(XmlError::Limit { what: "nodes", limit });
                }
                self.ids.push(attribute.value.clone());
            }
            if let Some(attribute) = self.attributes.get_mut(i) {
                attribute.namespace = namespace;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Document<'a>, XmlError> {
        if !self.open.is_empty() || !self.root_done {
            return Err(malformed("the document ends too early", self.source.len()));
        }
        self.ids.sort_unstable();
        if self.ids.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            return Err(XmlError::DuplicateId);
        }
        let root = match self.nodes.first() {
            Some(NodeData { kind: Kind::Element(element), .. }) => element.clone(),
            _ => return Err(malformed("the document ends too early", self.source.len())),
        };
        Ok(Document {
            nodes: self.nodes,
            attributes: self.attributes,
            declarations: self.declarations,
            root,
        })
    }
}

fn malformed(what: &'static str, position: usize) -> XmlError {
    XmlError::Malformed { what, position }
}

/// All counts stay below a limit that fits, see [`Limits`].
fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
