//! Plays the cases in their order.

use super::browser::Network;
use super::case::{Act, Case, Finding, Judgement, Kind, Theme, Trouble, Verdict};
use super::cases::THEMES;
use super::fence::bare;
use super::scene::{Scene, describe, judge_honest, judge_hostile, short};
use super::setup::{CannotRehearse, Plan, Setup};

/// How far a rehearsal is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'p> {
    /// How many cases are done, this one included.
    pub done: usize,
    /// How many there are.
    pub of: usize,
    /// What came of the last one.
    pub last: &'p Finding,
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
        let before = scene.who(&mut scene.browser());
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
        let who = scene.who(&mut browser);
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
    /// refused before means nothing.
    pub fn play(&self, mut progress: impl FnMut(Progress<'_>)) -> Vec<Finding> {
        let of = Self::len();
        let mut findings: Vec<Finding> = Vec::with_capacity(of);
        for theme in THEMES {
            let first = findings.len();
            for case in theme.cases {
                let finding = self.finding(theme, case, &findings);
                findings.push(finding);
                if let Some(last) = findings.last() {
                    progress(Progress { done: findings.len(), of, last });
                }
            }
            if let Err(problem) = self.control() {
                let behind = findings.iter_mut().skip(first);
                for finding in behind.filter(|f| f.case.kind == Kind::Hostile) {
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
        findings
    }

    fn finding(&self, theme: &'static Theme, case: &'static Case, so_far: &[Finding]) -> Finding {
        let mut scene = Scene::new(&self.setup);
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
            None => play(case, &mut scene).unwrap_or_else(|trouble| match trouble {
                Trouble::NotApplicable(why) => Judgement::none(why),
                trouble => Judgement::unclear(trouble.to_string()),
            }),
        };
        Finding {
            theme,
            case,
            verdict: judgement.verdict,
            saw: short(judgement.saw),
            trail: scene.trail,
            sent: scene.sent,
        }
    }

    /// Whether an honest person is still let in.
    fn control(&self) -> Result<(), String> {
        let mut scene = Scene::new(&self.setup);
        let mut browser = scene.browser();
        let way = scene.sign_in(&mut browser).map_err(|trouble| short(trouble.to_string()))?;
        let judgement = judge_honest(&way, &scene.who(&mut browser));
        match judgement.verdict {
            Verdict::AsExpected => Ok(()),
            _ => Err(judgement.saw),
        }
    }
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
        Kind::Honest => judge_honest(&way, &who),
        Kind::Hostile | Kind::Hygiene => judge_hostile(scene.setup, &way, &who, may_be_sender),
    })
}
