//! Threats 1.1 and 1.2: one ID, one element, whatever anybody could take for an ID.

use super::{accepted, refused};
use crate::xml::XmlError;

#[test]
fn xsw_15_one_id_twice() {
    for xml in [
        "<r ID='_1'><s ID='_1'/></r>",
        "<r><s ID='_1'/><s ID='_2'/><t><s ID='_1'/></t></r>",
        "<r><s ID='_1'><t ID='_1'/></s></r>",
        "<r ID='_1'><s ID='_&#49;'/></r>",
        "<r ID='é'><s ID='&#233;'/></r>",
        "<r ID=''><s ID=''/></r>",
    ] {
        assert_eq!(refused(xml), XmlError::DuplicateId, "{xml}");
    }
    accepted("<r ID='_1'><s ID='_2'/><s ID='_11'/><s ID='_1 '/><t/><t a='_1' b='_1'/></r>");
}

const WSU: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

#[test]
fn idtype_1_id_by_another_spelling() {
    for name in ["Id", "id", "iD"] {
        let xml = format!("<r ID='_1'><s {name}='_1'/></r>");
        assert_eq!(refused(&xml), XmlError::DuplicateId, "{xml}");
        // On one element as well: one reader takes the one, another the other.
        let both = format!("<r ID='_1' {name}='_1'/>");
        assert_eq!(refused(&both), XmlError::DuplicateId, "{both}");
        accepted(&format!("<r ID='_1'><s {name}='_2'/></r>"));
    }
    accepted("<r ID='_1'><s IDX='_1' Ids='_1' I='_1' AssertionID='_1'/></r>");
}

#[test]
fn idtype_2_xml_id() {
    assert_eq!(refused("<r ID='_1'><s xml:id='_1'/></r>"), XmlError::DuplicateId);
    assert_eq!(refused("<r xml:id='_1'><s xml:id='_1'/></r>"), XmlError::DuplicateId);
    accepted("<r ID='_1'><s xml:id='_2'/></r>");
}

#[test]
fn idtype_3_id_in_another_namespace() {
    let twice = format!("<r ID='_1' xmlns:wsu='{WSU}'><s wsu:Id='_1'/></r>");
    assert_eq!(refused(twice), XmlError::DuplicateId);
    assert_eq!(refused("<r ID='_1' xmlns:p='a:b'><s p:ID='_1'/></r>"), XmlError::DuplicateId);
    accepted(&format!("<r ID='_1' xmlns:wsu='{WSU}'><s wsu:Id='_2'/></r>"));
}
