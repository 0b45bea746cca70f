//! A process that is killed leaves everything that it was answered.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use actix_saml::saml::EntityId;
use actix_saml::sp::{
    IndexedSession, LogoutIndex as _, Remembered, ReplayKey, ReplayStore as _, SessionHandle,
    SessionState, SessionStore as _, SubjectKey,
};
use actix_saml::store::FileStore;
use chrono::DateTime;

use crate::File;

/// Tells the child which file it is to write to.
const CHILD: &str = "SAML_TEST_OF_KILL";
const ROUNDS: u32 = 8;

fn key(number: u64) -> ReplayKey {
    ReplayKey::new(&EntityId::new("idp").unwrap(), &number.to_string())
}

fn at(second: i64) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

fn session(number: u64) -> SessionHandle {
    SessionHandle::of_key(&number.to_string())
}

fn subject() -> SubjectKey {
    let name = |value: &str| actix_saml::saml::NameId {
        value: value.to_owned(),
        format: None,
        name_qualifier: None,
        sp_name_qualifier: None,
        sp_provided_id: None,
    };
    SubjectKey::new(&EntityId::new("idp").unwrap(), &name("nurse"))
}

/// Not a test by itself: it writes until it is killed, and says what it was answered.
#[tokio::test]
async fn child() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let store = FileStore::open(path.as_ref(), std::time::Duration::from_secs(10)).unwrap();
    for number in 0.. {
        if store.remember(key(number), at(9_000), at(0)).await.unwrap() == Remembered::Again {
            continue;
        }
        let state = SessionState::from([("n".to_owned(), number.to_string())]);
        store.create(session(number), state, at(9_000), at(0)).await.unwrap();
        if number % 2 == 1 {
            let entry = IndexedSession {
                subject: subject(),
                session_index: None,
                session: session(number),
            };
            store.enter(entry, at(9_000), at(0)).await.unwrap();
            let ended = store.end_subject(subject(), &[], at(0)).await.unwrap();
            assert_eq!(ended, [session(number)]);
        }
        println!("\nDONE {number}");
    }
}

#[tokio::test]
async fn killed_in_the_middle_of_writing() {
    let file = File::new();
    let mut done = Vec::new();
    for round in 1..=ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["kill::child", "--exact", "--nocapture"])
            .env(CHILD, &file.0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let numbers =
            lines.filter_map(|line| line.unwrap().strip_prefix("DONE ")?.parse::<u64>().ok());
        // A few, then it ends wherever it is.
        done.extend(numbers.take(3 + round as usize));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(done.len() > 30, "{done:?}");
    let store = file.open();
    for number in done {
        let again = store.remember(key(number), at(9_000), at(0)).await.unwrap();
        assert_eq!(again, Remembered::Again, "{number}");
        let live = store.load(session(number), None, at(1)).await.unwrap().unwrap();
        assert_eq!(live.state["n"], number.to_string());
        let has_ended = store.has_ended(session(number), at(1)).await.unwrap();
        assert_eq!(has_ended, number % 2 == 1, "{number}");
    }
}
