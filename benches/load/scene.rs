//! The servers, and the requests to them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use actix_saml::Saml;
use actix_saml::idp::{Person, ReplyTo, TestIdp};
use actix_saml::nhsmail::Staff;
use actix_saml::saml::EntityId;
use actix_saml::saml::metadata::IdpMetadata;
use actix_saml::sp::{Builder, Idp, Principal};
use actix_saml::store::RedisStore;
use actix_saml::web::{Clock as _, SystemClock};
use actix_web::dev::Server;
use actix_web::{App, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use url::{Url, form_urlencoded};

use super::client::Client;
use super::plain;

const ENTITY_ID: &str = "https://rota.example.org/saml/metadata";
/// Longer than the others' turns take, on a machine that has other work as well.
pub(crate) const KEEP_ALIVE: std::time::Duration = std::time::Duration::from_secs(600);
const BASE: &str = "https://rota.example.org";

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) request: Vec<u8>,
}

pub(crate) struct SignIn {
    pub(crate) sign_in: Vec<u8>,
    pub(crate) to_nothing: Vec<u8>,
}

pub(crate) struct Scene {
    pub(crate) ours: SocketAddr,
    pub(crate) plain: SocketAddr,
    idp: TestIdp,
    nurse: Person,
}

/// Runs what `server` makes in a thread of its own.
pub(crate) fn serve(server: impl FnOnce() -> (SocketAddr, Server) + Send + 'static) -> SocketAddr {
    let (told, telling) = channel();
    thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let (address, server) = server();
            told.send(address).unwrap();
            server.await.unwrap();
        });
    });
    telling.recv().unwrap()
}

async fn rota(staff: Staff) -> String {
    format!("Hello {}", staff.display_name())
}

async fn whoami(principal: Principal) -> web::Json<Principal> {
    web::Json(principal)
}

impl Scene {
    pub(crate) fn start(redis: Option<&Arc<RedisStore>>) -> Self {
        let idp = TestIdp::adfs().unwrap();
        let nurse = idp.person("ward.nurse").unwrap();
        let metadata = idp.metadata().unwrap();
        let metadata = IdpMetadata::read(metadata.as_bytes(), SystemClock.now()).unwrap();
        let mut builder =
            Builder::new(EntityId::new(ENTITY_ID).unwrap(), Url::parse(BASE).unwrap());
        builder.idps = vec![Arc::new(Idp { metadata, label: None })];
        builder.dev = true;
        let mut saml = Saml::builder(builder.build().unwrap());
        if let Some(store) = redis {
            saml = saml
                .replay_store(store.clone())
                .session_store(store.clone())
                .logout_index(store.clone());
        }
        let saml = saml.build().unwrap();
        let ours = serve(move || {
            let app = move || {
                App::new()
                    .configure(saml.routes())
                    .service(
                        web::resource("/rota")
                            .wrap(saml.require_login())
                            .route(web::get().to(rota)),
                    )
                    .route("/whoami", web::get().to(whoami))
                    .wrap(saml.sessions())
            };
            let server = HttpServer::new(app).workers(1).keep_alive(KEEP_ALIVE);
            let server = server.bind("127.0.0.1:0").unwrap();
            (server.addrs()[0], server.run())
        });
        let plain = match redis {
            None => plain::start(plain::Memory::default()),
            Some(store) => plain::start(plain::Redis(store.clone())),
        };
        Self { ours, plain, idp, nurse }
    }

    /// The same page: with plain sessions, and with ours.
    pub(crate) fn authenticated(&self) -> Vec<Case> {
        let mut client = Client::to(self.ours);
        let sign_in = self.sign_ins(1).remove(0).sign_in;
        let session = client.send(&sign_in).cookies;
        let session = session.iter().find(|c| c.starts_with("__Host-saml-session=")).unwrap();
        let principal = self.principal(session);

        let mut client = Client::to(self.plain);
        let entered = client.send(
            format!(
                "POST /enter HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{principal}",
                principal.len()
            )
            .as_bytes(),
        );
        let plain = &entered.cookies[0];
        let case = |name, address, path: &str, cookie: &str| Case {
            name,
            address,
            request: get(path, cookie),
        };
        vec![
            case("plain actix-session, the same data", self.plain, "/everything", plain),
            case("plain actix-session, a name alone", self.plain, "/name", plain),
            case("guard and Staff", self.ours, "/rota", session),
        ]
    }

    fn principal(&self, session: &str) -> String {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(self.ours).unwrap();
        let request = format!(
            "GET /whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {session}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// Sign-ins that have begun, each with the response that finishes it.
    pub(crate) fn sign_ins(&self, count: usize) -> Vec<SignIn> {
        let mut client = Client::to(self.ours);
        (0..count).map(|_| self.sign_in(&mut client)).collect()
    }

    fn sign_in(&self, client: &mut Client) -> SignIn {
        use std::io::Read as _;
        let begun = client.send(&get("/saml/login?return_to=/rota", ""));
        let location = Url::parse(&begun.location.unwrap()).unwrap();
        let query =
            |name: &str| location.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned();
        let mut request = String::new();
        let deflated = STANDARD.decode(query("SAMLRequest")).unwrap();
        DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut request).unwrap();
        let id = request.split_once(" ID=\"").unwrap().1.split_once('"').unwrap().0;
        let reply_to = ReplyTo {
            request_id: Some(id.to_owned()),
            acs_url: format!("{BASE}/saml/acs"),
            audience: ENTITY_ID.to_owned(),
            class_ref: None,
        };
        let xml = self.idp.respond(&reply_to, &self.nurse, SystemClock.now()).unwrap();
        let form: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLResponse", &STANDARD.encode(xml))
            .append_pair("RelayState", &query("RelayState"))
            .finish();
        let cookies = begun.cookies.join("; ");
        let post = |path: &str| {
            let length = form.len();
            format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\nContent-Type: \
                 application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
            )
            .into_bytes()
        };
        SignIn { sign_in: post("/saml/acs"), to_nothing: post("/nothing") }
    }
}

fn get(path: &str, cookie: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nCookie: {cookie}\r\n\r\n")
        .into_bytes()
}
