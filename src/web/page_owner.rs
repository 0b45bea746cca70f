//! Whose page it was that a request comes from.

use std::future::Future;
use std::pin::Pin;

use actix_web::cookie::Cookie;
use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse};
use url::form_urlencoded;

use super::client::Client;
use super::extract::extract;
use super::known::Known;
use super::pages;
use super::person::Person;
use super::saml::Shared;

/// The name under which tokens are sealed. No cookie is called that.
const SEALED_AS: &str = "saml-page-owner";

/// Marks a page as that of the person who is signed in. What the page sends later carries the mark,
/// and is refused with 409 when somebody else has signed in meanwhile at the same computer.
///
/// ```
/// use actix_saml::web::PageOwner;
///
/// async fn order(owner: PageOwner) -> String {
///     // A form tells it in its address, a script in a header.
///     format!("<form method=\"post\" action=\"/orders?{}\">…</form>", owner.query())
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PageOwner {
    token: String,
}

impl std::fmt::Debug for PageOwner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageOwner")
    }
}

impl PageOwner {
    /// The header in which scripts send the token.
    pub const HEADER: &'static str = "X-Saml-Page-Owner";
    /// The parameter of the query in which forms send it.
    pub const PARAMETER: &'static str = "saml_page_owner";

    /// The token: letters, digits, `-` and `_`.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The token as part of a query.
    pub fn query(&self) -> String {
        format!("{}={}", Self::PARAMETER, self.token)
    }
}

impl FromRequest for PageOwner {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (known, shared) = extract(&request).await?;
            let person = known.person();
            let digest = person.map_or_else(String::new, |person| person.digest().to_owned());
            let sealed = shared.cookie_keys.seal(SEALED_AS, digest);
            Ok(Self { token: sealed.replace('+', "-").replace('/', "_").replace('=', "") })
        })
    }
}

/// The answer to a request that comes from a page of somebody else than `known`. `None` when it
/// may go on: it carries no token, or only the person's own.
pub(super) fn refuse_other(
    request: &HttpRequest,
    shared: &Shared,
    known: &Known,
) -> Option<HttpResponse> {
    let headers = request.headers().get_all(PageOwner::HEADER);
    let headers = headers.map(|value| value.to_str().unwrap_or_default().to_owned());
    let query = form_urlencoded::parse(request.query_string().as_bytes())
        .filter(|(name, _)| name == PageOwner::PARAMETER)
        .map(|(_, value)| value.into_owned());
    let tokens: Vec<String> = headers.chain(query).collect();
    if tokens.is_empty() {
        return None;
    }
    let person = known.person();
    let is_own = |token: &String| {
        let owner = read(token, shared);
        owner.is_some() && owner.as_deref() == person.as_ref().map(Person::digest)
    };
    if tokens.iter().all(is_own) {
        return None;
    }
    tracing::warn!(event = "request_refused", code = "other_person");
    let name = person.map_or_else(String::new, |person| person.name);
    Some(if Client::of(request).shows_pages() {
        shared.pages.not_your_page(&name)
    } else {
        pages::other_person_problem()
    })
}

fn read(token: &str, shared: &Shared) -> Option<String> {
    let mut sealed = token.replace('-', "+").replace('_', "/");
    while !sealed.len().is_multiple_of(4) {
        sealed.push('=');
    }
    shared.cookie_keys.open(&Cookie::new(SEALED_AS, sealed)).filter(|digest| !digest.is_empty())
}

/// The page that was asked for, without a token: whoever signs in next may be somebody else.
pub(super) fn without_token(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let is_token = |pair: &&str| pair.split('=').next() == Some(PageOwner::PARAMETER);
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_token(pair)).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_go_along_to_the_sign_in() {
        for (target, kept) in [
            ("/a", "/a"),
            ("/a?b=c", "/a?b=c"),
            ("/a?", "/a?"),
            ("/a?saml_page_owner=x", "/a"),
            ("/a?b=c&saml_page_owner=x&d=e", "/a?b=c&d=e"),
            ("/a?saml_page_owners=x", "/a?saml_page_owners=x"),
        ] {
            assert_eq!(without_token(target), kept, "{target}");
        }
    }
}
