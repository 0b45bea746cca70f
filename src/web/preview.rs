//! What is shown of a form before its sender sends it again, so that they know what they send.

use crate::saml::is_invisible;

/// So many fields are shown. Nobody reads more.
const MAX_SHOWN: usize = 20;
/// Characters of a name, and of a value.
const MAX_NAME: usize = 60;
const MAX_VALUE: usize = 120;
/// A field whose name holds one of these is not for reading, and perhaps not for whoever looks on.
const SECRET: [&str; 11] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "csrf",
    "xsrf",
    "nonce",
    "credential",
    "signature",
    "session",
    "otp",
];
/// So is one of which one of these is a word.
const SECRET_WORDS: [&str; 5] = ["pin", "key", "code", "cvv", "puk"];

/// What is shown of a form.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Preview {
    /// Names, and values as far as they are shown.
    pub(super) shown: Vec<(String, Option<String>)>,
    /// So many fields are not.
    pub(super) others: usize,
}

impl Preview {
    /// Of the names and values of a form.
    pub(super) fn of(fields: impl Iterator<Item = (String, String)>) -> Self {
        let (mut shown, mut others) = (Vec::new(), 0_usize);
        for (name, value) in fields {
            if shown.len() >= MAX_SHOWN {
                others = others.saturating_add(1);
                continue;
            }
            let value = (!is_secret(&name)).then(|| cut(&value, MAX_VALUE));
            shown.push((cut(&name, MAX_NAME), value));
        }
        Self { shown, others }
    }
}

/// Frameworks name fields of their own with two underscores.
fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    name.starts_with("__")
        || SECRET.iter().any(|part| name.contains(part))
        || words.any(|word| SECRET_WORDS.contains(&word))
}

/// The beginning, with nothing in it that makes it look like another text.
fn cut(text: &str, most: usize) -> String {
    let plain = |c: char| match c {
        '\n' | '\t' => ' ',
        c if is_invisible(c) => '\u{FFFD}',
        c => c,
    };
    let mut chars = text.chars().filter(|c| *c != '\r').map(plain);
    let mut cut: String = chars.by_ref().take(most).collect();
    if chars.next().is_some() {
        cut.push('\u{2026}');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(name: &str) -> Option<String> {
        Preview::of([(name.to_owned(), "v".to_owned())].into_iter()).shown.remove(0).1
    }

    #[test]
    fn what_sounds_secret_is_not_shown() {
        for name in [
            "password",
            "new_Password2",
            "PWD",
            "csrf",
            "csrfmiddlewaretoken",
            "authenticity_token",
            "__RequestVerificationToken",
            "__VIEWSTATE",
            "_wpnonce",
            "client_secret",
            "pin",
            "smart-card.pin",
            "api[key]",
            "code",
            "sms_code",
            "otp",
            "SESSION_ID",
        ] {
            assert_eq!(value_of(name), None, "{name}");
        }
        for name in ["dose", "opinion", "postcode", "keyworker", "shipping", "_method", ""] {
            assert_eq!(value_of(name).as_deref(), Some("v"), "{name}");
        }
    }

    #[test]
    fn it_is_short_and_shows_what_there_is() {
        let long = "\u{e9}".repeat(MAX_VALUE + 1);
        let field = |value: &str| ("a".repeat(MAX_NAME + 1), value.to_owned());
        let preview = Preview::of([field(&long), field("a\r\nb\u{202e}c")].into_iter());
        let (name, value) = preview.shown.first().unwrap();
        assert_eq!(*name, "a".repeat(MAX_NAME) + "\u{2026}");
        assert_eq!(value.clone().unwrap(), "\u{e9}".repeat(MAX_VALUE) + "\u{2026}");
        assert_eq!(preview.shown.get(1).unwrap().1.as_deref(), Some("a b\u{fffd}c"));
        assert_eq!(preview.others, 0);

        let many = Preview::of((0..MAX_SHOWN + 3).map(|_| field("")));
        assert_eq!((many.shown.len(), many.others), (MAX_SHOWN, 3));
    }
}
