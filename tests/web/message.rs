//! What goes between the application and the identity provider, as the latter sees it.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use url::{Url, form_urlencoded};

use actix_saml::idp::{Person, TestIdp};
use actix_saml::web::Clock as _;

use crate::app::TestApp;

/// A sign-in that has arrived at the identity provider.
#[derive(Clone, Debug)]
pub struct Begun {
    pub url: Url,
    pub xml: String,
    pub request_id: String,
    pub relay_state: String,
}

impl Begun {
    pub fn read(location: &str) -> Self {
        let url = Url::parse(location).unwrap();
        let only = |name: &str| {
            let values: Vec<_> = url.query_pairs().filter(|(n, _)| n == name).collect();
            let [(_, value)] = values.as_slice() else { panic!("{name} once in {url}") };
            value.to_string()
        };
        let mut xml = String::new();
        let deflated = STANDARD.decode(only("SAMLRequest")).unwrap();
        DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut xml).unwrap();
        let request_id = between(&xml, " ID=\"", "\"").to_owned();
        let relay_state = only("RelayState");
        Self { url, xml, request_id, relay_state }
    }
}

/// The fields of the form that the identity provider's page posts.
#[derive(Clone, Debug)]
pub struct Form {
    pub xml: String,
    pub relay_state: String,
}

impl Form {
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.xml)
    }

    pub fn encode(&self) -> String {
        encode(&[("SAMLResponse", &self.base64()), ("RelayState", &self.relay_state)])
    }

    /// The same with other text in the XML, which breaks the signature if it covers the place.
    pub fn replace(&self, from: &str, to: &str) -> Self {
        assert!(self.xml.contains(from), "{from} is not in {}", self.xml);
        Self { xml: self.xml.replace(from, to), ..self.clone() }
    }
}

impl TestApp {
    pub fn person(&self, user_name: &str) -> Person {
        self.idp().person(user_name).unwrap()
    }

    /// The identity provider signs somebody in.
    pub fn respond(&self, begun: &Begun, user_name: &str) -> Form {
        self.respond_by(self.idp(), begun, &self.person(user_name))
    }

    pub fn respond_by(&self, idp: &TestIdp, begun: &Begun, person: &Person) -> Form {
        let reply_to = self.reply_to(&begun.request_id);
        let xml = idp.respond(&reply_to, person, self.clock.now()).unwrap();
        Form { xml, relay_state: begun.relay_state.clone() }
    }
}

pub fn encode(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The text between two marks, the first time that they appear.
pub fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{before} in {text}"));
    rest.split_once(after).unwrap_or_else(|| panic!("{after} in {rest}")).0
}
