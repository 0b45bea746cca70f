//! Every sentence of every page, in one place, so that all of them can be said in another language.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use toml::{Table, Value};

use super::catalogue::Words;
use super::content::{Paragraph, Part};

/// What the pages say: English, with what an application says otherwise.
///
/// Texts are plain: whatever is in them is escaped where it is shown. A text may have places for
/// what is only known later, such as `{name}`, and keeps all of them.
///
/// ```
/// use actix_saml::web::Texts;
///
/// let texts = Texts::from_toml(
///     r#"
///     lang = "cy"
///     sign_in = "Mewngofnodi"
///     reference = "Cyfeirnod: {reference}"
///     "#,
/// )?;
/// assert_eq!(texts.lang(), "cy");
/// assert!(Texts::from_toml(r#"sign_in = "Mewngofnodi, {name}""#).is_err());
/// # Ok::<(), actix_saml::web::TextsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    lang: String,
    direction: Direction,
    said: BTreeMap<Words, String>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { lang: ENGLISH.to_owned(), direction: Direction::LeftToRight, said: BTreeMap::new() }
    }
}

pub(super) const ENGLISH: &str = "en-GB";

/// In which direction a language is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// As English is.
    LeftToRight,
    /// As Arabic and Urdu are.
    RightToLeft,
}

impl Direction {
    /// The value of the attribute `dir`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }
}

/// What is the matter with a text, or with a file of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextsError {
    /// The file is no TOML.
    #[error("{0}")]
    Toml(String),
    /// There is no such text.
    #[error("{0}: there is no such text")]
    UnknownKey(String),
    /// The value is no text.
    #[error("{0}: not a text")]
    NotText(String),
    /// A text with nothing in it.
    #[error("{0}: empty")]
    Empty(String),
    /// The places in a text are not those that it must have.
    #[error("{key}: {found} in the place of {expected}")]
    Places {
        /// Which text.
        key: String,
        /// The places that it must have.
        expected: String,
        /// Those that it has.
        found: String,
    },
    /// The language has no such form as `cy` or `en-GB`.
    #[error("lang: {0:?} is not the tag of a language, such as cy or en-GB")]
    Lang(String),
    /// The direction is neither.
    #[error("dir: {0:?} is neither ltr nor rtl")]
    Dir(String),
}

impl Texts {
    /// Reads texts from TOML: `lang`, `dir`, and the keys of texts. What is missing stays English.
    /// [`Texts::to_toml`] writes them all.
    ///
    /// # Errors
    /// [`TextsError`] for the first text that cannot be used.
    pub fn from_toml(text: &str) -> Result<Self, TextsError> {
        let table: Table =
            toml::from_str(text).map_err(|error| TextsError::Toml(error.to_string()))?;
        let mut texts = Self::default();
        for (key, value) in table {
            let Value::String(value) = value else { return Err(TextsError::NotText(key)) };
            texts.set(&key, value)?;
        }
        Ok(texts)
    }

    /// Says `value` in the place of what has been said by the text `key`; `lang` and `dir` are keys
    /// as well.
    ///
    /// # Errors
    /// [`TextsError`] when there is no such text, or when it is to have other places.
    pub fn set(&mut self, key: &str, value: impl Into<String>) -> Result<(), TextsError> {
        let value = value.into();
        match key {
            "lang" if is_language(&value) => self.lang = value,
            "lang" => return Err(TextsError::Lang(value)),
            "dir" => {
                self.direction = match value.as_str() {
                    "ltr" => Direction::LeftToRight,
                    "rtl" => Direction::RightToLeft,
                    _ => return Err(TextsError::Dir(value)),
                }
            }
            _ => {
                let text = Words::ALL.iter().find(|text| text.key() == key);
                let text = text.ok_or_else(|| TextsError::UnknownKey(key.to_owned()))?;
                check(*text, &value)?;
                self.said.insert(*text, value);
            }
        }
        Ok(())
    }

    /// The language, for the attribute `lang`.
    pub fn lang(&self) -> &str {
        &self.lang
    }

    /// The direction in which it is written.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// Key and words of every text.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        Words::ALL.iter().map(|text| (text.key(), self.say(*text)))
    }

    /// The keys of texts that are still those of the crate.
    pub fn unsaid(&self) -> impl Iterator<Item = &'static str> {
        Words::ALL.iter().filter(|text| !self.said.contains_key(text)).map(|text| text.key())
    }

    /// All of them as the TOML that [`Texts::from_toml`] reads: the file to translate.
    pub fn to_toml(&self) -> String {
        let mut toml = String::new();
        for (key, words) in
            [("lang", self.lang()), ("dir", self.direction.as_str())].into_iter().chain(self.iter())
        {
            let words = words.replace('\\', "\\\\").replace('"', "\\\"");
            let words = words.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
            let _ = writeln!(toml, "{key} = \"{words}\"");
        }
        toml
    }

    pub(super) fn say(&self, text: Words) -> &str {
        self.said.get(&text).map_or(text.english(), String::as_str)
    }

    /// A text with what belongs in its places.
    pub(super) fn fill(&self, text: Words, values: &[(&str, &str)]) -> Paragraph {
        let mut parts = Vec::new();
        for piece in pieces(self.say(text)) {
            parts.push(match piece {
                Piece::Said(words) => Part::Text(words.to_owned()),
                // A place without a value is a mistake of ours, and shows as what it is.
                Piece::Place(name) => values
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map_or_else(|| Part::Text(name.to_owned()), |(_, v)| Part::Value((*v).into())),
            });
        }
        Paragraph::new(parts)
    }
}

enum Piece<'t> {
    Said(&'t str),
    Place(&'t str),
}

/// Words and places of a text, in turn. A brace that opens no place is a word.
fn pieces(mut text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    while let Some((before, rest)) = text.split_once('{') {
        let Some((name, after)) = rest.split_once('}') else { break };
        if !before.is_empty() {
            pieces.push(Piece::Said(before));
        }
        pieces.push(Piece::Place(name));
        text = after;
    }
    if !text.is_empty() {
        pieces.push(Piece::Said(text));
    }
    pieces
}

/// Whether `said` can stand in the place of the English words.
fn check(text: Words, said: &str) -> Result<(), TextsError> {
    let key = || text.key().to_owned();
    if said.trim().is_empty() {
        return Err(TextsError::Empty(key()));
    }
    let (expected, found) = (places(text.english()), places(said));
    let has_stray = pieces(said).iter().any(|piece| match piece {
        Piece::Said(words) => words.contains(['{', '}']),
        Piece::Place(_) => false,
    });
    if expected == found && !has_stray {
        return Ok(());
    }
    let shown = |places: &[&str]| match places {
        [] => "no place".to_owned(),
        places => places.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(" "),
    };
    let found = if has_stray { "a brace that is no place".to_owned() } else { shown(&found) };
    Err(TextsError::Places { key: key(), expected: shown(&expected), found })
}

/// The places of a text, each once: a sentence may need a name twice.
fn places(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = pieces(text)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Place(name) => Some(name),
            Piece::Said(_) => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether this is a tag as in BCP 47, by its form.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let is_part = |part: &str, letters_only: bool| {
        (1..=8).contains(&part.len())
            && part
                .bytes()
                .all(|b| b.is_ascii_alphabetic() || (!letters_only && b.is_ascii_digit()))
    };
    parts.next().is_some_and(|first| first.len() >= 2 && is_part(first, true))
        && parts.all(|part| is_part(part, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_stays_english() {
        let texts = Texts::from_toml("sign_in = \"Mewngofnodi\"").unwrap();
        assert_eq!(texts.say(Words::SignIn), "Mewngofnodi");
        assert_eq!(texts.say(Words::SignOut), "Sign out");
        assert_eq!((texts.lang(), texts.direction()), ("en-GB", Direction::LeftToRight));
        assert_eq!(texts.unsaid().count(), Words::ALL.len() - 1);
    }

    #[test]
    fn a_text_that_cannot_be_used_is_refused() {
        let places = |key: &str, expected: &str, found: &str| TextsError::Places {
            key: key.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        };
        let own = str::to_owned;
        for (toml, error) in [
            ("sign_inn = \"x\"", TextsError::UnknownKey(own("sign_inn"))),
            ("sign_in = 1", TextsError::NotText(own("sign_in"))),
            ("sign_in = \" \"", TextsError::Empty(own("sign_in"))),
            ("sign_in = \"Hi {name}\"", places("sign_in", "no place", "{name}")),
            ("reference = \"Ref\"", places("reference", "{reference}", "no place")),
            ("reference = \"{ref}\"", places("reference", "{reference}", "{ref}")),
            (
                "reference = \"{reference} {\"",
                places("reference", "{reference}", "a brace that is no place"),
            ),
            (
                "reference = \"{reference} }\"",
                places("reference", "{reference}", "a brace that is no place"),
            ),
            ("lang = \"Welsh!\"", TextsError::Lang(own("Welsh!"))),
            ("lang = \"\"", TextsError::Lang(own(""))),
            ("lang = \"x\"", TextsError::Lang(own("x"))),
            ("dir = \"up\"", TextsError::Dir(own("up"))),
        ] {
            assert_eq!(Texts::from_toml(toml).unwrap_err(), error, "{toml}");
        }
        assert!(matches!(Texts::from_toml("sign_in ="), Err(TextsError::Toml(_))));
    }

    #[test]
    fn a_place_may_move_and_may_come_twice() {
        let said = "handover_text = \"{name}, {opened_by} ({name})\"";
        let texts = Texts::from_toml(said).unwrap();
        let values = [("name", "A <b>"), ("opened_by", "B {name}")];
        let filled = texts.fill(Words::HandoverText, &values);
        assert_eq!(filled.to_string(), "A <b>, B {name} (A <b>)");
        assert_eq!(
            filled.to_html(),
            "<strong>A &lt;b&gt;</strong>, <strong>B {name}</strong> (<strong>A &lt;b&gt;</strong>)"
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut texts = Texts::default();
        texts.set("lang", "ur-PK").unwrap();
        texts.set("dir", "rtl").unwrap();
        texts.set("sign_in", "a \"b\" \\ c\nd").unwrap();
        for text in Words::ALL {
            texts.set(text.key(), texts.say(*text).to_owned()).unwrap();
        }
        assert_eq!(Texts::from_toml(&texts.to_toml()).unwrap(), texts);
    }

    #[test]
    fn the_file_to_translate_is_the_catalogue() {
        let file = include_str!("../../../docs/texts.toml");
        let (_, texts) = file.split_once("\n\n").unwrap();
        assert_eq!(texts, Texts::default().to_toml());
    }
}
