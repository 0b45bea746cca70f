//! A small service provider that does everything right but for one weakness of its own choice.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_saml::crypto::{
    Certificate, CertificateRequest, KeyShape, PrivateKey, PublicKey, random_hex,
};
use actix_saml::dsig::verify;
use actix_saml::idp::{Personality, TestIdp, Validity};
use actix_saml::rehearse::{
    CannotRehearse, Case, Finding, Plan, Rehearsal, SignedInCheck, Theme, Verdict,
};
use actix_saml::saml::names::{ASSERTION, METADATA, PROTOCOL};
use actix_saml::saml::parse_instant;
use actix_saml::xml::{Document, Limits, Node, decode_base64, encode_base64};
use actix_saml::xmlenc::{Budget, DecryptionKey, decrypt};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::web::{Data, Form, Query, ServiceConfig, get, post};
use actix_web::{HttpRequest, HttpResponse};
use chrono::SecondsFormat;

use crate::scene::{idp, now, plan, serve_at};

/// What is wrong with a toy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Nothing.
    None,
    /// The key comes with the message.
    KeyInMessage,
    /// A session is made before the signature is looked at. The answer is 403 all the same.
    SignsInFirst,
    /// What is signed is verified, and the first assertion is used.
    FirstAssertion,
    /// What is signed is verified, and the last assertion is used.
    LastAssertion,
    /// A name ends at a comment.
    CutsAtComment,
    /// `Audience` is not looked at.
    NoAudience,
    /// `InResponseTo` is not looked at.
    NoRequest,
    /// A response that names no request is taken. One that names a request must name an own one.
    Unsolicited,
    /// The same, and `RelayState` is followed.
    UnsolicitedRedirect,
    /// The same, and what was used is not remembered.
    UnsolicitedReplay,
    /// An answer may come to any browser.
    AnyBrowser,
    /// One browser has one request. The next takes its place.
    OnePending,
    /// Times are not looked at.
    NoTimes,
    /// What was used is not remembered.
    NoReplay,
    /// A link will do.
    TakesGet,
    /// `RelayState` is followed.
    OpenRedirect,
    /// The session keeps the cookie from before.
    KeepsCookie,
    /// Who signs in over somebody else stays that person.
    KeepsFirst,
    /// What was encrypted needs no signature.
    TrustsEncrypted,
    /// Anybody ends sessions.
    LogsOutAnybody,
    /// Nobody is signed in, whatever the answer says.
    Forgets,
    /// The assertion itself must be signed, and the metadata says so.
    WantsSignedAssertions,
    /// The same, and the metadata does not say so.
    DemandsSignedAssertions,
    /// A document type is answered never.
    Hangs,
    /// After a document type the next four requests are answered 503.
    HoldsUp,
    /// After a document type every request is answered 503.
    Stops,
}

struct State {
    /// Cookies, and the requests that were sent with them.
    pending: Vec<(String, String)>,
    /// Cookies, and who is signed in with them.
    sessions: Vec<(String, String)>,
    used: BTreeSet<String>,
}

pub struct Toy {
    weakness: Weakness,
    keys: Vec<PublicKey>,
    decryption: DecryptionKey,
    sign_in_url: String,
    url: String,
    state: Mutex<State>,
    absent: AtomicUsize,
}

type Fields = BTreeMap<String, String>;

fn cookie(request: &HttpRequest, name: &str) -> Option<String> {
    request.cookie(name).map(|cookie| cookie.value().to_owned())
}

fn all_text<'d>(node: Node<'d>, local: &str) -> Vec<&'d str> {
    let named = node.descendants().filter(|n| n.is(ASSERTION, local));
    named.filter_map(|n| n.text()).collect()
}

impl Toy {
    fn is_weak(&self, weakness: Weakness) -> bool {
        self.weakness == weakness
    }

    /// Whether a proxy would say that the toy is away.
    fn is_absent(&self) -> bool {
        let left = self.absent.load(Ordering::SeqCst);
        if left != usize::MAX && left > 0 {
            self.absent.store(left - 1, Ordering::SeqCst);
        }
        left > 0
    }

    fn signatures<'d>(node: Node<'d>) -> impl Iterator<Item = Node<'d>> {
        node.elements().filter(|n| n.local_name() == "Signature")
    }

    fn is_verified(&self, node: Node<'_>) -> bool {
        let Some(signature) = Self::signatures(node).next() else { return false };
        let mut keys = self.keys.clone();
        if self.is_weak(Weakness::KeyInMessage) {
            let found = signature.descendants().find(|n| n.local_name() == "X509Certificate");
            let der = found.and_then(|n| n.text()).and_then(|t| decode_base64(t.as_bytes()));
            let certificate = der.and_then(|der| Certificate::from_der(&der).ok());
            keys.extend(certificate.map(|certificate| certificate.public_key().clone()));
        }
        verify(node, signature, &keys).is_ok()
    }

    /// Whom a message signs in.
    fn judge(&self, xml: &str, browser: Option<&str>) -> Option<String> {
        let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE).ok()?;
        let response = document.root();
        if !response.is(PROTOCOL, "Response") || !xml.contains("status:Success\"") {
            return None;
        }
        let first = Self::signatures(response).next();
        let whole = first.is_some() && self.is_verified(response);
        if first.is_some() && !whole {
            return None;
        }
        let encrypted = response.elements().find(|n| n.is(ASSERTION, "EncryptedAssertion"));
        if let Some(encrypted) = encrypted {
            let keys = std::slice::from_ref(&self.decryption);
            let plain = decrypt(encrypted, keys, &Budget::new(1)).ok()?;
            let inner = Document::parse(&plain, &Limits::MESSAGE).ok()?;
            let is_trusted = self.is_weak(Weakness::TrustsEncrypted);
            return self.read(inner.root(), xml, browser, is_trusted);
        }
        let mut all = document.elements().filter(|n| n.is(ASSERTION, "Assertion"));
        let assertion = match self.weakness {
            Weakness::FirstAssertion | Weakness::LastAssertion => {
                let all: Vec<_> = all.collect();
                if !all.iter().any(|n| self.is_verified(*n)) {
                    return None;
                }
                let is_first = self.is_weak(Weakness::FirstAssertion);
                let used = if is_first { all.first() } else { all.last() };
                return self.read(*used?, xml, browser, true);
            }
            _ => all.next()?,
        };
        let is_alone = all.next().is_none() && response.elements().any(|n| n == assertion);
        if !is_alone || Self::signatures(assertion).next().is_none() && !whole {
            return None;
        }
        let demands = [Weakness::WantsSignedAssertions, Weakness::DemandsSignedAssertions];
        let is_trusted = whole && !demands.contains(&self.weakness);
        self.read(assertion, xml, browser, is_trusted)
    }

    fn read(
        &self,
        assertion: Node<'_>,
        xml: &str,
        browser: Option<&str>,
        is_trusted: bool,
    ) -> Option<String> {
        let has_own = Self::signatures(assertion).next().is_some();
        if !is_trusted && !self.is_verified(assertion) {
            return None;
        }
        let is_wrapped = [Weakness::FirstAssertion, Weakness::LastAssertion];
        if is_trusted && has_own && !is_wrapped.contains(&self.weakness) {
            self.is_verified(assertion).then_some(())?;
        }
        if !self.is_weak(Weakness::NoAudience) {
            (all_text(assertion, "Audience") == [self.url.as_str()]).then_some(())?;
        }
        let named = |local: &str| assertion.descendants().find(|n| n.is(ASSERTION, local));
        let confirmation = named("SubjectConfirmationData")?;
        let acs = format!("{}/acs", self.url);
        (confirmation.attribute("Recipient") == Some(&acs)).then_some(())?;
        if !self.is_weak(Weakness::NoTimes) {
            let conditions = named("Conditions")?;
            let seconds = |node: Node<'_>, name: &str| {
                let time = parse_instant(node.attribute(name)?)?;
                Some(time.signed_duration_since(now()).num_seconds())
            };
            let end =
                seconds(confirmation, "NotOnOrAfter")?.min(seconds(conditions, "NotOnOrAfter")?);
            let begin = seconds(conditions, "NotBefore")?;
            (end > -180 && begin < 180).then_some(())?;
        }
        let id = assertion.attribute("ID")?.to_owned();
        let mut state = self.state.lock().unwrap();
        self.answers(&mut state, confirmation.attribute("InResponseTo"), browser).then_some(())?;
        let replays = [Weakness::NoReplay, Weakness::UnsolicitedReplay];
        if !state.used.insert(id) && !replays.contains(&self.weakness) {
            return None;
        }
        if self.is_weak(Weakness::CutsAtComment) {
            let (_, rest) = xml.split_once("<NameID")?;
            return Some(rest.split_once('>')?.1.split('<').next()?.to_owned());
        }
        Some(named("NameID").map_or(Some("somebody"), |n| n.text())?.to_owned())
    }

    /// Whether there was such a request. It is answered once.
    fn answers(&self, state: &mut State, request: Option<&str>, browser: Option<&str>) -> bool {
        let request = match (request, self.weakness) {
            (_, Weakness::NoRequest) => return true,
            (
                None,
                Weakness::Unsolicited | Weakness::UnsolicitedRedirect | Weakness::UnsolicitedReplay,
            ) => return true,
            (None, _) => return false,
            (Some(request), _) => request,
        };
        let any = self.is_weak(Weakness::AnyBrowser);
        let is_own = |of: &str| any || browser == Some(of);
        let at = state.pending.iter().position(|(of, id)| id == request && is_own(of));
        // Whoever does not remember what was used lets requests be answered again as well.
        match at {
            Some(_) if self.is_weak(Weakness::NoReplay) => true,
            Some(at) => {
                state.pending.remove(at);
                true
            }
            None => false,
        }
    }

    /// Asks the identity provider, by a form that a script of the page sends.
    fn ask(&self, request: &HttpRequest) -> HttpResponse {
        let id = format!("_{}", random_hex::<20>().unwrap());
        let browser = cookie(request, "asked").unwrap_or_else(|| random_hex::<16>().unwrap());
        let mut state = self.state.lock().unwrap();
        if self.is_weak(Weakness::OnePending) {
            state.pending.retain(|(of, _)| *of != browser);
        }
        state.pending.push((browser.clone(), id.clone()));
        let xml = format!(
            "<p:AuthnRequest xmlns:p=\"{PROTOCOL}\" ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{}\" \
             Destination=\"{}\" AssertionConsumerServiceURL=\"{}/acs\"><Issuer \
             xmlns=\"{ASSERTION}\">{}</Issuer></p:AuthnRequest>",
            now().to_rfc3339_opts(SecondsFormat::Millis, true),
            self.sign_in_url,
            self.url,
            self.url,
        );
        let page = format!(
            "<body onload=\"document.forms[0].submit()\"><form method=\"post\" action=\"{}\"><input \
             type=\"hidden\" name=\"SAMLRequest\" value=\"{}\"><noscript><button>Go on</button>\
             </noscript></form>",
            self.sign_in_url,
            encode_base64(xml.as_bytes())
        );
        let asked = Cookie::build("asked", browser.clone()).path("/").same_site(SameSite::None);
        let mut answer = HttpResponse::Ok();
        answer.content_type("text/html").cookie(asked.secure(true).finish());
        if self.is_weak(Weakness::KeepsCookie) {
            let toy = Cookie::build("toy", browser).path("/").same_site(SameSite::None);
            answer.cookie(toy.secure(true).finish());
        }
        answer.body(page)
    }
}

async fn page(request: HttpRequest, toy: Data<Toy>) -> HttpResponse {
    if toy.is_absent() {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let who = cookie(&request, "toy").and_then(|cookie| {
        let state = toy.state.lock().unwrap();
        let mut sessions = state.sessions.iter().rev();
        sessions.find(|(id, _)| *id == cookie).map(|(_, name)| name.clone())
    });
    match who {
        Some(name) => HttpResponse::Ok().content_type("text/html").body(format!("<p>{name}</p>")),
        None => toy.ask(&request),
    }
}

async fn acs(request: HttpRequest, Form(fields): Form<Fields>, toy: Data<Toy>) -> HttpResponse {
    take(&request, &fields, &toy).await
}

async fn acs_link(
    request: HttpRequest,
    Query(fields): Query<Fields>,
    toy: Data<Toy>,
) -> HttpResponse {
    match toy.is_weak(Weakness::TakesGet) {
        true => take(&request, &fields, &toy).await,
        false => HttpResponse::MethodNotAllowed().finish(),
    }
}

async fn take(request: &HttpRequest, fields: &Fields, toy: &Toy) -> HttpResponse {
    if toy.is_absent() {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let bytes = fields.get("SAMLResponse").and_then(|value| decode_base64(value.as_bytes()));
    let xml = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    if xml.contains("<!DOCTYPE") {
        match toy.weakness {
            Weakness::Hangs => std::future::pending().await,
            Weakness::HoldsUp => toy.absent.store(4, Ordering::SeqCst),
            Weakness::Stops => toy.absent.store(usize::MAX, Ordering::SeqCst),
            _ => {}
        }
    }
    let mut name = toy.judge(&xml, cookie(request, "asked").as_deref());
    let is_refused = name.is_none();
    if toy.is_weak(Weakness::SignsInFirst) {
        let text = xml.rsplit_once("</NameID>").and_then(|(before, _)| before.rsplit_once('>'));
        name = text.map(|(_, name)| name.to_owned());
    }
    let Some(name) = name else { return HttpResponse::Forbidden().body("no") };
    if toy.is_weak(Weakness::Forgets) {
        return HttpResponse::Ok().body("welcome");
    }
    let before = cookie(request, "toy");
    let id = match toy.weakness {
        Weakness::KeepsCookie => before.or_else(|| cookie(request, "asked")),
        Weakness::KeepsFirst => before,
        _ => None,
    };
    let id = id.unwrap_or_else(|| random_hex::<16>().unwrap());
    let mut state = toy.state.lock().unwrap();
    let is_there = state.sessions.iter().any(|(of, _)| *of == id);
    if !(is_there && toy.is_weak(Weakness::KeepsFirst)) {
        state.sessions.push((id.clone(), name));
    }
    let session = Cookie::build("toy", id).path("/").same_site(SameSite::None).secure(true);
    let session = session.http_only(true).finish();
    if is_refused {
        return HttpResponse::Forbidden().cookie(session).body("no");
    }
    let follows = [Weakness::OpenRedirect, Weakness::UnsolicitedRedirect];
    let to = fields.get("RelayState").filter(|_| follows.contains(&toy.weakness));
    let to = to.filter(|to| !to.contains(['\r', '\n'])).map_or("/page", String::as_str);
    HttpResponse::SeeOther().insert_header(("Location", to)).cookie(session).finish()
}

async fn log_out(Form(fields): Form<Fields>, toy: Data<Toy>) -> HttpResponse {
    let bytes = fields.get("SAMLRequest").and_then(|value| decode_base64(value.as_bytes()));
    let Some(bytes) = bytes else { return HttpResponse::BadRequest().finish() };
    let Ok(document) = Document::parse(&bytes, &Limits::MESSAGE) else {
        return HttpResponse::BadRequest().finish();
    };
    let root = document.root();
    if !toy.is_weak(Weakness::LogsOutAnybody) && !toy.is_verified(root) {
        return HttpResponse::Forbidden().finish();
    }
    let names = all_text(root, "NameID");
    toy.state.lock().unwrap().sessions.retain(|(_, name)| !names.contains(&name.as_str()));
    HttpResponse::Ok().finish()
}

/// Metadata of a toy that takes nothing encrypted.
pub fn metadata(url: &str) -> String {
    metadata_with(url, "", "")
}

fn metadata_with(url: &str, attributes: &str, keys: &str) -> String {
    format!(
        "<EntityDescriptor xmlns=\"{METADATA}\" entityID=\"{url}\"><SPSSODescriptor{attributes} \
         protocolSupportEnumeration=\"{PROTOCOL}\">{keys}<SingleLogoutService \
         Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{url}/slo\"/>\
         <AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
         Location=\"{url}/acs\" index=\"0\"/></SPSSODescriptor></EntityDescriptor>"
    )
}

/// A toy and its metadata.
pub fn start(weakness: Weakness, idp: &TestIdp) -> (String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    let Validity { not_before, not_after } = Validity::of_tests();
    let certificate = Certificate::self_signed(
        &key,
        &CertificateRequest {
            common_name: "toy.example.nhs.uk",
            organisation: None,
            hosts: &[],
            not_before,
            not_after,
        },
    );
    let wants = match weakness {
        Weakness::WantsSignedAssertions => " WantAssertionsSigned=\"true\"",
        _ => "",
    };
    let keys = format!(
        "<KeyDescriptor use=\"encryption\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\
         <X509Data><X509Certificate>{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>",
        encode_base64(certificate.unwrap().as_der())
    );
    let metadata = metadata_with(&url, wants, &keys);
    serve(weakness, idp, listener, key);
    (url, metadata)
}

/// A toy without weakness at an address that was free a moment ago.
pub fn start_at(url: &str, idp: &TestIdp) {
    let listener = TcpListener::bind(url.strip_prefix("http://").unwrap()).unwrap();
    let key = PrivateKey::generate(KeyShape::Rsa2048).unwrap();
    serve(Weakness::None, idp, listener, key);
}

fn serve(weakness: Weakness, idp: &TestIdp, listener: TcpListener, key: PrivateKey) {
    let (pending, sessions, used) = (Vec::new(), Vec::new(), BTreeSet::new());
    let toy = Data::from(Arc::new(Toy {
        weakness,
        keys: idp.keys.signing().map(|key| key.certificate().public_key().clone()).collect(),
        decryption: DecryptionKey::new(key).unwrap(),
        sign_in_url: idp.sign_in_url(),
        url: format!("http://{}", listener.local_addr().unwrap()),
        state: Mutex::new(State { pending, sessions, used }),
        absent: AtomicUsize::new(0),
    }));
    let routes = |config: &mut ServiceConfig| {
        config
            .route("/page", get().to(page))
            .route("/acs", post().to(acs))
            .route("/acs", get().to(acs_link))
            .route("/slo", post().to(log_out));
    };
    serve_at(listener, routes, toy);
}

/// A rehearsal in front of a toy.
pub fn begin_with(
    weakness: Weakness,
    change: impl FnOnce(&mut Plan),
) -> Result<Rehearsal, CannotRehearse> {
    let idp = idp(Personality::Adfs);
    let (url, metadata) = start(weakness, &idp);
    let mut plan = plan(idp, &url, "/page", SignedInCheck::StartPage);
    plan.sp_metadata = metadata.into_bytes();
    plan.recovery = Duration::from_secs(5);
    change(&mut plan);
    Rehearsal::begin(plan)
}

/// What comes of these cases and themes, and of what they need.
pub fn play(weakness: Weakness, ids: &[&str]) -> Vec<Finding> {
    play_with(weakness, ids, |_| {})
}

pub fn play_with(weakness: Weakness, ids: &[&str], change: impl FnOnce(&mut Plan)) -> Vec<Finding> {
    let is_wanted = |theme: &Theme, case: &Case| ids.contains(&theme.id) || ids.contains(&case.id);
    begin_with(weakness, change).unwrap().play_some(is_wanted, |_| {})
}

/// What came of one case.
pub fn of<'f>(findings: &'f [Finding], id: &str) -> &'f Finding {
    findings.iter().find(|finding| finding.case.id == id).unwrap()
}

pub fn verdict(findings: &[Finding], id: &str) -> Verdict {
    of(findings, id).verdict
}
