//! The same message, written in other ways. All of them say the same.

use crate::dsig::{KeyInfoStyle, Place, SignatureStyle, sign_enveloped};
use crate::idp::{Personality, SignedParts};
use crate::rehearse::case::{Case, Judgement, Kind, Theme, Trouble, honest, script};
use crate::rehearse::judge::judge_honest;
use crate::rehearse::maker::Maker;
use crate::rehearse::surgery::{part, replace, replace_all, set, set_text};
use crate::saml::names::ASSERTION;
use crate::xml::encode_base64;
use crate::xml::{C14n, EmptyTag};

const FIX: &str = "Verify the signature over the canonical form with an XML Signature library; never \
                   compare or search the text of a message.";

pub(super) const THEME: Theme = Theme {
    id: "writing",
    title: "Ways of writing",
    about: "The same honest message, signed and written as different products do it.",
    cases: CASES,
};

/// The assertion, signed in another style.
fn styled(maker: &Maker<'_>, style: SignatureStyle, with_key: bool) -> Result<String, Trouble> {
    let draft = maker.draft()?;
    let key = maker.key();
    sign_enveloped(
        &draft.xml,
        &draft.ids.assertion,
        Place::After { namespace: ASSERTION, local: "Issuer" },
        key.private_key(),
        draft.algorithm,
        with_key.then(|| key.certificate()),
        &style,
    )
    .map_err(|error| Trouble::made(&error))
}

fn style(prefix: &'static str, c14n: C14n) -> SignatureStyle {
    SignatureStyle { prefix, key_info: KeyInfoStyle::Plain, empty: EmptyTag::Tight, c14n }
}

const CASES: &[Case] = &[
    honest(
        "signing-assertion",
        "The assertion is signed",
        "What AD FS and Entra ID do unless told otherwise.",
        FIX,
        |m| m.signing(SignedParts::AssertionOnly).response(),
    ),
    honest(
        "signing-response",
        "The response is signed, the assertion is not",
        "SamlResponseSignature MessageOnly at AD FS. The signature covers the assertion.",
        "Accept a signature on the response: it covers everything in it.",
        |m| m.signing(SignedParts::MessageOnly).response(),
    ),
    honest(
        "signing-both",
        "Response and assertion are signed",
        "SamlResponseSignature MessageAndAssertion at AD FS.",
        "Verify every signature that is there.",
        |m| m.signing(SignedParts::MessageAndAssertion).response(),
    ),
    honest(
        "layout-adfs",
        "Written as AD FS writes",
        "Its empty elements end in a space, its KeyInfo has no prefix.",
        FIX,
        |m| m.in_style(Personality::Adfs).response(),
    ),
    honest(
        "layout-entra",
        "Written as Entra ID writes",
        "NHSmail moves its partners there. The signature has no prefix.",
        FIX,
        |m| m.in_style(Personality::Entra).response(),
    ),
    honest(
        "layout-plain",
        "Written with the prefix saml",
        "Prefixes mean nothing.",
        "Compare namespaces and local names, never prefixes.",
        |m| m.in_style(Personality::Plain).response(),
    ),
    honest(
        "layout-no-key-info",
        "The signature has no KeyInfo",
        "It is optional; keys come from metadata in any case.",
        "Take keys from the identity provider's metadata, not from the message.",
        |m| styled(m, style("ds", C14n::Exclusive), false),
    ),
    honest(
        "layout-signature-prefix",
        "The signature has the prefix dsig",
        "Prefixes mean nothing.",
        FIX,
        |m| styled(m, style("dsig", C14n::Exclusive), true),
    ),
    honest(
        "layout-declaration",
        "An XML declaration stands first",
        "Some products write one.",
        FIX,
        |m| Ok(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", m.response()?)),
    ),
    honest(
        "layout-indented",
        "Elements are indented",
        "White space between elements means nothing.",
        "Step over white space between elements.",
        |m| {
            let mut draft = m.draft()?;
            draft.xml = replace_all(&draft.xml, "><", ">\n  <")?;
            // Values keep their own space: nothing stands between > and < in them.
            m.sign(&draft)
        },
    ),
    honest(
        "layout-wrapped-signature",
        "The signature value is broken into lines",
        "Base64 in XML may hold white space; OpenSSL and Java break lines.",
        "Decode base64 as XML Schema defines it, white space included.",
        |m| {
            let xml = m.response()?;
            let value = part(&xml, "SignatureValue")?.text;
            let value = value.split(['<', '>']).nth(2).unwrap_or_default();
            let lines: Vec<String> = value
                .as_bytes()
                .chunks(76)
                .map(|line| String::from_utf8_lossy(line).into_owned())
                .collect();
            set_text(&xml, "SignatureValue", &format!("\n{}\n", lines.join("\n")))
        },
    ),
    honest(
        "layout-single-quotes",
        "Attributes stand in single quotes",
        "Both sorts of quotes say the same.",
        FIX,
        |m| {
            let xml = m.response()?;
            let version = replace(&xml, " Version=\"2.0\"", " Version='2.0'")?;
            replace(
                &version,
                " Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
                " Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'",
            )
        },
    ),
    honest(
        "layout-references",
        "A value is written with character references",
        "&#116; is the letter t.",
        "Resolve references before values are used.",
        |m| replace(&m.response()?, ">test.user1@", ">&#116;est.user1@"),
    ),
    honest(
        "layout-cdata",
        "A value is written as CDATA",
        "CDATA is another way to write text.",
        "Join all pieces of text of an element before it is used.",
        |m| replace(&m.response()?, ">Test User1<", "><![CDATA[Test]]> User1<"),
    ),
    honest(
        "layout-comment-outside",
        "A comment stands before the message",
        "Comments between elements mean nothing.",
        FIX,
        |m| Ok(format!("<!-- sent by a proxy -->{}", m.response()?)),
    ),
    honest("layout-no-consent", "The response names no Consent", "It is optional.", FIX, |m| {
        m.edited(|xml| match set(xml, "Response", "Consent", None) {
            Ok(xml) => Ok(xml),
            // Entra writes none.
            Err(_) => Ok(xml.to_owned()),
        })
    }),
    script(
        "form-charset",
        Kind::Honest,
        "The form names its character set",
        "Content-Type may have a parameter.",
        "Compare the media type without its parameters.",
        |scene| {
            let mut browser = scene.browser();
            let begun = scene.begin(&mut browser)?;
            let xml = scene.maker(&begun).response()?;
            let body = form_body(&[
                ("SAMLResponse", &encode_base64(xml.as_bytes())),
                ("RelayState", begun.sign_in.relay_state.as_deref().unwrap_or_default()),
            ]);
            let content_type = "application/x-www-form-urlencoded; charset=UTF-8";
            let way = scene.deliver_body(&mut browser, &begun, content_type, body.as_bytes());
            Ok(judge_honest(&way, &scene.who(&mut browser)))
        },
    ),
    script(
        "form-order",
        Kind::Honest,
        "RelayState stands before SAMLResponse, and there is one more field",
        "Fields have no order; a button may have a name.",
        "Take fields by their names.",
        |scene| {
            let mut browser = scene.browser();
            let begun = scene.begin(&mut browser)?;
            let xml = scene.maker(&begun).response()?;
            let response = encode_base64(xml.as_bytes());
            let state = begun.sign_in.relay_state.clone().unwrap_or_default();
            let fields = [("RelayState", state.as_str()), ("SAMLResponse", &response), ("go", "1")];
            let way = scene.deliver_fields(&mut browser, &begun, &fields);
            Ok(judge_honest(&way, &scene.who(&mut browser)))
        },
    ),
    script(
        "form-wrapped",
        Kind::Honest,
        "The base64 of the form is broken into lines",
        "The binding allows white space in it (RFC 2045).",
        "Step over white space when the field is decoded.",
        |scene| {
            let mut browser = scene.browser();
            let begun = scene.begin(&mut browser)?;
            let xml = scene.maker(&begun).response()?;
            let response = encode_base64(xml.as_bytes());
            let lines: Vec<String> = response
                .as_bytes()
                .chunks(76)
                .map(|line| String::from_utf8_lossy(line).into_owned())
                .collect();
            let response = lines.join("\r\n");
            let state = begun.sign_in.relay_state.clone().unwrap_or_default();
            let fields = [("SAMLResponse", response.as_str()), ("RelayState", state.as_str())];
            let way = scene.deliver_fields(&mut browser, &begun, &fields);
            Ok(judge_honest(&way, &scene.who(&mut browser)))
        },
    ),
    script(
        "key-rollover",
        Kind::Honest,
        "The key that is announced in the metadata signs",
        "AD FS announces its next key twenty days before, and changes over without notice.",
        "Read every signing key of the metadata, and fetch the metadata every day.",
        |scene| {
            let mut idp = scene.setup.idp.clone();
            if !idp.keys.promote() {
                return Ok(Judgement::none(
                    "no next key is announced in this rehearsal's metadata",
                ));
            }
            let mut browser = scene.browser();
            let begun = scene.begin(&mut browser)?;
            let xml = scene.maker(&begun).with(|maker| maker.idp.keys = idp.keys).response()?;
            let way = scene.deliver(&mut browser, &begun, &xml);
            Ok(judge_honest(&way, &scene.who(&mut browser)))
        },
    ),
];

fn form_body(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields.iter().filter(|(_, value)| !value.is_empty()))
        .finish()
}
