//! Every page that there is, made by a request, and the headers that it is sent with.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use actix_saml::crypto::sha256;
use actix_saml::idp::{ErrorStatus, LogoutBinding};
use actix_saml::saml::binding::Binding;
use actix_saml::sp::SessionLimits;
use actix_saml::web::{DefaultTemplate, PageContent, PageKind, PageTemplate};
use actix_saml::xml::encode_base64;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use chrono::TimeDelta;

use crate::answer::Answer;
use crate::app::{ACS, Setup, TestApp, start_of_test, test_idp};
use crate::browser::{navigation, post};
use crate::encrypted::{decrypts, occupied, places};
use crate::jar::From;
use crate::kept_form;
use crate::message::{Form, between, encode};
use crate::slo::{SLO, Scene, carry};
use crate::stores::{Fragile, Step};
use crate::unsolicited_flow;

const PLAIN: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
                     style-src {style}; form-action 'self'";
/// Its form goes to the identity provider, by a script.
const POSTS: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
                     style-src {style}; script-src {script}";
/// A script sees to it that a double click is one.
const SENDS_ONCE: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
                          style-src {style}; script-src {script}; form-action 'self'";
const FRAMED: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'self'; \
                      style-src {style}; script-src {script}; form-action 'self'";
/// It asks for one image of our own.
const IMAGE: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
                     style-src {style}; img-src 'self'; form-action 'self'";

/// Each page: its status, its policy, and who may frame it.
const TABLE: &[(PageKind, u16, &str, &str)] = &[
    (PageKind::NotAMessage, 400, PLAIN, "DENY"),
    (PageKind::Refused, 403, PLAIN, "DENY"),
    (PageKind::IdpSaidNo, 403, PLAIN, "DENY"),
    (PageKind::NoPendingLogin, 403, PLAIN, "DENY"),
    (PageKind::Replayed, 403, PLAIN, "DENY"),
    (PageKind::SignInOver, 403, PLAIN, "DENY"),
    (PageKind::Unavailable, 503, PLAIN, "DENY"),
    (PageKind::TooLarge, 413, PLAIN, "DENY"),
    (PageKind::WrongType, 415, PLAIN, "DENY"),
    (PageKind::WrongMethod, 405, PLAIN, "DENY"),
    (PageKind::Repeating, 429, PLAIN, "DENY"),
    (PageKind::CookieLost, 429, PLAIN, "DENY"),
    (PageKind::SessionUnknown, 429, PLAIN, "DENY"),
    (PageKind::Busy, 503, PLAIN, "DENY"),
    (PageKind::NotReady, 503, PLAIN, "DENY"),
    (PageKind::Forbidden, 403, PLAIN, "DENY"),
    (PageKind::MfaMissing, 403, PLAIN, "DENY"),
    (PageKind::NotFresh, 403, PLAIN, "DENY"),
    (PageKind::NotALogout, 400, PLAIN, "DENY"),
    (PageKind::LogoutRefused, 403, PLAIN, "DENY"),
    (PageKind::NoPendingLogout, 403, PLAIN, "DENY"),
    (PageKind::SigningIn, 200, POSTS, "DENY"),
    (PageKind::ChooseIdp, 200, PLAIN, "DENY"),
    (PageKind::Confirm, 200, SENDS_ONCE, "DENY"),
    (PageKind::SessionEnded, 401, PLAIN, "DENY"),
    (PageKind::StepUp, 401, PLAIN, "DENY"),
    (PageKind::FormKept, 401, PLAIN, "DENY"),
    (PageKind::Resume, 200, SENDS_ONCE, "DENY"),
    (PageKind::BreakOut, 401, FRAMED, "SAMEORIGIN"),
    (PageKind::Locked, 401, PLAIN, "DENY"),
    (PageKind::LockedByOther, 403, PLAIN, "DENY"),
    (PageKind::Handover, 200, PLAIN, "DENY"),
    (PageKind::NotYourPage, 409, PLAIN, "DENY"),
    (PageKind::AskLogout, 200, PLAIN, "DENY"),
    (PageKind::SigningOut, 200, PLAIN, "DENY"),
    (PageKind::PostLogout, 200, POSTS, "DENY"),
    (PageKind::SignedOut, 200, IMAGE, "DENY"),
];

/// The pages with a button of ours: no window that has opened them has a hand on them. The others,
/// and those of them that lead on to the identity provider, may be in a window that an application
/// has opened for the sign-in, and waits for.
const ALONE: &[PageKind] =
    &[PageKind::Confirm, PageKind::Resume, PageKind::LockedByOther, PageKind::AskLogout];

/// A template that keeps which page it was asked for last.
#[derive(Clone, Default)]
struct Spy(Arc<Mutex<Option<PageKind>>>);

impl PageTemplate for Spy {
    fn render(&self, page: &PageContent) -> String {
        *self.0.lock().unwrap() = Some(page.kind);
        DefaultTemplate.render(page)
    }
}

/// The pages that came, each by its first answer.
#[derive(Default)]
struct Pages {
    spy: Spy,
    seen: RefCell<BTreeMap<PageKind, Answer>>,
}

impl Pages {
    fn watch(&self, setup: &mut Setup) {
        let spy = self.spy.clone();
        let before = std::mem::replace(&mut setup.saml, Box::new(|saml| saml));
        setup.saml = Box::new(move |saml| before(saml).page_template(Arc::new(spy)));
    }

    async fn app(&self, change: impl FnOnce(&mut Setup)) -> TestApp {
        TestApp::with(|setup| {
            change(setup);
            self.watch(setup);
        })
        .await
    }

    #[track_caller]
    fn keep(&self, kind: PageKind, answer: Answer) {
        assert_eq!(self.spy.0.lock().unwrap().take(), Some(kind), "{}", answer.body);
        self.seen.borrow_mut().entry(kind).or_insert(answer);
    }

    async fn refused_sign_ins(&self) {
        let app = self.app(|_| {}).await;
        let browser = app.browser();
        let begun = browser.begin("/rota").await;
        let form = app.respond(&begun, "ward.nurse");
        let no_message = Form { xml: "<a/>".to_owned(), ..form.clone() };
        self.keep(PageKind::NotAMessage, browser.bring(&no_message).await);
        let elsewhere = form.replace("Destination=\"https://rota", "Destination=\"https://other");
        self.keep(PageKind::Refused, browser.bring(&elsewhere).await);
        let status = ErrorStatus::no_authn_context();
        let reply_to = app.reply_to(&begun.request_id);
        let xml = app.idp().refuse(&reply_to, &status, start_of_test()).unwrap();
        let no = Form { xml, relay_state: begun.relay_state.clone() };
        self.keep(PageKind::IdpSaidNo, browser.bring(&no).await);
        self.keep(PageKind::NoPendingLogin, app.browser().bring(&form).await);
        let before = browser.jar.borrow().clone();
        assert_eq!(browser.bring(&form).await.status, 303);
        let after = browser.jar.replace(before);
        self.keep(PageKind::Replayed, browser.bring(&form).await);
        *browser.jar.borrow_mut() = after;
        assert_eq!(browser.submit("/saml/logout", "").await.status, 200);
        self.spy.0.lock().unwrap().take();
        self.keep(PageKind::SignInOver, browser.bring(&form).await);

        let large = format!("SAMLResponse={}", "A".repeat(3_000_000));
        self.keep(PageKind::TooLarge, browser.submit_from_elsewhere(ACS, &large).await);
        let text = post(ACS, "x").insert_header((CONTENT_TYPE, "text/plain"));
        self.keep(PageKind::WrongType, browser.send(From::OtherSitePost, text).await);
        self.keep(PageKind::WrongMethod, browser.visit(ACS).await);
    }

    async fn when_something_does_not_work(&self) {
        let store = Arc::new(Fragile::default());
        let app = self.app(|setup| setup.sessions = Some(Arc::<Fragile>::clone(&store))).await;
        let browser = app.browser();
        browser.sign_in("ward.nurse").await;
        store.break_at(Step::Load);
        self.keep(PageKind::Unavailable, browser.visit("/rota").await);

        let one = places(1, 0);
        let app = self.app(|setup| decrypts(setup, one.clone())).await;
        let browser = app.browser();
        let form = app.respond(&browser.begin("/rota").await, "ward.nurse");
        let (occupant, leave) = occupied(&one).await;
        self.keep(PageKind::Busy, browser.bring(&form.padded()).await);
        leave.send(()).unwrap();
        occupant.await.unwrap();

        let app = self
            .app(|setup| {
                setup.builder = Box::new(|builder| {
                    builder.idps.clear();
                    builder.awaits_idps = true;
                });
            })
            .await;
        self.keep(PageKind::NotReady, app.browser().visit("/rota").await);
        self.keep(PageKind::NotReady, app.browser().visit("/saml/login").await);
    }

    async fn again_and_again(&self) {
        for (kind, cookie) in
            [(PageKind::CookieLost, None), (PageKind::SessionUnknown, Some("sealed-elsewhere"))]
        {
            let app = self.app(|_| {}).await;
            let browser = app.browser();
            for _ in 0..2 {
                browser.sign_in("ward.nurse").await;
                match cookie {
                    Some(value) => browser.jar.borrow_mut().put("__Host-saml-session", value),
                    None => browser.jar.borrow_mut().drop("__Host-saml-session"),
                }
            }
            self.keep(kind, browser.visit("/saml/login?return_to=%2Frota").await);
        }
        let app = self.app(|_| {}).await;
        let browser = app.browser();
        let mut last = browser.visit("/saml/login?return_to=%2Frota").await;
        for _ in 0..20 {
            if last.status != 303 {
                break;
            }
            last = browser.visit("/saml/login?return_to=%2Frota").await;
        }
        self.keep(PageKind::Repeating, last);
    }

    async fn for_want_of_rights(&self) {
        let app = self.app(|_| {}).await;
        let browser = app.browser();
        browser.sign_in("ward.pc").await;
        self.keep(PageKind::Forbidden, browser.visit("/roster").await);
        self.keep(PageKind::StepUp, browser.submit("/factor", "dose=1").await);
        let login = browser.visit("/factor").await.location().to_owned();
        let begun = browser.begin_at(&login).await;
        assert_eq!(browser.bring(&app.respond(&begun, "ward.pc")).await.status, 303);
        self.keep(PageKind::MfaMissing, browser.visit("/factor").await);
        app.clock.advance(TimeDelta::minutes(19));
        let login = browser.visit("/fresh").await.location().to_owned();
        let begun = browser.begin_at(&login).await;
        let late = app.respond_late(&begun, "ward.pc", TimeDelta::minutes(19));
        self.keep(PageKind::NotFresh, browser.bring(&late).await);
    }

    async fn on_the_way_in(&self) {
        let by_post = |setup: &mut Setup| {
            setup.builder = Box::new(|builder| builder.request_binding = Binding::HttpPost);
        };
        let app = self.app(by_post).await;
        self.keep(PageKind::SigningIn, app.browser().visit("/saml/login").await);
        let app = self.app(|setup| setup.idps = vec![test_idp(0), test_idp(1)]).await;
        self.keep(PageKind::ChooseIdp, app.browser().visit("/saml/login").await);
        self.keep(PageKind::SessionEnded, app.browser().submit("/admin", "a=b").await);
        let framed = navigation(Method::GET, "/rota").insert_header(("Sec-Fetch-Dest", "iframe"));
        self.keep(PageKind::BreakOut, app.browser().send(From::SameSite, framed).await);
    }

    async fn of_several_people(&self) {
        let locks = |setup: &mut Setup| {
            setup.builder = Box::new(|builder| {
                let lock = Some(TimeDelta::minutes(10));
                builder.session = SessionLimits { lock, ..SessionLimits::default() };
            });
        };
        let app = self.app(locks).await;
        let browser = app.browser();
        browser.sign_in("ward.nurse").await;
        let owner = browser.visit("/owner").await.body;
        app.clock.advance(TimeDelta::minutes(10));
        self.keep(PageKind::Locked, browser.visit("/rota").await);
        let begun = browser.begin("/rota").await;
        let other = app.respond(&begun, "test.consultant");
        self.keep(PageKind::LockedByOther, browser.bring(&other).await);

        app.clock.advance(TimeDelta::minutes(31));
        let begun = browser.begin("/rota").await;
        let landed = browser.bring(&app.respond(&begun, "test.consultant")).await;
        self.keep(PageKind::Handover, browser.visit(landed.location()).await);
        let sent = browser.submit(&format!("/admin?{owner}"), "a=b").await;
        self.keep(PageKind::NotYourPage, sent);
        self.keep(PageKind::AskLogout, browser.visit("/saml/logout").await);
    }

    async fn unasked(&self) {
        let app = self.app(unsolicited_flow::accepts).await;
        let form = unsolicited_flow::unasked(&app, "ward.nurse", "/");
        self.keep(PageKind::Confirm, app.browser().bring(&form).await);
    }

    async fn with_a_form(&self) {
        let app = self.app(|setup| setup.saml = Box::new(|saml| saml.keep_forms(true))).await;
        let browser = app.browser();
        browser.sign_in("ward.nurse").await;
        app.clock.advance(TimeDelta::minutes(31));
        self.keep(PageKind::FormKept, kept_form::send(&browser, "/rota", "dose=1").await);
        let begun = browser.begin_at("/saml/login?return_to=%2Fsaml%2Fresume").await;
        browser.bring(&app.respond(&begun, "ward.nurse")).await;
        self.keep(PageKind::Resume, browser.visit("/saml/resume").await);
    }

    async fn on_the_way_out(&self) {
        let scene = Scene::with(|setup| self.watch(setup)).await;
        let browser = scene.app.browser();
        scene.sign_in(&browser, "ward.nurse").await;
        let page = browser.submit("/saml/logout", "").await;
        let answered = scene.answer(&scene.read_request(&page), LogoutBinding::Redirect);
        self.keep(PageKind::SigningOut, page);
        self.keep(PageKind::SignedOut, carry(&browser, &answered).await);
        let unasked = carry(&scene.app.browser(), &answered).await;
        self.keep(PageKind::NoPendingLogout, unasked);
        let nothing = encode(&[("SAMLRequest", "PGEvPg==")]);
        let nothing = browser.submit_from_elsewhere(SLO, &nothing).await;
        self.keep(PageKind::NotALogout, nothing);
        let session = scene.sign_in(&browser, "ward.nurse").await;
        let wish = scene.wish(&session);
        scene.app.clock.advance(TimeDelta::minutes(9));
        self.keep(PageKind::LogoutRefused, carry(&browser, &wish).await);

        let by_post = |setup: &mut Setup| {
            let before = std::mem::replace(&mut setup.builder, Box::new(|_| {}));
            setup.builder = Box::new(|builder| {
                before(builder);
                builder.logout.binding = Binding::HttpPost;
            });
            self.watch(setup);
        };
        let scene = Scene::with(by_post).await;
        let browser = scene.app.browser();
        scene.sign_in(&browser, "ward.nurse").await;
        self.keep(PageKind::PostLogout, browser.submit("/saml/logout", "").await);
    }
}

/// What a policy says of the one inline element of this name.
fn hash(html: &str, tag: &str) -> String {
    assert_eq!(html.matches(&format!("<{tag}")).count(), 1, "{tag} in {html}");
    let inline = between(html, &format!("<{tag}>"), &format!("</{tag}>"));
    format!("'sha256-{}'", encode_base64(&sha256(inline.as_bytes())))
}

#[actix_web::test]
async fn every_page_has_exactly_its_headers() {
    let pages = Pages::default();
    pages.refused_sign_ins().await;
    pages.when_something_does_not_work().await;
    pages.again_and_again().await;
    pages.for_want_of_rights().await;
    pages.on_the_way_in().await;
    pages.of_several_people().await;
    pages.with_a_form().await;
    pages.unasked().await;
    pages.on_the_way_out().await;

    let listed: Vec<_> = TABLE.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(listed, PageKind::ALL, "each page has its row");
    let seen = pages.seen.take();
    for (kind, status, policy, framing) in TABLE {
        let answer = seen.get(kind).unwrap_or_else(|| panic!("{kind:?} was not made"));
        assert_eq!(answer.status, *status, "{kind:?}");
        let mut policy = policy.replace("{style}", &hash(&answer.body, "style"));
        if policy.contains("{script}") {
            policy = policy.replace("{script}", &hash(&answer.body, "script"));
        } else {
            assert!(!answer.body.contains("<script"), "{kind:?}");
        }
        for (name, value) in [
            ("Content-Security-Policy", policy.as_str()),
            ("Referrer-Policy", if ALONE.contains(kind) { "same-origin" } else { "no-referrer" }),
            ("X-Frame-Options", framing),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
            ("Content-Type", "text/html; charset=utf-8"),
        ] {
            let values: Vec<_> = answer.headers.get_all(name).collect();
            assert_eq!(values, [value], "{name} of {kind:?}");
        }
        let values: Vec<_> = answer.headers.get_all("Cross-Origin-Opener-Policy").collect();
        let expected = if ALONE.contains(kind) { vec!["same-origin"] } else { vec![] };
        assert_eq!(values, expected, "Cross-Origin-Opener-Policy of {kind:?}");
        // What a policy without 'unsafe-inline' would not let run, and would be missed.
        for handler in [" onload=", " onclick=", " style=", "javascript:"] {
            assert!(!answer.body.contains(handler), "{handler} in {kind:?}");
        }
    }
    // The control: the digests are those of what is inline.
    assert_ne!(hash("<style>a</style>", "style"), hash("<style>b</style>", "style"));
}
