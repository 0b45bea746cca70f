//! The page on which a person says where their account is, and the memory of what they said.
//!
//! A browser remembers the identity provider at which a sign-in last *succeeded*, not the one that
//! was chosen: who chose wrongly is asked again. It is a convenience and proves nothing, so the
//! cookie is not sealed and outlives the key of those that are. It holds a digest, which says
//! nothing to whoever does not know the providers, and counts only when it is that of exactly one.
//!
//! Nobody is trapped at a provider that they cannot use, where no page of ours is seen: a second
//! attempt for the same page within a minute shows the chooser.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse};
use url::form_urlencoded;

use super::federation::Snapshot;
use super::saml::Shared;
use crate::crypto::{hex, sha256};
use crate::saml::EntityId;
use crate::sp::{Idp, ReturnTo};

const A_YEAR: Duration = Duration::days(365);
/// So much of the digest is enough to tell providers apart.
const DIGITS: usize = 32;

/// What the query of a sign-in says about where it should happen.
pub(super) enum Wish<'q> {
    /// Nothing.
    None,
    /// At the identity provider of this name. Whatever it is, it comes from anybody.
    At(&'q str),
    /// The person wants to choose.
    Choose,
}

/// Where a sign-in happens: at this identity provider, or where the person chooses (`None`). One
/// provider alone is no choice; one that is there while another is awaited is.
pub(super) fn select<'i>(
    shared: &Shared,
    wish: &Wish<'_>,
    idps: &'i [Arc<Idp>],
    remembered: Option<&'i Arc<Idp>>,
) -> Option<&'i Arc<Idp>> {
    match (wish, idps) {
        (Wish::At(name), _) => idps.iter().find(|idp| idp.entity_id().as_str() == *name),
        (Wish::None | Wish::Choose, [only]) if !has_choice(shared) => Some(only),
        (Wish::None, _) => remembered,
        (Wish::Choose, _) => None,
    }
}

/// The identity provider at which somebody last signed in with this browser, if it is known now.
/// Any other value of the cookie is as good as none.
pub(super) fn remembered<'s>(
    request: &HttpRequest,
    shared: &Shared,
    snapshot: &'s Snapshot,
) -> Option<&'s Arc<Idp>> {
    let cookies = request.cookies().ok()?;
    let mut values = cookies.iter().filter(|c| c.name() == cookie_name(shared)).map(Cookie::value);
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    snapshot.remembered(value)
}

/// The cookie that remembers a sign-in at `issuer`. None where there is no choice.
pub(super) fn remember(shared: &Shared, issuer: &EntityId) -> Option<Cookie<'static>> {
    has_choice(shared).then(|| {
        Cookie::build(cookie_name(shared), digest(issuer))
            .path("/")
            .secure(true)
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(A_YEAR)
            .finish()
    })
}

/// Our address at which a person chooses, for a sign-in that ends at `return_to`. `None` where
/// there is no choice.
pub(super) fn url(shared: &Shared, return_to: Option<&ReturnTo>) -> Option<String> {
    has_choice(shared).then(|| {
        let login = shared.login_url(return_to);
        let joint = if return_to.is_some() { '&' } else { '?' };
        format!("{login}{joint}choose")
    })
}

/// The page for a sign-in that ends at `return_to`.
pub(super) fn page(
    shared: &Shared,
    idps: &[Arc<Idp>],
    remembered: Option<&Arc<Idp>>,
    return_to: &ReturnTo,
) -> HttpResponse {
    let pages = &shared.pages;
    let choices = idps.iter().zip(labels(idps)).map(|(idp, label)| {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("idp", idp.entity_id().as_str())
            .append_pair("return_to", return_to.as_str())
            .finish();
        let is_remembered = remembered.is_some_and(|other| Arc::ptr_eq(other, idp));
        pages.choice(&label, format!("{}?{query}", shared.paths.login), is_remembered)
    });
    pages.choose_idp(choices.collect(), idps.len() == shared.federation.number_of_idps())
}

/// What each of `idps` is called, in their order. Whoever calls itself what another one is called
/// is shown by its entityID, so that no metadata can take people to the wrong place.
fn labels(idps: &[Arc<Idp>]) -> impl Iterator<Item = Cow<'_, str>> {
    let mut owners: HashMap<String, usize> = HashMap::with_capacity(idps.len());
    for idp in idps {
        let (label, name) = (idp.label().to_lowercase(), idp.entity_id().as_str().to_lowercase());
        let name = Some(name).filter(|name| *name != label);
        for taken in name.into_iter().chain([label]) {
            let count = owners.entry(taken).or_default();
            *count = count.saturating_add(1);
        }
    }
    idps.iter().map(move |idp| {
        let label = idp.label();
        let is_only = || owners.get(&label.to_lowercase()) == Some(&1);
        if idp.label.is_some() || is_only() { label } else { idp.entity_id().as_str().into() }
    })
}

fn has_choice(shared: &Shared) -> bool {
    shared.federation.number_of_idps() > 1
}

fn cookie_name(shared: &Shared) -> &'static str {
    // Browsers take the prefix over https only.
    if shared.is_https() { "__Host-saml-idp" } else { "saml-idp" }
}

/// What a browser remembers of this provider.
pub(super) fn digest(entity_id: &EntityId) -> String {
    let mut digest = hex(&sha256(entity_id.as_str().as_bytes()));
    digest.truncate(DIGITS);
    digest
}
