use actix_saml::dsig::DSIG_NAMESPACE;
use actix_saml::nhsmail::advise;
use actix_saml::saml::names::{ASSERTION, BEARER, PROTOCOL, SUCCESS, XSI};
use actix_saml::saml::{Assertion, Rejection, walk};
use actix_saml::xmlenc::EncryptionStyle;
use chrono::{DateTime, TimeDelta, Utc};
use roxmltree::Node;

use super::choice;
use crate::judge;
use crate::message::{
    ACS, EXPECTATIONS, IDP, KEYS, REQUEST_ID, SAID, SKEW_SECONDS, SP, assertion_of, now,
    with_encrypted_assertion, with_encrypted_part,
};
use crate::re_sign::re_sign;

/// As it comes, a response is refused or says what an honest one says. Signed again by the identity
/// provider, plain or encrypted, it is refused or keeps every rule in the eyes of another reader.
/// Returns whether it is accepted.
///
/// The first byte says what happens to the message first: nothing; signed again; signed again, then
/// encrypted; encrypted, then signed again; the name or the first attribute encrypted, then signed
/// again.
pub fn validate(data: &[u8]) -> bool {
    let (mode, xml) = choice(data);
    let style = EncryptionStyle::MODERN;
    let (xml, plain) = match (mode % 6, std::str::from_utf8(xml)) {
        (1, Ok(xml)) => (re_sign(xml), None),
        (2, Ok(xml)) => {
            let plain = re_sign(xml);
            let Some(encrypted) = with_encrypted_assertion(&plain, &style) else { return false };
            (encrypted, assertion_of(&plain).map(str::to_owned))
        }
        (3, Ok(xml)) => {
            let Some(encrypted) = with_encrypted_assertion(xml, &style) else { return false };
            (re_sign(&encrypted), assertion_of(xml).map(str::to_owned))
        }
        (mode @ (4 | 5), Ok(xml)) => {
            let part = if mode == 4 { "NameID" } else { "Attribute" };
            let Some(encrypted) = with_encrypted_part(xml, part, &style) else { return false };
            let Some(accepted) = decided(&re_sign(&encrypted)) else { return false };
            // Without the encryption the same must be found.
            keeps_the_rules(xml, None, &accepted);
            return true;
        }
        _ => return was_said(xml),
    };
    // Nobody can look into what was encrypted before.
    if plain.is_none() && assertion_of(&xml).is_none() {
        return was_said(xml.as_bytes());
    }
    let Some(accepted) = decided(&xml) else { return false };
    keeps_the_rules(&xml, plain.as_deref(), &accepted);
    true
}

/// What is accepted now, and refused once it has ended.
fn decided(xml: &str) -> Option<Assertion> {
    let assertion = decide(xml.as_bytes(), now()).ok()?;
    ends(xml.as_bytes(), &assertion);
    Some(assertion)
}

/// The verdict, and whoever walks over the rules without stopping comes to the same.
fn decide(xml: &[u8], now: DateTime<Utc>) -> Result<Assertion, Rejection> {
    let verdict = actix_saml::saml::validate(xml, &EXPECTATIONS, &KEYS, now);
    // It costs as much again.
    if xml.len().is_multiple_of(4) {
        let walk = walk(xml, &EXPECTATIONS, Some(&KEYS), KEYS.decryption(), now);
        assert_eq!(walk.all_held(), verdict.is_ok());
        assert_eq!(walk.first_failure().map(|(_, why)| why), verdict.as_ref().err());
        let _ = verdict.as_ref().map_err(advise);
    }
    verdict
}

/// A replay is noticed until [`Assertion::usable_until`] and the tolerance have passed: from then
/// on the assertion must be refused for ever.
fn ends(xml: &[u8], accepted: &Assertion) {
    let skew = TimeDelta::seconds(i64::from(SKEW_SECONDS));
    let Some(forgotten) = accepted.usable_until().checked_add_signed(skew) else { return };
    for later in [TimeDelta::zero(), TimeDelta::nanoseconds(1), TimeDelta::days(365)] {
        if let Some(then) = forgotten.checked_add_signed(later) {
            assert!(decide(xml, then).is_err(), "usable once more: {then}");
        }
    }
}

fn was_said(xml: &[u8]) -> bool {
    let Ok(assertion) = decide(xml, now()) else { return false };
    let said = SAID.iter().any(|honest| says_the_same(honest, &assertion));
    assert!(said, "nobody said that: {assertion:?}");
    true
}

/// Equal in everything but in which of the signatures are left.
fn says_the_same(a: &Assertion, b: &Assertion) -> bool {
    let all = |a: &Assertion| {
        let who = (a.issuer().clone(), a.id().to_owned(), a.name_id().cloned());
        let how = (a.authn().clone(), a.attributes().to_vec());
        (who, how, a.usable_until(), a.one_time_use(), a.in_response_to().map(str::to_owned))
    };
    all(a) == all(b)
}

fn keeps_the_rules(xml: &str, plain: Option<&str>, accepted: &Assertion) {
    let all = [xml, plain.unwrap_or("")];
    if all.iter().any(|xml| xml.contains("EncryptedID") || xml.contains("EncryptedAttribute")) {
        // A part that came encrypted: this reader has no key.
        return;
    }
    let prepared = judge::prepared(xml);
    let document = judge::read(&prepared).expect("well-formed");
    let response = document.root_element();
    assert!(response.has_tag_name((PROTOCOL, "Response")));
    assert_eq!(response.attribute("Version"), Some("2.0"));
    assert_eq!(response.attribute("Destination"), Some(ACS));
    assert_eq!(response.attribute("InResponseTo"), Some(REQUEST_ID));
    let status = only(only(response, PROTOCOL, "Status"), PROTOCOL, "StatusCode");
    assert_eq!(status.attribute("Value"), Some(SUCCESS));
    for issuer in children(response, ASSERTION, "Issuer") {
        assert_eq!(text(issuer), IDP.entity_id.as_str());
    }
    assert_eq!(assertions(&document), 1, "an assertion too many");
    let outer = children(response, DSIG_NAMESPACE, "Signature").count();

    let plain = plain.map(judge::prepared);
    let decrypted = plain.as_deref().map(|plain| judge::read(plain).expect("well-formed"));
    let assertion = match &decrypted {
        Some(decrypted) => {
            only(response, ASSERTION, "EncryptedAssertion");
            assert_eq!(assertions(decrypted), 1, "an assertion too many inside");
            decrypted.root_element()
        }
        None => only(response, ASSERTION, "Assertion"),
    };
    let inner = children(assertion, DSIG_NAMESPACE, "Signature").count();
    assert!(outer + inner > 0, "nobody signed that");
    let documents = [Some(&document), decrypted.as_ref()].into_iter().flatten();
    let signatures = documents.flat_map(|d| d.descendants());
    let signatures = signatures.filter(|n| n.has_tag_name((DSIG_NAMESPACE, "Signature")));
    assert_eq!(signatures.count(), outer + inner, "a signature that nobody looks at");
    keeps_the_assertions_rules(assertion, accepted);
}

/// How many there are anywhere, of any kind.
fn assertions(document: &roxmltree::Document<'_>) -> usize {
    let is_assertion = |n: &Node<'_, '_>| {
        matches!(n.tag_name().name(), "Assertion" | "EncryptedAssertion")
            && matches!(n.tag_name().namespace(), Some(ASSERTION | PROTOCOL))
    };
    document.descendants().filter(is_assertion).count()
}

fn keeps_the_assertions_rules(assertion: Node<'_, '_>, accepted: &Assertion) {
    let skew = TimeDelta::seconds(i64::from(SKEW_SECONDS));
    let has_not_passed = |at: Option<&str>| at.is_none_or(|at| instant(at) + skew > now());
    assert_eq!(assertion.attribute("Version"), Some("2.0"));
    assert_eq!(assertion.attribute("ID"), Some(accepted.id()));
    assert_eq!(text(only(assertion, ASSERTION, "Issuer")), IDP.entity_id.as_str());

    let subject = only(assertion, ASSERTION, "Subject");
    let name_id = children(subject, ASSERTION, "NameID").next().map(text);
    assert_eq!(name_id.as_deref(), accepted.name_id().map(|n| &*n.value));
    assert!(name_id.as_ref().is_none_or(|name| !name.trim().is_empty()));
    let confirmed = children(subject, ASSERTION, "SubjectConfirmation")
        .filter(|n| n.attribute("Method") == Some(BEARER))
        .filter(|n| {
            let mut holders = children(*n, ASSERTION, "NameID").map(text);
            holders.all(|holder| Some(holder) == name_id)
        })
        .filter_map(|n| children(n, ASSERTION, "SubjectConfirmationData").next())
        .any(|data| {
            let until = data.attribute("NotOnOrAfter");
            data.attribute("Recipient") == Some(ACS)
                && data.attribute("InResponseTo") == Some(REQUEST_ID)
                && data.attribute("NotBefore").is_none()
                && until.is_some()
                && has_not_passed(until)
        });
    assert!(confirmed, "no confirmation that holds");

    let conditions = only(assertion, ASSERTION, "Conditions");
    assert!(has_not_passed(conditions.attribute("NotOnOrAfter")));
    assert!(conditions.attribute("NotBefore").is_none_or(|at| instant(at) <= now() + skew));
    let mut restrictions = 0;
    for condition in conditions.children().filter(Node::is_element) {
        assert_eq!(condition.tag_name().namespace(), Some(ASSERTION));
        match condition.tag_name().name() {
            "AudienceRestriction" => {
                let mut audiences = children(condition, ASSERTION, "Audience");
                assert!(audiences.any(|n| text(n) == SP), "not for us");
                restrictions += 1;
            }
            "OneTimeUse" => assert!(accepted.one_time_use()),
            "ProxyRestriction" => {}
            unknown => panic!("the condition {unknown} is not understood"),
        }
    }
    assert!(restrictions > 0, "for anybody");

    let statements: Vec<_> = children(assertion, ASSERTION, "AuthnStatement").collect();
    assert!(!statements.is_empty(), "nobody says how the person signed in");
    for statement in statements {
        assert!(has_not_passed(statement.attribute("SessionNotOnOrAfter")));
        let instant = instant(statement.attribute("AuthnInstant").expect("a time"));
        assert_eq!(instant, accepted.authn().authn_instant);
        let session = statement.attribute("SessionIndex").filter(|index| !index.is_empty());
        assert_eq!(session, accepted.authn().session_index.as_deref());
    }

    let mut read: Vec<(String, Vec<String>)> = Vec::new();
    for attribute in children(assertion, ASSERTION, "AttributeStatement")
        .flat_map(|n| children(n, ASSERTION, "Attribute"))
    {
        let name = attribute.attribute("Name").expect("a name").to_owned();
        let values = children(attribute, ASSERTION, "AttributeValue")
            .filter(|n| !matches!(n.attribute((XSI, "nil")), Some("true" | "1")))
            .map(text);
        match read.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => known.extend(values),
            None => read.push((name, values.collect())),
        }
    }
    let accepted = accepted.attributes().iter().map(|a| (a.name.clone(), a.values.clone()));
    assert_eq!(read, accepted.collect::<Vec<_>>());
}

/// The other library's reading of a time.
fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

fn children<'d, 'i: 'd>(
    node: Node<'d, 'i>,
    namespace: &'static str,
    local: &'static str,
) -> impl Iterator<Item = Node<'d, 'i>> {
    node.children().filter(move |n| n.has_tag_name((namespace, local)))
}

fn only<'d, 'i: 'd>(
    node: Node<'d, 'i>,
    namespace: &'static str,
    local: &'static str,
) -> Node<'d, 'i> {
    let mut found = children(node, namespace, local);
    let first = found.next().unwrap_or_else(|| panic!("no {local}"));
    assert!(found.next().is_none(), "a second {local}");
    first
}

/// All text inside, which must be the only thing there.
fn text(node: Node<'_, '_>) -> String {
    assert!(node.children().all(|n| n.is_text()), "markup in a value");
    node.children().filter_map(|n| n.text()).collect()
}
