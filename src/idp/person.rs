/// One `Attribute` of an assertion: what a claim rule of AD FS issues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// `Name`
    pub name: String,
    /// `NameFormat`; AD FS writes one only when a rule sets it.
    pub name_format: Option<String>,
    /// The values in order, each an `AttributeValue`.
    pub values: Vec<String>,
    /// The claims provider that this claim came from, when it is not the issuer itself. It is
    /// written as an attribute of a foreign namespace.
    pub original_issuer: Option<String>,
}

impl Claim {
    /// A claim with values.
    pub fn new<V: Into<String>>(
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        Self {
            name: name.into(),
            values: values.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// The same claim from another claims provider.
    pub fn from_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.original_issuer = Some(issuer.into());
        self
    }
}

/// Somebody who can sign in. All of them are invented.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// What is typed or sent to choose this person.
    pub user_name: String,
    /// For the card on the sign-in page.
    pub display_name: String,
    /// For the card: job and what is special about the account.
    pub description: String,
    /// What becomes the `NameID`; without it AD FS issues neither `NameID` nor `SessionIndex`.
    pub name_id: Option<String>,
    /// The claims, in the order in which they are written.
    pub claims: Vec<Claim>,
    /// `AuthnContextClassRef`, when it differs from the identity provider's usual one.
    pub class_ref: Option<String>,
}

pub(super) const MAIL: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
pub(super) const UPN: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn";
pub(super) const GIVEN_NAME: &str =
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname";
pub(super) const SURNAME: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname";
pub(super) const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
pub(super) const GROUP: &str = "http://schemas.xmlsoap.org/claims/Group";
pub(super) const PRIMARY_SID: &str =
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarysid";
pub(super) const AUTHN_METHODS: &str = "http://schemas.microsoft.com/claims/authnmethodsreferences";
pub(super) const MULTIPLE_AUTHN: &str = "http://schemas.microsoft.com/claims/multipleauthn";
pub(super) const INSIDE_NETWORK: &str =
    "http://schemas.microsoft.com/ws/2012/01/insidecorporatenetwork";
pub(super) const ODS: &str = "ODS";
pub(super) const DISPLAY_NAME: &str = "DisplayName";

impl Person {
    /// The values of a claim, over all claims of this name.
    pub fn values<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> {
        self.claims
            .iter()
            .filter(move |claim| claim.name == name)
            .flat_map(|claim| claim.values.iter().map(String::as_str))
    }

    /// Puts `claim` in the place of every claim of its name, or behind the others.
    pub fn with_claim(mut self, claim: Claim) -> Self {
        match self.claims.iter().position(|c| c.name == claim.name) {
            Some(at) => {
                let mut claims = self.claims.split_off(at);
                claims.retain(|c| c.name != claim.name);
                self.claims.push(claim);
                self.claims.append(&mut claims);
            }
            None => self.claims.push(claim),
        }
        self
    }

    /// Takes every claim of this name away.
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.retain(|claim| claim.name != name);
        self
    }

    /// Takes the `NameID` away, and with it the `SessionIndex`.
    pub fn without_name_id(mut self) -> Self {
        self.name_id = None;
        self
    }

    /// Whether there is evidence of multi-factor authentication.
    pub fn has_mfa_evidence(&self) -> bool {
        self.values(AUTHN_METHODS).any(|value| value == MULTIPLE_AUTHN)
    }

    /// Somebody who is not on the list: an nhs.net account of this user name with plain claims.
    /// `None` unless `user_name` is 1 to 64 letters, digits, `.`, `-`, `_` or `'`, with or without
    /// `@nhs.net` behind it.
    pub fn from_user_name(user_name: &str) -> Option<Self> {
        let local = user_name.trim().strip_suffix("@nhs.net").unwrap_or(user_name.trim());
        if !is_user_name(local) {
            return None;
        }
        let local = local.to_ascii_lowercase();
        let display_name = parts_of(&local).join(" ");
        let (given_name, surname) = names_of(&local)?;
        let mail = format!("{local}@nhs.net");
        Some(Self {
            user_name: local,
            description: String::from("Typed in on the sign-in page"),
            name_id: Some(mail.clone()),
            claims: vec![
                Claim::new(MAIL, [mail.as_str()]),
                Claim::new(UPN, [mail.as_str()]),
                Claim::new(GIVEN_NAME, [given_name]),
                Claim::new(SURNAME, [surname]),
                Claim::new(DISPLAY_NAME, [display_name.as_str()]),
            ],
            display_name,
            class_ref: None,
        })
    }
}

/// 1 to 64 letters, digits, `.`, `-`, `_` or `'`.
pub(super) fn is_user_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_'".contains(c);
    !text.is_empty() && text.len() <= 64 && text.chars().all(is_plain)
}

/// The parts of a user name as if they were those of a name.
fn parts_of(user_name: &str) -> Vec<String> {
    user_name.split(['.', '_']).filter(|part| !part.is_empty()).map(capitalise).collect()
}

/// Given name and surname after a user name; `None` when nothing can be made of it.
pub(super) fn names_of(user_name: &str) -> Option<(String, String)> {
    match parts_of(user_name).as_slice() {
        [] => None,
        [only] => Some((only.clone(), only.clone())),
        [first, .., last] => Some((first.clone(), last.clone())),
    }
}

fn capitalise(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
