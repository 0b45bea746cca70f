//! What is on a page, before it is HTML.

use std::fmt;
use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;

use super::branding::Branding;
use super::kind::PageKind;
use super::texts::Direction;
use crate::web::html::{escape_html, unescape_html};

/// What a page says and offers. A [`PageTemplate`](super::PageTemplate) makes HTML of it.
#[derive(Clone)]
#[non_exhaustive]
pub struct PageContent {
    /// Which page it is.
    pub kind: PageKind,
    /// The status that it is sent with.
    pub status: StatusCode,
    /// The language of its texts, for the attribute `lang`.
    pub lang: String,
    /// The direction of its texts, for the attribute `dir`.
    pub direction: Direction,
    /// Its heading, and its title.
    pub title: String,
    /// What it says.
    pub paragraphs: Vec<Paragraph>,
    /// What is to be chosen from, on the page where people choose an identity provider.
    pub choices: Option<Choices>,
    /// What can be done now. The first one is what most people want.
    pub actions: Vec<Action>,
    /// What the help desk finds it by in the log.
    pub reference: Option<Paragraph>,
    /// Whom to ask, if the application has said it.
    pub help_desk: Option<Paragraph>,
    /// What the person passes on to the administrators of the identity provider.
    pub for_administrators: Option<ForAdministrators>,
    /// Name and looks of the application.
    pub branding: Branding,
    pub(super) behaviour: Behaviour,
}

impl fmt::Debug for PageContent {
    // There are names on it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageContent").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What a page does by itself, and what it needs for that.
#[derive(Clone, Default)]
pub(super) struct Behaviour {
    /// An inline script.
    pub(super) script: Option<&'static str>,
    /// Whether its form goes to another origin. Which one cannot be said: Chrome holds redirects
    /// behind the form to the list too, and identity providers pass people on to one another.
    pub(super) posts_elsewhere: bool,
    /// An image of our own that has to be asked for.
    pub(super) image: Option<String>,
    /// Whether pages of our own origin, and no others, may show it within themselves.
    pub(super) is_framed: bool,
    /// Where it goes on to.
    pub(super) refresh: Option<String>,
    /// When it is worth while to try again.
    pub(super) retry_after: Option<HeaderValue>,
}

/// Words, and what was put in between.
#[derive(Clone, PartialEq, Eq)]
pub struct Paragraph(Vec<Part>);

/// A piece of a [`Paragraph`].
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// Words of the text.
    Text(String),
    /// What stands in a place of it, such as a name.
    Value(String),
}

impl Paragraph {
    pub(super) fn new(parts: Vec<Part>) -> Self {
        Self(parts)
    }

    /// The pieces in their order.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// As HTML, with the values in `<strong>`.
    pub fn to_html(&self) -> String {
        self.with_values_in("strong")
    }

    pub(super) fn with_values_in(&self, element: &str) -> String {
        let mut html = String::new();
        for part in &self.0 {
            match part {
                Part::Text(words) => html.push_str(&escape_html(words)),
                Part::Value(value) => {
                    let _ = write!(html, "<{element}>{}</{element}>", escape_html(value));
                }
            }
        }
        html
    }
}

impl fmt::Display for Paragraph {
    /// As plain text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(words) | Part::Value(words) => f.write_str(words),
        })
    }
}

impl fmt::Debug for Paragraph {
    // There may be a name in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Paragraph")
    }
}

/// A list to choose from.
#[derive(Clone)]
#[non_exhaustive]
pub struct Choices {
    /// What is asked.
    pub question: String,
    /// What there is.
    pub items: Vec<Choice>,
}

/// One of the things to choose from.
#[derive(Clone)]
#[non_exhaustive]
pub struct Choice {
    /// What it is called.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// What is said about it.
    pub note: Option<String>,
}

/// Something that can be done.
#[derive(Clone)]
#[non_exhaustive]
pub enum Action {
    /// A link.
    Link(Link),
    /// A form of one button, sent by POST.
    Form(Form),
}

/// A link of a page.
#[derive(Clone)]
#[non_exhaustive]
pub struct Link {
    /// What it is called.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// Whether it is what most people want.
    pub is_main: bool,
    /// Attributes that the element must have as they are.
    pub attributes: Vec<(&'static str, String)>,
}

/// A form of a page.
#[derive(Clone)]
#[non_exhaustive]
pub struct Form {
    /// What its button is called.
    pub label: String,
    /// Where it is sent to.
    pub action: String,
    /// Names and values of its hidden fields.
    pub fields: Vec<(String, String)>,
    /// What is said about it.
    pub before: Option<Paragraph>,
    /// Whether it is what most people want.
    pub is_main: bool,
    /// Attributes that the element must have as they are.
    pub attributes: Vec<(&'static str, String)>,
}

/// What a person passes on, as one text.
#[derive(Clone)]
#[non_exhaustive]
pub struct ForAdministrators {
    /// What it is called.
    pub summary: String,
    /// What is said about it.
    pub note: String,
    /// Lines to be copied whole: fixed words, in English whatever the language of the page, because
    /// others read them. They are about nobody.
    pub lines: String,
}

impl Choices {
    pub(super) fn new(question: String, items: Vec<Choice>) -> Self {
        Self { question, items }
    }
}

impl Choice {
    pub(super) fn new(label: String, href: String, note: Option<String>) -> Self {
        Self { label, href, note }
    }
}

impl ForAdministrators {
    pub(super) fn new(summary: String, note: String, lines: String) -> Self {
        Self { summary, note, lines }
    }
}

impl Action {
    /// What most people want.
    pub(super) fn main(label: String, href: &str) -> Self {
        let (href, attributes) = (href.to_owned(), Vec::new());
        Self::Link(Link { label, href, is_main: true, attributes })
    }

    /// Another way.
    pub(super) fn other(label: String, href: &str) -> Self {
        let (href, attributes) = (href.to_owned(), Vec::new());
        Self::Link(Link { label, href, is_main: false, attributes })
    }

    pub(super) fn form(label: String, action: &str) -> Self {
        let (action, fields) = (action.to_owned(), Vec::new());
        Self::Form(Form {
            label,
            action,
            fields,
            before: None,
            is_main: true,
            attributes: Vec::new(),
        })
    }

    /// Not what most people want, and said so in front of the button.
    pub(super) fn instead(mut self, paragraph: Paragraph) -> Self {
        if let Self::Form(form) = &mut self {
            form.is_main = false;
            form.before = Some(paragraph);
        }
        self
    }

    pub(super) fn with_field(mut self, name: &str, value: &str) -> Self {
        if let Self::Form(form) = &mut self {
            form.fields.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes_mut().push((name, value.into()));
        self
    }

    fn attributes_mut(&mut self) -> &mut Vec<(&'static str, String)> {
        match self {
            Self::Link(link) => &mut link.attributes,
            Self::Form(form) => &mut form.attributes,
        }
    }

    fn attributes(&self) -> &[(&'static str, String)] {
        match self {
            Self::Link(link) => &link.attributes,
            Self::Form(form) => &form.attributes,
        }
    }

    /// The element: an `a`, of the class `button` if it is what most people want, or a `form` with
    /// a `button`, of the class `secondary` if it is not.
    pub fn to_html(&self) -> String {
        let mut attributes = String::new();
        for (name, value) in self.attributes() {
            let _ = write!(attributes, " {name}=\"{}\"", escape_html(value));
        }
        match self {
            Self::Link(link) => {
                let class = if link.is_main { " class=\"button\"" } else { "" };
                let (href, label) = (escape_html(&link.href), escape_html(&link.label));
                format!("<a{class} href=\"{href}\"{attributes}>{label}</a>")
            }
            Self::Form(form) => {
                let mut fields = String::new();
                for (name, value) in &form.fields {
                    let (name, value) = (escape_html(name), escape_html(value));
                    let _ =
                        write!(fields, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
                }
                let class = if form.is_main { "" } else { " class=\"secondary\"" };
                let before = form.before.as_ref();
                let before = before.map_or_else(String::new, |p| format!("<p>{}</p>", p.to_html()));
                let (action, label) = (escape_html(&form.action), escape_html(&form.label));
                format!(
                    "<form method=\"post\" action=\"{action}\"{attributes}>{fields}{before}\
                     <p><button type=\"submit\"{class}>{label}</button></p></form>"
                )
            }
        }
    }
}

impl PageContent {
    /// HTML that stands at the end of the `body`: what the page needs to work, such as the script
    /// that sends its form. Nothing of it is seen, and most pages have none. A page without it is
    /// not sent.
    pub fn machinery(&self) -> String {
        let image = self.behaviour.image.as_ref().map_or_else(String::new, |path| {
            format!("<img src=\"{}\" alt=\"\" width=\"1\" height=\"1\">", escape_html(path))
        });
        let script = self.behaviour.script;
        image + &script.map_or_else(String::new, |script| format!("<script>{script}</script>"))
    }

    /// Whether a browser that gets `html` can do what the page is for.
    pub(super) fn is_whole(&self, html: &str) -> bool {
        // Template engines escape in ways of their own.
        let plain = unescape_html(html);
        let has = |value: &str| {
            plain.contains(&format!("\"{value}\"")) || plain.contains(&format!("'{value}'"))
        };
        let works = |action: &Action| {
            let (target, fields) = match action {
                Action::Link(link) => (&link.href, &[][..]),
                Action::Form(form) => (&form.action, form.fields.as_slice()),
            };
            has(target)
                && fields.iter().all(|(name, value)| has(name) && has(value))
                && action.attributes().iter().all(|(_, value)| has(value))
        };
        html.contains(&self.machinery()) && self.actions.iter().all(works)
    }
}
