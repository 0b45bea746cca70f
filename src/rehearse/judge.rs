//! Judges by effect: who is signed in afterwards counts, not what was answered.

use super::browser::{Page, Silence, Way};
use super::case::Judgement;
use super::fence::bare;
use super::maker::{LONGER_MAIL, LONGER_NAME};
use super::scene::Who;
use super::setup::Setup;
use crate::idp::Person;

/// Whether a page names somebody, and not somebody whose name begins alike.
pub(super) fn names(body: &str, person: &Person) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '@');
    let holds = |name: &str| {
        let mut behind = body.split(name).skip(1);
        !name.is_empty() && behind.any(|rest| !rest.starts_with(goes_on))
    };
    holds(&person.display_name) || holds(person.name_id.as_deref().unwrap_or_default())
}

/// Whether a page names the person whose names begin as the victim's do.
pub(super) fn names_longer(body: &str, victim: &Person) -> bool {
    let mail = victim.name_id.as_deref().unwrap_or_default();
    body.contains(&format!("{mail}{LONGER_MAIL}"))
        || body.contains(&format!("{}{LONGER_NAME}", victim.display_name))
}

/// What a page is, in a few words.
pub(super) fn describe(page: &Page) -> String {
    match (page.silence, &page.location) {
        (Some(Silence::Closed), _) => "closed the connection".to_owned(),
        (Some(Silence::TimedOut), _) => "did not answer in time".to_owned(),
        (None, Some(to)) if page.is_redirect() => {
            format!("answered {} and leads to {}", page.status, bare(to))
        }
        _ => format!("answered {}", page.status),
    }
}

/// What the service provider answered to the message itself.
pub(super) fn answer(way: &Way) -> String {
    way.pages.first().map_or_else(|| "nothing was sent".to_owned(), describe)
}

pub(super) fn timed_out(way: &Way) -> bool {
    way.pages.iter().any(|page| page.silence == Some(Silence::TimedOut))
}

/// Judges an honest sign-in.
pub(super) fn judge_honest(way: &Way, who: &Who) -> Judgement {
    let answer = answer(way);
    match (who.signed_in, who.victim) {
        (true, false) => Judgement::good(format!("it {answer}; the person is signed in")),
        (true, true) => Judgement::bad("somebody else is signed in"),
        (false, _) => Judgement::bad(format!(
            "refused although it is honest: it {answer}, and nobody is signed in"
        )),
    }
}

/// Judges a hostile message.
pub(super) fn judge_hostile(setup: &Setup, way: &Way, who: &Who, may_be_sender: bool) -> Judgement {
    let answer = answer(way);
    match who {
        Who { victim: true, .. } => Judgement::bad(format!(
            "accepted: the sender is signed in as {}, who is somebody else; expected: refused",
            setup.victim.display_name
        )),
        _ if timed_out(way) => Judgement::bad("it did not answer in time: one message holds it up"),
        Who { is_absent: true, .. } => Judgement::unclear(format!(
            "it {answer}, and then did not say whether anybody is signed in"
        )),
        Who { signed_in: false, .. } => {
            Judgement::good(format!("refused: it {answer}, and nobody is signed in"))
        }
        Who { sender: true, .. } if may_be_sender => Judgement::good(
            "accepted under the sender's own name, which does no harm; to refuse is better",
        ),
        _ if may_be_sender && !setup.shows_names => Judgement::unclear(
            "accepted, and the page does not show who is signed in: name one that does, with \
             --signed-in-check",
        ),
        _ => Judgement::bad(format!(
            "accepted: it {answer}, and somebody is signed in; expected: refused"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_from_a_longer_one() {
        let person = Person::from_user_name("test.user2").unwrap();
        for body in ["<b>Test User2</b>", "test.user2@nhs.net", "test.user2@nhs.net\", Test User20"]
        {
            assert!(names(body, &person), "{body}");
        }
        for body in [
            "",
            "Test User20",
            "Test User2-Elsewhere",
            "test.user2@nhs.net.elsewhere.example",
            "test.user2@nhs.network",
        ] {
            assert!(!names(body, &person), "{body}");
        }
        assert!(names_longer("Test User2-Elsewhere", &person));
        assert!(!names_longer("Test User2", &person));
    }
}
