//! Honest people, each of whom must be let in.

use crate::idp::Claim;
use crate::rehearse::case::{Case, Theme, Trouble, honest};
use crate::rehearse::maker::Maker;

const FIX: &str = "Read attributes by their names, whatever values they have and however many there \
                   are; ask for no claim that NHSmail does not promise for everybody.";

pub(super) const THEME: Theme = Theme {
    id: "people",
    title: "People",
    about: "Everybody on the staff list signs in, whatever their account is like.",
    cases: CASES,
};

/// Somebody of the test identity provider's staff.
fn staff(maker: &Maker<'_>, user_name: &str) -> Result<String, Trouble> {
    let person = maker.idp.person(user_name);
    let person = person.ok_or(Trouble::NotApplicable("the staff list was changed"))?;
    maker.with(|maker| maker.person = person).response()
}

/// The sender with a claim of another value.
fn with_claim(maker: &Maker<'_>, claim: Claim) -> Result<String, Trouble> {
    maker.with(|maker| maker.person = maker.person.clone().with_claim(claim)).response()
}

const GROUP: &str = "http://schemas.xmlsoap.org/claims/Group";
const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

const CASES: &[Case] = &[
    honest(
        "first-sign-in",
        "A nurse with a plain account",
        "The most ordinary sign-in. Every hostile case needs it.",
        "See what the service provider logs: nothing else can be judged before this works.",
        |m| m.response(),
    ),
    honest(
        "person-consultant",
        "A consultant with several roles and groups",
        "Claims of several values are written as several AttributeValue elements.",
        FIX,
        |m| staff(m, "test.consultant"),
    ),
    honest(
        "person-other-issuer",
        "A nurse, some of whose claims come from another AD FS",
        "AD FS marks such claims with an attribute of a foreign namespace (OriginalIssuer).",
        "Ignore attributes of foreign namespaces on Attribute.",
        |m| staff(m, "ward.nurse"),
    ),
    honest(
        "person-receptionist",
        "A receptionist at a GP practice",
        "Not everybody works in a hospital.",
        FIX,
        |m| staff(m, "gp.receptionist"),
    ),
    honest(
        "person-two-organisations",
        "A locum at two organisations",
        "Two ODS codes in one claim, and letters with diacritics in the name.",
        FIX,
        |m| staff(m, "locum.doctor"),
    ),
    honest(
        "person-no-second-factor",
        "A user of a ward PC, without evidence of a second factor",
        "Inside the hospital network NHSmail asks for none, and says so by leaving the claim out. \
         Ask for it where it is needed, not at the door.",
        "Let people in without multipleauthn, and demand it of single pages.",
        |m| staff(m, "ward.pc"),
    ),
    honest(
        "person-no-mail",
        "A new starter without a mail address",
        "AD FS issues neither NameID nor SessionIndex to an account without a mail address.",
        "Do not take NameID or the mail address for granted; key accounts on a claim that everybody \
         has.",
        |m| staff(m, "no.mail"),
    ),
    honest(
        "person-200-groups",
        "A member of 200 groups",
        "The response is some 20 kB long. That is usual in large organisations.",
        "Allow responses of at least 256 kB, and do not keep all groups in a cookie.",
        |m| staff(m, "many.groups"),
    ),
    honest(
        "person-scripts",
        "A name in several scripts",
        "Names are Unicode.",
        "Use UTF-8 from end to end, the session store and the pages included.",
        |m| staff(m, "unicode.name"),
    ),
    honest(
        "person-long-name",
        "A very long name",
        "There is no longest name.",
        "Do not cut or refuse long names; let pages wrap them.",
        |m| staff(m, "long.name"),
    ),
    honest(
        "person-moved",
        "Somebody who has moved to another organisation",
        "The ODS code changes, the account does not.",
        FIX,
        |m| staff(m, "just.moved"),
    ),
    honest(
        "person-no-organisation",
        "Somebody without an ODS code",
        "The directory has none for some accounts.",
        FIX,
        |m| staff(m, "no.ods"),
    ),
    honest(
        "person-markup-in-name",
        "A role that holds <, > and &",
        "Such characters arrive as references. They are part of the value.",
        "Use an XML parser, and escape values when they are shown.",
        |m| with_claim(m, Claim::new(ROLE, ["<Sister> & \"Charge\" 'Nurse'"])),
    ),
    honest(
        "person-empty-value",
        "A claim with an empty value",
        "Directories hold empty values.",
        FIX,
        |m| with_claim(m, Claim::new(GROUP, [""])),
    ),
    honest(
        "person-spaces",
        "A claim with spaces and line ends around its value",
        "White space in a value is part of it.",
        FIX,
        |m| with_claim(m, Claim::new(GROUP, ["  Ward 7 \n Nights "])),
    ),
    honest(
        "person-few-claims",
        "Somebody of whom nothing but the name is told",
        "A claim rule may be removed at NHSmail without notice.",
        FIX,
        |m| {
            let mut person = m.person.clone();
            person.claims.truncate(1);
            m.with(|maker| maker.person = person).response()
        },
    ),
    honest(
        "person-no-attributes",
        "No AttributeStatement at all",
        "It is optional (Core 2.7.3): without claim rules AD FS writes none.",
        FIX,
        |m| {
            let mut person = m.person.clone();
            person.claims.clear();
            m.with(|maker| maker.person = person).response()
        },
    ),
];
