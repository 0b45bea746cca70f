//! What people do with one browser: follow links, open tabs, go back, and leave the PC to a colleague.

use crate::rehearse::browser::{Browser, Page, Way};
use crate::rehearse::case::{Judgement, Trouble, Verdict};
use crate::rehearse::judge::{answer, judge_honest, names};
use crate::rehearse::scene::{Begun, Scene};

pub(super) fn deep_link(scene: &mut Scene<'_>) -> Result<Judgement, Trouble> {
    let mut start = scene.setup.start.clone();
    start.query_pairs_mut().append_pair("rehearsal", "deep link");
    let mut browser = scene.browser();
    let begun = scene.begin_at(&mut browser, &start)?;
    let xml = scene.maker(&begun).response()?;
    let way = scene.deliver(&mut browser, &begun, &xml);
    let judgement = judge_honest(&way, &scene.who(&mut browser));
    if judgement.verdict != Verdict::AsExpected {
        return Ok(judgement);
    }
    let is_there = |page: &Page| {
        let pairs: Vec<_> = page.url.query_pairs().collect();
        page.url.path() == start.path() && pairs.iter().any(|(_, value)| value == "deep link")
    };
    let shown = way.pages.iter().any(is_there);
    let named = way.end().is_some_and(|page| names(&page.body, &scene.setup.sender));
    let how = if named { ", with the person's name" } else { "" };
    Ok(Judgement::when(
        shown,
        format!("the page that was asked for is shown{how}"),
        "signed in, but another page is shown than the one that was asked for",
    ))
}

pub(super) fn tabs(scene: &mut Scene<'_>, reversed: bool) -> Result<Judgement, Trouble> {
    let mut browser = scene.browser();
    let mut begun = [scene.begin(&mut browser)?, scene.begin(&mut browser)?];
    if reversed {
        begun.reverse();
    }
    for (number, begun) in begun.iter().enumerate() {
        let xml = scene.maker(begun).response()?;
        let way = scene.deliver(&mut browser, begun, &xml);
        let judgement = judge_honest(&way, &scene.who(&mut browser));
        let refused = way.pages.first().is_some_and(|page| page.status >= 400 || page.status == 0);
        if judgement.verdict != Verdict::AsExpected || refused {
            let tab = if number == 0 { "first" } else { "second" };
            return Ok(Judgement::bad(format!("the {tab} answer is refused: {}", judgement.saw)));
        }
    }
    Ok(Judgement::good("both are answered, and the person is signed in"))
}

/// A sign-in that is begun, left, and begun again.
pub(super) fn back_and_again(scene: &mut Scene<'_>) -> Result<Judgement, Trouble> {
    let mut browser = scene.browser();
    scene.begin(&mut browser)?;
    let way = scene.sign_in(&mut browser)?;
    Ok(judge_honest(&way, &scene.who(&mut browser)))
}

pub(super) fn after_cancel(scene: &mut Scene<'_>) -> Result<Judgement, Trouble> {
    let mut browser = scene.browser();
    let begun = scene.begin(&mut browser)?;
    let maker = scene.maker(&begun);
    let status = crate::idp::ErrorStatus::authn_failed();
    let refusal = maker.idp.refuse(&maker.reply_to, &status, maker.now);
    let refusal = refusal.map_err(|error| Trouble::made(&error))?;
    scene.deliver(&mut browser, &begun, &refusal);
    if scene.who(&mut browser).signed_in {
        return Ok(Judgement::bad("signed in although the identity provider said no"));
    }
    let way = scene.sign_in(&mut browser)?;
    Ok(judge_honest(&way, &scene.who(&mut browser)))
}

/// The victim signs in where the sender is signed in. A page that asks nobody who is signed in gives
/// no occasion for a second request, so both are sent first.
pub(super) fn second_person(scene: &mut Scene<'_>) -> Result<Judgement, Trouble> {
    let mut browser = scene.browser();
    let first = scene.begin(&mut browser)?;
    let second = scene.begin(&mut browser)?;
    let xml = scene.maker(&first).response()?;
    scene.deliver(&mut browser, &first, &xml);
    // If the first answer is refused, nobody is there whose place could be taken.
    let is_first_in = scene.who(&mut browser).signed_in;
    let way = deliver_victim(scene, &mut browser, &second)?;
    let judgement = judge_second(scene, &mut browser, &way);
    if is_first_in && judgement.verdict == Verdict::AsExpected {
        return Ok(judgement);
    }
    // Where a browser has one request at a time, the two were in each other's way. One after the
    // other they are not, if the page asks people who are signed in.
    let mut browser = scene.browser();
    scene.sign_in(&mut browser)?;
    if let Ok(second) = scene.begin(&mut browser) {
        let way = deliver_victim(scene, &mut browser, &second)?;
        return Ok(judge_second(scene, &mut browser, &way));
    }
    let shows_first = way.end().is_some_and(|page| names(&page.body, &scene.setup.sender));
    let is_refused = way.pages.first().is_none_or(|page| page.status >= 400);
    Ok(match (is_refused || !is_first_in, shows_first) {
        (false, true) => Judgement::bad(
            "the second person is shown the first person's page, and works on under that name",
        ),
        (false, false) => judgement,
        (true, _) => Judgement::none(
            "two sign-ins at once are not possible in one browser (see the case \"two-tabs\"), and \
             whoever is signed in is not asked again",
        ),
    })
}

fn deliver_victim<'s>(
    scene: &mut Scene<'s>,
    browser: &mut Browser<'s>,
    begun: &Begun,
) -> Result<Way, Trouble> {
    let maker = scene.maker(begun);
    let xml = maker.sign(&maker.draft_for(maker.victim())?)?;
    Ok(scene.deliver(browser, begun, &xml))
}

fn judge_second<'s>(scene: &mut Scene<'s>, browser: &mut Browser<'s>, way: &Way) -> Judgement {
    let who = scene.who(browser);
    let is_second = who.signed_in && (who.victim && !who.sender || !scene.setup.shows_names);
    Judgement::when(
        is_second,
        "the second person is signed in",
        format!("the second person is not the one who is signed in: it {}", answer(way)),
    )
}
