use serde::Deserialize;

/// The accepted names of each field, the preferred one first. An empty list switches the field
/// off. Names are compared byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimNames {
    /// Mail address.
    pub mail: Vec<String>,
    /// User principal name.
    pub upn: Vec<String>,
    /// Name to show.
    pub display_name: Vec<String>,
    /// Given name.
    pub given_name: Vec<String>,
    /// Surname.
    pub surname: Vec<String>,
    /// ODS code of the organisation.
    pub ods_code: Vec<String>,
    /// Roles.
    pub roles: Vec<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// An identifier that never changes and is never given to somebody else. With Entra it counts
    /// together with the tenant.
    pub immutable_id: Vec<String>,
    /// The Entra tenant.
    pub tenant_id: Vec<String>,
    /// How the person proved who they are.
    pub authn_methods: Vec<String>,
}

const WS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";
const MS: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/";
const ENTRA: &str = "http://schemas.microsoft.com/identity/claims/";
const ADFS_1: &str = "http://schemas.xmlsoap.org/claims/";

fn names<const N: usize>(list: [(&str, &str); N]) -> Vec<String> {
    list.into_iter().map(|(prefix, name)| format!("{prefix}{name}")).collect()
}

impl Default for ClaimNames {
    /// The names that Microsoft's products use, and those seen in NHSmail integrations.
    fn default() -> Self {
        Self {
            mail: names([
                (WS, "emailaddress"),
                ("", "Email"),
                ("", "Email Address"),
                ("", "EmailAddress"),
                ("", "email"),
                ("", "mail"),
                (ADFS_1, "EmailAddress"),
                (WS, "upn"),
                ("", "upn"),
                (WS, "name"),
            ]),
            upn: names([
                (WS, "upn"),
                (ADFS_1, "UPN"),
                ("", "UserPrincipalName"),
                ("", "upn"),
                (WS, "name"),
            ]),
            display_name: names([
                (ENTRA, "displayname"),
                ("", "DisplayName"),
                (ADFS_1, "CommonName"),
            ]),
            given_name: names([(WS, "givenname")]),
            surname: names([(WS, "surname")]),
            ods_code: names([("", "ODS")]),
            roles: names([(MS, "role")]),
            groups: names([(MS, "groups"), (MS, "groupsid"), (ADFS_1, "Group")]),
            immutable_id: names([(ENTRA, "objectidentifier"), ("", "sid"), (MS, "primarysid")]),
            tenant_id: names([(ENTRA, "tenantid")]),
            authn_methods: names([(
                "http://schemas.microsoft.com/claims/",
                "authnmethodsreferences",
            )]),
        }
    }
}
