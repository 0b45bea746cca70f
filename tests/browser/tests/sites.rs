//! The application and the test identity provider, each with an address of its own.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, LazyLock, Mutex};

use actix_saml::Saml;
use actix_saml::cli::app;
use actix_saml::crypto::{Certificate, CertificateRequest, KeyShape, PrivateKey};
use actix_saml::idp::{IdpApp, TestIdp, TestKeys, Validity};
use actix_saml::saml::binding::Binding;
use actix_saml::saml::metadata::IdpMetadata;
use actix_saml::saml::{EntityId, parse_instant};
use actix_saml::sp::{Builder, Idp, RequestSigning, ReturnTo, UnsolicitedTargets};
use actix_saml::web::Clock;
use actix_web::dev::{Service as _, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, ORIGIN, SET_COOKIE};
use actix_web::{App, HttpResponse, HttpServer, web};
use chrono::{DateTime, TimeDelta, Utc};
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod};
use openssl::x509::X509;
use url::Url;

use crate::accessibility;

/// Another site than [`APP_HOST`], as in life. Two ports of one host would be one site.
pub(crate) const IDP_HOST: &str = "127.0.0.1";
pub(crate) const APP_HOST: &str = "localhost";

static KEYS: LazyLock<TestKeys> =
    LazyLock::new(|| TestKeys::generate(IDP_HOST, Validity::of_tests()).unwrap());

/// What can be otherwise.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) https: bool,
    pub(crate) idp_host: &'static str,
    /// Where there is another identity provider, if there is.
    pub(crate) other_idp_host: Option<&'static str>,
    pub(crate) request_binding: Binding,
    /// The binding by which log-out goes to the identity provider, if it does.
    pub(crate) logout: Option<Binding>,
    /// Whether the pages show the application's name, logo and style sheet.
    pub(crate) is_branded: bool,
    /// Whether sign-ins may begin at the identity provider.
    pub(crate) accepts_unsolicited: bool,
    /// Stands in the cookie of a pending sign-in in the place of what the application wrote.
    pub(crate) pending_same_site: &'static str,
    /// Whether the identity provider remembers who has signed in with a browser.
    pub(crate) idp_remembers: bool,
    /// Whether the browser may keep the identity provider's pages, so that it posts the same
    /// response once more from its history. Ours say that it may not; others say nothing.
    pub(crate) keeps_idp_pages: bool,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            https: false,
            idp_host: IDP_HOST,
            other_idp_host: None,
            request_binding: Binding::HttpRedirect,
            logout: None,
            is_branded: false,
            accepts_unsolicited: false,
            pending_same_site: "None",
            idp_remembers: false,
            keeps_idp_pages: false,
        }
    }
}

/// Both, running.
pub(crate) struct Sites {
    pub(crate) saml: Saml,
    app: Url,
    pub(crate) idp: Url,
    pub(crate) other_idp: Option<Url>,
    pub(crate) idp_entity_id: String,
    /// `SameSite` of each cookie of a pending sign-in, as it went to the browser.
    pending_same_site: Arc<Mutex<Vec<String>>>,
    /// `Origin` of each form that came to a page of the application's own.
    pub(crate) origins: Arc<Mutex<Vec<String>>>,
    clock: StoppedClock,
}

/// Stands still until it is set.
#[derive(Clone)]
struct StoppedClock(Arc<Mutex<DateTime<Utc>>>);

impl Clock for StoppedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

impl Setting {
    /// Starts both on ports that are free. They run until the test ends.
    pub(crate) fn serve(self) -> Sites {
        let listen = |host| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let scheme = if self.https { "https" } else { "http" };
            let port = listener.local_addr().unwrap().port();
            (Url::parse(&format!("{scheme}://{host}:{port}")).unwrap(), listener)
        };
        let (app_url, app_listener) = listen(APP_HOST);
        let now = parse_instant("2026-11-22T09:00:00Z").unwrap();
        let clock = StoppedClock(Arc::new(Mutex::new(now)));
        let (mut idps, listeners): (Vec<TestIdp>, Vec<TcpListener>) =
            [Some(self.idp_host), self.other_idp_host]
                .into_iter()
                .flatten()
                .map(|host| {
                    let (url, listener) = listen(host);
                    (TestIdp::adfs_at(url.as_str(), KEYS.clone()).unwrap(), listener)
                })
                .unzip();
        let saml = self.saml(&app_url, &idps, &clock);
        for idp in &mut idps {
            idp.register(saml.metadata().as_bytes()).unwrap();
        }
        let idp_entity_id = idps[0].entity_id.to_string();
        let mut urls = idps.iter().map(|idp| Url::parse(idp.base_url()).unwrap());
        let (idp_url, other_idp) = (urls.next().unwrap(), urls.next());
        for (mut idp, listener) in idps.into_iter().zip(listeners) {
            idp.remembers = self.idp_remembers;
            let idps_clock = clock.clone();
            let idp = IdpApp::new(idp, move || idps_clock.now());
            let server = HttpServer::new(move || {
                App::new().configure(idp.routes()).wrap_fn(move |request, service| {
                    let answer = service.call(request);
                    async move {
                        let mut response = answer.await?;
                        if self.keeps_idp_pages {
                            let keep = HeaderValue::from_static("private, max-age=600");
                            response.headers_mut().insert(CACHE_CONTROL, keep);
                        }
                        Ok(response)
                    }
                })
            })
            .workers(1);
            let server = if self.https {
                server.listen_openssl(listener, acceptor())
            } else {
                server.listen(listener)
            };
            actix_web::rt::spawn(server.unwrap().disable_signals().run());
        }

        let pending_same_site = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&pending_same_site);
        let origins = Arc::new(Mutex::new(Vec::new()));
        let came = Arc::clone(&origins);
        let served = saml.clone();
        let app_server = HttpServer::new(move || {
            let seen = Arc::clone(&seen);
            let came = Arc::clone(&came);
            App::new()
                .configure(served.routes())
                .configure(app::routes(&served))
                .configure(accessibility::samples(&served))
                // A page whose policy lets its scripts fetch.
                .route("/dashboard", web::get().to(dashboard))
                .wrap(served.sessions())
                // The last one is the outermost: it has all cookies on their way out.
                .wrap_fn(move |request, service| {
                    if request.method() == Method::POST && !request.path().starts_with("/saml/") {
                        let origin = request.headers().get(ORIGIN).map(HeaderValue::as_bytes);
                        let origin = String::from_utf8_lossy(origin.unwrap_or_default()).into();
                        came.lock().unwrap().push(origin);
                    }
                    let answer = service.call(request);
                    let seen = Arc::clone(&seen);
                    async move {
                        let mut response = answer.await?;
                        rewrite_pending(&mut response, self.pending_same_site, &seen);
                        Ok(response)
                    }
                })
        })
        .workers(1);
        let app_server = if self.https {
            app_server.listen_openssl(app_listener, acceptor())
        } else {
            app_server.listen(app_listener)
        };
        actix_web::rt::spawn(app_server.unwrap().disable_signals().run());
        let app = app_url;
        Sites {
            saml,
            app,
            idp: idp_url,
            other_idp,
            idp_entity_id,
            pending_same_site,
            origins,
            clock,
        }
    }

    fn saml(self, app_url: &Url, idps: &[TestIdp], clock: &StoppedClock) -> Saml {
        let entity_id = EntityId::new(format!("{app_url}saml/metadata")).unwrap();
        let mut builder = Builder::new(entity_id, app_url.clone());
        builder.dev = true;
        builder.request_binding = self.request_binding;
        if let Some(binding) = self.logout {
            builder.logout.binding = binding;
            builder.signing = Some(signing());
        }
        let labelled = idps.iter().zip(["Test sign-in", "Other sign-in"]);
        builder.idps = labelled
            .map(|(idp, label)| {
                let xml = idp.metadata().unwrap();
                let metadata = IdpMetadata::read(xml.as_bytes(), clock.now()).unwrap();
                Arc::new(Idp { metadata, label: Some(label.to_owned()) })
            })
            .collect();
        let sp = builder.build().unwrap();
        let mut saml = Saml::builder(sp).keep_forms(true).clock(Arc::new(clock.clone()));
        if self.accepts_unsolicited {
            let page = |path: &str| ReturnTo::parse(path, app_url).unwrap();
            let targets = UnsolicitedTargets::new(page("/"), vec![page("/rota")]);
            saml = saml.accept_unsolicited(idps[0].entity_id.clone(), targets);
        }
        if self.is_branded {
            saml = saml.branding(accessibility::branding());
        }
        saml.build().unwrap()
    }
}

impl Sites {
    /// A page of the application.
    pub(crate) fn page(&self, path: &str) -> Url {
        self.app.join(path).unwrap()
    }

    /// Time passes, for both. The browser does not notice.
    pub(crate) fn wait(&self, time: TimeDelta) {
        let mut now = self.clock.0.lock().unwrap();
        *now = now.checked_add_signed(time).unwrap();
    }

    /// `SameSite` of each cookie of a pending sign-in that the application has sent.
    pub(crate) fn pending_same_site(&self) -> Vec<String> {
        self.pending_same_site.lock().unwrap().clone()
    }
}

/// Puts `same_site` where the application has written `None`.
fn rewrite_pending<B>(
    response: &mut ServiceResponse<B>,
    same_site: &str,
    seen: &Mutex<Vec<String>>,
) {
    let cookies: Vec<HeaderValue> = response.headers_mut().remove(SET_COOKIE).collect();
    for cookie in cookies {
        let mut text = cookie.to_str().unwrap().to_owned();
        if text.contains("saml-pending-") {
            text = text.replace("SameSite=None", &format!("SameSite={same_site}"));
            let attribute = text.split("; ").find_map(|part| part.strip_prefix("SameSite="));
            seen.lock().unwrap().push(attribute.unwrap_or("absent").to_owned());
        }
        response.headers_mut().append(SET_COOKIE, text.parse().unwrap());
    }
}

/// The application's own key.
fn signing() -> RequestSigning {
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let Validity { not_before, not_after } = Validity::of_tests();
    let (common_name, organisation, hosts) = (APP_HOST, None, &[]);
    let request = CertificateRequest { common_name, organisation, hosts, not_before, not_after };
    let certificate = Certificate::self_signed(&key, &request).unwrap();
    RequestSigning { key, certificate }
}

async fn dashboard() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(
        "<!DOCTYPE html><html lang=\"en-GB\"><head><title>Dashboard</title></head>\
         <body><h1>Dashboard</h1></body></html>",
    )
}

/// https with a certificate that nobody signed.
fn acceptor() -> SslAcceptorBuilder {
    let key = PrivateKey::generate(KeyShape::P256).unwrap();
    let Validity { not_before, not_after } = Validity::of_tests();
    let certificate = CertificateRequest {
        common_name: APP_HOST,
        organisation: None,
        hosts: &[APP_HOST, IDP_HOST],
        not_before,
        not_after,
    };
    let certificate = Certificate::self_signed(&key, &certificate).unwrap().to_pem().unwrap();
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    let key = PKey::private_key_from_pem(key.to_pem().unwrap().as_bytes()).unwrap();
    builder.set_private_key(&key).unwrap();
    builder.set_certificate(&X509::from_pem(certificate.as_bytes()).unwrap()).unwrap();
    builder
}
