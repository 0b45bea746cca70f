//! What is posted to the identity provider.

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderValue, ORIGIN};
use url::form_urlencoded;

use super::refusal::Refusal;
use super::twist::Words;

/// The fields that a request or the sign-in page posts.
#[derive(Default)]
pub(super) struct Form {
    pub(super) saml_request: Option<String>,
    pub(super) saml_response: Option<String>,
    pub(super) relay_state: Option<String>,
    pub(super) query: Option<String>,
    person: Option<String>,
    user_name: Option<String>,
    cancel: Option<String>,
    scenario: Option<String>,
    clock: Option<String>,
    delay: Option<String>,
}

impl Form {
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let (name, field) = match &*name {
                "SAMLRequest" => ("SAMLRequest", &mut form.saml_request),
                "SAMLResponse" => ("SAMLResponse", &mut form.saml_response),
                "RelayState" => ("RelayState", &mut form.relay_state),
                "query" => ("query", &mut form.query),
                "person" => ("person", &mut form.person),
                "user_name" => ("user_name", &mut form.user_name),
                "cancel" => ("cancel", &mut form.cancel),
                "scenario" => ("scenario", &mut form.scenario),
                "clock" => ("clock", &mut form.clock),
                "delay" => ("delay", &mut form.delay),
                _ => continue,
            };
            if field.replace(value.into_owned()).is_some() {
                return Err(Refusal::Repeated { name });
            }
        }
        Ok(form)
    }

    /// How the answer is to be given.
    pub(super) fn words(&self) -> Words<'_> {
        Words {
            scenario: self.scenario.as_deref(),
            clock: self.clock.as_deref(),
            delay: self.delay.as_deref(),
        }
    }

    pub(super) fn choice(&self) -> Choice<'_> {
        match (&self.cancel, &self.person, &self.user_name) {
            (Some(_), _, _) => Choice::Cancel,
            (_, Some(user_name), _) => Choice::Listed(user_name),
            (_, _, Some(user_name)) => Choice::Typed(user_name),
            (None, None, None) => Choice::None,
        }
    }
}

/// What was chosen on the sign-in page.
pub(super) enum Choice<'c> {
    None,
    Listed(&'c str),
    Typed(&'c str),
    Cancel,
}

/// Whether a page of ours has sent the form: whoever is at this machine may visit other sites
/// meanwhile. Browsers say in `Origin` whose page it is. Compared with the address that is configured,
/// not with `Host`: a name of somebody else's may lead to this machine too.
pub(super) fn is_of_own_page(request: &HttpRequest, base_url: &str) -> bool {
    let text = |value: &'_ HeaderValue| value.to_str().ok().map(str::to_owned);
    let mut origins = request.headers().get_all(ORIGIN);
    let origin = origins.next().and_then(text);
    let site = request.headers().get("Sec-Fetch-Site").map(HeaderValue::as_bytes);
    origins.next().is_none()
        && origin.as_deref() == Some(base_url)
        && matches!(site, None | Some(b"same-origin"))
}
