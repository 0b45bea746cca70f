//! Every page with invented content: for whoever makes a template or a translation, and for tests.

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::HttpResponse;
use chrono::TimeDelta;
use url::Url;

use super::person::LockedByOther;
use super::sign_out::AfterSignOut;
use super::{PageContent, PageTemplate, Pages, SignedOut, Told, Trouble};
use crate::web::kept_form::KeptForm;

const REFERENCE: &str = "7f3a9-c21e4";
const LOGIN: &str = "/saml/login?return_to=%2Frota%3Fday%3D2";
const CHOOSER: &str = "/saml/login?return_to=%2Frota%3Fday%3D2&choose";
const OWNER: &str = "Bryn O'Sample";
const NAME: &str = "Dr Zo\u{eb} M\u{fc}ller-Example";
const IDP: &str = "https://fs.example.org/adfs/ls/?SAMLRequest=example&RelayState=example";
const MESSAGE: &str = "ZXhhbXBsZQ==";

/// Keeps what it is given, and has somebody else make the HTML.
struct Recorder {
    template: Arc<dyn PageTemplate>,
    seen: Mutex<Vec<PageContent>>,
}

impl PageTemplate for Recorder {
    fn render(&self, page: &PageContent) -> String {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(page.clone());
        self.template.render(page)
    }
}

impl Pages {
    /// Every page with invented content, some of them more than once.
    pub(in crate::web) fn samples(&self) -> Vec<(PageContent, HttpResponse)> {
        let template = Arc::clone(&self.template);
        let recorder = Arc::new(Recorder { template, seen: Mutex::default() });
        let pages = Self { template: Arc::<Recorder>::clone(&recorder), ..self.clone() };
        let mut responses = pages.troubles();
        responses.extend(pages.on_the_way_in());
        responses.extend(pages.about_people());
        responses.extend(pages.on_the_way_out());
        let seen =
            std::mem::take(&mut *recorder.seen.lock().unwrap_or_else(PoisonError::into_inner));
        seen.into_iter().zip(responses).collect()
    }

    fn troubles(&self) -> Vec<HttpResponse> {
        let facts = [
            ("Time", "2026-11-22 09:00:00 UTC".to_owned()),
            ("Reference", REFERENCE.to_owned()),
            ("Application", "https://rota.example.org/saml/metadata".to_owned()),
            ("Identity provider", "http://fs.example.org/adfs/services/trust".to_owned()),
            ("Code", "status".to_owned()),
            ("SAML status", "Responder / NoAuthnContext".to_owned()),
        ];
        let told = Told {
            reference: REFERENCE,
            login_url: LOGIN,
            chooser_url: Some(CHOOSER),
            facts: &facts,
        };
        let mut responses: Vec<_> =
            Trouble::ALL.iter().map(|trouble| self.trouble(*trouble, &told)).collect();
        responses.push(self.not_ready());
        responses
    }

    fn on_the_way_in(&self) -> Vec<HttpResponse> {
        let mut responses = Vec::new();
        if let Ok(url) = Url::parse(IDP) {
            responses.push(self.post_request(&url, MESSAGE, "example"));
        }
        let choices = || {
            vec![
                self.choice("NHSmail", format!("{LOGIN}&idp=a"), true),
                self.choice("Foxglove Hospital", format!("{LOGIN}&idp=b"), false),
            ]
        };
        responses.push(self.choose_idp(choices(), true));
        responses.push(self.choose_idp(choices(), false));
        let fields = [("SAMLResponse", MESSAGE.to_owned())];
        responses.push(self.confirm_sign_in(NAME, "/saml/acs", &fields));
        responses.push(self.session_ended(LOGIN));
        responses.push(self.step_up(LOGIN));
        responses.push(self.break_out(LOGIN, Some("/saml/login"), false));
        responses.push(self.break_out(LOGIN, None, true));
        responses.push(self.break_out_to_step_up(LOGIN, false));
        responses
    }

    fn about_people(&self) -> Vec<HttpResponse> {
        let locked = LockedByOther {
            owner: OWNER,
            name: NAME,
            reference: REFERENCE,
            login_url: LOGIN,
            logout_url: "/saml/logout",
        };
        let mut about = vec![
            self.locked(OWNER, LOGIN, false),
            self.locked(OWNER, LOGIN, true),
            self.locked_by_other(&locked),
            self.form_kept(NAME, LOGIN),
            self.handover(OWNER, NAME, "/rota?day=2"),
            self.not_your_page(NAME),
        ];
        about.extend(
            KeptForm::sample().map(|form| self.resume(&form, TimeDelta::hours(1), "/saml/resume")),
        );
        about.extend(KeptForm::sample().map(|form| self.sent_before(form.fields())));
        about
    }

    fn on_the_way_out(&self) -> Vec<HttpResponse> {
        let mut responses = vec![self.ask_logout("/saml/logout")];
        if let Ok(url) = Url::parse(IDP) {
            responses.push(self.go_on_to_logout(&url));
            responses.push(self.post_logout(&url, "SAMLRequest", MESSAGE, Some("example")));
        }
        responses.extend(SignedOut::ALL.iter().map(|extent| {
            let reference = (*extent == SignedOut::Unclear).then_some(REFERENCE);
            let after = AfterSignOut {
                login_url: LOGIN,
                chooser_url: Some(CHOOSER),
                forget_url: "/saml/logout/forget",
                reference,
            };
            self.signed_out(*extent, &after)
        }));
        responses
    }
}
