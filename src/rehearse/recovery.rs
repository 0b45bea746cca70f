//! Waits for a service provider that does not answer. One message may hold it up, or make it stop; the
//! cases behind it must not suffer for that.

use std::time::Duration;

use chrono::TimeDelta;

use super::browser::Page;
use super::case::{Finding, Kind, Trouble, Verdict};
use super::judge::judge_honest;
use super::scene::Scene;

/// Between two attempts. Those that are not answered take their own time.
const PAUSE: Duration = Duration::from_millis(250);
/// A sign-in that takes longer than this is a hold-up, even if the first attempt works.
const LONG: TimeDelta = TimeDelta::seconds(5);

/// How long a service provider was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HoldUp {
    /// From the first attempt to the one that worked, or to the last.
    pub(super) waited: TimeDelta,
    /// How many honest sign-ins were not answered.
    pub(super) missed: usize,
    /// Nobody was let in as long as it was waited.
    pub(super) is_down: bool,
}

impl HoldUp {
    /// Whether people would have noticed.
    pub(super) fn is_felt(self) -> bool {
        self.is_down || self.missed > 0 || self.waited > LONG
    }

    fn described(self) -> String {
        let seconds = seconds(self.waited);
        match self.is_down {
            true => {
                format!("honest people could not sign in any more; it was waited for {seconds}")
            }
            false => format!("honest people could not sign in for {seconds}"),
        }
    }
}

/// Whether nothing can be told from a page: there is none, or something in front of the service
/// provider says that it is away.
pub(super) fn is_absent(page: &Page) -> bool {
    page.silence.is_some() || matches!(page.status, 502..=504)
}

/// What came of an honest sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    /// Let in.
    Well,
    /// Not let in, in words.
    Refused(String),
    /// Nothing came back, in words.
    Absent(String),
}

impl Scene<'_> {
    /// Whether an honest person is let in.
    pub(super) fn probe(&self) -> Probe {
        let mut scene = Scene::new(self.setup);
        let mut browser = scene.browser();
        let problem = match scene.sign_in(&mut browser) {
            Err(trouble) => trouble.to_string(),
            Ok(way) => {
                let judgement = judge_honest(&way, &scene.look(&mut browser));
                if judgement.verdict == Verdict::AsExpected {
                    return Probe::Well;
                }
                judgement.saw
            }
        };
        if scene.was_absent { Probe::Absent(problem) } else { Probe::Refused(problem) }
    }

    /// Waits until an honest person is let in again, as long as the plan allows.
    pub(super) fn recover(&mut self) {
        let began = self.now();
        let limit = self.setup.recovery;
        // A clock that stands still must not make this last for ever.
        let attempts = limit.as_millis().checked_div(PAUSE.as_millis()).unwrap_or_default();
        let mut missed = 0_usize;
        let (mut waited, mut is_down) = (TimeDelta::zero(), true);
        for _ in 0..=attempts {
            is_down = self.probe() != Probe::Well;
            waited = self.now().signed_duration_since(began).max(TimeDelta::zero());
            if !is_down || waited.to_std().is_ok_and(|waited| waited >= limit) {
                break;
            }
            missed = missed.saturating_add(1);
            std::thread::sleep(PAUSE);
        }
        let before = self.hold_up.map_or(TimeDelta::zero(), |hold_up| hold_up.waited);
        let waited = waited.checked_add(&before).unwrap_or(waited);
        let hold_up = HoldUp { waited, missed, is_down };
        if hold_up.is_felt() {
            self.note(format!("waited: {}", hold_up.described()));
        }
        self.hold_up = Some(hold_up);
        self.was_absent = false;
    }
}

/// Holds a delay against the case that has caused it.
pub(super) fn charge(finding: &mut Finding, hold_up: HoldUp) {
    if finding.case.kind != Kind::Hostile || !hold_up.is_felt() {
        return;
    }
    finding.saw = format!("{}; afterwards {}", finding.saw, hold_up.described());
    // What the service provider does not have was not sent.
    if finding.verdict != Verdict::NotApplicable {
        finding.verdict = Verdict::NotAsExpected;
    }
}

/// Whether a case could not be played because nothing came back.
pub(super) fn was_not_answered(trouble: &Trouble, scene: &Scene<'_>) -> bool {
    matches!(trouble, Trouble::NoSignIn(_)) && scene.was_absent
}

/// Seconds with one digit behind the point.
pub(super) fn seconds(time: TimeDelta) -> String {
    let milliseconds = time.max(TimeDelta::zero()).num_milliseconds();
    let tenths = milliseconds.div_euclid(100);
    format!("{}.{} s", tenths.div_euclid(10), tenths.rem_euclid(10))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::THEMES;

    fn finding(kind: Kind, verdict: Verdict) -> Finding {
        let cases =
            || THEMES.iter().flat_map(|theme| theme.cases().iter().map(move |c| (theme, c)));
        let (theme, case) = cases().find(|(_, case)| case.kind == kind).unwrap();
        let saw = "refused".to_owned();
        let (took, trail) = (TimeDelta::zero(), Vec::new());
        Finding { theme, case, verdict, saw, took, trail, sent: None }
    }

    fn hold_up(seconds: i64, missed: usize) -> HoldUp {
        HoldUp { waited: TimeDelta::seconds(seconds), missed, is_down: false }
    }

    #[test]
    fn a_delay_that_people_would_notice_is_held_against_the_case() {
        for (hold_up, words) in [
            (hold_up(3, 1), "refused; afterwards honest people could not sign in for 3.0 s"),
            (hold_up(6, 0), "refused; afterwards honest people could not sign in for 6.0 s"),
            (
                HoldUp { is_down: true, ..hold_up(60, 9) },
                "refused; afterwards honest people could not sign in any more; it was waited for \
                 60.0 s",
            ),
        ] {
            let mut finding = finding(Kind::Hostile, Verdict::AsExpected);
            charge(&mut finding, hold_up);
            assert_eq!((finding.verdict, finding.saw.as_str()), (Verdict::NotAsExpected, words));
        }
    }

    #[test]
    fn a_delay_that_nobody_would_notice_is_not() {
        let mut finding = finding(Kind::Hostile, Verdict::AsExpected);
        charge(&mut finding, hold_up(4, 0));
        assert_eq!((finding.verdict, finding.saw.as_str()), (Verdict::AsExpected, "refused"));
    }

    #[test]
    fn an_honest_case_is_not_blamed_for_a_delay() {
        let mut finding = finding(Kind::Honest, Verdict::AsExpected);
        charge(&mut finding, hold_up(30, 3));
        assert_eq!(finding.verdict, Verdict::AsExpected);
    }

    #[test]
    fn seconds_have_one_digit() {
        assert_eq!(seconds(TimeDelta::milliseconds(12_349)), "12.3 s");
        assert_eq!(seconds(TimeDelta::milliseconds(-1)), "0.0 s");
    }
}
