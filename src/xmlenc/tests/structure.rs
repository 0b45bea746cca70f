use super::*;
use crate::xml::GrammarError;

const CONTENT: &str = "http://www.w3.org/2001/04/xmlenc#Content";

#[test]
fn encstruct_7_what_is_no_element() {
    let xml = message(&EncryptionStyle::AD_FS);
    opens(&xml);
    opens(&altered(&xml, " Type=\"http://www.w3.org/2001/04/xmlenc#Element\"", ""));
    for found in [CONTENT, "", "element", "http://www.w3.org/2001/04/xmlenc#Element "] {
        let found = found.to_owned();
        refused(&altered(&xml, ELEMENT_TYPE, &found), DecryptError::Type { found });
    }
}

#[test]
fn encstruct_6_nesting() {
    let xml = shaped(EncryptionShape::Beside);
    opens(&xml);
    refused(&wrap(&xml), unexpected("EncryptedAssertion", "EncryptedAssertion"));
    let data = encrypt(ASSERTION, &OURS.certificate, &EncryptionStyle::MODERN).unwrap();
    refused(&wrap(&(data.clone() + &data)), unexpected("EncryptedAssertion", "EncryptedData"));
    let inside =
        altered(&wrap(&data), "</xenc:EncryptedData>", &format!("{data}</xenc:EncryptedData>"));
    refused(&inside, unexpected("EncryptedData", "EncryptedData"));
    let (before, _) = data.rsplit_once("<xenc:CipherValue>").unwrap();
    let inside = format!("{before}{data}</xenc:CipherData></xenc:EncryptedData>");
    refused(&wrap(&inside), unexpected("CipherData", "EncryptedData"));
}

#[test]
fn encstruct_wrapper_holds_nothing_else() {
    let xml = message(&EncryptionStyle::MODERN);
    opens(&xml);
    let with = |extra: &str| {
        altered(&xml, "</EncryptedAssertion>", &format!("{extra}</EncryptedAssertion>"))
    };
    opens(&with(" <!-- comment --> "));
    refused(&with("<Assertion/>"), unexpected("EncryptedAssertion", "Assertion"));
    let text = GrammarError::UnexpectedText { parent: "EncryptedAssertion".into() };
    refused(&with("text"), text.into());
    let attribute = unexpected_attribute("EncryptedAssertion", "ID");
    refused(&altered(&xml, "<EncryptedAssertion", "<EncryptedAssertion ID=\"_a\""), attribute);
    refused(&wrap(""), missing("EncryptedAssertion", "EncryptedData"));
    refused(&wrap(ASSERTION), unexpected("EncryptedAssertion", "Assertion"));
}

#[test]
fn encstruct_data_holds_what_the_profile_names() {
    let xml = message(&EncryptionStyle::MODERN);
    opens(&xml);
    opens(&altered(&xml, " Type=", " Id=\"_d\" MimeType=\"text/xml\" Type="));
    let attribute = unexpected_attribute("EncryptedData", "Encoding");
    refused(&altered(&xml, " Type=", " Encoding=\"base64\" Type="), attribute);
    let properties = "<xenc:EncryptionProperties/></xenc:EncryptedData>";
    refused(
        &altered(&xml, "</xenc:EncryptedData>", properties),
        unexpected("EncryptedData", "EncryptionProperties"),
    );
    let foreign =
        xml.replace("xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"", "xmlns:xenc=\"urn:x\"");
    refused(&foreign, unexpected("EncryptedAssertion", "EncryptedData"));
}

#[test]
fn encstruct_key_holds_what_the_profile_names() {
    let xml = shaped(EncryptionShape::Beside);
    opens(&xml);
    opens(&altered(&xml, "<xenc:EncryptedKey", "<xenc:EncryptedKey Id=\"_k\" Recipient=\"r\""));
    opens(&altered(&xml, "<xenc:EncryptedKey", "<xenc:EncryptedKey xmlns:f=\"urn:f\" f:a=\"b\""));
    let typed = altered(&xml, "<xenc:EncryptedKey", "<xenc:EncryptedKey Type=\"t\"");
    refused(&typed, unexpected_attribute("EncryptedKey", "Type"));
    let end = "</xenc:EncryptedKey>";
    for extra in ["CipherData", "EncryptionProperties", "EncryptionMethod", "EncryptedKey"] {
        let with = altered(&xml, end, &format!("<xenc:{extra}/>{end}"));
        refused(&with, unexpected("EncryptedKey", extra));
    }
}

#[test]
fn encstruct_methods_hold_what_the_profile_names() {
    let xml = message(&EncryptionStyle::MODERN);
    opens(&xml);
    let uri = EncryptionStyle::MODERN.cipher.uri();
    let method = format!("<xenc:EncryptionMethod Algorithm=\"{uri}\"/>");
    let (open, close) = (method.replace("/>", ">"), "</xenc:EncryptionMethod>");
    opens(&altered(&xml, &method, &format!("{open}{close}")));
    let label = altered(&xml, &method, &format!("{open}<xenc:OAEPparams/>{close}"));
    refused(&label, unexpected("EncryptionMethod", "OAEPparams"));
    let attribute = altered(&xml, &method, &method.replace("/>", " Mode=\"x\"/>"));
    refused(&attribute, unexpected_attribute("EncryptionMethod", "Mode"));
}

#[test]
fn enc_cref() {
    let reference = "<xenc:CipherReference URI=\"http://127.0.0.1/\"/>";
    for shape in [EncryptionShape::Beside, EncryptionShape::Inside] {
        let xml = shaped(shape);
        opens(&xml);
        let mut rest = &*xml;
        while let Some((_, found)) = rest.split_once("<xenc:CipherValue>") {
            let (value, after) = found.split_once("</xenc:CipherValue>").unwrap();
            let value = format!("<xenc:CipherValue>{value}</xenc:CipherValue>");
            let refusal = || unexpected("CipherData", "CipherReference");
            refused(&altered(&xml, &value, reference), refusal());
            refused(&altered(&xml, &value, &format!("{value}{reference}")), refusal());
            refused(&altered(&xml, &value, &format!("{reference}{value}")), refusal());
            refused(&altered(&xml, &value, ""), missing("CipherData", "CipherValue"));
            rest = after;
        }
    }
}

#[test]
fn enc_dos_many_keys() {
    let xml = shaped(EncryptionShape::Beside);
    opens(&xml);
    let (before, key) = xml.split_once("<xenc:EncryptedKey").unwrap();
    let key = format!("<xenc:EncryptedKey{}", key.strip_suffix("</EncryptedAssertion>").unwrap());
    for found in [0, 2, 3, 300] {
        let many = format!("{before}{}</EncryptedAssertion>", key.repeat(found));
        refused(&many, DecryptError::EncryptedKeys { found });
    }
    let inside = shaped(EncryptionShape::Inside);
    let both = altered(&inside, "</EncryptedAssertion>", &format!("{key}</EncryptedAssertion>"));
    refused(&both, DecryptError::EncryptedKeys { found: 2 });
    let end = "</xenc:EncryptedKey></ds:KeyInfo>";
    let twice = altered(&inside, end, &format!("</xenc:EncryptedKey>{key}</ds:KeyInfo>"));
    refused(&twice, DecryptError::EncryptedKeys { found: 2 });
}

#[test]
fn enc_dos_a_budget_is_one_for_the_whole_message() {
    let xml = message(&EncryptionStyle::MODERN);
    let keys = [OURS.key()];
    let budget = Budget::new(2);
    assert_eq!(open_with(&xml, &keys, &budget), Ok(ASSERTION.into()));
    assert_eq!(open_with(&xml, &keys, &budget), Ok(ASSERTION.into()));
    assert_eq!(open_with(&xml, &keys, &budget), Err(DecryptError::Budget));
    assert_eq!(budget.left(), 0);
}

#[test]
fn enc_loop_a_key_leads_to_no_other_key() {
    let xml = shaped(EncryptionShape::Inside);
    opens(&xml);
    let key_info = |inside: &str| altered(&xml, "<ds:X509Data>", &format!("{inside}<ds:X509Data>"));
    let (_, rest) = xml.split_once("<xenc:EncryptedKey").unwrap();
    let (key, _) = rest.split_once("</xenc:EncryptedKey>").unwrap();
    let key = format!("<xenc:EncryptedKey{key}</xenc:EncryptedKey>");
    refused(&key_info(&key), unexpected("KeyInfo", "EncryptedKey"));
    let hidden = format!("<o:Token xmlns:o=\"urn:o\"><o:Deep>{key}</o:Deep></o:Token>");
    refused(&key_info(&hidden), unexpected("KeyInfo", "EncryptedKey"));
    refused(
        &key_info("<ds:RetrievalMethod URI=\"#_k\"/>"),
        unexpected("KeyInfo", "RetrievalMethod"),
    );
    let namespace = "xmlns:n=\"http://www.w3.org/2009/xmldsig11#\"";
    refused(
        &key_info(&format!("<n:KeyInfoReference {namespace} URI=\"#_k\"/>")),
        unexpected("KeyInfo", "KeyInfoReference"),
    );
    for (local, namespace) in
        [("AgreementMethod", XMLENC_NAMESPACE), ("DerivedKey", XMLENC11_NAMESPACE)]
    {
        let source = format!("<n:{local} xmlns:n=\"{namespace}\"/>");
        refused(&key_info(&source), unexpected("KeyInfo", local));
        let outer = altered(&xml, "<xenc:EncryptedKey", &format!("{source}<xenc:EncryptedKey"));
        refused(&outer, unexpected("KeyInfo", local));
    }
    opens(&key_info("<ds:KeyName>rota</ds:KeyName>"));
    opens(&key_info(
        "<o:SecurityTokenReference xmlns:o=\"urn:o\"><o:KeyIdentifier/></o:SecurityTokenReference>",
    ));
}

#[test]
fn enc_loop_retrieval_leads_to_the_key_beside() {
    let xml = shaped(EncryptionShape::Retrieved);
    opens(&xml);
    let uri = xml.split("RetrievalMethod URI=\"").nth(1).unwrap().split_once('"').unwrap().0;
    let id = uri.strip_prefix('#').unwrap();
    let expected = || uri.to_owned();
    let method = format!("URI=\"{uri}\"");
    for found in ["#_other", "", "#", "http://127.0.0.1/key", id, &format!("x{uri}")] {
        let changed = altered(&xml, &method, &format!("URI=\"{found}\""));
        let found = found.to_owned();
        refused(&changed, DecryptError::Reference { expected: expected(), found });
    }
    let data = xml.split("DataReference URI=\"").nth(1).unwrap().split_once('"').unwrap().0;
    let to_data = altered(&xml, &method, &format!("URI=\"{data}\""));
    refused(&to_data, DecryptError::Reference { expected: expected(), found: data.to_owned() });
    let absent = altered(&xml, &format!(" {method}"), "");
    refused(&absent, DecryptError::Reference { expected: expected(), found: String::new() });
    let named = format!(" Id=\"{id}\"");
    let nameless = altered(&xml, &named, "");
    refused(&nameless, DecryptError::Reference { expected: String::new(), found: expected() });
    // Nothing refers to a key without a name, an empty reference least of all.
    for (name, found) in [("", ""), ("", "x"), (" Id=\"\"", "#"), (" Id=\"\"", "")] {
        let changed = altered(&xml, &method, &format!("URI=\"{found}\""));
        let found = found.to_owned();
        refused(
            &altered(&changed, &named, name),
            DecryptError::Reference { expected: String::new(), found },
        );
    }
    opens(&altered(&xml, &format!(" Type=\"{ENCRYPTED_KEY_TYPE}\""), ""));
    refused(
        &altered(
            &xml,
            &format!("Type=\"{ENCRYPTED_KEY_TYPE}\""),
            &format!("Type=\"{DSIG}RSAKeyValue\""),
        ),
        GrammarError::InvalidValue { what: "RetrievalMethod Type" }.into(),
    );
}

#[test]
fn enc_loop_retrieval_stands_alone_and_transforms_nothing() {
    let xml = shaped(EncryptionShape::Retrieved);
    opens(&xml);
    let (before, rest) = xml.split_once("<ds:RetrievalMethod").unwrap();
    let (attributes, after) = rest.split_once("/>").unwrap();
    let element = format!("<ds:RetrievalMethod{attributes}");
    refused(
        &format!("{before}{element}><ds:Transforms/></ds:RetrievalMethod>{after}"),
        unexpected("RetrievalMethod", "Transforms"),
    );
    refused(
        &format!("{before}{element}/>{element}/>{after}"),
        unexpected("KeyInfo", "RetrievalMethod"),
    );
    refused(
        &format!("{before}{element} Id=\"_r\"/>{after}"),
        unexpected_attribute("RetrievalMethod", "Id"),
    );
    let inside = shaped(EncryptionShape::Inside);
    let both = altered(
        &inside,
        "</xenc:EncryptedKey></ds:KeyInfo>",
        &format!("</xenc:EncryptedKey>{element}/></ds:KeyInfo>"),
    );
    refused(&both, unexpected("KeyInfo", "RetrievalMethod"));
}

#[test]
fn enc_loop_the_key_refers_back_to_the_data() {
    let xml = shaped(EncryptionShape::Retrieved);
    let data = xml.split("DataReference URI=\"").nth(1).unwrap().split_once('"').unwrap().0;
    let reference = format!("<xenc:DataReference URI=\"{data}\"/>");
    opens(&xml);
    let list = format!("<xenc:ReferenceList>{reference}</xenc:ReferenceList>");
    opens(&altered(&xml, &list, ""));
    opens(&altered(&xml, &list, &format!("{list}<xenc:CarriedKeyName>k</xenc:CarriedKeyName>")));
    let other = altered(&xml, &reference, "<xenc:DataReference URI=\"#_b\"/>");
    refused(&other, DecryptError::Reference { expected: data.to_owned(), found: "#_b".into() });
    let twice = altered(&xml, &reference, &reference.repeat(2));
    refused(&twice, unexpected("ReferenceList", "DataReference"));
    let key = altered(&xml, &reference, &reference.replace("Data", "Key"));
    refused(&key, unexpected("ReferenceList", "KeyReference"));
    refused(&altered(&xml, &reference, ""), missing("ReferenceList", "DataReference"));
    let transforms = reference.replace("/>", "><ds:Transforms/></xenc:DataReference>");
    refused(&altered(&xml, &reference, &transforms), unexpected("DataReference", "Transforms"));
}

#[test]
fn b64_in_cipher_values() {
    let xml = shaped(EncryptionShape::Beside);
    opens(&xml);
    for n in [1, 3] {
        let value = xml.split("CipherValue>").nth(n).unwrap().strip_suffix("</xenc:").unwrap();
        for bad in ["?", "AAA", "AAAA====", "AB==x"] {
            refused(&altered(&xml, value, bad), DecryptError::Base64("CipherValue"));
        }
        let markup = GrammarError::MarkupInValue { parent: "CipherValue".into() };
        refused(&altered(&xml, value, "AA<!-- -->AA"), markup.into());
    }
}
