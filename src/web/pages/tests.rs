//! All pages at once, by their samples.

use std::sync::{Arc, Mutex};

use actix_web::body::MessageBody as _;
use actix_web::http::header::CONTENT_SECURITY_POLICY;

use super::*;

/// The HTML and the policy of every sample.
fn rendered(pages: &Pages) -> Vec<(PageContent, String, String)> {
    let samples = pages.samples();
    let read = |(content, response): (PageContent, HttpResponse)| {
        let policy = response.headers().get(CONTENT_SECURITY_POLICY).unwrap();
        let policy = policy.to_str().unwrap().to_owned();
        let body = response.into_body().try_into_bytes().unwrap();
        (content, String::from_utf8(body.to_vec()).unwrap(), policy)
    };
    samples.into_iter().map(read).collect()
}

#[test]
fn there_is_a_sample_of_every_page() {
    let mut kinds: Vec<_> = Pages::default().samples().iter().map(|(page, _)| page.kind).collect();
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds, PageKind::ALL);
}

#[test]
fn codes_and_keys_are_each_there_once() {
    let mut codes: Vec<_> = PageKind::ALL.iter().map(|kind| kind.code()).collect();
    let mut keys: Vec<_> = Words::ALL.iter().map(|text| text.key()).collect();
    for names in [&mut codes, &mut keys] {
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}

#[test]
fn the_documentation_lists_every_page() {
    let page = include_str!("../../../docs/pages.md");
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let samples = Pages::default().samples();
    for (index, kind) in PageKind::ALL.iter().enumerate() {
        let (sample, _) = samples.iter().find(|(page, _)| page.kind == *kind).unwrap();
        let (title, status) = (&sample.title, sample.status.as_u16());
        let row = format!("| `{}` | {title} | {status} | ", kind.code());
        assert!(rows[index].starts_with(&row), "{row} is not row {index}: {}", rows[index]);
    }
}

/// Letters of another script in the place of ours.
fn marked(text: &str) -> String {
    let mut is_place = false;
    let mark = |c: char| {
        is_place = (is_place || c == '{') && c != '}';
        match c {
            c if is_place => c,
            'a'..='z' => char::from_u32(0x3b1 + (u32::from(c) - u32::from('a')) % 16).unwrap(),
            'A'..='Z' => char::from_u32(0x391 + (u32::from(c) - u32::from('A')) % 16).unwrap(),
            c => c,
        }
    };
    text.chars().map(mark).collect()
}

/// What somebody reads or hears, without what comes from elsewhere.
fn read_out(html: &str) -> String {
    let mut rest = html.to_owned();
    for hidden in ["style", "script", "pre", "strong", "code"] {
        while let Some((before, inside)) = rest.split_once(&format!("<{hidden}")) {
            let (_, after) = inside.split_once(&format!("</{hidden}>")).unwrap();
            rest = format!("{before}{after}");
        }
    }
    let mut shown = String::new();
    for piece in rest.split('<') {
        let (tag, text) = piece.split_once('>').unwrap_or(("", piece));
        for attribute in [" alt=\"", " title=\"", " aria-label=\"", " placeholder=\""] {
            let value = tag.split_once(attribute).and_then(|(_, rest)| rest.split('"').next());
            shown.push_str(value.unwrap_or_default());
        }
        shown.push_str(text);
    }
    for entity in ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"] {
        shown = shown.replace(entity, "");
    }
    shown
}

#[test]
fn every_word_comes_from_the_catalogue() {
    let mut texts = Texts::default();
    for text in Words::ALL {
        texts.set(text.key(), marked(text.english())).unwrap();
    }
    let own = Pages { texts, ..Pages::default() };
    let values = ["Bryn O'Sample", "Bryn OSample", "Dr Zo\u{eb} M\u{fc}ller-Example", "NHSmail"];
    for (page, html, _) in rendered(&own) {
        let mut text = read_out(&html);
        for value in values.into_iter().chain(["Foxglove Hospital"]) {
            text = text.replace(value, "");
        }
        let stray: String = text.chars().filter(char::is_ascii_alphabetic).collect();
        assert_eq!(stray, "", "{:?}: {text}", page.kind);
        assert!(text.chars().any(|c| ('\u{3b1}'..='\u{3c1}').contains(&c)), "the control: {text}");
    }
    // The control of the reading: in English there is something to find.
    let (_, html, _) = &rendered(&Pages::default())[0];
    assert!(read_out(html).contains("Please start again."));
}

#[test]
fn every_text_is_on_a_page() {
    let branding = Branding { help_desk: Some("extension 0000".into()), ..Branding::default() };
    let pages = Pages { branding, ..Pages::default() };
    let all: String = rendered(&pages).into_iter().map(|(_, html, _)| html).collect();
    for text in Words::ALL {
        let longest = text.english().split(['{', '}']).step_by(2).max_by_key(|words| words.len());
        let words = crate::web::html::escape_html(longest.unwrap());
        assert!(all.contains(&words), "{text:?}");
    }
}

/// A template that writes what it likes.
struct Written<F>(F);

impl<F: Fn(&PageContent) -> String + Send + Sync> PageTemplate for Written<F> {
    fn render(&self, page: &PageContent) -> String {
        self.0(page)
    }
}

fn with(template: impl Fn(&PageContent) -> String + Send + Sync + 'static) -> Pages {
    Pages { template: Arc::new(Written(template)), ..Pages::default() }
}

#[test]
fn a_template_that_leaves_out_what_a_page_needs_is_not_used() {
    let ours = rendered(&Pages::default());
    let empty = rendered(&with(|_| "<p>mine</p>".to_owned()));
    for ((page, html, policy), (_, own, own_policy)) in empty.iter().zip(&ours) {
        // A page that needs nothing may be anything; each of ours has a way on.
        let needs_nothing = page.actions.is_empty() && page.machinery().is_empty();
        assert_eq!(html == "<p>mine</p>", needs_nothing, "{:?}", page.kind);
        assert!(needs_nothing || html == own, "{:?}", page.kind);
        assert_eq!(policy, own_policy, "{:?}", page.kind);
    }
    let without_script = rendered(&with(|page| page.main()));
    for ((page, html, _), (_, own, _)) in without_script.iter().zip(&ours) {
        let is_ours = html == own;
        assert_eq!(is_ours, !page.machinery().is_empty(), "{:?}", page.kind);
    }
    // The control: with everything on it, it is used.
    let whole = rendered(&with(|page| format!("<i>{}{}", page.main(), page.machinery())));
    assert!(whole.iter().all(|(_, html, _)| html.starts_with("<i>")));
}

/// As askama, tera and handlebars write them.
#[test]
fn a_template_may_escape_in_its_own_way() {
    let engine = |page: &PageContent| {
        let main = page.main().replace("&amp;", "&#38;").replace("&#39;", "&#x27;");
        format!("<i>{}{}", main.replace("href=\"/", "href=\"&#x2F;"), page.machinery())
    };
    let quoting = |page: &PageContent| page.main().replace('"', "'") + &page.machinery();
    assert!(rendered(&with(engine)).iter().all(|(_, html, _)| html.starts_with("<i>")));
    assert!(rendered(&with(quoting)).iter().all(|(_, html, _)| html.starts_with("<h1>")));
}

#[test]
fn a_template_is_told_everything() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let pages = with(move |page| {
        kept.lock().unwrap().push(page.kind);
        DefaultTemplate.render(page)
    });
    let kinds: Vec<_> = pages.samples().iter().map(|(page, _)| page.kind).collect();
    assert_eq!(*seen.lock().unwrap(), kinds);
    let (page, _) = &pages.samples()[1];
    assert_eq!(page.kind, PageKind::Refused);
    assert_eq!(page.status, 403);
    assert_eq!(page.title, "We could not sign you in");
    assert_eq!(page.reference.as_ref().unwrap().to_string(), "Reference: 7f3a9-c21e4");
    assert!(page.for_administrators.as_ref().unwrap().lines.contains("Responder / NoAuthnContext"));
    let [Action::Link(again), Action::Link(elsewhere)] = page.actions.as_slice() else { panic!() };
    assert_eq!(again.href, "/saml/login?return_to=%2Frota%3Fday%3D2");
    assert!(again.is_main && !elsewhere.is_main);
}

#[test]
fn what_the_application_shows_is_escaped_and_its_own() {
    let branding = Branding {
        service_name: Some("Rota & <b>".to_owned()),
        help_desk: Some("ext. <i>".to_owned()),
        stylesheet: Some(OwnPath::parse("/a.css?x='\"").unwrap()),
        logo: Some(OwnPath::parse("/logo.svg?<").unwrap()),
    };
    let branded = rendered(&Pages { branding, ..Pages::default() });
    for ((page, html, policy), (_, _, plain)) in branded.iter().zip(rendered(&Pages::default())) {
        assert!(html.contains(" - Rota &amp; &lt;b&gt;</title>"), "{html}");
        assert!(html.contains("<link rel=\"stylesheet\" href=\"/a.css?x=&#39;&quot;\">"));
        assert!(html.contains("<img src=\"/logo.svg?&lt;\" alt=\"\">Rota &amp; &lt;b&gt;</p>"));
        assert!(!html.contains("<i>") && !html.contains("<b>"));
        assert_eq!(html.contains("ext. &lt;i&gt;"), page.help_desk.is_some());
        assert!(policy.contains("; img-src 'self'"), "{policy}");
        assert!(policy.contains(" 'self'; ") && !plain.contains("style-src 'self'"), "{policy}");
    }
}

#[test]
fn a_page_is_in_the_language_of_its_texts() {
    let texts = Texts::from_toml("lang = \"ur\"\ndir = \"rtl\"").unwrap();
    for (page, html, _) in rendered(&Pages { texts, ..Pages::default() }) {
        assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"ur\" dir=\"rtl\">"), "{html}");
        // What others read stays theirs.
        let block = page.for_administrators.is_some();
        assert_eq!(html.contains("<pre lang=\"en-GB\" dir=\"ltr\">"), block);
    }
}
