//! What metadata says for people's eyes, and the scopes that a provider may speak for.

use url::Url;

use crate::saml::name_id::is_invisible;
use crate::saml::names::METADATA;
use crate::xml::{Node, XML_NAMESPACE};

const MDUI: &str = "urn:oasis:names:tc:SAML:metadata:ui";
const SHIBMD: &str = "urn:mace:shibboleth:metadata:1.0";

/// Entries of one kind that are kept. What comes behind them is left out.
const MAX_ENTRIES: usize = 128;
/// Characters of one text. A longer one is left out rather than cut.
const MAX_TEXT: usize = 2_048;

/// A value in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Localised<T> {
    /// `xml:lang`: `en`, `cy`, …; empty when the metadata does not say.
    pub lang: String,
    /// The value.
    pub value: T,
}

/// A picture that stands for a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Where it is; always https.
    pub url: Url,
    /// Width in pixels as published, if it is a number.
    pub width: Option<u32>,
    /// Height in pixels as published, if it is a number.
    pub height: Option<u32>,
    /// `xml:lang`, for a picture with words in it.
    pub lang: Option<String>,
}

/// How a provider wishes to be shown (Metadata Extensions for Login and Discovery User Interface
/// 2.1). All of it is the provider's own word: show it, and decide nothing by it.
///
/// What cannot be shown is left out: texts with invisible characters, logos that are not https,
/// links that are neither https nor http.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UiInfo {
    /// Names.
    pub display_names: Vec<Localised<String>>,
    /// Descriptions.
    pub descriptions: Vec<Localised<String>>,
    /// Pictures.
    pub logos: Vec<Logo>,
    /// Pages about what is done with personal data.
    pub privacy_statement_urls: Vec<Localised<Url>>,
    /// Pages about the provider.
    pub information_urls: Vec<Localised<Url>>,
}

impl UiInfo {
    /// The name in the language `lang`, else in English, else the first one.
    pub fn display_name(&self, lang: &str) -> Option<&str> {
        let is_in = |n: &&Localised<String>, lang: &str| {
            let primary = n.lang.split('-').next().unwrap_or("");
            n.lang.eq_ignore_ascii_case(lang) || primary.eq_ignore_ascii_case(lang)
        };
        let names = || self.display_names.iter();
        let found = names().find(|n| is_in(n, lang)).or_else(|| names().find(|n| is_in(n, "en")));
        found.or(names().next()).map(|n| n.value.as_str())
    }

    pub(super) fn read(role: Node<'_>) -> Self {
        let mut info = Self::default();
        let extensions = extensions(role).filter(|n| n.is(MDUI, "UIInfo"));
        for node in extensions.flat_map(Node::elements).filter(|n| n.namespace() == MDUI) {
            match node.local_name() {
                "DisplayName" => keep(&mut info.display_names, localised(node, Some)),
                "Description" => keep(&mut info.descriptions, localised(node, Some)),
                "Logo" => keep(&mut info.logos, Logo::read(node)),
                "PrivacyStatementURL" => {
                    keep(&mut info.privacy_statement_urls, localised(node, |t| link(&t)));
                }
                "InformationURL" => {
                    keep(&mut info.information_urls, localised(node, |t| link(&t)));
                }
                _ => {}
            }
        }
        info
    }
}

impl Logo {
    fn read(node: Node<'_>) -> Option<Self> {
        let pixels = |name| node.attribute(name).and_then(|n| n.parse().ok());
        Some(Self {
            url: link(&text(node)?).filter(|url| url.scheme() == "https")?,
            width: pixels("width"),
            height: pixels("height"),
            lang: lang(node),
        })
    }
}

/// A domain that a provider may assert attributes for (Shibboleth metadata extension `Scope`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// As published.
    pub text: String,
    /// Whether `text` is a regular expression. Nothing here compiles it: a provider could write
    /// one that takes for ever, or one that means more than it seems to.
    pub is_regexp: bool,
}

impl Scope {
    /// The scopes of the role and of the entity around it. One whose `regexp` is neither true nor
    /// false could mean either, and is left out.
    pub(super) fn read_all(entity: Node<'_>, role: Node<'_>) -> Vec<Self> {
        let mut scopes = Vec::new();
        for node in extensions(entity).chain(extensions(role)).filter(|n| n.is(SHIBMD, "Scope")) {
            let is_regexp = match node.attribute("regexp") {
                None | Some("false" | "0") => false,
                Some("true" | "1") => true,
                Some(_) => continue,
            };
            let scope = text(node).map(|text| Self { text, is_regexp });
            if scope.as_ref().is_some_and(|scope| !scopes.contains(scope)) {
                keep(&mut scopes, scope);
            }
        }
        scopes
    }
}

fn keep<T>(list: &mut Vec<T>, item: Option<T>) {
    if list.len() < MAX_ENTRIES {
        list.extend(item);
    }
}

/// The elements inside the `Extensions` of `node`.
fn extensions(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    node.elements().filter(|n| n.is(METADATA, "Extensions")).flat_map(Node::elements)
}

/// The text of `node` without the white space that indentation puts around and into it.
fn text(node: Node<'_>) -> Option<String> {
    let text = node.text()?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let text = words.join(" ");
    let fits = !text.is_empty() && text.chars().count() <= MAX_TEXT;
    (fits && !text.chars().any(is_invisible)).then_some(text)
}

fn lang(node: Node<'_>) -> Option<String> {
    let attribute = node.attributes().find(|a| a.namespace == XML_NAMESPACE && a.local == "lang");
    attribute.map(|a| a.value.to_owned()).filter(|lang| is_language(lang))
}

/// Language tags are letters, digits and hyphens (RFC 5646).
fn is_language(lang: &str) -> bool {
    !lang.is_empty()
        && lang.len() <= 35
        && lang.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn localised<T>(node: Node<'_>, read: impl Fn(String) -> Option<T>) -> Option<Localised<T>> {
    let value = read(text(node)?)?;
    Some(Localised { lang: lang(node).unwrap_or_default(), value })
}

fn link(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "https" | "http") && url.has_host();
    (is_web && url.username().is_empty() && url.password().is_none()).then_some(url)
}
