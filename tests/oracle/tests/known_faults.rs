//! Where a stranger is known to be wrong. Each is tested, so that nobody takes the difference for
//! ours, and so that a repaired version shows up.

use actix_saml::xml::{C14n, Document, Limits};
use actix_saml_oracle::Trouble;
use actix_saml_oracle::canonical::{Form, SignedInfoForm, Signer, digest, with_template};

/// libxml2 2.9.14 does not escape the name of a namespace. Of `&amp;` it makes `&`, which is no XML,
/// or `&#38;` where its parser was not told to resolve references, as in samael. Canonical XML 1.0
/// section 2.3 writes a namespace node like an attribute: `&amp;`.
#[test]
fn libxml2_ampersand_in_a_namespace_name() -> Result<(), Trouble> {
    let xml = "<r ID=\"n0\" xmlns:a=\"urn:x?b&amp;c\"><a:e ID=\"n1\">&amp;</a:e></r>";
    let form = Form {
        id: "n1".to_owned(),
        method: C14n::Exclusive,
        prefixes: Vec::new(),
        enveloped: false,
    };
    let signed_info = SignedInfoForm { method: C14n::Exclusive, prefixes: Vec::new() };
    let template = with_template(xml, &signed_info, std::slice::from_ref(&form))?;
    let document = Document::parse(template.as_bytes(), &Limits::METADATA)?;
    let ours = String::from_utf8(form.ours(&document)?)?;
    assert_eq!(ours, "<a:e xmlns:a=\"urn:x?b&amp;c\" ID=\"n1\">&amp;</a:e>");

    let signed = Signer::generate()?.sign(&template)?;
    let faulty = ["&", "&#38;"].map(|written| ours.replace("b&amp;c", &format!("b{written}c")));
    let theirs = signed.digests.first().ok_or("no digest")?;
    assert!(
        [&ours, &faulty[0], &faulty[1]].iter().any(|bytes| digest(bytes.as_bytes()) == *theirs),
        "neither the right form nor the known fault"
    );
    Ok(())
}
