//! What comes back, with what was logged meanwhile.

use actix_web::body::to_bytes;
use actix_web::dev::Payload;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, LOCATION, SET_COOKIE,
};
use actix_web::test::TestRequest;

use crate::app::TestApp;
use crate::log::Event;
use crate::message::between;

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
    pub events: Vec<Event>,
}

impl TestApp {
    /// Answers as the server would: an error that reaches it becomes a response.
    pub async fn answer(&self, request: TestRequest) -> Answer {
        self.answer_to(request, None).await
    }

    /// The same with a body that comes piece by piece.
    pub async fn answer_to(&self, request: TestRequest, body: Option<Payload>) -> Answer {
        let response = match (self.call)(request, body).await {
            Ok(response) => response.into_parts().1,
            Err(error) => error.error_response(),
        };
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = to_bytes(response.into_body()).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status, headers, body, events: self.log.take() }
    }

    /// What must never be in an ordinary log.
    fn secrets(&self) -> Vec<String> {
        let people = self.idps.iter().flat_map(|idp| &idp.people);
        people
            .flat_map(|p| p.name_id.iter().chain(p.claims.iter().flat_map(|c| &c.values)))
            .filter(|value| {
                // The application names these itself, as what pages require.
                let is_named = ["true", "RotaAdmin", "Z99003"].contains(&value.as_str());
                !value.starts_with("urn:") && !value.starts_with("http") && !is_named
            })
            .cloned()
            .collect()
    }
}

impl Answer {
    pub fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.headers.get(name.as_ref()).map(|value| value.to_str().unwrap())
    }

    pub fn location(&self) -> &str {
        self.header(LOCATION).unwrap_or_else(|| panic!("{}: {}", self.status, self.body))
    }

    /// The `Set-Cookie` header of a cookie, without its value.
    pub fn set_cookie(&self, prefix: &str) -> Option<String> {
        let mut found = self
            .headers
            .get_all(SET_COOKIE)
            .map(|value| value.to_str().unwrap())
            .filter(|value| value.starts_with(prefix));
        let only = found.next()?;
        assert_eq!(found.next(), None, "{prefix} is set twice");
        let (pair, attributes) = only.split_once("; ").unwrap();
        let (name, _) = pair.split_once('=').unwrap();
        Some(format!("{name}; {attributes}"))
    }

    /// It is a friendly page that says no: this status, this code in the one event in the log, one
    /// reference on both, nothing that runs.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, code: &str) {
        self.assert_no(status, code, "sign_in_refused");
        assert_eq!(self.header("Set-Cookie"), None);
    }

    /// As `assert_refused`, where the fault is ours.
    #[track_caller]
    pub fn assert_unavailable(&self, code: &str) {
        self.assert_no(503, code, "unavailable");
        assert!(self.body.contains("Sign-in is not available at the moment"));
        assert_eq!(self.header("Set-Cookie"), None);
    }

    #[track_caller]
    pub fn assert_no(&self, status: u16, code: &str, name: &str) {
        let alarming: Vec<_> = self.events.iter().filter(|event| event.is_alarming()).collect();
        let [event] = alarming.as_slice() else {
            panic!("{} with {alarming:#?}, expected {status} {code}", self.status)
        };
        assert_eq!((self.status, event.field("code")), (status, code), "{event:?}");
        assert_eq!(event.field("event"), name);
        let reference = between(&self.body, "Reference: <code>", "</code>");
        assert_eq!(reference.find('-'), Some(5), "to be read out: {reference}");
        assert_eq!(reference.len(), 11, "{reference}");
        assert_eq!(event.field("reference"), reference);
        self.assert_page();
        assert!(!self.events.iter().any(|e| e.field("event") == "signed_in"));
    }

    #[track_caller]
    pub fn assert_page(&self) {
        assert_eq!(self.header(CONTENT_TYPE), Some("text/html; charset=utf-8"));
        assert_eq!(self.header(CACHE_CONTROL), Some("no-store"));
        assert_eq!(self.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(self.header("X-Frame-Options"), Some("DENY"));
        let policy = self.header(CONTENT_SECURITY_POLICY).unwrap();
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }

    /// No personal data, cookie or message in an ordinary log, and nothing that could forge a
    /// line in one.
    #[track_caller]
    pub fn check_log(&self, app: &TestApp, cookies: Option<&str>) {
        let mut secrets = app.secrets();
        let cookies = cookies.unwrap_or_default().split("; ");
        secrets.extend(cookies.filter_map(|pair| Some(pair.split_once('=')?.1.to_owned())));
        secrets.retain(|secret| !secret.is_empty());
        secrets.extend(["<samlp", "xmlns", "PHNhbWxw"].map(str::to_owned));
        for event in self.events.iter().filter(|event| event.is_ordinary()) {
            for (name, value) in &event.fields {
                let secret = secrets.iter().find(|secret| value.contains(secret.as_str()));
                assert_eq!(secret, None, "{name} of {event:?}");
                assert!(!value.contains(char::is_control), "{name} of {event:?}");
            }
        }
    }
}
