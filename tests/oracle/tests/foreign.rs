//! What xmlsec signed, in styles that our own test identity provider does not have, is good to us.

use actix_saml::crypto::{KeyShape, SignatureAlgorithm};
use actix_saml::idp::SignedParts;
use actix_saml::xml::C14n;
use actix_saml_oracle::Trouble;
use actix_saml_oracle::scene::Scene;
use actix_saml_oracle::xmlsec1::{self, Place};
use samael::crypto::{Crypto, CryptoProvider};

/// How a foreign signature is written.
struct Style {
    name: &'static str,
    signed_info: C14n,
    content: C14n,
    prefixes: &'static str,
    /// Prefix of the signature's elements, with its colon.
    prefix: &'static str,
    /// White space between the signature's elements.
    between: &'static str,
    /// Whether the response is signed, and not the assertion.
    message: bool,
    /// Whether the draft is signed as it is.
    is_unchanged: bool,
    /// What is done to the draft before.
    change: fn(&str) -> String,
}

const PLAIN: Style = Style {
    name: "plain",
    signed_info: C14n::Exclusive,
    content: C14n::Exclusive,
    prefixes: "",
    prefix: "ds:",
    between: "",
    message: false,
    is_unchanged: true,
    change: str::to_owned,
};

fn styles() -> Vec<Style> {
    vec![
        PLAIN,
        Style { name: "prefix list", prefixes: "#default xs samlp unknown", ..PLAIN },
        Style { name: "inclusive", content: C14n::Inclusive, ..PLAIN },
        Style { name: "inclusive SignedInfo", signed_info: C14n::Inclusive, ..PLAIN },
        Style {
            name: "SignedInfo with comments",
            signed_info: C14n::ExclusiveWithComments,
            ..PLAIN
        },
        Style {
            name: "inclusive SignedInfo with comments",
            signed_info: C14n::InclusiveWithComments,
            ..PLAIN
        },
        Style { name: "unprefixed, indented", prefix: "", between: "\r\n  ", ..PLAIN },
        Style { name: "message", message: true, ..PLAIN },
        Style { name: "message, inclusive", message: true, content: C14n::Inclusive, ..PLAIN },
        Style { name: "prefixed assertion", is_unchanged: false, change: prefixed, ..PLAIN },
        Style {
            name: "prefixed assertion, inclusive",
            is_unchanged: false,
            change: prefixed,
            content: C14n::Inclusive,
            ..PLAIN
        },
        Style { name: "indented", is_unchanged: false, change: indented, between: "\n\t", ..PLAIN },
        Style { name: "references", is_unchanged: false, change: referenced, ..PLAIN },
        // A bare name leaves comments out, so that the transform has none to keep.
        Style { name: "comments", is_unchanged: false, change: commented, ..PLAIN },
        Style {
            name: "comments, transform with comments",
            is_unchanged: false,
            change: commented,
            content: C14n::ExclusiveWithComments,
            ..PLAIN
        },
        Style {
            name: "comments, inclusive transform with comments",
            is_unchanged: false,
            change: commented,
            content: C14n::InclusiveWithComments,
            ..PLAIN
        },
    ]
}

fn prefixed(xml: &str) -> String {
    let mut out = xml.replace("xmlns=\"urn:oasis", "xmlns:saml2=\"urn:oasis");
    for name in 'A'..='Z' {
        out = out.replace(&format!("<{name}"), &format!("<saml2:{name}"));
        out = out.replace(&format!("</{name}"), &format!("</saml2:{name}"));
    }
    out
}

fn indented(xml: &str) -> String {
    xml.replace("><", ">\r\n    <").replace(" ID=", "\n\tID=")
}

fn referenced(xml: &str) -> String {
    let name = xml.replace("@nhs.net<", "&#64;nhs.<![CDATA[net]]><");
    name.replace("<AttributeValue>", "<AttributeValue>&#x20;\r\n&gt;&amp;")
}

fn commented(xml: &str) -> String {
    xml.replace("<Conditions", "<!-- a --><Conditions").replace("</Subject>", "<!----></Subject>")
}

fn with_template(xml: &str, id: &str, style: &Style) -> Result<String, Trouble> {
    let Style { prefix: p, between: b, .. } = style;
    let list = match style.prefixes {
        "" => String::new(),
        prefixes => format!(
            "<InclusiveNamespaces xmlns=\"{}\" PrefixList=\"{prefixes}\"/>",
            C14n::Exclusive.uri()
        ),
    };
    let declaration = if p.is_empty() { "xmlns" } else { "xmlns:ds" };
    let parts = [
        format!("<{p}Signature {declaration}=\"http://www.w3.org/2000/09/xmldsig#\">"),
        format!("<{p}SignedInfo>"),
        format!(
            "<{p}CanonicalizationMethod Algorithm=\"{}\"></{p}CanonicalizationMethod>",
            style.signed_info.uri()
        ),
        format!("<{p}SignatureMethod Algorithm=\"{}\"/>", SignatureAlgorithm::RsaSha256.uri()),
        format!("<{p}Reference URI=\"#{id}\">"),
        format!("<{p}Transforms>"),
        format!("<{p}Transform Algorithm=\"{}\"/>", actix_saml::dsig::ENVELOPED),
        format!("<{p}Transform Algorithm=\"{}\">{list}</{p}Transform>", style.content.uri()),
        format!("</{p}Transforms>"),
        format!("<{p}DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>"),
        format!("<{p}DigestValue/>"),
        format!("</{p}Reference>"),
        format!("</{p}SignedInfo>"),
        format!("<{p}SignatureValue/>"),
        format!("</{p}Signature>"),
    ];
    let issuers: Vec<_> = xml.match_indices("Issuer>").map(|(at, end)| at + end.len()).collect();
    // The first end tag is that of the response's issuer; each issuer has one such end, and the
    // assertion's a start tag without attributes as well.
    let at = match (style.message, issuers.as_slice()) {
        (true, [at, ..]) => at,
        (false, [.., at]) => at,
        _ => return Err("no issuer".into()),
    };
    Ok([&xml[..*at], &parts.join(b), &xml[*at..]].concat())
}

#[test]
fn signed_by_xmlsec() -> Result<(), Trouble> {
    let scene = Scene::new(KeyShape::Rsa2048)?;
    let certificate = scene.certificate_pem()?;
    for style in styles() {
        let name = style.name;
        let draft = scene.draft(SignedParts::AssertionOnly, SignatureAlgorithm::RsaSha256)?;
        let id = if style.message { &draft.ids.response } else { &draft.ids.assertion };
        let changed = (style.change)(&draft.xml);
        assert_eq!(changed == draft.xml, style.is_unchanged, "{name}");
        let template = with_template(&changed, id, &style)?;
        let xml = Crypto::sign_xml(&template, &scene.key_der)?;
        let place = if style.message { Place::InRoot } else { Place::InAssertion };
        assert!(xmlsec1::verify(&xml, &certificate, place)?, "{name}\n{xml}");
        let assertion = scene.ours(&xml).map_err(|e| format!("{name}: {e}\n{xml}"))?;
        assert_eq!(assertion.id(), draft.ids.assertion, "{name}");
        assert!(assertion.name_id().is_some_and(|n| n.value.ends_with("@nhs.net")), "{name}");
    }
    Ok(())
}
