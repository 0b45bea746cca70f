//! What every page is sent with, whoever has made its HTML.

use std::fmt::Write as _;
use std::sync::LazyLock;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, REFRESH, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::content::{Action, PageContent};
use super::template::STYLE;
use crate::crypto::sha256;
use crate::xml::encode_base64;

/// The source expression of a Content-Security-Policy that allows exactly this inline text.
fn source_hash(inline: &str) -> String {
    format!("'sha256-{}'", encode_base64(&sha256(inline.as_bytes())))
}

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| source_hash(STYLE));

/// The response with `html`. There is nothing on it that could be turned against its reader.
pub(super) fn answer(page: &PageContent, html: String) -> HttpResponse {
    let behaviour = &page.behaviour;
    let options = if behaviour.is_framed { "SAMEORIGIN" } else { "DENY" };
    let has_button = page.actions.iter().any(|action| matches!(action, Action::Form(_)));
    let is_alone = has_button && !behaviour.posts_elsewhere;
    // Without a referrer a browser sends `Origin: null` with the forms of a page, its own origin
    // included, and a form that was kept for an application would be refused by those that check it.
    let referrer = if is_alone { "same-origin" } else { "no-referrer" };
    let mut response = HttpResponseBuilder::new(page.status);
    response
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, policy(page)))
        .insert_header((REFERRER_POLICY, referrer))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((X_FRAME_OPTIONS, options));
    if is_alone {
        // No window that has opened this one moves it, or knows when it has gone.
        response.insert_header(("Cross-Origin-Opener-Policy", "same-origin"));
    }
    if let Some(url) = &behaviour.refresh {
        // A header and no element: it works whatever the template writes.
        response.insert_header((REFRESH, format!("0; url={url}")));
    }
    if let Some(seconds) = &behaviour.retry_after {
        response.insert_header((RETRY_AFTER, seconds.clone()));
    }
    response.body(html)
}

fn policy(page: &PageContent) -> String {
    let (behaviour, branding) = (&page.behaviour, &page.branding);
    let ancestors = if behaviour.is_framed { "'self'" } else { "'none'" };
    let mut policy = format!(
        "default-src 'none'; base-uri 'none'; frame-ancestors {ancestors}; style-src {}",
        *STYLE_HASH
    );
    if branding.stylesheet.is_some() {
        policy.push_str(" 'self'");
    }
    if let Some(script) = behaviour.script {
        let _ = write!(policy, "; script-src {}", source_hash(script));
    }
    if behaviour.image.is_some() || branding.logo.is_some() {
        policy.push_str("; img-src 'self'");
    }
    if !behaviour.posts_elsewhere {
        policy.push_str("; form-action 'self'");
    }
    policy
}
