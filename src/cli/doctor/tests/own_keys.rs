use super::*;

/// The scene in which our signing certificate ends in so many days.
fn ends_in(days: i64) -> Scene {
    let folder = Folder::new();
    let until = crate::saml::format_instant(now() + TimeDelta::days(days));
    let ours = certificate(&KEY.0, "rota.example.nhs.uk", "2026-01-01T00:00:00Z", &until);
    folder.write("cert.pem", &ours.to_pem().unwrap());
    folder.scene(&format!("{START}{IDP}{KEYS}"))
}

#[test]
fn the_end_of_a_certificate_comes_near() {
    for (days, level) in [
        (31, Level::Ok),
        (30, Level::Note),
        (15, Level::Note),
        (14, Level::Warning),
        (7, Level::Warning),
        (3, Level::Warning),
        (2, Level::Problem),
        (-1, Level::Problem),
    ] {
        let finding = assert_level(&ends_in(days), "own_certificate", level);
        assert_eq!(finding.about.as_deref(), Some("signing key"));
    }
    let finding = one(&ends_in(31), "own_certificate");
    assert_eq!(finding.title, "Its certificate is good for 31 days.");
    assert_eq!(one(&ends_in(-1), "own_certificate").title, "Its certificate has ended.");
}

#[test]
fn who_can_read_a_key() {
    let text = format!("{START}{IDP}{KEYS}");
    assert_level(&scene(&text), "key_file", Level::Ok);
    let folder = Folder::new();
    folder.write_key("key.pem", &KEY.0, 0o640);
    let open = folder.scene(&text);
    let finding = assert_level(&open, "key_file", Level::Problem);
    assert!(finding.remedy.unwrap().starts_with("chmod 600 "), "{:?}", finding.facts);
    assert_eq!(finding.facts[1].value, "640");
    let missing = scene(&text.replace("key.pem", "nowhere.pem"));
    let finding = assert_level(&missing, "key_file", Level::Problem);
    assert_eq!(finding.title, "A secret of ours cannot be read.");
    assert_level(&missing, "start", Level::Problem);
}

#[test]
fn requests_that_are_signed_or_not() {
    let signed = assert_level(&scene(&format!("{START}{IDP}{KEYS}")), "request_signing", Level::Ok);
    assert_eq!(
        signed.adfs.unwrap(),
        "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SignatureAlgorithm \
         'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'"
    );
    assert_level(&scene(&format!("{START}{IDP}")), "request_signing", Level::Note);
}

#[test]
fn an_elliptic_curve_is_not_for_adfs() {
    let folder = Folder::new();
    let (key, certificate) = pair(KeyShape::P256, "2029-01-01T00:00:00Z");
    folder.write_key("key.pem", &key, 0o600);
    folder.write("cert.pem", &certificate.to_pem().unwrap());
    let scene = folder.scene(&format!("{START}{IDP}{KEYS}"));
    assert_level(&scene, "request_signing", Level::Warning);
}

#[test]
fn a_provider_that_insists_on_signed_requests() {
    let folder = Folder::new();
    let insists = idp_metadata(ISSUER, "", &[&KEY.1])
        .replace("<IDPSSODescriptor", "<IDPSSODescriptor WantAuthnRequestsSigned=\"true\"");
    folder.write("idp.xml", &insists);
    let unsigned = folder.scene(&format!("{START}{IDP}"));
    let finding = assert_level(&unsigned, "request_signing", Level::Problem);
    assert_eq!(finding.facts[0].value, "NHSmail");
    let signed = folder.scene(&format!("{START}{IDP}{KEYS}"));
    assert_level(&signed, "request_signing", Level::Ok);
}

#[test]
fn encryption_that_is_asked_for_or_not() {
    let keys = "\n[keys]\ndecryption_keys = [\"key.pem\"]\n";
    let none = assert_level(&scene(&format!("{START}{IDP}")), "encryption", Level::Ok);
    assert!(none.adfs.unwrap().ends_with("-EncryptClaims $false"));
    assert_level(&scene(&format!("{START}{IDP}{keys}")), "encryption", Level::Note);
    let asked = scene(&format!("{START}{IDP}{keys}encryption_cert = \"cert.pem\"\n"));
    let asked = assert_level(&asked, "encryption", Level::Ok);
    assert!(asked.adfs.unwrap().ends_with("-EncryptClaims $true"));
}

#[test]
fn the_key_that_takes_over() {
    let folder = Folder::new();
    let (key, certificate) = pair(KeyShape::Rsa2048, "2030-01-01T00:00:00Z");
    folder.write_key("next.pem", &key, 0o600);
    folder.write("next-cert.pem", &certificate.to_pem().unwrap());
    let next = "next_signing_key = \"next.pem\"\nnext_signing_cert = \"next-cert.pem\"\n";
    let from = |from: &str| folder.scene(&format!("{START}{IDP}{KEYS}{next}{from}"));
    for (line, level) in [
        ("", Level::Warning),
        ("next_signing_from = 2026-12-30\n", Level::Note),
        ("next_signing_from = 2026-11-28\n", Level::Warning),
        ("next_signing_from = 2026-11-20\n", Level::Note),
    ] {
        assert_level(&from(line), "own_next_key", level);
    }
    let stages: Vec<_> =
        all(&from(""), "own_certificate").into_iter().filter_map(|f| f.about).collect();
    assert_eq!(stages, ["signing key", "next signing key"]);
    assert_eq!(all(&from(""), "key_file").len(), 2);
    // One that another has taken over from may end.
    let done = from("next_signing_from = 2026-11-20\n");
    let former = &all(&done, "own_certificate")[1];
    assert_eq!((former.about.as_deref(), former.level), (Some("former signing key"), Level::Note));
    assert!(all(&scene(&format!("{START}{IDP}{KEYS}")), "own_next_key").is_empty());
}
