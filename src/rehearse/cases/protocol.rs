//! Genuine signatures on messages that are for somebody else, from somebody else, or of no use.

use crate::idp::Ids;
use crate::rehearse::case::{Case, Theme, Trouble, hostile};
use crate::rehearse::maker::{ELSEWHERE, Maker};
use crate::rehearse::surgery::{add, after, before, nth, part, replace, set, set_text, without};
use crate::saml::{EntityId, format_instant};

const AUDIENCE: &str = "Compare each AudienceRestriction with the own entityID, byte for byte. Every \
                        restriction must hold, and there must be one.";
const ADDRESS: &str = "Compare Recipient (and Destination, where it is there) with the own address \
                       from the configuration, byte for byte.";
const REQUEST: &str = "Remember the ID of each request in the browser that sent it, and compare it \
                       with InResponseTo of the signed SubjectConfirmationData. Use it once.";
const ISSUER: &str = "Compare Issuer with the identity provider's entityID, byte for byte.";
const CONFIRMATION: &str = "Accept bearer confirmations alone, with Recipient, NotOnOrAfter and \
                            InResponseTo, and without NotBefore (Profiles 4.1.4.2).";
const SHAPE: &str = "Check the message against the schema before anything in it is used.";
const STATUS: &str = "Look at Status first: without success nothing in the message counts.";

pub(super) const THEME: Theme = Theme {
    id: "protocol",
    title: "Protocol",
    about: "Genuine signatures on messages that are for another service, another request or another \
            purpose.",
    cases: CASES,
};

fn audience(m: &Maker<'_>, audience: &str) -> Result<String, Trouble> {
    m.edited(|xml| set_text(xml, "Audience", audience))
}

fn recipient(m: &Maker<'_>, recipient: Option<&str>) -> Result<String, Trouble> {
    m.edited(|xml| set(xml, "SubjectConfirmationData", "Recipient", recipient))
}

fn other_case(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect()
}

fn other_id() -> Result<String, Trouble> {
    Ok(Ids::random().map_err(|error| Trouble::made(&error))?.response)
}

fn status(m: &Maker<'_>, code: &str) -> Result<String, Trouble> {
    let code = format!("urn:oasis:names:tc:SAML:2.0:status:{code}");
    m.edited(|xml| set(xml, "StatusCode", "Value", Some(&code)))
}

fn method(m: &Maker<'_>, method: &str) -> Result<String, Trouble> {
    let method = format!("urn:oasis:names:tc:SAML:2.0:cm:{method}");
    m.edited(|xml| set(xml, "SubjectConfirmation", "Method", Some(&method)))
}

/// Whoever takes what nobody asked for has other cases.
fn not_if_taken(m: &Maker<'_>) -> Result<(), Trouble> {
    match m.setup.takes_unsolicited {
        true => Err(Trouble::NotApplicable(super::initiated::TAKEN)),
        false => Ok(()),
    }
}

const CASES: &[Case] = &[
    hostile(
        "audience-other",
        "For another service",
        "NHSmail signs for thousands of services: \
        whoever runs one of them must not get in at the others.",
        AUDIENCE,
        |m| audience(m, "https://elsewhere.example/saml/metadata"),
    ),
    hostile(
        "audience-longer",
        "For a service whose name begins like ours",
        "A comparison of beginnings is none.",
        AUDIENCE,
        |m| audience(m, &format!("{}.elsewhere.example", m.reply_to.audience)),
    ),
    hostile(
        "audience-shorter",
        "For a service whose name is the beginning of ours",
        "A comparison of beginnings is none.",
        AUDIENCE,
        |m| {
            let mut shorter = m.reply_to.audience.clone();
            shorter.pop();
            audience(m, &shorter)
        },
    ),
    hostile(
        "audience-case",
        "For a service whose name differs in case",
        "Names are compared byte for byte (Core 1.3.2).",
        AUDIENCE,
        |m| audience(m, &other_case(&m.reply_to.audience)),
    ),
    hostile(
        "audience-slash",
        "For a service whose name has a slash more",
        "Names are compared byte for byte.",
        AUDIENCE,
        |m| audience(m, &format!("{}/", m.reply_to.audience)),
    ),
    hostile(
        "audience-empty",
        "For a service without a name",
        "An empty audience is nobody.",
        AUDIENCE,
        |m| audience(m, ""),
    ),
    hostile(
        "audience-missing",
        "For nobody in particular",
        "A response for the browser profile must name its audience (Profiles 4.1.4.2).",
        AUDIENCE,
        |m| m.edited(|xml| without(xml, "AudienceRestriction")),
    ),
    hostile(
        "audience-restrictions",
        "Two restrictions, one of which is not met",
        "All restrictions must be met (Core 2.5.1.4).",
        AUDIENCE,
        |m| {
            m.edited(|xml| {
                after(
                    xml,
                    "AudienceRestriction",
                    "<AudienceRestriction><Audience>\
            https://elsewhere.example/saml/metadata</Audience></AudienceRestriction>",
                )
            })
        },
    ),
    hostile(
        "conditions-missing",
        "No Conditions",
        "Without them it is for everybody and for ever.",
        AUDIENCE,
        |m| m.edited(|xml| without(xml, "Conditions")),
    ),
    hostile(
        "condition-unknown",
        "A condition that nobody knows",
        "An assertion under a condition that is not understood must not be used (Core 2.5.1.1).",
        "Refuse conditions that are not known.",
        |m| {
            m.edited(|xml| {
                before(
                    xml,
                    "AudienceRestriction",
                    "<Condition \
            xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:x=\"urn:example\" \
            xsi:type=\"x:OnlyOnSundays\"/>",
                )
            })
        },
    ),
    hostile(
        "recipient-other",
        "To be delivered at another address",
        "It was stolen, or sent on by another service.",
        ADDRESS,
        |m| recipient(m, Some(ELSEWHERE)),
    ),
    hostile(
        "recipient-longer",
        "To be delivered at an address that begins like ours",
        "A comparison of beginnings is none.",
        ADDRESS,
        |m| recipient(m, Some(&format!("{}x", m.reply_to.acs_url))),
    ),
    hostile(
        "recipient-missing",
        "To be delivered anywhere",
        "Recipient must be there (Profiles 4.1.4.2).",
        ADDRESS,
        |m| recipient(m, None),
    ),
    hostile(
        "recipient-empty",
        "To be delivered at no address",
        "An empty address is none.",
        ADDRESS,
        |m| recipient(m, Some("")),
    ),
    hostile(
        "destination-other",
        "Sent to another address",
        "Destination must be the address where it arrives (Core 3.2.2).",
        ADDRESS,
        |m| m.edited(|xml| set(xml, "Response", "Destination", Some(ELSEWHERE))),
    ),
    hostile(
        "destination-missing-signed",
        "A signed response that is sent nowhere",
        "In a signed response Destination must be there (Bindings 3.5.5.2).",
        ADDRESS,
        |m| {
            m.signing(crate::idp::SignedParts::MessageOnly)
                .edited(|xml| set(xml, "Response", "Destination", None))
        },
    )
    .needing(&["signing-response"]),
    hostile(
        "request-other",
        "The answer to a request that nobody has sent",
        "It was meant for another browser.",
        REQUEST,
        |m| {
            let id = other_id()?;
            m.with(|m| m.reply_to.request_id = Some(id)).response()
        },
    ),
    hostile(
        "request-other-signed",
        "The signed part answers another request, the unsigned part ours",
        "AD FS signs the assertion alone: InResponseTo of the response can be written by anybody.",
        REQUEST,
        |m| {
            let id = other_id()?;
            m.edited(|xml| set(xml, "SubjectConfirmationData", "InResponseTo", Some(&id)))
        },
    ),
    hostile(
        "request-other-unsigned",
        "The unsigned part answers another request",
        "Both must agree (Profiles 4.1.4.3).",
        REQUEST,
        |m| {
            let id = other_id()?;
            m.edited(|xml| set(xml, "Response", "InResponseTo", Some(&id)))
        },
    ),
    hostile(
        "request-missing-signed",
        "The signed part answers no request",
        "A response that nobody asked for, dressed up as ours.",
        REQUEST,
        |m| {
            not_if_taken(m)?;
            m.edited(|xml| set(xml, "SubjectConfirmationData", "InResponseTo", None))
        },
    ),
    hostile(
        "unsolicited",
        "A response that nobody asked for",
        "It signs people in under a name that they have not chosen.",
        "Accept answers to own requests alone. A service that must take unsolicited ones needs \
         other protection against this.",
        |m| {
            not_if_taken(m)?;
            m.with(|m| m.reply_to.request_id = None).response()
        },
    ),
    hostile(
        "issuer-other",
        "From another identity provider, signed by this one",
        "Keys belong to one provider. At Entra ID all tenants may have the same key.",
        ISSUER,
        |m| {
            let name = EntityId::new("http://fs.elsewhere.example/adfs/services/trust");
            let name = name.map_err(|error| Trouble::made(&error))?;
            m.with(|m| m.idp.entity_id = name).response()
        },
    ),
    hostile(
        "issuer-other-assertion",
        "The assertion is from another identity provider",
        "The issuer of the assertion counts.",
        ISSUER,
        |m| {
            m.edited(|xml| {
                let issuer = nth(xml, "Issuer", 1)?;
                Ok(issuer.with("<Issuer>http://fs.elsewhere.example/adfs/services/trust</Issuer>"))
            })
        },
    ),
    hostile(
        "issuer-other-response",
        "The response is from another identity provider",
        "Where it is there, it must be right (Profiles 4.1.4.2).",
        ISSUER,
        |m| m.edited(|xml| set_text(xml, "Issuer", "http://fs.elsewhere.example/adfs")),
    ),
    hostile(
        "issuer-case",
        "The issuer differs in case",
        "Names are compared byte for byte.",
        ISSUER,
        |m| {
            let name = EntityId::new(other_case(m.idp.entity_id.as_str()));
            let name = name.map_err(|error| Trouble::made(&error))?;
            m.with(|m| m.idp.entity_id = name).response()
        },
    ),
    hostile("issuer-empty", "The assertion is from nobody", "Issuer must be there.", ISSUER, |m| {
        m.edited(|xml| Ok(nth(xml, "Issuer", 1)?.with("<Issuer></Issuer>")))
    }),
    hostile(
        "confirmation-no-end",
        "The confirmation has no end",
        "NotOnOrAfter must be there.",
        CONFIRMATION,
        |m| m.edited(|xml| set(xml, "SubjectConfirmationData", "NotOnOrAfter", None)),
    ),
    hostile(
        "confirmation-not-before",
        "The confirmation has a beginning",
        "NotBefore must not be there (Profiles 4.1.4.2).",
        CONFIRMATION,
        |m| {
            let begin = format_instant(m.now);
            m.edited(|xml| add(xml, "SubjectConfirmationData", &format!("NotBefore=\"{begin}\"")))
        },
    ),
    hostile(
        "confirmation-sender-vouches",
        "The sender vouches for the person",
        "Nobody vouches for a browser.",
        CONFIRMATION,
        |m| method(m, "sender-vouches"),
    ),
    hostile(
        "confirmation-holder-of-key",
        "The holder of a key is confirmed",
        "No key is asked for in a browser.",
        CONFIRMATION,
        |m| method(m, "holder-of-key"),
    ),
    hostile(
        "confirmation-missing",
        "No SubjectConfirmation",
        "Nobody is confirmed.",
        CONFIRMATION,
        |m| m.edited(|xml| without(xml, "SubjectConfirmation")),
    ),
    hostile(
        "confirmation-data-missing",
        "A confirmation without data",
        "Neither address nor end nor request is told.",
        CONFIRMATION,
        |m| m.edited(|xml| without(xml, "SubjectConfirmationData")),
    ),
    hostile("subject-missing", "No Subject", "The assertion is about nobody.", CONFIRMATION, |m| {
        m.edited(|xml| without(xml, "Subject"))
    }),
    hostile(
        "statement-missing",
        "No AuthnStatement",
        "Nobody has signed in (Profiles 4.1.4.2).",
        "Ask for an AuthnStatement.",
        |m| m.edited(|xml| without(xml, "AuthnStatement")),
    ),
    hostile(
        "instant-missing",
        "Nobody knows when the person signed in",
        "AuthnInstant must be there (Core 2.7.2).",
        SHAPE,
        |m| m.edited(|xml| set(xml, "AuthnStatement", "AuthnInstant", None)),
    ),
    hostile(
        "status-responder",
        "The status says that it failed",
        "The identity provider has not signed anybody in.",
        STATUS,
        |m| status(m, "Responder"),
    ),
    hostile(
        "status-requester",
        "The status says that the request was wrong",
        "The identity provider has not signed anybody in.",
        STATUS,
        |m| status(m, "Requester"),
    ),
    hostile(
        "status-partial",
        "Success stands in the second place only",
        "The top-level code counts (Core 3.2.2.2).",
        STATUS,
        |m| {
            m.edited(|xml| {
                let code = part(xml, "StatusCode")?;
                Ok(code.with(&format!(
                    "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:\
                Responder\">{}</samlp:StatusCode>",
                    code.text
                )))
            })
        },
    ),
    hostile("status-missing", "No Status", "Status must be there (Core 3.2.2).", STATUS, |m| {
        m.edited(|xml| without(xml, "Status"))
    }),
    hostile(
        "version-response",
        "A response of version 1.1",
        "It is another protocol.",
        SHAPE,
        |m| m.edited(|xml| set(xml, "Response", "Version", Some("1.1"))),
    ),
    hostile(
        "version-assertion",
        "An assertion of version 2.1",
        "It is another protocol.",
        SHAPE,
        |m| m.edited(|xml| set(xml, "Assertion", "Version", Some("2.1"))),
    ),
    hostile(
        "version-missing",
        "An assertion of no version",
        "Version must be there.",
        SHAPE,
        |m| m.edited(|xml| set(xml, "Assertion", "Version", None)),
    ),
    hostile("assertion-missing", "Success without an assertion", "Nobody is named.", SHAPE, |m| {
        m.spoilt(|xml| without(xml, "Assertion"))
    }),
    hostile(
        "name-in-attribute-only",
        "The person is named by an unsigned attribute of the response",
        "Only what is signed counts.",
        SHAPE,
        |m| {
            m.spoilt(|xml| {
                let xml = replace(
                    xml,
                    "<samlp:Status>",
                    "<samlp:Extensions><NameID \
                xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">test.user2@nhs.net</NameID>\
                </samlp:Extensions><samlp:Status>",
                )?;
                without(&xml, "Assertion")
            })
        },
    ),
];
