use super::*;
use crate::crypto::SignatureAlgorithm;
use crate::dsig::{Place, SignatureStyle, sign_enveloped};

const URL: &str = "https://fs.nhsmail.test/FederationMetadata/2007-06/FederationMetadata.xml";
const ENTRA: &str = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/";

fn with_url(url: &str) -> String {
    format!("{START}{IDP}metadata_url = \"{url}\"\n")
}

#[test]
fn where_metadata_comes_from() {
    assert_level(&scene(&with_url(URL)), "idp_source", Level::Ok);
    let file = assert_level(&scene(&format!("{START}{IDP}")), "idp_source", Level::Warning);
    assert!(file.remedy.unwrap().starts_with("Set metadata_url"));
    let url_alone = with_url(URL).replace("metadata = \"idp.xml\"\n", "");
    let scene = scene(&url_alone);
    assert_level(&scene, "idp_source", Level::Note);
    assert_level(&scene, "idp_metadata", Level::Note);
}

#[test]
fn no_identity_provider() {
    let scene = scene(START);
    assert_level(&scene, "idp_metadata", Level::Problem);
    assert_level(&scene, "start", Level::Problem);
}

#[test]
fn no_last_known_good_yet() {
    let scene = scene(&with_url(URL).replace("idp.xml", "nowhere.xml"));
    let finding = assert_level(&scene, "idp_metadata", Level::Warning);
    assert_eq!(finding.title, "There is no last known good metadata yet.");
}

#[test]
fn metadata_that_cannot_be_used() {
    let folder = Folder::new();
    folder.write("idp.xml", "<html></html>");
    let finding = assert_level(&folder.scene(&with_url(URL)), "idp_metadata", Level::Problem);
    assert_eq!(finding.facts[0].value, "metadata_root");
    // Nobody knows what it is made by.
    assert!(finding.adfs.is_some() && finding.entra.is_some());
}

#[test]
fn metadata_of_another_entity() {
    let scene = scene(&format!("{START}{IDP}entity_id = \"urn:other\"\n"));
    let finding = assert_level(&scene, "idp_metadata", Level::Problem);
    assert_eq!(finding.facts[0].value, "metadata_other_entity");
    let right = format!("{START}{IDP}entity_id = \"{ISSUER}\"\n");
    assert_level(&super::scene(&right), "idp_metadata", Level::Ok);
}

#[test]
fn who_vouches() {
    let pin = format!("pin_sha256 = [\"{}\"]\n", KEY.1.fingerprint());
    let pinned = scene(&format!("{}{pin}", with_url(URL)));
    assert_level(&pinned, "idp_trust", Level::Ok);
    // Nothing has signed it.
    assert_level(&pinned, "idp_metadata", Level::Problem);
    let tls = assert_level(&scene(&with_url(URL)), "idp_trust", Level::Note);
    assert_eq!(tls.facts[0].value, "fs.nhsmail.test");
    let http = format!("dev = true\n{}", with_url("http://127.0.0.1:8081/metadata.xml"));
    let http = assert_level(&scene(&http), "idp_trust", Level::Note);
    assert!(http.title.starts_with("Nothing vouches for its metadata"));
    let file = assert_level(&scene(&format!("{START}{IDP}")), "idp_trust", Level::Note);
    assert_eq!(file.title, "Whoever saved the file vouches for its metadata.");
}

/// Metadata with this signing key, signed by `signer`.
fn signed(signs_responses: &Certificate, signer: &(PrivateKey, Certificate)) -> String {
    let xml = idp_metadata(ISSUER, " ID=\"_1\"", &[signs_responses]);
    let style = SignatureStyle::default();
    let algorithm = SignatureAlgorithm::RsaSha256;
    let (key, certificate) = signer;
    sign_enveloped(&xml, "_1", Place::First, key, algorithm, Some(certificate), &style).unwrap()
}

#[test]
fn a_pin_that_does_not_last() {
    let federation = pair(KeyShape::Rsa2048, "2035-01-01T00:00:00Z");
    // The key that signs responses, in the certificate of another year.
    let again = certificate(&KEY.0, "again", "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    let folder = Folder::new();
    folder.write("federation.pem", &federation.1.to_pem().unwrap());
    folder.write("again.pem", &again.to_pem().unwrap());
    let pin =
        |certificate: &Certificate| format!("pin_sha256 = [\"{}\"]", certificate.fingerprint());
    let by_own_key = (KEY.0.clone(), again.clone());
    for (signer, pin, level) in [
        (&federation, pin(&federation.1), Level::Ok),
        (&federation, "pin_cert = \"federation.pem\"".to_owned(), Level::Ok),
        (&*KEY, pin(&KEY.1), Level::Warning),
        (&*KEY, "pin_cert = \"again.pem\"".to_owned(), Level::Warning),
        (&by_own_key, pin(&again), Level::Warning),
        // One of two is enough to be believed, and to be warned about.
        (&federation, format!("{}\npin_cert = \"again.pem\"", pin(&federation.1)), Level::Warning),
    ] {
        folder.write("idp.xml", &signed(&KEY.1, signer));
        let scene = folder.scene(&format!("{START}{IDP}{pin}\n"));
        assert_level(&scene, "idp_metadata", Level::Ok);
        let finding = assert_level(&scene, "idp_pin", level);
        let own = [KEY.1.fingerprint()];
        let named: Vec<_> = finding.facts.iter().map(|fact| fact.value.clone()).collect();
        assert_eq!(named, if level == Level::Ok { &[][..] } else { &own[..] }, "{pin}");
    }
    assert!(all(&folder.scene(&format!("{START}{IDP}")), "idp_pin").is_empty());

    // What comes of it.
    folder.write("idp.xml", &signed(&federation.1, &federation));
    let late = folder.scene(&format!("{START}{IDP}{}\n", pin(&KEY.1)));
    let finding = assert_level(&late, "idp_metadata", Level::Problem);
    assert_eq!(finding.facts[0].value, "metadata_signer_not_pinned");
    assert!(finding.remedy.unwrap().contains("remove pin_cert"), "the pin");
}

#[test]
fn the_age_of_the_file() {
    for (text, days, level) in [
        (format!("{START}{IDP}"), 31, Level::Ok),
        (format!("{START}{IDP}"), 32, Level::Warning),
        (with_url(URL), 400, Level::Ok),
    ] {
        let mut scene = scene(&text);
        scene.providers[0].source.modified = Some(now() - TimeDelta::days(days));
        assert_level(&scene, "idp_file_age", level);
    }
}

#[test]
fn one_key_and_a_change_of_keys() {
    assert_level(&scene(&format!("{START}{IDP}")), "idp_keys", Level::Ok);
    let folder = Folder::new();
    let (_, next) = pair(KeyShape::P256, "2030-01-01T00:00:00Z");
    folder.write("idp.xml", &idp_metadata(ISSUER, "", &[&KEY.1, &next]));
    let rollover = folder.scene(&format!("{START}{IDP}"));
    let finding = assert_level(&rollover, "idp_keys", Level::Note);
    assert!(finding.remedy.unwrap().contains("20 days before"));
    assert_eq!(all(&rollover, "idp_certificate").len(), 2);
}

#[test]
fn the_dates_of_a_providers_key_decide_nothing() {
    let far = "2029-01-01T00:00:00Z";
    for (from, until, by_file, by_url) in [
        ("2026-01-01T00:00:00Z", far, Level::Ok, Level::Ok),
        ("2026-12-01T00:00:00Z", far, Level::Note, Level::Note),
        ("2026-01-01T00:00:00Z", "2026-12-10T00:00:00Z", Level::Warning, Level::Note),
        ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", Level::Note, Level::Note),
    ] {
        let folder = Folder::new();
        let key = certificate(&KEY.0, "ADFS Signing - fs.nhsmail.test", from, until);
        folder.write("idp.xml", &idp_metadata(ISSUER, "", &[&key]));
        for (text, level) in [(format!("{START}{IDP}"), by_file), (with_url(URL), by_url)] {
            let scene = folder.scene(&text);
            let finding = assert_level(&scene, "idp_certificate", level);
            assert_eq!(finding.facts[0].value, key.fingerprint());
            assert_level(&scene, "idp_metadata", Level::Ok);
        }
    }
}

#[test]
fn the_end_of_a_document() {
    assert_level(&scene(&format!("{START}{IDP}")), "idp_valid_until", Level::Ok);
    for (until, level) in
        [("2026-11-25T10:00:00Z", Level::Ok), ("2026-11-23T10:00:00Z", Level::Warning)]
    {
        let folder = Folder::new();
        let attribute = format!(" validUntil=\"{until}\"");
        folder.write("idp.xml", &idp_metadata(ISSUER, &attribute, &[&KEY.1]));
        assert_level(&folder.scene(&format!("{START}{IDP}")), "idp_valid_until", level);
    }
    let folder = Folder::new();
    let attribute = " validUntil=\"2026-11-22T09:00:00Z\"";
    folder.write("idp.xml", &idp_metadata(ISSUER, attribute, &[&KEY.1]));
    let ended = folder.scene(&format!("{START}{IDP}"));
    let finding = assert_level(&ended, "idp_metadata", Level::Problem);
    assert_eq!(finding.facts[0].value, "metadata_expired");
}

#[test]
fn bindings_for_requests() {
    assert_level(&scene(&format!("{START}{IDP}")), "idp_bindings", Level::Ok);
    let post = scene(&format!("{START}{IDP}[policy]\nrequest_binding = \"post\"\n"));
    assert_level(&post, "idp_bindings", Level::Note);
}

#[test]
fn an_exception_for_sha1() {
    assert!(all(&scene(&format!("{START}{IDP}")), "idp_sha1").is_empty());
    let sha1 = |day: &str| scene(&format!("{START}{IDP}dangerous_accept_sha1_until = {day}\n"));
    let finding = assert_level(&sha1("2026-12-01"), "idp_sha1", Level::Warning);
    assert!(finding.adfs.unwrap().contains("rsa-sha256"));
    assert_level(&sha1("2026-11-01"), "idp_sha1", Level::Note);
}

#[test]
fn the_application_in_entra() {
    let folder = Folder::new();
    folder.write("idp.xml", &idp_metadata(ENTRA, "", &[&KEY.1]));
    let tenant = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/\
                  federationmetadata/2007-06/federationmetadata.xml";
    for (text, level) in [
        (with_url(&format!("{tenant}?appid=66666666-7777-8888-9999-000000000000")), Level::Ok),
        (with_url(tenant), Level::Warning),
        (with_url(&format!("{tenant}?appid=")), Level::Warning),
        (format!("{START}{IDP}"), Level::Note),
    ] {
        let finding = assert_level(&folder.scene(&text), "idp_entra_application", level);
        assert_eq!(finding.entra.is_some(), level != Level::Ok);
    }
    assert!(all(&scene(&with_url(URL)), "idp_entra_application").is_empty());
}

#[test]
fn each_product_is_told_of_its_own_settings() {
    let settings = |entity_id: &str| {
        let folder = Folder::new();
        folder.write("idp.xml", &idp_metadata(entity_id, "", &[&KEY.1]));
        let scene = folder.scene(&format!("{START}{IDP}"));
        let source = one(&scene, "idp_source");
        (source.adfs.is_some(), source.entra.is_some())
    };
    assert_eq!(settings(ISSUER), (true, false));
    assert_eq!(settings(ENTRA), (false, true));
    assert_eq!(settings("urn:other"), (true, true));
}

#[test]
fn the_address_of_adfs() {
    assert_level(&scene(&with_url(URL)), "idp_adfs_address", Level::Ok);
    let lower = URL.to_lowercase();
    assert_level(&scene(&with_url(&lower)), "idp_adfs_address", Level::Ok);
    let elsewhere = scene(&with_url("https://fs.nhsmail.test/metadata.xml"));
    assert_level(&elsewhere, "idp_adfs_address", Level::Note);
    assert!(all(&scene(&format!("{START}{IDP}")), "idp_adfs_address").is_empty());
}

#[test]
fn names_to_choose_between() {
    let folder = Folder::new();
    folder.write("other.xml", &idp_metadata("urn:other", "", &[&KEY.1]));
    let other = "\n[[idp]]\nmetadata = \"other.xml\"\n";
    let labelled = folder.scene(&format!("{START}{IDP}{other}label = \"Trust\"\n"));
    assert_level(&labelled, "idp_labels", Level::Ok);
    let finding = folder.scene(&format!("{START}{IDP}{other}"));
    let finding = assert_level(&finding, "idp_labels", Level::Warning);
    assert_eq!(finding.facts[0].value, "urn:other");
    assert!(all(&scene(&format!("{START}{IDP}")), "idp_labels").is_empty());

    // Its own name is better than an address.
    let named = idp_metadata("urn:other", "", &[&KEY.1]).replace(
        "<KeyDescriptor ",
        "<Extensions><UIInfo xmlns=\"urn:oasis:names:tc:SAML:metadata:ui\">\
         <DisplayName xml:lang=\"en\">Wards</DisplayName></UIInfo></Extensions><KeyDescriptor ",
    );
    folder.write("other.xml", &named);
    let named = folder.scene(&format!("{START}{IDP}{other}"));
    let finding = assert_level(&named, "idp_labels", Level::Note);
    assert_eq!(finding.facts[0].value, "urn:other");
}

#[test]
fn providers_that_share_people() {
    let folder = Folder::new();
    folder.write("other.xml", &idp_metadata("urn:other", "", &[&KEY.1]));
    let other = "\n[[idp]]\nmetadata = \"other.xml\"\nlabel = \"Entra\"\n";
    let mut scene = folder.scene(&format!("{START}{IDP}{other}"));
    assert!(all(&scene, "idp_population").is_empty());
    for provider in &mut scene.providers {
        provider.population = Some("nhsmail".to_owned());
    }
    scene.providers[0].subject = vec!["employee".to_owned()];
    let levels: Vec<Level> = all(&scene, "idp_population").iter().map(|f| f.level).collect();
    assert_eq!(levels, [Level::Ok, Level::Warning]);
    // Alone it shares with nobody.
    scene.providers[0].population = None;
    assert!(all(&scene, "idp_population").is_empty());
}

#[test]
fn claims_of_a_list_share_a_name_space() {
    let member = |subject: &str| {
        scene(&format!(
            "{START}{IDP}entity_id = \"{ISSUER}\"\npopulation = \"nhsmail\"\nsubject = {subject}\n"
        ))
    };
    assert!(all(&member("[\"anchor\"]"), "idp_subject").is_empty());
    let finding = assert_level(&member("[\"anchor\", \"mail\"]"), "idp_subject", Level::Note);
    assert!(finding.remedy.unwrap().contains("one register"), "what to agree on");
    let claims: Vec<_> = finding.facts.iter().map(|fact| fact.value.as_str()).collect();
    assert_eq!(claims, ["anchor", "mail"]);
    assert_eq!(finding.about.as_deref(), Some("NHSmail"));
}
