//! The cases, theme by theme: data, and for each a function that makes what is sent.

mod bindings;
mod by_hand;
mod encryption;
mod honest_contents;
mod honest_people;
mod honest_writing;
mod hygiene;
mod initiated;
mod logout;
mod markup;
mod protocol;
mod sessions;
mod signature;
mod tabs;
mod times;
mod wrapping;

use super::case::Theme;

/// All themes, the honest ones first: what is hostile needs them.
pub const THEMES: &[Theme] = &[
    honest_people::THEME,
    honest_writing::THEME,
    honest_contents::THEME,
    signature::THEME,
    wrapping::THEME,
    markup::THEME,
    protocol::THEME,
    times::THEME,
    bindings::THEME,
    sessions::THEME,
    initiated::THEME,
    encryption::THEME,
    logout::THEME,
    hygiene::THEME,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rehearse::case::{Case, Kind};

    fn all() -> Vec<&'static Case> {
        THEMES.iter().flat_map(|theme| theme.cases).collect()
    }

    #[test]
    fn there_are_enough_of_each_kind() {
        let count = |kind| all().into_iter().filter(|case| case.kind == kind).count();
        let counts = (count(Kind::Honest), count(Kind::Hostile), count(Kind::Hygiene));
        assert!(counts.0 >= 40 && counts.1 >= 120 && counts.2 >= 15, "{counts:?}");
    }

    #[test]
    fn ids_are_words_that_occur_once() {
        let mut seen = BTreeSet::new();
        for id in all().iter().map(|case| case.id).chain(THEMES.iter().map(|theme| theme.id)) {
            let is_word =
                id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            assert!(is_word && !id.is_empty(), "{id}");
            assert!(seen.insert(id), "{id} is there twice");
        }
    }

    #[test]
    fn every_case_says_what_it_is_and_why() {
        for case in all() {
            for text in [case.title, case.why, case.fix] {
                assert!(!text.is_empty() && !text.contains("  "), "{}: {text:?}", case.id);
            }
        }
    }

    #[test]
    fn what_a_case_needs_is_an_honest_case_before_it() {
        let mut honest = BTreeSet::new();
        for case in all() {
            for needed in case.needs {
                assert!(honest.contains(needed), "{} needs {needed}", case.id);
            }
            match case.kind {
                Kind::Honest => _ = honest.insert(case.id),
                Kind::Hostile => assert!(!case.needs.is_empty(), "{} needs nothing", case.id),
                Kind::Hygiene => {}
            }
        }
    }
}
