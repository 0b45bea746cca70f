//! Clocks that jump, files that come too early, disks that are full: what was wrong for a while does no
//! harm for longer.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use actix_saml::web::federation::{
    Fetch, FetchError, FetchRequest, Fetched, RefreshSettings, Validators,
};
use chrono::TimeDelta;

use super::scene::{Folder, Publisher, app, app_of, app_with, idp, metadata, settings, source};
use crate::app::{TestApp, start_of_test};
use crate::message::Form;

#[actix_web::test]
async fn a_clock_that_is_set_back_does_not_stop_fetching() {
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|_| {})).await;
    app.clock.advance(TimeDelta::days(365));
    app.saml.refresh_due();
    assert_eq!(publisher.asked(), 2);
    app.clock.set(start_of_test() + TimeDelta::minutes(1));
    publisher.publish(metadata(0, Some(1)));
    app.saml.refresh_due();
    assert_eq!((publisher.asked(), app.idp_status().keys.len()), (3, 2));
    // And then as ever.
    app.saml.refresh_due();
    assert_eq!(publisher.asked(), 3);
    app.clock.advance(TimeDelta::hours(1));
    app.saml.refresh_due();
    assert_eq!(publisher.asked(), 4);
}

#[actix_web::test]
async fn a_clock_that_is_set_back_keeps_no_key() {
    let publisher = Publisher::of(metadata(0, Some(1)));
    let app = app(&publisher, source(|_| {})).await;
    app.clock.advance(TimeDelta::days(365));
    publisher.publish(metadata(1, None));
    app.saml.refresh_due();
    app.clock.set(start_of_test() + TimeDelta::hours(1));
    app.saml.refresh_due();
    assert_eq!(app.idp_status().keys[1].gone_since, Some(app.clock.read()));
    assert_eq!(app.sign_in_by(0).await.status, 303, "within its grace");
    app.clock.advance(TimeDelta::hours(24));
    app.saml.refresh_due();
    app.sign_in_by(0).await.assert_refused(403, "signature_mismatch");
}

#[actix_web::test]
async fn a_file_that_is_refused_for_its_time_is_judged_again() {
    let folder = Folder::new();
    let file = folder.path("idp.xml");
    let until = (start_of_test() + TimeDelta::days(15)).to_rfc3339().replace("+00:00", "Z");
    let limited = format!("validUntil=\"{until}\" entityID=");
    std::fs::write(&file, metadata(0, None).replace("entityID=", &limited)).unwrap();
    let alone = source(|source| {
        source.file = Some(file);
        source.url = None;
        source.policy.max_validity = Some(TimeDelta::days(14));
    });
    let refresh = RefreshSettings { background: false, ..RefreshSettings::default() };
    let app = app_with(alone, refresh, |_| {}).await;
    assert_eq!(app.idp_status().file_problem.unwrap().code, "metadata_valid_too_long");
    for _ in 0..3 {
        app.clock.advance(TimeDelta::hours(6));
        app.saml.refresh_due();
    }
    assert_eq!(app.codes_after(0), ["metadata_valid_too_long"], "told once");
    app.clock.advance(TimeDelta::hours(6));
    app.saml.refresh_due();
    assert!(app.saml.is_ready());
    assert_eq!(app.idp_status().file_problem, None);
}

#[actix_web::test]
async fn what_could_not_be_saved_is_saved_later() {
    let folder = Folder::new();
    let inner = folder.path("later");
    let file = inner.join("idp.xml");
    let publisher = Publisher::of(metadata(0, None));
    let in_inner = source(|source| source.file = Some(file.clone()));
    let app = app(&publisher, in_inner).await;
    let hour = || {
        app.clock.advance(TimeDelta::hours(1));
        app.saml.refresh_due();
    };
    hour();
    hour();
    let told = app.codes_after(0).into_iter().filter(|code| *code == "metadata_not_saved");
    assert_eq!(told.count(), 1);
    std::fs::create_dir(&inner).unwrap();
    hour();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), metadata(0, None));
    // Somebody removes it, or puts something else in its place.
    std::fs::remove_file(&file).unwrap();
    hour();
    hour();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), metadata(0, None));
    std::fs::write(&file, "<html/>").unwrap();
    hour();
    hour();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), metadata(0, None));
    assert_eq!(app.idp_status().file_problem, None);
    // But what an operator has prepared for a restart stays, while the address is behind.
    std::fs::write(&file, metadata(2, None)).unwrap();
    hour();
    assert_eq!(app.idp_status().file_problem.unwrap().code, "metadata_no_shared_key");
    hour();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), metadata(2, None));
}

#[actix_web::test]
async fn what_we_have_saved_ourselves_is_no_news() {
    #[derive(Clone, Default)]
    struct Recorder(Arc<Mutex<Vec<bool>>>);
    impl Fetch for Recorder {
        fn fetch(&self, request: &FetchRequest) -> Result<Fetched, FetchError> {
            let validators = Validators { etag: Some("x".to_owned()), last_modified: None };
            self.0.lock().unwrap().push(request.have == validators);
            if request.have == validators {
                return Ok(Fetched::NotModified);
            }
            Ok(Fetched::Document { bytes: metadata(0, None).into_bytes(), validators })
        }
    }
    let folder = Folder::new();
    let file = folder.path("idp.xml");
    let recorder = Recorder::default();
    let with_file = source(|source| source.file = Some(file));
    let app = app_with(with_file, settings(recorder.clone()), |_| {}).await;
    for _ in 0..2 {
        app.clock.advance(TimeDelta::hours(1));
        app.saml.refresh_due();
    }
    assert_eq!(*recorder.0.lock().unwrap(), [false, true, true]);
}

#[actix_web::test]
async fn a_clock_that_differs_too_much_is_told_although_nobody_comes_in() {
    for (ahead, code, warns) in [
        (TimeDelta::seconds(200), "not_yet_valid", true),
        (TimeDelta::minutes(-20), "expired", true),
        (TimeDelta::zero(), "", false),
    ] {
        let publisher = Publisher::of(metadata(0, None));
        let app = app(&publisher, source(|_| {})).await;
        let browser = app.browser();
        let begun = browser.begin("/rota").await;
        let reply_to = app.reply_to(&begun.request_id);
        let made = app.clock.read() + ahead;
        let xml = app.idp().respond(&reply_to, &app.person("ward.nurse"), made).unwrap();
        let landed = browser.bring(&Form { xml, relay_state: begun.relay_state }).await;
        if warns {
            landed.assert_refused(403, code);
        } else {
            assert_eq!(landed.status, 303, "the control");
        }
        app.saml.refresh_due();
        assert_eq!(app.codes_after(0).contains(&"clock_offset"), warns, "{ahead}");
    }
}

/// A person who is slow is not a clock that is wrong.
#[actix_web::test]
async fn a_slow_person_says_nothing_about_clocks() {
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|_| {})).await;
    let browser = app.browser();
    let form = browser.respond_by_key(0).await;
    app.clock.advance(TimeDelta::minutes(20));
    browser.bring(&form).await.assert_refused(403, "expired");
    app.saml.refresh_due();
    assert_eq!(app.idp_status().clock_offset_ms, None);
}

#[actix_web::test]
async fn strangers_do_not_push_out_what_happens_once_a_year() {
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|_| {})).await;
    publisher.publish(metadata(0, Some(1)));
    app.clock.advance(TimeDelta::hours(1));
    app.saml.refresh_due();
    for _ in 0..120 {
        app.clock.advance(TimeDelta::minutes(5));
        app.sign_in_by(2).await.assert_refused(403, "signature_mismatch");
    }
    let codes = app.codes_after(0);
    assert_eq!(codes.len(), 100);
    for code in ["metadata_loaded", "idp_key_announced", "test_keys_trusted"] {
        assert!(codes.contains(&code), "{code}");
    }
}

#[actix_web::test]
async fn a_secret_in_an_address_is_not_shown() {
    let publisher = Publisher::failing(FetchError::Status(500));
    let url = "https://idp.test/m.xml?token=s3cret#s3cret";
    let app = app(&publisher, source(|source| source.url = Some(url.parse().unwrap()))).await;
    let json = serde_json::to_string(&app.saml.status()).unwrap();
    assert!(!json.contains("s3cret") && json.contains("https://idp.test/m.xml"), "{json}");
}

fn is_pending<F: Future>(future: &mut Pin<Box<F>>) -> bool {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

/// Answers when it is told to, from the second time on.
struct OnDemand {
    asked: Mutex<usize>,
    begun: Mutex<Sender<()>>,
    go_on: Mutex<Receiver<()>>,
}

impl Fetch for OnDemand {
    fn fetch(&self, _: &FetchRequest) -> Result<Fetched, FetchError> {
        let first = {
            let mut asked = self.asked.lock().unwrap();
            *asked += 1;
            *asked == 1
        };
        let document = if first { metadata(0, None) } else { metadata(1, Some(0)) };
        if !first {
            self.begun.lock().unwrap().send(()).unwrap();
            self.go_on.lock().unwrap().recv().unwrap();
        }
        Ok(Fetched::Document { bytes: document.into_bytes(), validators: Validators::default() })
    }
}

#[actix_web::test]
async fn who_goes_away_takes_nothing_from_others() {
    let (begun, begins) = channel();
    let (end, go_on) = channel();
    let (begun, go_on) = (Mutex::new(begun), Mutex::new(go_on));
    let on_demand = OnDemand { asked: Mutex::new(0), begun, go_on };
    let app = app_with(source(|_| {}), settings(on_demand), |_| {}).await;
    let (one, two) = (app.browser(), app.browser());
    let (form_of_one, form_of_two) = (one.respond_by_key(1).await, two.respond_by_key(1).await);
    {
        let mut first = Box::pin(one.bring(&form_of_one));
        assert!(is_pending(&mut first));
        begins.recv().unwrap();
        // The window is closed.
    }
    let mut second = Box::pin(two.bring(&form_of_two));
    assert!(is_pending(&mut second));
    end.send(()).unwrap();
    assert_eq!(second.await.status, 303);
}

/// With a thread of its own: a provider that does not answer holds up nobody else, and panics end
/// nothing.
#[actix_web::test]
async fn one_that_hangs_and_one_that_panics_hold_up_nobody() {
    struct Three {
        panics: Mutex<usize>,
        release: Mutex<Receiver<()>>,
        quick: Mutex<Sender<()>>,
    }
    impl Fetch for Three {
        fn fetch(&self, request: &FetchRequest) -> Result<Fetched, FetchError> {
            match request.url.host_str() {
                Some("slow.test") => {
                    let _ = self.release.lock().unwrap().recv();
                }
                Some("quick.test") => self.quick.lock().unwrap().send(()).unwrap(),
                _ => {
                    let mut panics = self.panics.lock().unwrap();
                    *panics += 1;
                    if *panics <= 5 {
                        drop(panics);
                        panic!("on purpose");
                    }
                    let bytes = metadata(0, None).into_bytes();
                    return Ok(Fetched::Document { bytes, validators: Validators::default() });
                }
            }
            Err(FetchError::Status(503))
        }
    }
    let (release, hangs) = channel();
    let (quick, quick_asked) = channel();
    let three =
        Three { panics: Mutex::new(0), release: Mutex::new(hangs), quick: Mutex::new(quick) };
    let at = |host: &str| {
        let url = format!("https://{host}/m.xml").parse().unwrap();
        let name = if host == "panics.test" {
            idp(0, None).entity_id.to_string()
        } else {
            format!("urn:{host}")
        };
        source(|source| {
            source.url = Some(url);
            source.policy.entity_id = Some(name.parse().unwrap());
        })
    };
    let refresh = RefreshSettings { background: true, ..settings(three) };
    let sources = vec![at("slow.test"), at("quick.test"), at("panics.test")];
    let app = app_of(sources, refresh).await;
    // The clock is moved on until the quick one is asked again and the other one has come to its
    // senses, all while the slow one hangs.
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut quick = 0;
    while (quick < 8 || !app.saml.is_ready()) && Instant::now() < deadline {
        app.clock.advance(TimeDelta::hours(1));
        quick += usize::from(quick_asked.recv_timeout(Duration::from_millis(500)).is_ok());
    }
    assert!(quick >= 8, "asked {quick} times");
    assert!(app.saml.is_ready());
    assert!(app.codes_after(0).contains(&"fetch_panicked"));
    drop(release);
}

/// A panic ends neither the reading of the file nor the grace of a key.
#[actix_web::test]
async fn after_a_panic_everything_goes_on() {
    struct Panics(Arc<Mutex<bool>>);
    impl Fetch for Panics {
        fn fetch(&self, _: &FetchRequest) -> Result<Fetched, FetchError> {
            let panics = *self.0.lock().unwrap();
            assert!(!panics, "on purpose");
            Err(FetchError::Status(503))
        }
    }
    let folder = Folder::new();
    let file = folder.path("idp.xml");
    std::fs::write(&file, metadata(0, Some(1))).unwrap();
    let panics = Arc::new(Mutex::new(true));
    let with_file = source(|source| source.file = Some(file.clone()));
    let app = app_with(with_file, settings(Panics(Arc::clone(&panics))), |_| {}).await;
    assert_eq!(app.idp_status().fetch_problem.unwrap().code, "fetch_panicked");
    std::fs::write(&file, metadata(1, None)).unwrap();
    app.saml.refresh_due();
    assert_eq!(app.idp_status().keys[1].gone_since, Some(app.clock.read()));
    app.clock.advance(TimeDelta::hours(24));
    app.saml.refresh_due();
    assert_eq!(app.idp_status().keys.len(), 1);
    *panics.lock().unwrap() = false;
    app.clock.advance(TimeDelta::hours(1));
    app.saml.refresh_due();
    assert_eq!(app.idp_status().fetch_problem.unwrap().code, "fetch_status");
}

/// A warning that a clock gave which was ahead is given again when it is due.
#[actix_web::test]
async fn a_clock_that_was_ahead_uses_up_no_warning() {
    let publisher = Publisher::of(metadata(0, None));
    let app = app(&publisher, source(|_| {})).await;
    let end = app.idp_status().keys[0].not_after.unwrap();
    let warnings = |app: &TestApp| {
        app.codes_after(0).into_iter().filter(|code| *code == "idp_certificate_expiry").count()
    };
    app.clock.set(end + TimeDelta::days(1));
    app.saml.refresh_due();
    assert_eq!(warnings(&app), 1);
    for (days, given) in [(40, 1), (29, 2), (13, 3), (6, 4), (1, 5)] {
        app.clock.set(end - TimeDelta::days(days));
        app.saml.refresh_due();
        assert_eq!(warnings(&app), given, "{days} days before");
    }
}
