//! The identity provider of a rehearsal, and the demo application in front of it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::Duration;

use actix_saml::cli::app;
use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey, random_hex};
use actix_saml::idp::{Personality, SigningKey, TestIdp, TestKeys, Validity};
use actix_saml::rehearse::{Fence, Plan, SignedInCheck};
use actix_saml::web::Config;
use actix_web::web::{Data, FormConfig, ServiceConfig};
use actix_web::{App, HttpServer};
use chrono::{DateTime, Utc};
use url::Url;

pub fn now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

/// An identity provider that announces its next key.
pub fn idp(personality: Personality) -> TestIdp {
    let host = "127.0.0.1";
    let mut keys = TestKeys::generate(host, Validity::of_tests()).unwrap();
    keys.announce(SigningKey::generate(host, Validity::of_tests()).unwrap());
    TestIdp::at(personality, "http://127.0.0.1:8085", keys).unwrap()
}

/// A folder that goes when the test is over.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("rehearse-{}", random_hex::<8>().unwrap()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// For its owner alone to read.
    pub fn write(&self, name: &str, text: &str) {
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(self.0.join(name));
        std::io::Write::write_all(&mut file.unwrap(), text.as_bytes()).unwrap();
    }

    fn write_key(&self, name: &str, shape: KeyShape) {
        let key = PrivateKey::generate(shape).unwrap();
        let Validity { not_before, not_after } = Validity::of_tests();
        let request = CertificateRequest {
            common_name: "rota.example.nhs.uk",
            organisation: None,
            hosts: &[],
            not_before,
            not_after,
        };
        let certificate = Certificate::self_signed(&key, &request).unwrap();
        self.write(&format!("{name}-key.pem"), &key.to_pem().unwrap());
        self.write(&format!("{name}-cert.pem"), &certificate.to_pem().unwrap());
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Starts the demo application on a thread, which ends with the test's process. Gives its address.
pub fn demo(folder: &Folder, idp: &TestIdp) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    folder.write("idp.xml", &idp.metadata().unwrap());
    folder.write_key("signing", KeyShape::Rsa2048);
    folder.write_key("encryption", KeyShape::Rsa2048);
    folder.write(
        "saml.toml",
        &format!(
            "base_url = \"{url}\"\n\
             entity_id = \"{url}/saml/metadata\"\n\
             dev = true\n\
             [[idp]]\n\
             metadata = \"idp.xml\"\n\
             [keys]\n\
             signing_key = \"signing-key.pem\"\n\
             signing_cert = \"signing-cert.pem\"\n\
             decryption_keys = [\"encryption-key.pem\"]\n\
             encryption_cert = \"encryption-cert.pem\"\n"
        ),
    );
    let config = Config::from_file(&folder.0.join("saml.toml")).unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let saml = config.into_saml().unwrap();
            saml.first_metadata(Duration::from_secs(30)).await;
            let server = HttpServer::new(move || {
                App::new()
                    .configure(saml.routes())
                    .configure(app::routes(&saml))
                    .wrap(saml.sessions())
            });
            let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
            sender.send(()).unwrap();
            server.await.unwrap();
        });
    });
    receiver.recv().unwrap();
    url
}

/// A plan for a service provider whose metadata is at `/saml/metadata`.
pub fn plan(idp: TestIdp, url: &str, start: &str, check: SignedInCheck) -> Plan {
    Plan {
        idp,
        sp_metadata: Vec::new(),
        start: Url::parse(&format!("{url}{start}")).unwrap(),
        check,
        takes_unsolicited: false,
        fence: Fence::default(),
        timeout: Duration::from_secs(30),
        recovery: Duration::from_secs(60),
        authorities: Vec::new(),
        clock: now,
    }
}

/// Serves what `routes` says at `listener`, on a thread of its own, until the tests end.
pub fn serve_at(
    listener: TcpListener,
    routes: fn(&mut ServiceConfig),
    toy: Data<impl Send + Sync + 'static>,
) {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(toy.clone())
                    .app_data(FormConfig::default().limit(100_000_000))
                    .configure(routes)
            });
            let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
            sender.send(()).unwrap();
            server.await.unwrap();
        });
    });
    receiver.recv().unwrap();
}
