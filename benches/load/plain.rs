//! An application with plain actix-session and a store in memory.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use actix_saml::sp::Principal;
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::Key;
use actix_web::cookie::time::Duration;
use actix_web::{App, HttpResponse, HttpServer, web};

type State = HashMap<String, String>;

/// What somebody would write who needs sessions in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<HashMap<String, State>>>);

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

pub(crate) fn start() -> SocketAddr {
    let store = Memory::default();
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
        let server = HttpServer::new(app).workers(1).bind("127.0.0.1:0").unwrap();
        (server.addrs()[0], server.run())
    })
}
