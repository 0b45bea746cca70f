//! The people, read from a file that anybody can edit.

use std::collections::BTreeSet;

use serde::Deserialize;
use thiserror::Error;

use super::names::{PASSWORD_PROTECTED_TRANSPORT, WINDOWS_AUTHENTICATION};
use super::person::{
    AUTHN_METHODS, Claim, DISPLAY_NAME, GIVEN_NAME, GROUP, INSIDE_NETWORK, MAIL, MULTIPLE_AUTHN,
    ODS, PRIMARY_SID, Person, ROLE, SURNAME, UPN, is_user_name, names_of,
};

/// As many people as fit on a page that somebody still reads.
const MAX_PEOPLE: usize = 1000;
const MAX_MORE_GROUPS: u16 = 2000;

/// Why a file of people cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PeopleError {
    /// It is not TOML, or holds a word that is not known or a value of another kind.
    #[error("{0}")]
    Toml(String),
    /// There is nobody in it.
    #[error("there is no [[person]]")]
    Nobody,
    /// There are too many.
    #[error("there are more than {MAX_PEOPLE} people")]
    TooMany,
    /// A user name that cannot be typed on the sign-in page.
    #[error(
        "the user name {found:?} is not 1 to 64 lower-case letters, digits, dots, hyphens, \
         underscores and apostrophes"
    )]
    UserName {
        /// What it says.
        found: String,
    },
    /// Two people of one user name.
    #[error("the user name {found:?} is there twice")]
    Twice {
        /// Which one.
        found: String,
    },
    /// More groups than any directory has.
    #[error("more_groups of {user_name:?} is greater than {MAX_MORE_GROUPS}")]
    MoreGroups {
        /// Whose.
        user_name: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    person: Vec<PersonCard>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mfa {
    #[default]
    Evident,
    None,
}

/// What is written down of a person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonCard {
    pub(crate) user_name: String,
    #[serde(default)]
    title: String,
    pub(crate) given_name: String,
    pub(crate) surname: String,
    #[serde(default)]
    description: String,
    /// In place of the user name at nhs.net.
    mail: Option<String>,
    #[serde(default = "yes")]
    pub(crate) has_mail: bool,
    #[serde(default = "yes")]
    has_name_id: bool,
    #[serde(default)]
    pub(crate) ods: Vec<String>,
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    #[serde(default)]
    pub(crate) groups: Vec<String>,
    #[serde(default)]
    more_groups: u16,
    /// The last part of the security identifier.
    number: Option<u32>,
    #[serde(default)]
    pub(crate) mfa: Mfa,
    #[serde(default)]
    inside_network: bool,
    /// Signed in by the computer, without a form.
    #[serde(default)]
    windows: bool,
    /// Where ODS code and role come from, when another provider vouches for them.
    original_issuer: Option<String>,
    #[serde(default)]
    claim: Vec<OwnClaim>,
}

/// A claim in so many words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnClaim {
    name: String,
    #[serde(default)]
    values: Vec<String>,
    name_format: Option<String>,
    original_issuer: Option<String>,
}

fn yes() -> bool {
    true
}

/// The people in `text`, a file as `docs/test-idp.md` describes it.
///
/// # Errors
/// A [`PeopleError`].
pub fn people_from_toml(text: &str) -> Result<Vec<Person>, PeopleError> {
    let file: File = toml::from_str(text).map_err(|e| PeopleError::Toml(e.to_string()))?;
    if file.person.is_empty() {
        return Err(PeopleError::Nobody);
    }
    if file.person.len() > MAX_PEOPLE {
        return Err(PeopleError::TooMany);
    }
    let mut seen = BTreeSet::new();
    let mut people = Vec::with_capacity(file.person.len());
    for card in file.person {
        let person = card.into_person()?;
        if !seen.insert(person.user_name.clone()) {
            return Err(PeopleError::Twice { found: person.user_name });
        }
        people.push(person);
    }
    Ok(people)
}

impl PersonCard {
    /// Somebody with an account, of whom nothing else is known.
    pub(crate) fn new(user_name: &str) -> Self {
        let (given_name, surname) = names_of(user_name).unwrap_or_default();
        Self {
            user_name: user_name.to_owned(),
            title: String::new(),
            given_name,
            surname,
            description: String::new(),
            mail: None,
            has_mail: true,
            has_name_id: true,
            ods: Vec::new(),
            roles: Vec::new(),
            groups: Vec::new(),
            more_groups: 0,
            number: None,
            mfa: Mfa::Evident,
            inside_network: false,
            windows: false,
            original_issuer: None,
            claim: Vec::new(),
        }
    }

    /// The person with the claims that follow.
    ///
    /// # Errors
    /// [`PeopleError::UserName`] and [`PeopleError::MoreGroups`]
    pub(crate) fn into_person(self) -> Result<Person, PeopleError> {
        let user_name = self.user_name.clone();
        if !is_user_name(&user_name) || user_name.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(PeopleError::UserName { found: user_name });
        }
        if self.more_groups > MAX_MORE_GROUPS {
            return Err(PeopleError::MoreGroups { user_name });
        }
        Ok(self.person())
    }

    fn person(self) -> Person {
        let upn = format!("{}@nhs.net", self.user_name);
        let mail = self.mail.unwrap_or_else(|| upn.clone());
        let names = [&self.title, &self.given_name, &self.surname];
        let names: Vec<&str> =
            names.into_iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let display_name = names.join(" ");
        let vouched = |claim: Claim| match &self.original_issuer {
            Some(issuer) => claim.from_issuer(issuer),
            None => claim,
        };
        let more = (1..=self.more_groups).map(|number| format!("Test-Group-{number:03}"));
        let groups: Vec<String> = self.groups.into_iter().chain(more).collect();

        let mut claims = Vec::new();
        if self.has_mail {
            claims.push(Claim::new(MAIL, [mail.as_str()]));
        }
        claims.extend([
            Claim::new(UPN, [upn]),
            Claim::new(GIVEN_NAME, [self.given_name]),
            Claim::new(SURNAME, [self.surname]),
            Claim::new(DISPLAY_NAME, [display_name.as_str()]),
        ]);
        let lists = [
            vouched(Claim::new(ODS, self.ods)),
            vouched(Claim::new(ROLE, self.roles)),
            Claim::new(GROUP, groups),
        ];
        claims.extend(lists.into_iter().filter(|claim| !claim.values.is_empty()));
        if let Some(number) = self.number {
            let sid = format!("S-1-5-21-1004336348-1177238915-682003330-{number}");
            claims.push(Claim::new(PRIMARY_SID, [sid]));
        }
        if self.mfa == Mfa::Evident {
            let methods = [PASSWORD_PROTECTED_TRANSPORT, MULTIPLE_AUTHN];
            claims.push(Claim::new(AUTHN_METHODS, methods));
        }
        if self.inside_network {
            claims.push(Claim::new(INSIDE_NETWORK, ["true"]));
        }
        let person = Person {
            user_name: self.user_name,
            description: self.description,
            name_id: self.has_name_id.then_some(mail),
            claims,
            display_name,
            class_ref: self.windows.then(|| WINDOWS_AUTHENTICATION.to_owned()),
        };
        // In the place of those of the same name.
        self.claim.into_iter().fold(person, |person, own| {
            person.with_claim(Claim {
                name: own.name,
                name_format: own.name_format,
                values: own.values,
                original_issuer: own.original_issuer,
            })
        })
    }
}
