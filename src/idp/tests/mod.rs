mod admin;
mod app;
mod entra;
mod keys;
mod logout;
mod metadata;
mod page_headers;
mod people;
mod remembered;
mod requests;
mod response;
mod rollover;
mod scenarios;
mod shape;
mod twists;
mod unasked;

use std::sync::LazyLock;

use chrono::{DateTime, Utc};

use super::{ReplyTo, TestIdp};
use crate::saml::parse_instant;

static IDP: LazyLock<TestIdp> = LazyLock::new(|| TestIdp::adfs().unwrap());

const ACS: &str = "https://rota.example.org/saml/acs";
const SP: &str = "https://rota.example.org/saml/metadata";
const REQUEST: &str = "_0123456789abcdef0123456789abcdef01234567";

fn now() -> DateTime<Utc> {
    parse_instant("2026-11-22T16:50:01.250Z").unwrap()
}

fn reply_to() -> ReplyTo {
    ReplyTo {
        request_id: Some(REQUEST.to_owned()),
        acs_url: ACS.to_owned(),
        audience: SP.to_owned(),
        class_ref: None,
    }
}
