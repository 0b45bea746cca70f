//! Aggregates, and for how long metadata counts.

use actix_saml::saml::metadata::{IdpMetadata, MetadataError, Reading};
use actix_saml::saml::names::{METADATA, PROTOCOL};
use actix_saml::saml::{EntityId, InvalidEntityId};
use actix_saml::xml::XmlError;
use chrono::{DateTime, TimeDelta, Utc};

use crate::fixture::{IDP, edit, instant, now};
use crate::keys_of_tests::{FOREIGN_KEY, IDP_KEY, P256, SP_KEY};
use crate::metadata::{Metadata, descriptor, raw_descriptor};

fn name(text: &str) -> EntityId {
    EntityId::new(text).unwrap()
}

fn named(name: &EntityId) -> Reading<'_> {
    Reading { entity_id: Some(name), ..Reading::default() }
}

fn group(entities: &str) -> Metadata {
    Metadata(format!("<EntitiesDescriptor xmlns=\"{METADATA}\">{entities}</EntitiesDescriptor>"))
}

/// A provider with another name and another key.
fn other() -> Metadata {
    Metadata::with_keys(&descriptor("signing", &SP_KEY)).named("urn:other", "_other")
}

fn service_provider(name: &str) -> String {
    format!(
        "<EntityDescriptor entityID=\"{name}\"><SPSSODescriptor protocolSupportEnumeration=\"{PROTOCOL}\"/></EntityDescriptor>"
    )
}

#[test]
fn md_agg() {
    let (honest, other) = (Metadata::honest(), other());
    let (honest, other) = (honest.xml(), other.xml());
    let idp = name(IDP);
    // Whatever is around it, and wherever it stands.
    for aggregate in [
        group(honest),
        group(&group(&group(honest).0).0),
        group(&[honest, other].concat()),
        group(&[other, honest].concat()),
        group(&[&group(other).0, honest].concat()),
        group(&[&group(honest).0, other].concat()),
        group(&[&service_provider("urn:sp"), honest, "<x xmlns=\"urn:x\"/>"].concat()),
        group(&format!("<Extensions><x xmlns=\"urn:x\"/></Extensions>{honest}")),
    ] {
        let metadata = aggregate.read_as(&named(&idp)).unwrap();
        assert_eq!(metadata.entity_id(), &idp);
        assert_eq!(metadata.keys().signing(), [IDP_KEY.public()]);
    }
    let both = group(&[honest, other].concat());
    let metadata = both.read_as(&named(&name("urn:other"))).unwrap();
    assert_eq!(metadata.keys().signing(), [SP_KEY.public()]);
}

#[test]
fn md_agg_without_a_name() {
    let (honest, other) = (Metadata::honest(), other());
    let (honest, other) = (honest.xml(), other.xml());
    // One identity provider, among whatever else.
    let affiliation =
        "<EntityDescriptor entityID=\"urn:a\"><AffiliationDescriptor/></EntityDescriptor>";
    for aggregate in [
        group(honest),
        group(&group(honest).0),
        group(&[&service_provider("urn:sp"), affiliation, honest].concat()),
        group(&[honest, &other.replace("SAML:2.0:protocol", "SAML:1.1:protocol")].concat()),
    ] {
        assert_eq!(aggregate.read().unwrap().keys().signing(), [IDP_KEY.public()]);
    }
    for (aggregate, providers) in [
        (group(""), 0),
        (group(&service_provider("urn:sp")), 0),
        (group(&[honest, other].concat()), 2),
        (group(&[&group(honest).0, &group(other).0[..]].concat()), 2),
        (group(&format!("<Extensions>{honest}</Extensions>")), 0),
        (group(&format!("<x xmlns=\"urn:x\">{honest}</x>")), 0),
    ] {
        aggregate.refused(MetadataError::Aggregate { providers });
    }
    // One identity provider, whose name somebody else has as well.
    let found = MetadataError::SeveralEntities { entity_id: name(IDP), found: 2 };
    group(&[honest, &service_provider(IDP)].concat()).refused(found);
    let nameless = honest.replacen(&format!("entityID=\"{IDP}\""), "", 1);
    group(&nameless).refused(InvalidEntityId.into());
}

#[test]
fn md_agg_none_or_several_of_the_name() {
    let (honest, other) = (Metadata::honest(), other());
    let (honest, other) = (honest.xml(), other.xml());
    let idp = name(IDP);
    for (aggregate, entities) in [
        (group(""), 0),
        (group(other), 1),
        (group(&[&service_provider("urn:sp"), other].concat()), 2),
        // Where entities do not stand.
        (group(&format!("{other}<Extensions>{honest}</Extensions>")), 1),
        (group(&edit(other, "<RoleDescriptor ", &format!("{honest}<RoleDescriptor "))), 1),
        (group(&honest.replace("EntityDescriptor", "entityDescriptor")), 0),
    ] {
        let expected = idp.clone();
        aggregate.refused_as(&named(&idp), MetadataError::NoSuchEntity { expected, entities });
    }
    let second = honest.replacen("\"_metadata\"", "\"_second\"", 1);
    let third = honest.replacen("\"_metadata\"", "\"_third\"", 1);
    let expired = second.replacen(
        "<EntityDescriptor ",
        "<EntityDescriptor validUntil=\"2020-01-01T00:00:00Z\" ",
        1,
    );
    for (aggregate, found) in [
        (group(&[honest, &second].concat()), 2),
        (group(&[honest, &expired].concat()), 2),
        (group(&[&group(&second).0, honest].concat()), 2),
        (group(&[&group(&second).0, honest, &group(&third).0].concat()), 3),
        (group(&[honest, &service_provider(IDP)].concat()), 2),
    ] {
        let entity_id = idp.clone();
        aggregate.refused_as(&named(&idp), MetadataError::SeveralEntities { entity_id, found });
    }
    // The one of the name is no identity provider.
    let role = MetadataError::Role { found: 0 };
    group(&service_provider(IDP)).refused_as(&named(&idp), role);
}

#[test]
fn md_agg_parts_that_are_not_used() {
    // Nothing about others is looked at: their keys, dates, addresses and names.
    let weak = raw_descriptor("signing", &["AAAA"]);
    let broken = Metadata::with_keys(&weak).named("", "_broken").0;
    let broken = broken
        .replace(
            "<EntityDescriptor ",
            "<EntityDescriptor validUntil=\"never\" cacheDuration=\"-P1D\" ",
        )
        .replace("https://", "gopher://");
    let aggregate = group(&[&broken, Metadata::honest().xml()].concat());
    let metadata = aggregate.read_as(&named(&name(IDP))).unwrap();
    assert_eq!(metadata.keys().signing(), [IDP_KEY.public()]);
    assert_eq!((metadata.valid_until(), metadata.cache_duration()), (None, None));
}

#[test]
fn md_agg_depth() {
    let idp = name(IDP);
    let nested =
        |levels: usize| (0..levels).fold(Metadata::honest(), |inner, _| inner.within("", "", ""));
    // The deepest element of an entity is six below its root.
    nested(58).read_as(&named(&idp)).unwrap();
    nested(59).refused_as(&named(&idp), XmlError::Limit { what: "depth", limit: 64 }.into());
}

#[test]
fn md_ent_chosen() {
    let same = name(IDP);
    Metadata::honest().read_as(&named(&same)).unwrap();
    for near in [
        "https://fs.test.nhs.example/adfs/services/trust",
        "http://fs.test.nhs.example/adfs/services/trust/",
        "http://fs.test.nhs.example:80/adfs/services/trust",
        "http://FS.test.nhs.example/adfs/services/trust",
        "http://fs.test.nhs.example/adfs/services/trus",
        "urn:other",
    ] {
        let expected = name(near);
        let found = name(IDP);
        let error = MetadataError::OtherEntity { expected: expected.clone(), found };
        assert!(error.to_string().contains(near) && error.to_string().contains(IDP));
        Metadata::honest().refused_as(&named(&expected), error);
        let error = MetadataError::NoSuchEntity { expected: expected.clone(), entities: 1 };
        group(Metadata::honest().xml()).refused_as(&named(&expected), error);
    }
}

/// One attribute on the group, the inner group, the entity or the role.
fn at_level(level: usize, attribute: &str) -> Metadata {
    let on = |l: usize| if l == level { attribute } else { "" };
    Metadata::honest()
        .edit("<EntityDescriptor ", &format!("<EntityDescriptor {} ", on(2)))
        .edit("<IDPSSODescriptor ", &format!("<IDPSSODescriptor {} ", on(3)))
        .within(on(1), "", "")
        .within(on(0), "", "")
}

fn until(text: &str) -> String {
    format!("validUntil=\"{text}\"")
}

#[test]
fn md_exp_at_every_level() {
    for level in 0..4 {
        let ahead = "2026-11-22T10:00:05.001Z";
        let metadata = at_level(level, &until(ahead)).read().unwrap();
        assert_eq!(metadata.valid_until(), Some(instant(ahead)));
        for over in ["2026-11-22T10:00:05.000Z", "2020-01-01T00:00:00Z", "soon", ""] {
            let error = MetadataError::Expired { valid_until: over.to_owned(), now: now() };
            at_level(level, &until(over)).refused(error);
        }
    }
    assert_eq!(at_level(9, "").read().unwrap().valid_until(), None);
    // The earliest counts, wherever it stands.
    let (early, late) = ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
    for (outer, inner) in [(early, late), (late, early), (early, early)] {
        let entity = Metadata::honest()
            .edit("<EntityDescriptor ", &format!("<EntityDescriptor {} ", until(inner)));
        let metadata = entity.within(&until(outer), "", "").read().unwrap();
        assert_eq!(metadata.valid_until(), Some(instant(early)));
        let role = Metadata::honest()
            .edit("<IDPSSODescriptor ", &format!("<IDPSSODescriptor {} ", until(inner)));
        let metadata = role.within(&until(outer), "", "").read().unwrap();
        assert_eq!(metadata.valid_until(), Some(instant(early)));
    }
}

#[test]
fn md_exp_with_a_longest_validity() {
    let days = TimeDelta::days(14);
    let reading = Reading { max_validity: Some(days), ..Reading::default() };
    let limit = "2026-12-06T10:00:05.000Z";
    assert_eq!(instant(limit), now() + days);
    for level in 0..3 {
        for within in ["2026-11-22T10:00:05.001Z", limit] {
            at_level(level, &until(within)).read_as(&reading).unwrap();
        }
        for beyond in ["2026-12-06T10:00:05.001Z", "9999-12-31T23:59:59Z"] {
            let (valid_until, latest) = (instant(beyond), instant(limit));
            let error = MetadataError::ValidTooLong { valid_until, latest };
            at_level(level, &until(beyond)).refused_as(&reading, error);
        }
    }
    at_level(9, "").refused_as(&reading, MetadataError::NoValidUntil);
    Metadata::honest().refused_as(&reading, MetadataError::NoValidUntil);
    // One on the role alone says nothing of the document, nor does it shorten what that says.
    at_level(3, &until(limit)).refused_as(&reading, MetadataError::NoValidUntil);
    let long = at_level(3, &until(limit)).0.replacen(
        "<EntitiesDescriptor ",
        &format!("<EntitiesDescriptor {} ", until("2030-01-01T00:00:00Z")),
        1,
    );
    let error = MetadataError::ValidTooLong {
        valid_until: instant("2030-01-01T00:00:00Z"),
        latest: instant(limit),
    };
    Metadata(long).refused_as(&reading, error);
    // What has passed has passed.
    let over = "2026-11-22T10:00:05.000Z";
    let error = MetadataError::Expired { valid_until: over.to_owned(), now: now() };
    at_level(0, &until(over)).refused_as(&reading, error);
}

#[test]
fn md_exp_lengths_without_end() {
    let far = at_level(0, &until("9999-12-31T23:59:59Z"));
    for max in [TimeDelta::MAX, TimeDelta::days(4_000_000)] {
        far.read_as(&Reading { max_validity: Some(max), ..Reading::default() }).unwrap();
    }
    for (max, latest) in
        [(TimeDelta::zero(), now()), (TimeDelta::days(-1), now() - TimeDelta::days(1))]
    {
        let valid_until: DateTime<Utc> = instant("9999-12-31T23:59:59Z");
        let reading = Reading { max_validity: Some(max), ..Reading::default() };
        far.refused_as(&reading, MetadataError::ValidTooLong { valid_until, latest });
    }
    let end = DateTime::<Utc>::MAX_UTC;
    let verdict = IdpMetadata::read_as(
        far.xml().as_bytes(),
        &Reading { max_validity: Some(TimeDelta::days(1)), ..Reading::default() },
        end,
    );
    let valid_until = "9999-12-31T23:59:59Z".to_owned();
    assert_eq!(verdict.map(|_| ()), Err(MetadataError::Expired { valid_until, now: end }));
}

#[test]
fn md_exp_cache_duration() {
    let lasting = |text: &str| format!("cacheDuration=\"{text}\"");
    for level in 0..4 {
        let metadata = at_level(level, &lasting("PT6H")).read().unwrap();
        assert_eq!(metadata.cache_duration(), Some(TimeDelta::hours(6)));
        for bad in ["", "6h", "-PT6H", "P", "PT6H ", "P99999999999999999999D"] {
            let error = MetadataError::CacheDuration { found: bad.to_owned() };
            at_level(level, &lasting(bad)).refused(error);
        }
    }
    assert_eq!(at_level(9, "").read().unwrap().cache_duration(), None);
    for (outer, inner) in [("P1D", "PT1H"), ("PT1H", "P1D"), ("PT60M", "PT3600S")] {
        let entity = Metadata::honest()
            .edit("<EntityDescriptor ", &format!("<EntityDescriptor {} ", lasting(inner)));
        let metadata = entity.within(&lasting(outer), "", "").read().unwrap();
        assert_eq!(metadata.cache_duration(), Some(TimeDelta::hours(1)));
    }
    assert_eq!(
        at_level(0, &lasting("PT0S")).read().unwrap().cache_duration(),
        Some(TimeDelta::zero())
    );
}

#[test]
fn md_dup_in_an_aggregate() {
    let one = crate::surgery::element(Metadata::honest().xml(), "IDPSSODescriptor", 0);
    let two = Metadata::honest().edit("</EntityDescriptor>", &format!("{one}</EntityDescriptor>"));
    for aggregate in [group(two.xml()), group(&[two.xml(), other().xml()].concat())] {
        aggregate.refused_as(&named(&name(IDP)), MetadataError::Role { found: 2 });
    }
    group(two.xml()).refused(MetadataError::Role { found: 2 });
    let mixed = Metadata::with_keys(
        &[descriptor("encryption", &FOREIGN_KEY), descriptor("", &P256)].concat(),
    );
    let metadata = group(mixed.xml()).read().unwrap();
    assert_eq!(metadata.keys().signing(), [P256.public()]);
}
