//! `actix-saml inspect`.

mod documentation;
mod message;
mod response;
mod terminal;

use serde_json::Value;

use crate::scene::{ACS, Call, NOW, Outcome, REQUEST_ID, SP, Scene};

impl Scene {
    /// A call of `inspect` with nothing but the time.
    pub fn inspect(&self) -> Call<'_> {
        self.call(&["inspect"]).and("--now", NOW).and("--format", "json")
    }

    /// A call of `inspect` with everything that `verify` is given.
    pub fn inspect_fully(&self) -> Call<'_> {
        self.inspect()
            .and("--idp-metadata", "idp.xml")
            .and("--sp-entity-id", SP)
            .and("--acs-url", ACS)
            .and("--request-id", REQUEST_ID)
    }
}

impl Outcome {
    /// The report: exit status and verdict as expected.
    #[track_caller]
    fn report(&self, status: i32, verdict: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        let json = self.json();
        assert_eq!(json["verdict"], verdict, "{json:#}");
        json
    }
}

/// The line of a rule.
fn rule<'r>(report: &'r Value, name: &str) -> &'r Value {
    let rules = report["rules"].as_array().unwrap();
    rules.iter().find(|rule| rule["rule"] == name).unwrap()
}

/// The rules in a state, by name.
fn rules_in<'r>(report: &'r Value, state: &str) -> Vec<&'r str> {
    let rules = report["rules"].as_array().unwrap().iter().filter(|rule| rule["state"] == state);
    rules.map(|rule| rule["rule"].as_str().unwrap()).collect()
}
