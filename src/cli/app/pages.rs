//! The pages of the demo application.

use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::ADMIN_ROLE;
use super::layout::page;
use crate::nhsmail::{Staff, StaffKeyKind};
use crate::saml::format_instant;
use crate::web::escape_html;

/// Invented shifts: day, ward, hours.
pub(super) const SHIFTS: [(&str, &str, &str); 4] = [
    ("Monday", "Foxglove ward", "07:30 to 15:30"),
    ("Tuesday", "Foxglove ward", "07:30 to 15:30"),
    ("Thursday", "Bluebell ward", "13:00 to 21:00"),
    ("Saturday", "Foxglove ward", "20:30 to 08:00"),
];

/// For everybody; it knows who is signed in, and does not need to.
pub(super) async fn home(staff: Option<Staff>) -> HttpResponse {
    let body = match &staff {
        Some(staff) => format!(
            "<p>Welcome, <strong>{}</strong>.</p><p><a class=\"button\" href=\"/rota\">See your rota</a></p>",
            escape_html(staff.display_name())
        ),
        None => "<p>This page is public. The rota is for staff.</p>\
                 <p><a class=\"button\" href=\"/rota\">See your rota</a></p>\
                 <div class=\"note\">You will be taken to the sign-in service and come back to \
                 the page you asked for.</div>"
            .to_owned(),
    };
    page(StatusCode::OK, "Ward rota", staff.as_ref(), &body)
}

/// For staff.
pub(super) async fn rota(staff: Staff) -> HttpResponse {
    let mut body = String::from(
        "<table class=\"words\"><caption>Your shifts this week</caption><thead><tr><th scope=\"col\">Day</th>\
         <th scope=\"col\">Ward</th><th scope=\"col\">Hours</th></tr></thead><tbody>",
    );
    for (day, ward, hours) in SHIFTS {
        let _ =
            write!(body, "<tr><th scope=\"row\">{day}</th><td>{ward}</td><td>{hours}</td></tr>");
    }
    body.push_str("</tbody></table>");
    body.push_str(
        "<p><a href=\"/swap\">Swap a shift</a>: this needs a fresh sign-in with a second factor.</p>",
    );
    if staff.ods_codes().is_empty() {
        body.push_str("<p>Your sign-in named no organisation.</p>");
    } else {
        let codes: Vec<_> = staff.ods_codes().iter().map(|code| escape_html(code)).collect();
        let _ = write!(body, "<p>Signed in for: {}</p>", codes.join(", "));
    }
    page(StatusCode::OK, "Your rota", Some(&staff), &body)
}

/// For staff who have just signed in with a second factor.
pub(super) async fn swap(staff: Staff) -> HttpResponse {
    let time = format_instant(staff.principal().authn_instant);
    let body = format!(
        "<p>You may agree to a swap: your sign-in gives evidence of a second factor, and is fresh. \
         You proved who you are at {time}.</p>\
         <form method=\"post\" action=\"/swap\"><p><label for=\"note\">A note for whoever takes your \
         shift</label></p><p><input id=\"note\" name=\"note\" size=\"40\"></p>\
         <p><button type=\"submit\">Offer the shift</button></p></form>"
    );
    page(StatusCode::OK, "Swap a shift", Some(&staff), &body)
}

/// What the form of [`swap`] sends.
#[derive(Deserialize)]
pub(super) struct Offer {
    note: String,
}

/// Does nothing with an offer, and says so.
pub(super) async fn offer(staff: Staff, offer: web::Form<Offer>) -> HttpResponse {
    let body = format!(
        "<p>Your note: <strong>{}</strong></p><p>In this demo nobody takes it.</p>",
        escape_html(&offer.note)
    );
    page(StatusCode::OK, "Shift offered", Some(&staff), &body)
}

/// The answer to staff without the role.
pub(super) fn not_for_you(staff: &Staff) -> HttpResponse {
    let body = format!(
        "<p>You are signed in, but this page is for people with the role \
         <strong>{ADMIN_ROLE}</strong>. Ask whoever manages your account.</p>"
    );
    page(StatusCode::FORBIDDEN, "Not for you", Some(staff), &body)
}

/// For staff with a role.
pub(super) async fn admin(staff: Staff) -> HttpResponse {
    if !staff.has_role(ADMIN_ROLE) {
        return not_for_you(&staff);
    }
    let body = "<p>You may change the rota. In this demo there is nothing to change.</p>\
                <p><a href=\"/admin/federation\">How the trust in the sign-in service stands</a></p>";
    page(StatusCode::OK, "Manage the rota", Some(&staff), body)
}

/// What the assertion said.
pub(super) async fn assertion(staff: Staff) -> HttpResponse {
    let principal = staff.principal();
    let mut body = String::from(
        "<p>This is what the sign-in service said about you, and what this application made of it.</p>",
    );
    let name_id = principal.name_id.as_ref();
    let key = staff.key();
    let stable = match key.kind {
        StaffKeyKind::Immutable | StaffKeyKind::PersistentNameId => "does not change",
        StaffKeyKind::Mapped => "the same at every provider of its population",
        _ => "may change",
    };
    let rows = [
        ("Identity provider", principal.issuer.to_string()),
        ("NameID", name_id.map_or("none".to_owned(), |n| n.value.clone())),
        ("NameID format", name_id.and_then(|n| n.format.clone()).unwrap_or("none".to_owned())),
        ("Session index", principal.session_index.clone().unwrap_or("none".to_owned())),
        ("Proved who you are at", format_instant(principal.authn_instant)),
        ("Method", principal.authn_context.clone().unwrap_or("not said".to_owned())),
        ("Second factor", if staff.has_mfa_evidence() { "yes" } else { "no evidence" }.to_owned()),
        ("Filed under", format!("{} ({:?}, {stable})", key.value, key.kind)),
        ("Signed in here at", format_instant(principal.signed_in_at)),
        ("Ends at the latest", format_instant(principal.expires_at)),
    ];
    body.push_str("<table><caption>The sign-in</caption><tbody>");
    for (name, value) in rows {
        let value = escape_html(&value);
        let _ = write!(body, "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>");
    }
    body.push_str("</tbody></table><table><caption>Attributes, as signed</caption><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Values</th></tr></thead><tbody>");
    for attribute in &principal.attributes {
        let values: Vec<_> = attribute.values.iter().map(|v| escape_html(v)).collect();
        let name = escape_html(&attribute.name);
        let _ =
            write!(body, "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>", values.join("<br>"));
    }
    body.push_str(
        "</tbody></table><table><caption>Fields and where they came from</caption><tbody>",
    );
    for (field, name) in staff.matched_names() {
        let name = escape_html(name);
        let _ = write!(body, "<tr><th scope=\"row\">{field}</th><td>{name}</td></tr>");
    }
    body.push_str("</tbody></table>");
    page(StatusCode::OK, "Your sign-in", Some(&staff), &body)
}
