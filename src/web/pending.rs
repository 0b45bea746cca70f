//! The cookies of sign-ins that have begun: one for each, so that tabs do not disturb each other.
//!
//! The identity provider answers by a cross-site POST, to which browsers add only cookies with
//! `SameSite=None`. The session cookie stays `Lax`.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::access::StepUp;
use super::cookie_keys::CookieKeys;
use super::person::Person;
use super::saml::Shared;
use super::trips::Trips;
use crate::sp::{PendingLogin, SessionHandle};
use crate::xml::{decode_base64, encode_base64};

/// More sign-ins at once in one browser are not remembered: the oldest is forgotten.
const MAX_PENDING: usize = 8;
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
fn write_handle<S: Serializer>(handle: &Option<SessionHandle>, to: S) -> Result<S::Ok, S::Error> {
    handle.map(|handle| encode_base64(handle.as_bytes())).serialize(to)
}

fn read_handle<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SessionHandle>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    let handle = text.map(|text| {
        let bytes = decode_base64(text.as_bytes()).and_then(|bytes| bytes.try_into().ok());
        bytes.map(SessionHandle::from_bytes).ok_or_else(|| D::Error::custom("no session handle"))
    });
    handle.transpose()
}

/// Seals and opens the cookies.
pub(super) struct PendingCookies<'s> {
    keys: &'s CookieKeys,
    prefix: &'static str,
    max_age: Duration,
}

/// A cookie that was opened.
struct Opened {
    cookie: Cookie<'static>,
    pending: Pending,
}

impl<'s> PendingCookies<'s> {
    pub(super) fn of(shared: &'s Shared) -> Self {
        let lifetime = shared.settings.pending_lifetime.num_seconds();
        Self {
            keys: &shared.cookie_keys,
            prefix: if shared.is_https() { "__Host-saml-pending-" } else { "saml-pending-" },
            max_age: Duration::seconds(lifetime),
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
        let name = format!("{}{}", self.prefix, pending.login.relay_state);
        let sealed = self.keys.seal(&name, serde_json::to_string(pending)?);
        let new = self.cookie(name, sealed);

        let (mut open, mut useless) = self.sort_out(request);
        open.sort_by_key(|opened| opened.pending.login.started_at);
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

    /// The sign-in to which `relay_state` is the handle, if this browser has begun it. Also the
    /// cookie that removes it.
    pub(super) fn open(
        &self,
        request: &HttpRequest,
        relay_state: &str,
    ) -> Option<(Pending, Cookie<'static>)> {
        let name = format!("{}{relay_state}", self.prefix);
        let cookies = request.cookies().ok()?;
        // There may be several of one name: somebody else's does not hide ours.
        let mut ours = cookies.iter().filter(|cookie| cookie.name() == name);
        let pending = ours.find_map(|cookie| self.unseal(cookie))?;
        Some((pending, self.removal(name)))
    }

    /// The sign-ins that are open, and the names of cookies that cannot be opened: of an earlier
    /// key, or not made here.
    fn sort_out(&self, request: &HttpRequest) -> (Vec<Opened>, Vec<String>) {
        let (mut open, mut useless) = (Vec::new(), Vec::new());
        let Ok(cookies) = request.cookies() else {
            return (open, useless);
        };
        for cookie in cookies.iter().filter(|cookie| self.is_ours(cookie.name())) {
            match self.unseal(cookie) {
                Some(pending) => open.push(Opened { cookie: cookie.clone(), pending }),
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

    fn unseal(&self, cookie: &Cookie<'_>) -> Option<Pending> {
        serde_json::from_str(&self.keys.open(cookie)?).ok()
    }

    fn cookie(&self, name: String, value: String) -> Cookie<'static> {
        Cookie::build(name, value)
            .path("/")
            .secure(true)
            .http_only(true)
            .same_site(SameSite::None)
            .max_age(self.max_age)
            .finish()
    }

    fn removal(&self, name: String) -> Cookie<'static> {
        let mut cookie = self.cookie(name, String::new());
        cookie.make_removal();
        cookie
    }
}

/// What a cookie takes of a request's header.
fn size(cookie: &Cookie<'_>) -> usize {
    cookie.name().len().saturating_add(cookie.value().len()).saturating_add("=; ".len())
}
