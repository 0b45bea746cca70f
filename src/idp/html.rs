//! The frame around every page, and the escaping of everything that goes in.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};

use crate::crypto::sha256;
use crate::xml::encode_base64;

/// `text` as HTML, for content and for attributes in double quotes.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#x27;"),
            c => html.push(c),
        }
    }
    html
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c1917;--paper:#faf8f5;--card:#fff;--line:#57534e;\
--accent:#5b21b6;--deep:#3b1578;--on-accent:#fff;--hover:#f3e8ff;--bad:#b91c1c}\
@media (prefers-color-scheme:dark){:root{--ink:#f5f5f4;--paper:#1c1917;--card:#292524;--line:#a8a29e;\
--accent:#c4b5fd;--deep:#ddd6fe;--on-accent:#1c1917;--hover:#3b2a5c;--bad:#fca5a5}}\
*{box-sizing:border-box}\
body{margin:0;font:1.0625rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}\
a{color:var(--accent)}\
.test{background:#1c1917;color:#fff;border-bottom:.5rem solid #facc15}\
.test p,main,footer{max-width:52rem;margin:0 auto;padding:1rem 1.25rem}\
.test strong{background:#facc15;color:#1c1917;padding:.1rem .5rem;margin-right:.5rem}\
main{overflow-wrap:anywhere}\
h1{font-size:1.75rem;line-height:1.25;margin:1rem 0}\
h2{font-size:1.25rem;margin:2rem 0 .75rem}\
ul.people{list-style:none;margin:0;padding:0;display:grid;gap:.75rem;\
grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr))}\
ul.people button{width:100%;height:100%;text-align:left;display:flex;flex-direction:column}\
button{font:inherit;color:inherit;background:var(--card);border:2px solid var(--line);border-radius:.375rem;\
padding:.75rem 1rem;cursor:pointer;min-height:2.75rem}\
button:hover{background:var(--hover);border-color:var(--accent)}\
button.main{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}\
button.main:hover{background:var(--deep)}\
.name{font-weight:700}\
.quiet{color:var(--line)}\
a:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible,\
summary:focus-visible{outline:3px solid var(--ink);\
outline-offset:2px;box-shadow:0 0 0 6px #facc15}\
label{display:block;font-weight:700}\
details{margin:0 0 1rem}summary{cursor:pointer}\
select{font:inherit;max-width:100%;padding:.6rem;border:2px solid var(--line);border-radius:.375rem;\
background:var(--card);color:inherit;margin:.25rem 0 1rem}\
input[type=text]{font:inherit;color:inherit;background:var(--card);width:min(100%,22rem);padding:.6rem;border:2px solid var(--line);\
border-radius:.375rem;margin:.25rem .5rem .5rem 0}\
.fault{border-left:.375rem solid var(--bad);padding:.25rem 1rem;background:var(--card)}\
.fault p{margin:.5rem 0;font-weight:700;color:var(--bad)}\
dt{font-weight:700;margin-top:.75rem}\
dd{margin:0}\
footer{color:var(--line);border-top:1px solid var(--line);margin-top:2rem}\
@media (forced-colors:active){button{border-color:ButtonText}}";

const SUBMIT_SCRIPT: &str = "document.getElementById(\"response\").submit();";

static STYLE_SOURCE: LazyLock<String> = LazyLock::new(|| csp_hash(STYLE));
static SCRIPT_SOURCE: LazyLock<String> = LazyLock::new(|| csp_hash(SUBMIT_SCRIPT));

fn csp_hash(text: &str) -> String {
    format!("'sha256-{}'", encode_base64(&sha256(text.as_bytes())))
}

/// What a page does when it has arrived.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// Nothing by itself; its forms go to this identity provider.
    Waits,
    /// Nothing by itself; its forms go on to a service provider, which the policy must not forbid.
    WaitsToLeave,
    /// Sends the form `response` to the service provider. Its address is not in the policy: the
    /// browser would hold the service provider's own redirects against it.
    SubmitsForm,
}

/// A whole page. `title` is text, `body` is HTML.
pub(super) fn page(
    status: StatusCode,
    title: &str,
    body: &str,
    behaviour: Behaviour,
) -> HttpResponse {
    let style = &*STYLE_SOURCE;
    let mut policy =
        format!("default-src 'none'; style-src {style}; base-uri 'none'; frame-ancestors 'none'");
    let script = match behaviour {
        Behaviour::Waits => {
            policy.push_str("; form-action 'self'");
            String::new()
        }
        Behaviour::WaitsToLeave => String::new(),
        Behaviour::SubmitsForm => {
            policy.push_str("; script-src ");
            policy.push_str(&SCRIPT_SOURCE);
            format!("<script>{SUBMIT_SCRIPT}</script>")
        }
    };
    let title = escape(title);
    let html = format!(
        "<!DOCTYPE html><html lang=\"en-GB\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\">\
         <title>{title} - TEST sign-in</title><style>{STYLE}</style></head><body>\
         <header class=\"test\"><p><strong>TEST</strong> This is a test identity provider. \
         It is not NHSmail. Never type a real password here.</p></header>\
         <main><h1>{title}</h1>{body}</main>\
         <footer>Everybody on these pages is invented.</footer>\
         {script}</body></html>"
    );
    HttpResponse::build(status)
        .content_type(ContentType::html())
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        // Addresses here hold requests. The site alone stays, so that `Origin` tells a service
        // provider what it tells it behind an AD FS.
        .insert_header((REFERRER_POLICY, "strict-origin"))
        .body(html)
}
