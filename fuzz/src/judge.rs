//! A second opinion, by another parser and in the plainest words: nothing here is fast, and nothing
//! here uses the library.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::{Document, Node, NodeId, ParsingOptions};

const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// How to canonicalise.
#[derive(Clone, Copy, Debug)]
pub struct Method<'p> {
    pub exclusive: bool,
    pub comments: bool,
    pub prefixes: &'p [&'p str],
}

/// What an XML processor makes of a document before it looks at it: one byte order mark is no part
/// of it, and lines end in a line feed (XML 1.0 section 2.11). roxmltree would leave a carriage
/// return in front of a reference as it is.
pub fn prepared(text: &str) -> String {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Reads what was [`prepared`] with the other parser.
pub fn read(text: &str) -> Result<Document<'_>, roxmltree::Error> {
    Document::parse_with_options(text, ParsingOptions { allow_dtd: false, ..Default::default() })
}

/// The canonical form, by the letter of Canonical XML 1.0 and of Exclusive XML Canonicalization.
pub fn canonical(apex: Node<'_, '_>, method: Method<'_>, omit: Option<NodeId>) -> String {
    let mut out = String::new();
    write(apex, apex, method, omit, &BTreeMap::new(), &mut out);
    out
}

/// `context` is what the namespaces written so far say.
fn write<'d>(
    node: Node<'d, '_>,
    apex: Node<'d, '_>,
    method: Method<'_>,
    omit: Option<NodeId>,
    context: &BTreeMap<String, String>,
    out: &mut String,
) {
    if Some(node.id()) == omit {
        return;
    }
    if node.is_comment() {
        if method.comments {
            *out += &format!("<!--{}-->", node.text().unwrap_or(""));
        }
        return;
    }
    if node.is_text() {
        let text = node.text().unwrap_or("").replace('&', "&amp;").replace('<', "&lt;");
        *out += &text.replace('>', "&gt;").replace('\r', "&#xD;");
        return;
    }
    let source = node.document().input_text();
    let name = &source[node.range().start + 1..];
    let name = &name[..name.find([' ', '\t', '\r', '\n', '/', '>']).expect("an end")];
    let prefix_of = |qname: &str| qname.split_once(':').map_or("", |(prefix, _)| prefix).to_owned();

    let in_scope: BTreeMap<String, String> = node
        .namespaces()
        .filter(|n| n.uri() != XML)
        .map(|n| (n.name().unwrap_or("").to_owned(), n.uri().to_owned()))
        .collect();
    let mut attributes: Vec<(String, String, String, String)> = node
        .attributes()
        .map(|a| {
            let qname = source[a.range_qname()].to_owned();
            let namespace = a.namespace().unwrap_or("").to_owned();
            (namespace, a.name().to_owned(), qname, a.value().to_owned())
        })
        .collect();

    let mut wanted: BTreeSet<String> = BTreeSet::new();
    if method.exclusive {
        wanted.insert(prefix_of(name));
        let prefixes = attributes.iter().map(|(_, _, qname, _)| prefix_of(qname));
        wanted.extend(prefixes.filter(|p| !p.is_empty()));
        let listed = method.prefixes.iter().map(|p| if *p == "#default" { "" } else { p });
        wanted.extend(listed.map(str::to_owned));
    } else {
        wanted.extend(in_scope.keys().cloned());
        wanted.insert(String::new());
        if node == apex {
            for ancestor in node.ancestors().skip(1) {
                for a in ancestor.attributes().filter(|a| a.namespace() == Some(XML)) {
                    if !attributes.iter().any(|(n, local, ..)| n == XML && local == a.name()) {
                        let qname = format!("xml:{}", a.name());
                        let value = a.value().to_owned();
                        attributes.push((XML.to_owned(), a.name().to_owned(), qname, value));
                    }
                }
            }
        }
    }
    let mut context = context.clone();
    *out += &format!("<{name}");
    for prefix in wanted {
        let uri = in_scope.get(&prefix).cloned().unwrap_or_default();
        let known = context.get(&prefix).cloned().unwrap_or_default();
        let is_there = prefix.is_empty() || in_scope.contains_key(&prefix);
        if prefix == "xml" || !is_there || uri == known {
            continue;
        }
        let colon = if prefix.is_empty() { "" } else { ":" };
        *out += &format!(" xmlns{colon}{prefix}=\"{}\"", escaped(&uri));
        context.insert(prefix, uri);
    }
    attributes.sort();
    for (_, _, qname, value) in attributes {
        *out += &format!(" {qname}=\"{}\"", escaped(&value));
    }
    out.push('>');
    for child in node.children() {
        write(child, apex, method, omit, &context, out);
    }
    *out += &format!("</{name}>");
}

fn escaped(value: &str) -> String {
    let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    value.replace('\t', "&#x9;").replace('\n', "&#xA;").replace('\r', "&#xD;")
}
