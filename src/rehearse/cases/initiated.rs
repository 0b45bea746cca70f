//! Sign-ins that begin at the identity provider: responses that nobody asked for.

use chrono::TimeDelta;

use super::sessions::{TARGET, judge_redirect};
use crate::idp::Ids;
use crate::rehearse::case::{Case, Judgement, Kind, Theme, Trouble, script};
use crate::rehearse::judge::judge_honest;
use crate::rehearse::maker::{ELSEWHERE, Maker};
use crate::rehearse::scene::Scene;
use crate::rehearse::surgery::{add, set, set_text};

const ASKED: &str = "Accept answers to own requests alone. Where people must come from a page of links at \
                     the identity provider, let the link lead to a page that starts a sign-in.";
const SAME: &str = "Check a response that nobody asked for by every rule but InResponseTo.";
const REQUEST: &str =
    "Refuse a response with InResponseTo unless this browser has sent that request.";

/// Why the cases do not apply to others.
const NOT_TAKEN: &str =
    "it is not said to take responses that nobody asked for (--unsolicited-allowed)";
pub(super) const TAKEN: &str =
    "it is said to take responses that nobody asked for (--unsolicited-allowed)";

pub(super) const THEME: Theme = Theme {
    id: "initiated",
    title: "Begun at the identity provider",
    about: "Responses that nobody asked for, in a browser that has never been there. Most service \
            providers do well to refuse them; those that say they take them are held to the other rules.",
    cases: CASES,
};

/// Brings what `make` makes to a browser that has asked for nothing, and judges.
fn unasked(
    scene: &mut Scene<'_>,
    make: impl FnOnce(&Maker<'_>) -> Result<String, Trouble>,
) -> Result<Judgement, Trouble> {
    let begun = scene.unasked(None)?;
    let xml = make(&scene.maker(&begun))?;
    let mut browser = scene.browser();
    Ok(scene.attack(&mut browser, &begun, &xml))
}

fn redirect(scene: &mut Scene<'_>, state: &str) -> Result<Judgement, Trouble> {
    let begun = scene.unasked(Some(state))?;
    let xml = scene.maker(&begun).response()?;
    let way = scene.deliver(&mut scene.browser(), &begun, &xml);
    Ok(judge_redirect(&way, state))
}

fn unknown_request() -> Result<String, Trouble> {
    Ok(Ids::random().map_err(|error| Trouble::made(&error))?.response)
}

const TAKES: &[&str] = &["initiated-sign-in"];

const CASES: &[Case] = &[
    script(
        "initiated-sign-in",
        Kind::Honest,
        "A person comes from the identity provider's page of links",
        "Entra ID's My Apps, and AD FS's own page, send people without having been asked.",
        "Take a response without InResponseTo, or do not say that you do.",
        |scene| {
            if !scene.setup.takes_unsolicited {
                return Ok(Judgement::none(NOT_TAKEN));
            }
            let begun = scene.unasked(None)?;
            let xml = scene.maker(&begun).response()?;
            let mut browser = scene.browser();
            let way = scene.deliver(&mut browser, &begun, &xml);
            let who = scene.who(&mut browser);
            if who.signed_in && scene.setup.shows_names && !who.sender {
                return Ok(Judgement::bad("somebody is signed in, but not the person who came"));
            }
            Ok(judge_honest(&way, &who))
        },
    ),
    script(
        "initiated-fresh-browser",
        Kind::Hostile,
        "A response that nobody asked for, in a browser that has never been there",
        "Any page can post it: it signs people in under a name that they have not chosen (login CSRF).",
        ASKED,
        |scene| {
            if scene.setup.takes_unsolicited {
                return Ok(Judgement::none(TAKEN));
            }
            unasked(scene, |m| m.response())
        },
    ),
    script(
        "initiated-request-unknown",
        Kind::Hostile,
        "The answer to a request that nobody has sent, in a browser that has never been there",
        "It was asked for by another browser, and taken from it.",
        REQUEST,
        |scene| {
            let id = unknown_request()?;
            unasked(scene, |m| m.with(|m| m.reply_to.request_id = Some(id)).response())
        },
    ),
    script(
        "initiated-relay-address",
        Kind::Hostile,
        "Nobody asked for it, and its RelayState is an address elsewhere",
        "Here RelayState comes from whoever made the link: it is the classic open redirect.",
        TARGET,
        |s| redirect(s, "https://elsewhere.example/"),
    )
    .expecting("nobody is sent to an address of the sender's choice"),
    script(
        "initiated-relay-no-scheme",
        Kind::Hostile,
        "Nobody asked for it, and its RelayState is an address elsewhere without a scheme",
        "It begins like a path, and browsers take it for another site.",
        TARGET,
        |s| redirect(s, "//elsewhere.example/"),
    )
    .expecting("nobody is sent to an address of the sender's choice"),
    script(
        "initiated-replay",
        Kind::Hostile,
        "The same response once more, in another browser",
        "No request limits it to one use: only its ID does.",
        "Remember the ID of each assertion until it has expired, and refuse it the second time.",
        |scene| {
            let begun = scene.unasked(None)?;
            let xml = scene.maker(&begun).response()?;
            let mut first = scene.browser();
            scene.let_in(&mut first, &begun, &xml)?;
            let mut other = scene.browser();
            Ok(scene.attack(&mut other, &begun, &xml))
        },
    )
    .needing(TAKES),
    script(
        "initiated-request-in-signed-part",
        Kind::Hostile,
        "The response names no request, its signed part an unknown one",
        "The answer to another browser's request, dressed up as one that nobody asked for.",
        REQUEST,
        |scene| {
            let id = unknown_request()?;
            unasked(scene, |m| {
                let answer = format!("InResponseTo=\"{id}\"");
                m.edited(|xml| add(xml, "SubjectConfirmationData", &answer))
            })
        },
    )
    .needing(TAKES),
    script(
        "initiated-unsigned",
        Kind::Hostile,
        "Nobody asked for it, and nobody signed it",
        "Anybody can write it.",
        SAME,
        |scene| unasked(scene, |m| Ok(m.draft()?.xml)),
    )
    .needing(TAKES),
    script(
        "initiated-stranger",
        Kind::Hostile,
        "Nobody asked for it, and a stranger signed it",
        "A certificate is free.",
        SAME,
        |scene| unasked(scene, |m| m.sign_by(&m.draft()?, m.stranger())),
    )
    .needing(TAKES),
    script(
        "initiated-audience",
        Kind::Hostile,
        "Nobody asked for it, and it is for another service",
        "Whoever runs another service can bring it here.",
        SAME,
        |scene| unasked(scene, |m| m.edited(|xml| set_text(xml, "Audience", ELSEWHERE))),
    )
    .needing(TAKES),
    script(
        "initiated-recipient",
        Kind::Hostile,
        "Nobody asked for it, and it is to be delivered elsewhere",
        "It was stolen, or sent on by another service.",
        SAME,
        |scene| {
            unasked(scene, |m| {
                m.edited(|xml| set(xml, "SubjectConfirmationData", "Recipient", Some(ELSEWHERE)))
            })
        },
    )
    .needing(TAKES),
    script(
        "initiated-expired",
        Kind::Hostile,
        "Nobody asked for it, and it was issued two hours ago",
        "It was kept or stolen.",
        SAME,
        |scene| unasked(scene, |m| m.at(TimeDelta::hours(-2)).response()),
    )
    .needing(TAKES),
];
