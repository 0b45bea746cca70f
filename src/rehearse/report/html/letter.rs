//! What to send to NHSmail.

use std::fmt::Write as _;

use super::super::{Report, escape};
use super::{kind, of_theme, part};
use crate::crypto::{Certificate, KeyKind};
use crate::idp::{LogoutBinding, RelyingParty};
use crate::rehearse::THEMES;
use crate::rehearse::case::{Kind, Verdict};

pub(super) fn write(html: &mut String, report: &Report) {
    html.push_str(
        "<section class=\"letter\" id=\"send\"><h2>What to send NHSmail</h2>\
         <p>For the request to register the service, with the metadata as a file beside it. Read it \
         through first: the addresses are those of the place where the rehearsal took place.</p>",
    );
    match RelyingParty::from_metadata(report.sp_metadata.as_bytes()) {
        Ok(relying_party) => registration(html, &relying_party),
        Err(error) => {
            _ = write!(html, "<p>The metadata cannot be read: {}</p>", escape(&error.to_string()))
        }
    }
    results(html, report);
    let _ = write!(
        html,
        "<details><summary>The metadata</summary><pre>{}</pre></details></section>",
        escape(&report.sp_metadata)
    );
}

fn row(html: &mut String, name: &str, value: &str) {
    let _ = write!(html, "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>", escape(value));
}

fn registration(html: &mut String, rp: &RelyingParty) {
    html.push_str("<table><caption>Registration</caption><tbody>");
    row(html, "Identifier (entityID)", rp.entity_id.as_str());
    for acs in &rp.acs {
        row(html, "Reply URL (HTTP-POST)", &acs.url);
    }
    for service in &rp.logout {
        let binding = match service.binding {
            LogoutBinding::Redirect => "Log-out URL (HTTP-Redirect)",
            LogoutBinding::Post => "Log-out URL (HTTP-POST)",
        };
        row(html, binding, &service.url);
    }
    if rp.logout.is_empty() {
        row(html, "Log-out URL", "none: single log-out is not supported");
    }
    let signs = if rp.require_signed { "signed" } else { "not promised to be signed" };
    row(html, "Requests", signs);
    for certificate in &rp.signing {
        row(html, "Certificate for signatures", &described(certificate));
    }
    match &rp.encryption {
        Some(certificate) => row(html, "Certificate for encryption", &described(certificate)),
        None => row(
            html,
            "Certificate for encryption",
            "none: assertions are to be sent in clear, over https",
        ),
    }
    row(html, "Signature", "RSA with SHA-256, over the assertion or the response");
    html.push_str("</tbody></table>");
}

fn described(certificate: &Certificate) -> String {
    let end = certificate
        .not_after()
        .map_or_else(|| "unknown".to_owned(), |end| end.format("%e %B %Y").to_string());
    let key = match certificate.public_key().kind() {
        KeyKind::Rsa(bits) => format!("RSA of {bits} bits"),
        KeyKind::P256 => "P-256".to_owned(),
        KeyKind::P384 => "P-384".to_owned(),
        KeyKind::P521 => "P-521".to_owned(),
    };
    format!("{key}, until {}, SHA-256 {}", end.trim(), certificate.fingerprint())
}

fn results(html: &mut String, report: &Report) {
    let (let_in, honest) = kind(report, Kind::Honest);
    let (kept_out, hostile) = kind(report, Kind::Hostile);
    let _ = write!(
        html,
        "<p>The service was rehearsed on {} in front of an identity provider that behaves like \
         NHSmail's. It let in {let_in} of {honest} honest people, and kept out {kept_out} of {hostile} \
         hostile or broken messages.{}</p><table><caption>Results</caption><thead><tr>\
         <th scope=\"col\">Theme</th><th scope=\"col\" class=\"n\">As expected</th>\
         <th scope=\"col\" class=\"n\">Not</th><th scope=\"col\" class=\"n\">Unclear</th></tr></thead><tbody>",
        report.began.format("%e %B %Y"),
        part(report)
    );
    for theme in THEMES.iter().filter(|theme| of_theme(report, theme).next().is_some()) {
        let count = |verdict| of_theme(report, theme).filter(|f| f.verdict == verdict).count();
        let _ = write!(
            html,
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td></tr>",
            escape(theme.title),
            count(Verdict::AsExpected),
            count(Verdict::NotAsExpected),
            count(Verdict::Inconclusive)
        );
    }
    html.push_str("</tbody></table>");
}
