//! The claims that AD FS and Entra describe in their metadata. URIs and short names are their own; the
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

/// What Entra describes, in its order.
pub(super) const ENTRA_CLAIM_TYPES: [ClaimType; 19] = [
    claim(
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
        "Name",
        "The name with which the person signs in",
    ),
    claim(
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
        "Subject",
        "What becomes the NameID of the assertion",
    ),
    claim(
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
        "Given Name",
        "First name of the person",
    ),
    claim(
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
        "Surname",
        "Family name of the person",
    ),
    claim(
        "http://schemas.microsoft.com/identity/claims/displayname",
        "Display Name",
        "The name to show to others",
    ),
    claim(
        "http://schemas.microsoft.com/identity/claims/nickname",
        "Nick Name",
        "What the person is called for short",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/authenticationinstant",
        "Authentication Instant",
        "When the person proved who they are",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/authenticationmethod",
        "Authentication Method",
        "How the person proved who they are",
    ),
    claim(
        "http://schemas.microsoft.com/identity/claims/objectidentifier",
        "ObjectIdentifier",
        "The account; it never changes",
    ),
    claim(
        "http://schemas.microsoft.com/identity/claims/tenantid",
        "TenantId",
        "The tenant that the account belongs to",
    ),
    claim(
        "http://schemas.microsoft.com/identity/claims/identityprovider",
        "IdentityProvider",
        "Who signed the person in",
    ),
    claim(
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "Email",
        "Where the person gets mail",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
        "Groups",
        "The groups to which the person belongs",
    ),
    claim(
        "http://schemas.microsoft.com/identity/claims/accesstoken",
        "External Access Token",
        "A token that another provider issued",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/expiration",
        "External Access Token Expiration",
        "When that token ends",
    ),
    claim(
        "http://schemas.microsoft.com/identity/claims/openid2_id",
        "External OpenID 2.0 Identifier",
        "Who the person is at an OpenID 2.0 provider",
    ),
    claim(
        "http://schemas.microsoft.com/claims/groups.link",
        "GroupsOverageClaim",
        "Where to ask for groups that are too many to list",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
        "Role Claim",
        "A role that the person holds in the application",
    ),
    claim(
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/wids",
        "RoleTemplate Id Claim",
        "A role that the person holds in the tenant",
    ),
];
