use super::*;

#[track_caller]
fn assert_with(more: &str, code: &str, level: Level) -> Finding {
    assert_level(&scene(&format!("{START}{IDP}{more}")), code, level)
}

#[test]
fn cookies_by_https_and_by_http() {
    let finding = assert_with("", "cookies", Level::Ok);
    assert_eq!(finding.facts[0].value, "__Host-saml-session: HttpOnly, Secure, SameSite=Lax");
    let text = format!("dev = true\n{START}{IDP}");
    let http = text.replacen("https://rota.example.nhs.uk\"", "http://localhost:8080\"", 1);
    let finding = assert_level(&scene(&http), "cookies", Level::Note);
    assert_eq!(finding.facts[0].value, "saml-session: HttpOnly, Secure, SameSite=Lax");
}

#[test]
fn lengths_of_sessions() {
    assert_with("[session]\nidle_minutes = 60\n", "session", Level::Ok);
    assert_with("[session]\nidle_minutes = 61\n", "session", Level::Note);
    assert_with("[session]\nabsolute_hours = 13\n", "session", Level::Note);
}

#[test]
fn time_for_a_second_factor() {
    assert_with("[policy]\npending_minutes = 15\n", "pending", Level::Ok);
    assert_with("[policy]\npending_minutes = 14\n", "pending", Level::Warning);
}

#[test]
fn stores() {
    assert_with("", "store", Level::Note);
    let mut scene = scene(&format!("{START}{IDP}"));
    scene.config.store.url = "redis://127.0.0.1".to_owned();
    assert_level(&scene, "store", Level::Ok);
}

#[test]
fn tolerance_of_clocks() {
    assert_with("[policy]\nclock_skew_seconds = 60\n", "clock_skew", Level::Ok);
    let finding = assert_with("[policy]\nclock_skew_seconds = 59\n", "clock_skew", Level::Warning);
    assert!(finding.adfs.unwrap().ends_with("-NotBeforeSkew 2"));
}

#[test]
fn signatures_that_are_demanded() {
    for (demand, level, setting) in [
        ("either", Level::Ok, "AssertionOnly"),
        ("assertion", Level::Ok, "AssertionOnly"),
        ("response", Level::Note, "MessageOnly"),
        ("both", Level::Note, "MessageAndAssertion"),
    ] {
        let more = format!("[policy]\nrequire_signed = \"{demand}\"\n");
        let finding = assert_with(&more, "require_signed", level);
        let line = finding.adfs.unwrap();
        assert!(line.contains(&format!("-SamlResponseSignature {setting} ")), "{line}");
    }
}

#[test]
fn an_identifier_that_never_changes() {
    assert_with("", "claims", Level::Ok);
    assert_with("[claims]\nimmutable_id = []\n", "claims", Level::Warning);
}
