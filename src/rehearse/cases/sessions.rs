//! Genuine responses in the wrong browser or at the wrong time; and where people are sent.

use url::Url;

use crate::rehearse::browser::{Page, Way};
use crate::rehearse::case::{Case, Judgement, Kind, Theme, Trouble, script};
use crate::rehearse::judge::{answer, judge_hostile};
use crate::rehearse::scene::Scene;
use crate::rehearse::surgery::replace;
use crate::xml::encode_base64;

const REPLAY: &str = "Remember the ID of each assertion until it has expired, in a store that all \
                      machines share, and refuse it the second time.";
const BROWSER: &str = "Keep the request in a cookie of the browser that has sent it, and refuse an \
                       answer without that cookie.";
const FIXED: &str = "Give the browser a new session when somebody signs in, and end the old one.";
pub(super) const TARGET: &str = "Let RelayState be a word that the service provider has made and remembers. If it \
                      must be an address, accept paths alone.";
const ESCAPE: &str = "Escape everything that comes from outside when it is shown.";
const FOREIGN: &str = "elsewhere.example";

pub(super) const THEME: Theme = Theme {
    id: "sessions",
    title: "Sessions, replay and redirects",
    about: "Genuine responses that are used twice or in another browser, sessions that others know, \
            and addresses to which nobody should be sent.",
    cases: CASES,
};

/// Posts a genuine response with a RelayState of the sender's choice.
fn with_relay_state(scene: &mut Scene<'_>, state: &str) -> Result<Way, Trouble> {
    let mut browser = scene.browser();
    let begun = scene.begin(&mut browser)?;
    let response = encode_base64(scene.maker(&begun).response()?.as_bytes());
    let fields = [("SAMLResponse", response.as_str()), ("RelayState", state)];
    Ok(scene.deliver_fields(&mut browser, &begun, &fields))
}

fn redirect(scene: &mut Scene<'_>, state: &str) -> Result<Judgement, Trouble> {
    Ok(judge_redirect(&with_relay_state(scene, state)?, state))
}

/// Whether a RelayState of the sender's choice leads anywhere.
pub(super) fn judge_redirect(way: &Way, state: &str) -> Judgement {
    let leads_away = |page: &Page| {
        let by_header = page.location.as_ref().is_some_and(|to| {
            to.host_str().is_some_and(|host| host.ends_with(FOREIGN)) || to.scheme() == "javascript"
        });
        let by_page = ["url=", "href=\"", "href='", "location=\"", "location.href=\""]
            .iter()
            .any(|before| page.body.contains(&format!("{before}{state}")));
        let by_cookie = page.header("x-rehearsal").is_some();
        by_header || by_page || by_cookie
    };
    let answer = answer(way);
    Judgement::when(
        !way.pages.iter().any(leads_away),
        format!("nobody is sent there: it {answer}"),
        format!("the browser is sent to the address that the sender has chosen: it {answer}"),
    )
}

/// Whether a page holds markup that came from outside.
fn is_reflected(way: &Way) -> bool {
    way.pages.iter().any(|page| page.is_html() && page.body.contains("<script>rehearsal"))
}

const MARKUP: &str = "\"'><script>rehearsal()</script>";

const CASES: &[Case] = &[
    script(
        "replay-same-browser",
        Kind::Hostile,
        "The same response once more, in the same browser",
        "The back button brings it; nobody must be signed in by it after signing out.",
        REPLAY,
        |scene| {
            let mut browser = scene.browser();
            let begun = scene.begin(&mut browser)?;
            let before = browser.clone();
            let xml = scene.maker(&begun).response()?;
            scene.let_in(&mut browser, &begun, &xml)?;
            // The browser as it was: with the request still remembered, and without a session.
            let mut again = before;
            Ok(scene.attack(&mut again, &begun, &xml))
        },
    ),
    script(
        "replay-other-browser",
        Kind::Hostile,
        "The same response once more, in another browser",
        "It was stolen from a log or a proxy.",
        REPLAY,
        |scene| {
            let mut browser = scene.browser();
            let begun = scene.begin(&mut browser)?;
            let xml = scene.maker(&begun).response()?;
            scene.let_in(&mut browser, &begun, &xml)?;
            let mut other = scene.browser();
            Ok(scene.attack(&mut other, &begun, &xml))
        },
    ),
    script(
        "replay-other-request",
        Kind::Hostile,
        "The same response again, after another request of the same browser",
        "The browser has asked again, but for another answer.",
        REPLAY,
        |scene| {
            let mut browser = scene.browser();
            let first = scene.begin(&mut browser)?;
            let xml = scene.maker(&first).response()?;
            scene.let_in(&mut browser, &first, &xml)?;
            let mut other = scene.browser();
            let second = scene.begin(&mut other)?;
            Ok(scene.attack(&mut other, &second, &xml))
        },
    ),
    script(
        "replay-wrapped-id",
        Kind::Hostile,
        "The same assertion in a response of another ID",
        "The response is not signed: only the assertion's ID counts.",
        REPLAY,
        |scene| {
            let mut browser = scene.browser();
            let begun = scene.begin(&mut browser)?;
            let mut again = browser.clone();
            let xml = scene.maker(&begun).response()?;
            scene.let_in(&mut browser, &begun, &xml)?;
            let id = crate::rehearse::maker::FORGED_RESPONSE_ID;
            let xml = crate::rehearse::surgery::set(&xml, "Response", "ID", Some(id))?;
            Ok(scene.attack(&mut again, &begun, &xml))
        },
    ),
    script(
        "other-browser",
        Kind::Hostile,
        "The answer to a request of another browser",
        "Somebody signs others in under a name of their own, and reads what they enter (login CSRF).",
        BROWSER,
        |scene| {
            let begun = scene.begin(&mut scene.browser())?;
            let xml = scene.maker(&begun).response()?;
            let mut other = scene.browser();
            Ok(scene.attack(&mut other, &begun, &xml))
        },
    ),
    script(
        "other-browser-that-asked",
        Kind::Hostile,
        "The answer to another browser's request, where one is awaited",
        "Both have asked; each gets the other's answer.",
        BROWSER,
        |scene| {
            let begun = scene.begin(&mut scene.browser())?;
            let xml = scene.maker(&begun).response()?;
            let mut other = scene.browser();
            let own = scene.begin(&mut other)?;
            Ok(scene.attack(&mut other, &own, &xml))
        },
    ),
    script(
        "switched-person",
        Kind::Hostile,
        "Somebody who is signed in is given another's response",
        "From then on they would work under another name without noticing.",
        BROWSER,
        |scene| {
            let begun = scene.begin(&mut scene.browser())?;
            let xml = scene.maker(&begun).response()?;
            let mut victim = scene.browser();
            scene.sign_in_victim(&mut victim)?;
            if !scene.who(&mut victim).signed_in {
                return Ok(Judgement::unclear("the honest sign-in was refused"));
            }
            scene.deliver(&mut victim, &begun, &xml);
            let who = scene.who(&mut victim);
            if !scene.setup.shows_names {
                return Ok(Judgement::unclear("the page does not show who is signed in"));
            }
            Ok(Judgement::when(
                !who.sender,
                "the person is still who they were, or signed out",
                "the person is now signed in as the sender; expected: no change",
            ))
        },
    ).expecting("the person stays who they are"),
    script(
        "fixed-session",
        Kind::Hostile,
        "A browser whose cookies somebody else knows",
        "Cookies that were set before the sign-in may be known to others, on a shared PC for example. \
         They must not lead to the session that is made by it.",
        FIXED,
        |scene| {
            let mut browser = scene.browser();
            let begun = scene.begin(&mut browser)?;
            let mut other = browser.clone();
            let xml = scene.maker(&begun).response()?;
            scene.let_in(&mut browser, &begun, &xml)?;
            let who = scene.who(&mut other);
            Ok(Judgement::when(
                !who.signed_in,
                "the old cookies lead nowhere",
                "whoever knew the cookies from before is signed in as well; expected: nobody",
            ))
        },
    ).expecting("the old cookies lead to no session"),
    script(
        "fixed-session-again",
        Kind::Hostile,
        "A session that exists already, when a colleague signs in",
        "Whoever has kept the first person's cookies must not get into the second person's session.",
        FIXED,
        |scene| {
            let mut browser = scene.browser();
            let second = scene.begin(&mut browser)?;
            scene.sign_in(&mut browser)?;
            let mut other = browser.clone();
            let maker = scene.maker(&second);
            let xml = maker.sign(&maker.draft_for(maker.victim())?)?;
            scene.deliver(&mut browser, &second, &xml);
            if !scene.setup.shows_names {
                return Ok(Judgement::unclear("the page does not show who is signed in"));
            }
            if !scene.who(&mut browser).victim {
                return Ok(Judgement::good("the second person is not signed in over the first"));
            }
            let who = scene.who(&mut other);
            Ok(Judgement::when(
                !who.victim,
                "the old cookies do not lead to the new session",
                "whoever kept the old cookies is now the second person; expected: not",
            ))
        },
    ).expecting("the old cookies do not lead to the new session"),
    script(
        "relay-address",
        Kind::Hostile,
        "RelayState is an address elsewhere",
        "After a genuine sign-in people would trust the page to which they are led.",
        TARGET,
        |s| redirect(s, "https://elsewhere.example/"),
    ).expecting("nobody is sent to an address of the sender's choice"),
    script(
        "relay-no-scheme",
        Kind::Hostile,
        "RelayState is an address without a scheme",
        "Browsers take // for the scheme of the page.",
        TARGET,
        |s| redirect(s, "//elsewhere.example/"),
    ).expecting("nobody is sent to an address of the sender's choice"),
    script(
        "relay-backslash",
        Kind::Hostile,
        "RelayState begins with a slash and a backslash",
        "Browsers take it for //.",
        TARGET,
        |s| redirect(s, "/\\elsewhere.example/"),
    ).expecting("nobody is sent to an address of the sender's choice"),
    script(
        "relay-space",
        Kind::Hostile,
        "RelayState is an address behind a tab",
        "Browsers leave tabs out.",
        TARGET,
        |s| redirect(s, "/\t/elsewhere.example/"),
    ).expecting("nobody is sent to an address of the sender's choice"),
    script(
        "relay-user",
        Kind::Hostile,
        "RelayState is an address with our name as the user",
        "It begins like ours, and leads elsewhere.",
        TARGET,
        |s| {
            let mut address = s.setup.start.clone();
            let host = address.host_str().unwrap_or_default().to_owned();
            // Impossible for addresses without a host.
            let _ = address.set_host(Some(FOREIGN));
            let _ = address.set_username(&host);
            redirect(s, address.as_str())
        },
    ).expecting("nobody is sent to an address of the sender's choice"),
    script(
        "relay-script",
        Kind::Hostile,
        "RelayState is a script",
        "Links may hold scripts.",
        TARGET,
        |s| redirect(s, "javascript:alert(1)//"),
    ).expecting("nobody is sent to an address of the sender's choice"),
    script(
        "relay-header",
        Kind::Hostile,
        "RelayState holds line ends",
        "Behind a line end stands the next header.",
        TARGET,
        |s| redirect(s, "/\r\nX-Rehearsal: 1\r\n"),
    ).expecting("nobody is sent to an address of the sender's choice"),
    script(
        "relay-markup",
        Kind::Hostile,
        "RelayState holds a script for the page",
        "It comes from outside, whatever the service provider once sent.",
        ESCAPE,
        |scene| {
            let way = with_relay_state(scene, MARKUP)?;
            Ok(Judgement::when(
                !is_reflected(&way),
                "the page does not hold it",
                "the page holds the script as it was sent; expected: escaped or left out",
            ))
        },
    ).expecting("what comes from outside is escaped, or left out"),
    script(
        "relay-twice",
        Kind::Hostile,
        "RelayState is there twice",
        "One may be checked, the other followed.",
        "Refuse a form in which a field is there twice, or \
         follow neither.",
        |scene| {
            let mut browser = scene.browser();
            let begun = scene.begin(&mut browser)?;
            let response = encode_base64(scene.maker(&begun).response()?.as_bytes());
            let state = begun.sign_in.relay_state.clone().unwrap_or_default();
            let elsewhere = "https://elsewhere.example/";
            let fields = [
                ("SAMLResponse", response.as_str()),
                ("RelayState", &state),
                ("RelayState", elsewhere),
            ];
            let way = scene.deliver_fields(&mut browser, &begun, &fields);
            let leads_away = way
                .pages
                .iter()
                .any(|page| page.location.as_ref().and_then(Url::host_str) == Some(FOREIGN));
            Ok(Judgement::when(
                !leads_away,
                format!("nobody is sent elsewhere: it {}", answer(&way)),
                "the browser is sent to the second address; expected: not",
            ))
        },
    ).expecting("nobody is sent to an address of the sender's choice"),
    script(
        "message-markup",
        Kind::Hostile,
        "The status message of a refusal holds a script",
        "Nobody signs a refusal: anybody can write it.",
        ESCAPE,
        |scene| {
            let mut browser = scene.browser();
            let begun = scene.begin(&mut browser)?;
            let maker = scene.maker(&begun);
            let status = crate::idp::ErrorStatus::responder();
            let xml = maker.idp.refuse(&maker.reply_to, &status, maker.now);
            let xml = xml.map_err(|error| Trouble::made(&error))?;
            let xml = replace(
                &xml,
                "</samlp:Status>",
                "<samlp:StatusMessage>&quot;&gt;&lt;script&gt;\
                rehearsal()&lt;/script&gt;</samlp:StatusMessage></samlp:Status>",
            )?;
            let way = scene.deliver(&mut browser, &begun, &xml);
            Ok(Judgement::when(
                !is_reflected(&way),
                format!("escaped or left out: it {}", answer(&way)),
                "the page holds the script as it was sent; expected: escaped or left out",
            ))
        },
    ).expecting("what comes from outside is escaped, or left out"),
    script(
        "name-markup",
        Kind::Hostile,
        "The name of a person holds a script",
        "Directories hold what people type.",
        ESCAPE,
        |scene| {
            let mut browser = scene.browser();
            let begun = scene.begin(&mut browser)?;
            let maker = scene.maker(&begun);
            let claim = crate::idp::Claim::new("DisplayName", [MARKUP]);
            let person = maker.person.clone().with_claim(claim);
            let xml = maker.with(|maker| maker.person = person).response()?;
            let way = scene.deliver(&mut browser, &begun, &xml);
            let html = scene.who(&mut browser).html;
            let is_shown = is_reflected(&way) || html.contains("<script>rehearsal");
            Ok(Judgement::when(
                !is_shown,
                "the pages do not hold it",
                "the page holds the script as it was sent; expected: escaped",
            ))
        },
    ).expecting("what comes from outside is escaped, or left out"),
    script(
        "refusal-by-idp",
        Kind::Hostile,
        "The identity provider says no",
        "A refusal signs nobody in.",
        "Look at Status first.",
        |scene| {
            let mut browser = scene.browser();
            let begun = scene.begin(&mut browser)?;
            let maker = scene.maker(&begun);
            let status = crate::idp::ErrorStatus::responder();
            let xml = maker.idp.refuse(&maker.reply_to, &status, maker.now);
            let way =
                scene.deliver(&mut browser, &begun, &xml.map_err(|error| Trouble::made(&error))?);
            let who = scene.who(&mut browser);
            Ok(judge_hostile(scene.setup, &way, &who, false))
        },
    ),
];
