//! The letter to the help desk.

use super::Mfa;
use super::facts::Facts;

pub(super) fn write(facts: &Facts) -> String {
    let Facts { date, application, purpose, ods_code, organisation, .. } = facts;
    let Facts { entity_id, acs_url, .. } = facts;
    let contact = facts.contact();
    let logout = match facts.logout_urls.first() {
        Some(url) => url,
        None => "none, please leave it empty",
    };
    let encryption = match facts.decrypts {
        true => "yes, to the certificate in the metadata",
        false => "no, please: the metadata has no certificate for it",
    };
    let requests = match facts.signs_requests {
        true => "signed with RSA-SHA256",
        false => "not signed",
    };
    let mfa = match facts.mfa {
        Mfa::Policy => "your own policy, named locations included",
        Mfa::Always => "with a second factor each time, named locations included",
    };
    let certificates = match facts.certificates.is_empty() {
        true => "",
        false => "*.cer              the certificates that are in it, one by one\n",
    };
    format!(
        "To: helpdesk@nhs.net
Subject: Single Sign On application onboarding request
Date: {date}

Dear colleagues,

we would like to register an application for single sign-on with NHSmail
(NHS.net Connect) by SAML 2.0. Please send us the request form, if one is to be
filled in beside this letter, and tell us who our technical contact is.

Application        {application}
What it is for     {purpose}
Organisation       {organisation}
ODS code           {ods_code}
Technical contact  {contact}

Protocol           SAML 2.0, browser sign-in begun by the application
Entity ID          {entity_id}
Reply URL          {acs_url}
                   (assertion consumer service, HTTP-POST)
Logout URL         {logout}
Requests           {requests}
Encryption         {encryption}
Second factor      {mfa}

Entity ID and reply URL are compared character by character.

Attached:

registration.md    all of this in full, with the claims that we ask for, and
                   eight questions to which we found no public answer
sp-metadata.xml    our SAML metadata: AD FS and Entra both read it
{certificates}adfs.ps1           the relying party trust as a PowerShell script, for AD FS
entra.md           the enterprise application step by step, for Entra
test-plan.md       what we would like to test with you before going live

We know that AD FS is being given up for partner applications in favour of
Entra. If you register us in Entra now, or in both for a while, that suits us:
the application can trust both at once.

Kind regards

{contact}
"
    )
}
