//! Providers that share their people.

use super::*;
use crate::nhsmail::SubjectForm;

const FILE: &str = "saml.toml";

fn two(first: &str, second: &str) -> String {
    format!(
        "{START}{IDP}entity_id = \"urn:idp\"\n{first}\
         [[idp]]\nmetadata = \"other.xml\"\nentity_id = \"urn:other\"\n{second}"
    )
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("other.xml", &metadata("other", &KEY.1));
    folder
}

#[test]
fn each_provider_names_people_its_own_way() {
    let text = two(
        "population = \"nhsmail\"\nsubject = [\"ImmutableID\", \"upn\"]\n",
        "population = \"nhsmail\"\nsubject = [\"anchor\"]\nsubject_form = \"guid\"\n",
    );
    let saml = folder().load(&text, &[]).unwrap();
    let rule = |name: &str| saml.subjects().of(&name.parse().unwrap()).unwrap().clone();
    assert_eq!(rule("urn:idp").population.as_str(), "nhsmail");
    assert_eq!(rule("urn:idp").claims, ["ImmutableID", "upn"]);
    assert_eq!(rule("urn:idp").form, SubjectForm::Exact);
    assert_eq!(rule("urn:other").population, rule("urn:idp").population);
    assert_eq!(rule("urn:other").claims, ["anchor"]);
    assert_eq!(rule("urn:other").form, SubjectForm::Guid);

    // The second alone, and nobody.
    let saml = folder().load(&two("", "population = \"x\"\nsubject = [\"a\"]\n"), &[]).unwrap();
    assert_eq!(saml.subjects().iter().count(), 1);
    assert_eq!(saml.subjects().of(&"urn:idp".parse().unwrap()), None);
    assert_eq!(folder().load(&two("", ""), &[]).unwrap().subjects().iter().count(), 0);
}

#[test]
fn half_a_rule_is_none() {
    let folder = folder();
    let good = "population = \"nhsmail\"\nsubject = [\"a\"]\n";
    for (second, field, problem) in [
        ("population = \"nhsmail\"\n", "idp[1].subject", "no claim identifies people"),
        ("population = \"nhsmail\"\nsubject = []\n", "idp[1].subject", "no claim identifies"),
        ("population = \"x\"\nsubject = [\"a\", \" \"]\n", "idp[1].subject", "no claim identifies"),
        ("subject = [\"a\"]\n", "idp[1].subject", "there is no population"),
        ("subject_form = \"lower\"\n", "idp[1].subject_form", "there is no population"),
        ("population = \"NHS mail\"\nsubject = [\"a\"]\n", "idp[1].population", "1 to 64"),
        ("population = \"\"\nsubject = [\"a\"]\n", "idp[1].population", "1 to 64"),
        ("subject_form = \"upper\"\n", "idp.subject_form", "unknown variant"),
        ("subject = \"a\"\n", "idp.subject", "expected a sequence"),
    ] {
        folder.assert_refused(&two(good, second), &[], (FILE, field, problem));
    }
}

#[test]
fn whose_people_they_are_is_not_for_the_metadata_to_say() {
    let folder = folder();
    let rule = "population = \"nhsmail\"\nsubject = [\"a\"]\n";
    let text = format!("{START}{IDP}{rule}");
    folder.assert_refused(&text, &[], (FILE, "idp[0].entity_id", "must be named"));
    let named = format!("{text}entity_id = \"urn:idp\"\n");
    assert_eq!(folder.load(&named, &[]).unwrap().subjects().iter().count(), 1);
}

/// Which rule counts must not depend on the order in which two are read.
#[test]
fn one_name_has_one_rule() {
    let folder = folder();
    let rule = "population = \"nhsmail\"\nsubject = [\"a\"]\n";
    for second in ["", "population = \"other\"\nsubject = [\"b\"]\n"] {
        let text = two(rule, second).replace("urn:other", "urn:idp");
        folder.assert_refused(&text, &[], (FILE, "idp[1].entity_id", "urn:idp is there twice"));
        folder.load(&two(rule, second), &[]).unwrap();
    }
}

/// A document must not take the name of a provider that is not there yet.
#[test]
fn of_several_providers_those_that_are_fetched_are_named() {
    let folder = folder();
    let fetched = "[[idp]]\nmetadata_url = \"https://127.0.0.1:1/m.xml\"\n";
    let problem = (FILE, "idp[1].entity_id", "must be named");
    folder.assert_refused(&format!("{START}{IDP}{fetched}"), &[], problem);
    let named = format!("{START}{IDP}{fetched}entity_id = \"urn:other\"\n");
    folder.load(&named, &[]).unwrap();
    folder.load(&format!("{START}{fetched}"), &[]).unwrap();
}

/// The variable takes the place of every `[[idp]]`, and of what stands in it: everybody would have
/// another key, and nobody would know.
#[test]
fn the_variable_does_not_take_the_place_of_a_population() {
    let folder = folder();
    let set = [("SAML_IDP_METADATA", "idp.xml")];
    let text = two("", "population = \"x\"\nsubject = [\"a\"]\n");
    folder.assert_refused(&text, &set, (ENVIRONMENT, "SAML_IDP_METADATA", "share their people"));
    let alone = format!("{START}{IDP}");
    assert_eq!(folder.load(&alone, &set).unwrap().subjects().iter().count(), 0);
}

#[test]
fn the_examples_of_the_page_about_it_are_configurations() {
    let page = include_str!("../../../../../docs/migration.md");
    let examples: Vec<&str> = page.split("```toml\n").skip(1).collect();
    let numbers: Vec<usize> = examples
        .iter()
        .map(|example| {
            let text = example.split("```").next().unwrap();
            let config = Config::read(text, "", PathBuf::new(), &|_| None).unwrap();
            config.subject_rules().unwrap().len()
        })
        .collect();
    assert_eq!(numbers, [1, 2]);
    for code in
        ["no_subject", "subject_missing", "subject_several", "subject_fault", "subject_no_guid"]
    {
        assert!(page.contains(&format!("| `{code}` |")), "{code}");
    }
}
