//! Single log-out, for service providers that publish an address for it.

use chrono::TimeDelta;
use url::Url;

use crate::crypto::{hex, sha256};
use crate::idp::{IssuedSession, LogoutBinding, OutgoingLogout, Person, TestIdp};
use crate::rehearse::browser::Browser;
use crate::rehearse::case::{Case, Judgement, Kind, Theme, Trouble, script};
use crate::rehearse::maker::ELSEWHERE;
use crate::rehearse::scene::{Begun, Scene, URLENCODED};
use crate::rehearse::surgery::{replace, without};
use crate::saml::EntityId;
use crate::xml::encode_base64;

const END: &str =
    "End the session on the server, by NameID and SessionIndex, not by a cookie alone.";
const PROVE: &str = "Verify a LogoutRequest like a response: signature, issuer, destination, time.";
const WHOSE: &str = "End the sessions that NameID and SessionIndex name, and no others.";
const WHY: &str = "Whoever can end sessions keeps people from their work.";

pub(super) const THEME: Theme = Theme {
    id: "logout",
    title: "Single log-out",
    about: "The identity provider ends sessions; nobody else does. Only for service providers whose \
            metadata has a SingleLogoutService.",
    cases: CASES,
};

/// Somebody is signed in.
struct SignedIn<'s> {
    browser: Browser<'s>,
    person: Person,
    session: IssuedSession,
    idp: TestIdp,
}

fn signed_in<'s>(scene: &mut Scene<'s>) -> Result<SignedIn<'s>, Trouble> {
    sign_in(scene, None)
}

/// The same as somebody of the caller's choice.
fn signed_in_as<'s>(scene: &mut Scene<'s>, person: Person) -> Result<SignedIn<'s>, Trouble> {
    sign_in(scene, Some(person))
}

fn sign_in<'s>(scene: &mut Scene<'s>, person: Option<Person>) -> Result<SignedIn<'s>, Trouble> {
    if scene.setup.relying_party.logout.is_empty() {
        return Err(Trouble::NotApplicable(
            "its metadata has no SingleLogoutService, so the identity provider ends no session",
        ));
    }
    let mut browser = scene.browser();
    let begun = scene.begin(&mut browser)?;
    let mut maker = scene.maker(&begun);
    maker.person = match person {
        Some(person) => person,
        None => somebody_new(&begun)?,
    };
    let xml = maker.response()?;
    scene.deliver(&mut browser, &begun, &xml);
    if !scene.who(&mut browser).signed_in {
        return Err(Trouble::NoSignIn("the honest sign-in was refused".to_owned()));
    }
    let session = IssuedSession::of_response(&xml);
    let session = session.ok_or_else(|| Trouble::Made("the session has no name".to_owned()))?;
    Ok(SignedIn { browser, person: maker.person, session, idp: maker.idp })
}

/// Somebody who has no other session. The sender has many by now, and service providers that look
/// for a session by the name alone, before they compare the index, would find another one.
fn somebody_new(begun: &Begun) -> Result<Person, Trouble> {
    let request = begun.sign_in.reply_to.request_id.as_deref().unwrap_or_default();
    let digest = sha256(request.as_bytes());
    let number = digest.first_chunk::<4>().map(|bytes| hex(bytes)).unwrap_or_default();
    let person = Person::from_user_name(&format!("leaver.{number}"));
    person.ok_or_else(|| Trouble::Made("a person has no name".to_owned()))
}

impl SignedIn<'_> {
    /// The message, by the first binding that there is.
    fn message(&self, scene: &Scene<'_>, ago: TimeDelta) -> Result<OutgoingLogout, Trouble> {
        let binding = match self.idp.relying_parties.first().and_then(|rp| rp.logout.first()) {
            Some(service) => service.binding,
            None => LogoutBinding::Redirect,
        };
        self.message_by(scene, binding, ago)
    }

    fn message_by(
        &self,
        scene: &Scene<'_>,
        binding: LogoutBinding,
        ago: TimeDelta,
    ) -> Result<OutgoingLogout, Trouble> {
        let now = (scene.setup.network.clock)();
        let now = now.checked_sub_signed(ago).unwrap_or(now);
        match self.idp.request_logout(&self.session, None, binding, now) {
            Err(crate::idp::issue::IssueError::NoLogoutService) => {
                Err(Trouble::NotApplicable("its metadata has no such binding for log-out"))
            }
            other => other.map_err(|error| Trouble::made(&error)),
        }
    }
}

/// Brings the message through the browser.
fn bring<'s>(
    scene: &mut Scene<'s>,
    browser: &mut Browser<'s>,
    message: &OutgoingLogout,
) -> Result<(), Trouble> {
    let address = |url: &str| Url::parse(url).map_err(|error| Trouble::made(&error));
    let way = match message {
        OutgoingLogout::Redirect { url, .. } => browser.come_to(&address(url)?),
        OutgoingLogout::Post { form, .. } => {
            let body = url::form_urlencoded::Serializer::new(String::new())
                .append_pair(form.field, &encode_base64(form.xml.as_bytes()))
                .finish();
            browser.post(&address(&form.url)?, URLENCODED, body.as_bytes())
        }
    };
    scene.walked(&way);
    Ok(())
}

fn honest(scene: &mut Scene<'_>, binding: LogoutBinding) -> Result<Judgement, Trouble> {
    let mut person = signed_in(scene)?;
    let message = person.message_by(scene, binding, TimeDelta::zero())?;
    let mut kept = person.browser.clone();
    bring(scene, &mut person.browser, &message)?;
    let ended = !scene.who(&mut person.browser).signed_in;
    let dead = !scene.who(&mut kept).signed_in;
    Ok(match (ended, dead) {
        (true, true) => Judgement::good("the session has ended, for old cookies too"),
        (true, false) => Judgement::bad(
            "the browser is signed out, but its old cookies still lead to the session",
        ),
        (false, _) => Judgement::bad("the person is still signed in"),
    })
}

/// Signs out at the second of two computers.
fn one_of_two(scene: &mut Scene<'_>) -> Result<Judgement, Trouble> {
    let mut first = signed_in(scene)?;
    let mut second = signed_in_as(scene, first.person.clone())?;
    let message = second.message(scene, TimeDelta::zero())?;
    bring(scene, &mut second.browser, &message)?;
    let ended = !scene.who(&mut second.browser).signed_in;
    let lives = scene.who(&mut first.browser).signed_in;
    Ok(match (ended, lives) {
        (true, true) => Judgement::good("the session has ended, and the other lives on"),
        (true, false) => Judgement::bad("both sessions have ended"),
        (false, true) => Judgement::bad("the person is still signed in, at both computers"),
        (false, false) => Judgement::bad("the other session has ended, and this one has not"),
    })
}

/// Makes a message in an identity provider that was changed, perhaps changes it, and sees whether
/// the session lives on.
fn hostile(
    scene: &mut Scene<'_>,
    change: impl FnOnce(&Scene<'_>, &mut SignedIn<'_>) -> Result<(), Trouble>,
    spoil: impl FnOnce(OutgoingLogout) -> Result<OutgoingLogout, Trouble>,
) -> Result<Judgement, Trouble> {
    let mut person = signed_in(scene)?;
    change(scene, &mut person)?;
    let message = spoil(person.message(scene, TimeDelta::zero())?)?;
    bring(scene, &mut person.browser, &message)?;
    Ok(lives(scene, &mut person.browser))
}

fn lives<'s>(scene: &mut Scene<'s>, browser: &mut Browser<'s>) -> Judgement {
    Judgement::when(
        scene.who(browser).signed_in,
        "refused: the session lives on",
        "the session was ended by it; expected: not",
    )
}

fn unsigned(message: OutgoingLogout) -> Result<OutgoingLogout, Trouble> {
    Ok(match message {
        OutgoingLogout::Redirect { url, id } => {
            let bare = url.split("&SigAlg=").next().unwrap_or_default().to_owned();
            OutgoingLogout::Redirect { url: bare, id }
        }
        OutgoingLogout::Post { mut form, id } => {
            form.xml = without(&form.xml, "Signature")?;
            OutgoingLogout::Post { form, id }
        }
    })
}

fn changed(message: OutgoingLogout) -> Result<OutgoingLogout, Trouble> {
    Ok(match message {
        OutgoingLogout::Redirect { url, id } => {
            let url = replace(&url, "&SigAlg=", "&RelayState=changed&SigAlg=")?;
            OutgoingLogout::Redirect { url, id }
        }
        OutgoingLogout::Post { mut form, id } => {
            form.xml = replace(&form.xml, " Version=\"2.0\"", " Version=\"2.0\" Reason=\"x\"")?;
            OutgoingLogout::Post { form, id }
        }
    })
}

const NEEDS: &[&str] = &["logout-any"];

const CASES: &[Case] = &[
    script(
        "logout-any",
        Kind::Honest,
        "The identity provider ends the session",
        "People sign out of NHSmail and expect to be out.",
        END,
        |scene| {
            let person = signed_in(scene)?;
            match person.message(scene, TimeDelta::zero())? {
                OutgoingLogout::Redirect { .. } => honest(scene, LogoutBinding::Redirect),
                OutgoingLogout::Post { .. } => honest(scene, LogoutBinding::Post),
            }
        },
    )
    .expecting("the session ends, for old cookies too"),
    script(
        "logout-redirect",
        Kind::Honest,
        "The identity provider ends the session by a link",
        "AD FS does it in a frame of its page.",
        END,
        |s| honest(s, LogoutBinding::Redirect),
    )
    .expecting("the session ends, for old cookies too"),
    script(
        "logout-post",
        Kind::Honest,
        "The identity provider ends the session by a form",
        "The session cookie does not come along with a form of another site.",
        END,
        |s| honest(s, LogoutBinding::Post),
    )
    .expecting("the session ends, for old cookies too"),
    script(
        "logout-one-of-two",
        Kind::Honest,
        "One of two sessions of the same person",
        "Somebody is signed in at two computers, and signs out at one.",
        WHOSE,
        one_of_two,
    )
    .expecting("the later session ends and the earlier one lives on")
    .needing(NEEDS),
    script(
        "logout-unsigned",
        Kind::Hostile,
        "A LogoutRequest without a signature",
        WHY,
        PROVE,
        |s| hostile(s, |_, _| Ok(()), unsigned),
    )
    .expecting("the session lives on")
    .needing(NEEDS),
    script(
        "logout-stranger",
        Kind::Hostile,
        "A LogoutRequest signed by a stranger",
        WHY,
        PROVE,
        |s| {
            hostile(
                s,
                |scene, person| {
                    person.idp.keys.replace(scene.setup.stranger.clone());
                    Ok(())
                },
                Ok,
            )
        },
    )
    .expecting("the session lives on")
    .needing(NEEDS),
    script(
        "logout-changed",
        Kind::Hostile,
        "A LogoutRequest changed after its signature",
        WHY,
        PROVE,
        |s| hostile(s, |_, _| Ok(()), changed),
    )
    .expecting("the session lives on")
    .needing(NEEDS),
    script(
        "logout-issuer",
        Kind::Hostile,
        "A LogoutRequest of another identity provider",
        WHY,
        PROVE,
        |s| {
            hostile(
                s,
                |_, person| {
                    let name = EntityId::new("http://fs.elsewhere.example/adfs/services/trust");
                    person.idp.entity_id = name.map_err(|error| Trouble::made(&error))?;
                    Ok(())
                },
                Ok,
            )
        },
    )
    .expecting("the session lives on")
    .needing(NEEDS),
    script(
        "logout-destination",
        Kind::Hostile,
        "A LogoutRequest for another service",
        WHY,
        PROVE,
        |scene| {
            let mut person = signed_in(scene)?;
            let ours = person.message(scene, TimeDelta::zero())?;
            for service in person.idp.relying_parties.iter_mut().flat_map(|rp| rp.logout.iter_mut())
            {
                service.url = ELSEWHERE.to_owned();
            }
            let message = match (person.message(scene, TimeDelta::zero())?, ours) {
                (
                    OutgoingLogout::Redirect { url, id },
                    OutgoingLogout::Redirect { url: ours, .. },
                ) => {
                    let query = url.split_once("SAMLRequest=").map_or("", |(_, query)| query);
                    let (address, _) = ours.split_once("SAMLRequest=").unwrap_or((&ours, ""));
                    OutgoingLogout::Redirect { url: format!("{address}SAMLRequest={query}"), id }
                }
                (
                    OutgoingLogout::Post { mut form, id },
                    OutgoingLogout::Post { form: ours, .. },
                ) => {
                    form.url = ours.url;
                    OutgoingLogout::Post { form, id }
                }
                _ => return Err(Trouble::Made("two bindings".to_owned())),
            };
            bring(scene, &mut person.browser, &message)?;
            Ok(lives(scene, &mut person.browser))
        },
    )
    .expecting("the session lives on")
    .needing(NEEDS),
    script(
        "logout-expired",
        Kind::Hostile,
        "A LogoutRequest of two hours ago",
        WHY,
        PROVE,
        |scene| {
            let mut person = signed_in(scene)?;
            let message = person.message(scene, TimeDelta::hours(2))?;
            bring(scene, &mut person.browser, &message)?;
            Ok(lives(scene, &mut person.browser))
        },
    )
    .expecting("the session lives on")
    .needing(NEEDS),
    script(
        "logout-other-session",
        Kind::Hostile,
        "A LogoutRequest for another session",
        "Signing out of one ward PC must not end the session at another.",
        WHOSE,
        |s| {
            hostile(
                s,
                |_, person| {
                    person.session.session_index =
                        "_7e577e57-7e57-4e57-8e57-7e577e577e57".to_owned();
                    Ok(())
                },
                Ok,
            )
        },
    )
    .expecting("the session lives on")
    .needing(NEEDS),
    script(
        "logout-other-person",
        Kind::Hostile,
        "A LogoutRequest for somebody else",
        WHY,
        WHOSE,
        |s| {
            hostile(
                s,
                |scene, person| {
                    person.session.name_id = scene.setup.victim.name_id.clone().unwrap_or_default();
                    person.session.session_index =
                        "_7e577e57-7e57-4e57-8e57-7e577e577e58".to_owned();
                    Ok(())
                },
                Ok,
            )
        },
    )
    .expecting("the session lives on")
    .needing(NEEDS),
];
