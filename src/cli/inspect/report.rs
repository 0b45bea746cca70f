//! Everything that is known about a file. Both ways of printing are made from this.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::input::{Form, Input};
use super::listing::{Cover, Line, Mark, lines};
use super::message::{Assertion, Message};
use super::metadata::Metadata;
use super::rules::{Given, RuleLine, Scene, State};
use super::signature::{self, Found, Signature, query_signature, signatures};
use crate::saml::metadata::IdpMetadata;
use crate::saml::names::{ASSERTION, PROTOCOL};
use crate::saml::{InvalidEntityId, Walk, walk};
use crate::xml::{Document, Limits, Node, XmlError};
use crate::xmlenc::{Budget, DecryptError, DecryptionKey, decrypt};

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// A response of which every rule holds: the verifier accepts it.
    Holds,
    /// Something does not hold, is not readable or cannot be used.
    Fails,
    /// A response of which nothing fails, but not everything could be checked.
    Undecided,
    /// No response: there is nothing to decide.
    Shown,
}

/// A report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) verdict: Verdict,
    /// When this was looked at.
    pub(super) now: String,
    pub(super) input: Source,
    /// Why the XML cannot be read.
    pub(super) unreadable: Option<Fault>,
    pub(super) message: Option<Message>,
    pub(super) assertion: Option<Assertion>,
    /// Which signatures vouch for the assertion: `assertion`, `response` or `both`.
    pub(super) assertion_signed: Option<&'static str>,
    pub(super) encryption: Encryption,
    pub(super) metadata: Option<Metadata>,
    pub(super) signatures: Vec<Signature>,
    pub(super) rules: Vec<RuleLine>,
    /// The XML as it came.
    pub(super) xml: String,
    /// What the encrypted assertion decrypts to.
    pub(super) decrypted_xml: Option<String>,
    /// What stands where the XML is broken.
    #[serde(skip)]
    pub(super) near: Option<String>,
    #[serde(skip)]
    pub(super) listing: Vec<Line>,
    #[serde(skip)]
    pub(super) decrypted_listing: Vec<Line>,
}

#[derive(Debug, Serialize)]
pub(super) struct Source {
    pub(super) form: Form,
    /// Bytes of the XML.
    pub(super) bytes: usize,
    /// `SAMLRequest` or `SAMLResponse`, when it came in one of them.
    pub(super) parameter: Option<&'static str>,
    pub(super) relay_state: Option<String>,
}

/// What is wrong with something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) detail: String,
}

/// Whether the assertion is encrypted, and whether it could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum Encryption {
    /// It is not.
    None,
    /// It is, and a key that was given decrypts it.
    Decrypted,
    /// It is, and it could not be read.
    Closed(Fault),
}

/// What the caller has given.
pub(super) struct Request<'a> {
    pub(super) given: Given<'a>,
    pub(super) decryption: &'a [DecryptionKey],
    pub(super) now: DateTime<Utc>,
    /// Whether the XML of metadata is to be listed as well.
    pub(super) list_metadata: bool,
}

impl Report {
    /// Looks at `input` from every side.
    ///
    /// # Errors
    /// Never in truth: a name of our own making would have to be unusable.
    pub(super) fn make(input: &Input, request: &Request<'_>) -> Result<Self, InvalidEntityId> {
        let xml = String::from_utf8_lossy(&input.xml).into_owned();
        let mut report = Self {
            verdict: Verdict::Shown,
            now: crate::saml::format_instant(request.now),
            input: Source {
                form: input.form,
                bytes: input.xml.len(),
                parameter: input.parameter,
                relay_state: input.relay_state.clone(),
            },
            unreadable: None,
            message: None,
            assertion: None,
            assertion_signed: None,
            encryption: Encryption::None,
            metadata: None,
            signatures: Vec::new(),
            rules: Vec::new(),
            xml,
            decrypted_xml: None,
            near: None,
            listing: Vec::new(),
            decrypted_listing: Vec::new(),
        };
        report.fill(input, request)?;
        report.verdict = report.decide();
        Ok(report)
    }

    fn fill(&mut self, input: &Input, request: &Request<'_>) -> Result<(), InvalidEntityId> {
        let trusted = request.given.idp;
        let of_query = input.redirect.as_ref().and_then(|message| message.signature());
        let of_query = of_query.map(|signature| query_signature(signature, trusted));
        let around = of_query.as_ref().map(|s| signature::whole(input.xml.len(), s.mark()));
        self.signatures.extend(of_query);
        let document = match parse(&input.xml) {
            Ok(document) => document,
            Err(error) => {
                self.listing = lines(&self.xml, &[]);
                self.near = near(&self.xml, &error);
                self.unreadable = Some(Fault { code: error.code(), detail: error.to_string() });
                return Ok(());
            }
        };
        let root = document.root();
        if Metadata::is_root(root) {
            self.metadata = Some(Metadata::read(root, &input.xml, request.now));
            self.add(signatures(&document, None, request.now));
            if request.list_metadata {
                self.listing = lines(&self.xml, &[]);
            }
            return Ok(());
        }
        let mut covers = self.add(signatures(&document, trusted, request.now));
        covers.extend(around);
        self.listing = lines(&self.xml, &covers);
        let message = Message::read(root, request.now);
        self.read_assertion(root, &covers, trusted, request);
        if root.is(PROTOCOL, "Response") {
            let expect = request.given.expectations(&message, self.assertion.as_ref())?;
            let keys = request.given.idp.map(IdpMetadata::keys);
            let walk = walk(&input.xml, &expect, keys, request.decryption, request.now);
            self.add_rules(&walk, &message, request);
        }
        self.message = Some(message);
        Ok(())
    }

    fn add(&mut self, found: Vec<Found>) -> Vec<Cover> {
        let (signatures, covers): (Vec<_>, Vec<_>) =
            found.into_iter().map(|found| (found.signature, found.cover)).unzip();
        self.signatures.extend(signatures);
        covers
    }

    /// The first assertion there is, opened if it must be and can be.
    fn read_assertion(
        &mut self,
        root: Node<'_>,
        covers: &[Cover],
        trusted: Option<&IdpMetadata>,
        request: &Request<'_>,
    ) {
        let is_assertion = |n: &Node<'_>| n.is(ASSERTION, "Assertion");
        if let Some(plain) = Some(root).filter(is_assertion).or(root.elements().find(is_assertion))
        {
            self.assertion = Some(Assertion::read(plain, request.now));
            return;
        }
        let is_encrypted = |n: &Node<'_>| n.is(ASSERTION, "EncryptedAssertion");
        let Some(encrypted) = root.elements().find(is_encrypted) else { return };
        let closed = |error: DecryptError| {
            Encryption::Closed(Fault { code: error.code(), detail: error.to_string() })
        };
        let budget = Budget::new(request.decryption.len());
        let plaintext = match decrypt(encrypted, request.decryption, &budget) {
            Ok(plaintext) => plaintext,
            Err(error) => return self.encryption = closed(error),
        };
        let Ok(document) = Document::parse(&plaintext, &Limits::MESSAGE) else {
            return self.encryption = closed(DecryptError::Failed);
        };
        self.encryption = Encryption::Decrypted;
        if is_assertion(&document.root()) {
            self.assertion = Some(Assertion::read(document.root(), request.now));
        }
        // A signature around the cipher text covers what it stands for.
        let around = covers
            .iter()
            .filter(|cover| cover.element.contains(&encrypted.span().start))
            .map(|cover| cover.mark)
            .max();
        let inside = self.add(signatures(&document, trusted, request.now));
        let whole = signature::whole(plaintext.len(), around.unwrap_or(Mark::None));
        let text = String::from_utf8_lossy(&plaintext).into_owned();
        self.decrypted_listing = lines(&text, &[inside, vec![whole]].concat());
        self.decrypted_xml = Some(text);
    }

    fn add_rules(&mut self, walk: &Walk, message: &Message, request: &Request<'_>) {
        let scene = Scene {
            given: &request.given,
            message,
            assertion: self.assertion.as_ref(),
            signatures: &self.signatures,
        };
        self.rules = walk.steps.iter().map(|step| scene.line(step)).collect();
        self.assertion_signed = walk.signed.map(crate::saml::SignedPart::as_str);
    }

    fn decide(&self) -> Verdict {
        let any = |state: State| self.rules.iter().any(|rule| rule.state == state);
        let is_refused = self.signatures.iter().any(|s| s.state == super::signature::State::Failed);
        let is_refused = is_refused || self.is_useless();
        if self.unreadable.is_some() || any(State::Failed) || is_refused {
            Verdict::Fails
        } else if any(State::Unchecked) || any(State::Unreached) {
            Verdict::Undecided
        } else if self.rules.is_empty() {
            Verdict::Shown
        } else {
            Verdict::Holds
        }
    }

    /// Whether it is metadata of an identity provider that cannot be used.
    pub(super) fn is_useless(&self) -> bool {
        let usable = self.metadata.as_ref().and_then(|metadata| metadata.usable.as_ref());
        usable.is_some_and(|usable| !usable.usable)
    }

    /// How many rules are in this state.
    pub(super) fn count(&self, state: State) -> usize {
        self.rules.iter().filter(|rule| rule.state == state).count()
    }
}

/// Some characters on both sides of the place where `xml` is broken.
fn near(xml: &str, error: &XmlError) -> Option<String> {
    const CHARACTERS: usize = 30;
    let (XmlError::Malformed { position, .. } | XmlError::Namespace { position, .. }) = error
    else {
        return None;
    };
    // In text that is not UTF-8 the place has moved.
    let (before, behind) = xml.split_at_checked(*position)?;
    let start = before.char_indices().rev().nth(CHARACTERS).map_or(0, |(at, _)| at);
    let behind: String = behind.chars().take(CHARACTERS).collect();
    Some(format!("{}[*]{behind}", before.get(start..)?))
}

/// Metadata may be larger than messages; the root says which it is.
fn parse(xml: &[u8]) -> Result<Document<'_>, XmlError> {
    let as_message = Document::parse(xml, &Limits::MESSAGE);
    match as_message {
        Err(XmlError::Limit { .. }) => match Document::parse(xml, &Limits::METADATA) {
            Ok(document) if Metadata::is_root(document.root()) => Ok(document),
            _ => as_message,
        },
        other => other,
    }
}
