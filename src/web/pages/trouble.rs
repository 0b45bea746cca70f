//! What went wrong, and the page that says so.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;

use super::Pages;
use super::catalogue::Words;
use super::content::{Action, ForAdministrators, PageContent};
use super::kind::PageKind;

/// Metadata is asked for more often than that while there is none.
pub(super) const NOT_READY_RETRY: HeaderValue = HeaderValue::from_static("30");

/// What went wrong, as far as it helps the person in front of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Trouble {
    /// What arrived is no SAML message.
    NotAMessage,
    /// The response was refused.
    Refused,
    /// The identity provider said no.
    IdpSaidNo,
    /// This browser has no open sign-in.
    NoPendingLogin,
    /// The response was used before.
    Replayed,
    /// The response was used before in this browser, and the person has been signed out since.
    SignInOver,
    /// Something on our side does not work.
    Unavailable,
    /// Too much was sent.
    TooLarge,
    /// It was sent in another form than a form.
    WrongType,
    /// The address takes another method.
    WrongMethod,
    /// One sign-in follows another.
    Repeating,
    /// One sign-in follows another, because the session cookie does not come back.
    CookieLost,
    /// One sign-in follows another, because the session is not known here.
    SessionUnknown,
    /// More is to be decrypted at once than there are places for.
    Busy,
    /// There is no metadata to sign anybody in by.
    NotReady,
    /// The page is for others.
    Forbidden,
    /// The sign-in gives no evidence of a second factor, and was asked for it.
    MfaMissing,
    /// The sign-in is an old one, and a fresh one was asked for.
    NotFresh,
    /// What arrived is no log-out message.
    NotALogout,
    /// The log-out message was refused.
    LogoutRefused,
    /// This browser has no open log-out.
    NoPendingLogout,
}

impl Trouble {
    /// All of them.
    pub(super) const ALL: &[Self] = &[
        Self::NotAMessage,
        Self::Refused,
        Self::IdpSaidNo,
        Self::NoPendingLogin,
        Self::Replayed,
        Self::SignInOver,
        Self::Unavailable,
        Self::TooLarge,
        Self::WrongType,
        Self::WrongMethod,
        Self::Repeating,
        Self::CookieLost,
        Self::SessionUnknown,
        Self::Busy,
        Self::NotReady,
        Self::Forbidden,
        Self::MfaMissing,
        Self::NotFresh,
        Self::NotALogout,
        Self::LogoutRefused,
        Self::NoPendingLogout,
    ];

    pub(in crate::web) fn status(self) -> StatusCode {
        match self {
            Self::NotAMessage | Self::NotALogout => StatusCode::BAD_REQUEST,
            Self::Refused
            | Self::IdpSaidNo
            | Self::NoPendingLogin
            | Self::Replayed
            | Self::SignInOver
            | Self::Forbidden
            | Self::MfaMissing
            | Self::NotFresh
            | Self::LogoutRefused
            | Self::NoPendingLogout => StatusCode::FORBIDDEN,
            Self::Unavailable | Self::Busy | Self::NotReady => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Repeating | Self::CookieLost | Self::SessionUnknown => {
                StatusCode::TOO_MANY_REQUESTS
            }
        }
    }

    /// Heading and advice.
    fn texts(self) -> (Words, Words) {
        match self {
            Self::NotAMessage | Self::TooLarge | Self::WrongType => {
                (Words::UnreadableTitle, Words::UnreadableText)
            }
            Self::Refused => (Words::RefusedTitle, Words::RefusedText),
            Self::IdpSaidNo => (Words::IdpSaidNoTitle, Words::IdpSaidNoText),
            Self::NoPendingLogin => (Words::NoPendingLoginTitle, Words::NoPendingLoginText),
            Self::Replayed => (Words::ReplayedTitle, Words::ReplayedText),
            Self::SignInOver => (Words::SignInOverTitle, Words::SignInOverText),
            Self::Unavailable => (Words::UnavailableTitle, Words::UnavailableText),
            Self::WrongMethod => (Words::WrongMethodTitle, Words::WrongMethodText),
            Self::Repeating => (Words::RepeatingTitle, Words::RepeatingText),
            Self::CookieLost => (Words::RepeatingTitle, Words::CookieLostText),
            Self::SessionUnknown => (Words::RepeatingTitle, Words::SessionUnknownText),
            Self::Busy => (Words::BusyTitle, Words::BusyText),
            Self::NotReady => (Words::NotReadyTitle, Words::NotReadyText),
            Self::Forbidden => (Words::ForbiddenTitle, Words::ForbiddenText),
            Self::MfaMissing => (Words::MfaMissingTitle, Words::MfaMissingText),
            Self::NotFresh => (Words::NotFreshTitle, Words::NotFreshText),
            Self::NotALogout => (Words::NotALogoutTitle, Words::LogoutRefusedText),
            Self::LogoutRefused => (Words::LogoutRefusedTitle, Words::LogoutRefusedText),
            Self::NoPendingLogout => (Words::NoPendingLogoutTitle, Words::NoPendingLogoutText),
        }
    }

    /// The heading in English, for scripts.
    pub(in crate::web) fn title(self) -> &'static str {
        self.texts().0.english()
    }

    fn kind(self) -> PageKind {
        match self {
            Self::NotAMessage => PageKind::NotAMessage,
            Self::Refused => PageKind::Refused,
            Self::IdpSaidNo => PageKind::IdpSaidNo,
            Self::NoPendingLogin => PageKind::NoPendingLogin,
            Self::Replayed => PageKind::Replayed,
            Self::SignInOver => PageKind::SignInOver,
            Self::Unavailable => PageKind::Unavailable,
            Self::TooLarge => PageKind::TooLarge,
            Self::WrongType => PageKind::WrongType,
            Self::WrongMethod => PageKind::WrongMethod,
            Self::Repeating => PageKind::Repeating,
            Self::CookieLost => PageKind::CookieLost,
            Self::SessionUnknown => PageKind::SessionUnknown,
            Self::Busy => PageKind::Busy,
            Self::NotReady => PageKind::NotReady,
            Self::Forbidden => PageKind::Forbidden,
            Self::MfaMissing => PageKind::MfaMissing,
            Self::NotFresh => PageKind::NotFresh,
            Self::NotALogout => PageKind::NotALogout,
            Self::LogoutRefused => PageKind::LogoutRefused,
            Self::NoPendingLogout => PageKind::NoPendingLogout,
        }
    }
}

/// What the page of a trouble needs besides.
pub(in crate::web) struct Told<'t> {
    /// What the help desk finds it by.
    pub(in crate::web) reference: &'t str,
    /// Our own address for signing in.
    pub(in crate::web) login_url: &'t str,
    /// The one for choosing where, if there is a choice.
    pub(in crate::web) chooser_url: Option<&'t str>,
    /// For the administrators of the identity provider.
    pub(in crate::web) facts: &'t [(&'t str, String)],
}

impl Pages {
    fn of_trouble(&self, trouble: Trouble) -> PageContent {
        let (title, text) = trouble.texts();
        let mut page = self.content(trouble.kind(), trouble.status(), title, self.paragraph(text));
        page.behaviour.retry_after = match trouble {
            Trouble::Busy => Some(HeaderValue::from_static("5")),
            Trouble::NotReady => Some(NOT_READY_RETRY),
            _ => None,
        };
        page.help_desk = self.help_desk();
        page
    }

    /// The page for `trouble`.
    pub(in crate::web) fn trouble(&self, trouble: Trouble, told: &Told<'_>) -> HttpResponse {
        let mut page = self.of_trouble(trouble);
        page.actions.push(match trouble {
            // Signing in again would lead here again.
            Trouble::Forbidden => self.start_page(),
            Trouble::Unavailable | Trouble::Busy | Trouble::NotReady => {
                Action::main(self.say(Words::TryAgain), told.login_url)
            }
            _ => Action::main(self.say(Words::SignInAgain), told.login_url),
        });
        page.actions.extend(self.chooser(told.chooser_url));
        page.reference = Some(self.reference(told.reference));
        page.for_administrators = self.for_administrators(told.facts);
        self.respond(&page)
    }

    fn for_administrators(&self, facts: &[(&str, String)]) -> Option<ForAdministrators> {
        let lines: Vec<_> = facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let (summary, note) = (self.say(Words::Details), self.say(Words::DetailsNote));
        (!lines.is_empty()).then(|| ForAdministrators::new(summary, note, lines.join("\n")))
    }

    /// In the place of a page that needs somebody to be signed in, while nobody can be. It carries
    /// no reference: nothing is wrong with this request.
    pub(in crate::web) fn not_ready(&self) -> HttpResponse {
        self.respond(&self.of_trouble(Trouble::NotReady))
    }
}
