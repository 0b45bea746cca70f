//! The little HTML that this crate writes.

use std::fmt::Write as _;
use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::crypto::sha256;
use crate::xml::encode_base64;

/// `text` for use in HTML, as content or inside a quoted attribute.
pub fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;font:1.1875rem/1.6 Arial,Helvetica,sans-serif;color:#212b32;background:#f0f4f5}\
main{max-width:40rem;margin:3rem auto;padding:2rem;background:#fff;border-top:.5rem solid #005eb8}\
h1{font-size:1.75rem;line-height:1.25;margin:0 0 1rem}\
a{color:#005eb8}a:focus,button:focus,summary:focus{outline:.25rem solid #ffb81c;outline-offset:0;background:#ffeb3b;color:#212b32}\
.button,button{display:inline-block;font:inherit;font-weight:bold;padding:.6rem 1.2rem;border:0;\
border-radius:.25rem;background:#007f3b;color:#fff;text-decoration:none;cursor:pointer;box-shadow:0 .25rem 0 #00401e}\
.choices{list-style:none;margin:0;padding:0}.choices a{display:block;padding:.75rem 1rem;\
margin:0 0 .75rem;border:2px solid #005eb8;border-radius:.25rem;font-weight:bold;overflow-wrap:anywhere}\
.choices span{display:block;font-weight:normal}\
.reference{color:#4c6272}code{font-size:1.05em}\
summary{padding:.25rem 0;color:#005eb8;text-decoration:underline;cursor:pointer}\
pre{margin:0;padding:1rem;border-left:.25rem solid #768692;white-space:pre-wrap;overflow-wrap:anywhere;\
font:1rem/1.5 monospace}\
@media(prefers-color-scheme:dark){body{color:#e8edee;background:#17202a}main{background:#212b32}\
a,summary{color:#8cc4ff}.choices a{border-color:#8cc4ff}.reference{color:#c3ccd2}}";

/// The source expression of a Content-Security-Policy that allows exactly this inline text.
fn source_hash(inline: &str) -> String {
    format!("'sha256-{}'", encode_base64(&sha256(inline.as_bytes())))
}

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| source_hash(STYLE));

/// A page with nothing on it that could be turned against its reader.
pub(super) struct Page<'p> {
    pub(super) status: StatusCode,
    pub(super) title: &'p str,
    /// HTML, already escaped.
    pub(super) body: String,
    /// An inline script, if the page has one.
    pub(super) script: Option<&'p str>,
    /// Whether its form goes to another origin. Which one cannot be said: Chrome holds redirects
    /// behind the form to the list too, and identity providers pass people on to one another.
    pub(super) posts_elsewhere: bool,
    /// Whether it shows images of our own origin.
    pub(super) images: bool,
    /// Whether pages of our own origin, and no others, may show it within themselves.
    pub(super) is_framed: bool,
    /// Where it goes on to by itself: an address, escaped.
    pub(super) refresh: Option<&'p str>,
}

impl<'p> Page<'p> {
    pub(super) fn new(status: StatusCode, title: &'p str, body: String) -> Self {
        Self {
            status,
            title,
            body,
            script: None,
            posts_elsewhere: false,
            images: false,
            is_framed: false,
            refresh: None,
        }
    }

    pub(super) fn into_response(self) -> HttpResponse {
        let (ancestors, options) =
            if self.is_framed { ("'self'", "SAMEORIGIN") } else { ("'none'", "DENY") };
        let mut policy = format!(
            "default-src 'none'; base-uri 'none'; frame-ancestors {ancestors}; style-src {}",
            *STYLE_HASH
        );
        if let Some(script) = self.script {
            let _ = write!(policy, "; script-src {}", source_hash(script));
        }
        if self.images {
            policy.push_str("; img-src 'self'");
        }
        if !self.posts_elsewhere {
            policy.push_str("; form-action 'self'");
        }
        let script = self.script.map_or_else(String::new, |s| format!("<script>{s}</script>"));
        let title = escape_html(self.title);
        let refresh = self.refresh.map_or_else(String::new, |url| {
            format!("<meta http-equiv=\"refresh\" content=\"0; url={url}\">")
        });
        let html = format!(
            "<!DOCTYPE html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             {refresh}<title>{title}</title><style>{STYLE}</style></head>\
             <body><main><h1>{title}</h1>{}</main>{script}</body></html>\n",
            self.body
        );
        let mut response = HttpResponseBuilder::new(self.status);
        response
            .content_type("text/html; charset=utf-8")
            .insert_header((CONTENT_SECURITY_POLICY, policy))
            .insert_header((REFERRER_POLICY, "no-referrer"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header(("X-Content-Type-Options", "nosniff"))
            .insert_header(("X-Frame-Options", options));
        response.body(html)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xss_every_special_character_is_escaped() {
        let hostile = "\"><script>alert('x')</script>&amp;";
        let escaped = escape_html(hostile);
        assert_eq!(escaped, "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;");
    }

    #[test]
    fn a_page_allows_its_own_style_and_nothing_else() {
        let response = Page::new(StatusCode::OK, "T", String::new()).into_response();
        let policy = response.headers().get(CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
    }
}
