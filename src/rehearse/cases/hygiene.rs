//! How a service provider presents itself: its metadata, requests, cookies and pages.

use actix_web::cookie::SameSite;
use chrono::TimeDelta;
use url::{Host, Url};

use crate::crypto::KeyKind;
use crate::rehearse::browser::Way;
use crate::rehearse::case::{Case, Judgement, Kind, Theme, Trouble, script};
use crate::rehearse::jar::Attributes;
use crate::rehearse::scene::{Begun, Scene};
use crate::saml::names::{METADATA, PROTOCOL};
use crate::saml::parse_instant;
use crate::xml::{Document, Limits, Node};

pub(super) const THEME: Theme = Theme {
    id: "hygiene",
    title: "Metadata, requests, cookies and pages",
    about: "What can be seen without an attack, and what NHSmail's administrators look at first.",
    cases: CASES,
};

/// Reads the metadata's role for SAML 2.0.
fn role(
    scene: &Scene<'_>,
    judge: impl FnOnce(Node<'_>, Node<'_>) -> Judgement,
) -> Result<Judgement, Trouble> {
    let document = Document::parse(&scene.setup.sp_metadata, &Limits::METADATA);
    let document = document.map_err(|error| Trouble::made(&error))?;
    let role = document.elements().find(|node| node.is(METADATA, "SPSSODescriptor"));
    let role = role.ok_or_else(|| Trouble::Made("there is no SPSSODescriptor".to_owned()))?;
    Ok(judge(document.root(), role))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn addresses(scene: &Scene<'_>) -> Vec<String> {
    let rp = &scene.setup.relying_party;
    let acs = rp.acs.iter().map(|acs| acs.url.clone());
    acs.chain(rp.logout.iter().map(|service| service.url.clone())).collect()
}

fn request(
    scene: &mut Scene<'_>,
    judge: impl FnOnce(&Scene<'_>, &Begun, Node<'_>) -> Judgement,
) -> Result<Judgement, Trouble> {
    let begun = scene.begin(&mut scene.browser())?;
    let document = Document::parse(begun.request.as_bytes(), &Limits::MESSAGE);
    let document = document.map_err(|error| Trouble::made(&error))?;
    Ok(judge(scene, &begun, document.root()))
}

/// The cookies that make the session: set by the sign-in, and without one of them nobody is signed
/// in.
fn session_cookies(scene: &mut Scene<'_>) -> Result<Vec<Attributes>, Trouble> {
    let mut browser = scene.browser();
    let begun = scene.begin(&mut browser)?;
    let before = browser.jar.clone();
    let xml = scene.maker(&begun).response()?;
    scene.deliver(&mut browser, &begun, &xml);
    let mut cookies = Vec::new();
    for cookie in browser.new_cookies(&before) {
        let mut without = browser.clone();
        without.jar = browser.jar.without(&cookie.name);
        if !scene.who(&mut without).signed_in {
            cookies.push(cookie);
        }
    }
    if cookies.is_empty() {
        return Err(Trouble::NotApplicable("no single cookie makes the session"));
    }
    Ok(cookies)
}

fn cookies(
    scene: &mut Scene<'_>,
    is_good: fn(&Attributes) -> bool,
    good: &str,
    bad: &str,
) -> Result<Judgement, Trouble> {
    let cookies = session_cookies(scene)?;
    let wrong: Vec<_> =
        cookies.iter().filter(|cookie| !is_good(cookie)).map(|c| c.name.as_str()).collect();
    Ok(Judgement::when(wrong.is_empty(), good, format!("{bad}: {}", wrong.join(", "))))
}

fn refusal(scene: &mut Scene<'_>) -> Result<Way, Trouble> {
    let mut browser = scene.browser();
    let begun = scene.begin(&mut browser)?;
    let xml = scene.maker(&begun).draft()?.xml;
    Ok(scene.deliver(&mut browser, &begun, &xml))
}

/// What pages say that were made for developers.
const INSIDES: [&str; 9] = [
    "Traceback (most recent call last)",
    "stack trace",
    "Stack trace",
    "panicked at",
    "at org.",
    "System.Exception",
    "NullPointerException",
    "SQLSTATE",
    "/node_modules/",
];

const CASES: &[Case] = &[
    script(
        "metadata-name",
        Kind::Hygiene,
        "The entityID is an address",
        "NHSmail registers it by hand, and it must never change.",
        "Use an absolute URI under a name of your own, at most 1,024 characters long.",
        |scene| {
            let name = scene.setup.relying_party.entity_id.as_str();
            let is_good = Url::parse(name).is_ok()
                && name.len() <= 1024
                && !name.contains(char::is_whitespace);
            Ok(Judgement::when(is_good, format!("it is {name}"), format!("it is {name:?}")))
        },
    ),
    script(
        "metadata-https",
        Kind::Hygiene,
        "Responses and log-out go over https",
        "Whoever reads a response on its way signs in with it.",
        "Publish https addresses. http is for this machine alone.",
        |scene| {
            let insecure: Vec<_> = addresses(scene)
                .into_iter()
                .filter(|text| {
                    Url::parse(text)
                        .map_or(true, |url| url.scheme() != "https" && !is_loopback(&url))
                })
                .collect();
            Ok(Judgement::when(
                insecure.is_empty(),
                "all addresses are https, or on this machine",
                format!("over http: {}", insecure.join(", ")),
            ))
        },
    ),
    script(
        "metadata-index",
        Kind::Hygiene,
        "Every address for responses has an index of its own",
        "Requests may name an address by its index (Metadata 2.2.3).",
        "Number the AssertionConsumerService elements, and mark one as the default.",
        |scene| {
            role(scene, |_, role| {
                let acs: Vec<_> = role
                    .elements()
                    .filter(|n| n.is(METADATA, "AssertionConsumerService"))
                    .collect();
                let mut indexes: Vec<_> = acs.iter().filter_map(|n| n.attribute("index")).collect();
                indexes.sort_unstable();
                indexes.dedup();
                let defaults = acs
                    .iter()
                    .filter(|n| matches!(n.attribute("isDefault"), Some("true" | "1")))
                    .count();
                Judgement::when(
                    indexes.len() == acs.len() && defaults <= 1,
                    "so it has, and at most one is the default",
                    "an index is missing or there twice, or there are several defaults",
                )
            })
        },
    ),
    script(
        "metadata-wants-signed",
        Kind::Hygiene,
        "It asks for signed assertions",
        "Some products sign nothing unless they are asked.",
        "Say WantAssertionsSigned=\"true\".",
        |scene| {
            role(scene, |_, role| {
                Judgement::when(
                    matches!(role.attribute("WantAssertionsSigned"), Some("true" | "1")),
                    "WantAssertionsSigned is true",
                    "WantAssertionsSigned is not true",
                )
            })
        },
    ),
    script(
        "metadata-protocol",
        Kind::Hygiene,
        "It speaks SAML 2.0 and nothing older",
        "SAML 1.1 has no protection against most of what is tried here.",
        "Let protocolSupportEnumeration name SAML 2.0 alone.",
        |scene| {
            role(scene, |_, role| {
                let found = role.attribute("protocolSupportEnumeration").unwrap_or_default();
                Judgement::when(
                    found.split_ascii_whitespace().all(|word| word == PROTOCOL),
                    "SAML 2.0 alone",
                    format!("it names {found}"),
                )
            })
        },
    ),
    script(
        "metadata-end",
        Kind::Hygiene,
        "The metadata is still valid",
        "AD FS refuses metadata that has ended, and updates nothing any more.",
        "Write validUntil some weeks ahead and renew it, or leave it out.",
        |scene| {
            let now = (scene.setup.network.clock)();
            role(scene, |root, role| {
                let ends = [root, role].into_iter().filter_map(|node| node.attribute("validUntil"));
                let wrong: Vec<_> = ends
                    .filter(|end| parse_instant(end).is_none_or(|end| end <= now))
                    .map(str::to_owned)
                    .collect();
                Judgement::when(
                    wrong.is_empty(),
                    "so it is",
                    format!("it ended at {}", wrong.join(", ")),
                )
            })
        },
    ),
    script(
        "metadata-certificates",
        Kind::Hygiene,
        "Certificates are valid for three weeks at least",
        "AD FS stops accepting signed requests when the certificate ends.",
        "Renew the certificate, publish both, and tell NHSmail before the change.",
        |scene| {
            let now = (scene.setup.network.clock)();
            let soon = now.checked_add_signed(TimeDelta::days(21)).unwrap_or(now);
            let rp = &scene.setup.relying_party;
            let all: Vec<_> = rp.signing.iter().chain(&rp.encryption).collect();
            if all.is_empty() {
                return Err(Trouble::NotApplicable("its metadata holds no certificate"));
            }
            let ends: Vec<_> =
                all.iter().filter_map(|c| c.not_after()).filter(|end| *end <= soon).collect();
            Ok(Judgement::when(
                ends.is_empty(),
                "all of them are",
                format!("{} to end within three weeks", ends.len()),
            ))
        },
    ),
    script(
        "metadata-keys",
        Kind::Hygiene,
        "RSA keys have 2048 bits at least",
        "Shorter keys can be broken.",
        "Make a new key of 3072 bits.",
        |scene| {
            let rp = &scene.setup.relying_party;
            let all: Vec<_> = rp.signing.iter().chain(&rp.encryption).collect();
            if all.is_empty() {
                return Err(Trouble::NotApplicable("its metadata holds no certificate"));
            }
            let short = all
                .iter()
                .any(|c| matches!(c.public_key().kind(), KeyKind::Rsa(bits) if bits < 2048));
            Ok(Judgement::when(!short, "all of them have", "one is shorter"))
        },
    ),
    script(
        "request-id",
        Kind::Hygiene,
        "Each request has an ID that nobody can guess",
        "InResponseTo is worth no more than the ID is hard to guess.",
        "Make IDs of 128 random bits, behind a letter or an underscore.",
        |scene| {
            let mut ids = Vec::new();
            for _ in 0..3 {
                ids.push(
                    scene
                        .begin(&mut scene.browser())?
                        .sign_in
                        .reply_to
                        .request_id
                        .unwrap_or_default(),
                );
            }
            let long = ids.iter().all(|id| id.len() >= 22);
            ids.sort();
            ids.dedup();
            Ok(Judgement::when(
                long && ids.len() == 3,
                "three requests, three long IDs",
                "IDs are short, or the same",
            ))
        },
    ),
    script(
        "request-destination",
        Kind::Hygiene,
        "The request says where it goes",
        "AD FS refuses signed requests without Destination.",
        "Write the identity provider's address into Destination.",
        |scene| {
            request(scene, |scene, _, root| {
                let found = root.attribute("Destination").unwrap_or_default();
                Judgement::when(
                    found == scene.setup.idp.sign_in_url(),
                    "so it does",
                    format!("it says {found:?}"),
                )
            })
        },
    ),
    script(
        "request-time",
        Kind::Hygiene,
        "The request tells the right time",
        "It shows whether the machine's clock is right: sign-ins fail when it is not.",
        "Set the clock by NTP.",
        |scene| {
            request(scene, |scene, _, root| {
                let now = (scene.setup.network.clock)();
                let issued = root.attribute("IssueInstant").and_then(parse_instant);
                let off = issued.map(|issued| now.signed_duration_since(issued).abs());
                match off {
                    Some(off) if off <= TimeDelta::seconds(60) => {
                        Judgement::good("within a minute")
                    }
                    Some(off) => {
                        Judgement::bad(format!("its clock differs by {} s", off.num_seconds()))
                    }
                    None => Judgement::bad("IssueInstant cannot be read"),
                }
            })
        },
    ),
    script(
        "request-signed",
        Kind::Hygiene,
        "Requests are signed if the metadata says so",
        "AD FS refuses unsigned requests of whoever has promised signed ones.",
        "Sign requests, or do not say AuthnRequestsSigned.",
        |scene| {
            let promised = scene.setup.relying_party.require_signed;
            request(scene, |_, begun, root| {
                let in_query =
                    begun.query.as_deref().is_some_and(|query| query.contains("Signature="));
                let inside = root.elements().any(|node| node.local_name() == "Signature");
                match (promised, in_query || inside) {
                    (false, signed) => Judgement::good(if signed {
                        "not promised, and signed"
                    } else {
                        "not promised"
                    }),
                    (true, true) => Judgement::good("promised and signed"),
                    (true, false) => Judgement::bad("promised, and not signed"),
                }
            })
        },
    ),
    script(
        "request-relay-state",
        Kind::Hygiene,
        "RelayState has 80 bytes at most",
        "The standard allows no more (Bindings 3.4.3), and some products cut it.",
        "Send a short word, and remember the address yourself.",
        |scene| {
            request(scene, |_, begun, _| {
                let length = begun.sign_in.relay_state.as_deref().unwrap_or_default().len();
                Judgement::when(
                    length <= 80,
                    format!("it has {length} bytes"),
                    format!("it has {length} bytes"),
                )
            })
        },
    ),
    script(
        "cookie-http-only",
        Kind::Hygiene,
        "Scripts cannot read the session's cookies",
        "A script of somebody else's would take the session away.",
        "Set HttpOnly.",
        |s| cookies(s, |c| c.http_only, "HttpOnly is set", "without HttpOnly"),
    ),
    script(
        "cookie-same-site",
        Kind::Hygiene,
        "The session's cookies do not come along with forms of other sites",
        "Other sites could act in the person's name. Only the cookie that waits for the response needs \
         SameSite=None.",
        "Set SameSite=Lax or Strict for the session, and say so.",
        |s| cookies(s, |c| c.same_site != SameSite::None, "Lax or Strict", "with SameSite=None"),
    ),
    script(
        "cookie-secure",
        Kind::Hygiene,
        "The session's cookies go over https alone",
        "Over http anybody on the way reads them.",
        "Set Secure.",
        |scene| {
            if scene.setup.start.scheme() != "https" {
                return Err(Trouble::NotApplicable("the pages are not over https here"));
            }
            cookies(scene, |c| c.secure, "Secure is set", "without Secure")
        },
    ),
    script(
        "page-redirect",
        Kind::Hygiene,
        "The response is answered by a redirect",
        "Otherwise a reload of the page sends the response again.",
        "Answer by 303 to the page.",
        |scene| {
            let mut browser = scene.browser();
            let way = scene.sign_in(&mut browser)?;
            let page = way.pages.first();
            let is_good =
                page.is_some_and(|page| page.is_redirect() || page.body.contains("http-equiv"));
            Ok(Judgement::when(is_good, "so it is", "a page is shown at the address for responses"))
        },
    ),
    script(
        "page-not-kept",
        Kind::Hygiene,
        "Pages for people who are signed in are not kept",
        "The next person at the ward PC would see them with the back button.",
        "Send Cache-Control: no-store.",
        |scene| {
            let mut browser = scene.browser();
            scene.sign_in(&mut browser)?;
            let way = browser.open(&scene.setup.start);
            scene.walked(&way);
            let control =
                way.end().and_then(|page| page.header("cache-control")).unwrap_or_default();
            Ok(Judgement::when(
                control.contains("no-store"),
                "no-store is set",
                format!("Cache-Control is {control:?}"),
            ))
        },
    ),
    script(
        "page-refusal",
        Kind::Hygiene,
        "A refusal has a status of 400 to 499",
        "Monitoring counts by status; 500 looks like a fault of the service, 200 like success.",
        "Answer refused messages with 400 or 403.",
        |scene| {
            let way = refusal(scene)?;
            let status = way.pages.first().map_or(0, |page| page.status);
            Ok(Judgement::when(
                (400..500).contains(&status),
                format!("it is {status}"),
                format!("it is {status}"),
            ))
        },
    ),
    script(
        "page-refusal-words",
        Kind::Hygiene,
        "A refusal shows nothing of the program's insides",
        "It helps attackers and puzzles people.",
        "Show a reference, and write the details into the log.",
        |scene| {
            let way = refusal(scene)?;
            let found =
                INSIDES.iter().find(|word| way.pages.iter().any(|page| page.body.contains(**word)));
            Ok(match found {
                None => Judgement::good("it shows none"),
                Some(word) => Judgement::bad(format!("the page says {word:?}")),
            })
        },
    ),
];
