//! Sessions of the application's own: what it had before it took to this middleware.

use std::collections::HashMap;
use std::sync::Mutex;

use actix_session::SessionMiddleware;
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::Key;
use actix_web::cookie::time::Duration;

type State = HashMap<String, String>;

#[derive(Default)]
pub struct OwnStore {
    sessions: Mutex<HashMap<String, State>>,
    next: Mutex<u64>,
}

pub fn middleware() -> SessionMiddleware<OwnStore> {
    SessionMiddleware::new(OwnStore::default(), Key::from(&[7; 64]))
}

impl SessionStore for OwnStore {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        Ok(self.sessions.lock().unwrap().get(key.as_ref()).cloned())
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let mut next = self.next.lock().unwrap();
        *next += 1;
        let key = format!("session-{next}");
        self.sessions.lock().unwrap().insert(key.clone(), state);
        Ok(SessionKey::try_from(key).unwrap())
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        _: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        self.sessions.lock().unwrap().insert(key.as_ref().to_owned(), state);
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        self.sessions.lock().unwrap().remove(key.as_ref());
        Ok(())
    }
}
