use super::super::scene::SpDocument;
use super::*;

fn right() -> Scene {
    let mut scene = scene(&format!("{START}{IDP}{KEYS}"));
    scene.registered = Registered {
        entity_id: Some("https://rota.example.nhs.uk/saml/metadata".to_owned()),
        acs_urls: vec!["https://rota.example.nhs.uk/saml/acs".to_owned()],
        certificates: scene.published.clone(),
    };
    scene
}

#[test]
fn what_is_registered_is_right() {
    let scene = right();
    for code in ["registered_entity_id", "registered_acs", "registered_certificates"] {
        assert_level(&scene, code, Level::Ok);
    }
}

#[test]
fn nobody_has_said_what_is_registered() {
    let scene = scene(&format!("{START}{IDP}"));
    let finding = assert_level(&scene, "registered_entity_id", Level::Note);
    assert!(finding.adfs.unwrap().starts_with("Get-AdfsRelyingPartyTrust"));
    assert!(all(&scene, "registered_acs").is_empty());
    assert!(all(&scene, "registered_certificates").is_empty());
}

#[test]
fn another_entity_id() {
    let mut scene = right();
    scene.registered.entity_id = Some("https://rota.example.nhs.uk/saml/metadata/".to_owned());
    let finding = assert_level(&scene, "registered_entity_id", Level::Problem);
    let differs = &finding.facts[2];
    assert_eq!(differs.name, "differs");
    assert!(
        differs.value.starts_with("only by a slash at the end; at character 42"),
        "{differs:?}"
    );
    assert_eq!(
        finding.adfs.unwrap(),
        "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -Identifier \
         'https://rota.example.nhs.uk/saml/metadata'"
    );
    assert!(finding.entra.unwrap().ends_with("Identifier (Entity ID)"));
}

#[test]
fn another_reply_url() {
    let mut scene = right();
    let others = ["https://rota.example.nhs.uk:443/saml/acs", "https://rota.example.nhs.uk/acs"];
    scene.registered.acs_urls = others.map(str::to_owned).to_vec();
    let finding = assert_level(&scene, "registered_acs", Level::Problem);
    assert_eq!(finding.facts.iter().filter(|fact| fact.name == "registered").count(), 2);
    assert!(finding.facts[3].value.starts_with("only by the port"), "{finding:?}");
    // One of several is enough.
    scene.registered.acs_urls.push("https://rota.example.nhs.uk/saml/acs".to_owned());
    assert_level(&scene, "registered_acs", Level::Ok);
}

#[test]
fn other_certificates() {
    let mut scene = right();
    let (_, other) = pair(KeyShape::P256, "2029-01-01T00:00:00Z");
    scene.registered.certificates =
        Some(SpDocument { encryption: vec![other.clone()], ..SpDocument::default() });
    let finding = assert_level(&scene, "registered_certificates", Level::Problem);
    let facts: Vec<_> = finding.facts.iter().map(|f| (f.name, f.value.as_str())).collect();
    let (ours, theirs) = (KEY.1.fingerprint(), other.fingerprint());
    assert_eq!(facts, [("not registered", ours.as_str()), ("only there", theirs.as_str())]);
}
