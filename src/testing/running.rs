use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use actix_web::{App, HttpServer};
use chrono::TimeDelta;
use tokio::sync::oneshot;

use super::stuck::Stuck;
use crate::Saml;
use crate::idp::{Entry, IdpApp, RegisterError, Scenario, TestIdp};
use crate::web::{Clock, SystemClock};

impl TestIdp {
    /// Serves this identity provider over HTTP, at a free port of 127.0.0.1, for a program or a
    /// browser of its own: keys, people, applications and habits are those that it has. Its address
    /// is the one that it listens at, and so is its entityID where its personality makes that of the
    /// address.
    ///
    /// It runs on a thread of its own, so that a test may wait for a program meanwhile, and ends
    /// with the value that is returned.
    ///
    /// ```
    /// use actix_saml::{idp::TestIdp, testing::Stuck};
    ///
    /// #[actix_web::main] // in a test: #[actix_web::test]
    /// async fn main() -> Result<(), Stuck> {
    ///     let idp = TestIdp::adfs()?.start().await?;
    ///     println!("{}", idp.metadata_url()); // for the program under test
    ///     idp.shut_down().await;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Stuck::Listen`] when there is no port or no thread.
    pub async fn start(self) -> Result<RunningIdp, Stuck> {
        self.start_by(Arc::new(SystemClock)).await
    }

    /// The same by another clock than the machine's.
    ///
    /// # Errors
    /// As [`TestIdp::start`].
    pub async fn start_by(self, clock: Arc<dyn Clock>) -> Result<RunningIdp, Stuck> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(listen)?;
        let url = format!("http://{}", listener.local_addr().map_err(listen)?);
        let app = IdpApp::new(self.moved_to(&url)?, move || clock.now());
        let (started, handle) = oneshot::channel();
        let served = app.clone();
        let thread = std::thread::Builder::new()
            .name("test-idp".to_owned())
            .spawn(move || serve(listener, &served, started))
            .map_err(listen)?;
        match handle.await {
            Ok(Ok(server)) => Ok(RunningIdp { url, app, server, thread: Some(thread) }),
            Ok(Err(error)) => Err(listen(error)),
            Err(_) => Err(Stuck::Listen { reason: "its thread has ended".to_owned() }),
        }
    }
}

fn listen(error: std::io::Error) -> Stuck {
    Stuck::Listen { reason: error.to_string() }
}

type Started = oneshot::Sender<Result<ServerHandle, std::io::Error>>;

fn serve(listener: TcpListener, app: &IdpApp, started: Started) {
    let routes = app.routes();
    System::new().block_on(async move {
        let server = HttpServer::new(move || App::new().configure(routes.clone()))
            .workers(1)
            .disable_signals()
            .listen(listener);
        match server {
            Ok(server) => {
                let server = server.run();
                // Nobody waits any more: then nobody will end it either.
                if started.send(Ok(server.handle())).is_ok() {
                    let _ = server.await;
                }
            }
            Err(error) => _ = started.send(Err(error)),
        }
    });
}

/// An identity provider that listens at 127.0.0.1, made by [`TestIdp::start`]. It ends when this is
/// dropped.
///
/// What its pages and its admin interface change is seen here, and the other way round: it is one
/// identity provider.
#[derive(Debug)]
#[must_use = "it ends when this is dropped"]
pub struct RunningIdp {
    url: String,
    app: IdpApp,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl RunningIdp {
    /// Its address: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where its metadata is.
    pub fn metadata_url(&self) -> String {
        self.idp().metadata_url()
    }

    /// The identity provider as it is now. A copy: see [`RunningIdp::change`].
    pub fn idp(&self) -> TestIdp {
        self.app.idp()
    }

    /// Changes the identity provider while it runs: its people, its keys, its habits.
    pub fn change<T>(&self, change: impl FnOnce(&mut TestIdp) -> T) -> T {
        self.app.change(change)
    }

    /// Sign-in for an application at `base_url` that trusts this identity provider and is registered
    /// here, as [`TestIdp::saml`].
    ///
    /// # Errors
    /// As [`TestIdp::saml`].
    pub fn saml(&self, base_url: &str) -> Result<Saml, Stuck> {
        self.change(|idp| idp.saml(base_url))
    }

    /// Registers an application by its metadata, in the place of one of the same entityID.
    ///
    /// # Errors
    /// A [`RegisterError`].
    pub fn register(&self, metadata: &[u8]) -> Result<(), RegisterError> {
        self.change(|idp| idp.register(metadata))
    }

    /// What goes wrong in the next response, and in that one only. A choice on the sign-in page goes
    /// before it.
    pub fn set_next(&self, scenario: Scenario) {
        self.app.set_next(Some(scenario));
    }

    /// How far its clock is ahead of the one that it was started by, or behind it when negative.
    pub fn set_clock_offset(&self, offset: TimeDelta) {
        self.app.set_clock_offset(offset);
    }

    /// The last hundred messages that came and went, decoded, the oldest first.
    pub fn log(&self) -> Vec<Entry> {
        self.app.log()
    }

    /// Ends it, and waits until nobody listens at its address any more.
    pub async fn shut_down(mut self) {
        self.server.stop(false).await;
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // What it panicked with is on standard error already.
            let _ = thread.join();
        }
    }
}

impl Drop for RunningIdp {
    fn drop(&mut self) {
        // It is told so at once; the future only waits for the answer.
        drop(self.server.stop(false));
        self.join();
    }
}
