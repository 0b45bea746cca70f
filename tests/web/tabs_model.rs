//! Random scripts over tabs, people and time, against a small model of what is to happen.
//!
//! Whatever people do: they are where they wanted to go, or on a page that leads on; nobody is
//! signed in as somebody else; and a browser has one session that is alive, or none.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::answer::Answer;
use crate::app::{ACS, TestApp};
use crate::browser::Browser;
use crate::counted::Counted;
use crate::message::{Begun, Form, between};

const SESSION: &str = "__Host-saml-session";
const PENDING: &str = "__Host-saml-pending-";
const TABS: usize = 3;
const PEOPLE: [(&str, &str); 2] =
    [("ward.nurse", "Bryn O'Sample"), ("test.consultant", "Dr Amara Testwell")];
/// Between any two steps: no honest script is taken for a loop.
const STEP: TimeDelta = TimeDelta::seconds(31);
const LIFETIME: TimeDelta = TimeDelta::hours(1);
const KNOWN_FOR: TimeDelta = TimeDelta::hours(13);
const IDLE: TimeDelta = TimeDelta::minutes(30);

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Asks for a page of the application.
    Visit {
        tab: usize,
        page: u8,
    },
    /// Signs in at the identity provider's page.
    Answer {
        tab: usize,
        person: usize,
    },
    /// Goes back to the identity provider's page, which posts its form once more.
    Back {
        tab: usize,
    },
    /// Loads once more what the tab shows.
    Reload {
        tab: usize,
    },
    /// Presses the button on a page that says no.
    GoOn {
        tab: usize,
    },
    /// Types the address that the identity provider posts to.
    Strange,
    /// Somebody else has got hold of what a tab has posted.
    Steal {
        tab: usize,
    },
    SignOut,
    /// Closes the browser, and opens it with the tabs that there were.
    Restart,
    Wait {
        minutes: i64,
    },
}

fn any_step() -> impl Strategy<Value = Step> {
    let tab = || 0..TABS;
    prop_oneof![
        6 => (tab(), 0..3_u8).prop_map(|(tab, page)| Step::Visit { tab, page }),
        6 => (tab(), prop_oneof![3 => Just(0_usize), 1 => Just(1)])
            .prop_map(|(tab, person)| Step::Answer { tab, person }),
        4 => tab().prop_map(|tab| Step::Back { tab }),
        2 => tab().prop_map(|tab| Step::Reload { tab }),
        2 => tab().prop_map(|tab| Step::GoOn { tab }),
        1 => Just(Step::Strange),
        1 => tab().prop_map(|tab| Step::Steal { tab }),
        1 => Just(Step::SignOut),
        1 => Just(Step::Restart),
        2 => prop_oneof![Just(10), Just(29), Just(31), Just(59), Just(61), Just(800)]
            .prop_map(|minutes| Step::Wait { minutes }),
    ]
}

/// A sign-in as the model knows it.
#[derive(Clone, Debug)]
struct SignIn {
    page: String,
    begun_at: DateTime<Utc>,
    begun: Begun,
    /// Whose pages the browser had shown.
    owner: Option<usize>,
    /// Who has finished it, and when.
    finished: Option<(usize, DateTime<Utc>)>,
}

/// What a tab shows.
#[derive(Clone, Debug)]
enum Shows {
    Nothing,
    Page(String),
    Idp,
    /// A page that says no, with where its button leads.
    No(String),
}

struct Tab {
    shows: Shows,
    /// The sign-in that it began last, and what was posted for it.
    sign_in: Option<SignIn>,
    posted: Option<Form>,
}

/// The session that is alive on the server, as far as its time goes.
#[derive(Clone, Copy, Debug)]
struct Session {
    person: usize,
    used_at: DateTime<Utc>,
    /// Whether the browser still has its cookie.
    is_at_hand: bool,
}

struct Play<'a> {
    app: &'a TestApp,
    browser: Browser<'a>,
    sessions: Arc<Counted>,
    tabs: Vec<Tab>,
    session: Option<Session>,
    /// Whose pages the browser shows.
    last_seen: Option<usize>,
    seen: &'a RefCell<BTreeMap<&'static str, usize>>,
}

impl Play<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.app.clock.read()
    }

    fn note(&self, what: &'static str) {
        *self.seen.borrow_mut().entry(what).or_default() += 1;
    }

    fn alive(&self) -> Option<Session> {
        self.session.filter(|session| self.now() < session.used_at + IDLE)
    }

    /// Who is signed in for the pages of this browser.
    fn at_hand(&self) -> Option<usize> {
        self.alive().filter(|session| session.is_at_hand).map(|session| session.person)
    }

    fn cookies(&self) -> Vec<String> {
        let (now, mut jar) = (self.now(), self.browser.jar.borrow_mut());
        jar.0.retain(|stored| stored.expires.is_none_or(|end| end > now));
        jar.names(PENDING)
    }

    fn has_cookie(&self, sign_in: &SignIn) -> bool {
        self.cookies().contains(&format!("{PENDING}{}", sign_in.begun.relay_state))
    }

    /// Asks for a page, and goes where the application sends the browser.
    async fn visit(&mut self, tab: usize, address: &str) {
        let mut address = address.to_owned();
        for _ in 0..4 {
            let answer = self.browser.visit(&address).await;
            match answer.status {
                200 => {
                    self.arrived(tab, &address, &answer);
                    return;
                }
                303 if answer.location().starts_with('/') => {
                    answer.location().clone_into(&mut address);
                }
                303 => {
                    let page = return_to(&address);
                    self.tabs[tab].sign_in = Some(SignIn {
                        page,
                        begun_at: self.now(),
                        begun: Begun::read(answer.location()),
                        owner: self.last_seen,
                        finished: None,
                    });
                    self.tabs[tab].shows = Shows::Idp;
                    self.tabs[tab].posted = None;
                    return;
                }
                status => {
                    panic!("{status} at {address}: {}", answer.body);
                }
            }
        }
        panic!("round in circles, at last at {address}");
    }

    fn arrived(&mut self, tab: usize, address: &str, answer: &Answer) {
        let name = self.at_hand().map(|person| PEOPLE[person].1);
        if address == "/" {
            assert_eq!(answer.body, format!("Hello {}", name.unwrap_or("nobody")));
            self.tabs[tab].shows = Shows::Page(address.to_owned());
            self.used();
            return;
        }
        let name = name.unwrap_or_else(|| panic!("nobody is signed in: {address}"));
        if address == "/saml/handover" {
            self.note("handed over");
            let on = between(&answer.body, "<p><a href=\"", "\"");
            self.tabs[tab].shows = Shows::No(on.to_owned());
        } else {
            assert_eq!(answer.body, format!("Rota of {name}"), "at {address}");
            self.tabs[tab].shows = Shows::Page(address.to_owned());
        }
        self.used();
    }

    fn used(&mut self) {
        let now = self.now();
        self.session = self.alive();
        if let Some(session) = self.session.as_mut().filter(|session| session.is_at_hand) {
            session.used_at = now;
        }
    }

    /// The tab posts what the identity provider has given it.
    async fn post(&mut self, tab: usize, person: usize, form: Form) {
        let Some(sign_in) = self.tabs[tab].sign_in.clone() else { return };
        let (now, alive) = (self.now(), self.alive());
        let is_known = self.has_cookie(&sign_in);
        let answer = self.browser.bring(&form).await;
        self.tabs[tab].posted = Some(form);
        match sign_in.finished {
            _ if !is_known => {
                let is_late = now >= sign_in.begun_at + KNOWN_FOR;
                let was_long_ago = sign_in.finished.is_some_and(|(_, at)| now >= at + LIFETIME);
                let is_crowded = self.cookies().len() >= 8;
                assert!(is_late || was_long_ago || is_crowded, "a cookie that is lost");
                self.note("unknown");
                let code = code_of_stray(&answer, sign_in.finished.is_some());
                self.refused(tab, &answer, code, None);
            }
            Some((by, _)) if alive.is_some_and(|session| session.person == by) => {
                self.note("sent on");
                assert_eq!(answer.status, 303, "{}", answer.body);
                assert_eq!(answer.location(), target(&sign_in, by));
                assert!(!answer.events.iter().any(|event| event.field("event") == "signed_in"));
                let page = answer.location().to_owned();
                self.land(tab, &page).await;
            }
            Some(_) => {
                self.note("over");
                self.refused(tab, &answer, "replayed", Some(&sign_in.page));
            }
            None if now >= sign_in.begun_at + LIFETIME => {
                self.note("expired");
                self.refused(tab, &answer, "pending_expired", Some(&sign_in.page));
            }
            None => {
                self.note("signed in");
                assert_eq!(answer.status, 303, "{}", answer.body);
                assert_eq!(answer.location(), target(&sign_in, person));
                if alive.is_some_and(|session| session.person != person) {
                    self.note("person changed");
                }
                self.tabs[tab].sign_in.as_mut().unwrap().finished = Some((person, now));
                self.session = Some(Session { person, used_at: now, is_at_hand: true });
                self.last_seen = Some(person);
                let page = answer.location().to_owned();
                self.land(tab, &page).await;
            }
        }
    }

    /// Follows the redirect of a POST. A handover that another sign-in has overtaken leads to the
    /// start page.
    async fn land(&mut self, tab: usize, page: &str) {
        if page != "/saml/handover" {
            return self.visit(tab, page).await;
        }
        let answer = self.browser.visit(page).await;
        match answer.status {
            200 => self.arrived(tab, page, &answer),
            303 => {
                self.note("handover gone");
                assert_eq!(answer.location(), "/");
                self.tabs[tab].shows = Shows::Page("/rota/0".to_owned());
                self.used();
            }
            status => panic!("{status}: {}", answer.body),
        }
    }

    #[track_caller]
    fn refused(&mut self, tab: usize, answer: &Answer, code: &str, page: Option<&str>) {
        answer.assert_refused(403, code);
        let on = way_on(answer);
        assert_eq!(return_to(&on), page.unwrap_or("/"));
        self.tabs[tab].shows = Shows::No(on);
    }

    async fn step(&mut self, step: Step) {
        self.app.clock.advance(STEP);
        match step {
            Step::Visit { tab, page } => self.visit(tab, &format!("/rota/{page}")).await,
            Step::Answer { tab, person } => {
                let Shows::Idp = self.tabs[tab].shows else { return };
                let Some(sign_in) = &self.tabs[tab].sign_in else { return };
                let form = self.app.respond(&sign_in.begun, PEOPLE[person].0);
                self.post(tab, person, form).await;
            }
            Step::Back { tab } => {
                let Some(form) = self.tabs[tab].posted.clone() else { return };
                // It was refused, and still is; or it was accepted, and is not accepted again.
                let by = self.tabs[tab].sign_in.as_ref().and_then(|s| s.finished);
                self.post(tab, by.map_or(0, |(person, _)| person), form).await;
            }
            Step::Reload { tab } => {
                let Shows::Page(address) = self.tabs[tab].shows.clone() else { return };
                self.visit(tab, &address).await;
            }
            Step::GoOn { tab } => {
                let Shows::No(on) = self.tabs[tab].shows.clone() else { return };
                self.note("went on");
                self.visit(tab, &on).await;
            }
            Step::Strange => {
                let answer = self.browser.visit(ACS).await;
                answer.assert_no(405, "method", "sign_in_refused");
                let page = return_to(&way_on(&answer));
                let asked_for = |tab: &Tab| tab.sign_in.as_ref().is_some_and(|s| s.page == page);
                assert!(page == "/" || self.tabs.iter().any(asked_for), "{page}");
                self.used();
            }
            Step::Steal { tab } => {
                let Some(form) = self.tabs[tab].posted.clone() else { return };
                self.note("stolen");
                let thief = self.app.browser();
                let answer = thief.bring(&form).await;
                let was_used =
                    self.tabs[tab].sign_in.as_ref().is_some_and(|s| s.finished.is_some());
                let code = code_of_stray(&answer, was_used || self.tabs[tab].sign_in.is_none());
                answer.assert_refused(403, code);
                assert_eq!(thief.jar.borrow().0.len(), 0);
            }
            Step::SignOut => {
                assert_eq!(self.browser.submit("/saml/logout", "").await.status, 200);
                if self.at_hand().is_some() {
                    self.note("signed out");
                    self.session = None;
                }
                self.last_seen = None;
            }
            Step::Restart => {
                let mut jar = self.browser.jar.borrow_mut();
                jar.0.retain(|stored| stored.expires.is_some());
                if let Some(session) = &mut self.session {
                    session.is_at_hand = false;
                }
            }
            Step::Wait { minutes } => self.app.clock.advance(TimeDelta::minutes(minutes)),
        }
    }

    /// What holds at all times.
    async fn check(&mut self) {
        let alive = usize::from(self.alive().is_some());
        assert_eq!(self.sessions.alive(self.now()).await, alive, "sessions that are alive");
        assert!(self.cookies().len() <= 8);
        let greeting = self.at_hand().map_or("nobody", |person| PEOPLE[person].1);
        assert_eq!(self.browser.visit("/").await.body, format!("Hello {greeting}"));
        self.used();
        if self.at_hand().is_none() {
            assert_eq!(self.browser.visit("/whoami").await.status, 303);
        } else {
            assert!(self.browser.jar.borrow().value(SESSION).is_some());
        }
    }
}

/// Where a sign-in leads: not silently to what somebody else has opened.
fn target(sign_in: &SignIn, person: usize) -> &str {
    let is_others = sign_in.owner.is_some_and(|owner| owner != person);
    if is_others && sign_in.page != "/" { "/saml/handover" } else { &sign_in.page }
}

/// The button of a page.
fn way_on(answer: &Answer) -> String {
    between(&answer.body, "<a class=\"button\" href=\"", "\"").replace("&amp;", "&")
}

/// The page to which an address of ours leads in the end.
fn return_to(address: &str) -> String {
    let url = url::Url::parse("https://rota.example.org").unwrap().join(address).unwrap();
    let named = url.query_pairs().find(|(name, _)| name == "return_to");
    named.map_or_else(|| "/".to_owned(), |(_, page)| page.into_owned())
}

async fn play(script: &[Step], seen: &RefCell<BTreeMap<&'static str, usize>>) {
    let sessions = Arc::new(Counted::default());
    let store = Arc::clone(&sessions);
    let app = TestApp::with(|setup| setup.sessions = Some(store)).await;
    let tabs = || Tab { shows: Shows::Nothing, sign_in: None, posted: None };
    let mut play = Play {
        app: &app,
        browser: app.browser(),
        sessions,
        tabs: std::iter::repeat_with(tabs).take(TABS).collect(),
        session: None,
        last_seen: None,
        seen,
    };
    for step in script {
        play.step(*step).await;
        play.check().await;
    }
}

#[test]
fn whatever_people_do_they_get_on_and_as_themselves() {
    let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let scripts = proptest::collection::vec(any_step(), 1..40);
    let system = actix_web::rt::System::new();
    let seen = RefCell::default();
    let result = runner.run(&scripts, |script| {
        system.block_on(play(&script, &seen));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    // The scripts have been everywhere.
    for what in [
        "signed in",
        "sent on",
        "over",
        "expired",
        "unknown",
        "handed over",
        "person changed",
        "went on",
        "stolen",
        "signed out",
    ] {
        let times = seen.borrow().get(what).copied().unwrap_or_default();
        assert!(times >= 3, "{what}: {times} in {seen:?}");
    }
}

/// By which code a response is to be refused that comes without its cookie: the alarm when it may
/// have been used and that is still known, and never otherwise.
fn code_of_stray(answer: &Answer, may_be_used: bool) -> &'static str {
    let is_alarm = answer.events.iter().any(|e| e.is_alarming() && e.field("code") == "replayed");
    if is_alarm && may_be_used { "replayed" } else { "no_pending_login" }
}
