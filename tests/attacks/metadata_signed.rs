//! Metadata under pinned trust: whose signature counts, and for what.

use std::sync::LazyLock;

use actix_saml::crypto::{Certificate, CryptoError, KeyShape, PrivateKey, SignatureAlgorithm};
use actix_saml::dsig::{AlgorithmRole, DsigError, Place, SignatureStyle, sign_enveloped};
use actix_saml::saml::binding::Binding;
use actix_saml::saml::metadata::{Fingerprint, MetadataAnchor, MetadataError, Reading};
use actix_saml::saml::{EntityId, names};
use actix_saml::xml::{XmlError, encode_base64};

use crate::fixture::{Draft, IDP, RESPONSE_ID, edit, instant};
use crate::keys_of_tests::{FOREIGN_KEY, IDP_KEY, P384, Pair, SP_KEY};
use crate::metadata::{Metadata, certificate_of, descriptor};
use crate::refusal::unexpected;
use crate::surgery::{element, re_sign, refer_to, without};

/// Whoever signs the metadata of a federation. It is no provider itself.
static FEDERATION: LazyLock<Pair> =
    LazyLock::new(|| Pair::of(PrivateKey::generate(KeyShape::Rsa2048).unwrap(), "federation"));

/// Signs the element of this ID as metadata is signed.
pub fn sign(xml: &str, id: &str, pair: &Pair) -> Metadata {
    sign_with(xml, id, pair, pair.key.default_algorithm())
}

fn sign_with(xml: &str, id: &str, pair: &Pair, algorithm: SignatureAlgorithm) -> Metadata {
    let (certificate, style) = (Some(&pair.certificate), SignatureStyle::default());
    let signed =
        sign_enveloped(xml, id, Place::First, &pair.key, algorithm, certificate, &style).unwrap();
    Metadata(signed)
}

fn signed() -> Metadata {
    sign(Metadata::honest().xml(), "_metadata", &FEDERATION)
}

/// Two providers in a group that is signed.
fn aggregate() -> Metadata {
    let other = Metadata::with_keys(&descriptor("signing", &SP_KEY)).named("urn:other", "_other");
    let group = Metadata::honest().within("ID=\"_group\"", "", other.xml());
    sign(group.xml(), "_group", &FEDERATION)
}

fn fingerprint(pair: &Pair) -> Fingerprint {
    Fingerprint::of_der(pair.certificate.as_der())
}

fn by_certificate(pairs: &[&Pair]) -> MetadataAnchor {
    let certificates = pairs.iter().map(|pair| pair.certificate.clone()).collect();
    MetadataAnchor::new(certificates, Vec::new()).unwrap()
}

fn by_fingerprint(pairs: &[&Pair]) -> MetadataAnchor {
    MetadataAnchor::new(Vec::new(), pairs.iter().map(|pair| fingerprint(pair)).collect()).unwrap()
}

fn both() -> [MetadataAnchor; 2] {
    [by_certificate(&[&FEDERATION]), by_fingerprint(&[&FEDERATION])]
}

fn under(anchor: &MetadataAnchor) -> Reading<'_> {
    Reading { anchor: Some(anchor), ..Reading::default() }
}

fn idp() -> EntityId {
    EntityId::new(IDP).unwrap()
}

impl Metadata {
    /// Under each kind of pin, for the provider of these tests.
    #[track_caller]
    fn refused_under_pins(&self, expected: &MetadataError) {
        let name = idp();
        for anchor in both() {
            let reading = Reading { entity_id: Some(&name), ..under(&anchor) };
            self.refused_as(&reading, expected.clone());
        }
    }
}

fn refused(error: DsigError) -> MetadataError {
    MetadataError::Signature(error)
}

#[test]
fn control_of_pins() {
    let pinned = [
        by_certificate(&[&FEDERATION]),
        by_certificate(&[&FOREIGN_KEY, &FEDERATION]),
        by_certificate(&[&P384, &FEDERATION]),
        by_fingerprint(&[&FEDERATION]),
        by_fingerprint(&[&FOREIGN_KEY, &FEDERATION]),
        MetadataAnchor::new(vec![FEDERATION.certificate.clone()], vec![fingerprint(&FOREIGN_KEY)])
            .unwrap(),
        MetadataAnchor::new(vec![FOREIGN_KEY.certificate.clone()], vec![fingerprint(&FEDERATION)])
            .unwrap(),
    ];
    for anchor in &pinned {
        let metadata = signed().read_as(&under(anchor)).unwrap();
        assert!(metadata.is_vouched_for());
        let signer = metadata.vouched_by().map(Certificate::as_der);
        assert_eq!(signer, Some(FEDERATION.certificate.as_der()));
        assert_eq!(metadata.entity_id().as_str(), IDP);
        assert_eq!(metadata.keys().signing(), [IDP_KEY.public()]);
        assert!(metadata.with_further(&[]).is_vouched_for());

        for (name, key) in [(IDP, &IDP_KEY), ("urn:other", &SP_KEY)] {
            let name = EntityId::new(name).unwrap();
            let reading = Reading { entity_id: Some(&name), ..under(anchor) };
            let metadata = aggregate().read_as(&reading).unwrap();
            assert!(metadata.is_vouched_for());
            assert_eq!(metadata.keys().signing(), [key.public()]);
        }
    }
    // A pinned key may well be the provider's own: then it is the pin that makes it trust.
    let own = sign(Metadata::honest().xml(), "_metadata", &IDP_KEY);
    assert!(own.read_as(&under(&by_certificate(&[&IDP_KEY]))).unwrap().is_vouched_for());
    // Every kind of key, and dates that have passed.
    let curve = sign(Metadata::honest().xml(), "_metadata", &P384);
    for anchor in [by_certificate(&[&P384]), by_fingerprint(&[&P384])] {
        curve.read_as(&under(&anchor)).unwrap();
        let (xml, later) = (curve.xml().as_bytes(), instant("2036-01-01T00:00:00Z"));
        assert!(P384.certificate.not_after().unwrap() < later);
        actix_saml::saml::metadata::IdpMetadata::read_as(xml, &under(&anchor), later).unwrap();
    }
    let anchor = &pinned[6];
    assert_eq!(anchor.certificates()[0].as_der(), FOREIGN_KEY.certificate.as_der());
    assert_eq!(anchor.fingerprints(), [fingerprint(&FEDERATION)]);
}

#[test]
fn md_sig() {
    // None at all.
    Metadata::honest().refused_under_pins(&MetadataError::NotSigned);
    let unsigned = Metadata(without(aggregate().xml(), "Signature"));
    unsigned.refused_under_pins(&MetadataError::NotSigned);
    // Without a pin a signature is worth nothing, whoever made it.
    for metadata in [Metadata::honest(), signed()] {
        let metadata = metadata.read().unwrap();
        assert!(!metadata.is_vouched_for() && metadata.vouched_by().is_none());
    }
    // By somebody else: an attacker, or the provider itself by the key that it announces.
    for pair in [&FOREIGN_KEY, &IDP_KEY] {
        let other = sign(Metadata::honest().xml(), "_metadata", pair);
        let [certificate, print] = both();
        other.refused_as(&under(&certificate), refused(DsigError::SignatureMismatch { keys: 1 }));
        let found = vec![fingerprint(pair)];
        other.refused_as(&under(&print), MetadataError::SignerNotPinned { found });
    }
    let two = by_certificate(&[&FEDERATION, &SP_KEY]);
    let other = sign(Metadata::honest().xml(), "_metadata", &FOREIGN_KEY);
    other.refused_as(&under(&two), refused(DsigError::SignatureMismatch { keys: 2 }));
    let curve = by_certificate(&[&P384]);
    signed().refused_as(&under(&curve), refused(DsigError::AlgorithmKeyMismatch));
}

#[test]
fn md_sig_the_certificate_beside_it_is_a_candidate_and_no_more() {
    let [certificate, print] = both();
    let known = encode_base64(FEDERATION.certificate.as_der());
    let unknown = encode_base64(FOREIGN_KEY.certificate.as_der());
    // The pinned certificate, beside a signature by another key.
    let other = sign(Metadata::honest().xml(), "_metadata", &FOREIGN_KEY);
    let borrowed = Metadata(other.xml().replacen(&first_certificate(&other), &known, 1));
    for anchor in [&certificate, &print] {
        let error = refused(DsigError::SignatureMismatch { keys: 1 });
        borrowed.refused_as(&under(anchor), error);
    }
    // Another certificate, or none, beside the right signature. KeyInfo is not what is signed.
    let bare = Metadata(without(signed().xml(), "KeyInfo"));
    let strange = signed().edit(&known, &unknown);
    let broken = signed().edit(&known, "AAAA");
    for metadata in [&bare, &strange, &broken] {
        assert!(metadata.read_as(&under(&certificate)).unwrap().is_vouched_for());
    }
    let not_pinned = |found| MetadataError::SignerNotPinned { found };
    bare.refused_as(&under(&print), not_pinned(Vec::new()));
    strange.refused_as(&under(&print), not_pinned(vec![fingerprint(&FOREIGN_KEY)]));
    broken.refused_as(&under(&print), not_pinned(vec![Fingerprint::of_der(&[0, 0, 0])]));
    let commented = signed().edit(&known, &format!("{known}<!---->"));
    commented.refused_as(&under(&print), not_pinned(Vec::new()));
    // The same key and the same name in another certificate is another certificate.
    let twin = Pair::of(FEDERATION.key.clone(), "federation");
    let by_twin = sign(Metadata::honest().xml(), "_metadata", &twin);
    assert!(by_twin.read_as(&under(&certificate)).unwrap().is_vouched_for());
    by_twin.refused_as(&under(&print), not_pinned(vec![fingerprint(&twin)]));
    // A pinned fingerprint does not make a weak key strong, nor two certificates one.
    let weak = certificate_of(
        &openssl::pkey::PKey::from_rsa(openssl::rsa::Rsa::generate(1024).unwrap()).unwrap(),
    );
    let trailing = [FEDERATION.certificate.as_der(), &[0]].concat();
    for (der, error) in
        [(&weak, CryptoError::RsaSize { bits: 1024 }), (&trailing, CryptoError::Certificate)]
    {
        let fingerprint = Fingerprint::of_der(der);
        let anchor = MetadataAnchor::new(Vec::new(), vec![fingerprint]).unwrap();
        let metadata = signed().edit(&known, &encode_base64(der));
        let expected = MetadataError::SignerCertificate { fingerprint, error };
        metadata.refused_as(&under(&anchor), expected);
    }
}

/// The text of the certificate in the signature, which comes first in the document.
fn first_certificate(metadata: &Metadata) -> String {
    let node = element(metadata.xml(), "X509Certificate", 0);
    node.split(['<', '>']).nth(2).unwrap().to_owned()
}

#[test]
fn md_sig_candidates_are_counted() {
    let [_, print] = both();
    let known = encode_base64(FEDERATION.certificate.as_der());
    let among = |before: usize| {
        let one = |text: &str| format!("<ds:X509Certificate>{text}</ds:X509Certificate>");
        signed().edit(&one(&known), &[one("AAAA").repeat(before), one(&known)].concat())
    };
    assert!(among(15).read_as(&under(&print)).unwrap().is_vouched_for());
    let found = vec![Fingerprint::of_der(&[0, 0, 0]); 16];
    among(16).refused_as(&under(&print), MetadataError::SignerNotPinned { found });
}

#[test]
fn md_tamper() {
    let honest = encode_base64(IDP_KEY.certificate.as_der());
    let evil = encode_base64(FOREIGN_KEY.certificate.as_der());
    let sso = "<SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://";
    let mismatch = refused(DsigError::DigestMismatch);
    for metadata in [signed(), aggregate()] {
        for (from, to) in [
            (&honest[..], &evil[..]),
            (sso, &format!("{sso}evil.")),
            (
                " use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509Certificate>",
                " use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509Certificate> ",
            ),
            ("<IDPSSODescriptor ", "<IDPSSODescriptor validUntil=\"2036-01-01T00:00:00Z\" "),
            ("</IDPSSODescriptor>", "<Extensions/></IDPSSODescriptor>"),
        ] {
            let changed = Metadata(metadata.xml().replacen(from, to, 1));
            assert_ne!(changed.xml(), metadata.xml());
            changed.refused_under_pins(&mismatch);
        }
        let info = edit(metadata.xml(), "<ds:SignedInfo>", "<ds:SignedInfo> ");
        Metadata(info).refused_under_pins(&refused(DsigError::SignatureMismatch { keys: 1 }));
    }
    // A signature does not cover comments: one may come, and hides nothing.
    let commented = |from: &str, to: &str| signed().edit(from, to);
    for anchor in both() {
        let beside = commented("</IDPSSODescriptor>", "<!-- --></IDPSSODescriptor>");
        assert!(beside.read_as(&under(&anchor)).unwrap().is_vouched_for());
        let (start, end) = honest.split_at(64);
        let inside = commented(&honest, &format!("{start}<!---->{end}"));
        let error = CryptoError::Certificate;
        inside.refused_as(&under(&anchor), MetadataError::Certificate { position: 1, error });
    }
}

#[test]
fn md_alg() {
    let not_allowed = |role, uri: &str| refused(DsigError::Algorithm { role, uri: uri.to_owned() });
    let old = SignatureAlgorithm::RsaSha1;
    let sha1 = sign_with(Metadata::honest().xml(), "_metadata", &FEDERATION, old);
    sha1.refused_under_pins(&not_allowed(AlgorithmRole::Signature, old.uri()));
    // Nor is it looked at where no signature is asked for.
    sha1.read().unwrap();

    let method = SignatureAlgorithm::RsaSha256;
    for (role, from, to) in [
        (AlgorithmRole::Signature, method.uri(), "http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
        (AlgorithmRole::Signature, method.uri(), "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
        (AlgorithmRole::Signature, method.uri(), ""),
        (AlgorithmRole::Digest, method.digest().uri(), "http://www.w3.org/2000/09/xmldsig#sha1"),
        (
            AlgorithmRole::Digest,
            method.digest().uri(),
            "http://www.w3.org/2001/04/xmldsig-more#md5",
        ),
    ] {
        let weak = Metadata(re_sign(&edit(signed().xml(), from, to), &FEDERATION.key, method));
        weak.refused_under_pins(&not_allowed(role, to));
    }
    let exclusive = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let xslt = "http://www.w3.org/TR/1999/REC-xslt-19991116";
    let with = |transform: &str| {
        let xml = edit(signed().xml(), exclusive, transform);
        Metadata(re_sign(&xml, &FEDERATION.key, method))
    };
    with("").refused_under_pins(&refused(DsigError::Transforms));
    with(&format!("<ds:Transform Algorithm=\"{xslt}\"/>{exclusive}"))
        .refused_under_pins(&refused(DsigError::Transforms));
    with(&format!("<ds:Transform Algorithm=\"{xslt}\"/>"))
        .refused_under_pins(&not_allowed(AlgorithmRole::Transform, xslt));
}

fn evil() -> Metadata {
    Metadata::with_keys(&descriptor("signing", &FOREIGN_KEY)).edit("\"_metadata\"", "\"_evil\"")
}

/// A reference to the parent was expected.
fn reference(expected: &str, found: &str) -> MetadataError {
    let (expected, found) = (expected.to_owned(), found.to_owned());
    refused(DsigError::Reference { expected, found })
}

#[test]
fn md_xsw_around_metadata() {
    let original = signed();
    let signature = element(original.xml(), "Signature", 0);
    // The signed original somewhere inside what the attacker wrote.
    let plain = original.clone().within("", evil().xml(), "");
    plain.refused_under_pins(&MetadataError::NotSigned);
    let inside = format!("<Extensions>{}</Extensions>", original.xml());
    let extended = evil().edit("<RoleDescriptor ", &format!("{inside}<RoleDescriptor "));
    extended.refused_under_pins(&MetadataError::NotSigned);
    // Its signature moved to where ours is looked for.
    let body = without(original.xml(), "Signature");
    let lifted = Metadata(body).within("ID=\"_evil-group\"", &signature, evil().xml());
    lifted.refused_under_pins(&reference("#_evil-group", "#_metadata"));
    let group = Metadata::honest().within("", &signature, "");
    group.refused_under_pins(&refused(DsigError::Id));
    let taken = evil().edit("<RoleDescriptor ", &format!("{signature}<RoleDescriptor "));
    taken.refused_under_pins(&reference("#_evil", "#_metadata"));
    // Under the ID of the original, beside it or in its place.
    let posing = taken.edit("\"_evil\"", "\"_metadata\"");
    posing.refused_under_pins(&refused(DsigError::DigestMismatch));
    let twice = posing.clone().edit(
        "<RoleDescriptor ",
        &format!("<Extensions>{}</Extensions><RoleDescriptor ", Metadata::honest().xml()),
    );
    twice.refused_under_pins(&XmlError::DuplicateId.into());
}

#[test]
fn md_xsw_inside_metadata() {
    // A signature covers neither itself nor what stands in it: an entity there is none.
    let name = idp();
    for hidden in [
        evil().xml().to_owned(),
        evil().within("", "", "").xml().to_owned(),
        evil().edit("\"_evil\"", "\"_evil2\"").edit(IDP, "urn:evil").xml().to_owned(),
    ] {
        for original in [signed(), aggregate()] {
            let key_info = edit(original.xml(), "</ds:KeyInfo>", &format!("{hidden}</ds:KeyInfo>"));
            for anchor in both() {
                let reading = Reading { entity_id: Some(&name), ..under(&anchor) };
                let metadata = Metadata(key_info.clone()).read_as(&reading).unwrap();
                assert_eq!(metadata.keys().signing(), [IDP_KEY.public()]);
                assert!(metadata.is_vouched_for());
            }
            let object = format!("<ds:Object>{hidden}</ds:Object></ds:Signature>");
            let object = Metadata(edit(original.xml(), "</ds:Signature>", &object));
            object.refused_under_pins(&refused(unexpected("Signature", "Object").into()));
        }
    }
    let anchor = by_certificate(&[&FEDERATION]);
    let evil_name = EntityId::new("urn:evil").unwrap();
    let hidden = evil().edit(IDP, "urn:evil").edit("\"_evil\"", "\"_evil2\"");
    let key_info =
        edit(aggregate().xml(), "</ds:KeyInfo>", &format!("{}</ds:KeyInfo>", hidden.xml()));
    let reading = Reading { entity_id: Some(&evil_name), ..under(&anchor) };
    Metadata(key_info).refused_as(
        &reading,
        MetadataError::NoSuchEntity { expected: evil_name.clone(), entities: 2 },
    );
}

#[test]
fn md_xsw_one_of_two_entities() {
    // A signature on an entity does not vouch for the group around it, whoever made it.
    let name = EntityId::new("urn:other").unwrap();
    let other = Metadata::with_keys(&descriptor("signing", &SP_KEY)).named("urn:other", "_other");
    for (before, after) in [(other.xml(), ""), ("", other.xml())] {
        let group = signed().within("ID=\"_group\"", before, after);
        group.refused_under_pins(&MetadataError::NotSigned);
        for anchor in both() {
            let reading = Reading { entity_id: Some(&name), ..under(&anchor) };
            group.refused_as(&reading, MetadataError::NotSigned);
        }
    }
    // A group in a signed group needs none of its own, and one of an entity is not in the way.
    let inner = sign(Metadata::honest().xml(), "_metadata", &FOREIGN_KEY);
    let nested = inner.within("ID=\"_inner\"", "", other.xml()).within("ID=\"_group\"", "", "");
    let nested = sign(nested.xml(), "_group", &FEDERATION);
    for anchor in both() {
        let reading = Reading { entity_id: Some(&name), ..under(&anchor) };
        assert_eq!(nested.read_as(&reading).unwrap().keys().signing(), [SP_KEY.public()]);
    }
    let inner_only = Metadata(without(nested.xml(), "Signature"));
    inner_only.refused_under_pins(&MetadataError::NotSigned);
}

#[test]
fn md_xsw_place_of_the_signature() {
    let original = signed();
    let signature = element(original.xml(), "Signature", 0);
    let body = without(original.xml(), "Signature");
    for place in ["<SPSSODescriptor ", "</EntityDescriptor>"] {
        let moved = Metadata(edit(&body, place, &format!("{signature}{place}")));
        moved.refused_under_pins(&MetadataError::SignaturePlace);
    }
    for place in ["<RoleDescriptor ", "</EntityDescriptor>"] {
        let second = original.clone().edit(place, &format!("{signature}{place}"));
        second.refused_under_pins(&MetadataError::SignaturePlace);
    }
    let wrapped = format!("<Extensions>{signature}</Extensions><RoleDescriptor ");
    let wrapped = Metadata(edit(&body, "<RoleDescriptor ", &wrapped));
    wrapped.refused_under_pins(&MetadataError::NotSigned);
    // A comment is no element.
    let comment = original.edit("<ds:Signature ", "<!-- signed --><ds:Signature ");
    assert!(comment.read_as(&under(&by_certificate(&[&FEDERATION]))).unwrap().is_vouched_for());
}

#[test]
fn md_xsw_other_things_that_the_key_signs() {
    // The key of AD FS signs both its responses and its metadata.
    let anchor = by_certificate(&[&IDP_KEY]);
    let response = Draft::adfs().response_signed();
    let root = |found: &str| MetadataError::NotEntityDescriptor { found: found.to_owned() };
    Metadata(response.0.clone()).refused_as(&under(&anchor), root("Response"));
    // Its signature in metadata, and metadata in what it signed.
    let signature = element(&response.0, "Signature", 0);
    let taken = evil().edit("<RoleDescriptor ", &format!("{signature}<RoleDescriptor "));
    let expected = reference("#_evil", &format!("#{RESPONSE_ID}"));
    taken.refused_as(&under(&anchor), expected);
    let group = evil().within(&format!("ID=\"{RESPONSE_ID}\""), &signature, "");
    group.refused_as(&under(&anchor), refused(DsigError::DigestMismatch));
    let own = sign(Metadata::honest().xml(), "_metadata", &IDP_KEY);
    let request = format!(
        "<samlp:Extensions xmlns:samlp=\"{}\">{}</samlp:Extensions>",
        names::PROTOCOL,
        own.xml()
    );
    Metadata(request).refused_as(&under(&anchor), root("Extensions"));
    // A role that is signed for itself is not the entity.
    let role = Metadata::honest().edit("<IDPSSODescriptor ", "<IDPSSODescriptor ID=\"_role\" ");
    let role = sign(role.xml(), "_role", &IDP_KEY);
    role.refused_as(&under(&anchor), MetadataError::NotSigned);
    let outside = refer_to(own.xml(), "_metadata", &IDP_KEY.key);
    assert_eq!(outside, own.xml(), "control");
    let elsewhere = own.edit("<IDPSSODescriptor ", "<IDPSSODescriptor ID=\"_role\" ");
    let elsewhere = Metadata(refer_to(elsewhere.xml(), "_role", &IDP_KEY.key));
    elsewhere.refused_as(&under(&anchor), reference("#_metadata", "#_role"));
}

#[test]
fn md_xsw_what_was_verified_is_read_to_the_end() {
    // Everything that metadata is asked for comes out of the signed part.
    let anchor = by_fingerprint(&[&FEDERATION]);
    let metadata = signed().read_as(&under(&anchor)).unwrap();
    let unpinned = signed().read().unwrap();
    assert_eq!(
        metadata.single_sign_on(Binding::HttpPost),
        unpinned.single_sign_on(Binding::HttpPost)
    );
    assert_eq!(metadata.single_logout(), unpinned.single_logout());
    assert_eq!(metadata.keys().signing(), unpinned.keys().signing());
}
