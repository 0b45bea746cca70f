//! The claims to ask for, and where the two products have them from.

use crate::nhsmail::ClaimNames;

const ENTRA: &str = "http://schemas.microsoft.com/identity/claims/";
pub(super) const PRIMARY_SID: &str =
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarysid";
const METHODS: &str = "http://schemas.microsoft.com/claims/authnmethodsreferences";

/// Where AD FS has a claim from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtAdfs {
    /// This attribute of the directory.
    Directory(&'static str),
    /// A claim that is there already, of this type.
    Incoming(&'static str),
    /// Only the administrator knows.
    Ask(&'static str),
    /// There is no such thing in AD FS.
    Nowhere,
}

/// One claim that we can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// As the configuration calls it.
    pub(super) field: &'static str,
    pub(super) purpose: &'static str,
    pub(super) wish: &'static str,
    /// Accepted names, the preferred one first.
    pub(super) names: Vec<String>,
    pub(super) adfs: AtAdfs,
    /// Where Entra has it from.
    pub(super) entra: &'static str,
}

impl Wanted {
    /// The claims of every field that is not switched off. `subjects` are those by which several
    /// providers know people as the same.
    pub(super) fn of(names: &ClaimNames, subjects: &Vec<String>) -> Vec<Self> {
        use AtAdfs::{Ask, Directory, Incoming, Nowhere};
        let all: [(_, &Vec<String>, _, _, _, _); 12] = [
            (
                "subject",
                subjects,
                "is the same for a person at AD FS and at Entra",
                "needed",
                Ask("the anchor of the synchronisation with Entra, such as objectGUID"),
                "user.onpremisesimmutableid, or what is agreed",
            ),
            (
                "immutable_id",
                &names.immutable_id,
                "knows the person again when name, mail address or organisation change",
                "needed",
                Incoming(PRIMARY_SID),
                "sent without being asked for (object identifier)",
            ),
            (
                "tenant_id",
                &names.tenant_id,
                "tells apart identifiers of two Entra tenants",
                "needed from Entra",
                Nowhere,
                "sent without being asked for",
            ),
            (
                "mail",
                &names.mail,
                "reaches the person, and is shown",
                "wanted",
                Directory("mail"),
                "user.mail",
            ),
            (
                "upn",
                &names.upn,
                "names the account to the help desk",
                "wanted",
                Directory("userPrincipalName"),
                "user.userprincipalname",
            ),
            (
                "display_name",
                &names.display_name,
                "is shown on every page",
                "wanted",
                Directory("displayName"),
                "user.displayname",
            ),
            (
                "given_name",
                &names.given_name,
                "is shown where there is no display name",
                "only without a display name",
                Directory("givenName"),
                "user.givenname",
            ),
            (
                "surname",
                &names.surname,
                "is shown where there is no display name",
                "only without a display name",
                Directory("sn"),
                "user.surname",
            ),
            (
                "ods_code",
                &names.ods_code,
                "tells for which organisation the person signs in",
                "wanted",
                Ask("the attribute that holds the ODS code"),
                "the attribute that holds the ODS code: please tell us which",
            ),
            (
                "authn_methods",
                &names.authn_methods,
                "shows whether a second factor was used",
                "wanted",
                Incoming(METHODS),
                "sent without being asked for",
            ),
            (
                "roles",
                &names.roles,
                "grants rights in the application",
                "only if we have agreed on roles",
                Ask("a rule for each role, such as membership of a group"),
                "user.assignedroles, once the application has app roles",
            ),
            (
                "groups",
                &names.groups,
                "grants rights in the application",
                "only if we have agreed on groups",
                Ask("a rule for each group that we have agreed on"),
                "Add a group claim > Groups assigned to the application",
            ),
        ];
        all.into_iter()
            .filter(|(_, names, ..)| !names.is_empty())
            .map(|(field, names, purpose, wish, adfs, entra)| Self {
                field,
                purpose,
                wish,
                names: names.clone(),
                adfs,
                entra,
            })
            .collect()
    }

    /// The name for AD FS to send it under: the incoming one where we take that, otherwise the
    /// first that is not Entra's own.
    pub(super) fn name_at_adfs(&self) -> &str {
        let incoming = match self.adfs {
            AtAdfs::Incoming(kind) => self.names.iter().find(|name| *name == kind),
            _ => None,
        };
        let general = || self.names.iter().find(|name| !name.starts_with(ENTRA));
        incoming.or_else(general).or(self.names.first()).map_or("", String::as_str)
    }

    /// The name for Entra to send it under: the preferred one.
    pub(super) fn name_at_entra(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }
}
