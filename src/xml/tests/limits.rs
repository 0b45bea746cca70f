//! Threats 1.5: every limit, one below and one above it.

use super::{malformed, refused};
use crate::xml::{Document, Limits, XmlError};

const LIMITS: Limits =
    Limits { bytes: 400, depth: 3, nodes: 5, tokens: 12, attributes: 4, namespaces: 3, name: 8 };

fn parse(xml: &str) -> Result<usize, XmlError> {
    Document::parse(xml.as_bytes(), &LIMITS).map(|d| d.node_count())
}

fn limit(what: &'static str, limit: usize) -> Result<usize, XmlError> {
    Err(XmlError::Limit { what, limit })
}

#[test]
fn dos_bytes() {
    let text = |n: usize| format!("<r>{}</r>", "x".repeat(n));
    assert_eq!(parse(&text(393)), Ok(2));
    assert_eq!(parse(&text(394)), limit("bytes", 400));
    // Counted before anything is looked at.
    assert_eq!(parse(&"\0".repeat(401)), limit("bytes", 400));
    assert_eq!(parse(&"\0".repeat(400)).unwrap_err().code(), "xml_malformed");
}

#[test]
fn dos_depth() {
    assert_eq!(parse("<a><b><c/></b></a>"), Ok(3));
    assert_eq!(parse("<a><b><c><d/></c></b></a>"), limit("depth", 3));
    assert_eq!(parse("<a><b><c><d></d></c></b></a>"), limit("depth", 3));
    assert_eq!(parse("<a><b><c/><c/></b><b/></a>"), Ok(5));
}

#[test]
fn dos_nodes() {
    assert_eq!(parse("<a><b/><b/><b/><b/></a>"), Ok(5));
    assert_eq!(parse("<a><b/><b/><b/><b/><b/></a>"), limit("nodes", 5));
    assert_eq!(parse("<a>x<b/>x<b/></a>"), Ok(5));
    assert_eq!(parse("<a>x<b/>x<b/>x</a>"), limit("nodes", 5));
    assert_eq!(parse("<a><!-- --><!-- --><!-- --><!-- --></a>"), Ok(5));
    assert_eq!(parse("<a><!-- --><!-- --><!-- --><!-- --><!-- --></a>"), limit("nodes", 5));
    // Text in several tokens is one node.
    assert_eq!(parse("<a>x&amp;<![CDATA[y]]>z&#65;&#66;&#67;&#68;</a>"), Ok(2));
    // No text is no node.
    assert_eq!(parse("<a><![CDATA[]]><b><![CDATA[]]></b></a>"), Ok(2));
    // Comments outside the root are none.
    assert_eq!(parse(&format!("{}<a/>", "<!-- -->".repeat(9))), Ok(1));
}

#[test]
fn dos_attributes() {
    assert_eq!(parse("<a a='' b='' c='' d=''/>"), Ok(1));
    assert_eq!(parse("<a a='' b='' c='' d='' e=''/>"), limit("attributes", 4));
    // Declarations count with them.
    assert_eq!(parse("<a a='' b='' c='' xmlns='a:b'/>"), Ok(1));
    assert_eq!(parse("<a a='' b='' c='' d='' xmlns='a:b'/>"), limit("attributes", 4));
    assert_eq!(parse("<a a='' b=''><b a='' b='' c='' d=''/></a>"), Ok(2));
}

#[test]
fn dos_namespaces() {
    assert_eq!(parse("<a xmlns='a:b' xmlns:p='a:b' xmlns:q='a:b'/>"), Ok(1));
    let four = "<a xmlns='a:b' xmlns:p='a:b' xmlns:q='a:b' xmlns:r='a:b'/>";
    assert_eq!(parse(four), limit("namespaces", 3));
    // Those of ancestors count, redeclared or not, and those of siblings do not.
    let inside = |b: &str| parse(&format!("<a xmlns:p='a:b'>{b}</a>"));
    assert_eq!(inside("<b xmlns:q='a:b' xmlns:r='a:b'/><b xmlns:q='a:b' xmlns:s='a:b'/>"), Ok(3));
    assert_eq!(inside("<b xmlns:q='a:b'><b xmlns='a:b' p='' /></b>"), Ok(3));
    assert_eq!(
        inside("<b xmlns:q='a:b'><b xmlns='a:b' xmlns:p='a:c'/></b>"),
        limit("namespaces", 3)
    );
    assert_eq!(
        inside("<b xmlns='a:b' xmlns:q='a:b' xmlns:r='a:b' xmlns:s='a:b'/>"),
        limit("namespaces", 3)
    );
}

#[test]
fn dos_names() {
    let long = || limit("bytes in a name", 8);
    assert_eq!(parse("<a2345678/>"), Ok(1));
    assert_eq!(parse("<a23456789/>"), long());
    assert_eq!(parse("<a a2345678=''/>"), Ok(1));
    assert_eq!(parse("<a a23456789=''/>"), long());
    assert_eq!(parse("<p:a23456 xmlns:p='a:b'/>"), Ok(1));
    assert_eq!(parse("<p:a234567 xmlns:p='a:b'/>"), long());
    assert_eq!(parse("<a xmlns:p2='a:b'/>"), Ok(1));
    assert_eq!(parse("<a xmlns:p23='a:b'/>"), long());
    assert_eq!(parse("<a xmlns='urn:5678'/>"), Ok(1));
    assert_eq!(parse("<a xmlns='urn:56789'/>"), long());
    // A value may be longer.
    assert_eq!(parse("<a a='123456789'/>"), Ok(1));
}

#[test]
fn dos_limits_of_messages() {
    let within = |xml: String, limits: &Limits| {
        Document::parse(xml.as_bytes(), limits).map(|d| d.node_count())
    };
    let nested = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
    let message = &Limits::MESSAGE;
    assert_eq!(within(nested(48), message), Ok(48));
    assert_eq!(within(nested(49), message), limit("depth", 48));
    assert_eq!(within(nested(64), &Limits::METADATA), Ok(64));
    assert_eq!(within(nested(65), &Limits::METADATA), limit("depth", 64));
    let flat = |n: usize| format!("<a>{}</a>", "<b/>".repeat(n));
    assert_eq!(within(flat(29_999), message), Ok(30_000));
    assert_eq!(within(flat(30_000), message), limit("nodes", 30_000));
    assert_eq!(within(flat(30_000), &Limits::METADATA), Ok(30_001));
    let text = |n: usize| format!("<a>{}</a>", "x".repeat(n));
    assert_eq!(within(text(1_048_569), message), Ok(2));
    assert_eq!(within(text(1_048_570), message), limit("bytes", 1_048_576));
    assert_eq!(within(text(1_048_570), &Limits::METADATA), Ok(2));
}

#[test]
fn dos_references() {
    // The shortest tokens there are: many of them make one node, and digits without end none.
    let text = |n: usize| format!("<a>{}</a>", "&lt;".repeat(n));
    let parsed = |xml: String| {
        let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE)?;
        Ok(document.root().text().map_or(0, str::len))
    };
    assert_eq!(parsed(text(59_998)), Ok(59_998));
    assert_eq!(parsed(text(59_999)), limit("tokens", 60_000));
    let value = |n: usize| format!("<a a='{}'/>", "&lt;".repeat(n));
    assert_eq!(parsed(value(59_999)), Ok(0));
    assert_eq!(parsed(value(60_000)), limit("tokens", 60_000));
    let digits = format!("<a>&#{}65;</a>", "0".repeat(100_000));
    assert_eq!(refused(digits), malformed("character reference", 3));
}

#[test]
fn dos_tokens() {
    // Twelve: two tags, and ten that make no node or one together.
    assert_eq!(parse(&format!("<a>{}</a>", "<![CDATA[x]]>".repeat(10))), Ok(2));
    assert_eq!(parse(&format!("<a>{}</a>", "<![CDATA[x]]>".repeat(11))), limit("tokens", 12));
    assert_eq!(parse(&format!("{}<a/>", "<!---->".repeat(11))), Ok(1));
    assert_eq!(parse(&format!("{}<a/>", "<!---->".repeat(12))), limit("tokens", 12));
    assert_eq!(parse(&format!("<a>{}</a>", "x&lt;".repeat(5))), Ok(2));
    assert_eq!(parse(&format!("<a>{}</a>", "x&lt;".repeat(5) + "x")), limit("tokens", 12));
}

#[test]
fn dos_look_ups() {
    // A hundred elements look up a prefix behind sixty others: so many bytes, so many steps.
    let far = |elements: usize, spaces: usize| {
        let others: String = (0..20).map(|i| format!(" xmlns:p{i}='urn:{i}'")).collect();
        let space = " ".repeat(spaces);
        let elements = format!("<f:e{space}/>").repeat(elements);
        format!("<r xmlns:f='urn:f'{others}>{elements}</r>")
    };
    let refused = |xml: String| {
        let limit = xml.len() + 10_000;
        let parsed = Document::parse(xml.as_bytes(), &Limits::METADATA).map(|d| d.node_count());
        parsed == Err(XmlError::Limit { what: "look-ups of names", limit })
    };
    assert!(refused(far(1_000, 0)));
    assert!(!refused(far(1_000, 30)));
    // Some are free, so that a small document may use all its namespaces.
    assert!(!refused(far(400, 0)));

    // Attributes are compared with each other.
    let names: String = (0..32).map(|i| format!(" n{i}=''")).collect();
    assert!(refused(format!("<r>{}</r>", format!("<e{names}/>").repeat(500))));
    let values: String = (0..32).map(|i| format!(" n{i}='0123456789'")).collect();
    assert!(!refused(format!("<r>{}</r>", format!("<e{values}/>").repeat(500))));
}

#[test]
fn dos_canonical_form_beyond_its_limit() {
    let document = Document::parse(b"<a><b/><b/></a>", &Limits::MESSAGE).unwrap();
    let within = |limit| {
        let mut out = b"before".to_vec();
        let method = crate::xml::C14n::Exclusive;
        crate::xml::canonicalise_within(limit, document.root(), method, &[], None, &mut out)
            .map(|()| out.len())
    };
    // Looked at before each node: `<a><b></b>` stands when the last one comes.
    assert_eq!(within(10), Ok("before<a><b></b><b></b></a>".len()));
    assert_eq!(within(9), Err(XmlError::Limit { what: "canonical bytes", limit: 9 }));
    assert_eq!(within(0), Err(XmlError::Limit { what: "canonical bytes", limit: 0 }));
}

#[test]
fn dos_canonical_form_of_the_widest_message() {
    use super::canonical;
    use crate::xml::C14n;
    // Every limit used up at once: as many declarations in scope and listed as there may be, and as
    // many elements that use them.
    let declarations: String = (10..40).map(|i| format!(" xmlns:p{i}='urn:{i}'")).collect();
    let element = "<p30:a p39:a=''/>".repeat(29_000);
    let xml = format!("<r{declarations}>{element}</r>");
    let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE).unwrap();
    let names: Vec<String> = (10..40).map(|i| format!("p{i}")).collect();
    let listed: Vec<&str> = names.iter().map(String::as_str).collect();
    let all = canonical(document.root(), C14n::Exclusive, &listed, None);
    assert_eq!(all, canonical(document.root(), C14n::Inclusive, &[], None));
    let written_out = 29_000 * ("></p30:a>".len() - "/>".len());
    assert_eq!(all.len(), xml.len() + written_out);
}

#[test]
fn dos_look_ups_of_what_is_written() {
    use crate::xml::{C14n, canonicalise_within};
    // Fifty namespaces are written between `f` and the elements that use it.
    let declared = |from: usize| -> String {
        let all = from..from + 15;
        let names = all.map(|i| format!(" xmlns:p{i}='urn:{i}' p{i}:a=''"));
        names.collect()
    };
    let form = |elements: usize| {
        let inside = "<f:x/>".repeat(elements);
        let (one, two) = (declared(10), declared(30));
        let xml = format!(
            "<f:r xmlns:f='urn:f'><f:o{one}><f:o{two}><f:i xmlns:f='urn:f'>{inside}</f:i></f:o></f:o></f:r>"
        );
        let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE).unwrap();
        let limit = xml.len() * 4 + 65_536;
        let mut out = Vec::new();
        let formed =
            canonicalise_within(limit, document.root(), C14n::Exclusive, &[], None, &mut out);
        (formed, XmlError::Limit { what: "canonical bytes", limit })
    };
    assert_eq!(form(100).0, Ok(()));
    let (formed, refused) = form(20_000);
    assert_eq!(formed, Err(refused));
}
