//! Variables count in place of keys, and mistakes in them bear their names.

use super::*;
use crate::web::config::{BindingConfig, RequireSignedConfig};

type Reads = fn(&Config) -> String;

/// For each variable a value that is not the default, and what is then in the configuration.
const EFFECTS: &[(&str, &str, &str, Reads)] = &[
    ("SAML_BASE_URL", "https://other.example.org", "https://other.example.org/", |c| {
        c.base_url.to_string()
    }),
    ("SAML_ENTITY_ID", "urn:other", "urn:other", |c| c.entity_id.to_string()),
    ("SAML_LISTEN", "0.0.0.0:80", "0.0.0.0:80", |c| c.listen.clone()),
    ("SAML_DEV", "true", "true", |c| c.dev.to_string()),
    ("SAML_IDP_METADATA", "a.xml, b.xml,", "a.xml b.xml", |c| {
        assert!(c.idp.iter().all(|idp| idp.label.is_none()));
        c.idp.iter().flat_map(|idp| idp.metadata.clone()).collect::<Vec<_>>().join(" ")
    }),
    ("SAML_IDP_DANGEROUS_ACCEPT_SHA1_UNTIL", "2027-03-31", "2027-03-31T00:00:00+00:00", |c| {
        c.idp.iter().map(|idp| idp.dangerous_accept_sha1_until.unwrap().to_rfc3339()).collect()
    }),
    ("SAML_KEYS_SIGNING_KEY", "k", "k", |c| c.keys.signing_key.clone().unwrap()),
    ("SAML_KEYS_SIGNING_CERT", "c", "c", |c| c.keys.signing_cert.clone().unwrap()),
    ("SAML_KEYS_NEXT_SIGNING_KEY", "k", "k", |c| c.keys.next_signing_key.clone().unwrap()),
    ("SAML_KEYS_NEXT_SIGNING_CERT", "c", "c", |c| c.keys.next_signing_cert.clone().unwrap()),
    ("SAML_KEYS_NEXT_SIGNING_FROM", "2027-03-31", "2027-03-31T00:00:00+00:00", |c| {
        c.keys.next_signing_from.unwrap().to_rfc3339()
    }),
    ("SAML_KEYS_DECRYPTION_KEYS", "k,l", "k l", |c| c.keys.decryption_keys.join(" ")),
    ("SAML_KEYS_ENCRYPTION_CERT", "c", "c", |c| c.keys.encryption_cert.clone().unwrap()),
    ("SAML_KEYS_NEXT_ENCRYPTION_CERT", "c", "c", |c| c.keys.next_encryption_cert.clone().unwrap()),
    (
        "SAML_KEYS_NEXT_ENCRYPTION_FROM",
        "2027-03-31T08:00:00+01:00",
        "2027-03-31T07:00:00+00:00",
        |c| c.keys.next_encryption_from.unwrap().to_rfc3339(),
    ),
    ("SAML_KEYS_PUBLISH_BOTH_ENCRYPTION_CERTS", "true", "true", |c| {
        c.keys.publish_both_encryption_certs.to_string()
    }),
    ("SAML_KEYS_COOKIE_KEYS", "a,b", "a b", |c| c.keys.cookie_keys.join(" ")),
    ("SAML_KEYS_PASSPHRASE_FILE", "p", "p", |c| c.keys.passphrase_file.clone().unwrap()),
    ("SAML_KEYS_PASSPHRASE", "four", "4", |c| c.passphrase.as_ref().unwrap().len().to_string()),
    ("SAML_METADATA_SIGN", "true", "true", |c| c.metadata.sign.to_string()),
    ("SAML_METADATA_VALID_DAYS", "7", "7", |c| c.metadata.valid_days.unwrap().to_string()),
    ("SAML_METADATA_CACHE_HOURS", "7", "7", |c| c.metadata.cache_hours.unwrap().to_string()),
    ("SAML_REFRESH_MINUTES", "7", "7", |c| c.refresh.minutes.to_string()),
    ("SAML_REFRESH_GRACE_HOURS", "7", "7", |c| c.refresh.grace_hours.to_string()),
    ("SAML_SESSION_IDLE_MINUTES", "7", "7", |c| c.session.idle_minutes.to_string()),
    ("SAML_SESSION_ABSOLUTE_HOURS", "7", "7", |c| c.session.absolute_hours.to_string()),
    ("SAML_SESSION_LOCK_MINUTES", "7", "Some(7)", |c| format!("{:?}", c.session.lock_minutes)),
    ("SAML_SESSION_KEEP_FORMS", "true", "true", |c| c.session.keep_forms.to_string()),
    ("SAML_LOGOUT_IDP", "false", "Some(false)", |c| format!("{:?}", c.logout.idp)),
    ("SAML_LOGOUT_BINDING", "post", "Some(Post)", |c| format!("{:?}", c.logout.binding)),
    ("SAML_STORE_URL", "redis:", "redis:", |c| c.store.url.clone()),
    ("SAML_STORE_PASSWORD_FILE", "p", "p", |c| c.store.password_file.clone().unwrap()),
    ("SAML_STORE_PREFIX", "p:", "p:", |c| c.store.prefix.clone()),
    ("SAML_STORE_TIMEOUT_MS", "7", "7", |c| c.store.timeout_ms.to_string()),
    ("SAML_STORE_REPLICAS", "7", "7", |c| c.store.replicas.to_string()),
    ("SAML_POLICY_CLOCK_SKEW_SECONDS", "7", "7", |c| c.policy.clock_skew_seconds.to_string()),
    ("SAML_POLICY_REQUIRE_SIGNED", "both", "true", |c| {
        (c.policy.require_signed == RequireSignedConfig::Both).to_string()
    }),
    ("SAML_POLICY_REQUEST_BINDING", "post", "true", |c| {
        (c.policy.request_binding == BindingConfig::Post).to_string()
    }),
    ("SAML_POLICY_PENDING_MINUTES", "7", "7", |c| c.policy.pending_minutes.to_string()),
    ("SAML_AUDIT_FILE", "f", "f", |c| c.audit.file.clone().unwrap()),
    ("SAML_AUDIT_SUBJECT_KEY", "k", "k", |c| c.audit.subject_key.clone().unwrap()),
    ("SAML_AUDIT_CLIENT_ADDRESS", "true", "true", |c| c.audit.client_address.to_string()),
    ("SAML_PAGES_TEXTS", "t", "t", |c| c.pages.texts.clone().unwrap()),
    ("SAML_PAGES_SERVICE_NAME", "n", "n", |c| c.pages.service_name.clone().unwrap()),
    ("SAML_PAGES_HELP_DESK", "h", "h", |c| c.pages.help_desk.clone().unwrap()),
    ("SAML_PAGES_STYLESHEET", "s", "s", |c| c.pages.stylesheet.clone().unwrap()),
    ("SAML_PAGES_LOGO", "l", "l", |c| c.pages.logo.clone().unwrap()),
    ("SAML_CLAIMS_MAIL", "a, b c", "a|b c", |c| c.claims.mail.join("|")),
    ("SAML_CLAIMS_UPN", "a,b", "a|b", |c| c.claims.upn.join("|")),
    ("SAML_CLAIMS_DISPLAY_NAME", "a,b", "a|b", |c| c.claims.display_name.join("|")),
    ("SAML_CLAIMS_GIVEN_NAME", "a,b", "a|b", |c| c.claims.given_name.join("|")),
    ("SAML_CLAIMS_SURNAME", "a,b", "a|b", |c| c.claims.surname.join("|")),
    ("SAML_CLAIMS_ODS_CODE", "a,b", "a|b", |c| c.claims.ods_code.join("|")),
    ("SAML_CLAIMS_ROLES", "a,b", "a|b", |c| c.claims.roles.join("|")),
    ("SAML_CLAIMS_GROUPS", "", "", |c| c.claims.groups.join("|")),
    ("SAML_CLAIMS_IMMUTABLE_ID", "a,b", "a|b", |c| c.claims.immutable_id.join("|")),
    ("SAML_CLAIMS_TENANT_ID", "a,b", "a|b", |c| c.claims.tenant_id.join("|")),
    ("SAML_CLAIMS_AUTHN_METHODS", "a,b", "a|b", |c| c.claims.authn_methods.join("|")),
    ("SAML_ORGANISATION_NAME", "x", "x", |c| c.organisation.clone().unwrap().name),
    ("SAML_ORGANISATION_DISPLAY_NAME", "x", "x", |c| {
        c.organisation.clone().unwrap().display_name.unwrap()
    }),
    ("SAML_ORGANISATION_URL", "https://x.org/y", "https://x.org/y", |c| {
        c.organisation.clone().unwrap().url.to_string()
    }),
    ("SAML_CONTACT_NAME", "x", "x", |c| c.contact.clone().unwrap().name.unwrap()),
    ("SAML_CONTACT_EMAIL", "x", "x", |c| c.contact.clone().unwrap().email),
    ("SAML_CONTACT_TELEPHONE", "x", "x", |c| c.contact.clone().unwrap().telephone.unwrap()),
];

const FULL: &str = "[keys]\nsigning_key = \"f\"\n[organisation]\nname = \"f\"\nurl = \"https://f.org\"\n\
                    display_name = \"f\"\n[contact]\nname = \"f\"\nemail = \"f\"\ntelephone = \"f\"\n";

fn read(text: &str, set: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let set: HashMap<_, _> = set.iter().copied().collect();
    Config::read(text, "saml.toml", PathBuf::new(), &|name| set.get(name).map(|v| (*v).to_owned()))
}

#[test]
fn every_variable_counts_in_place_of_the_file() {
    let text = format!("{START}listen = \"f\"\n{IDP}label = \"f\"\n{FULL}");
    let names: Vec<_> = VARIABLES.iter().map(|variable| variable.name).collect();
    assert_eq!(EFFECTS.iter().map(|(name, ..)| *name).collect::<Vec<_>>(), names);
    for (name, value, expected, shown) in EFFECTS {
        let config = read(&text, &[(name, value)]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(shown(&config), *expected, "{name}");
    }
}

#[test]
fn variables_alone_are_enough() {
    let folder = Folder::new();
    let saml = folder.load(
        "",
        &[
            ("SAML_BASE_URL", "https://rota.example.org"),
            ("SAML_ENTITY_ID", "urn:rota"),
            ("SAML_IDP_METADATA", "idp.xml"),
            ("SAML_ORGANISATION_NAME", "x"),
            ("SAML_ORGANISATION_URL", "https://x.org"),
        ],
    );
    assert!(saml.unwrap().metadata().contains("OrganizationName"));
}

#[test]
fn values_of_another_kind_are_told_by_the_name_of_the_variable() {
    let folder = Folder::new();
    let text = format!("{START}{IDP}");
    for (name, value, problem) in [
        ("SAML_BASE_URL", "rota", "relative URL"),
        ("SAML_BASE_URL", "", "relative URL"),
        ("SAML_ENTITY_ID", "", "entityID"),
        ("SAML_DEV", "yes", "\"yes\" is not true or false"),
        ("SAML_DEV", "1", "true or false"),
        ("SAML_DEV", "", "true or false"),
        ("SAML_IDP_DANGEROUS_ACCEPT_SHA1_UNTIL", "", "\"\" is neither a day"),
        ("SAML_IDP_DANGEROUS_ACCEPT_SHA1_UNTIL", "true", "\"true\" is neither a day"),
        ("SAML_IDP_DANGEROUS_ACCEPT_SHA1_UNTIL", "2099-01-01", "more than a year ahead"),
        ("SAML_SESSION_IDLE_MINUTES", "half an hour", "is not a whole number"),
        ("SAML_SESSION_IDLE_MINUTES", "-1", "-1"),
        ("SAML_SESSION_ABSOLUTE_HOURS", "99999999999", "99999999999"),
        ("SAML_POLICY_CLOCK_SKEW_SECONDS", "1.5", "whole number"),
        ("SAML_POLICY_PENDING_MINUTES", "", "whole number"),
        ("SAML_POLICY_REQUIRE_SIGNED", "none", "unknown variant"),
        ("SAML_POLICY_REQUEST_BINDING", "Redirect", "unknown variant"),
        ("SAML_ORGANISATION_URL", "x", "relative URL"),
    ] {
        folder.assert_refused(&text, &[(name, value)], (ENVIRONMENT, name, problem));
    }
}

#[test]
fn what_is_found_out_later_is_told_by_the_name_of_the_variable_too() {
    let folder = Folder::new();
    let text = format!("{START}{IDP}");
    for (name, value, problem) in [
        ("SAML_BASE_URL", "http://rota.example.org", "is not https"),
        ("SAML_BASE_URL", "https://rota.example.org/app", "scheme, host and port only"),
        ("SAML_IDP_METADATA", "", "no identity provider"),
        ("SAML_REFRESH_MINUTES", "1", "between 5 and 1440"),
        ("SAML_REFRESH_GRACE_HOURS", "1000", "more than a week"),
        ("SAML_IDP_METADATA", "idp.xml,idp.xml", "there twice"),
        ("SAML_KEYS_DECRYPTION_KEYS", "absent.pem", "No such file"),
        ("SAML_KEYS_ENCRYPTION_CERT", "absent.pem", "No such file"),
        ("SAML_SESSION_IDLE_MINUTES", "0", "positive"),
        ("SAML_SESSION_ABSOLUTE_HOURS", "0", "idle not longer"),
        ("SAML_SESSION_LOCK_MINUTES", "0", "less than idle"),
        ("SAML_SESSION_LOCK_MINUTES", "30", "less than idle"),
        ("SAML_LOGOUT_IDP", "true", "there is no signing key"),
        ("SAML_STORE_URL", "redis:", "not a store"),
        ("SAML_STORE_TIMEOUT_MS", "99", "between 100 and 30000"),
        ("SAML_KEYS_COOKIE_KEYS", "absent.key", "No such file"),
        ("SAML_POLICY_CLOCK_SKEW_SECONDS", "301", "300"),
        ("SAML_POLICY_PENDING_MINUTES", "1", "between 5 and 1440"),
    ] {
        folder.assert_refused(&text, &[(name, value)], (ENVIRONMENT, name, problem));
    }
    let half = [("SAML_KEYS_SIGNING_KEY", "key.pem")];
    folder.assert_refused(
        &text,
        &half,
        ("saml.toml", "keys.signing_cert", "without its certificate"),
    );
}

/// The variable takes the place of every `[[idp]]`: what was pinned there would be trusted unpinned.
#[test]
fn the_variable_does_not_take_the_place_of_a_pin() {
    let set = [("SAML_IDP_METADATA", "other.xml")];
    for (key, value) in [
        ("entity_id", "\"urn:idp\""),
        ("pin_cert", "\"cert.pem\""),
        ("pin_sha256", "[]"),
        ("max_validity_days", "14"),
    ] {
        // Whichever of them it is.
        let text = format!("{START}{IDP}{IDP}{key} = {value}\n{IDP}");
        let error = read(&text, &set).unwrap_err();
        let expected = ConfigError::new(
            ENVIRONMENT,
            "SAML_IDP_METADATA",
            format!(
                "it would take the place of a provider of which idp.{key} says what to trust, and \
                 anything would be trusted"
            ),
            "unset it, and name the metadata in the file",
        );
        assert_eq!(error, expected);
        // The controls: without the variable, and without the pin.
        assert_eq!(read(&text, &[]).unwrap().idp.len(), 3);
    }
    let loose =
        format!("{START}{IDP}label = \"x\"\nca = \"x\"\nmetadata_url = \"https://x.org\"\n");
    assert_eq!(read(&loose, &set).unwrap().idp[0].metadata.as_deref(), Some("other.xml"));
}

#[test]
fn misspelt_variables_are_noticed() {
    use crate::web::config::environment::is_unknown;
    for name in ["SAML_ENTITYID", "SAML_POLICY_REQUIRE_SIGN", "SAML_PORT", "SAML_"] {
        assert!(is_unknown(name), "{name}");
    }
    for name in ["SAML_ENTITY_ID", "PATH", "SAMLX", "MY_SAML_X"] {
        assert!(!is_unknown(name), "{name}");
    }
}

/// A variable that is right does not take the blame for the file.
#[test]
fn mistakes_of_the_file_stay_the_files() {
    let folder = Folder::new();
    let right = [("SAML_LISTEN", "0.0.0.0:80"), ("SAML_SESSION_IDLE_MINUTES", "5")];
    for (text, field, problem) in [
        (format!("entity_id = \"x\"\n{IDP}"), "base_url", "missing field"),
        (format!("{START}{IDP}[policy]\npending = 1\n"), "policy.pending", "unknown field"),
        (
            format!("{START}{IDP}[policy]\npending_minutes = \"x\"\n"),
            "policy.pending_minutes",
            "u32",
        ),
        (format!("{START}{IDP}[policy]\npending_minutes = 1\n"), "policy.pending_minutes", "1440"),
        (format!("session = 5\n{START}{IDP}"), "session", "not a table"),
    ] {
        folder.assert_refused(&text, &right, ("saml.toml", field, problem));
    }
    // The variable sets one key of the table; another is missing.
    let set = [("SAML_CONTACT_NAME", "x")];
    let text = format!("{START}{IDP}");
    folder.assert_refused(&text, &set, ("saml.toml", "contact.email", "missing field"));
}
