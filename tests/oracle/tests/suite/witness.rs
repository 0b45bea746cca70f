//! Asks the strangers about each message of the attacks, and writes down what they say.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::Mutex;

use actix_saml::saml::Keys;
use actix_saml::xml::{Document, Limits, Node};
use actix_saml_oracle::stranger::verifies;
use actix_saml_oracle::xmlsec1::{self, Place};

use crate::fixture::Message;
use crate::keys_of_tests::certificates_of;

/// Names the file to write to.
pub const RECORD: &str = "ORACLE_RECORD";

/// What everybody says of a message in one test.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    pub test: String,
    /// The product's code, or `accepted`.
    pub ours: String,
    /// xmlsec1 on the signature in the root, that in its child, and samael on all of them.
    pub strangers: [Opinion; 3],
}

/// What a stranger says of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opinion {
    /// There is none to speak of.
    None,
    Good,
    Bad,
}

impl fmt::Display for Opinion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "-",
            Self::Good => "good",
            Self::Bad => "bad",
        })
    }
}

impl Opinion {
    fn of(is_there: bool, ask: impl FnOnce() -> bool) -> Self {
        match is_there.then(ask) {
            None => Self::None,
            Some(true) => Self::Good,
            Some(false) => Self::Bad,
        }
    }

    fn read(text: &str) -> Option<Self> {
        [Self::None, Self::Good, Self::Bad].into_iter().find(|o| o.to_string() == text)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [root, assertion, samael] = self.strangers;
        let Self { test, ours, .. } = self;
        write!(f, "{test} {ours} root {root} assertion {assertion} samael {samael}")
    }
}

impl Answer {
    pub fn read(line: &str) -> Option<Self> {
        let parts: Vec<&str> = line.split(' ').collect();
        let [test, ours, "root", root, "assertion", assertion, "samael", samael] = parts[..] else {
            return None;
        };
        let strangers = [Opinion::read(root)?, Opinion::read(assertion)?, Opinion::read(samael)?];
        Some(Self { test: test.to_owned(), ours: ours.to_owned(), strangers })
    }

    pub fn is_accepted(&self) -> bool {
        self.ours == "accepted"
    }

    /// Somebody has found a signature to be good, and nobody one to be bad.
    pub fn is_good(&self) -> bool {
        self.strangers.contains(&Opinion::Good) && !self.strangers.contains(&Opinion::Bad)
    }

    /// There was nothing for them to look at: what is encrypted, or exhausts, is not for them.
    pub fn is_hidden(&self) -> bool {
        self.strangers == [Opinion::None; 3]
    }
}

/// Whether there is a signature at a place, or anywhere. Where we cannot read the document there may
/// be one.
fn has_signature(xml: &str, place: Option<Place>) -> bool {
    let Ok(document) = Document::parse(xml.as_bytes(), &Limits::METADATA) else {
        return xml.contains("Signature");
    };
    let is_signature = |node: &Node<'_>| node.local_name() == "Signature";
    let root = document.root();
    match place {
        None => document.elements().any(|node| is_signature(&node)),
        Some(Place::InRoot) => root.elements().any(|node| is_signature(&node)),
        Some(Place::InAssertion) => root
            .elements()
            .filter(|node| node.local_name() == "Assertion")
            .any(|assertion| assertion.elements().any(|node| is_signature(&node))),
        // Nothing is decrypted here.
        Some(Place::InDecrypted) => false,
    }
}

static WRITING: Mutex<()> = Mutex::new(());

pub fn watch<T, E>(
    message: &Message,
    keys: &Keys,
    code: fn(&E) -> &'static str,
    validate: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let verdict = validate();
    let Some(record) = std::env::var_os(RECORD) else { return verdict };
    let ours = match &verdict {
        Ok(_) => "accepted".to_owned(),
        Err(rejection) => code(rejection).to_owned(),
    };
    // What is made to exhaust is shown to nobody else: they may take minutes over it.
    let exhausts = ["xml_limit", "signature_canonical_size"].contains(&&*ours);
    let certificates = certificates_of(keys);
    let pems: Vec<String> = certificates.iter().map(|c| c.to_pem().expect("PEM")).collect();
    let xml = message.0.as_str();
    let at = |place| {
        Opinion::of(!exhausts && has_signature(xml, Some(place)), || {
            pems.iter().any(|pem| xmlsec1::verify(xml, pem, place).expect("xmlsec1 runs"))
        })
    };
    let [root, assertion] = [at(Place::InRoot), at(Place::InAssertion)];
    let ders: Vec<&[u8]> = certificates.iter().map(|c| c.as_der()).collect();
    // One at a time: what is under it is not made for several threads.
    let guard = WRITING.lock();
    let samael =
        Opinion::of(!exhausts && has_signature(xml, None), || verifies(xml, &ders).is_ok());
    let thread = std::thread::current();
    let test = thread.name().unwrap_or_default().to_owned();
    let answer = Answer { test, ours, strangers: [root, assertion, samael] };
    let mut file = OpenOptions::new().create(true).append(true).open(record).expect("a file");
    writeln!(file, "{answer}").expect("it is written");
    drop(guard);
    verdict
}
