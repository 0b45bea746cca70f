//! What an encrypted name or attribute decrypts to is a document of its own, and one element of the
//! right name.

use actix_saml::saml::names;
use actix_saml::xmlenc::{DecryptError, EncryptionShape, EncryptionStyle};

use crate::fixture::{ADMIN, ASSERTION_ID, Draft, NURSE, RESPONSE_ID, ROLE, honest};
use crate::parts::{
    END, alone, attribute, each_way_fails, each_way_refused, encrypted_attribute, encrypted_id,
    name_id, named, opened, part, with,
};
use crate::recipient::GCM;
use crate::refusal::unexpected;

#[test]
fn encstruct_2_the_root_is_what_it_is_wrapped_as() {
    let (name, claim) = (name_id(NURSE), attribute(ROLE, "nurse"));
    let base_id = alone("<BaseID>x</BaseID>");
    let statement = alone(&honest().element("AttributeStatement"));
    let roots = [
        base_id,
        alone("<Issuer>x</Issuer>"),
        statement,
        honest().assertion(),
        Draft::adfs().send().assertion(),
        honest().0,
        format!("<x>{name}</x>"),
        format!("<EncryptedID xmlns=\"{0}\">{name}</EncryptedID>", names::ASSERTION),
    ];
    for root in &roots {
        each_way_fails(&named(&encrypted_id(root)));
        each_way_fails(&with(&encrypted_attribute(root)));
    }
    each_way_fails(&named(&encrypted_id(&claim)));
    each_way_fails(&with(&encrypted_attribute(&name)));
    for namespace in ["urn:oasis:names:tc:SAML:1.0:assertion", names::PROTOCOL, "urn:x", ""] {
        each_way_fails(&named(&encrypted_id(&name.replace(names::ASSERTION, namespace))));
        each_way_fails(&with(&encrypted_attribute(&claim.replace(names::ASSERTION, namespace))));
    }
    // It has its namespaces with it: those around the cipher text do not reach inside.
    each_way_fails(&named(&encrypted_id(&format!("<NameID>{NURSE}</NameID>"))));
    let prefixed = name_id(NURSE).replace("NameID", "s:NameID").replace("xmlns=", "xmlns:s=");
    assert_eq!(opened(&named(&encrypted_id(&prefixed)).signed()), honest().accepted());
}

#[test]
fn encstruct_1_one_root_and_nothing_else() {
    let (name, claim) = (name_id(NURSE), attribute("x", "y"));
    for (before, after) in
        [("", &name[..]), ("", &claim), (&claim, ""), ("", "x"), ("x", ""), ("", "<x/>")]
    {
        each_way_fails(&named(&encrypted_id(&format!("{before}{name}{after}"))));
        each_way_fails(&with(&encrypted_attribute(&format!("{before}{claim}{after}"))));
    }
    let around = format!("<!-- -->\n{name} <!-- -->");
    assert_eq!(opened(&named(&encrypted_id(&around)).signed()), honest().accepted());
}

#[test]
fn encstruct_3_doctype() {
    for plaintext in [
        format!("<!DOCTYPE NameID>{}", name_id(NURSE)),
        format!("<!DOCTYPE NameID [<!ENTITY who \"{ADMIN}\">]>{}", name_id("&who;")),
        format!("<!DOCTYPE NameID SYSTEM \"http://127.0.0.1/x\">{}", name_id(NURSE)),
        name_id("&who;"),
        format!("<?pi?>{}", name_id(NURSE)),
        format!("<?xml version=\"1.1\"?>{}", name_id(NURSE)),
    ] {
        each_way_fails(&named(&encrypted_id(&plaintext)));
        let claim = plaintext
            .replace("NameID", "Attribute")
            .replace("<Attribute ", "<Attribute Name=\"x\" ");
        each_way_fails(&with(&encrypted_attribute(&claim)));
    }
    let declared = format!("<?xml version=\"1.0\"?>{}", name_id(NURSE));
    assert_eq!(opened(&named(&encrypted_id(&declared)).signed()), honest().accepted());
}

#[test]
fn encrec_1_nothing_encrypted_comes_out() {
    let inner = alone(&encrypted_id(&name_id(NURSE)));
    each_way_fails(&named(&encrypted_id(&inner)));
    let inner = alone(&encrypted_attribute(&attribute("x", "y")));
    each_way_fails(&with(&encrypted_attribute(&inner)));
    // Inside a value it would be markup, and it is not even that.
    for inside in [inner, alone(&encrypted_id(&name_id(NURSE))), Draft::adfs().send().assertion()] {
        each_way_fails(&with(&encrypted_attribute(&attribute("x", &inside))));
    }
    // Wrapped twice, it is no encrypted data.
    let twice = format!("<EncryptedID>{}</EncryptedID>", encrypted_id(&name_id(NURSE)));
    each_way_refused(&named(&twice), DecryptError::from(unexpected("EncryptedID", "EncryptedID")));
}

#[test]
fn xsw_15_an_id_of_the_message_again_inside() {
    let name =
        |id: &str| encrypted_id(&name_id(NURSE).replace("<NameID", &format!("<NameID {id}")));
    // No attribute of SAML's own, so that another rule would refuse it as well: this one first.
    let claim = |name: &str, id: &str| {
        let xml = attribute("x", "y")
            .replace("<Attribute ", &format!("<Attribute {name}=\"{id}\" xmlns:p=\"urn:p\" "));
        encrypted_attribute(&xml)
    };
    assert_eq!(opened(&with(&claim("p:ID", "_new")).signed()).values("x"), ["y"]);
    for id in [ASSERTION_ID, RESPONSE_ID] {
        for spelling in ["p:ID", "p:Id", "p:id", "p:iD", "xml:id", "Id"] {
            each_way_fails(&with(&claim(spelling, id)));
        }
        each_way_fails(&named(&name(&format!("ID=\"{id}\""))));
    }
    // One part against another, and within one.
    each_way_fails(&with(&claim("p:ID", "_new").repeat(2)));
    assert_eq!(
        opened(&with(&[claim("p:ID", "_new"), claim("p:ID", "_newer")].concat()).signed())
            .values("x"),
        ["y", "y"]
    );
    // Against those of the cipher text.
    let retrieved = EncryptionStyle { shape: EncryptionShape::Retrieved, ..GCM };
    let sealed = part("EncryptedID", &name_id(NURSE), &retrieved);
    let (_, rest) = sealed.split_once("DataReference URI=\"#").unwrap();
    let id = rest.split_once('"').unwrap().0;
    let both = |id: &str| named(&sealed).edit(END, &format!("{}{END}", claim("p:ID", id)));
    each_way_fails(&both(id));
    assert_eq!(opened(&both("_new").signed()).values("x"), ["y"]);
}
