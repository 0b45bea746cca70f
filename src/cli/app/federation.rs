//! How the trust in the sign-in service stands: for operators, and for whatever watches the process.

use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::ADMIN_ROLE;
use super::layout;
use super::pages::not_for_you;
use crate::Saml;
use crate::nhsmail::Staff;
use crate::web::escape_html;
use crate::web::federation::{IdpStatus, KeyStanding, Problem, Status, TrustBasis};

/// Everything, for programs.
pub(super) async fn json(staff: Staff, saml: web::Data<Saml>) -> HttpResponse {
    if !staff.has_role(ADMIN_ROLE) {
        return HttpResponse::Forbidden()
            .content_type("application/problem+json")
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(
                json!({ "type": "about:blank", "title": "Not for you", "status": 403 }).to_string(),
            );
    }
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(saml.status())
}

/// Whether anybody can sign in, for a readiness probe. It says no more than that: anybody may ask.
pub(super) async fn ready(saml: web::Data<Saml>) -> HttpResponse {
    let ready = saml.is_ready();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(json!({ "ready": ready }))
}

/// The most of it, for people.
pub(super) async fn page(staff: Staff, saml: web::Data<Saml>) -> HttpResponse {
    if !staff.has_role(ADMIN_ROLE) {
        return not_for_you(&staff);
    }
    let status = saml.status();
    let mut body = String::from(
        "<p>The same <a href=\"/admin/federation.json\">as JSON</a>. Times are in UTC.</p>",
    );
    for idp in &status.idps {
        provider(&mut body, idp);
    }
    own_keys(&mut body, &status);
    events(&mut body, &status);
    layout::page(StatusCode::OK, "Trust in the sign-in service", Some(&staff), &body)
}

fn provider(body: &mut String, idp: &IdpStatus) {
    let name = idp.label.as_ref().or(idp.entity_id.as_ref()).or(idp.url.as_ref());
    let _ = write!(body, "<h2>{}</h2>", escape_html(name.map_or("", String::as_str)));
    let at = |time: Option<DateTime<Utc>>| time.map_or_else(|| "never".to_owned(), second);
    let trust = match idp.trust {
        TrustBasis::Pinned => "a pinned key has signed the metadata",
        TrustBasis::Tls => "the TLS connection to the host in the address",
        TrustBasis::File => "the file that the operator has saved",
        TrustBasis::Code => "the application's code",
    };
    let offset = idp.clock_offset_ms.map_or_else(
        || "not measured yet".to_owned(),
        |ms| format!("our clock is ahead by {} seconds", ms.div_euclid(1000)),
    );
    let problem = |problem: &Option<Problem>| {
        problem.as_ref().map_or_else(
            || "none".to_owned(),
            |p| format!("{} since {}: {}", p.code, second(p.since), p.detail),
        )
    };
    let rows = [
        ("Ready", if idp.ready { "yes" } else { "no" }.to_owned()),
        ("Name", idp.entity_id.clone().unwrap_or_default()),
        ("Address", idp.url.clone().unwrap_or_else(|| "none".to_owned())),
        ("File", idp.file.clone().unwrap_or_else(|| "none".to_owned())),
        ("Trusted because of", trust.to_owned()),
        ("Known to be current at", at(idp.confirmed_at)),
        ("Next fetch", at(idp.next_refresh)),
        ("Trouble with the address", problem(&idp.fetch_problem)),
        ("Trouble with the file", problem(&idp.file_problem)),
        ("Clock", offset),
    ];
    body.push_str("<table><caption>Metadata</caption><tbody>");
    for (name, value) in rows {
        let value = escape_html(&value);
        let _ = write!(body, "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>");
    }
    body.push_str(
        "</tbody></table><div class=\"wide\" role=\"group\" aria-label=\"Signing keys\" tabindex=\"0\">\
         <table class=\"words\"><caption>Signing keys</caption><thead><tr>\
         <th scope=\"col\">SHA-256 of the certificate</th><th scope=\"col\">Standing</th>\
         <th scope=\"col\">Days left</th><th scope=\"col\">First used</th>\
         <th scope=\"col\">Last used</th></tr></thead><tbody>",
    );
    for key in &idp.keys {
        let standing = match key.standing {
            KeyStanding::Current => "current",
            KeyStanding::Announced => "announced",
            KeyStanding::Gone => "gone, counts for a while",
        };
        let days = key.days_left.map_or_else(String::new, |days| days.to_string());
        let _ = write!(
            body,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{standing}</td><td>{days}</td>\
             <td>{}</td><td>{}</td></tr>",
            key.fingerprint,
            at(key.first_used),
            at(key.last_used)
        );
    }
    body.push_str("</tbody></table></div>");
}

fn second(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

fn own_keys(body: &mut String, status: &Status) {
    body.push_str("<h2>Our own keys</h2>");
    if status.own_keys.is_empty() {
        body.push_str("<p>None: requests are not signed, and nothing is encrypted to us.</p>");
        return;
    }
    body.push_str(
        "<div class=\"wide\" role=\"group\" aria-label=\"Certificates\" tabindex=\"0\">\
         <table class=\"words\"><caption>Certificates</caption><thead><tr><th scope=\"col\">SHA-256</th>\
         <th scope=\"col\">For</th><th scope=\"col\">Stage</th><th scope=\"col\">Days left</th>\
         </tr></thead><tbody>",
    );
    for key in &status.own_keys {
        let days = key.days_left.map_or_else(String::new, |days| days.to_string());
        let _ = write!(
            body,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td><td>{days}</td></tr>",
            key.fingerprint, key.purpose, key.stage
        );
    }
    body.push_str("</tbody></table></div>");
}

fn events(body: &mut String, status: &Status) {
    body.push_str(
        "<h2>What has happened</h2><div class=\"wide\" role=\"group\" aria-label=\"Events, the latest first\" tabindex=\"0\">\
         <table class=\"words\"><caption>Events, the latest first</caption><thead><tr>\
         <th scope=\"col\">When</th><th scope=\"col\">What</th><th scope=\"col\">Detail</th></tr>\
         </thead><tbody>",
    );
    for event in status.events.iter().rev() {
        let _ = write!(
            body,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
            second(event.at),
            event.code,
            escape_html(&event.detail)
        );
    }
    body.push_str("</tbody></table></div>");
}
