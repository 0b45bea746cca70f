//! An application with plain actix-session and a store in memory or in Redis.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use actix_saml::crypto::random_hex;
use actix_saml::sp::{Principal, SessionHandle, SessionStore as _};
use actix_saml::store::RedisStore;
use actix_saml::web::{Clock as _, SystemClock};
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::Key;
use actix_web::cookie::time::Duration;
use actix_web::{App, HttpResponse, HttpServer, web};
use chrono::{DateTime, TimeDelta, Utc};

use super::scene::KEEP_ALIVE;

type State = HashMap<String, String>;

/// What somebody would write who needs sessions in memory.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<HashMap<String, State>>>);

impl SessionStore for Memory {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        Ok(self.0.lock().unwrap().get(key.as_ref()).cloned())
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let mut sessions = self.0.lock().unwrap();
        let key = format!("{:064}", sessions.len());
        sessions.insert(key.clone(), state);
        Ok(SessionKey::try_from(key).unwrap())
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        _: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        self.0.lock().unwrap().insert(key.as_ref().to_owned(), state);
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        self.0.lock().unwrap().remove(key.as_ref());
        Ok(())
    }
}

/// What somebody would write who needs sessions in Redis: reading one is one GET.
#[derive(Clone)]
pub(crate) struct Redis(pub(crate) Arc<RedisStore>);

impl Redis {
    fn until(now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::hours(1)
    }
}

impl SessionStore for Redis {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let session = SessionHandle::of_key(key.as_ref());
        let live = self.0.load(session, None, SystemClock.now()).await.unwrap();
        Ok(live.map(|live| live.state))
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let (key, now) = (random_hex::<32>().unwrap(), SystemClock.now());
        let session = SessionHandle::of_key(&key);
        self.0.create(session, state, Self::until(now), now).await.unwrap();
        Ok(SessionKey::try_from(key).unwrap())
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        _: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let (session, now) = (SessionHandle::of_key(key.as_ref()), SystemClock.now());
        self.0.update(session, state, Self::until(now), now).await.unwrap();
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        self.0.delete(SessionHandle::of_key(key.as_ref())).await.unwrap();
        Ok(())
    }
}

async fn enter(session: Session, principal: web::Json<Principal>) -> HttpResponse {
    session.insert("name", "Nadia Example").unwrap();
    session.insert("principal", principal.into_inner()).unwrap();
    HttpResponse::Ok().finish()
}

/// Knows a name.
async fn name(session: Session) -> HttpResponse {
    match session.get::<String>("name").unwrap() {
        Some(name) => HttpResponse::Ok().body(format!("Hello {name}")),
        None => HttpResponse::Unauthorized().finish(),
    }
}

/// Knows all that our session knows.
async fn everything(session: Session) -> HttpResponse {
    match session.get::<Principal>("principal").unwrap() {
        Some(principal) => {
            let names =
                principal.values("http://schemas.microsoft.com/identity/claims/displayname");
            HttpResponse::Ok().body(format!("Hello {}", names.first().map_or("", |n| n)))
        }
        None => HttpResponse::Unauthorized().finish(),
    }
}

/// Takes a form and does nothing.
async fn nothing(body: web::Bytes) -> HttpResponse {
    std::hint::black_box(body);
    HttpResponse::Ok().finish()
}

pub(crate) fn start(store: impl SessionStore + Clone + Send + 'static) -> SocketAddr {
    super::scene::serve(move || {
        let (store, key) = (store.clone(), Key::from(&[7; 64]));
        let app = move || {
            App::new()
                .route("/enter", web::post().to(enter))
                .route("/name", web::get().to(name))
                .route("/everything", web::get().to(everything))
                .route("/nothing", web::post().to(nothing))
                .wrap(SessionMiddleware::builder(store.clone(), key.clone()).build())
        };
        let server = HttpServer::new(app).workers(1).keep_alive(KEEP_ALIVE);
        let server = server.bind("127.0.0.1:0").unwrap();
        (server.addrs()[0], server.run())
    })
}
