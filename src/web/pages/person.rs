//! The pages that are about who sits in front of the screen.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use chrono::TimeDelta;

use super::catalogue::Words;
use super::content::{Action, Paragraph};
use super::kind::PageKind;
use super::{ONE_CLICK_SCRIPT, Pages};
use crate::web::kept_form::KeptForm;
use crate::web::preview::Preview;

/// Names in the query of the buttons under a form that was kept. Their value is the form's id.
pub(in crate::web) const SEND: &str = "send";
pub(in crate::web) const DROP: &str = "drop";

/// The people of a session that is locked, and where they can go.
pub(in crate::web) struct LockedByOther<'l> {
    /// Whose session it is.
    pub(in crate::web) owner: &'l str,
    /// Who has signed in.
    pub(in crate::web) name: &'l str,
    pub(in crate::web) reference: &'l str,
    pub(in crate::web) login_url: &'l str,
    pub(in crate::web) logout_url: &'l str,
}

impl Pages {
    /// In the place of what a form would have led to: it is kept for whoever has sent it.
    pub(in crate::web) fn form_kept(&self, name: &str, login_url: &str) -> HttpResponse {
        let text = self.paragraph(Words::SessionEndedText);
        let (kind, status) = (PageKind::FormKept, StatusCode::UNAUTHORIZED);
        let mut page = self.content(kind, status, Words::StepUpTitle, text);
        page.paragraphs = vec![self.texts.fill(Words::FormKeptText, &[("name", name)])];
        page.actions.push(Action::main(self.say(Words::SignInAgain), login_url));
        self.respond(&page)
    }

    /// A form that was kept, and a button each that sends it and that drops it, by way of `resume`.
    pub(in crate::web) fn resume(
        &self,
        form: &KeptForm,
        lifetime: TimeDelta,
        resume: &str,
    ) -> HttpResponse {
        let time = form.at.format("%H:%M UTC").to_string();
        let end = form.ends(lifetime).format("%H:%M UTC").to_string();
        let path = form.action.as_str().split('?').next().unwrap_or_default();
        let text = self.texts.fill(Words::ResumeText, &[("time", &time), ("page", path)]);
        let mut page = self.content(PageKind::Resume, StatusCode::OK, Words::ResumeTitle, text);
        page.paragraphs.extend(self.preview(&Preview::of(form.fields())));
        let send = format!("{resume}?{SEND}={}", form.id);
        let send = Action::form(self.say(Words::ResumeSend), &send);
        let with_field =
            |send: Action, (name, value): (String, String)| send.with_field(&name, &value);
        page.actions.push(form.fields().fold(send, with_field));
        let drop = format!("{resume}?{DROP}={}", form.id);
        let until = self.texts.fill(Words::ResumeOnce, &[("time", &end)]);
        page.actions.push(Action::form(self.say(Words::ResumeDrop), &drop).instead(until));
        page.behaviour.script = Some(ONE_CLICK_SCRIPT);
        self.respond(&page)
    }

    /// In the place of sending a form for the second time.
    pub(in crate::web) fn sent_before(
        &self,
        fields: impl Iterator<Item = (String, String)>,
    ) -> HttpResponse {
        let text = self.paragraph(Words::ResumeSentText);
        let mut page = self.content(PageKind::Resume, StatusCode::OK, Words::ResumeSentTitle, text);
        page.paragraphs.extend(self.preview(&Preview::of(fields)));
        page.actions.push(self.start_page());
        self.respond(&page)
    }

    fn preview(&self, preview: &Preview) -> Vec<Paragraph> {
        let field = |(name, value): &(String, Option<String>)| match value {
            Some(value) => {
                self.texts.fill(Words::ResumeField, &[("field", name), ("value", value)])
            }
            None => self.texts.fill(Words::ResumeFieldHidden, &[("field", name)]),
        };
        let mut paragraphs: Vec<_> = preview.shown.iter().map(field).collect();
        if !paragraphs.is_empty() {
            paragraphs.insert(0, self.paragraph(Words::ResumeFields));
        }
        if preview.others > 0 {
            let number = preview.others.to_string();
            paragraphs.push(self.texts.fill(Words::ResumeOthers, &[("number", &number)]));
        }
        paragraphs
    }

    /// In the place of a page of somebody whose session is locked.
    pub(in crate::web) fn locked(
        &self,
        name: &str,
        login_url: &str,
        was_sent: bool,
    ) -> HttpResponse {
        let text = self.texts.fill(Words::LockedText, &[("name", name)]);
        let (kind, status) = (PageKind::Locked, StatusCode::UNAUTHORIZED);
        let mut page = self.content(kind, status, Words::LockedTitle, text);
        if was_sent {
            page.paragraphs.push(self.paragraph(Words::NotUsed));
        }
        page.paragraphs.push(self.paragraph(Words::LockedOther));
        page.actions.push(Action::main(self.say(Words::SignInAgain), login_url));
        self.respond(&page)
    }

    /// Somebody has signed in who is not the person whose session is locked. Neither gets in.
    pub(in crate::web) fn locked_by_other(&self, locked: &LockedByOther<'_>) -> HttpResponse {
        let owner = [("owner", locked.owner)];
        let both = [("owner", locked.owner), ("name", locked.name)];
        let text = self.texts.fill(Words::LockedByOtherText, &both);
        let (kind, status) = (PageKind::LockedByOther, StatusCode::FORBIDDEN);
        let mut page = self.content(kind, status, Words::LockedByOtherTitle, text);
        let sign_in = self.texts.fill(Words::LockedByOtherSignIn, &owner).to_string();
        let sign_out = self.texts.fill(Words::LockedByOtherSignOut, &owner).to_string();
        page.actions.push(Action::main(sign_in, locked.login_url));
        page.actions.push(
            Action::form(sign_out, locked.logout_url)
                .instead(self.texts.fill(Words::LockedByOtherBegin, &owner)),
        );
        page.reference = Some(self.reference(locked.reference));
        page.help_desk = self.help_desk();
        self.respond(&page)
    }

    /// A page was opened by one person, and another one has signed in.
    pub(in crate::web) fn handover(&self, opened_by: &str, name: &str, page: &str) -> HttpResponse {
        let people = [("opened_by", opened_by), ("name", name)];
        let text = self.texts.fill(Words::HandoverText, &people);
        let mut content =
            self.content(PageKind::Handover, StatusCode::OK, Words::HandoverTitle, text);
        content.actions.push(self.start_page());
        let go_on = self.texts.fill(Words::HandoverGoOn, &[("name", name)]).to_string();
        content.actions.push(Action::other(go_on, page));
        self.respond(&content)
    }

    /// What was sent comes from a page of somebody else than the person who is signed in.
    pub(in crate::web) fn not_your_page(&self, name: &str) -> HttpResponse {
        let text = self.texts.fill(Words::NotYourPageText, &[("name", name)]);
        let (kind, status) = (PageKind::NotYourPage, StatusCode::CONFLICT);
        let mut page = self.content(kind, status, Words::HandoverTitle, text);
        page.paragraphs.push(self.paragraph(Words::NotUsed));
        page.actions.push(self.start_page());
        self.respond(&page)
    }
}
