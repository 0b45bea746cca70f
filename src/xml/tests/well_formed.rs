//! Threats 1.2: what is not XML is refused, wherever a lax reader would guess.

use super::{accepted, malformed, refused};
use crate::xml::XmlError;

const CHARACTER: &str = "a character that XML does not allow";
const OUTSIDE: &str = "text outside the root element";
const EARLY: &str = "the document ends too early";
const END: &str = "an end tag without its start tag";
const NAME: &str = "a name";
const OPEN: &str = "a tag that does not end";
const SPACE: &str = "no white space before an attribute";
const NO_VALUE: &str = "attribute without a value";
const REFERENCE: &str = "character reference";
const AMPERSAND: &str = "'&' without a reference";
const COMMENT: &str = "'--' in a comment";

#[track_caller]
fn all_refused(cases: &[(&str, &'static str, usize)]) {
    for (xml, what, position) in cases {
        assert_eq!(refused(xml), malformed(what, *position), "{xml:?}");
    }
}

#[test]
fn wf_1_one_root() {
    all_refused(&[
        ("<r/><r/>", "a second root element", 4),
        ("<r></r><r></r>", "a second root element", 7),
        ("<r/>\n<!-- --><s/>", "a second root element", 13),
        ("", EARLY, 0),
        (" \r\n\t", EARLY, 4),
        ("<!-- -->", EARLY, 8),
        ("<?xml version='1.0'?>", EARLY, 21),
    ]);
    accepted("<?xml version='1.0'?>\n<!-- a -->\n<r/>\n<!-- b -->\n");
}

#[test]
fn wf_2_junk_around_the_root() {
    all_refused(&[
        ("x<r/>", OUTSIDE, 0),
        ("<r/>x", OUTSIDE, 4),
        ("<r/>\n x", OUTSIDE, 4),
        ("<r/>&#32;", OUTSIDE, 4),
        ("&#32;<r/>", OUTSIDE, 0),
        ("<r/><![CDATA[]]>", OUTSIDE, 4),
        ("<![CDATA[ ]]><r/>", OUTSIDE, 0),
        ("<r/></r>", END, 4),
        ("</r>", END, 0),
        ("<r/>]]>", "']]>' in text", 4),
        ("<r/>\u{a0}", OUTSIDE, 4),
        ("<r/><", OPEN, 4),
        ("<r/>&", AMPERSAND, 4),
        ("<r/>&amp;", OUTSIDE, 4),
    ]);
    accepted(" \r\n\t<r/>\t\r\n ");
}

#[test]
fn wf_3_characters() {
    for c in ['\0', '\u{1}', '\u{8}', '\u{b}', '\u{c}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
        for xml in [
            format!("<r>{c}</r>"),
            format!("<r a='{c}'/>"),
            format!("<r><!--{c}--></r>"),
            format!("<r><![CDATA[{c}]]></r>"),
            format!("<r{c}/>"),
            format!("<r/>{c}"),
        ] {
            assert_eq!(refused(&xml), malformed(CHARACTER, 0), "{xml:?}");
        }
    }
    for c in ['\t', '\u{7f}', '\u{80}', '\u{d7ff}', '\u{e000}', '\u{fffd}', '\u{10000}'] {
        let xml = format!("<r>{c}</r>");
        assert_eq!(accepted(&xml).root().text(), Some(c.to_string().as_str()));
    }
}

#[test]
fn wf_4_references() {
    all_refused(&[
        ("<r>&#0;</r>", REFERENCE, 3),
        ("<r>&#x0;</r>", REFERENCE, 3),
        ("<r>&#1;</r>", REFERENCE, 3),
        ("<r>&#xB;</r>", REFERENCE, 3),
        ("<r>&#xD800;</r>", REFERENCE, 3),
        ("<r>&#xDFFF;</r>", REFERENCE, 3),
        ("<r>&#xFFFE;</r>", REFERENCE, 3),
        ("<r>&#x110000;</r>", REFERENCE, 3),
        ("<r>&#xFFFFFFFF;</r>", REFERENCE, 3),
        ("<r>&#4294967361;</r>", REFERENCE, 3),
        ("<r>&#;</r>", REFERENCE, 3),
        ("<r>&#x;</r>", REFERENCE, 3),
        ("<r>&#X41;</r>", REFERENCE, 3),
        ("<r>&#-65;</r>", REFERENCE, 3),
        ("<r>&#+65;</r>", REFERENCE, 3),
        ("<r>&# 65;</r>", REFERENCE, 3),
        ("<r>&#65 ;</r>", REFERENCE, 3),
        ("<r>&#6_5;</r>", REFERENCE, 3),
        ("<r>&#x\u{ff11};</r>", REFERENCE, 3),
        ("<r>&</r>", AMPERSAND, 3),
        ("<r>a&b</r>", AMPERSAND, 4),
        ("<r>&&amp;</r>", AMPERSAND, 3),
        ("<r>&amp</r>", AMPERSAND, 3),
        ("<r>&amp", AMPERSAND, 3),
        ("<r a='&'/>", AMPERSAND, 0),
        ("<r a='&amp'/>", AMPERSAND, 0),
        ("<r a='&#0;'/>", REFERENCE, 0),
        ("<r a='&#xD83D;&#xDE00;'/>", REFERENCE, 0),
    ]);
    let good = accepted("<r a='&#65;&#x1F600;'>&#65;&#x41;&#00065;&#x1F600;&#9;</r>");
    assert_eq!(good.root().text(), Some("AAA\u{1F600}\t"));
    assert_eq!(good.root().attribute("a"), Some("A\u{1F600}"));
}

#[test]
fn wf_5_tags() {
    all_refused(&[
        ("<r>", EARLY, 3),
        ("<r><s></r></s>", END, 6),
        ("<r></R>", END, 3),
        ("<r></ r>", END, 3),
        ("<r></r/>", END, 3),
        ("<r></r a='1'>", END, 3),
        ("<r></r a='>'>", END, 3),
        ("<r></>", END, 3),
        ("<r></rr>", END, 3),
        ("<r></p:r>", END, 3),
        ("<rr></r>", END, 4),
        ("<r></r\u{a0}>", END, 3),
        ("<r></r", OPEN, 3),
        ("<", OPEN, 0),
        ("<r", OPEN, 0),
        ("<r a='>", OPEN, 0),
        ("<>", NAME, 0),
        ("</>", END, 0),
        ("< r/>", NAME, 0),
        ("<1/>", NAME, 0),
        ("<-r/>", NAME, 0),
        ("<r<s/>", NAME, 0),
        ("<r/s>", NAME, 0),
        ("<r//>", NAME, 0),
        ("<r/ >", NAME, 0),
        ("<r='1'/>", NAME, 0),
        ("<r\"/>\"/>", NAME, 0),
        ("<r\u{a0}a='1'/>", NAME, 0),
        ("<\u{d7}/>", NAME, 0),
        ("<r /a='1'>", NAME, 0),
    ]);
    accepted("<r></r \r\n\t>");
    accepted("<r \r\n\t/>");
    accepted("<\u{e9}.-1\u{b7}/>");
}

#[test]
fn wf_5_attributes() {
    all_refused(&[
        ("<r a/>", NO_VALUE, 0),
        ("<r a b='1'/>", NO_VALUE, 0),
        ("<r 'a'/>", NO_VALUE, 0),
        ("<r a=1/>", "attribute value without quotes", 0),
        ("<r a=/>", "attribute value without quotes", 0),
        ("<r a=`1`/>", "attribute value without quotes", 0),
        ("<r a='1'b='2'/>", SPACE, 0),
        ("<r a='1'/ >", SPACE, 0),
        ("<r a='1' />'/>", OUTSIDE, 11),
        ("<r a='1'' '/>", SPACE, 0),
        ("<r a='<'/>", "'<' in an attribute value", 0),
        ("<r ='1'/>", NAME, 0),
        ("<r 1='1'/>", NAME, 0),
        ("<r a/b='1'/>", NAME, 0),
        ("<r a\"='1'\"/>", NAME, 0),
        ("<r a='1' a='2'/>", "an attribute twice", 0),
        ("<r a='1' b='' a='1'/>", "an attribute twice", 0),
    ]);
    let good = accepted("<r a = '1>/'\n\tA=\"'\"\r\nb='\"&lt;'/>");
    assert_eq!(good.root().attribute("a"), Some("1>/"));
    assert_eq!(good.root().attribute("A"), Some("'"));
    assert_eq!(good.root().attribute("b"), Some("\"<"));
}

#[test]
fn wf_5_end_of_cdata_in_text() {
    all_refused(&[
        ("<r>]]></r>", "']]>' in text", 3),
        ("<r>a]]]>b</r>", "']]>' in text", 3),
        ("<r><![CDATA[]]>]]></r>", "']]>' in text", 15),
    ]);
    assert_eq!(accepted("<r>]] > ]>]]&gt;</r>").root().text(), Some("]] > ]>]]>"));
    // An attribute value may hold it.
    assert_eq!(accepted("<r a=']]>'/>").root().attribute("a"), Some("]]>"));
}

#[test]
fn pi_1_processing_instruction() {
    for xml in [
        "<r>user<?p not-?>admin</r>",
        "<r><?p?></r>",
        "<?p?><r/>",
        "<r/><?p?>",
        "<?xml-stylesheet href='http://attacker.example/x.xsl'?><r/>",
        "<r><?",
        "<r><??></r>",
        "<r><?>?></r>",
        "<r><? xml?></r>",
    ] {
        assert_eq!(refused(xml), XmlError::ProcessingInstruction, "{xml}");
    }
    assert_eq!(accepted("<r>useradmin</r>").root().text(), Some("useradmin"));
    assert_eq!(accepted("<r>?></r>").root().text(), Some("?>"));
}

#[test]
fn comment_1_no_value_around_a_comment() {
    let document = accepted("<r>admin@nhs.net<!-- -->.attacker.example</r>");
    assert_eq!(document.root().text(), None);
    assert_eq!(accepted("<r><!-- -->x</r>").root().text(), None);
    assert_eq!(accepted("<r>x<!----></r>").root().text(), None);
    assert_eq!(accepted("<r><!-- --></r>").root().text(), None);
    let plain = accepted("<!-- --><r>admin@nhs.net.attacker.example</r><!-- -->");
    assert_eq!(plain.root().text(), Some("admin@nhs.net.attacker.example"));
}

#[test]
fn comment_2_syntax() {
    let no_end = "a comment that does not end";
    all_refused(&[
        ("<r><!-- -- --></r>", COMMENT, 3),
        ("<r><!-- ---></r>", COMMENT, 3),
        ("<r><!-----></r>", COMMENT, 3),
        ("<r><!--></r>", no_end, 3),
        ("<r><!---></r>", no_end, 3),
        ("<r><!-- ></r>", no_end, 3),
        ("<r><!- x --></r>", no_end, 3),
        ("<!-- -- --><r/>", COMMENT, 0),
        ("<r/><!-- --", no_end, 4),
    ]);
    for good in ["<r><!----></r>", "<r><!-- - > -> <r> & ]]> --></r>", "<r><!-->--></r>"] {
        assert_eq!(accepted(good).node_count(), 2, "{good}");
    }
}

#[test]
fn comment_3_inside_a_tag_is_no_comment() {
    all_refused(&[
        ("<r <!-- --> a='1'/>", NO_VALUE, 0),
        ("<r a='<!-- -->'/>", "'<' in an attribute value", 0),
        ("<<!-- -->r/>", NAME, 0),
    ]);
    accepted("<r a='&lt;!-- -->'/>");
}

#[test]
fn cdata_1_is_text() {
    for (xml, text) in [
        ("<r>a<![CDATA[b]]>c</r>", "abc"),
        ("<r><![CDATA[a]]><![CDATA[b]]></r>", "ab"),
        ("<r>a&amp;b&#65;<![CDATA[&amp;]]></r>", "a&bA&amp;"),
        ("<r><![CDATA[<r>]]></r>", "<r>"),
        ("<r><![CDATA[]]></r>", ""),
        ("<r><![CDATA[]]]]></r>", "]]"),
        ("<r><![CDATA[a]]]]><![CDATA[>b]]></r>", "a]]>b"),
        ("<r><![CDATA[>]]></r>", ">"),
        ("<r>a<![CDATA[]]>b</r>", "ab"),
    ] {
        assert_eq!(accepted(xml).root().text(), Some(text), "{xml}");
    }
    let no_end = "a CDATA section that does not end";
    all_refused(&[
        ("<r><![CDATA[</r>", no_end, 3),
        ("<r><![CDATA]]></r>", no_end, 3),
        ("<r><![CDATA []]></r>", no_end, 3),
        ("<r><![ CDATA[]]></r>", no_end, 3),
        ("<r><![CDATA[]]]></r", OPEN, 16),
        ("<r><![]]></r>", no_end, 3),
    ]);
}
