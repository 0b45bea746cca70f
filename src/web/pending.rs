//! The cookies of sign-ins that have begun: one for each, so that tabs do not disturb each other.
//!
//! The identity provider answers by a cross-site POST, to which browsers add only cookies with
//! `SameSite=None`. The session cookie stays `Lax`.
//!
//! A sign-in that is finished stays known for a while, under the same name.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use chrono::{DateTime, TimeDelta, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::access::StepUp;
use super::cookie_keys::CookieKeys;
use super::finished::Finished;
use super::person::Person;
use super::saml::Shared;
use super::trips::Trips;
use crate::sp::{PendingLogin, ReturnTo, SessionHandle};
use crate::xml::{decode_base64, encode_base64};

/// More sign-ins at once in one browser are not remembered: first those are forgotten that are over,
/// then the oldest.
const MAX_PENDING: usize = 8;
/// So long after it can be finished a sign-in is still known, and with it the page that was asked
/// for: somebody who comes back to a tab of the same shift is not sent to the start page.
const AFTERWARDS: TimeDelta = TimeDelta::hours(12);
/// Nor more bytes: servers and proxies refuse requests with more than 8 kB of cookies, and then
/// this browser could not come back until the cookies have ended.
const MAX_BYTES: usize = 6000;
/// So many useless cookies are removed at once: each costs a header.
const MAX_REMOVED: usize = 16;
/// The handle in the name: 128 bits in hexadecimal digits.
const HANDLE_DIGITS: usize = 32;

/// What a browser keeps of a sign-in that it has begun. All of it was known when the sign-in began:
/// the POST that ends it comes from another site, and brings no session along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    /// The sign-in itself.
    #[serde(flatten)]
    pub(super) login: PendingLogin,
    /// The session that the browser had. It ends when the sign-in succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "write_handle", deserialize_with = "read_handle")]
    pub(super) earlier: Option<SessionHandle>,
    /// Whose pages the browser had shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<Person>,
    /// Whether that session was locked: the same person may go on with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unlocks: bool,
    /// What the sign-in was asked for beyond itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) step_up: Option<StepUp>,
    /// How often the browser came back to this page a moment ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) trips: Option<Trips>,
}

/// As text, which takes a third of what a list of numbers does.
pub(super) fn write_handle<S: Serializer>(
    handle: &Option<SessionHandle>,
    to: S,
) -> Result<S::Ok, S::Error> {
    handle.map(|handle| encode_base64(handle.as_bytes())).serialize(to)
}

pub(super) fn read_handle<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<SessionHandle>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    let handle = text.map(|text| {
        let bytes = decode_base64(text.as_bytes()).and_then(|bytes| bytes.try_into().ok());
        bytes.map(SessionHandle::from_bytes).ok_or_else(|| D::Error::custom("no session handle"))
    });
    handle.transpose()
}

/// What a cookie holds. The one is never taken for the other: each has what the other lacks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Kept {
    /// A sign-in that has begun.
    Pending(Box<Pending>),
    /// One that is finished.
    Finished(Box<Finished>),
}

impl Kept {
    fn page(&self) -> &ReturnTo {
        match self {
            Self::Pending(pending) => &pending.login.return_to,
            Self::Finished(finished) => &finished.page,
        }
    }

    /// A session that the browser had, or has.
    fn session(&self) -> Option<SessionHandle> {
        match self {
            Self::Pending(pending) => pending.earlier,
            Self::Finished(finished) => finished.session,
        }
    }

    /// The greater, the longer it is kept.
    fn worth(&self, lifetime: TimeDelta, now: DateTime<Utc>) -> (bool, DateTime<Utc>) {
        match self {
            Self::Pending(pending) => {
                (!pending.login.has_expired(lifetime, now), pending.login.started_at)
            }
            Self::Finished(finished) => (false, finished.finished_at),
        }
    }
}

/// Seals and opens the cookies.
pub(super) struct PendingCookies<'s> {
    keys: &'s CookieKeys,
    prefix: &'static str,
    lifetime: TimeDelta,
}

/// A cookie that was opened.
struct Opened {
    cookie: Cookie<'static>,
    kept: Kept,
}

impl<'s> PendingCookies<'s> {
    pub(super) fn of(shared: &'s Shared) -> Self {
        Self {
            keys: &shared.cookie_keys,
            prefix: if shared.is_https() { "__Host-saml-pending-" } else { "saml-pending-" },
            lifetime: shared.settings.pending_lifetime,
        }
    }

    /// The cookie for `pending`, and removals for those that are too many or of no use.
    ///
    /// # Errors
    /// When `pending` cannot be written.
    pub(super) fn seal(
        &self,
        request: &HttpRequest,
        pending: &Pending,
    ) -> Result<Vec<Cookie<'static>>, serde_json::Error> {
        let known_for = self.lifetime.checked_add(&AFTERWARDS).unwrap_or(self.lifetime);
        let new = self.sealed(&pending.login.relay_state, pending, known_for)?;

        let (now, lifetime) = (pending.login.started_at, self.lifetime);
        let (mut open, mut useless) = self.sort_out(request, now);
        open.sort_by_key(|opened| opened.kept.worth(lifetime, now));
        let mut number = open.len().saturating_add(1);
        let mut bytes = open.iter().fold(size(&new), |sum, o| sum.saturating_add(size(&o.cookie)));
        for opened in open {
            if number <= MAX_PENDING && bytes <= MAX_BYTES {
                break;
            }
            number = number.saturating_sub(1);
            bytes = bytes.saturating_sub(size(&opened.cookie));
            useless.push(opened.cookie.name().to_owned());
        }
        useless.truncate(MAX_REMOVED);
        let mut cookies: Vec<_> = useless.into_iter().map(|name| self.removal(name)).collect();
        cookies.push(new);
        Ok(cookies)
    }

    /// The cookie for a sign-in that is finished, in the place of the one for the sign-in `handle`.
    /// It is the smaller one: there is room for it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn finish(
        &self,
        handle: &str,
        finished: &Finished,
    ) -> Result<Cookie<'static>, serde_json::Error> {
        self.sealed(handle, finished, self.lifetime)
    }

    /// The sign-in to which `relay_state` is the handle, if this browser has begun it.
    pub(super) fn open(
        &self,
        request: &HttpRequest,
        relay_state: &str,
        now: DateTime<Utc>,
    ) -> Option<Kept> {
        let name = format!("{}{relay_state}", self.prefix);
        let cookies = request.cookies().ok()?;
        // There may be several of one name: somebody else's does not hide ours.
        let mut ours = cookies.iter().filter(|cookie| cookie.name() == name);
        ours.find_map(|cookie| self.unseal(cookie, now))
    }

    /// The page that every sign-in of this browser leads to, if it is one.
    pub(super) fn only_page(&self, request: &HttpRequest, now: DateTime<Utc>) -> Option<ReturnTo> {
        let (open, _) = self.sort_out(request, now);
        let (first, others) = open.split_first()?;
        let page = first.kept.page();
        others.iter().all(|other| other.kept.page() == page).then(|| page.clone())
    }

    /// Every session that this browser is known to have or to have had, each once.
    pub(super) fn sessions(&self, request: &HttpRequest, now: DateTime<Utc>) -> Vec<SessionHandle> {
        let (open, _) = self.sort_out(request, now);
        let mut sessions: Vec<_> = open.iter().filter_map(|opened| opened.kept.session()).collect();
        sessions.sort_unstable();
        sessions.dedup();
        sessions
    }

    /// The sessions that have begun in this browser since `since`, the earliest first.
    pub(super) fn sessions_since(
        &self,
        request: &HttpRequest,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Vec<SessionHandle> {
        let (open, _) = self.sort_out(request, now);
        let mut begun: Vec<_> = open
            .into_iter()
            .filter_map(|opened| match opened.kept {
                Kept::Finished(finished) => Some((finished.finished_at, finished.session?)),
                Kept::Pending(_) => None,
            })
            .filter(|(finished_at, _)| *finished_at >= since)
            .collect();
        begun.sort_unstable();
        begun.into_iter().map(|(_, session)| session).collect()
    }

    /// The sign-ins that are known, and the names of cookies that cannot be opened: of an earlier
    /// key, or not made here.
    fn sort_out(&self, request: &HttpRequest, now: DateTime<Utc>) -> (Vec<Opened>, Vec<String>) {
        let (mut open, mut useless) = (Vec::new(), Vec::new());
        let Ok(cookies) = request.cookies() else {
            return (open, useless);
        };
        for cookie in cookies.iter().filter(|cookie| self.is_ours(cookie.name())) {
            match self.unseal(cookie, now) {
                Some(kept) => open.push(Opened { cookie: cookie.clone(), kept }),
                None => useless.push(cookie.name().to_owned()),
            }
        }
        (open, useless)
    }

    /// Whether a name is exactly of the form that we give. Others are never written into a header.
    fn is_ours(&self, name: &str) -> bool {
        name.strip_prefix(self.prefix).is_some_and(|handle| {
            handle.len() == HANDLE_DIGITS && handle.bytes().all(|b| b.is_ascii_hexdigit())
        })
    }

    fn unseal(&self, cookie: &Cookie<'_>, now: DateTime<Utc>) -> Option<Kept> {
        let kept = serde_json::from_str(&self.keys.open(cookie)?).ok()?;
        match &kept {
            Kept::Finished(finished) if finished.has_expired(self.lifetime, now) => None,
            _ => Some(kept),
        }
    }

    fn sealed(
        &self,
        handle: &str,
        what: &impl Serialize,
        known_for: TimeDelta,
    ) -> Result<Cookie<'static>, serde_json::Error> {
        let name = format!("{}{handle}", self.prefix);
        let value = self.keys.seal(&name, serde_json::to_string(what)?);
        Ok(cookie(name, value, known_for))
    }

    fn removal(&self, name: String) -> Cookie<'static> {
        let mut cookie = cookie(name, String::new(), self.lifetime);
        cookie.make_removal();
        cookie
    }
}

fn cookie(name: String, value: String, known_for: TimeDelta) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::None)
        .max_age(Duration::seconds(known_for.num_seconds()))
        .finish()
}

/// What a cookie takes of a request's header.
fn size(cookie: &Cookie<'_>) -> usize {
    cookie.name().len().saturating_add(cookie.value().len()).saturating_add("=; ".len())
}
