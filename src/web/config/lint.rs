//! What is wrong with a configuration that can be read: it would start, and somebody would regret it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::error::ConfigError;
use super::{Config, RequireSignedConfig};
use crate::saml::format_instant;

/// The longest that is right for most, and the longest that is allowed at all.
const LONG_HOURS: u32 = 12;
const LONGEST_HOURS: u32 = 24;
const LONG_IDLE_MINUTES: u32 = 60;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Somebody should know. It starts.
    Warned,
    /// It does not start.
    Refused,
}

/// One thing that is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Lint {
    /// A stable, machine-readable name.
    pub code: &'static str,
    /// How bad it is.
    pub verdict: Verdict,
    /// The key that it is about.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: &'static str,
}

impl Config {
    /// Everything that is wrong, the worst first. Nothing is read for it but the configuration.
    pub fn lint(&self, now: DateTime<Utc>) -> Vec<Lint> {
        let mut found = self.lint_stores();
        found.extend(self.lint_session());
        found.extend(self.lint_signatures(now));
        found.extend(self.lint_operation());
        found.sort_by_key(|lint| std::cmp::Reverse(lint.verdict));
        found
    }

    /// The first thing for which it must not start.
    pub(super) fn refuse(&self, now: DateTime<Utc>) -> Result<(), ConfigError> {
        let worst = self.lint(now).into_iter().find(|lint| lint.verdict == Verdict::Refused);
        worst.map_or(Ok(()), |lint| Err(self.error(&lint.key, lint.problem, lint.remedy)))
    }

    /// Logs what is wrong, once at the start.
    pub(crate) fn warn(&self, now: DateTime<Utc>) {
        for Lint { code, key, problem, remedy, .. } in self.lint(now) {
            tracing::warn!(event = "configuration_warning", code, key, problem = ?problem, remedy);
        }
    }

    fn lint_stores(&self) -> Vec<Lint> {
        let replicas = self.store.replicas;
        let scheme = self.store.url.split(':').next().unwrap_or("");
        let is_shared = !matches!(scheme, "memory" | "file");
        let mut found = Vec::new();
        if replicas == 0 {
            found.push(refused("no_replicas", "store.replicas", "0", "set it to 1 or more"));
        }
        if replicas > 1 && !is_shared {
            found.push(refused(
                "replicas_share_nothing",
                "store.replicas",
                format!("{replicas} replicas, and a {scheme} store that each has for itself"),
                "use a store that they share, or run one: a response could be used once at each, \
                 and who signs out at one stays signed in at the others",
            ));
        }
        if is_shared && self.keys.cookie_keys.is_empty() && !self.dev {
            found.push(refused(
                "no_cookie_keys",
                "keys.cookie_keys",
                "several machines share the store, and each would make a key for its cookies that \
                 the others do not have",
                "make one with actix-saml keygen --purpose cookies, and give it to every machine",
            ));
        }
        found
    }

    fn lint_session(&self) -> Vec<Lint> {
        let session = &self.session;
        let mut found = Vec::new();
        if session.absolute_hours > LONGEST_HOURS {
            found.push(refused(
                "session_too_long",
                "session.absolute_hours",
                format!("sessions of {} hours", session.absolute_hours),
                "24 at most: until it ends, nobody asks the identity provider whether the person \
                 still works there",
            ));
        } else if session.absolute_hours > LONG_HOURS {
            found.push(warned(
                "session_long",
                "session.absolute_hours",
                format!("sessions of {} hours", session.absolute_hours),
                "12, or the longest shift",
            ));
        }
        if session.idle_minutes > LONG_IDLE_MINUTES {
            found.push(warned(
                "idle_long",
                "session.idle_minutes",
                format!("a computer that nobody sits at stays open for {}", session.idle_minutes),
                "60 at most, and 10 to 30 where computers are shared",
            ));
        }
        found
    }

    fn lint_signatures(&self, now: DateTime<Utc>) -> Vec<Lint> {
        let mut found = Vec::new();
        let covers_response = matches!(
            self.policy.require_signed,
            RequireSignedConfig::Response | RequireSignedConfig::Both
        );
        if !self.keys.decryption_keys.is_empty() && !covers_response {
            found.push(warned(
                "decrypts_unsigned",
                "policy.require_signed",
                "what is encrypted may be decrypted before any signature was checked",
                "\"response\", once the identity provider signs responses; AD FS encrypts with CBC, \
                 which does not notice changes",
            ));
        }
        for (index, idp) in self.idp.iter().enumerate() {
            if idp.unsolicited_targets.is_some() {
                found.push(warned(
                    "unsolicited_accepted",
                    &format!("idp[{index}].unsolicited_targets"),
                    "sign-ins are accepted that nobody here has asked for",
                    "remove the key, and have the portal link to a page of the application instead",
                ));
            }
            if let Some(end) = idp.dangerous_accept_sha1_until.filter(|end| *end > now) {
                found.push(warned(
                    "sha1_accepted",
                    &format!("idp[{index}].dangerous_accept_sha1_until"),
                    format!("signatures with SHA-1 are accepted until {}", format_instant(end)),
                    "have the identity provider sign with SHA-256, and remove the key",
                ));
            }
        }
        if self.keys.signing_key.is_none() {
            found.push(warned(
                "no_signing_key",
                "keys.signing_key",
                "nothing that is sent is signed",
                "make one with actix-saml keygen: identity providers take no log-out without it",
            ));
        }
        found
    }

    fn lint_operation(&self) -> Vec<Lint> {
        let mut found = Vec::new();
        if self.dev {
            found.push(warned(
                "development",
                "dev",
                "test keys and plain http on this machine are allowed",
                "false, wherever anybody signs in in earnest",
            ));
        }
        if self.base_url.scheme() != "https" {
            found.push(warned(
                "plain_http",
                "base_url",
                "cookies and responses travel as anybody can read them",
                "the https address that browsers see",
            ));
        }
        if self.contact.is_none() {
            found.push(warned(
                "no_contact",
                "contact",
                "the identity provider's people do not know whom to tell",
                "a team's mail address",
            ));
        }
        if self.audit.file.is_some() && self.audit.subject_key.is_none() {
            found.push(warned(
                "pseudonyms_change",
                "audit.subject_key",
                "the audit trail has other pseudonyms after each start and on each machine",
                "name a key: openssl rand -hex 32",
            ));
        }
        found
    }
}

fn refused(
    code: &'static str,
    key: &str,
    problem: impl Into<String>,
    remedy: &'static str,
) -> Lint {
    Lint { code, verdict: Verdict::Refused, key: key.to_owned(), problem: problem.into(), remedy }
}

fn warned(code: &'static str, key: &str, problem: impl Into<String>, remedy: &'static str) -> Lint {
    Lint { verdict: Verdict::Warned, ..refused(code, key, problem, remedy) }
}

#[cfg(test)]
mod tests;
