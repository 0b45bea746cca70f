//! A second opinion on where tokens begin and end: quick-xml's reader, over the same documents.

use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::properties::{TOKENS, document};
use crate::xml::tokens::{Token, Tokens};
use crate::xml::{Document, Limits};

/// One token as both can tell it: what it is, what is in it, and where it ends.
type Told = (&'static str, String, usize);

fn ours(xml: &str) -> Vec<Told> {
    let mut tokens = Tokens::new(xml);
    let mut told = Vec::new();
    while let Some(token) = tokens.next().unwrap() {
        let (kind, inside) = match token {
            Token::Start { inside, is_empty: false } => ("start", inside),
            Token::Start { inside, is_empty: true } => ("empty", inside),
            Token::End { inside } => ("end", inside),
            Token::Text(text) => ("text", text),
            Token::CData(text) => ("cdata", text),
            Token::Reference(body) => ("reference", body),
            Token::Comment(text) => ("comment", text),
            Token::Declaration(inside) => ("declaration", inside),
        };
        told.push((kind, inside.to_owned(), tokens.end()));
    }
    told
}

fn theirs(xml: &str) -> Vec<Told> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    reader.config_mut().trim_markup_names_in_closing_tags = false;
    let mut told = Vec::new();
    loop {
        let event = reader.read_event().unwrap();
        let (kind, inside) = match &event {
            Event::Start(tag) => ("start", &**tag),
            Event::Empty(tag) => ("empty", &**tag),
            Event::End(tag) => ("end", &**tag),
            Event::Text(text) => ("text", &**text),
            Event::CData(text) => ("cdata", &**text),
            Event::GeneralRef(body) => ("reference", &**body),
            Event::Comment(text) => ("comment", &**text),
            Event::Decl(inside) => ("declaration", inside.strip_prefix("xml").unwrap()),
            Event::PI(_) | Event::DocType(_) => panic!("accepted {event:?}"),
            Event::Eof => return told,
        };
        let end = usize::try_from(reader.buffer_position()).unwrap();
        told.push((kind, inside.to_owned(), end));
    }
}

#[test]
fn control() {
    let xml = "<?xml version='1.0'?><!-- a --><r a='>'>b&amp;<![CDATA[<c>]]><d/></r >\n";
    let told = ours(xml);
    assert_eq!(told, theirs(xml));
    let kinds: Vec<&str> = told.iter().map(|(kind, ..)| *kind).collect();
    let all = ["declaration", "comment", "start", "text", "reference", "cdata", "empty", "end"];
    assert_eq!(kinds, [&all[..], &["text"]].concat());
    // Two that differ are told apart.
    assert_ne!(told, theirs(&xml.replace("&amp;", "&ampx;")));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tokens_of_what_is_accepted(
        xml in document(),
        at in any::<prop::sample::Index>(),
        cut in 0_usize..4,
        token in prop::sample::select(TOKENS),
        change in any::<bool>(),
    ) {
        let mut bytes = xml.into_bytes();
        if change {
            let start = at.index(bytes.len());
            let end = start.saturating_add(cut).min(bytes.len());
            bytes.splice(start..end, token.bytes());
        }
        // What is refused here need not be refused there.
        prop_assume!(Document::parse(&bytes, &Limits::MESSAGE).is_ok());
        let xml = std::str::from_utf8(&bytes).unwrap();
        prop_assume!(!xml.starts_with('\u{FEFF}'));
        prop_assert_eq!(ours(xml), theirs(xml));
    }
}
