//! Who asks: a person, a page within a page, a script, or a browser that runs ahead of its user.
//!
//! What browsers say of themselves (`Sec-Fetch-*`) counts before what any client can say
//! (`Accept`, the method). It decides only how a request is answered that is not let through.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, HeaderValue, UPGRADE};

/// The request headers by which [`Client::of`] decides, and the cookies.
pub(super) const VARY: HeaderValue = HeaderValue::from_static(
    "Cookie, Accept, X-Requested-With, Upgrade, Sec-Fetch-Mode, Sec-Fetch-Dest, Sec-Purpose, \
     Purpose, X-Purpose, X-Moz",
);

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    /// A person visits a page.
    Visit,
    /// A person has sent a form.
    Form,
    /// A page shows another one within itself.
    Frame,
    /// A form was sent within such a page.
    FormInFrame,
    /// A browser looks ahead, or somebody only asks whether there is anything. There may be nobody
    /// in front of it.
    Ahead,
    /// A script, an image, a WebSocket: whatever has no use for a page.
    Script,
}

impl Client {
    /// Who has sent `request`.
    pub(super) fn of(request: &HttpRequest) -> Self {
        if request.method() == Method::HEAD || is_ahead(request) {
            return Self::Ahead;
        }
        if is_script(request) {
            return Self::Script;
        }
        let is_in_frame = header(request, "Sec-Fetch-Dest").is_some_and(is_frame);
        match (request.method() == Method::GET, is_in_frame) {
            (true, true) => Self::Frame,
            (true, false) => Self::Visit,
            (false, true) => Self::FormInFrame,
            (false, false) if accepts(request, "text/html") => Self::Form,
            (false, false) => Self::Script,
        }
    }

    /// Whether a page would be shown to a person, in a window of its own.
    pub(super) fn shows_pages(self) -> bool {
        matches!(self, Self::Visit | Self::Form)
    }
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// Whether a browser fetches, or even shows unseen, what its user may want next. Chromium says so in
/// `Sec-Purpose`; the others are what browsers have said before.
fn is_ahead(request: &HttpRequest) -> bool {
    ["Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"].into_iter().any(|name| {
        header(request, name).is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            ["prefetch", "prerender", "preview"].into_iter().any(|word| value.contains(word))
        })
    })
}

fn is_frame(destination: &str) -> bool {
    matches!(destination, "iframe" | "frame" | "embed" | "object" | "fencedframe")
}

fn is_script(request: &HttpRequest) -> bool {
    // Browsers inside other applications put a name of their own into X-Requested-With.
    header(request, "X-Requested-With") == Some("XMLHttpRequest")
        || is_web_socket(request)
        || header(request, "Sec-Fetch-Mode").is_some_and(|mode| mode != "navigate")
        || header(request, "Sec-Fetch-Dest").is_some_and(|d| d != "document" && !is_frame(d))
        || (!accepts(request, "text/html")
            && (accepts(request, "json") || accepts(request, "text/event-stream")))
}

/// Other upgrades, of a visit to HTTP/2 say, are not to be declined for that.
fn is_web_socket(request: &HttpRequest) -> bool {
    request.headers().get_all(UPGRADE).filter_map(|value| value.to_str().ok()).any(|list| {
        list.split(',').any(|protocol| protocol.trim().eq_ignore_ascii_case("websocket"))
    })
}

fn accepts(request: &HttpRequest, media: &str) -> bool {
    let lists = request.headers().get_all(ACCEPT).filter_map(|v| v.to_str().ok());
    lists.into_iter().any(|list| list.contains(media))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const HTML: (&str, &str) = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    const ANY: (&str, &str) = ("Accept", "*/*");
    const NAVIGATE: (&str, &str) = ("Sec-Fetch-Mode", "navigate");

    #[track_caller]
    fn check(method: &Method, headers: &[(&str, &str)], expected: Client) {
        let mut request = TestRequest::default().method(method.clone());
        for header in headers {
            request = request.append_header(*header);
        }
        assert_eq!(Client::of(&request.to_http_request()), expected, "{method} {headers:?}");
    }

    #[test]
    fn a_get_is_told_by_what_the_browser_says_of_it() {
        for (headers, expected) in [
            (vec![HTML], Client::Visit),
            (vec![], Client::Visit),
            (vec![ANY], Client::Visit),
            (vec![HTML, NAVIGATE, ("Sec-Fetch-Dest", "document")], Client::Visit),
            (vec![HTML, ("X-Requested-With", "com.example.app")], Client::Visit),
            (vec![ANY, ("Upgrade", "h2c")], Client::Visit),
            (vec![HTML, ("Upgrade-Insecure-Requests", "1")], Client::Visit),
            (vec![HTML, NAVIGATE, ("Sec-Fetch-Dest", "iframe")], Client::Frame),
            (vec![HTML, NAVIGATE, ("Sec-Fetch-Dest", "frame")], Client::Frame),
            (vec![HTML, NAVIGATE, ("Sec-Fetch-Dest", "embed")], Client::Frame),
            (vec![HTML, NAVIGATE, ("Sec-Fetch-Dest", "object")], Client::Frame),
            (vec![HTML, NAVIGATE, ("Sec-Fetch-Dest", "fencedframe")], Client::Frame),
            (vec![ANY, ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")], Client::Script),
            (vec![ANY, ("Sec-Fetch-Mode", "same-origin")], Client::Script),
            (vec![ANY, ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image")], Client::Script),
            // An <embed> that does not navigate.
            (vec![ANY, ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "embed")], Client::Script),
            (vec![ANY, NAVIGATE, ("Sec-Fetch-Dest", "worker")], Client::Script),
            (vec![("Accept", "application/json")], Client::Script),
            (vec![("Accept", "application/problem+json, */*")], Client::Script),
            (vec![("Accept", "text/event-stream")], Client::Script),
            (vec![("Accept", "application/json"), HTML], Client::Visit),
            (vec![ANY, ("X-Requested-With", "XMLHttpRequest")], Client::Script),
            (vec![HTML, ("X-Requested-With", "XMLHttpRequest"), NAVIGATE], Client::Script),
            (vec![ANY, ("Upgrade", "websocket")], Client::Script),
            (vec![ANY, ("Upgrade", "h2c, WebSocket")], Client::Script),
            (vec![ANY, ("Sec-Fetch-Mode", "websocket")], Client::Script),
        ] {
            check(&Method::GET, &headers, expected);
        }
    }

    #[test]
    fn whoever_looks_ahead_is_not_there() {
        for header in [
            ("Sec-Purpose", "prefetch"),
            ("Sec-Purpose", "prefetch;prerender"),
            ("Sec-Purpose", "prefetch;anonymous-client-ip"),
            ("Sec-Purpose", "Prefetch"),
            ("Purpose", "prefetch"),
            ("X-Purpose", "preview"),
            ("X-Purpose", ": preview"),
            ("X-Moz", "prefetch"),
        ] {
            let visit = [HTML, NAVIGATE, ("Sec-Fetch-Dest", "document"), header];
            check(&Method::GET, &visit, Client::Ahead);
            check(&Method::POST, &visit, Client::Ahead);
            let in_frame = [HTML, NAVIGATE, ("Sec-Fetch-Dest", "iframe"), header];
            check(&Method::GET, &in_frame, Client::Ahead);
            check(&Method::GET, &[("Accept", "application/json"), header], Client::Ahead);
        }
        for header in [("Sec-Purpose", ""), ("Purpose", "reading"), ("Sec-Purpose", "visit")] {
            check(&Method::GET, &[HTML, header], Client::Visit);
        }
        check(&Method::HEAD, &[], Client::Ahead);
        check(&Method::HEAD, &[HTML, NAVIGATE, ("Sec-Fetch-Dest", "document")], Client::Ahead);
    }

    #[test]
    fn what_is_sent_is_a_form_only_where_a_page_is_awaited() {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            check(&method, &[HTML], Client::Form);
            check(&method, &[HTML, NAVIGATE, ("Sec-Fetch-Dest", "document")], Client::Form);
            let in_frame = [HTML, NAVIGATE, ("Sec-Fetch-Dest", "iframe")];
            check(&method, &in_frame, Client::FormInFrame);
            check(&method, &[ANY], Client::Script);
            check(&method, &[], Client::Script);
            check(&method, &[HTML, ("Sec-Fetch-Mode", "cors")], Client::Script);
        }
    }
}
