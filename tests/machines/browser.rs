//! A browser that comes to whichever machine it is sent to.

use std::io::Read as _;

use actix_saml::idp::{IssuedSession, LogoutBinding, OutgoingLogout};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use url::{Url, form_urlencoded};

use crate::http::{Answer, send};
use crate::jar::{From, Jar};
use crate::machine::Machine;
use crate::site::{HOST, Site, now};

/// A sign-in that has arrived at the identity provider.
pub struct Begun {
    pub request_id: String,
    pub relay_state: String,
}

#[derive(Clone, Default)]
pub struct Browser {
    pub jar: Jar,
}

impl Browser {
    pub fn visit(&mut self, machine: &Machine, path: &str) -> Answer {
        self.send(machine, From::SameSite, &format!("GET {path}"), "same-origin", "")
    }

    pub fn visit_from_elsewhere(&mut self, machine: &Machine, path: &str) -> Answer {
        self.send(machine, From::OtherSiteLink, &format!("GET {path}"), "cross-site", "")
    }

    pub fn submit(&mut self, machine: &Machine, path: &str) -> Answer {
        self.send(machine, From::SameSite, &format!("POST {path}"), "same-origin", "")
    }

    /// The identity provider's page posts its response.
    pub fn bring(&mut self, machine: &Machine, form: &str) -> Answer {
        self.send(machine, From::OtherSitePost, "POST /saml/acs", "cross-site", form)
    }

    pub fn begin(&mut self, machine: &Machine) -> Begun {
        let answer = self.visit(machine, "/saml/login?return_to=%2Frota");
        assert_eq!(answer.status, 303, "{answer:?}");
        let url = Url::parse(answer.location()).unwrap();
        let field = |name: &str| {
            url.query_pairs().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{url}")).1
        };
        let deflated = STANDARD.decode(field("SAMLRequest").as_bytes()).unwrap();
        let mut xml = String::new();
        DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut xml).unwrap();
        let (_, rest) = xml.split_once(" ID=\"").unwrap();
        let request_id = rest.split_once('"').unwrap().0.to_owned();
        Begun { request_id, relay_state: field("RelayState").into_owned() }
    }

    /// Signs somebody in from beginning to end.
    pub fn sign_in(&mut self, site: &Site, machine: &Machine) -> IssuedSession {
        let begun = self.begin(machine);
        let xml = site.respond(&begun, "ward.nurse");
        let answer = self.bring(machine, &form(&xml, &begun));
        assert_eq!((answer.status, answer.location()), (303, "/rota"), "{answer:?}");
        IssuedSession::of_response(&xml).unwrap()
    }

    /// Whether the application behind this machine knows who this is.
    pub fn is_signed_in(&mut self, machine: &Machine) -> bool {
        let answer = self.visit(machine, "/whoami");
        match answer.status {
            200 => true,
            401 => false,
            _ => panic!("{answer:?}"),
        }
    }

    /// Brings the wish of the identity provider that a session end.
    pub fn carry_wish(
        &mut self,
        site: &Site,
        session: &IssuedSession,
        machine: &Machine,
    ) -> Answer {
        let idp = site.registered(machine);
        let wish = idp.request_logout(session, None, LogoutBinding::Redirect, now()).unwrap();
        let OutgoingLogout::Redirect { url, .. } = wish else { panic!("{wish:?}") };
        let path = url.strip_prefix(&format!("https://{HOST}")).unwrap();
        self.visit_from_elsewhere(machine, path)
    }

    fn send(
        &mut self,
        machine: &Machine,
        from: From,
        line: &str,
        site: &str,
        body: &str,
    ) -> Answer {
        let cookies = self.jar.header(from, now());
        let answer = send(machine.port, line, &fields(site, cookies.as_deref()), body);
        for header in answer.all("Set-Cookie") {
            self.jar.take(header, true, now());
        }
        answer
    }

    /// The `Cookie` header of a form that another site posts.
    pub fn cookies_from_elsewhere(&self) -> String {
        self.jar.header(From::OtherSitePost, now()).unwrap()
    }

    /// The value of the session cookie.
    pub fn session_cookie(&self) -> &str {
        let stored = self.jar.0.iter().find(|s| s.cookie.name() == "__Host-saml-session");
        stored.unwrap().cookie.value()
    }
}

/// What browsers say with a navigation.
pub fn fields<'a>(site: &'a str, cookies: Option<&'a str>) -> Vec<(&'static str, &'a str)> {
    let mut fields = vec![
        ("Host", HOST),
        ("Accept", "text/html"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Dest", "document"),
        ("Sec-Fetch-Site", site),
    ];
    fields.extend(cookies.map(|cookies| ("Cookie", cookies)));
    fields
}

/// The form that the identity provider's page posts.
pub fn form(xml: &str, begun: &Begun) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLResponse", &STANDARD.encode(xml))
        .append_pair("RelayState", &begun.relay_state)
        .finish()
}
