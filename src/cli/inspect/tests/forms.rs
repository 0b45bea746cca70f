//! The forms in which a message may be captured.

use super::super::input::{Form, Input, Unreadable};
use crate::saml::binding::RedirectFault;
use crate::xml::encode_base64;

const XML: &str = "<samlp:Response>a+b</samlp:Response>";
/// Raw DEFLATE of [`XML`], made elsewhere.
fn deflated() -> Vec<u8> {
    use std::io::Write as _;
    let mut deflate =
        flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    deflate.write_all(XML.as_bytes()).unwrap();
    deflate.finish().unwrap()
}

fn escape(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[track_caller]
fn read(text: impl AsRef<[u8]>) -> Input {
    let input = Input::read(text.as_ref()).unwrap();
    assert_eq!(String::from_utf8_lossy(&input.xml).trim_start_matches('\u{feff}').trim(), XML);
    input
}

#[test]
fn plain() {
    let base64 = encode_base64(XML.as_bytes());
    for (text, form) in [
        (XML.to_owned(), Form::Xml),
        (format!("\u{feff}\n {XML}\n"), Form::Xml),
        (base64.clone(), Form::Base64),
        (format!("  {}\r\n{}\n", &base64[..20], &base64[20..]), Form::Base64),
        (escape(&base64), Form::Base64),
        (encode_base64(&deflated()), Form::Deflate),
        (escape(&encode_base64(&deflated())), Form::Deflate),
    ] {
        let input = read(&text);
        assert_eq!((input.form, input.parameter, input.relay_state), (form, None, None), "{text}");
    }
}

#[test]
fn redirect() {
    let query = format!("SAMLRequest={}&RelayState=a%20b", escape(&encode_base64(&deflated())));
    for text in [
        query.clone(),
        format!("?{query}"),
        format!("https://fs.nhsmail.test/adfs/ls/?{query}"),
        format!("https://fs.nhsmail.test/adfs/ls/?client-request-id=x&{query}#top"),
        format!("GET /adfs/ls/?{query} HTTP/1.1\r\nHost: fs.nhsmail.test\r\n\r\n"),
        format!("curl 'https://fs.nhsmail.test/adfs/ls/?{query}' -H 'x: y'"),
    ] {
        let input = read(&text);
        assert_eq!((input.form, input.parameter), (Form::Redirect, Some("SAMLRequest")), "{text}");
        assert_eq!(input.relay_state.as_deref(), Some("a b"));
        assert!(input.redirect.is_some());
    }
}

#[test]
fn post() {
    let base64 = encode_base64(XML.as_bytes());
    for text in [
        format!("SAMLResponse={}&RelayState=a+b", escape(&base64)),
        // As a browser's tools show it.
        format!("SAMLResponse={base64}&RelayState=a+b"),
        format!("POST /saml/acs HTTP/1.1\r\n\r\nRelayState=a%20b&SAMLResponse={}", escape(&base64)),
    ] {
        let input = read(&text);
        assert_eq!((input.form, input.parameter), (Form::Post, Some("SAMLResponse")), "{text}");
        assert_eq!(input.relay_state.as_deref(), Some("a b"));
        assert!(input.redirect.is_none());
    }
}

#[test]
fn page() {
    let base64 = encode_base64(XML.as_bytes()).replace('=', "&#x3d;").replace('+', "&#43;");
    for text in [
        format!(
            "<!DOCTYPE html><html><body><form method=\"POST\"><input type=\"hidden\" name=\"SAMLResponse\" value=\"{base64}\" /><input name='RelayState' value='a&amp;b' type=hidden></form></body></html>"
        ),
        format!(
            "<form><INPUT VALUE=\"{base64}\" NAME=SAMLResponse><input value=\"a&amp;b\" name=RelayState>"
        ),
    ] {
        let input = read(&text);
        assert_eq!((input.form, input.parameter), (Form::Page, Some("SAMLResponse")));
        assert_eq!(input.relay_state.as_deref(), Some("a&b"));
    }
    // A message that carries a form is that message.
    let message = format!("<formal><input name='SAMLResponse' value='{base64}'/></formal>");
    assert_eq!(Input::read(message.as_bytes()).unwrap().form, Form::Xml);
    // Any other page is shown as what it is.
    let input = Input::read(b"<html><input name=user value=x></html>").unwrap();
    assert_eq!(input.form, Form::Xml);
}

#[test]
fn unreadable() {
    let base64 = escape(&encode_base64(XML.as_bytes()));
    let deflate = escape(&encode_base64(&deflated()));
    for (text, fault) in [
        ("".to_owned(), Unreadable::Unknown),
        ("hello!".to_owned(), Unreadable::Unknown),
        ("{\"SAMLResponse\": 1}".to_owned(), Unreadable::Unknown),
        ("aGVsbG8=".to_owned(), Unreadable::Base64(RedirectFault::Deflate)),
        (
            format!("SAMLResponse={base64}&SAMLResponse={base64}"),
            Unreadable::Repeated { name: "SAMLResponse" },
        ),
        (
            format!("SAMLRequest={deflate}&SAML%52equest={deflate}"),
            Unreadable::Repeated { name: "SAMLRequest" },
        ),
        (format!("SAMLRequest={base64}&SAMLResponse={base64}"), Unreadable::TwoMessages),
        (
            "SAMLRequest=!".to_owned(),
            Unreadable::Redirect(RedirectFault::Base64 { name: "SAMLRequest" }),
        ),
        ("SAMLRequest=".to_owned(), Unreadable::Redirect(RedirectFault::Deflate)),
        (
            format!("SAMLRequest={deflate}&SigAlg=x"),
            Unreadable::Redirect(RedirectFault::HalfSignature { name: "Signature" }),
        ),
        ("\u{feff}aGVsbG8=".to_owned(), Unreadable::Unknown),
    ] {
        assert_eq!(Input::read(text.as_bytes()).unwrap_err(), fault, "{text}");
    }
    assert_eq!(Input::read(b"\xff\xfe").unwrap_err(), Unreadable::Unknown);
}
