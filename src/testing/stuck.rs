use std::fmt;

use actix_web::http::StatusCode;
use thiserror::Error;

use super::page::Page;
use crate::idp::{IdpError, IssueError, PeopleError, Refusal, RegisterError};
use crate::nhsmail::NoSubjectKey;
use crate::saml::InvalidEntityId;
use crate::saml::metadata::{MetadataError, WriteMetadataError};
use crate::sp::BuildError;

/// So much of a page is shown.
const MAX_TEXT: usize = 400;

/// Why a test got no further.
///
/// `{:?}` says the same as `{}`, in words for people: that is what a test prints that ends with `?`
/// or `unwrap`.
#[derive(Error)]
#[non_exhaustive]
pub enum Stuck {
    /// The identity provider cannot be set up.
    #[error(transparent)]
    Idp(#[from] IdpError),
    /// The application's metadata cannot be registered at the identity provider.
    #[error("the identity provider does not take the application's metadata: {0}")]
    Register(#[from] RegisterError),
    /// The identity provider's metadata is not taken.
    #[error("the application does not take the identity provider's metadata: {0}")]
    Metadata(#[from] MetadataError),
    /// The settings of the application make no service provider.
    #[error("the settings make no service provider: {0}")]
    Build(#[from] BuildError),
    /// The application's metadata cannot be written.
    #[error(transparent)]
    WriteMetadata(#[from] WriteMetadataError),
    /// No entityID can be made of the address.
    #[error(transparent)]
    EntityId(#[from] InvalidEntityId),
    /// The identity provider cannot write its answer.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A person cannot be made of what was said of them.
    #[error("this makes no person: {0}")]
    Person(#[from] PeopleError),
    /// Nothing says who the person is.
    #[error("{0}")]
    NoSubjectKey(#[from] NoSubjectKey),
    /// No application is registered at the identity provider.
    #[error(
        "no application is registered at the test identity provider: make its Saml with \
         idp.saml(…), or register yours by idp.register(saml.metadata().as_bytes())"
    )]
    NobodyRegistered,
    /// An address is none.
    #[error("{found:?} is not an address of the form http(s)://host[:port]")]
    Address {
        /// What was given.
        found: String,
    },
    /// Neither on the list of people nor a user name that could be typed.
    #[error("{user_name:?} is nobody's user name: neither listed nor one that could be typed")]
    UnknownPerson {
        /// What was given.
        user_name: String,
    },
    /// The application answers and does not send the browser to sign in.
    #[error("{path} does not lead to the sign-in, but was answered {answer}")]
    NoSignIn {
        /// The last path that was asked for.
        path: String,
        /// What came.
        answer: Answer,
    },
    /// The application redirects the browser from page to page.
    #[error("{path} redirects for ever")]
    RedirectsForEver {
        /// The last path that was asked for.
        path: String,
    },
    /// The application sends the browser to somebody else.
    #[error("the browser was sent to {found}, and not to the identity provider at {expected}")]
    Elsewhere {
        /// Where this identity provider is.
        expected: String,
        /// Where the browser was sent to.
        found: String,
    },
    /// The identity provider does not take the request.
    #[error("the identity provider refuses the application's request: {0}")]
    Refused(#[from] Refusal),
    /// The response is for an address of another site.
    #[error("the response goes to {found}, and the browser is at {expected}")]
    OtherApplication {
        /// Where the browser is.
        expected: String,
        /// Where the response goes.
        found: String,
    },
    /// The application does not sign the person in.
    #[error("the application does not sign the person in, but answers {0}. Its log says why")]
    NotSignedIn(Answer),
    /// The application does not answer a log-out request as the protocol wants it.
    #[error("the application does not answer the log-out request, but says {0}. Its log says why")]
    NotSignedOut(Answer),
    /// Nobody can be signed out by the last response.
    #[error(
        "no response was brought that names a session: without NameID and SessionIndex, or \
         encrypted, nobody can be signed out by it here"
    )]
    NoSession,
    /// The identity provider cannot listen.
    #[error("the test identity provider cannot listen at 127.0.0.1: {reason}")]
    Listen {
        /// Why.
        reason: String,
    },
    /// The body of an answer breaks off.
    #[error("the body of the answer cannot be read: {reason}")]
    Body {
        /// Why.
        reason: String,
    },
}

impl fmt::Debug for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What was answered, as far as it is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The words of the page, without its markup, and not more than a few lines.
    pub text: String,
}

impl Answer {
    pub(super) fn of(page: &Page) -> Self {
        let mut text = String::new();
        let (mut is_tag, mut skips) = (false, false);
        for piece in page.text().split_inclusive(['<', '>']) {
            let starts = |name: &str| piece.trim_start().starts_with(name);
            if is_tag {
                skips = (skips || starts("style") || starts("script"))
                    && !(starts("/style") || starts("/script"));
            } else if !skips {
                text.push_str(piece.trim_end_matches('<'));
                text.push(' ');
            }
            is_tag = piece.ends_with('<');
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ").chars().take(MAX_TEXT).collect();
        Self { status: page.status(), text }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status, self.text)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
