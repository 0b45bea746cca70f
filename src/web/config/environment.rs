//! Variables of the environment that override keys of the file.

use toml::{Table, Value};

use super::Config;
use super::error::ConfigError;
use crate::crypto::Passphrase;

/// What a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text as it is.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Switch,
    /// Texts with commas between.
    List,
    /// Paths of metadata with commas between: they replace every `[[idp]]`.
    IdpMetadata,
    /// Text that is entered into every `[[idp]]`.
    EachIdp,
    /// Text that never enters the table of the file, and no message.
    Secret,
}

/// One variable: its name, the key that it overrides, and what it holds.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// The variable.
    pub name: &'static str,
    /// The key, with dots between tables.
    pub key: &'static str,
    /// What it holds.
    pub kind: Kind,
}

const fn variable(name: &'static str, key: &'static str, kind: Kind) -> Variable {
    Variable { name, key, kind }
}

/// The variable with the passphrase of our keys.
pub(crate) const PASSPHRASE: &str = "SAML_KEYS_PASSPHRASE";

/// Every variable that is read.
pub const VARIABLES: &[Variable] = &[
    variable("SAML_BASE_URL", "base_url", Kind::Text),
    variable("SAML_ENTITY_ID", "entity_id", Kind::Text),
    variable("SAML_LISTEN", "listen", Kind::Text),
    variable("SAML_DEV", "dev", Kind::Switch),
    variable("SAML_IDP_METADATA", "idp", Kind::IdpMetadata),
    variable(
        "SAML_IDP_DANGEROUS_ACCEPT_SHA1_UNTIL",
        "idp.dangerous_accept_sha1_until",
        Kind::EachIdp,
    ),
    variable("SAML_KEYS_SIGNING_KEY", "keys.signing_key", Kind::Text),
    variable("SAML_KEYS_SIGNING_CERT", "keys.signing_cert", Kind::Text),
    variable("SAML_KEYS_NEXT_SIGNING_KEY", "keys.next_signing_key", Kind::Text),
    variable("SAML_KEYS_NEXT_SIGNING_CERT", "keys.next_signing_cert", Kind::Text),
    variable("SAML_KEYS_NEXT_SIGNING_FROM", "keys.next_signing_from", Kind::Text),
    variable("SAML_KEYS_DECRYPTION_KEYS", "keys.decryption_keys", Kind::List),
    variable("SAML_KEYS_ENCRYPTION_CERT", "keys.encryption_cert", Kind::Text),
    variable("SAML_KEYS_NEXT_ENCRYPTION_CERT", "keys.next_encryption_cert", Kind::Text),
    variable("SAML_KEYS_NEXT_ENCRYPTION_FROM", "keys.next_encryption_from", Kind::Text),
    variable(
        "SAML_KEYS_PUBLISH_BOTH_ENCRYPTION_CERTS",
        "keys.publish_both_encryption_certs",
        Kind::Switch,
    ),
    variable("SAML_KEYS_COOKIE_KEYS", "keys.cookie_keys", Kind::List),
    variable("SAML_KEYS_PASSPHRASE_FILE", "keys.passphrase_file", Kind::Text),
    variable(PASSPHRASE, "keys.passphrase", Kind::Secret),
    variable("SAML_METADATA_SIGN", "metadata.sign", Kind::Switch),
    variable("SAML_METADATA_VALID_DAYS", "metadata.valid_days", Kind::Number),
    variable("SAML_METADATA_CACHE_HOURS", "metadata.cache_hours", Kind::Number),
    variable("SAML_REFRESH_MINUTES", "refresh.minutes", Kind::Number),
    variable("SAML_REFRESH_GRACE_HOURS", "refresh.grace_hours", Kind::Number),
    variable("SAML_SESSION_IDLE_MINUTES", "session.idle_minutes", Kind::Number),
    variable("SAML_SESSION_ABSOLUTE_HOURS", "session.absolute_hours", Kind::Number),
    variable("SAML_SESSION_LOCK_MINUTES", "session.lock_minutes", Kind::Number),
    variable("SAML_SESSION_KEEP_FORMS", "session.keep_forms", Kind::Switch),
    variable("SAML_LOGOUT_IDP", "logout.idp", Kind::Switch),
    variable("SAML_LOGOUT_BINDING", "logout.binding", Kind::Text),
    variable("SAML_STORE_URL", "store.url", Kind::Text),
    variable("SAML_STORE_PASSWORD_FILE", "store.password_file", Kind::Text),
    variable("SAML_STORE_PREFIX", "store.prefix", Kind::Text),
    variable("SAML_STORE_TIMEOUT_MS", "store.timeout_ms", Kind::Number),
    variable("SAML_STORE_REPLICAS", "store.replicas", Kind::Number),
    variable("SAML_POLICY_CLOCK_SKEW_SECONDS", "policy.clock_skew_seconds", Kind::Number),
    variable("SAML_POLICY_REQUIRE_SIGNED", "policy.require_signed", Kind::Text),
    variable("SAML_POLICY_REQUEST_BINDING", "policy.request_binding", Kind::Text),
    variable("SAML_POLICY_PENDING_MINUTES", "policy.pending_minutes", Kind::Number),
    variable("SAML_AUDIT_FILE", "audit.file", Kind::Text),
    variable("SAML_AUDIT_SUBJECT_KEY", "audit.subject_key", Kind::Text),
    variable("SAML_AUDIT_CLIENT_ADDRESS", "audit.client_address", Kind::Switch),
    variable("SAML_PAGES_TEXTS", "pages.texts", Kind::Text),
    variable("SAML_PAGES_SERVICE_NAME", "pages.service_name", Kind::Text),
    variable("SAML_PAGES_HELP_DESK", "pages.help_desk", Kind::Text),
    variable("SAML_PAGES_STYLESHEET", "pages.stylesheet", Kind::Text),
    variable("SAML_PAGES_LOGO", "pages.logo", Kind::Text),
    variable("SAML_CLAIMS_MAIL", "claims.mail", Kind::List),
    variable("SAML_CLAIMS_UPN", "claims.upn", Kind::List),
    variable("SAML_CLAIMS_DISPLAY_NAME", "claims.display_name", Kind::List),
    variable("SAML_CLAIMS_GIVEN_NAME", "claims.given_name", Kind::List),
    variable("SAML_CLAIMS_SURNAME", "claims.surname", Kind::List),
    variable("SAML_CLAIMS_ODS_CODE", "claims.ods_code", Kind::List),
    variable("SAML_CLAIMS_ROLES", "claims.roles", Kind::List),
    variable("SAML_CLAIMS_GROUPS", "claims.groups", Kind::List),
    variable("SAML_CLAIMS_IMMUTABLE_ID", "claims.immutable_id", Kind::List),
    variable("SAML_CLAIMS_TENANT_ID", "claims.tenant_id", Kind::List),
    variable("SAML_CLAIMS_AUTHN_METHODS", "claims.authn_methods", Kind::List),
    variable("SAML_ORGANISATION_NAME", "organisation.name", Kind::Text),
    variable("SAML_ORGANISATION_DISPLAY_NAME", "organisation.display_name", Kind::Text),
    variable("SAML_ORGANISATION_URL", "organisation.url", Kind::Text),
    variable("SAML_CONTACT_NAME", "contact.name", Kind::Text),
    variable("SAML_CONTACT_EMAIL", "contact.email", Kind::Text),
    variable("SAML_CONTACT_TELEPHONE", "contact.telephone", Kind::Text),
];

/// What a [`ConfigError`] says in place of a file.
pub(super) const ENVIRONMENT: &str = "environment";

/// A configuration in which any one variable is right or wrong by itself.
const MINIMUM: &str = "\
    base_url = \"https://localhost\"\n\
    entity_id = \"x\"\n\
    idp = [{ metadata = \"x\" }]\n\
    organisation = { name = \"x\", url = \"https://localhost\" }\n\
    contact = { email = \"x\" }\n";

/// Puts the variables that are set in place of keys of the file, and tells which they are.
pub(super) fn apply(
    table: &mut Table,
    file: &str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Variable>, ConfigError> {
    let mut set = Vec::new();
    for variable in VARIABLES {
        if let Some(text) = environment(variable.name) {
            if variable.kind != Kind::Secret {
                let value = read(variable, &text)?;
                check_alone(variable, value.clone())?;
                enter(table, file, variable, value)?;
            }
            set.push(*variable);
        }
    }
    Ok(set)
}

/// The passphrase of our keys. What is wrong with it is told without it.
pub(super) fn passphrase(
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Passphrase>, ConfigError> {
    let passphrase = environment(PASSPHRASE).map(|text| Passphrase::new(text.as_bytes()));
    passphrase.transpose().map_err(|error| {
        ConfigError::new(ENVIRONMENT, PASSPHRASE, error, "set it to the passphrase, or unset it")
    })
}

/// A mistake in a variable is told by the variable's name, not by the key of a file that it is not
/// in.
fn check_alone(variable: &Variable, value: Value) -> Result<(), ConfigError> {
    let wrong = |error: toml::de::Error| {
        let remedy = "see docs/configuration.md for what it may hold, or unset it";
        ConfigError::new(ENVIRONMENT, variable.name, error.message(), remedy)
    };
    let mut table: Table = toml::from_str(MINIMUM).map_err(wrong)?;
    enter(&mut table, ENVIRONMENT, variable, value)?;
    table.try_into::<Config>().map(drop).map_err(wrong)
}

/// Reports variables that look like ours and are not: a misspelt one would do nothing, and nobody
/// would know. They are no mistake, because others may use the same prefix: Kubernetes sets
/// `SAML_PORT` for a service that is called saml.
pub(super) fn warn_of_unknown(names: impl Iterator<Item = String>) {
    for name in names.filter(|name| is_unknown(name)) {
        tracing::warn!(event = "unknown_variable", name = ?name);
    }
}

/// Variables of this process that look like ours and are not.
#[cfg(feature = "cli")]
pub(crate) fn unknown_variables() -> Vec<String> {
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let mut unknown: Vec<String> = names.filter(|name| is_unknown(name)).collect();
    unknown.sort();
    unknown
}

pub(super) fn is_unknown(name: &str) -> bool {
    name.starts_with("SAML_") && VARIABLES.iter().all(|variable| variable.name != name)
}

fn read(variable: &Variable, text: &str) -> Result<Value, ConfigError> {
    let wrong = |expected: &str| {
        ConfigError::new(
            ENVIRONMENT,
            variable.name,
            format!("{text:?} is not {expected}"),
            format!("set it to {expected}, or unset it"),
        )
    };
    let parts = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
    Ok(match variable.kind {
        Kind::Text | Kind::EachIdp | Kind::Secret => Value::String(text.to_owned()),
        Kind::Number => Value::Integer(text.parse().map_err(|_| wrong("a whole number"))?),
        Kind::Switch => Value::Boolean(text.parse().map_err(|_| wrong("true or false"))?),
        Kind::List => Value::Array(parts().map(|part| Value::String(part.to_owned())).collect()),
        Kind::IdpMetadata => Value::Array(
            parts()
                .map(|path| {
                    let metadata = Value::String(path.to_owned());
                    Value::Table(Table::from_iter([("metadata".to_owned(), metadata)]))
                })
                .collect(),
        ),
    })
}

fn enter(
    table: &mut Table,
    file: &str,
    variable: &Variable,
    value: Value,
) -> Result<(), ConfigError> {
    let (parent, key) = match variable.key.split_once('.') {
        Some((list, key)) if variable.kind == Kind::EachIdp => {
            let idps = table.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
            for idp in idps.filter_map(Value::as_table_mut) {
                idp.insert(key.to_owned(), value.clone());
            }
            return Ok(());
        }
        None if variable.kind == Kind::IdpMetadata && has_population(table) => {
            let problem = "it would take the place of providers that share their people, whose \
                           keys would all change";
            let remedy = "unset it, and name the metadata in the file";
            return Err(ConfigError::new(ENVIRONMENT, variable.name, problem, remedy));
        }
        None if variable.kind == Kind::IdpMetadata
            && let Some(pin) = pin_of(table) =>
        {
            let problem = format!(
                "it would take the place of a provider of which idp.{pin} says what to trust, and \
                 anything would be trusted"
            );
            let remedy = "unset it, and name the metadata in the file";
            return Err(ConfigError::new(ENVIRONMENT, variable.name, problem, remedy));
        }
        None => (table, variable.key),
        Some((name, key)) => {
            let entry = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
            let parent = entry.as_table_mut().ok_or_else(|| {
                let problem = "it is not a table";
                ConfigError::new(file, name, problem, format!("write [{name}]"))
            })?;
            (parent, key)
        }
    };
    parent.insert(key.to_owned(), value);
    Ok(())
}

/// Whether an identity provider of the file belongs to a population.
fn has_population(table: &Table) -> bool {
    idps(table).any(|idp| idp.contains_key("population"))
}

/// The first key that narrows down which metadata of an identity provider of the file is trusted.
fn pin_of(table: &Table) -> Option<&'static str> {
    const PINS: [&str; 4] = ["entity_id", "pin_cert", "pin_sha256", "max_validity_days"];
    idps(table).find_map(|idp| PINS.into_iter().find(|pin| idp.contains_key(*pin)))
}

fn idps(table: &Table) -> impl Iterator<Item = &Table> {
    let idps = table.get("idp").and_then(Value::as_array).into_iter().flatten();
    idps.filter_map(Value::as_table)
}
