//! A browser: it keeps cookies and says where its requests come from.

use std::cell::RefCell;

use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use actix_web::test::TestRequest;
use url::form_urlencoded;

use actix_saml::web::Clock as _;

use crate::answer::Answer;
use crate::app::{ACS, TestApp};
use crate::jar::{From, Jar};
use crate::message::{Begun, Form};

const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

pub struct Browser<'a> {
    pub app: &'a TestApp,
    pub jar: RefCell<Jar>,
}

impl<'a> Browser<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        Self { app, jar: RefCell::default() }
    }

    /// Types an address or follows a link of our own.
    pub async fn visit(&self, path: &str) -> Answer {
        self.send(From::SameSite, navigation(Method::GET, path)).await
    }

    /// Follows a link of another site.
    pub async fn visit_from_elsewhere(&self, path: &str) -> Answer {
        self.send(From::OtherSiteLink, navigation(Method::GET, path)).await
    }

    /// Sends a form of ours.
    pub async fn submit(&self, path: &str, form: &str) -> Answer {
        self.send(From::SameSite, post(path, form).insert_header(("Sec-Fetch-Site", "same-origin")))
            .await
    }

    /// Sends a form that a page of another site made: the identity provider's, or an attacker's.
    pub async fn submit_from_elsewhere(&self, path: &str, form: &str) -> Answer {
        let request = post(path, form).insert_header(("Sec-Fetch-Site", "cross-site"));
        self.send(From::OtherSitePost, request).await
    }

    /// Sends any request with the cookies that go with it, and keeps those that come back.
    pub async fn send(&self, from: From, mut request: TestRequest) -> Answer {
        let now = self.app.clock.now();
        let cookies = self.jar.borrow().header(from, now);
        if let Some(cookies) = &cookies {
            request = request.insert_header((COOKIE, cookies.as_str()));
        }
        let answer = self.app.answer(request).await;
        let mut jar = self.jar.borrow_mut();
        for header in answer.headers.get_all(SET_COOKIE) {
            jar.take(header.to_str().unwrap(), self.app.is_https(), now);
        }
        answer.check_log(self.app, cookies.as_deref());
        answer
    }

    /// Begins a sign-in and goes as far as the identity provider.
    pub async fn begin(&self, return_to: &str) -> Begun {
        let query: String = form_urlencoded::byte_serialize(return_to.as_bytes()).collect();
        self.begin_at(&format!("/saml/login?return_to={query}")).await
    }

    pub async fn begin_at(&self, login: &str) -> Begun {
        let answer = self.visit(login).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        Begun::read(answer.location())
    }

    /// The identity provider's page posts its response.
    pub async fn bring(&self, form: &Form) -> Answer {
        self.submit_from_elsewhere(ACS, &form.encode()).await
    }

    /// Signs somebody in from beginning to end.
    pub async fn sign_in(&self, user_name: &str) -> Answer {
        let begun = self.begin("/rota").await;
        let answer = self.bring(&self.app.respond(&begun, user_name)).await;
        assert_eq!((answer.status, answer.location()), (303, "/rota"), "{}", answer.body);
        answer
    }

    /// Begins a sign-in in another tab, before any page of this one is asked for.
    pub async fn begin_without_session(&self, return_to: &str) -> Begun {
        let other = Browser::new(self.app);
        let begun = other.begin(return_to).await;
        self.jar.borrow_mut().0.extend(other.jar.take().0);
        begun
    }

    pub fn keep_cookies_for_ever(&self) {
        for stored in &mut self.jar.borrow_mut().0 {
            stored.expires = None;
        }
    }

    /// The `Cookie` header of a form that another site posts.
    pub fn cookies_from_elsewhere(&self) -> Option<String> {
        self.jar.borrow().header(From::OtherSitePost, self.app.clock.now())
    }

    /// Whether the application knows who this is.
    pub async fn is_signed_in(&self) -> bool {
        match self.visit("/whoami").await.status {
            200 => true,
            303 => false,
            other => panic!("{other}"),
        }
    }
}

pub fn navigation(method: Method, path: &str) -> TestRequest {
    TestRequest::with_uri(path)
        .method(method)
        .insert_header((HOST, "rota.example.org"))
        .insert_header((ACCEPT, HTML))
        .insert_header(("Sec-Fetch-Mode", "navigate"))
        .insert_header(("Sec-Fetch-Dest", "document"))
}

pub fn post(path: &str, form: &str) -> TestRequest {
    navigation(Method::POST, path)
        .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
        .set_payload(form.to_owned())
}
