//! The frame around each page of the demo application.

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::crypto::sha256;
use crate::nhsmail::Staff;
use crate::web::escape_html;
use crate::xml::encode_base64;

const STYLE: &str = "\
:root{--blue:#005eb8;--dark:#003087;--ink:#212b32;--grey:#4c6272;--pale:#f0f4f5;--green:#007f3b}\
*{box-sizing:border-box}body{margin:0;font:1.0625rem/1.6 Arial,Helvetica,sans-serif;color:var(--ink);background:var(--pale)}\
.skip{position:absolute;left:-999rem}.skip:focus{left:1rem;top:1rem;z-index:1;padding:.5rem 1rem}\
header{background:var(--blue);color:#fff}.bar,main,footer{max-width:66rem;margin:0 auto;padding:1rem 1.5rem}\
.bar{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:center}.brand{font-weight:bold;font-size:1.35rem;margin-right:auto}\
header a{color:#fff}nav ul{display:flex;flex-wrap:wrap;gap:1rem;list-style:none;margin:0;padding:0}\
.who{display:flex;flex-wrap:wrap;gap:.25rem 1rem}header form{margin:0}header button{font:inherit;background:none;border:0;color:#fff;text-decoration:underline;cursor:pointer;padding:0}\
a:focus,button:focus,.wide:focus{outline:.2rem solid #212b32;outline-offset:.1rem;background:#ffeb3b;color:#212b32}\
main{background:#fff;margin-top:1.5rem;padding:1.5rem 2rem 2.5rem;border-top:.4rem solid var(--dark)}\
h1{font-size:2rem;line-height:1.2;margin:.3rem 0 1rem}h2{font-size:1.35rem;margin:2rem 0 .5rem}\
a{color:var(--blue)}.button{display:inline-block;background:var(--green);color:#fff;font-weight:bold;padding:.7rem 1.3rem;\
border-radius:.25rem;text-decoration:none;box-shadow:0 .25rem 0 #00401e}\
table{border-collapse:collapse;width:100%;margin:1rem 0}caption{text-align:left;font-weight:bold;padding:.25rem 0}\
th,td{text-align:left;padding:.55rem .75rem .55rem 0;border-bottom:1px solid #d8dde0;vertical-align:top;overflow-wrap:anywhere}\
.words th,.words td{overflow-wrap:normal}.words code{overflow-wrap:anywhere}\
.wide{overflow-x:auto}\
.tag{display:inline-block;padding:.1rem .6rem;background:#d9e5f5;color:#003087;border-radius:.2rem;font-size:.95rem}\
.note{border-left:.4rem solid var(--blue);background:#f0f4f5;padding:.75rem 1rem;margin:1.25rem 0}\
@media(max-width:40rem){main{padding:1rem}}\
footer{color:var(--grey);font-size:.95rem}";

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = encode_base64(&sha256(STYLE.as_bytes()));
    format!(
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
         style-src 'sha256-{hash}'"
    )
});

/// A page of the application. `body` is HTML, already escaped.
pub(super) fn page(
    status: StatusCode,
    title: &str,
    staff: Option<&Staff>,
    body: &str,
) -> HttpResponse {
    let who = match staff {
        Some(staff) => format!(
            "<div class=\"who\"><span>Signed in as <strong>{}</strong></span>\
             <form method=\"post\" action=\"/saml/logout\"><button type=\"submit\">Sign out</button></form></div>",
            escape_html(staff.display_name())
        ),
        None => "<a href=\"/saml/login?return_to=%2Frota\">Sign in</a>".to_owned(),
    };
    let title = escape_html(title);
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} - Ward rota (demo)</title><style>{STYLE}</style></head><body>\
         <a class=\"skip\" href=\"#main\">Skip to main content</a>\
         <header><div class=\"bar\"><span class=\"brand\">Ward rota <span class=\"tag\">demo</span></span>\
         <nav aria-label=\"Pages\"><ul><li><a href=\"/\">Home</a></li><li><a href=\"/rota\">Rota</a></li>\
         <li><a href=\"/admin\">Admin</a></li><li><a href=\"/assertion\">Your sign-in</a></li></ul></nav>\
         {who}</div></header><main id=\"main\"><h1>{title}</h1>{body}</main>\
         <footer>A fictional application. Every person and every shift is invented.</footer>\
         </body></html>\n"
    );
    HttpResponseBuilder::new(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", POLICY.as_str()))
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("X-Frame-Options", "DENY"))
        .body(html)
}
