//! Random changes to a good response, by somebody without the key. What the product still accepts
//! says the same of the same person, and the strangers find its signature good.
//!
//! `ORACLE_MUTATIONS` says how many (5,000 unless told), `ORACLE_SEED` where to begin.

#[path = "../../attacks/covered.rs"]
mod covered;

use actix_saml::crypto::{KeyShape, SignatureAlgorithm};
use actix_saml::idp::SignedParts;
use actix_saml::saml::Assertion;
use actix_saml::xml::{Document, Limits};
use actix_saml_oracle::Trouble;
use actix_saml_oracle::documents::Choices;
use actix_saml_oracle::scene::Scene;
use actix_saml_oracle::xmlsec1::{self, Place};
use covered::uncovered;

/// No character that names have had since the fifth edition of XML 1.0 alone: libxml2, when asked
/// whether an ID is a name, goes by the fourth.
const PIECES: [&str; 24] = [
    " ",
    "\n",
    "\r",
    "\t",
    "&#32;",
    "<!-- -->",
    "<![CDATA[]]>",
    "x",
    "&amp;",
    "<",
    ">",
    "\"",
    "'",
    "\u{a0}",
    "\u{e9}",
    "<x/>",
    "<x xmlns=\"\"/>",
    " a=\"\"",
    " xmlns=\"\"",
    " xmlns:q=\"urn:q\"",
    "<?p?>",
    "/",
    "]]>",
    "<ds:Object/>",
];

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// One change: of a few bytes, or of whole elements.
fn mutate(xml: &str, choices: &mut Choices) -> String {
    let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE).expect("a good response");
    let spans: Vec<_> = document.elements().map(|n| n.span()).collect();
    let element = spans[choices.below(spans.len())].clone();
    let other = spans[choices.below(spans.len())].clone();
    let inside = &xml[element.clone()];
    let at = choices.below(xml.len());
    // Near the edges of tags more often than elsewhere.
    let at = if choices.one_in(2) { at } else { [other.start, other.end][choices.below(2)] };
    let at = (at..=xml.len()).find(|&i| xml.is_char_boundary(i)).unwrap_or(xml.len());
    let insert = |at: usize, piece: &str| [&xml[..at], piece, &xml[at..]].concat();
    match choices.below(9) {
        0 | 1 => insert(at, choices.pick(&PIECES)),
        2 => {
            let rest: String = xml[at..].chars().skip(1 + choices.below(3)).collect();
            [&xml[..at], &rest].concat()
        }
        3 => {
            let mut chars = xml[at..].chars();
            let flipped = chars
                .next()
                .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { 'z' });
            [&xml[..at], &flipped.map(String::from).unwrap_or_default(), chars.as_str()].concat()
        }
        4 => [&xml[..element.start], &xml[element.end..]].concat(),
        5 => insert(other.start, inside),
        6 => insert(other.end, inside),
        7 => [&xml[..element.start], "<x>", inside, "</x>", &xml[element.end..]].concat(),
        _ => [&xml[..element.start], &xml[other], &xml[element.end..]].concat(),
    }
}

fn says(assertion: &Assertion) -> String {
    format!(
        "{:?} {:?} {:?} {:?}",
        assertion.id(),
        assertion.name_id().map(|n| &n.value),
        assertion.authn(),
        assertion.attributes().iter().map(|a| (&a.name, &a.values)).collect::<Vec<_>>()
    )
}

#[test]
fn what_is_accepted_is_what_was_signed() -> Result<(), Trouble> {
    let scene = Scene::new(KeyShape::Rsa2048)?;
    let certificate = scene.certificate_pem()?;
    let (first, mutations) = (number("ORACLE_SEED", 1), number("ORACLE_MUTATIONS", 5_000));
    let mut accepted = 0_u64;
    for (signed, place) in [
        (SignedParts::AssertionOnly, Place::InAssertion),
        (SignedParts::MessageOnly, Place::InRoot),
    ] {
        let good = scene.response(signed, SignatureAlgorithm::RsaSha256)?;
        let expected = says(&scene.ours(&good)?);
        for seed in first..first + mutations / 2 {
            let mut choices = Choices::new(seed);
            let mut xml = mutate(&good, &mut choices);
            // A second change only where the first left a document.
            if choices.one_in(3) && Document::parse(xml.as_bytes(), &Limits::MESSAGE).is_ok() {
                xml = mutate(&xml, &mut choices);
            }
            if xml == good {
                continue;
            }
            let Ok(assertion) = scene.ours(&xml) else { continue };
            accepted += 1;
            assert_eq!(says(&assertion), expected, "seed {seed} {signed:?}\n{xml}");
            assert!(xmlsec1::verify(&xml, &certificate, place)?, "seed {seed} {signed:?}\n{xml}");
            let digested = scene.stranger.verifies(&xml);
            let digested = digested.map_err(|e| format!("seed {seed} {signed:?} {e}\n{xml}"))?;
            // What libxml2 makes of the signed element: all that is handed out stands in it.
            let missing = uncovered(&digested, &assertion);
            assert!(missing.is_empty(), "seed {seed} {signed:?} {missing:?}\n{xml}");
        }
    }
    println!("{accepted} of {mutations} changed responses were accepted");
    // Changes that change nothing exist: white space between tags, unsigned attributes.
    assert!(accepted > 0);
    Ok(())
}
