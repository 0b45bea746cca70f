use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, LOCATION};
use actix_web::web::Bytes;

use super::stuck::Stuck;

/// What the application answered.
#[derive(Clone, Debug)]
pub struct Page {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    text: String,
}

impl Page {
    pub(super) async fn read<B: MessageBody>(response: ServiceResponse<B>) -> Result<Self, Stuck> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body())
            .await
            .map_err(|error| Stuck::Body { reason: error.into().to_string() })?;
        let text = String::from_utf8_lossy(&body).into_owned();
        Ok(Self { status, headers, body, text })
    }

    /// The status: `assert_eq!(page.status(), 200)`.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The body as text. What is no UTF-8 is replaced.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The body.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// Where a redirect leads to, as it is written.
    pub fn location(&self) -> Option<&str> {
        self.header(LOCATION.as_str())
    }

    /// The first header of this name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The value of the first field of this name in the form of the page.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        self.attribute(&format!("name=\"{name}\" value=\""))
    }

    /// Where the form of the page goes.
    pub(super) fn action(&self) -> Option<String> {
        self.attribute(" action=\"")
    }

    fn attribute(&self, start: &str) -> Option<String> {
        let (value, _) = self.text.split_once(start)?.1.split_once('"')?;
        // The ampersand last: what was escaped twice stays escaped once.
        let entities =
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&amp;", "&")];
        Some(entities.iter().fold(value.to_owned(), |value, (from, to)| value.replace(from, to)))
    }
}
