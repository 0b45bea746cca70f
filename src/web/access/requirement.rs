//! What a page asks of whoever is signed in.

use std::fmt;
use std::sync::Arc;

use actix_web::HttpRequest;
use chrono::{DateTime, TimeDelta, Utc};

use crate::nhsmail::Staff;

/// Pages have to load, and clocks differ: less than that would send people round in circles.
const LEAST_AGE: TimeDelta = TimeDelta::minutes(1);

/// What a page asks of whoever is signed in. Made by the functions of this module, combined by
/// [`and`](Self::and) and [`or`](Self::or), and given to [`Saml::require`](crate::Saml::require).
///
/// Whatever is not said in the sign-in is not fulfilled.
#[derive(Clone)]
pub struct Requirement(Node);

#[derive(Clone)]
enum Node {
    Role(String),
    Group(String),
    Organisation(String),
    Attribute(String, Values),
    AuthnContext(String),
    Mfa,
    MaxAge(TimeDelta),
    When(String, Decision),
    All(Vec<Requirement>),
    Any(Vec<Requirement>),
}

type Decision = Arc<dyn Fn(&Staff, &HttpRequest) -> bool + Send + Sync>;

/// Which values of an attribute will do. From [`one_of`] and [`present`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values(Option<Vec<String>>);

/// This role, compared byte for byte; see [`Staff::has_role`].
pub fn role(name: impl Into<String>) -> Requirement {
    Requirement(Node::Role(name.into()))
}

/// This group, compared byte for byte. Not fulfilled where Entra has left the groups out because
/// there are too many; see [`Staff::groups`].
pub fn group(name: impl Into<String>) -> Requirement {
    Requirement(Node::Group(name.into()))
}

/// Signed in for the organisation with this ODS code, in upper or lower case. See
/// [`Staff::ods_codes`] for what that says, and what it does not.
pub fn organisation(ods_code: impl AsRef<str>) -> Requirement {
    Requirement(Node::Organisation(ods_code.as_ref().trim().to_ascii_uppercase()))
}

/// The attribute of this exact `Name` has one of these values.
pub fn attribute(name: impl Into<String>, values: Values) -> Requirement {
    Requirement(Node::Attribute(name.into(), values))
}

/// For [`attribute`]: one of these, compared byte for byte. Of none at all nobody has one.
pub fn one_of<V: Into<String>>(values: impl IntoIterator<Item = V>) -> Values {
    Values(Some(values.into_iter().map(Into::into).collect()))
}

/// For [`attribute`]: any value that is not blank.
pub fn present() -> Values {
    Values(None)
}

/// This `AuthnContextClassRef`, compared byte for byte (Core 2.7.2.2). AD FS and Entra do not tell a
/// second factor by it: see [`mfa`].
pub fn authn_context(class_ref: impl Into<String>) -> Requirement {
    Requirement(Node::AuthnContext(class_ref.into()))
}

/// Evidence of a second factor: Microsoft's claim `authnmethodsreferences` with `multipleauthn`, or
/// an `AuthnContextClassRef` that is configured to mean it
/// ([`StepUpSupport::mfa_contexts`](super::StepUpSupport::mfa_contexts)). Without it the person is
/// asked to sign in again, once.
///
/// On a network that NHSmail knows by name a sign-in is right and has no such evidence. Whether
/// that will do is for the application to say: `mfa().or(when("…", …))`.
pub fn mfa() -> Requirement {
    Requirement(Node::Mfa)
}

/// The person has proved who they are, at the identity provider, no longer ago than this and the
/// tolerance for clocks. If it is longer ago they are asked to sign in again. Less than a minute
/// counts as a minute.
pub fn max_age(age: TimeDelta) -> Requirement {
    Requirement(Node::MaxAge(age.max(LEAST_AGE)))
}

/// Whatever the application decides about this person and this request. `name` is what logs and
/// the coverage report call it.
///
/// ```
/// use actix_saml::access::{mfa, when};
///
/// // The hospital's own network, as its reverse proxy knows it.
/// let here = when("ward network", |_, request| {
///     request.peer_addr().is_some_and(|peer| peer.ip().is_loopback())
/// });
/// let requirement = mfa().or(here);
/// assert_eq!(requirement.to_string(), "mfa or ward network");
/// ```
pub fn when(
    name: impl Into<String>,
    decide: impl Fn(&Staff, &HttpRequest) -> bool + Send + Sync + 'static,
) -> Requirement {
    Requirement(Node::When(name.into(), Arc::new(decide)))
}

impl Requirement {
    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(Node::All(vec![self, other]))
    }

    /// Either. If neither is fulfilled and signing in again could help, the first one counts for
    /// which it could.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(Node::Any(vec![self, other]))
    }

    /// As [`max_age`], in addition.
    #[must_use]
    pub fn max_age(self, age: TimeDelta) -> Self {
        self.and(max_age(age))
    }

    /// Judges whoever `asker` describes.
    pub(super) fn judge(&self, asker: &Asker<'_>) -> Verdict {
        let met = |is_met: bool| if is_met { Verdict::Met } else { Verdict::Refused };
        let staff = asker.staff;
        match &self.0 {
            Node::Role(name) => met(staff.has_role(name)),
            Node::Group(name) => met(staff.groups().is_some_and(|all| all.contains(name))),
            Node::Organisation(code) => met(staff.ods_codes().contains(code)),
            Node::Attribute(name, values) => met(values.are_met(staff.principal().values(name))),
            Node::AuthnContext(class) => {
                met(staff.principal().authn_context.as_ref() == Some(class))
            }
            Node::Mfa if has_mfa_evidence(staff, asker.mfa_contexts) => Verdict::Met,
            Node::Mfa => Verdict::StepUp(Lack { mfa: true, max_age: None }),
            Node::MaxAge(age) if asker.is_fresh(*age) => Verdict::Met,
            Node::MaxAge(age) => Verdict::StepUp(Lack { mfa: false, max_age: Some(*age) }),
            Node::When(_, decide) => met(decide(staff, asker.request)),
            Node::All(parts) => {
                parts.iter().map(|part| part.judge(asker)).fold(Verdict::Met, Verdict::and)
            }
            Node::Any(parts) => {
                parts.iter().map(|part| part.judge(asker)).fold(Verdict::Refused, Verdict::or)
            }
        }
    }
}

impl Values {
    fn are_met(&self, found: &[String]) -> bool {
        match &self.0 {
            Some(wanted) => found.iter().any(|value| wanted.contains(value)),
            None => found.iter().any(|value| !value.trim().is_empty()),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                match part.0 {
                    Node::All(_) | Node::Any(_) => write!(f, "({part})")?,
                    _ => write!(f, "{part}")?,
                }
            }
            Ok(())
        };
        match &self.0 {
            Node::Role(name) => write!(f, "role {name:?}"),
            Node::Group(name) => write!(f, "group {name:?}"),
            Node::Organisation(code) => write!(f, "organisation {code:?}"),
            Node::Attribute(name, Values(None)) => write!(f, "attribute {name:?}"),
            Node::Attribute(name, Values(Some(values))) => {
                write!(f, "attribute {name:?} of {values:?}")
            }
            Node::AuthnContext(class) => write!(f, "authn_context {class:?}"),
            Node::Mfa => f.write_str("mfa"),
            Node::MaxAge(age) if age.num_seconds().checked_rem(60) == Some(0) => {
                write!(f, "max_age {} min", age.num_minutes())
            }
            Node::MaxAge(age) => write!(f, "max_age {} s", age.num_seconds()),
            Node::When(name, _) => f.write_str(name),
            Node::All(parts) => list(f, parts, "and"),
            Node::Any(parts) => list(f, parts, "or"),
        }
    }
}

impl fmt::Debug for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Requirement({self})")
    }
}

/// Who asks for a page, and what counts.
pub(super) struct Asker<'a> {
    pub(super) staff: &'a Staff,
    pub(super) request: &'a HttpRequest,
    /// Classes that mean a second factor at the person's identity provider.
    pub(super) mfa_contexts: &'a [String],
    pub(super) now: DateTime<Utc>,
    /// The tolerance for clocks.
    pub(super) skew: TimeDelta,
}

impl Asker<'_> {
    fn is_fresh(&self, age: TimeDelta) -> bool {
        is_within(self.staff.principal().authn_instant, self.now, age, self.skew)
    }
}

/// Whether a sign-in says that a second factor was used, in Microsoft's way or by one of these
/// classes.
pub(super) fn has_mfa_evidence(staff: &Staff, mfa_contexts: &[String]) -> bool {
    let class = staff.principal().authn_context.as_ref();
    staff.has_mfa_evidence() || class.is_some_and(|class| mfa_contexts.contains(class))
}

/// Whether `instant` is no longer before `now` than `age`, nor after it, by clocks that may differ
/// by `skew`.
pub(super) fn is_within(
    instant: DateTime<Utc>,
    now: DateTime<Utc>,
    age: TimeDelta,
    skew: TimeDelta,
) -> bool {
    let past = now.signed_duration_since(instant);
    let limit = age.checked_add(&skew).unwrap_or(TimeDelta::MAX);
    past <= limit && instant.signed_duration_since(now) <= skew
}

/// What is to be done about somebody who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They may go on.
    Met,
    /// They may, when they have signed in again in such a way that this is no longer lacking.
    StepUp(Lack),
    /// They may not, however they sign in.
    Refused,
}

/// What a sign-in lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lack {
    pub(super) mfa: bool,
    /// Not so fresh.
    pub(super) max_age: Option<TimeDelta>,
}

impl Verdict {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refused, _) | (_, Self::Refused) => Self::Refused,
            (Self::Met, verdict) | (verdict, Self::Met) => verdict,
            (Self::StepUp(one), Self::StepUp(other)) => Self::StepUp(Lack {
                mfa: one.mfa || other.mfa,
                max_age: [one.max_age, other.max_age].into_iter().flatten().min(),
            }),
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Met, _) | (_, Self::Met) => Self::Met,
            (Self::Refused, verdict) => verdict,
            (step_up, _) => step_up,
        }
    }
}

#[cfg(test)]
mod tests;
