//! The pages that people see, in one place. Fixed texts: nothing from a message is ever on them.
//!
//! A page is made in three steps: what is on it ([`PageContent`], of the texts of the catalogue),
//! its HTML (a [`PageTemplate`]), and its headers, which are the same whatever the template does.

mod branding;
mod catalogue;
mod content;
mod headers;
mod kind;
mod person;
mod problem;
mod samples;
mod settings;
mod sign_in;
mod sign_out;
mod template;
mod texts;
mod trouble;

use std::fmt;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

pub use branding::{Branding, OwnPath, OwnPathError};
use catalogue::Words;
use content::Behaviour;
pub use content::{
    Action, Choice, Choices, ForAdministrators, Form, Link, PageContent, Paragraph, Part,
};
pub use kind::PageKind;
pub(super) use person::{DROP, LockedByOther, SEND};
pub(super) use problem::{
    locked_problem, not_ready_problem, nothing_ahead, other_person_problem, problem,
};
pub(super) use sign_out::{AfterSignOut, SignedOut};
pub use template::{DefaultTemplate, PageTemplate};
pub use texts::{Direction, Texts, TextsError};
pub(super) use trouble::{Told, Trouble};

/// How the pages of one application are made.
#[derive(Clone)]
pub(super) struct Pages {
    pub(super) texts: Texts,
    pub(super) branding: Branding,
    pub(super) template: Arc<dyn PageTemplate>,
}

impl Default for Pages {
    fn default() -> Self {
        let (texts, branding) = (Texts::default(), Branding::default());
        Self { texts, branding, template: Arc::new(DefaultTemplate) }
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}

/// The script that sends a form which goes on by itself.
const SUBMIT_SCRIPT: &str = "document.getElementById('saml-form').submit()";
/// Of two clicks only the first sends. Browsers drop the answer to the first form when the second one
/// goes, and what it did is lost: a session that has begun, a form that was taken out. Whoever comes
/// back to the page may send again.
const ONE_CLICK_SCRIPT: &str = "(function(){\
    var sent=false;\
    addEventListener(\"submit\",function(e){if(sent){e.preventDefault()}sent=true});\
    addEventListener(\"pageshow\",function(){sent=false})\
    })();";
/// What the scripts find their form or link by.
const FORM_ID: &str = "saml-form";
const LINK_ID: &str = "saml-link";

impl Pages {
    /// A page that has no more than a heading and says one thing.
    fn content(
        &self,
        kind: PageKind,
        status: StatusCode,
        title: Words,
        text: Paragraph,
    ) -> PageContent {
        PageContent {
            kind,
            status,
            lang: self.texts.lang().to_owned(),
            direction: self.texts.direction(),
            title: self.say(title),
            paragraphs: vec![text],
            choices: None,
            actions: Vec::new(),
            reference: None,
            help_desk: None,
            for_administrators: None,
            branding: self.branding.clone(),
            behaviour: Behaviour::default(),
        }
    }

    fn say(&self, text: Words) -> String {
        self.texts.say(text).to_owned()
    }

    fn paragraph(&self, text: Words) -> Paragraph {
        self.texts.fill(text, &[])
    }

    fn reference(&self, reference: &str) -> Paragraph {
        self.texts.fill(Words::Reference, &[("reference", reference)])
    }

    fn start_page(&self) -> Action {
        Action::main(self.say(Words::StartPage), "/")
    }

    /// The way to another identity provider, for whoever is taken to the wrong one.
    fn chooser(&self, url: Option<&str>) -> Option<Action> {
        url.map(|url| Action::other(self.say(Words::SignInElsewhere), url))
    }

    /// What the application says of `help_desk`, on pages after which people may need one.
    fn help_desk(&self) -> Option<Paragraph> {
        let help_desk = self.branding.help_desk.as_deref()?;
        Some(self.texts.fill(Words::HelpDesk, &[("help_desk", help_desk)]))
    }

    fn respond(&self, content: &PageContent) -> HttpResponse {
        let mut html = self.template.render(content);
        if !content.is_whole(&html) {
            tracing::error!(event = "page_template_incomplete", page = content.kind.code());
            html = DefaultTemplate.render(content);
        }
        headers::answer(content, html)
    }
}

#[cfg(test)]
mod tests;
