//! Honest messages of other contents: what NHSmail may send tomorrow without telling anybody.

use chrono::TimeDelta;

use super::tabs::{after_cancel, back_and_again, deep_link, second_person, tabs};
use crate::rehearse::case::{Case, Kind, Theme, Trouble, honest, script};
use crate::rehearse::maker::Maker;
use crate::rehearse::surgery::{after, before, inside, replace, set, without};

const FIX: &str = "Accept what the standard allows and NHSmail's products write, as long as it \
                   changes nothing about who signed, for whom, and until when.";

pub(super) const THEME: Theme = Theme {
    id: "contents",
    title: "Contents, times and browsers",
    about: "Honest messages that say more, less or something else; and people with several tabs.",
    cases: CASES,
};

fn format(maker: &Maker<'_>, last: &str) -> Result<String, Trouble> {
    maker.with_name_id_format(&format!("urn:oasis:names:tc:SAML:{last}")).response()
}

fn class(maker: &Maker<'_>, class: &str) -> Result<String, Trouble> {
    let class = format!("urn:oasis:names:tc:SAML:2.0:ac:classes:{class}");
    maker
        .with(|maker| {
            // What was asked for is answered.
            if maker.reply_to.class_ref.is_none() {
                maker.person.class_ref = Some(class);
            }
        })
        .response()
}

const CASES: &[Case] = &[
    honest(
        "name-id-persistent",
        "A persistent NameID",
        "Entra ID can be told to issue one.",
        "Do not demand the e-mail format unless the request asks for it.",
        |m| format(m, "2.0:nameid-format:persistent"),
    ),
    honest(
        "name-id-unspecified",
        "A NameID of unspecified format",
        "What AD FS issues when the rule names no format.",
        FIX,
        |m| format(m, "1.1:nameid-format:unspecified"),
    ),
    honest(
        "name-id-no-format",
        "A NameID without Format",
        "Format is optional; unspecified is meant (Core 2.2.2).",
        FIX,
        |m| m.edited(|xml| set(xml, "NameID", "Format", None)),
    ),
    honest(
        "name-id-qualified",
        "A NameID with qualifiers",
        "NameQualifier and SPNameQualifier say in whose realm the name is unique.",
        FIX,
        |m| {
            let (idp, sp) = (m.idp.entity_id.clone(), m.reply_to.audience.clone());
            m.edited(|xml| {
                crate::rehearse::surgery::add(
                    xml,
                    "NameID",
                    &format!("NameQualifier=\"{idp}\" SPNameQualifier=\"{sp}\""),
                )
            })
        },
    ),
    honest(
        "no-session-index",
        "No SessionIndex",
        "It is optional (Core 2.7.2).",
        "Do not take SessionIndex for granted: without it there is no single log-out.",
        |m| m.edited(|xml| set(xml, "AuthnStatement", "SessionIndex", None)),
    ),
    honest(
        "session-end",
        "SessionNotOnOrAfter in eight hours",
        "Some identity providers say when the session must end.",
        "End the session at that time; do not refuse it.",
        |m| m.with(|m| m.idp.issuance.session_lifetime = TimeDelta::try_hours(8)).response(),
    ),
    honest(
        "class-windows",
        "Signed in by Windows",
        "At a ward PC AD FS reports Kerberos, not a password.",
        "Do not demand PasswordProtectedTransport unless the request does.",
        |m| class(m, "Kerberos"),
    ),
    honest(
        "class-unspecified",
        "An unspecified authentication method",
        "Entra ID reports it for some second factors.",
        FIX,
        |m| class(m, "unspecified"),
    ),
    honest(
        "old-authentication",
        "Signed in twelve hours ago",
        "AD FS and Entra ID keep people signed in; AuthnInstant is the time of the password.",
        "Do not take AuthnInstant for the time of the response. Whoever needs a fresh sign-in asks \
         with ForceAuthn.",
        |m| m.with(|m| m.idp.issuance.authn_age = TimeDelta::hours(12)).response(),
    ),
    honest(
        "week-old-authentication",
        "Signed in last week",
        "\"Keep me signed in\" does that.",
        "As for the case before.",
        |m| m.with(|m| m.idp.issuance.authn_age = TimeDelta::days(7)).response(),
    ),
    honest(
        "clock-ahead",
        "The identity provider's clock is a minute ahead",
        "Clocks differ. AD FS leaves no margin of its own.",
        "Allow clocks to differ by one to three minutes.",
        |m| m.at(TimeDelta::minutes(1)).response(),
    ),
    honest(
        "clock-behind",
        "The identity provider's clock is a minute behind",
        "Clocks differ.",
        "Allow clocks to differ by one to three minutes.",
        |m| m.at(TimeDelta::minutes(-1)).response(),
    ),
    honest(
        "slow-person",
        "The response was issued four minutes ago",
        "The page that posts the form may wait, on a slow ward PC for minutes.",
        "Judge by NotOnOrAfter, not by IssueInstant.",
        |m| m.at(TimeDelta::minutes(-4)).response(),
    ),
    honest(
        "times-without-fraction",
        "Times without fractions of a second",
        "xs:dateTime has none, three or seven digits, as the product likes.",
        FIX,
        |m| m.edited(|xml| fractions(xml, "")),
    ),
    honest("times-with-ticks", "Times with seven digits", ".NET writes ticks.", FIX, |m| {
        m.edited(|xml| fractions(xml, ".1234567"))
    }),
    honest(
        "early-not-before",
        "NotBefore five minutes before now",
        "Entra ID does so.",
        FIX,
        |m| m.with(|m| m.idp.issuance.not_before_skew = TimeDelta::minutes(5)).response(),
    ),
    honest(
        "two-audiences",
        "Two audiences, one of which is the service provider",
        "One restriction with several audiences is met by any of them (Core 2.5.1.4).",
        "Look for your own entityID among the audiences of each restriction.",
        |m| {
            m.edited(|xml| {
                before(
                    xml,
                    "Audience",
                    "<Audience>https://elsewhere.example/saml/metadata</Audience>",
                )
            })
        },
    ),
    honest(
        "one-time-use",
        "OneTimeUse",
        "It asks that the assertion be not kept (Core 2.5.1.5).",
        "OneTimeUse is met by using each assertion once.",
        |m| m.edited(|xml| inside(xml, "Conditions", "<OneTimeUse/>")),
    ),
    honest(
        "subject-locality",
        "The address of the person's machine",
        "SubjectLocality is optional, and its address is that of a proxy more often than not.",
        "Do not compare it with the address of the request.",
        |m| {
            m.edited(|xml| before(xml, "AuthnContext", "<SubjectLocality Address=\"192.0.2.44\"/>"))
        },
    ),
    honest(
        "authenticating-authority",
        "The identity provider names another that it has asked",
        "AuthenticatingAuthority is optional (Core 2.7.2.2).",
        FIX,
        |m| {
            m.edited(|xml| {
                inside(
                    xml,
                    "AuthnContext",
                    "<AuthenticatingAuthority>https://trust.example/adfs</AuthenticatingAuthority>",
                )
            })
        },
    ),
    honest(
        "typed-values",
        "Values with xsi:type",
        "Many products write xs:string there.",
        "Take no decision by xsi:type.",
        |m| {
            m.edited(|xml| {
                replace(
                    xml,
                    "<AttributeValue>",
                    "<AttributeValue xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\">",
                )
            })
        },
    ),
    honest(
        "friendly-names",
        "Attributes with FriendlyName and NameFormat",
        "Both are for people and change nothing.",
        FIX,
        |m| {
            m.edited(|xml| crate::rehearse::surgery::add(xml, "Attribute",
            "FriendlyName=\"mail\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\""))
        },
    ),
    honest(
        "more-attributes",
        "An attribute nobody has asked for",
        "NHSmail may add claims at any time.",
        "Pass over attributes that are not known.",
        |m| {
            m.edited(|xml| inside(xml, "AttributeStatement",
            "<Attribute Name=\"urn:nobody:knows\"><AttributeValue>x</AttributeValue></Attribute>"))
        },
    ),
    honest(
        "statements-in-other-order",
        "AuthnStatement before AttributeStatement",
        "Statements have no order (Core 2.3.3).",
        "Take statements by their names.",
        |m| {
            m.edited(|xml| {
                let statement = crate::rehearse::surgery::part(xml, "AuthnStatement")?.text;
                before(&without(xml, "AuthnStatement")?, "AttributeStatement", &statement)
            })
        },
    ),
    honest(
        "status-message",
        "A status message beside success",
        "StatusMessage is optional with every status.",
        FIX,
        |m| {
            m.edited(|xml| {
                after(xml, "StatusCode", "<samlp:StatusMessage>OK</samlp:StatusMessage>")
            })
        },
    ),
    script(
        "deep-link",
        Kind::Honest,
        "A page with a query is asked for, and shown after the sign-in",
        "People follow links from e-mails. After the sign-in they expect that page.",
        "Keep the address that was asked for, on the server or in a signed cookie.",
        deep_link,
    )
    .expecting("the person is signed in, and sees the page that was asked for"),
    script(
        "two-tabs",
        Kind::Honest,
        "Two tabs ask, and both are answered in their order",
        "Ward PCs open several tabs at start.",
        "Remember each request by its own ID, not one for each browser.",
        |s| tabs(s, false),
    ),
    script(
        "two-tabs-reversed",
        Kind::Honest,
        "Two tabs ask, and are answered in the reverse order",
        "The second tab may be quicker.",
        "Remember each request by its own ID, not one for each browser.",
        |s| tabs(s, true),
    ),
    script(
        "back-and-again",
        Kind::Honest,
        "A sign-in is abandoned and begun again",
        "People go back and try again.",
        "Let the next request not depend on the one before.",
        back_and_again,
    ),
    script(
        "after-cancel",
        Kind::Honest,
        "A sign-in after one that the person has cancelled",
        "Cancel is no crime.",
        "Let people try again after the identity provider has said no.",
        after_cancel,
    ),
    script(
        "other-person-same-browser",
        Kind::Honest,
        "A colleague signs in after somebody else",
        "Ward PCs are shared. The second person must not be taken for the first.",
        "Replace the session when a new assertion is accepted.",
        second_person,
    ),
];

fn fractions(xml: &str, fraction: &str) -> Result<String, Trouble> {
    let mut changed = String::with_capacity(xml.len());
    let mut rest = xml;
    // A fraction of three digits before Z is written in times alone.
    while let Some((before, behind)) = rest.split_once('.') {
        changed.push_str(before);
        match behind.split_at_checked(4) {
            Some((digits, behind)) if digits.ends_with("Z") => {
                changed.push_str(fraction);
                changed.push('Z');
                rest = behind;
            }
            _ => {
                changed.push('.');
                rest = behind;
            }
        }
    }
    changed.push_str(rest);
    replace(xml, xml, &changed)
}
