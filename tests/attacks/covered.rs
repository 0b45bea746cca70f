//! Whether everything that an assertion says stands in given bytes. It reads the canonical form as
//! text and uses nothing of the parser, so that a mistake of the one does not hide in the other.

use actix_saml::saml::{Assertion, parse_instant};
use chrono::{DateTime, Utc};

/// Text as Canonical XML writes it (1.0 section 2.3).
fn as_text(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;")
}

/// An attribute's value as Canonical XML writes it.
fn as_attribute(value: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
        .replace('\t', "&#x9;")
        .replace('\n', "&#xA;")
        .replace('\r', "&#xD;")
}

/// What the assertion says and the canonical form does not.
pub fn uncovered(canonical: &str, assertion: &Assertion) -> Vec<String> {
    let mut missing = Vec::new();
    let mut expect = |is_there: bool, what: String| {
        if !is_there {
            missing.push(what);
        }
    };
    // `>value</prefix:Element>`: the whole content, in this element.
    let has_text = |element: &str, value: &str| {
        let text = format!(">{}</", as_text(value));
        canonical.match_indices(&text).any(|(at, _)| {
            let name = canonical[at + text.len()..].split('>').next().unwrap_or_default();
            name.rsplit(':').next() == Some(element)
        })
    };
    // Attributes here have no prefix.
    let has_attribute = |name: &str, value: &str| {
        canonical.contains(&format!(" {name}=\"{}\"", as_attribute(value)))
    };
    let has_time = |name: &str, time: DateTime<Utc>| {
        let mark = format!(" {name}=\"");
        let values = canonical.split(&mark).skip(1).filter_map(|rest| rest.split('"').next());
        values.into_iter().any(|value| parse_instant(value) == Some(time))
    };
    expect(has_attribute("ID", assertion.id()), format!("ID {:?}", assertion.id()));
    let issuer = assertion.issuer().as_str();
    expect(has_text("Issuer", issuer), format!("Issuer {issuer:?}"));
    if let Some(name_id) = assertion.name_id() {
        expect(has_text("NameID", &name_id.value), format!("NameID {:?}", name_id.value));
        for (name, value) in [
            ("Format", &name_id.format),
            ("NameQualifier", &name_id.name_qualifier),
            ("SPNameQualifier", &name_id.sp_name_qualifier),
            ("SPProvidedID", &name_id.sp_provided_id),
        ] {
            let covered = value.as_ref().is_none_or(|value| has_attribute(name, value));
            expect(covered, format!("{name} {value:?}"));
        }
    }
    for attribute in assertion.attributes() {
        let name = Some(attribute.name.clone());
        for (what, value) in [
            ("Name", &name),
            ("NameFormat", &attribute.name_format),
            ("FriendlyName", &attribute.friendly_name),
        ] {
            let covered = value.as_ref().is_none_or(|value| has_attribute(what, value));
            expect(covered, format!("{what} {value:?}"));
        }
        for value in &attribute.values {
            expect(has_text("AttributeValue", value), format!("AttributeValue {value:?}"));
        }
    }
    let authn = assertion.authn();
    expect(
        has_time("AuthnInstant", authn.authn_instant),
        format!("AuthnInstant {}", authn.authn_instant),
    );
    if let Some(index) = &authn.session_index {
        expect(has_attribute("SessionIndex", index), format!("SessionIndex {index:?}"));
    }
    if let Some(end) = authn.session_not_on_or_after {
        expect(has_time("SessionNotOnOrAfter", end), format!("SessionNotOnOrAfter {end}"));
    }
    if let Some(class) = &authn.class_ref {
        expect(has_text("AuthnContextClassRef", class), format!("class {class:?}"));
    }
    let until = assertion.usable_until();
    expect(has_time("NotOnOrAfter", until), format!("NotOnOrAfter {until}"));
    if let Some(request) = assertion.in_response_to() {
        expect(has_attribute("InResponseTo", request), format!("InResponseTo {request:?}"));
    }
    let is_used_once = canonical.contains("OneTimeUse></");
    expect(assertion.one_time_use() == is_used_once, "OneTimeUse".to_owned());
    missing
}
