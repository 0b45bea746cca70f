//! The claims that AD FS describes in its metadata. URIs and short names are its own; the
//! descriptions are ours.

pub(super) struct ClaimType {
    pub(super) uri: &'static str,
    pub(super) name: &'static str,
    pub(super) description: &'static str,
}

const fn claim(uri: &'static str, name: &'static str, description: &'static str) -> ClaimType {
    ClaimType { uri, name, description }
}

pub(super) const CLAIM_TYPES: [ClaimType; 21] = [
    claim(
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "E-Mail Address",
        "Where the person gets mail",
    ),
    claim(
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
        "Given Name",
        "First name of the person",
    ),
    claim(
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
        "Name",
        "A name that nobody else has",
    ),
    claim(
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
        "UPN",
        "User principal name of the account",
    ),
    claim(
        "http://schemas.xmlsoap.org/claims/CommonName",
        "Common Name",
        "Common name of the account in the directory",
    ),
    claim(
        "http://schemas.xmlsoap.org/claims/EmailAddress",
        "AD FS 1.x E-Mail Address",
        "Where the person gets mail, as the first AD FS wrote it",
    ),
    claim(
        "http://schemas.xmlsoap.org/claims/Group",
        "Group",
        "A group to which the person belongs",
    ),
    claim(
        "http://schemas.xmlsoap.org/claims/UPN",
        "AD FS 1.x UPN",
        "User principal name, as the first AD FS wrote it",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
        "Role",
        "A role that the person holds",
    ),
    claim(
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
        "Surname",
        "Family name of the person",
    ),
    claim(
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/privatepersonalidentifier",
        "PPID",
        "An identifier that only this relying party sees",
    ),
    claim(
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
        "Name ID",
        "What becomes the NameID of the assertion",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/authenticationinstant",
        "Authentication time stamp",
        "When the person proved who they are",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/authenticationmethod",
        "Authentication method",
        "How the person proved who they are",
    ),
    claim(
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/denyonlysid",
        "Deny only group SID",
        "A group that counts only where it forbids something",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/denyonlyprimarysid",
        "Deny only primary SID",
        "The account, where it counts only to forbid something",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/denyonlyprimarygroupsid",
        "Deny only primary group SID",
        "The primary group, where it counts only to forbid something",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/groupsid",
        "Group SID",
        "Security identifier of a group to which the person belongs",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid",
        "Primary group SID",
        "Security identifier of the account's primary group",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarysid",
        "Primary SID",
        "Security identifier of the account",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/windowsaccountname",
        "Windows account name",
        "The account as <domain>\\<user>",
    ),
];
