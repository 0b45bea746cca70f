//! How much memory and time one validation takes, of honest messages and of others. Allocations are
//! counted, so the figures do not depend on the machine; OpenSSL's own are not among them.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a test that panics has failed, and the fixtures of the attacks hold more than is needed"
)]

#[path = "../attacks/fixture.rs"]
mod fixture;
#[path = "../attacks/keys_of_tests.rs"]
mod keys_of_tests;
#[path = "../attacks/recipient.rs"]
mod recipient;
mod stores;
#[path = "../attacks/surgery.rs"]
mod surgery;
#[path = "../attacks/witness.rs"]
mod witness;

use std::io::Write as _;
use std::time::Duration;

use actix_saml::saml::metadata::{IdpMetadata, Reading};
use actix_saml::saml::{Assertion, EntityId, Keys, Rejection, validate};
use actix_saml::xml::{Limits, encode_base64};
use peak_alloc::PeakAlloc;

use fixture::{Draft, Message, expectations, now};
use recipient::{CBC, GCM, keys};
use surgery::extensions;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Bytes that a validation may hold at once beside the document, for each byte of the document.
const TIMES_THE_DOCUMENT: usize = 7;
/// What nothing may exceed.
const MOST: usize = 64 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(1);

/// What one validation took.
struct Cost {
    bytes: usize,
    /// Of the processor, where the system tells.
    time: Option<Duration>,
}

/// How long this thread has had a processor: other work on the machine does not count.
fn on_processor() -> Option<Duration> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    statistics.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn cost(message: &Message, keys: &Keys) -> (Result<Assertion, Rejection>, Cost) {
    let (expect, now) = (expectations(), now());
    let started = on_processor();
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let verdict = validate(message.0.as_bytes(), &expect, keys, now);
    let bytes = HEAP.peak_usage() - before;
    let time = started.and_then(|started| on_processor()?.checked_sub(started));
    (verdict, Cost { bytes, time })
}

type Case = (&'static str, Message);

fn attributes(count: usize) -> String {
    let attribute = |n| {
        format!(
            "<Attribute Name=\"urn:a:{n}\"><AttributeValue>value {n}</AttributeValue></Attribute>"
        )
    };
    format!("<AttributeStatement>{}", (0..count).map(attribute).collect::<String>())
}

fn nested(depth: usize) -> String {
    format!("<y xmlns=\"urn:x\">{}{}</y>", "<y>".repeat(depth), "</y>".repeat(depth))
}

fn honest() -> Vec<Case> {
    let with = |from: &str, to: &str| Draft::adfs().edit(from, to);
    let extended = |inside: &str| with("<samlp:Status>", &extensions(inside));
    vec![
        ("as AD FS writes it", Draft::adfs().signed()),
        ("as Entra writes it", Draft::entra().signed()),
        ("the response signed", Draft::adfs().response_signed()),
        ("both signed", Draft::adfs().both_signed()),
        ("encrypted with CBC", Draft::adfs().encrypted(&CBC)),
        ("encrypted with GCM", Draft::adfs().encrypted(&GCM)),
        ("100 attributes", with("<AttributeStatement>", &attributes(100)).signed()),
        ("1,000 attributes", with("<AttributeStatement>", &attributes(1_000)).signed()),
        ("1,000 attributes, encrypted", {
            with("<AttributeStatement>", &attributes(1_000)).encrypted(&CBC)
        }),
        ("1,000 values", {
            let values = "<AttributeValue>ward 7</AttributeValue>".repeat(1_000);
            with("<AttributeValue>ward 7</AttributeValue>", &values).signed()
        }),
        ("one value of 100 kB", with("ward 7", &"w".repeat(100_000)).signed()),
        ("one value of 900 kB", with("ward 7", &"w".repeat(900_000)).signed()),
        ("one value of 900 kB, both signed", {
            with("ward 7", &"w".repeat(900_000)).both_signed()
        }),
        ("one value of 600 kB, encrypted", with("ward 7", &"w".repeat(600_000)).encrypted(&CBC)),
        ("900 kB of lines", with("ward 7", &"ward\r\n7 ".repeat(112_000)).signed()),
        ("50,000 references", with("ward 7", &"&#119;".repeat(50_000)).signed()),
        ("50,000 carriage returns in references", with("ward 7", &"&#xD;".repeat(50_000)).signed()),
        ("50,000 ampersands", with("ward 7", &"&amp;".repeat(50_000)).signed()),
        ("as deep as may be", extended(&nested(Limits::MESSAGE.depth - 3)).signed()),
    ]
}

fn hostile() -> Vec<Case> {
    let honest = Draft::adfs().signed();
    let extended = |inside: &str| honest.clone().edit("<samlp:Status>", &extensions(inside));
    let Limits { bytes, nodes, .. } = Limits::MESSAGE;
    let rest = bytes - honest.0.len() - 2_000;
    let filled = |piece: &str| extended(&piece.repeat(rest / piece.len()));
    let many =
        |count: usize, piece: &dyn Fn(usize) -> String| (0..count).map(piece).collect::<String>();
    vec![
        ("empty", Message(String::new())),
        ("not XML", Message("x".repeat(bytes))),
        ("too long", Message("<".repeat(bytes + 1))),
        ("angle brackets", Message("<".repeat(bytes))),
        ("elements that nobody closes", Message("<y>".repeat(bytes / 3))),
        ("spaces", Message(" ".repeat(bytes))),
        ("as many elements as may be", extended(&"<y xmlns=\"urn:x\"/>".repeat(nodes - 100))),
        ("more elements than may be", filled("<y/>")),
        ("comments", filled("<!---->")),
        ("one long comment", extended(&format!("<!--{}-->", "x".repeat(rest)))),
        ("sections of CDATA", filled("<![CDATA[x]]>")),
        ("text between comments", filled("x<!---->")),
        ("references", filled("&#x26;")),
        ("an entity that nobody declared", filled("&x;")),
        ("a DOCTYPE", Message(format!("<!DOCTYPE r [{}]>", "<!ENTITY a \"a\">".repeat(50_000)))),
        ("a processing instruction", filled("<?p?>")),
        ("attributes on one element", {
            extended(&format!("<y{}/>", many(60_000, &|n| format!(" a{n}=\"\""))))
        }),
        ("attributes on every element", {
            let element = format!("<y{}/>", many(31, &|n| format!(" a{n}=\"\"")));
            extended(&element.repeat(rest / element.len()))
        }),
        ("one long attribute", extended(&format!("<y a=\"{}\"/>", "x".repeat(rest)))),
        ("one long name", extended(&format!("<{}/>", "y".repeat(rest)))),
        ("namespaces", {
            let element = format!("<y{}/>", many(31, &|n| format!(" xmlns:a{n}=\"urn:x\"")));
            extended(&element.repeat(rest / element.len()))
        }),
        ("namespaces that are used", {
            let element = |n: usize| format!(" xmlns:a{n}=\"urn:{n}\" a{n}:b=\"\"");
            let element = format!("<y{}/>", many(15, &element));
            extended(&element.repeat(rest / element.len()))
        }),
        ("IDs", extended(&many(25_000, &|n| format!("<y xmlns=\"urn:x\" ID=\"_{n}\"/>")))),
        ("one ID many times", filled("<y xmlns=\"urn:x\" ID=\"_a\"/>")),
        ("assertions", filled(&honest.assertion())),
        ("signatures", filled(&honest.element("Signature"))),
        ("a certificate of 900 kB", {
            let certificate = honest.element("X509Certificate");
            let value = format!("<ds:X509Certificate>{}</ds:X509Certificate>", "A".repeat(900_000));
            honest.clone().edit(&certificate, &value)
        }),
        ("a canonical form of many times the message", {
            let declared = many(8, &|n| format!(" xmlns:p{n}=\"urn:{n}:{}\"", "x".repeat(200)));
            let used = many(8, &|n| format!(" p{n}:a{n}=\"\""));
            let children = format!("<y xmlns=\"urn:y\"{used}/>").repeat(2_000);
            let wrapper = format!("<w xmlns=\"urn:y\"{declared}>{children}</w>");
            let advice = format!("</Conditions><Advice>{wrapper}</Advice>");
            Draft::adfs().edit("</Conditions>", &advice).signed()
        }),
    ]
}

/// A megabyte of metadata, and what is held at most while one provider is taken out of it.
fn cost_of_an_aggregate() -> (usize, usize) {
    let certificate = encode_base64(keys_of_tests::IDP_KEY.certificate.as_der());
    let entity = |n: usize| {
        format!(
            "<md:EntityDescriptor ID=\"_{n}\" entityID=\"https://trust-{n}.example.nhs.uk/saml\">\n<md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\n<md:KeyDescriptor use=\"signing\">\n<ds:KeyInfo>\n<ds:X509Data>\n<ds:X509Certificate>{certificate}</ds:X509Certificate>\n</ds:X509Data>\n</ds:KeyInfo>\n</md:KeyDescriptor>\n<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>\n<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://trust-{n}.example.nhs.uk/saml/sso\"/>\n</md:IDPSSODescriptor>\n<md:ContactPerson contactType=\"technical\"><md:EmailAddress>mailto:team{n}@example.nhs.uk</md:EmailAddress></md:ContactPerson>\n</md:EntityDescriptor>\n"
        )
    };
    let xml = format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{}</md:EntitiesDescriptor>",
        (0..480).map(entity).collect::<String>()
    );
    let name = EntityId::new("https://trust-479.example.nhs.uk/saml").unwrap();
    let reading = Reading { entity_id: Some(&name), ..Reading::default() };
    let read = || IdpMetadata::read_as(xml.as_bytes(), &reading, now()).unwrap();
    assert_eq!(read().entity_id(), &name);
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    read();
    (xml.len(), HEAP.peak_usage() - before)
}

/// One test, so that nothing else in this process allocates meanwhile.
#[test]
fn u_mem_time() {
    let keys = keys();
    let mut out = std::io::stdout();
    let mut exceeded = Vec::new();
    let mut measure = |(what, message): Case, is_honest: bool| {
        // The first validation by a key makes what later ones keep.
        let (verdict, _) = cost(&message, &keys);
        let (again, Cost { bytes, time }) = cost(&message, &keys);
        assert_eq!(verdict, again, "{what}");
        if is_honest {
            verdict.unwrap_or_else(|rejection| panic!("{what}: {rejection:?}"));
        }
        let size = message.0.len();
        let times = bytes as f64 / size.max(1) as f64;
        writeln!(out, "{what:44} {size:9} {bytes:9} {times:6.2} {time:?}").unwrap();
        let most = if is_honest { size * TIMES_THE_DOCUMENT } else { MOST };
        if bytes > most.min(MOST) || time.is_some_and(|time| time > LONGEST) {
            exceeded.push(format!("{what}: {bytes} bytes for {size}, {times:.2}, {time:?}"));
        }
    };
    for case in honest() {
        measure(case, true);
    }
    for case in hostile() {
        measure(case, false);
    }
    let (size, bytes) = cost_of_an_aggregate();
    let times = bytes as f64 / size as f64;
    writeln!(out, "{:44} {size:9} {bytes:9} {times:6.2}", "metadata of a federation").unwrap();
    if bytes > size * TIMES_THE_DOCUMENT {
        exceeded.push(format!("metadata of a federation: {bytes} bytes for {size}"));
    }
    exceeded.extend(stores::exceeded(&mut |what, bytes| {
        writeln!(out, "{what:44} {:9} {bytes:9}", "").unwrap();
    }));
    assert!(exceeded.is_empty(), "{exceeded:#?}");
}
