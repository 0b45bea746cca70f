use super::*;

const BASE: &str = "https://rota.example.nhs.uk\"\n";

fn with_base(url: &str) -> String {
    format!("{START}{IDP}").replacen(BASE, &format!("{url}\"\n"), 1)
}

#[test]
fn a_start_and_what_stops_it() {
    assert_level(&scene(&format!("{START}{IDP}{KEYS}")), "start", Level::Ok);
    let broken = scene(&format!("{START}{IDP}[keys]\nsigning_key = \"key.pem\"\n"));
    let finding = assert_level(&broken, "start", Level::Problem);
    assert_eq!(finding.facts[1].value, "keys.signing_cert");
    // What has nothing to do with it is looked at all the same.
    assert_level(&broken, "idp_metadata", Level::Ok);
}

#[test]
fn metadata_that_must_not_be_trusted_stops_a_start() {
    let folder = Folder::new();
    let mark = crate::saml::metadata::TEST_KEY_MARK;
    let test = certificate(&KEY.0, mark, "2026-01-01T00:00:00Z", "2029-01-01T00:00:00Z");
    folder.write("idp.xml", &idp_metadata(ISSUER, "", &[&test]));
    let live = folder.scene(&format!("{START}{IDP}"));
    let finding = assert_level(&live, "start", Level::Problem);
    assert_eq!(finding.facts[1].value, "idp");
    assert_level(&live, "idp_test_key", Level::Problem);
    let trial = folder.scene(&format!("dev = true\n{START}{IDP}"));
    assert_level(&trial, "start", Level::Ok);
    assert_level(&trial, "idp_test_key", Level::Note);
    assert!(all(&scene(&format!("{START}{IDP}")), "idp_test_key").is_empty());
}

#[test]
fn metadata_that_is_not_there_does_not_stop_the_other_findings() {
    let scene = scene(&format!("{START}{IDP}").replace("idp.xml", "nowhere.xml"));
    let finding = assert_level(&scene, "idp_metadata", Level::Problem);
    assert_eq!(finding.facts[0].value, "file");
    assert_level(&scene, "start", Level::Ok);
    assert_level(&scene, "acs_url", Level::Ok);
    assert_level(&scene, "store", Level::Note);
}

#[test]
fn addresses_for_browsers() {
    for (url, dev, level) in [
        ("https://rota.example.nhs.uk", false, Level::Ok),
        ("https://localhost:8443", false, Level::Note),
        ("http://localhost:8080", true, Level::Note),
        ("http://rota.example.nhs.uk", false, Level::Problem),
        ("http://rota.example.nhs.uk", true, Level::Problem),
    ] {
        let dev = if dev { "dev = true\n" } else { "" };
        assert_level(&scene(&format!("{dev}{}", with_base(url))), "base_url", level);
    }
}

#[test]
fn development_mode() {
    for (url, dev, level) in [
        ("https://rota.example.nhs.uk", "", Level::Ok),
        ("http://localhost:8080", "dev = true\n", Level::Warning),
        ("http://127.0.0.1:8080", "dev = true\n", Level::Warning),
        ("https://rota.example.nhs.uk", "dev = true\n", Level::Problem),
    ] {
        assert_level(&scene(&format!("{dev}{}", with_base(url))), "dev_mode", level);
    }
}

#[test]
fn names_of_ours() {
    for (entity_id, level) in [
        ("https://rota.example.nhs.uk/saml/metadata", Level::Ok),
        ("urn:rota", Level::Ok),
        ("http://rota.example.nhs.uk", Level::Note),
        ("rota", Level::Warning),
    ] {
        let text = format!("{START}{IDP}");
        let text = text.replacen("https://rota.example.nhs.uk/saml/metadata", entity_id, 1);
        assert_level(&scene(&text), "entity_id", level);
    }
}

#[test]
fn the_reply_url_of_requests_and_of_metadata() {
    let mut scene = scene(&format!("{START}{IDP}"));
    assert_level(&scene, "acs_url", Level::Ok);
    let elsewhere = "https://rota.example.nhs.uk/saml/acs/".to_owned();
    scene.published.as_mut().unwrap().acs_urls = vec![elsewhere];
    assert_level(&scene, "acs_url", Level::Problem);
}

#[test]
fn variables_that_do_nothing() {
    let mut scene = scene(&format!("{START}{IDP}"));
    scene.unknown_variables.clear();
    assert_level(&scene, "variables", Level::Ok);
    scene.unknown_variables = vec!["SAML_BASEURL".to_owned()];
    let finding = assert_level(&scene, "variables", Level::Warning);
    assert_eq!(finding.facts[0].value, "SAML_BASEURL");
}

#[test]
fn metadata_of_ours_that_ends() {
    assert_level(&scene(&format!("{START}{IDP}")), "own_metadata", Level::Ok);
    let ends = scene(&format!("{START}{IDP}[metadata]\nvalid_days = 14\n"));
    assert_level(&ends, "own_metadata", Level::Note);
}

#[test]
fn a_password_in_an_address_is_not_shown() {
    let url = "https://user:s3cret@fs.nhsmail.test/metadata.xml";
    let text = format!("{START}[[idp]]\nmetadata_url = \"{url}\"\n");
    let mut scene = scene(&text);
    scene.config.store.url = "redis://user:s3cret@store.example.nhs.uk/".to_owned();
    assert_level(&scene, "start", Level::Problem);
    let report = report::Report::new(look(&scene), now());
    let json = serde_json::to_string(&report).unwrap();
    assert!(json.contains("https://fs.nhsmail.test/metadata.xml"), "{json}");
    assert!(!json.contains("s3cret"), "{json}");
}

#[test]
fn whose_it_is() {
    assert_level(&scene(&format!("{START}{IDP}")), "contact", Level::Ok);
    let nameless = START.split("[organisation]").next().unwrap();
    let finding = assert_level(&scene(&format!("{nameless}{IDP}")), "contact", Level::Note);
    assert!(finding.remedy.unwrap().starts_with("Add [organisation] and [contact]:"));
}
