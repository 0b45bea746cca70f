//! What people see while the store does not work: a page that says so, within the limit; nobody is
//! taken for anybody; and everything as before when it is over, without a restart.

use std::time::Duration;

use actix_saml::idp::Received;

use crate::browser::{Browser, form};
use crate::http::Answer;
use crate::machine::{Machine, wait};
use crate::redis::{Proxy, RedisServer, Way};
use crate::site::{OLD, Site};

/// The default of `store.timeout_ms`.
const LIMIT: Duration = Duration::from_secs(2);
/// A deadline is no measure of speed: the machine has other work.
const MARGIN: Duration = Duration::from_secs(3);

/// What becomes of those who are signed in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    /// They see that it does not work.
    Unavailable,
    /// The store can be read.
    SignedIn,
}

/// What they find afterwards.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Afterwards {
    SignedIn,
    /// Sessions went with the server, and nobody is let in.
    SignedOut,
}

struct Scene {
    redis: RedisServer,
    proxy: Proxy,
    site: Site,
    machine: Machine,
}

impl Scene {
    fn start() -> Option<Self> {
        let redis = RedisServer::start(&[])?;
        let proxy = Proxy::before(redis.port);
        let site = Site::new();
        let limit = u32::try_from(LIMIT.as_millis()).unwrap();
        let machine = Machine::with(&site, &proxy.url(), &[OLD], limit);
        Some(Self { redis, proxy, site, machine })
    }

    fn live_through(
        &mut self,
        begin: impl FnOnce(&mut Self),
        end: impl FnOnce(&mut Self),
        (meanwhile, afterwards): (Meanwhile, Afterwards),
    ) {
        let (mut there, mut leaving) = (Browser::default(), Browser::default());
        there.sign_in(&self.site, &self.machine);
        let session = leaving.sign_in(&self.site, &self.machine);
        let mut coming = Browser::default();
        let begun = coming.begin(&self.machine);
        let response = form(&self.site.respond(&begun, "locum.doctor"), &begun);
        let before = self.machine.audit().len();
        begin(self);
        let Self { machine, site, .. } = &*self;

        // A sign-in that comes to its end now is none, and is told once.
        let answer = coming.bring(machine, &response);
        let reference = assert_unavailable(&answer);
        assert_eq!(answer.all("Set-Cookie"), [] as [&str; 0]);
        let events = machine.audit().split_off(before);
        let sign_ins: Vec<_> = events.iter().filter(|e| e["step"] == "sign_in").collect();
        let [lost] = sign_ins.as_slice() else { panic!("{events:?}") };
        assert_eq!((&lost["outcome"], &lost["code"]), (&"failed".into(), &"replay_store".into()));
        assert_eq!(lost["reference"], reference);
        assert_eq!(lost["request_id"], begun.request_id);
        // Beside it there is what happened to the store, and where the trail was looked at.
        let others =
            events.iter().filter(|e| e["step"] != "sign_in" && e["step"] != "request_sent");
        let [down] = others.collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((&down["step"], &down["code"]), (&"store".into(), &"store_unavailable".into()));
        assert!(!coming.is_signed_in(machine));

        // Nobody is taken for signed in unseen, nor for signed out.
        for _ in 0..2 {
            let rota = there.visit(machine, "/rota");
            match meanwhile {
                Meanwhile::Unavailable => _ = assert_unavailable(&rota),
                Meanwhile::SignedIn => assert_eq!(rota.status, 200, "{rota:?}"),
            }
        }
        // The identity provider is not told that anything has ended.
        let answered = Browser::default().carry_wish(site, &session, machine);
        assert!(answered.took < LIMIT + MARGIN, "{answered:?}");
        let (_, query) = answered.location().split_once('?').unwrap();
        let answered = Received::from_response_query(query).unwrap();
        let answered = site.registered(machine).receive_logout_response(&answered).unwrap();
        assert!(!answered.is_success, "{answered:?}");
        // Nor is the person. It may be that it ends all the same, when the server reads what was sent.
        assert_unavailable(&leaving.submit(machine, "/saml/logout"));
        // Who has no session is not concerned.
        let public = Browser::default().visit(machine, "/");
        assert_eq!(public.status, 200, "{public:?}");

        end(self);
        let Self { machine, site, .. } = &*self;
        let mut found = 0;
        wait("the store to be there again", || {
            found = there.visit(machine, "/whoami").status;
            found != 503
        });
        let expected = match afterwards {
            Afterwards::SignedIn => 200,
            Afterwards::SignedOut => 401,
        };
        assert_eq!(found, expected);
        let mut next = Browser::default();
        next.sign_in(site, machine);
        assert!(next.is_signed_in(machine));
    }
}

/// It says so, within the limit. Returns the reference.
#[track_caller]
fn assert_unavailable(answer: &Answer) -> &str {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.took < LIMIT + MARGIN, "{answer:?}");
    assert!(answer.body.contains("Sign-in is not available at the moment"), "{answer:?}");
    assert_eq!(answer.field("Cache-Control"), Some("no-store"));
    let (_, rest) = answer.body.split_once("Reference: <code>").unwrap();
    rest.split_once("</code>").unwrap().0
}

const CUT_OFF: (Meanwhile, Afterwards) = (Meanwhile::Unavailable, Afterwards::SignedIn);

#[test]
fn stopped_and_started_again_with_nothing_in_it() {
    let Some(mut scene) = Scene::start() else { return };
    scene.live_through(
        |scene| scene.redis.stop(),
        |scene| scene.redis.restart(),
        (Meanwhile::Unavailable, Afterwards::SignedOut),
    );
}

#[test]
fn paused() {
    let Some(mut scene) = Scene::start() else { return };
    let (pause, go_on) = (
        |scene: &mut Scene| scene.redis.signal("-STOP"),
        |scene: &mut Scene| {
            scene.redis.signal("-CONT");
        },
    );
    scene.live_through(pause, go_on, CUT_OFF);
}

/// As while a failover is under way.
#[test]
fn writes_are_held_back() {
    let Some(mut scene) = Scene::start() else { return };
    scene.live_through(
        |scene| drop(scene.redis.command(&["CLIENT", "PAUSE", "3600000", "WRITE"])),
        |scene| drop(scene.redis.command(&["CLIENT", "UNPAUSE"])),
        CUT_OFF,
    );
}

/// The connection is open, and nothing comes back any more.
#[test]
fn half_open() {
    let Some(mut scene) = Scene::start() else { return };
    scene.live_through(
        |scene| scene.proxy.go(Way::Nowhere),
        |scene| scene.proxy.go(Way::Through),
        CUT_OFF,
    );
}

#[test]
fn slower_than_the_limit() {
    let Some(mut scene) = Scene::start() else { return };
    scene.live_through(
        |scene| scene.proxy.go(Way::Late(2 * LIMIT)),
        |scene| scene.proxy.go(Way::Through),
        CUT_OFF,
    );
}

#[test]
fn slow_within_the_limit_is_no_fault() {
    let Some(scene) = Scene::start() else { return };
    scene.proxy.go(Way::Late(LIMIT / 50));
    let mut browser = Browser::default();
    browser.sign_in(&scene.site, &scene.machine);
    assert!(browser.is_signed_in(&scene.machine));
    assert!(scene.machine.audit().iter().all(|event| event["step"] != "store"));
}

/// A replica of nobody who answers.
#[test]
fn read_only() {
    let Some(mut scene) = Scene::start() else { return };
    scene.live_through(
        |scene| drop(scene.redis.command(&["REPLICAOF", "127.0.0.1", "1"])),
        |scene| drop(scene.redis.command(&["REPLICAOF", "NO", "ONE"])),
        CUT_OFF,
    );
}

#[test]
fn too_few_replicas_to_write() {
    let Some(mut scene) = Scene::start() else { return };
    let set = |scene: &mut Scene, number: &str| {
        drop(scene.redis.command(&["CONFIG", "SET", "min-replicas-to-write", number]));
    };
    scene.live_through(|scene| set(scene, "1"), |scene| set(scene, "0"), CUT_OFF);
}

#[test]
fn out_of_memory() {
    let Some(mut scene) = Scene::start() else { return };
    let set = |scene: &mut Scene, bytes: &str| {
        drop(scene.redis.command(&["CONFIG", "SET", "maxmemory", bytes]));
    };
    scene.live_through(
        |scene| set(scene, "1"),
        |scene| set(scene, "0"),
        (Meanwhile::SignedIn, Afterwards::SignedIn),
    );
}
