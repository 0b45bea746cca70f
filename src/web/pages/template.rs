//! From what is on a page to HTML.

use std::fmt::Write as _;

use super::content::{Choices, ForAdministrators, PageContent};
use crate::web::html::escape_html;

/// Makes HTML of a page. An application that wants pages of its own looks gives one to
/// [`SamlBuilder::page_template`](crate::web::SamlBuilder::page_template).
///
/// Status and headers are not its business: the policy of each page (`Content-Security-Policy`)
/// allows no script but that of [`PageContent::machinery`], no inline style but that of
/// [`PageContent::style`], and nothing from elsewhere. What is in the content is text and has to be
/// escaped; the methods that return HTML have done so. When the HTML lacks an action, or anything else
/// without which the page would not work, ours is sent in its place, and the log says so. Values of
/// attributes have to be in quotes.
///
/// ```
/// use actix_saml::web::{PageContent, PageTemplate, escape_html};
///
/// /// Our pages with a footer.
/// struct WithFooter;
///
/// impl PageTemplate for WithFooter {
///     fn render(&self, page: &PageContent) -> String {
///         format!(
///             "<!DOCTYPE html><html lang=\"{}\" dir=\"{}\"><head><meta charset=\"utf-8\">\
///              <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
///              <title>{}</title>{}</head><body>\
///              <main>{}</main><footer>Foxglove Hospital</footer>{}</body></html>",
///             escape_html(&page.lang),
///             page.direction.as_str(),
///             escape_html(&page.title),
///             page.style(),
///             page.main(),
///             page.machinery(),
///         )
///     }
/// }
/// ```
pub trait PageTemplate: Send + Sync {
    /// The whole document.
    fn render(&self, page: &PageContent) -> String;
}

/// The template that is used when there is no other.
#[derive(Clone, Copy, Debug, Default)]
pub struct DefaultTemplate;

impl PageTemplate for DefaultTemplate {
    fn render(&self, page: &PageContent) -> String {
        let title = escape_html(&page.title);
        let (suffix, header) = match &page.branding.service_name {
            Some(name) => {
                let name = escape_html(name);
                let logo = page.branding.logo.as_ref().map_or_else(String::new, |logo| {
                    format!("<img src=\"{}\" alt=\"\">", escape_html(logo.as_str()))
                });
                (format!(" - {name}"), format!("<header><p>{logo}{name}</p></header>"))
            }
            None => Default::default(),
        };
        format!(
            "<!DOCTYPE html>\n<html lang=\"{}\" dir=\"{}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}{suffix}</title>{}</head>\
             <body>{header}<main>{}</main>{}</body></html>\n",
            escape_html(&page.lang),
            page.direction.as_str(),
            page.style(),
            page.main(),
            page.machinery(),
        )
    }
}

pub(super) const STYLE: &str = "\
:root{color-scheme:light dark}*{box-sizing:border-box}\
body{margin:0;font:1.1875rem/1.6 Arial,Helvetica,sans-serif;color:#212b32;background:#f0f4f5}\
header{background:#005eb8;color:#fff}header p{max-width:40rem;margin:0 auto;padding:1rem;\
font-weight:bold}header img{height:2.5rem;vertical-align:middle;margin-inline-end:.75rem}\
main{max-width:40rem;margin:2rem auto;padding:2rem;background:#fff;border-top:.5rem solid #005eb8;\
overflow-wrap:anywhere}\
h1{font-size:1.75rem;line-height:1.25;margin:0 0 1rem}\
a{color:#005eb8}\
button.secondary{background:#4c6272;box-shadow:0 .25rem 0 #263139}\
a:focus,button:focus,summary:focus{outline:.25rem solid #212b32;outline-offset:0;\
background:#ffeb3b;color:#212b32}\
.button,button{display:inline-block;font:inherit;font-weight:bold;padding:.5rem 1.1rem;\
border:2px solid transparent;\
border-radius:.25rem;background:#007f3b;color:#fff;text-decoration:none;cursor:pointer;\
box-shadow:0 .25rem 0 #00401e}\
.choices{list-style:none;margin:0;padding:0}.choices a{display:block;padding:.75rem 1rem;\
margin:0 0 .75rem;border:2px solid #005eb8;border-radius:.25rem;font-weight:bold}\
.choices span{display:block;font-weight:normal}\
.reference{color:#4c6272}code{font-size:1.05em}\
summary{padding:.25rem 0;color:#005eb8;text-decoration:underline;cursor:pointer}\
pre{margin:0;padding:1rem;border-inline-start:.25rem solid #768692;white-space:pre-wrap;\
overflow-wrap:anywhere;font:1rem/1.5 monospace}\
@media(max-width:40rem){main{margin:0;padding:1.5rem 1rem}}\
@media(prefers-color-scheme:dark){body{color:#e8edee;background:#17202a}main{background:#212b32}\
a,summary{color:#8cc4ff}.button{color:#fff}.choices a{border-color:#8cc4ff}.reference{color:#c3ccd2}\
a:focus,button:focus,summary:focus{outline-color:#fff}}";

impl PageContent {
    /// Our style, as HTML for the `head`, and the application's style sheet behind it.
    pub fn style(&self) -> String {
        let mut html = format!("<style>{STYLE}</style>");
        if let Some(path) = &self.branding.stylesheet {
            let path = escape_html(path.as_str());
            let _ = write!(html, "<link rel=\"stylesheet\" href=\"{path}\">");
        }
        html
    }

    /// All that is to be read and done on the page, with its heading, as HTML for the `main`.
    pub fn main(&self) -> String {
        let mut html = format!("<h1>{}</h1>", escape_html(&self.title));
        for paragraph in &self.paragraphs {
            let _ = write!(html, "<p>{}</p>", paragraph.to_html());
        }
        if let Some(choices) = &self.choices {
            html.push_str(&choices.to_html());
        }
        for action in &self.actions {
            let action_html = action.to_html();
            let _ = match action {
                super::Action::Link(_) => write!(html, "<p>{action_html}</p>"),
                super::Action::Form(_) => write!(html, "{action_html}"),
            };
        }
        if let Some(reference) = &self.reference {
            let _ = write!(html, "<p class=\"reference\">{}</p>", reference.with_values_in("code"));
        }
        if let Some(help_desk) = &self.help_desk {
            let _ = write!(html, "<p>{}</p>", help_desk.to_html());
        }
        if let Some(block) = &self.for_administrators {
            html.push_str(&block.to_html());
        }
        html
    }
}

impl Choices {
    fn to_html(&self) -> String {
        let mut items = String::new();
        for choice in &self.items {
            let (href, label) = (escape_html(&choice.href), escape_html(&choice.label));
            let note = choice.note.as_ref();
            let note =
                note.map_or_else(String::new, |note| format!("<span>{}</span>", escape_html(note)));
            let _ = write!(items, "<li><a href=\"{href}\">{label}{note}</a></li>");
        }
        format!(
            "<p id=\"where\">{}</p><ul class=\"choices\" aria-labelledby=\"where\">{items}</ul>",
            escape_html(&self.question)
        )
    }
}

impl ForAdministrators {
    fn to_html(&self) -> String {
        format!(
            "<details><summary>{}</summary><p>{}</p><pre lang=\"{}\" dir=\"ltr\">{}</pre></details>",
            escape_html(&self.summary),
            escape_html(&self.note),
            super::texts::ENGLISH,
            escape_html(&self.lines)
        )
    }
}
