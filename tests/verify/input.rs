//! The forms that a response may come in.

use actix_saml::xml::encode_base64;

use crate::scene::{Scene, honest};

/// Base64 in lines of 76 characters, as mail programs and `base64` write it.
fn in_lines(xml: &str, end: &str) -> String {
    let text = encode_base64(xml.as_bytes());
    let lines: Vec<_> = text.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
    lines.join(end) + end
}

#[test]
fn xml_and_base64() {
    let (scene, xml) = (Scene::new(), honest());
    let expected = scene.verify().on(&xml).accepted();
    for content in [
        encode_base64(xml.as_bytes()),
        encode_base64(xml.as_bytes()) + "\n",
        in_lines(&xml, "\n"),
        in_lines(&xml, "\r\n"),
        format!("\u{feff}{xml}"),
        format!("\r\n \t{xml}\n"),
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{xml}"),
        format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>{xml}"),
        encode_base64(format!("\u{feff}{xml}").as_bytes()),
    ] {
        let beginning = content.chars().take(60).collect::<String>();
        assert_eq!(scene.verify().on(&content).accepted(), expected, "{beginning:?}");
        assert_eq!(scene.verify().on_stdin(&content).accepted(), expected, "{beginning:?}");
    }
}

#[test]
fn garbage() {
    let (scene, xml) = (Scene::new(), honest());
    let base64 = encode_base64(xml.as_bytes());
    let twice = encode_base64(base64.as_bytes());
    for (content, code, rule) in [
        (&b""[..], "xml_malformed", "well-formed"),
        (b"hello", "base64", "binding"),
        (b"hello!", "base64", "binding"),
        (b"\xff\xfe<\0a\0>\0", "base64", "binding"),
        (b"\0\0\0\0", "base64", "binding"),
        (&base64.trim_end_matches('=').as_bytes()[..1001], "base64", "binding"),
        (format!("\u{feff}{base64}").as_bytes(), "base64", "binding"),
        (base64.replace('+', "-").replace('/', "_").as_bytes(), "base64", "binding"),
        (b"aGVsbG8=", "xml_malformed", "well-formed"),
        (twice.as_bytes(), "xml_malformed", "well-formed"),
        (b"<", "xml_malformed", "well-formed"),
        (b"<html><p></html>", "xml_malformed", "well-formed"),
        (b"<a>\xff</a>", "xml_encoding", "well-formed"),
        (b"<!DOCTYPE a><a/>", "xml_doctype", "well-formed"),
        (b"<html/>", "not_a_response", "response-structure"),
    ] {
        scene.verify().on(content).rejected(code, rule);
        scene.verify().on_stdin(content).rejected(code, rule);
    }
}

#[test]
fn garbage_with_several_providers() {
    let scene = Scene::new();
    scene.file("other.xml", crate::scene::OTHER.metadata().unwrap());
    for (content, code, rule) in [
        ("", "xml_malformed", "well-formed"),
        ("hello!", "base64", "binding"),
        ("<a/>", "not_a_response", "response-structure"),
    ] {
        let verify = scene.verify().and("--idp-metadata", "other.xml");
        verify.on(content).rejected(code, rule);
    }
}

/// A file that says it is long, and takes no room. Nobody reads it to its end.
#[test]
fn a_huge_file() {
    let scene = Scene::new();
    for beginning in ["", "<samlp:Response", "AAAA"] {
        let path = scene.file("huge", beginning);
        std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(1 << 36).unwrap();
        let detail = scene.verify().flag("huge").run(b"").rejected("xml_limit", "well-formed");
        assert_eq!(detail, "more than 1048576 bytes");
    }
}

#[test]
fn an_endless_stream() {
    let scene = Scene::new();
    let endless = vec![b'A'; 6 * 1024 * 1024];
    scene.verify().on_stdin(endless).rejected("xml_limit", "well-formed");
    // Smaller than that, and still larger than any message.
    let large = format!("<a>{}</a>", "x".repeat(1_100_000));
    scene.verify().on(&large).rejected("xml_limit", "well-formed");
    scene.verify().on(encode_base64(large.as_bytes())).rejected("xml_limit", "well-formed");
}

#[test]
fn no_file() {
    let scene = Scene::new();
    scene.verify().flag("nowhere.xml").run(b"").unusable("nowhere.xml: ");
    std::fs::create_dir(scene.path("folder")).unwrap();
    scene.verify().flag("folder").run(b"").unusable("folder: ");
}
