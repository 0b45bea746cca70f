//! The page on which a rollover is rehearsed.

use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use url::form_urlencoded;

use super::app::IdpApp;
use super::form::is_of_own_page;
use super::html::{Behaviour, escape, page};
use super::keys::{SigningKey, TestKeys};
use super::pages;
use super::test_idp::TestIdp;

/// Where the page is.
pub(super) const PATH: &str = "/keys";

/// What can be done with the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Announce,
    Switch,
    Remove,
    Replace,
}

impl Action {
    fn read(body: &[u8]) -> Option<Self> {
        let mut actions = form_urlencoded::parse(body).filter(|(name, _)| name == "action");
        let (Some((_, word)), None) = (actions.next(), actions.next()) else { return None };
        [Self::Announce, Self::Switch, Self::Remove, Self::Replace]
            .into_iter()
            .find(|action| action.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::Switch => "switch",
            Self::Remove => "remove",
            Self::Replace => "replace",
        }
    }

    fn needs_key(self) -> bool {
        matches!(self, Self::Announce | Self::Replace)
    }

    /// Whether there is anything to do.
    fn apply(self, keys: &mut TestKeys, next: Option<SigningKey>) -> bool {
        match (self, next) {
            (Self::Announce, Some(next)) => keys.announce(next),
            (Self::Replace, Some(next)) => keys.replace(next),
            (Self::Announce | Self::Replace, None) => return false,
            (Self::Switch, _) => return keys.promote(),
            (Self::Remove, _) => return keys.retire(),
        }
        true
    }
}

pub(super) async fn show(app: Data<IdpApp>) -> HttpResponse {
    let idp = app.idp();
    page(StatusCode::OK, "Signing keys", &body(&idp), Behaviour::Waits)
}

/// Changes the keys. Only a form of this page can do that: whoever is at this machine may visit
/// other sites meanwhile.
pub(super) async fn change(request: HttpRequest, app: Data<IdpApp>, form: Bytes) -> HttpResponse {
    let idp = app.idp();
    if !is_of_own_page(&request, idp.base_url()) {
        return refuse(&idp);
    }
    let Some(action) = Action::read(&form) else { return refuse(&idp) };
    let next = if action.needs_key() {
        let now = app.now();
        // It takes a tenth of a second or more.
        match web::block(move || idp.keys.make_next(idp.personality, idp.host(), now)).await {
            Ok(Ok(key)) => Some(key),
            Ok(Err(error)) => return pages::fault(&error.to_string()),
            Err(error) => return pages::fault(&error.to_string()),
        }
    } else {
        None
    };
    match app.change_keys(|keys| action.apply(keys, next)) {
        Ok(changed) => {
            tracing::info!(action = action.word(), changed, "signing keys");
            HttpResponse::SeeOther()
                .insert_header((LOCATION, PATH))
                .insert_header((CACHE_CONTROL, "no-store"))
                .finish()
        }
        Err(error) => pages::fault(&error.to_string()),
    }
}

fn refuse(idp: &TestIdp) -> HttpResponse {
    let address = format!("{}{PATH}", idp.base_url());
    let body = format!(
        "<div class=\"fault\"><p>Nothing was changed.</p></div>\
         <p>The keys are changed by the buttons of one page only: \
         <a href=\"{address}\">{address}</a>. Open it by exactly this address.</p>",
        address = escape(&address)
    );
    page(StatusCode::FORBIDDEN, "The keys stay as they are", &body, Behaviour::Waits)
}

fn body(idp: &TestIdp) -> String {
    let keys = &idp.keys;
    let mut body = format!(
        "<p>Every year an AD FS changes the key that it signs with. It announces the new one in its \
         <a href=\"{metadata}\">metadata</a> twenty days before the old one ends, and signs with it \
         five days later. Here you can see how an application takes that.</p>\
         <h2>In the metadata now</h2><dl>",
        metadata = escape(&idp.metadata_url())
    );
    let listed = [
        (Some(keys.current()), "It signs"),
        (keys.announced(), "Announced: it will sign"),
        (keys.old(), "Old: it signs no more"),
    ];
    for (key, role) in listed {
        let Some(key) = key else { continue };
        let certificate = key.certificate();
        let _ = write!(
            body,
            "<dt>{role}</dt><dd>SHA-256 <code>{}</code>",
            escape(&certificate.fingerprint())
        );
        if let Some(end) = certificate.not_after() {
            let _ = write!(body, "<br>valid until {}", end.format("%-d %B %Y"));
        }
        body.push_str("</dd>");
    }
    body.push_str("</dl><h2>The next step</h2>");
    let (step, explanation) = if keys.announced().is_some() {
        let text = "From now on responses are signed with the announced key. An application that \
                    has read the metadata since it was announced notices nothing.";
        ((Action::Switch, "Switch to the announced key"), text)
    } else if keys.old().is_some() {
        let text = "The metadata then lists one key again, and the rollover is over.";
        ((Action::Remove, "Remove the old key"), text)
    } else {
        let text = "A new key is made and listed beside the one that signs. Nothing else changes.";
        ((Action::Announce, "Announce a new key"), text)
    };
    let _ = write!(body, "<p>{explanation}</p>{}", form(step, " class=\"main\""));
    let _ = write!(
        body,
        "<h2>Or without warning</h2>\
         <p>As after a key has got into wrong hands: a new key is made, it signs at once, and every \
         other leaves the metadata. Applications need the new metadata before anybody can sign in \
         again.</p>{}",
        form((Action::Replace, "Replace the key at once"), "")
    );
    body
}

fn form((action, label): (Action, &str), class: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{PATH}\"><button type=\"submit\" name=\"action\" \
         value=\"{}\"{class}>{label}</button></form>",
        action.word()
    )
}
