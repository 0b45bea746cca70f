//! Canonical bytes beside those of libxml2, over generated documents.
//!
//! `ORACLE_DOCUMENTS` says how many (1,000 unless told), `ORACLE_SEED` where to begin.

use actix_saml::xml::{C14n, Document, Limits};
use actix_saml_oracle::Trouble;
use actix_saml_oracle::canonical::{Form, SignedInfoForm, Signer, digest, with_template};
use actix_saml_oracle::documents::{Choices, PREFIXES, generate};

const METHODS: [C14n; 4] =
    [C14n::Exclusive, C14n::ExclusiveWithComments, C14n::Inclusive, C14n::InclusiveWithComments];

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

fn prefix_list(choices: &mut Choices, method: C14n) -> Vec<String> {
    if !method.is_exclusive() || choices.one_in(2) {
        return Vec::new();
    }
    let listed = PREFIXES.into_iter().chain(["unknown"]).filter(|_| choices.one_in(2));
    listed.map(|p| if p.is_empty() { "#default" } else { p }.to_owned()).collect()
}

fn forms(choices: &mut Choices, elements: usize) -> Vec<Form> {
    let mut forms = Vec::new();
    for _ in 0..6 {
        let element = choices.below(elements);
        for method in METHODS {
            forms.push(Form {
                id: format!("n{element}"),
                method,
                prefixes: prefix_list(choices, method),
                // Only the root has the signature inside, which changes while it is made.
                enveloped: element == 0,
            });
        }
    }
    forms
}

#[test]
fn u_c14n_diff_every_canonical_form_is_the_same() -> Result<(), Trouble> {
    let signer = Signer::generate()?;
    let (seed, documents) = (number("ORACLE_SEED", 1), number("ORACLE_DOCUMENTS", 1_000));
    let mut compared = 0_usize;
    for seed in seed..seed + documents {
        let mut choices = Choices::new(seed);
        let generated = generate(&mut choices);
        let forms = forms(&mut choices, generated.elements);
        let method = METHODS[choices.below(4)];
        let signed_info = SignedInfoForm { method, prefixes: prefix_list(&mut choices, method) };
        let template = with_template(&generated.xml, &signed_info, &forms)?;
        let document = Document::parse(template.as_bytes(), &Limits::METADATA)
            .map_err(|e| format!("seed {seed}: {e}\n{template}"))?;
        let signed = signer.sign(&template).map_err(|e| format!("seed {seed}: {e}\n{template}"))?;
        assert_eq!(signed.digests.len(), forms.len(), "seed {seed}");
        for (form, theirs) in forms.iter().zip(&signed.digests) {
            let ours = form.ours(&document)?;
            if digest(&ours) != *theirs {
                panic!(
                    "seed {seed}, {form:?}\ndocument: {:?}\nours:     {:?}\ntheirs:   {:?}",
                    generated.xml,
                    String::from_utf8_lossy(&ours),
                    signer.bytes(&generated.xml, form)
                );
            }
            compared += 1;
        }
        assert!(signer.agrees(&signed.xml, &signed_info)?, "seed {seed}: SignedInfo\n{template}");
    }
    println!("{compared} forms of {documents} documents are the same");
    Ok(())
}

/// The control: the comparison sees each kind of difference.
#[test]
fn u_c14n_diff_control_other_forms_have_other_digests() -> Result<(), Trouble> {
    let signer = Signer::generate()?;
    let xml = "<r ID=\"n0\" xmlns:a=\"urn:a\"><e ID=\"n1\"><!-- c -->\n</e></r>";
    let form = |method, prefixes: &[&str]| Form {
        id: "n1".to_owned(),
        method,
        prefixes: prefixes.iter().map(|&p| p.to_owned()).collect(),
        enveloped: false,
    };
    let forms = [
        form(C14n::Exclusive, &[]),
        form(C14n::Exclusive, &["a"]),
        form(C14n::ExclusiveWithComments, &[]),
        form(C14n::ExclusiveWithComments, &["a"]),
    ];
    let signed_info = SignedInfoForm { method: C14n::Exclusive, prefixes: Vec::new() };
    let template = with_template(xml, &signed_info, &forms)?;
    let signed = signer.sign(&template)?;
    let document = Document::parse(template.as_bytes(), &Limits::METADATA)?;
    for (i, form) in forms.iter().enumerate() {
        let ours = digest(&form.ours(&document)?);
        let same: Vec<bool> = signed.digests.iter().map(|theirs| *theirs == ours).collect();
        let only: Vec<bool> = (0..forms.len()).map(|j| i == j).collect();
        assert_eq!(same, only, "{form:?}");
        // What the message of a failure would show is what xmlsec took the digest of.
        assert_eq!(signer.bytes(xml, form)?.into_bytes(), form.ours(&document)?);
    }
    let other = SignedInfoForm { method: C14n::Inclusive, prefixes: Vec::new() };
    assert!(signer.agrees(&signed.xml, &signed_info)?);
    assert!(!signer.agrees(&signed.xml, &other)?);
    Ok(())
}

/// Every kind of content comes up in the documents.
#[test]
fn documents_hold_everything() {
    let mut all = String::new();
    for seed in 0..200 {
        all.push_str(&generate(&mut Choices::new(seed)).xml);
    }
    for part in [
        "<![CDATA[",
        "<!--",
        "\r\n",
        "\t",
        "&#13;",
        "&#xD;",
        "&amp;",
        "&quot;",
        "\u{1F600}",
        "\u{e9}",
        "xmlns=\"\"",
        "xmlns=''",
        "xmlns='urn:x'",
        "xmlns:a=",
        "xml:lang",
        "xml:space",
        "<a:",
        "/>",
        "]]",
    ] {
        assert!(all.contains(part), "{part:?}");
    }
    let again = generate(&mut Choices::new(7)).xml;
    assert_eq!(again, generate(&mut Choices::new(7)).xml);
}
