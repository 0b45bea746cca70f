//! Plays the cases in their order.

use std::collections::BTreeSet;

use super::browser::Network;
use super::case::{Act, Case, Finding, Judgement, Kind, Theme, Trouble, Verdict};
use super::cases::THEMES;
use super::fence::bare;
use super::judge::{describe, judge_honest, judge_hostile};
use super::recovery::{Probe, charge, was_not_answered};
use super::scene::{Scene, short};
use super::setup::{CannotRehearse, Plan, Setup};

/// How far a rehearsal is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Progress<'p> {
    /// A case is done.
    Case {
        /// How many cases are done, this one included.
        done: usize,
        /// How many there are.
        of: usize,
        /// What came of it.
        last: &'p Finding,
    },
    /// A theme is done. Its findings change no more.
    Theme {
        /// How many cases are done, those of this theme included.
        done: usize,
        /// How many there are.
        of: usize,
        /// The theme.
        theme: &'static Theme,
        /// What came of each of its cases.
        findings: &'p [Finding],
    },
}

/// A rehearsal in front of one service provider that lets the first honest person in.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    setup: Setup,
}

impl Rehearsal {
    /// Looks through the plan, and signs one honest person in.
    ///
    /// # Errors
    /// A [`CannotRehearse`]: nothing that is refused afterwards would mean anything.
    pub fn begin(plan: Plan) -> Result<Self, CannotRehearse> {
        let mut setup = Setup::new(plan)?;
        let mut scene = Scene::new(&setup);
        let before = scene.look(&mut scene.browser());
        if before.signed_in {
            return Err(CannotRehearse::AlwaysSignedIn {
                saw: format!("status {}", before.status),
            });
        }
        let mut browser = scene.browser();
        let begun = scene.begin(&mut browser).map_err(|trouble| CannotRehearse::NoSignIn {
            start: bare(&setup.start),
            problem: short(trouble.to_string()),
        })?;
        let refused = |saw: String, scene: &Scene<'_>| CannotRehearse::FirstSignIn {
            saw: short(saw),
            trail: scene.trail.join("\n"),
        };
        let response = scene.maker(&begun).response();
        let response = response.map_err(|trouble| refused(trouble.to_string(), &scene))?;
        let way = scene.deliver(&mut browser, &begun, &response);
        let who = scene.look(&mut browser);
        if !who.signed_in {
            let answer = way.pages.first().map_or_else(String::new, describe);
            return Err(refused(format!("the service provider {answer}"), &scene));
        }
        setup.shows_names = who.sender;
        Ok(Self { setup })
    }

    /// Fetches a service provider's metadata, within the plan's fence.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn fetch(plan: &Plan, url: &url::Url) -> Result<Vec<u8>, String> {
        Network::new(plan.fence, plan.timeout, &plan.authorities, plan.clock).fetch(url)
    }

    /// Whether the page shows who is signed in.
    pub fn shows_names(&self) -> bool {
        self.setup.shows_names
    }

    /// How many cases there are.
    pub fn len() -> usize {
        THEMES.iter().map(|theme| theme.cases.len()).sum()
    }

    /// Plays every case. After each theme an honest person signs in: where that fails, what was
    /// refused before means nothing. A service provider that does not answer is waited for.
    pub fn play(&self, progress: impl FnMut(Progress<'_>)) -> Vec<Finding> {
        self.play_some(|_, _| true, progress)
    }

    /// Plays the cases that are wanted, and those that they need.
    pub fn play_some(
        &self,
        is_wanted: impl Fn(&Theme, &Case) -> bool,
        mut progress: impl FnMut(Progress<'_>),
    ) -> Vec<Finding> {
        let wanted = with_needed(is_wanted);
        let of = wanted.len();
        let mut findings: Vec<Finding> = Vec::with_capacity(of);
        // The case since which nobody has been let in.
        let mut down_since: Option<&'static str> = None;
        for theme in THEMES {
            let first = findings.len();
            for case in theme.cases.iter().filter(|case| wanted.contains(case.id)) {
                let finding = match down_since {
                    Some(id) => not_tried(theme, case, id),
                    None => self.finding(theme, case, &mut findings, &mut down_since),
                };
                findings.push(finding);
                if let Some(last) = findings.last() {
                    progress(Progress::Case { done: findings.len(), of, last });
                }
            }
            if findings.len() == first {
                continue;
            }
            self.control(findings.split_at_mut(first).1, &mut down_since);
            let (done, findings) = (findings.len(), findings.split_at(first).1);
            progress(Progress::Theme { done, of, theme, findings });
        }
        findings
    }

    fn finding(
        &self,
        theme: &'static Theme,
        case: &'static Case,
        so_far: &mut [Finding],
        down_since: &mut Option<&'static str>,
    ) -> Finding {
        let mut scene = Scene::new(&self.setup);
        let began = scene.now();
        let missing = case.needs.iter().find_map(|id| {
            let needed = so_far.iter().find(|finding| finding.case.id == *id)?;
            (needed.verdict != Verdict::AsExpected).then_some(needed)
        });
        let judgement = match missing {
            Some(needed) if needed.verdict == Verdict::NotApplicable => {
                Judgement::none(needed.saw.clone())
            }
            Some(needed) => Judgement::unclear(format!(
                "not tried: the honest case \"{}\" is not let in, so a refusal would mean nothing",
                needed.case.id
            )),
            None => {
                let mut played = play(case, &mut scene);
                let is_unanswered =
                    played.as_ref().err().is_some_and(|trouble| was_not_answered(trouble, &scene));
                if is_unanswered && scene.sent.is_none() {
                    // Nothing of this case was sent yet: what came before holds it up.
                    scene.recover();
                    let hold_up = scene.hold_up.take();
                    if let (Some(hold_up), Some(before)) = (hold_up, so_far.last_mut()) {
                        charge(before, hold_up);
                        if hold_up.is_down {
                            *down_since = Some(before.case.id);
                            return not_tried(theme, case, before.case.id);
                        }
                    }
                    played = play(case, &mut scene);
                }
                played.unwrap_or_else(|trouble| match trouble {
                    Trouble::NotApplicable(why) => Judgement::none(why),
                    trouble => Judgement::unclear(trouble.to_string()),
                })
            }
        };
        let is_down = scene.hold_up.is_some_and(|hold_up| hold_up.is_down);
        if scene.was_absent && !is_down {
            scene.recover();
        }
        let took = scene.now().signed_duration_since(began);
        let Judgement { verdict, saw } = judgement;
        let (trail, sent, hold_up) = (scene.trail, scene.sent, scene.hold_up);
        let mut finding = Finding { theme, case, verdict, saw, took, trail, sent };
        if let Some(hold_up) = hold_up {
            charge(&mut finding, hold_up);
            if hold_up.is_down {
                *down_since = Some(case.id);
            }
        }
        finding
    }

    /// Looks whether an honest person is still let in. Otherwise what was refused in this theme
    /// does not count.
    fn control(&self, of_theme: &mut [Finding], down_since: &mut Option<&'static str>) {
        let mut scene = Scene::new(&self.setup);
        let mut probe = scene.probe();
        if matches!(probe, Probe::Absent(_)) && down_since.is_none() {
            scene.recover();
            if let (Some(hold_up), Some(last)) = (scene.hold_up, of_theme.last_mut()) {
                charge(last, hold_up);
            }
            probe = scene.probe();
        }
        let problem = match probe {
            Probe::Well => {
                *down_since = None;
                return;
            }
            Probe::Refused(problem) | Probe::Absent(problem) => problem,
        };
        for finding in of_theme.iter_mut().filter(|f| f.case.kind == Kind::Hostile) {
            if finding.verdict == Verdict::AsExpected {
                finding.verdict = Verdict::Inconclusive;
                finding.saw = format!(
                    "{}; but an honest person could not sign in afterwards: {problem}",
                    finding.saw
                );
            }
        }
    }
}

/// The cases that are wanted, and what they need. That stands before them, always.
fn with_needed(is_wanted: impl Fn(&Theme, &Case) -> bool) -> BTreeSet<&'static str> {
    let mut wanted = BTreeSet::new();
    for theme in THEMES.iter().rev() {
        for case in theme.cases.iter().rev() {
            if wanted.contains(case.id) || is_wanted(theme, case) {
                wanted.insert(case.id);
                wanted.extend(case.needs.iter().copied());
            }
        }
    }
    wanted
}

fn not_tried(theme: &'static Theme, case: &'static Case, since: &str) -> Finding {
    let saw = format!("not tried: nobody could sign in any more after the case \"{since}\"");
    let (took, trail) = (chrono::TimeDelta::zero(), Vec::new());
    Finding { theme, case, verdict: Verdict::Inconclusive, saw, took, trail, sent: None }
}

fn play(case: &Case, scene: &mut Scene<'_>) -> Result<Judgement, Trouble> {
    let (make, may_be_sender) = match case.act {
        Act::Script(play) => return play(scene),
        Act::Message(make) => (make, false),
        Act::Substitution(make) => (make, true),
    };
    let mut browser = scene.browser();
    let begun = scene.begin(&mut browser)?;
    let xml = make(&scene.maker(&begun))?;
    let way = scene.deliver(&mut browser, &begun, &xml);
    let who = scene.who(&mut browser);
    if scene.setup.was_followed() {
        return Ok(Judgement::bad(
            "it followed an address in the message: whoever sends it makes requests from inside",
        ));
    }
    Ok(match case.kind {
        Kind::Honest => {
            let judgement = judge_honest(&way, &who);
            match scene.setup.wishes.against(&xml, &begun.sign_in) {
                Some(wish) if judgement.verdict == Verdict::NotAsExpected => {
                    Judgement::none(format!("refused, as it may: {wish}"))
                }
                _ => judgement,
            }
        }
        Kind::Hostile | Kind::Hygiene => judge_hostile(scene.setup, &way, &who, may_be_sender),
    })
}
