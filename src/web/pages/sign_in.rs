//! The pages on the way to a sign-in.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use url::Url;

use super::catalogue::Words;
use super::content::{Action, Choice, Choices};
use super::kind::PageKind;
use super::{FORM_ID, LINK_ID, ONE_CLICK_SCRIPT, Pages, SUBMIT_SCRIPT};

/// Takes the whole window to the sign-in, and back to the page that it shows. A window in which
/// somebody has typed something is left to them: the link is there.
const BREAK_OUT_SCRIPT: &str = "try{\
var a=document.getElementById('saml-link'),t=top.location,typed=[].some.call(\
top.document.querySelectorAll('input,textarea,[contenteditable]'),function(e){\
return e.isContentEditable||e.value!==e.defaultValue||e.checked!==e.defaultChecked});\
if(a.dataset.login)a.href=a.dataset.login+'?return_to='+encodeURIComponent(t.pathname+t.search);\
if(top!==self&&a.dataset.go&&!typed)t.assign(a.href)\
}catch(e){}";

impl Pages {
    /// The page that posts a request to the identity provider by itself.
    pub(in crate::web) fn post_request(
        &self,
        action: &Url,
        saml_request: &str,
        relay_state: &str,
    ) -> HttpResponse {
        let text = self.paragraph(Words::SigningInText);
        let mut page =
            self.content(PageKind::SigningIn, StatusCode::OK, Words::SigningInTitle, text);
        page.actions.push(
            Action::form(self.say(Words::GoOn), action.as_str())
                .with("id", FORM_ID)
                .with_field("SAMLRequest", saml_request)
                .with_field("RelayState", relay_state),
        );
        page.behaviour.script = Some(SUBMIT_SCRIPT);
        page.behaviour.posts_elsewhere = true;
        self.respond(&page)
    }

    /// An identity provider on the page where people choose. `is_remembered` when somebody signed in
    /// there with this browser before.
    pub(in crate::web) fn choice(&self, label: &str, href: String, is_remembered: bool) -> Choice {
        let note = is_remembered.then(|| self.say(Words::ChooseLast));
        Choice::new(label.to_owned(), href, note)
    }

    /// The page on which a person chooses where to sign in. `is_whole` unless there are others that
    /// nobody can choose now.
    pub(in crate::web) fn choose_idp(&self, choices: Vec<Choice>, is_whole: bool) -> HttpResponse {
        let text = self.paragraph(Words::ChooseNotAll);
        let mut page = self.content(PageKind::ChooseIdp, StatusCode::OK, Words::ChooseTitle, text);
        if is_whole {
            page.paragraphs.clear();
        }
        page.choices = Some(Choices::new(self.say(Words::ChooseQuestion), choices));
        self.respond(&page)
    }

    /// The page that says as whom somebody is about to be signed in. `fields` go to `action` when they
    /// agree.
    pub(in crate::web) fn confirm_sign_in(
        &self,
        name: &str,
        action: &str,
        fields: &[(&str, String)],
    ) -> HttpResponse {
        let name = [("name", name)];
        let text = self.texts.fill(Words::ConfirmText, &name);
        let mut page = self.content(PageKind::Confirm, StatusCode::OK, Words::ConfirmTitle, text);
        let go_on = Action::form(self.texts.fill(Words::ConfirmGoOn, &name).to_string(), action);
        let with_field =
            |form: Action, (name, value): &(&str, String)| form.with_field(name, value);
        page.actions.push(fields.iter().fold(go_on, with_field));
        page.actions.push(Action::other(self.say(Words::ConfirmOther), "/"));
        page.behaviour.script = Some(ONE_CLICK_SCRIPT);
        self.respond(&page)
    }

    /// The answer to a page that was asked for by something else than a plain visit, such as a form
    /// that was sent after the session had ended.
    pub(in crate::web) fn session_ended(&self, login_url: &str) -> HttpResponse {
        let text = self.paragraph(Words::SessionEndedText);
        let (kind, status) = (PageKind::SessionEnded, StatusCode::UNAUTHORIZED);
        let mut page = self.content(kind, status, Words::SessionEndedTitle, text);
        page.paragraphs.push(self.paragraph(Words::NotUsed));
        page.actions.push(Action::main(self.say(Words::SignIn), login_url));
        self.respond(&page)
    }

    /// The answer to a form that was sent to a page for which the sign-in is too old or too weak.
    pub(in crate::web) fn step_up(&self, login_url: &str) -> HttpResponse {
        let text = self.paragraph(Words::StepUpText);
        let (kind, status) = (PageKind::StepUp, StatusCode::UNAUTHORIZED);
        let mut page = self.content(kind, status, Words::StepUpTitle, text);
        page.paragraphs.push(self.paragraph(Words::NotUsed));
        page.actions.push(Action::main(self.say(Words::SignInAgain), login_url));
        self.respond(&page)
    }

    /// In the place of a page within a page: the sign-in does not let itself be shown there. The way
    /// out is by `login_url`; scripts put the page that the window shows behind `login_path`, if
    /// there is one. When something `was_sent`, the window stays until somebody has read that it is
    /// lost.
    pub(in crate::web) fn break_out(
        &self,
        login_url: &str,
        login_path: Option<&str>,
        was_sent: bool,
    ) -> HttpResponse {
        let words = (Words::SessionEndedTitle, Words::SessionEndedText);
        self.out_of_frame(words, login_url, login_path, was_sent)
    }

    /// The same for a page for which the sign-in is too old or too weak. The page around it may ask
    /// for less: only this one is known to need `login_url`.
    pub(in crate::web) fn break_out_to_step_up(
        &self,
        login_url: &str,
        was_sent: bool,
    ) -> HttpResponse {
        let words = (Words::StepUpTitle, Words::StepUpText);
        self.out_of_frame(words, login_url, None, was_sent)
    }

    fn out_of_frame(
        &self,
        (title, text): (Words, Words),
        login_url: &str,
        login_path: Option<&str>,
        was_sent: bool,
    ) -> HttpResponse {
        let (kind, status) = (PageKind::BreakOut, StatusCode::UNAUTHORIZED);
        let mut page = self.content(kind, status, title, self.paragraph(text));
        let mut link = Action::main(self.say(Words::SignIn), login_url)
            .with("target", "_top")
            .with("id", LINK_ID);
        if let Some(path) = login_path {
            link = link.with("data-login", path);
        }
        if was_sent {
            page.paragraphs.push(self.paragraph(Words::NotUsed));
        } else {
            link = link.with("data-go", "1");
        }
        page.actions.push(link);
        page.behaviour.script = Some(BREAK_OUT_SCRIPT);
        page.behaviour.is_framed = true;
        self.respond(&page)
    }
}
