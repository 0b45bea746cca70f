use crate::idp::{Claim, PEOPLE, PeopleError, people_from_toml, staff};

const ONE: &str = "[[person]]\nuser_name = \"a.b\"\ngiven_name = \"A\"\nsurname = \"B\"\n";

#[test]
fn the_file_of_the_program_can_be_read() {
    let people = people_from_toml(PEOPLE).unwrap();
    assert_eq!(people, staff());
    let names: Vec<_> = people.iter().map(|p| p.user_name.as_str()).collect();
    for name in [
        "test.consultant",
        "ward.nurse",
        "gp.receptionist",
        "locum.doctor",
        "ward.pc",
        "no.mail",
        "many.groups",
        "unicode.name",
        "long.name",
        "just.moved",
        "no.ods",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    let person = |name: &str| people.iter().find(|p| p.user_name == name).unwrap();
    let groups = "http://schemas.xmlsoap.org/claims/Group";
    assert_eq!(person("many.groups").values(groups).count(), 200);
    assert_eq!(person("no.ods").values("ODS").count(), 0);
    let moved = person("just.moved");
    assert_eq!(moved.name_id.as_deref(), Some("gwen.transfer7@nhs.net"));
    assert_eq!(moved.display_name, "Gwen Transfer");
    assert!(people.iter().all(|p| p.name_id.as_ref().is_none_or(|n| n.ends_with("@nhs.net"))));
}

#[test]
fn claims_in_so_many_words() {
    let own = "[[person.claim]]\nname = \"ODS\"\nvalues = [\"Z1\"]\noriginal_issuer = \"urn:x\"\n";
    let people = people_from_toml(&format!("{ONE}ods = [\"Z0\"]\n{own}")).unwrap();
    let claim = people[0].claims.iter().find(|c| c.name == "ODS").unwrap();
    assert_eq!(claim, &Claim::new("ODS", ["Z1"]).from_issuer("urn:x"));
    assert!(people[0].has_mfa_evidence());
    let people = people_from_toml(&format!("{ONE}mfa = \"none\"\n")).unwrap();
    assert!(!people[0].has_mfa_evidence());
}

#[test]
fn slips_of_the_pen_are_refused() {
    let of = |text: &str| people_from_toml(text).unwrap_err();
    assert_eq!(of(""), PeopleError::Nobody);
    assert_eq!(of(&format!("{ONE}{ONE}")), PeopleError::Twice { found: "a.b".to_owned() });
    for bad in ["", "A.b", "a b", "a@b", &"a".repeat(65)] {
        let text = ONE.replace("a.b", bad);
        assert_eq!(of(&text), PeopleError::UserName { found: bad.to_owned() });
    }
    let text = format!("{ONE}more_groups = 2001\n");
    assert_eq!(of(&text), PeopleError::MoreGroups { user_name: "a.b".to_owned() });
    for bad in ["sirname = \"B\"", "mfa = \"yes\"", "ods = \"Z0\"", "user_name = \"c\"", "["] {
        let error = of(&format!("{ONE}{bad}\n"));
        assert!(matches!(error, PeopleError::Toml(_)), "{bad}: {error:?}");
    }
    let many = (0..1001).map(|n| ONE.replace("a.b", &format!("a{n}"))).collect::<String>();
    assert_eq!(of(&many), PeopleError::TooMany);
}
