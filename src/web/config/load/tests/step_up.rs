//! What the file says of identity providers and requests for more than a sign-in.

use super::*;

const NAME: &str = "entity_id = \"https://idp.example.org/\"\n";
const AD_FS: &str = "entity_id = \"http://fs.example.org/adfs/services/trust\"\n";

fn support(keys: &str) -> Result<Vec<(bool, Vec<String>)>, ConfigError> {
    let text = format!(
        "base_url = \"https://rota.example.org\"\nentity_id = \"x\"\n\
         [[idp]]\nmetadata = \"idp.xml\"\n{keys}"
    );
    let config = Config::read(&text, "saml.toml", PathBuf::new(), &|_| None)?;
    let support = config.step_up_support()?;
    Ok(support.into_iter().map(|(_, s)| (s.force_authn, s.mfa_contexts)).collect())
}

#[test]
fn it_is_said_of_a_provider_by_its_name() {
    let class = || vec!["urn:mfa".to_owned()];
    for (keys, expected) in [
        (String::new(), vec![]),
        (NAME.to_owned(), vec![]),
        (format!("{NAME}honours_force_authn = true"), vec![(true, vec![])]),
        (format!("{NAME}mfa_contexts = [\"urn:mfa\"]"), vec![(false, class())]),
        (format!("{AD_FS}mfa_contexts = [\"urn:mfa\"]"), vec![(true, class())]),
        (format!("{AD_FS}honours_force_authn = false"), vec![(false, vec![])]),
    ] {
        assert_eq!(support(&keys).unwrap(), expected, "{keys}");
    }
}

#[test]
fn what_could_be_meant_of_anybody_is_refused() {
    for (keys, field, problem) in [
        ("honours_force_authn = true".to_owned(), "idp[0].honours_force_authn", "of whom"),
        ("mfa_contexts = [\"urn:mfa\"]".to_owned(), "idp[0].mfa_contexts", "of whom"),
        (format!("{NAME}mfa_contexts = [\"\"]"), "idp[0].mfa_contexts", "blank"),
        (format!("{NAME}mfa_contexts = [\" a\"]"), "idp[0].mfa_contexts", "blank"),
    ] {
        let error = support(&keys).unwrap_err().to_string();
        assert!(error.contains(field) && error.contains(problem), "{error}");
    }
}
