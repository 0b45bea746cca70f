//! What the parser and the canonicaliser must do, threat by threat. A test is named after the
//! threat that it holds off; each has a control, which shows that the document without the attack
//! would pass.

mod c14n;
mod c14n_namespaces;
mod dtd;
mod encoding;
mod ids;
mod limits;
mod namespaces;
mod properties;
mod quick_xml;
mod tree;
mod values;
mod well_formed;

use super::{C14n, Document, Limits, Node, XmlError, canonicalise};

/// The fault found in `source`.
fn refused(source: impl AsRef<[u8]>) -> XmlError {
    let source = source.as_ref();
    match Document::parse(source, &Limits::MESSAGE) {
        Err(error) => error,
        Ok(_) => panic!("accepted: {}", String::from_utf8_lossy(source)),
    }
}

/// The document in `source`, which must be a good one.
fn accepted<S: AsRef<[u8]> + ?Sized>(source: &S) -> Document<'_> {
    let source = source.as_ref();
    match Document::parse(source, &Limits::MESSAGE) {
        Ok(document) => document,
        Err(error) => panic!("{error}: {}", String::from_utf8_lossy(source)),
    }
}

fn malformed(what: &'static str, position: usize) -> XmlError {
    XmlError::Malformed { what, position }
}

fn namespace(what: &'static str, position: usize) -> XmlError {
    XmlError::Namespace { what, position }
}

/// The first element of this local name.
fn find<'d>(document: &'d Document<'_>, local: &str) -> Node<'d> {
    document.elements().find(|n| n.local_name() == local).expect("no such element")
}

/// The canonical form of one element, as text.
fn canonical(apex: Node<'_>, method: C14n, prefixes: &[&str], omit: Option<Node<'_>>) -> String {
    let mut out = Vec::new();
    canonicalise(apex, method, prefixes, omit, &mut out);
    String::from_utf8(out).expect("canonical XML is UTF-8")
}
