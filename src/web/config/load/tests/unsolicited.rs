//! What the file says of sign-ins that begin at an identity provider.

use super::*;

const NAME: &str = "entity_id = \"https://idp.example.org/\"\n";

fn chosen(keys: &str, relay_state: &str) -> Result<Vec<String>, ConfigError> {
    let text = format!(
        "base_url = \"https://rota.example.org\"\nentity_id = \"x\"\n\
         [[idp]]\nmetadata = \"idp.xml\"\n{keys}"
    );
    let config = Config::read(&text, "saml.toml", PathBuf::new(), &|_| None)?;
    let accepted = config.unsolicited()?;
    let page = |(_, targets): &(_, crate::sp::UnsolicitedTargets)| {
        targets.choose(Some(relay_state)).as_str().to_owned()
    };
    Ok(accepted.iter().map(page).collect())
}

#[test]
fn idpinit_they_are_accepted_from_whom_it_is_said() {
    assert_eq!(chosen("", "/").unwrap(), Vec::<String>::new());
    assert_eq!(chosen(NAME, "/").unwrap(), Vec::<String>::new());
    let listed = format!("{NAME}unsolicited_targets = [\"/start\", \"/rota\"]");
    assert_eq!(chosen(&listed, "/rota").unwrap(), ["/rota"]);
    assert_eq!(chosen(&listed, "/other").unwrap(), ["/start"]);
}

#[test]
fn idpinit_a_list_that_leads_nowhere_or_elsewhere_is_refused() {
    for (keys, problem) in [
        ("unsolicited_targets = [\"/\"]".to_owned(), "from whom"),
        (format!("{NAME}unsolicited_targets = []"), "lead nowhere"),
        (format!("{NAME}unsolicited_targets = [\"/\", \"//evil.test\"]"), "no page"),
        (format!("{NAME}unsolicited_targets = [\"https://evil.test/\"]"), "no page"),
        (format!("{NAME}unsolicited_targets = [\"rota\"]"), "no page"),
    ] {
        let error = chosen(&keys, "/").unwrap_err().to_string();
        assert!(error.contains("unsolicited_targets") && error.contains(problem), "{error}");
    }
}
