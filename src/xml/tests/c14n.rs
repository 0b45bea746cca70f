//! Canonical bytes: text, attributes, comments, sub-trees. The expected bytes are worked out by
//! hand from Canonical XML 1.0 section 1.1 and Exclusive XML Canonicalization 1.0 section 1.1.

use super::{accepted, canonical, find};
use crate::xml::C14n::{self, Exclusive, ExclusiveWithComments, Inclusive, InclusiveWithComments};

const ALL: [C14n; 4] = [Exclusive, ExclusiveWithComments, Inclusive, InclusiveWithComments];

/// The canonical form of the whole of `xml`, which every algorithm must agree on.
#[track_caller]
fn all_agree(xml: &str, expected: &str) {
    let document = accepted(xml);
    for method in ALL {
        assert_eq!(canonical(document.root(), method, &[], None), expected, "{method:?} {xml:?}");
    }
}

#[test]
fn algorithms_by_uri() {
    for method in ALL {
        assert_eq!(C14n::from_uri(method.uri()), Some(method));
    }
    assert!(Exclusive.is_exclusive() && ExclusiveWithComments.is_exclusive());
    assert!(!Inclusive.is_exclusive() && !InclusiveWithComments.is_exclusive());
    for uri in [
        "",
        "http://www.w3.org/2001/10/xml-exc-c14n",
        "http://www.w3.org/2001/10/xml-exc-c14n#withcomments",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
    ] {
        assert_eq!(C14n::from_uri(uri), None, "{uri}");
    }
}

#[test]
fn declaration_and_surroundings_go() {
    all_agree("<?xml version='1.0' encoding='utf-8'?>\n <r/> \n", "<r></r>");
    all_agree("\u{FEFF}<r/>", "<r></r>");
    all_agree("<!-- a --><r/><!-- b -->", "<r></r>");
}

#[test]
fn tags_are_written_one_way() {
    all_agree("<r  a = '1'\n />", "<r a=\"1\"></r>");
    all_agree("<r></r\t>", "<r></r>");
    all_agree("<r><s/><s></s></r>", "<r><s></s><s></s></r>");
}

#[test]
fn text_is_escaped() {
    all_agree("<r>&amp;&lt;&gt;&apos;&quot;'\"</r>", "<r>&amp;&lt;&gt;'\"'\"</r>");
    all_agree("<r>a > b]] ></r>", "<r>a &gt; b]] &gt;</r>");
    all_agree("<r>&#65;&#x42;&#x1F600;\u{1F600}é</r>", "<r>AB\u{1F600}\u{1F600}é</r>");
    all_agree("<r><![CDATA[<a>&amp;\"]]></r>", "<r>&lt;a&gt;&amp;amp;\"</r>");
    all_agree("<r>a<![CDATA[b]]>c<![CDATA[]]></r>", "<r>abc</r>");
    all_agree("<r>\u{85}\u{2028}\u{a0}\u{7f}</r>", "<r>\u{85}\u{2028}\u{a0}\u{7f}</r>");
}

#[test]
fn line_ends_of_text() {
    all_agree("<r>a\r\nb\rc\nd</r>", "<r>a\nb\nc\nd</r>");
    all_agree("<r>a&#13;b&#xD;&#10;\t</r>", "<r>a&#xD;b&#xD;\n\t</r>");
    all_agree("<r><![CDATA[a\r\nb]]></r>", "<r>a\nb</r>");
    all_agree("<r>\r\n  <s/>\r\n</r>", "<r>\n  <s></s>\n</r>");
}

#[test]
fn attribute_values_are_escaped() {
    all_agree("<r a='&lt;>&amp;&quot;\"&apos;'/>", "<r a=\"&lt;>&amp;&quot;&quot;'\"></r>");
    all_agree("<r a='x\ty\nz\r\nw\rv'/>", "<r a=\"x y z w v\"></r>");
    all_agree("<r a='&#9;&#10;&#13;&#32;'/>", "<r a=\"&#x9;&#xA;&#xD; \"></r>");
    all_agree("<r a='é&#x1F600;'/>", "<r a=\"é\u{1F600}\"></r>");
}

#[test]
fn attributes_are_sorted_by_namespace_then_name() {
    all_agree("<r b='' a='' B='' aa=''/>", "<r B=\"\" a=\"\" aa=\"\" b=\"\"></r>");
    all_agree("<r \u{10000}='' \u{ff21}='' z=''/>", "<r z=\"\" \u{ff21}=\"\" \u{10000}=\"\"></r>");
    // By the namespace's name and not by its prefix; without a namespace first.
    all_agree(
        "<r xmlns:a='urn:2' xmlns:b='urn:1' a:x='1' b:y='2' z='3' xml:lang='4' b:x='5'/>",
        "<r xmlns:a=\"urn:2\" xmlns:b=\"urn:1\" z=\"3\" xml:lang=\"4\" b:x=\"5\" b:y=\"2\" \
         a:x=\"1\"></r>",
    );
    // More than a small sort takes at once.
    let letters: Vec<char> = ('a'..='z').collect();
    let written: String = letters.iter().rev().map(|c| format!(" {c}=''")).collect();
    let sorted: String = letters.iter().map(|c| format!(" {c}=\"\"")).collect();
    all_agree(&format!("<r{written}/>"), &format!("<r{sorted}></r>"));
}

#[test]
fn comments_are_kept_or_dropped() {
    let xml = "<r><!-- a\r\nb & < --><s>x<!---->y</s></r>";
    let document = accepted(xml);
    for (method, expected) in [
        (Exclusive, "<r><s>xy</s></r>"),
        (Inclusive, "<r><s>xy</s></r>"),
        (ExclusiveWithComments, "<r><!-- a\nb & < --><s>x<!---->y</s></r>"),
        (InclusiveWithComments, "<r><!-- a\nb & < --><s>x<!---->y</s></r>"),
    ] {
        assert_eq!(canonical(document.root(), method, &[], None), expected, "{method:?}");
    }
}

#[test]
fn a_sub_tree_stands_alone() {
    let document = accepted("<r>x<s a='1'>y<t/>z</s>w</r>");
    for method in ALL {
        let s = canonical(find(&document, "s"), method, &[], None);
        assert_eq!(s, "<s a=\"1\">y<t></t>z</s>");
        assert_eq!(canonical(find(&document, "t"), method, &[], None), "<t></t>");
    }
}

#[test]
fn the_enveloped_signature_is_left_out() {
    let xml = "<r> <i/> <s xmlns='urn:s'>x<t/></s> <d/></r>";
    let document = accepted(xml);
    let signature = Some(find(&document, "s"));
    for method in ALL {
        let out = canonical(document.root(), method, &[], signature);
        assert_eq!(out, "<r> <i></i>  <d></d></r>", "{method:?}");
    }
    // As first, as last, and as only child.
    for (xml, expected) in [
        ("<r><s/>x</r>", "<r>x</r>"),
        ("<r>x<s/></r>", "<r>x</r>"),
        ("<r><s><t/></s></r>", "<r></r>"),
        ("<r><a><s/></a><b/></r>", "<r><a></a><b></b></r>"),
    ] {
        let document = accepted(xml);
        let signature = Some(find(&document, "s"));
        let out = canonical(document.root(), Exclusive, &[], signature);
        assert_eq!(out, expected, "{xml}");
    }
    // One that is elsewhere, or of another document, changes nothing.
    let plain = "<d></d>";
    assert_eq!(canonical(find(&document, "d"), Exclusive, &[], signature), plain);
    let other = accepted(xml);
    let foreign = Some(find(&other, "d"));
    assert_eq!(canonical(find(&document, "d"), Exclusive, &[], foreign), plain);
}

#[test]
fn output_is_appended() {
    let document = accepted("<r/>");
    let mut out = b"before".to_vec();
    crate::xml::canonicalise(document.root(), Exclusive, &[], None, &mut out);
    assert_eq!(out, b"before<r></r>");
}
