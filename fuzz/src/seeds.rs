//! The inputs to begin with, made by the test identity provider and from a few lines of markup.

use std::path::Path;

use actix_saml::saml::EntityId;
use actix_saml::saml::binding::redirect_url;
use actix_saml::saml::metadata::SpMetadata;
use url::Url;

use crate::federation::SIGNED;
use crate::keys;
use crate::logout;
use crate::message::{ACS, ENCRYPTED, HONEST, IDP, SIGNED_RELAY_STATE, SP, request};
use crate::target;

/// Small documents with one peculiarity each.
const MARKUP: &[&str] = &[
    "<a/>",
    "\u{FEFF}<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<a> </a>\n",
    "<a x='1'\ty=\"2\" xml:lang='en'><b/>text<c xml:space='default'/></a>",
    "<p:a xmlns:p='urn:p' p:x='1' x='2'><p:b xmlns:p='urn:q' p:x='3'/></p:a>",
    "<a xmlns='urn:a'><b xmlns=''><c xmlns='urn:a' xmlns:d='urn:d'><d:e/></c></b></a>",
    "<a>&amp;&lt;&gt;&quot;&apos;&#9;&#10;&#13;&#x20;&#x1F600;\u{e9}</a>",
    "<a x='&amp;&lt;&gt;&quot;&apos;&#9;&#10;&#13; \t\r\n'/>",
    "<a><![CDATA[<&>]]]]><![CDATA[>]]>text<!-- comment\r\n --></a><!-- behind -->",
    "<a ID='_1'><b ID='_2'/><c Id='_3'/><d xml:id='_4'/></a>",
    "<a xmlns:b='urn:1' xmlns:c='urn:1' c:z='1' b:a='2' a='3'><b:x/><c:x/></a>",
    "<a>line\r\nline\rline\n</a>",
    "<a><b><c><d><e><f><g/></f></e></d></c></b></a>",
    "<!DOCTYPE a><a/>",
    "<a><?x y?></a>",
    "<a xml:base='http://x/' xml:lang='en'><b xml:lang='cy'><c/></b></a>",
];

const PREFIX_LISTS: &[&str] = &["", "#default", "p b", "#default p c", "ds samlp"];

const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

const TARGETS: &[&str] = &[
    "/",
    "/rota",
    "/rota?day=1&x=%2F%2Fevil",
    "/a/../b/./c",
    "/a#fragment",
    "/a@b:c",
    "/https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/.//evil.example",
    "/a/..//evil.example",
    "/%2e%2e//evil.example",
    "/%5cevil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "/;x?y[]=\"'<>",
];

/// Writes the seeds of every target, each into the folder of its name.
///
/// # Errors
/// When a file cannot be written.
///
/// # Panics
/// When honest seeds are refused: everything that they are to lead to would stay out of reach.
pub fn write(corpus: &Path) -> std::io::Result<()> {
    check();
    let messages = || HONEST.iter().map(String::as_str);
    let metadata = idp_metadata();
    let markup = || MARKUP.iter().copied();

    let parse = markup().chain(messages()).chain([&*metadata]);
    save(corpus, "parse", parse.map(|xml| xml.as_bytes().to_vec()))?;

    let mut c14n = Vec::new();
    for (n, xml) in markup().chain(messages()).enumerate() {
        for (method, list) in PREFIX_LISTS.iter().enumerate() {
            let n = u8::try_from(n).unwrap_or(0);
            let method = u8::try_from(method).unwrap_or(0);
            c14n.push([&[method, n % 5, n][..], list.as_bytes(), b"\n", xml.as_bytes()].concat());
        }
    }
    save(corpus, "c14n", c14n.into_iter())?;

    let in_modes = |modes: &'static [u8], xml: &str| {
        let xml = xml.as_bytes().to_vec();
        modes.iter().map(move |mode| [&[*mode][..], &xml].concat()).collect::<Vec<_>>()
    };
    save(corpus, "dsig", messages().flat_map(|xml| in_modes(b"01", xml)))?;
    let plain = messages().flat_map(|xml| in_modes(b"012345", xml));
    let encrypted = ENCRYPTED.iter().flat_map(|xml| in_modes(b"01", xml));
    save(corpus, "validate", plain.chain(encrypted))?;

    let posted = logout::HONEST.iter().flat_map(|xml| in_modes(b"01", xml));
    let queries = logout::DRAFTS.iter().filter_map(|xml| logout::query(xml));
    let queries = queries.flat_map(|query| in_modes(b"2", &query));
    let drafts = logout::DRAFTS.iter().flat_map(|xml| in_modes(b"3", xml));
    save(corpus, "logout", posted.chain(queries).chain(drafts))?;

    let ours = in_modes(b"1", &sp_metadata());
    let signed = SIGNED.iter().flat_map(|xml| in_modes(b"023", xml));
    save(corpus, "metadata", in_modes(b"0", &metadata).into_iter().chain(ours).chain(signed))?;

    let request = request();
    let endpoint = Url::parse("https://fs.nhsmail.test/adfs/ls/").expect("an address");
    let signer = (&keys::IDP_EC.key, keys::IDP_EC.key.default_algorithm());
    let queries = [None, Some(signer)].into_iter().map(|key| {
        let url = redirect_url(&endpoint, &request, SIGNED_RELAY_STATE, key).expect("a redirect");
        format!("0{}", url.query().unwrap_or(""))
    });
    let sent = ["1", "3"].map(|mode| format!("{mode}handle\n{request}"));
    let mut queries: Vec<String> = queries.chain(sent).collect();
    queries.push(queries[0].replacen("SAMLRequest", "SAMLResponse", 1));
    queries.push(queries[1].clone() + "&SAMLEncoding=" + DEFLATE);
    save(corpus, "redirect-decode", queries.into_iter().map(String::into_bytes))?;

    save(corpus, "relay-state", TARGETS.iter().map(|t| t.as_bytes().to_vec()))
}

/// The honest are let in, in every mode.
fn check() {
    let in_mode = |mode: &str, xml: &str| [mode.as_bytes(), xml.as_bytes()].concat();
    for xml in HONEST.iter() {
        let signatures = xml.matches("SignatureValue>").count() / 2;
        for mode in ["0", "1"] {
            assert_eq!(target::dsig(&in_mode(mode, xml)), signatures, "dsig {mode}: {xml}");
            assert!(target::validate(&in_mode(mode, xml)), "validate {mode}: {xml}");
        }
    }
    for xml in ENCRYPTED.iter() {
        assert!(target::validate(&in_mode("0", xml)), "validate: {xml}");
    }
    // The assertion signed and encrypted, and a signed response around an encrypted assertion.
    assert!(target::validate(&in_mode("2", &HONEST[0])));
    assert!(target::validate(&in_mode("3", &HONEST[1])));
    assert!(target::validate(&in_mode("4", &HONEST[0])));
    assert!(target::validate(&in_mode("5", &HONEST[0])));
    for (honest, draft) in logout::HONEST.iter().zip(logout::DRAFTS.iter()) {
        let query = logout::query(draft).expect("a query");
        for (mode, text) in [("0", honest), ("1", honest), ("2", &query), ("3", draft)] {
            assert!(target::logout(&in_mode(mode, text)), "logout {mode}: {text}");
        }
    }
    assert!(target::metadata(&in_mode("0", &idp_metadata())));
    assert!(target::metadata(&in_mode("1", &sp_metadata())));
    for (n, xml) in SIGNED.iter().enumerate() {
        // Without a name only the document of one provider will do.
        assert_eq!(target::metadata(&in_mode("0", xml)), n == 0, "metadata 0: {xml}");
        for mode in ["2", "3"] {
            assert!(target::metadata(&in_mode(mode, xml)), "metadata {mode}: {xml}");
        }
    }
}

fn save(corpus: &Path, target: &str, seeds: impl Iterator<Item = Vec<u8>>) -> std::io::Result<()> {
    let folder = corpus.join(target);
    std::fs::create_dir_all(&folder)?;
    for (n, seed) in seeds.enumerate() {
        std::fs::write(folder.join(format!("seed-{n}")), seed)?;
    }
    Ok(())
}

fn idp_metadata() -> String {
    IDP.metadata().expect("metadata")
}

fn sp_metadata() -> String {
    let signing = [keys::STRANGER.certificate.clone()];
    let encryption = [keys::SP.certificate.clone()];
    let metadata = SpMetadata {
        entity_id: &EntityId::new(SP).expect("an entityID"),
        acs_url: ACS,
        logout_url: None,
        signing: &signing,
        encryption: &encryption,
        signs_requests: true,
        organisation: None,
        contact: None,
        valid_until: None,
        cache_duration: None,
        is_signable: false,
    };
    metadata.to_xml().expect("metadata")
}
