//! The pages about signing out.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use url::Url;

use super::catalogue::Words;
use super::content::Action;
use super::kind::PageKind;
use super::{FORM_ID, Pages, SUBMIT_SCRIPT};

/// Where somebody is signed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum SignedOut {
    /// Here, and the sign-in service was not asked.
    Here,
    /// Here, because the sign-in service wanted it.
    ByIdp,
    /// Here and at the sign-in service.
    Everywhere,
    /// Here and at the sign-in service, which could not tell all others.
    Partly,
    /// Here. The sign-in service has said no.
    NotThere,
    /// Here. The sign-in service's answer says nothing that counts.
    Unclear,
}

impl SignedOut {
    /// All of them.
    pub(super) const ALL: &[Self] =
        &[Self::Here, Self::ByIdp, Self::Everywhere, Self::Partly, Self::NotThere, Self::Unclear];

    fn text(self) -> Words {
        match self {
            Self::Here => Words::SignedOutHere,
            Self::ByIdp => Words::SignedOutByIdp,
            Self::Everywhere => Words::SignedOutEverywhere,
            Self::Partly => Words::SignedOutPartly,
            Self::NotThere => Words::SignedOutNotThere,
            Self::Unclear => Words::SignedOutUnclear,
        }
    }
}

/// Where the page after signing out leads.
pub(in crate::web) struct AfterSignOut<'a> {
    pub(in crate::web) login_url: &'a str,
    pub(in crate::web) chooser_url: Option<&'a str>,
    /// The image that makes the browser forget: see the route.
    pub(in crate::web) forget_url: &'a str,
    pub(in crate::web) reference: Option<&'a str>,
}

impl Pages {
    /// The question before signing out.
    pub(in crate::web) fn ask_logout(&self, action: &str) -> HttpResponse {
        let text = self.paragraph(Words::SignOutQuestion);
        let mut page = self.content(PageKind::AskLogout, StatusCode::OK, Words::SignOutTitle, text);
        page.actions.push(Action::form(self.say(Words::SignOut), action));
        self.respond(&page)
    }

    /// After signing out.
    pub(in crate::web) fn signed_out(
        &self,
        extent: SignedOut,
        after: &AfterSignOut<'_>,
    ) -> HttpResponse {
        let text = self.paragraph(extent.text());
        let mut page =
            self.content(PageKind::SignedOut, StatusCode::OK, Words::SignedOutTitle, text);
        page.actions.push(Action::main(self.say(Words::SignInAgain), after.login_url));
        page.actions.extend(self.chooser(after.chooser_url));
        page.reference = after.reference.map(|reference| self.reference(reference));
        page.help_desk = self.help_desk().filter(|_| after.reference.is_some());
        page.behaviour.image = Some(after.forget_url.to_owned());
        self.respond(&page)
    }

    /// The page that goes on to the identity provider with a LogoutRequest. No redirect: pages of
    /// the application may allow their forms no other address, and browsers hold redirects to that
    /// as well. And should nobody answer there, the person has read where they are signed out.
    pub(in crate::web) fn go_on_to_logout(&self, url: &Url) -> HttpResponse {
        let text = self.paragraph(Words::SigningOutText);
        let (kind, title) = (PageKind::SigningOut, Words::SigningOutTitle);
        let mut page = self.content(kind, StatusCode::OK, title, text);
        page.actions.push(Action::main(self.say(Words::GoOn), url.as_str()));
        page.behaviour.refresh = Some(url.to_string());
        self.respond(&page)
    }

    /// The page that posts a log-out message to the identity provider by itself.
    pub(in crate::web) fn post_logout(
        &self,
        action: &Url,
        field: &str,
        message: &str,
        relay_state: Option<&str>,
    ) -> HttpResponse {
        let text = self.paragraph(Words::SigningOutAnswer);
        let (kind, title) = (PageKind::PostLogout, Words::SigningOutTitle);
        let mut page = self.content(kind, StatusCode::OK, title, text);
        let mut form = Action::form(self.say(Words::GoOn), action.as_str())
            .with("id", FORM_ID)
            .with_field(field, message);
        if let Some(relay_state) = relay_state {
            form = form.with_field("RelayState", relay_state);
        }
        page.actions.push(form);
        page.behaviour.script = Some(SUBMIT_SCRIPT);
        page.behaviour.posts_elsewhere = true;
        self.respond(&page)
    }
}
