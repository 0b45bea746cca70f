//! The people on the sign-in page. Names, codes and identifiers are invented.

use super::names::PASSWORD_PROTECTED_TRANSPORT;
use super::person::{
    AUTHN_METHODS, Claim, DISPLAY_NAME, GIVEN_NAME, GROUP, INSIDE_NETWORK, MAIL, MULTIPLE_AUTHN,
    ODS, PRIMARY_SID, Person, ROLE, SURNAME, UPN,
};

struct Entry<'e> {
    user_name: &'e str,
    names: (&'e str, &'e str),
    title: &'e str,
    description: &'e str,
    ods: &'e [&'e str],
    roles: &'e [&'e str],
    groups: &'e [&'e str],
    number: u32,
}

impl Entry<'_> {
    fn person(&self) -> Person {
        let (given_name, surname) = self.names;
        let mail = format!("{}@nhs.net", self.user_name);
        let display_name = match self.title {
            "" => format!("{given_name} {surname}"),
            title => format!("{title} {given_name} {surname}"),
        };
        let sid = format!("S-1-5-21-1004336348-1177238915-682003330-{}", self.number);
        Person {
            user_name: self.user_name.to_owned(),
            description: self.description.to_owned(),
            name_id: Some(mail.clone()),
            claims: vec![
                Claim::new(MAIL, [mail.as_str()]),
                Claim::new(UPN, [mail.as_str()]),
                Claim::new(GIVEN_NAME, [given_name]),
                Claim::new(SURNAME, [surname]),
                Claim::new(DISPLAY_NAME, [display_name.as_str()]),
                Claim::new(ODS, self.ods.iter().copied()),
                Claim::new(ROLE, self.roles.iter().copied()),
                Claim::new(GROUP, self.groups.iter().copied()),
                Claim::new(PRIMARY_SID, [sid]),
                Claim::new(AUTHN_METHODS, [PASSWORD_PROTECTED_TRANSPORT, MULTIPLE_AUTHN]),
            ],
            display_name,
            class_ref: None,
        }
    }
}

/// The invented NHS staff: a consultant, a ward nurse, a GP receptionist, a locum at two
/// organisations, a user of a ward PC without evidence of a second factor, and an account without
/// mail address and `NameID`.
pub fn staff() -> Vec<Person> {
    let hospital = "https://fs.test-hospital.example/adfs/services/trust";
    let consultant = Entry {
        user_name: "test.consultant",
        names: ("Amara", "Testwell"),
        title: "Dr",
        description: "Consultant cardiologist, administrator of the rota",
        ods: &["ZZT01"],
        roles: &["Consultant", "RotaAdmin"],
        groups: &["Rota-Admins", "Cardiology"],
        number: 1101,
    };
    let nurse = Entry {
        user_name: "ward.nurse",
        names: ("Bryn", "O'Sample"),
        title: "",
        description: "Ward nurse; some claims come from the trust's own AD FS",
        ods: &["ZZT01"],
        roles: &["Staff Nurse"],
        groups: &["Ward-7"],
        number: 1102,
    };
    let receptionist = Entry {
        user_name: "gp.receptionist",
        names: ("Chloe", "Fictional"),
        title: "",
        description: "Receptionist at a GP practice",
        ods: &["Z99001"],
        roles: &["Receptionist"],
        groups: &["Front-Desk"],
        number: 1103,
    };
    let locum = Entry {
        user_name: "locum.doctor",
        names: ("Zoë", "Müller-Example"),
        title: "Dr",
        description: "Locum at two organisations: two ODS codes",
        ods: &["ZZT01", "Z99002"],
        roles: &["Locum"],
        groups: &["Cardiology", "Out-of-Hours"],
        number: 1104,
    };
    let ward_pc = Entry {
        user_name: "ward.pc",
        names: ("Dev", "Placeholder"),
        title: "",
        description: "Healthcare assistant at a ward PC inside the network: no evidence of MFA",
        ods: &["ZZT01"],
        roles: &["Healthcare Assistant"],
        groups: &["Ward-7"],
        number: 1105,
    };
    let no_mail = Entry {
        user_name: "no.mail",
        names: ("Evan", "Nomail"),
        title: "",
        description: "New starter: no mail address yet, so neither NameID nor SessionIndex",
        ods: &["ZZT01"],
        roles: &["Porter"],
        groups: &[],
        number: 1106,
    };
    vec![
        consultant.person(),
        nurse
            .person()
            .with_claim(Claim::new(ODS, ["ZZT01"]).from_issuer(hospital))
            .with_claim(Claim::new(ROLE, ["Staff Nurse"]).from_issuer(hospital)),
        receptionist.person(),
        locum.person(),
        ward_pc
            .person()
            .with_claim(Claim::new(INSIDE_NETWORK, ["true"]))
            .without_claim(AUTHN_METHODS)
            .signed_in_by_windows(),
        no_mail.person().without_claim(MAIL).without_claim(GROUP).without_name_id(),
    ]
}
