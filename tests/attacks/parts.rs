//! Names and attributes that are encrypted by themselves, inside an assertion that the identity
//! provider signed. What comes out counts as if it had stood there; nothing is opened for anybody
//! whose signature does not verify.

use actix_saml::crypto::CipherAlgorithm;
use actix_saml::saml::{Assertion, Keys, NameIdFault, Rejection, names};
use actix_saml::xmlenc::{
    AlgorithmRole, DecryptError, EncryptionShape, EncryptionStyle, KeyTransport, encrypt,
};

use crate::fixture::{
    ADMIN, ASSERTION_ID, Draft, MAIL, Message, NURSE, RESPONSE_ID, ROLE, SP, edit, expectations,
    honest,
};
use crate::keys_of_tests::{FOREIGN_KEY, IDP_KEY, OLD_SP_KEY, SP_KEY};
use crate::recipient::{CBC, GCM, keys, styles};
use crate::refusal::{bad_signature, markup_in, unexpected};
use crate::surgery::{element, forged};

pub const END: &str = "</AttributeStatement>";
/// How many parts one assertion may hold.
const MOST: usize = 16;

/// A document of its own: it declares the namespace that it had from outside.
pub fn alone(xml: &str) -> String {
    let end = xml.find([' ', '>']).unwrap();
    format!("{} xmlns=\"{}\"{}", &xml[..end], names::ASSERTION, &xml[end..])
}

pub fn name_id(value: &str) -> String {
    alone(&format!("<NameID>{value}</NameID>"))
}

pub fn attribute(name: &str, value: &str) -> String {
    alone(&format!(
        "<Attribute Name=\"{name}\"><AttributeValue>{value}</AttributeValue></Attribute>"
    ))
}

/// `local` around `plaintext`, encrypted to us.
pub fn part(local: &str, plaintext: &str, style: &EncryptionStyle) -> String {
    let inside = encrypt(plaintext, &SP_KEY.certificate, style).unwrap();
    format!("<{local}>{inside}</{local}>")
}

pub fn encrypted_id(plaintext: &str) -> String {
    part("EncryptedID", plaintext, &CBC)
}

pub fn encrypted_attribute(plaintext: &str) -> String {
    part("EncryptedAttribute", plaintext, &CBC)
}

/// The honest message with something else where the name stands.
pub fn named(instead: &str) -> Draft {
    Draft::adfs().edit(&format!("<NameID>{NURSE}</NameID>"), instead)
}

/// The honest message with more behind its attributes.
pub fn with(attributes: &str) -> Draft {
    Draft::adfs().edit(END, &format!("{attributes}{END}"))
}

/// Every way of signing and encrypting around the parts.
pub fn each_way(draft: &Draft) -> [Message; 5] {
    let own = || draft.clone().sign(ASSERTION_ID);
    [
        own().send(),
        own().sign(RESPONSE_ID).send(),
        draft.clone().sign(RESPONSE_ID).send(),
        own().encrypt(&CBC).send(),
        draft.clone().encrypt(&GCM).sign(RESPONSE_ID).send(),
    ]
}

pub fn opened(message: &Message) -> Assertion {
    message.opened().unwrap_or_else(|r| panic!("refused: {r:?}\n{}", message.0))
}

/// Refused for this reason, whoever signs and whatever is encrypted around it.
#[track_caller]
pub fn each_way_refused(draft: &Draft, expected: impl Into<Rejection>) {
    let expected = expected.into();
    for message in each_way(draft) {
        message.stays_shut(expected.clone());
    }
}

#[track_caller]
pub fn each_way_fails(draft: &Draft) {
    each_way_refused(draft, DecryptError::Failed);
}

#[test]
fn control() {
    let plain = honest().accepted();
    let mail = honest().element("Attribute");
    for style in styles() {
        let name = part("EncryptedID", &name_id(NURSE), &style);
        let attribute = part("EncryptedAttribute", &alone(&mail), &style);
        let draft = named(&name).edit(&mail, &attribute);
        assert!(!draft.xml.contains(NURSE));
        let message = draft.signed();
        let assertion = opened(&message);
        assert_eq!(assertion, plain);
        assert_eq!(message.verdict(), Err(DecryptError::NoKey.into()));
    }
    let draft =
        named(&encrypted_id(&name_id(NURSE))).edit(&mail, &encrypted_attribute(&alone(&mail)));
    for message in each_way(&draft) {
        let assertion = opened(&message);
        assert_eq!(assertion.name_id(), plain.name_id());
        assert_eq!(assertion.attributes(), plain.attributes());
    }
}

#[test]
fn control_everything_that_was_written_comes_out() {
    let written = format!(
        "<NameID Format=\"urn:f\" NameQualifier=\"q\" SPNameQualifier=\"{SP}\" SPProvidedID=\"p\">{NURSE}</NameID>"
    );
    let attribute = "<Attribute Name=\"n\" NameFormat=\"urn:nf\" FriendlyName=\"fn\"><AttributeValue>1</AttributeValue><AttributeValue /></Attribute>";
    let plain = named(&written).edit(END, &format!("{attribute}{END}")).signed().accepted();
    let draft = named(&encrypted_id(&alone(&written)));
    let draft = draft.edit(END, &format!("{}{END}", encrypted_attribute(&alone(attribute))));
    assert_eq!(opened(&draft.signed()), plain);
}

#[test]
fn control_several_keys() {
    let message = named(&encrypted_id(&name_id(NURSE))).signed();
    let (own, old) = (SP_KEY.decryption(), OLD_SP_KEY.decryption());
    let verdict = |keys: Vec<_>| {
        let keys = IDP_KEY.alone().with_decryption(keys);
        message.verdict_trusting(&keys).map(|a| a.name_id().unwrap().value.clone())
    };
    let nurse = Ok(NURSE.to_owned());
    assert_eq!(verdict(vec![own.clone()]), nurse);
    assert_eq!(verdict(vec![own.clone(), old.clone()]), nurse);
    assert_eq!(verdict(vec![old.clone(), own]), nurse);
    assert_eq!(verdict(vec![old]), Err(DecryptError::Failed.into()));
    assert_eq!(verdict(Vec::new()), Err(DecryptError::NoKey.into()));
}

/// Encryption proves nothing: our certificate is public.
#[test]
fn encsig_3_no_part_is_opened_without_a_signature() {
    let mismatch = || bad_signature(actix_saml::dsig::DsigError::DigestMismatch);
    let evil = encrypted_id(&name_id(ADMIN));
    let swapped = honest().edit(&format!("<NameID>{NURSE}</NameID>"), &evil);
    swapped.stays_shut(mismatch());
    let more = encrypted_attribute(&attribute(ROLE, "admin"));
    honest().edit(END, &format!("{more}{END}")).stays_shut(mismatch());
    // Nor where it is the assertion that is encrypted.
    let forged = forged(&swapped.assertion());
    honest().carrying(&crate::recipient::sealed(&forged, &CBC)).fails();
    // A good part of one message is of no use in another.
    let part = element(&named(&encrypted_id(&name_id(NURSE))).signed().0, "EncryptedID", 0);
    let other = honest().edit(&format!("<NameID>{NURSE}</NameID>"), &part);
    other.stays_shut(mismatch());
    // Not even a part that is no good is looked at before the signature.
    named("<EncryptedID />").send().stays_shut(Rejection::Unsigned);
    named("<EncryptedID />")
        .key(&FOREIGN_KEY)
        .signed()
        .stays_shut(bad_signature(actix_saml::dsig::DsigError::SignatureMismatch { keys: 1 }));
}

/// The parts of a message are not opened before its signature: a message that asks for many, and
/// another that asks for none, are refused alike.
#[test]
fn enc_dos_a_stranger_pays_for_nothing() {
    let many = encrypted_attribute(&attribute("x", "y")).repeat(MOST + 1);
    let mismatch = actix_saml::dsig::DsigError::SignatureMismatch { keys: 1 };
    with(&many).key(&FOREIGN_KEY).signed().stays_shut(bad_signature(mismatch));
    with(&many).send().stays_shut(Rejection::Unsigned);
    with(&many).signed().stays_shut(DecryptError::Budget);
}

#[test]
fn enc_dos_so_many_parts_and_no_more() {
    let value = |n: usize| encrypted_attribute(&attribute("x", &n.to_string()));
    let many = |range: std::ops::Range<usize>| range.map(value).collect::<String>();
    let expected: Vec<String> = (0..MOST).map(|n| n.to_string()).collect();
    assert_eq!(opened(&with(&many(0..MOST)).signed()).values("x"), expected);
    each_way_refused(&with(&many(0..MOST + 1)), DecryptError::Budget);
    // The name counts with them, and the assertion itself does not.
    let name = encrypted_id(&name_id(NURSE));
    let full = named(&name).edit(END, &format!("{}{END}", many(1..MOST)));
    for message in each_way(&full) {
        assert_eq!(opened(&message).values("x"), &expected[1..]);
    }
    each_way_refused(
        &named(&name).edit(END, &format!("{}{END}", many(0..MOST))),
        DecryptError::Budget,
    );
    // However many keys we have, all of them are tried for each part.
    let mut several = vec![OLD_SP_KEY.decryption(); 3];
    several.push(SP_KEY.decryption());
    let keys = IDP_KEY.alone().with_decryption(several);
    let verdict = full.encrypted(&CBC).verdict_trusting(&keys);
    assert_eq!(verdict.unwrap().values("x"), &expected[1..]);
}

/// What comes out of all parts together is not larger than one message.
#[test]
fn enc_dos_the_plaintexts_share_one_limit() {
    let values = |count: usize| {
        alone(&format!("<Attribute Name=\"x\">{}</Attribute>", "<AttributeValue/>".repeat(count)))
    };
    let big = |parts: usize, count: usize| {
        with(&part("EncryptedAttribute", &values(count), &GCM).repeat(parts)).signed()
    };
    assert_eq!(opened(&big(2, 14_999)).values("x").len(), 29_998);
    big(2, 15_000).fails();
    assert_eq!(opened(&big(1, 29_999)).values("x").len(), 29_999);
    big(1, 30_000).fails();
}

#[test]
fn enc_tamper_what_does_not_decrypt() {
    let stranger = |local: &str, plaintext: &str| {
        let inside = encrypt(plaintext, &FOREIGN_KEY.certificate, &CBC).unwrap();
        format!("<{local}>{inside}</{local}>")
    };
    each_way_fails(&named(&stranger("EncryptedID", &name_id(NURSE))));
    each_way_fails(&with(&stranger("EncryptedAttribute", &attribute("x", "y"))));
    for style in [CBC, GCM] {
        let good = part("EncryptedID", &name_id(NURSE), &style);
        assert_eq!(opened(&named(&good).signed()), honest().accepted());
        for number in 0..2 {
            let value = element(&alone(&good), "CipherValue", number);
            let open = value.find('>').unwrap() + 1;
            let text = &value[open..value.rfind("</").unwrap()];
            for bad in ["", &text[..text.len() / 4 / 2 * 4], &text.replacen('A', "B", 1)[4..]] {
                let changed = edit(&good, &value, &value.replace(text, bad));
                named(&changed).signed().fails();
            }
        }
        let cut = name_id(NURSE).replace("</NameID>", "");
        for plaintext in ["", " ", "hello", &cut, &name_id("\u{1}")] {
            each_way_fails(&named(&part("EncryptedID", plaintext, &style)));
        }
    }
}

#[test]
fn enc_rsa15_enc_3des_in_parts() {
    let refused = |role, uri: &str| DecryptError::Algorithm { role, uri: uri.to_owned() };
    let good = encrypted_id(&name_id(NURSE));
    let old = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
    let draft = named(&edit(&good, CBC.transport.uri(), old));
    each_way_refused(&draft, refused(AlgorithmRole::KeyTransport, old));
    let old = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc";
    let draft = named(&edit(&good, CBC.cipher.uri(), old));
    each_way_refused(&draft, refused(AlgorithmRole::Content, old));
    let claim = encrypted_attribute(&attribute("x", "y"));
    each_way_refused(
        &with(&edit(&claim, CBC.cipher.uri(), old)),
        refused(AlgorithmRole::Content, old),
    );
}

#[test]
fn enc_loop_keys_of_parts_inside_beside_and_retrieved() {
    for shape in [
        EncryptionShape::AdFs,
        EncryptionShape::Inside,
        EncryptionShape::Beside,
        EncryptionShape::Retrieved,
    ] {
        let style = EncryptionStyle { shape, ..CBC };
        let name = part("EncryptedID", &name_id(NURSE), &style);
        let claim = part("EncryptedAttribute", &attribute("x", "y"), &style);
        let message = named(&name).edit(END, &format!("{claim}{END}")).signed();
        assert_eq!(opened(&message).values("x"), ["y"]);
        assert_eq!(opened(&message).name_id().unwrap().value, NURSE);
    }
    // The key of one part is none of another's: nothing is looked up.
    let retrieved = EncryptionStyle { shape: EncryptionShape::Retrieved, ..GCM };
    let name = part("EncryptedID", &name_id(NURSE), &retrieved);
    let claim = part("EncryptedAttribute", &attribute("x", "y"), &retrieved);
    let uri = |part: &str| {
        let (_, rest) = part.split_once("RetrievalMethod URI=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let (expected, found) = (uri(&name), uri(&claim));
    let crossed =
        edit(&name, &format!("URI=\"{expected}\" Type"), &format!("URI=\"{found}\" Type"));
    let draft = named(&crossed).edit(END, &format!("{claim}{END}"));
    each_way_refused(&draft, DecryptError::Reference { expected, found });
    let key = element(&alone(&claim), "EncryptedKey", 0);
    let keyless = edit(&claim, &key, "");
    each_way_refused(&with(&keyless), DecryptError::EncryptedKeys { found: 0 });
    each_way_refused(
        &with(&edit(&claim, &key, &key.replace(" Id=", " Name=").repeat(2))),
        DecryptError::EncryptedKeys { found: 2 },
    );
}

#[test]
fn nameid_2_a_name_and_an_encrypted_one_are_two() {
    let plain = format!("<NameID>{NURSE}</NameID>");
    let sealed = encrypted_id(&name_id(NURSE));
    for (two, found) in [
        (format!("{plain}{sealed}"), "EncryptedID"),
        (format!("{sealed}{plain}"), "NameID"),
        (sealed.repeat(2), "EncryptedID"),
        (format!("{sealed}<BaseID />"), "BaseID"),
    ] {
        each_way_refused(&named(&two), unexpected("Subject", found));
    }
}

#[test]
fn nameid_1_nameid_3_uni_2_the_rules_hold_for_what_comes_out() {
    for (name, fault) in [
        ("", NameIdFault::Blank),
        (" \n", NameIdFault::Blank),
        ("test.nurse1\u{200b}@nhs.net", NameIdFault::InvisibleCharacter),
        (&"x".repeat(1025), NameIdFault::TooLong),
    ] {
        each_way_refused(&named(&encrypted_id(&name_id(name))), Rejection::NameId(fault));
    }
    let qualified = |by: &str| {
        let xml = format!("<NameID SPNameQualifier=\"{by}\">{NURSE}</NameID>");
        named(&encrypted_id(&alone(&xml)))
    };
    assert_eq!(opened(&qualified(SP).signed()).name_id().unwrap().value, NURSE);
    let (expected, found) = (SP.to_owned(), "https://diary.example.nhs.uk/saml".to_owned());
    each_way_refused(&qualified(&found), Rejection::SpNameQualifier { expected, found });
    let commented = encrypted_id(&name_id("test.admin9@nhs.net<!-- -->.evil.example"));
    each_way_refused(&named(&commented), markup_in("NameID"));
}

#[test]
fn attr_1_attributes_join_in_document_order() {
    let claim = |value: &str| encrypted_attribute(&attribute(ROLE, value));
    let plain =
        format!("<Attribute Name=\"{ROLE}\"><AttributeValue>third</AttributeValue></Attribute>");
    let draft = with(&format!("{}{plain}{}", claim("second"), claim("fourth")));
    let first = attribute(ROLE, "first");
    let draft = draft.edit(
        "<AttributeStatement>",
        &format!("<AttributeStatement>{}", encrypted_attribute(&first)),
    );
    for message in each_way(&draft) {
        let expected = ["first", "nurse", "ward 7", "second", "third", "fourth"];
        assert_eq!(opened(&message).values(ROLE), expected);
        assert_eq!(opened(&message).attributes().len(), 2);
    }
    // A statement of nothing else, and values that hold markup.
    let statement = honest().element("AttributeStatement");
    let alone = format!(
        "<AttributeStatement>{}</AttributeStatement>",
        encrypted_attribute(&attribute(MAIL, NURSE))
    );
    let only = Draft::adfs().edit(&statement, &alone).signed();
    assert_eq!(opened(&only).values(MAIL), [NURSE]);
    let markup = encrypted_attribute(&attribute("x", "<b xmlns=\"\">y</b>"));
    each_way_refused(&with(&markup), markup_in("AttributeValue"));
}

/// The confirmation with something in front of its data.
fn presented_by(who: &str) -> Draft {
    let mark = format!("Method=\"{}\">", names::BEARER);
    Draft::adfs().edit(&mark, &format!("{mark}{who}"))
}

#[test]
fn sc_1_whoever_presents_it_is_the_subject() {
    let plain = format!("<NameID>{NURSE}</NameID>");
    let seal = |name: &str| encrypted_id(&name_id(name));
    for who in [plain.clone(), seal(NURSE)] {
        for message in each_way(&presented_by(&who)) {
            assert_eq!(opened(&message).name_id().unwrap().value, NURSE);
        }
        // Both encrypted, and no subject at all.
        let both = presented_by(&who)
            .edit(&format!("<Subject>{plain}"), &format!("<Subject>{}", seal(NURSE)));
        assert_eq!(opened(&both.signed()).name_id().unwrap().value, NURSE);
        let nobody = presented_by(&who).edit(&format!("<Subject>{plain}"), "<Subject>");
        each_way_refused(&nobody, Rejection::ConfirmationNameId);
    }
    let other = format!("<NameID Format=\"urn:f\">{NURSE}</NameID>");
    for who in
        [seal(ADMIN), format!("<NameID>{ADMIN}</NameID>"), encrypted_id(&alone(&other)), other]
    {
        each_way_refused(&presented_by(&who), Rejection::ConfirmationNameId);
    }
    each_way_fails(&presented_by(&encrypted_id(&honest().assertion())));
    for (two, found) in
        [(seal(NURSE).repeat(2), "EncryptedID"), (format!("{plain}{}", seal(NURSE)), "EncryptedID")]
    {
        each_way_refused(&presented_by(&two), unexpected("SubjectConfirmation", found));
    }
    each_way_refused(&presented_by("<BaseID />"), unexpected("SubjectConfirmation", "BaseID"));
    // One that is not used is not opened.
    let unused = "<SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:sender-vouches\">";
    let unused = format!(
        "{unused}<EncryptedID><x:y xmlns:x=\"urn:x\" /></EncryptedID></SubjectConfirmation></Subject>"
    );
    assert_eq!(opened(&Draft::adfs().edit("</Subject>", &unused).signed()), honest().accepted());
}

/// Whatever is wrong with a part, the log and the page say the same.
#[test]
fn u_oracle_parts_one_text() {
    let stranger = encrypt(&name_id(NURSE), &FOREIGN_KEY.certificate, &CBC).unwrap();
    let texts: std::collections::BTreeSet<_> = [
        format!("<EncryptedID>{stranger}</EncryptedID>"),
        encrypted_id("hello"),
        encrypted_id(&honest().assertion()),
        encrypted_id(&attribute("x", "y")),
        encrypted_id(&format!("<!DOCTYPE x>{}", name_id(NURSE))),
        encrypted_id(&alone(&encrypted_id(&name_id(NURSE)))),
        encrypted_id(&name_id(NURSE).replace("<NameID", &format!("<NameID ID=\"{ASSERTION_ID}\""))),
    ]
    .iter()
    .flat_map(|part| each_way(&named(part)))
    .map(|message| message.opened().unwrap_err())
    .map(|rejection| format!("{} {rejection} {rejection:?}", rejection.code()))
    .collect();
    let only = "decryption_failed the decryption failed Decryption(Failed)";
    assert_eq!(texts.into_iter().collect::<Vec<_>>(), [only]);
}

/// Every cipher and every transport, for a part as for an assertion.
#[test]
fn enc_alg_parts() {
    let keys: Keys = keys();
    for cipher in CipherAlgorithm::ALL {
        for transport in KeyTransport::ALL {
            let style = EncryptionStyle { cipher, transport, ..GCM };
            let message = named(&part("EncryptedID", &name_id(NURSE), &style)).signed();
            let verdict = message.verdict_by(&expectations(), &keys);
            assert_eq!(verdict.unwrap().name_id().unwrap().value, NURSE, "{style:?}");
        }
    }
}
