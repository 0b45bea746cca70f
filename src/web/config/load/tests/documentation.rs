//! `docs/configuration.md` tells every key and every variable, and the defaults as they are.

use super::*;
use crate::nhsmail::ClaimNames;
use crate::web::config::{Kind, PolicyConfig, SessionConfig, StoreConfig};

const PAGE: &str = include_str!("../../../../../docs/configuration.md");

/// The cells of the rows of all tables: key, what it holds, default, variable.
fn rows() -> Vec<[&'static str; 4]> {
    PAGE.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            cells.try_into().unwrap_or_else(|cells| panic!("four cells: {cells:?}"))
        })
        .collect()
}

/// The keys that a table of the file may hold, as the program itself names them in its complaint.
fn keys_of(table: &str) -> Vec<String> {
    let text = match table {
        "" => format!("no_such_key = 1\n{START}"),
        "idp" => format!("{START}{IDP}no_such_key = 1\n"),
        table => format!("{START}[{table}]\nno_such_key = 1\n"),
    };
    let error = Config::read(&text, "", PathBuf::new(), &|_| None).unwrap_err();
    let (_, expected) = error.problem.split_once("expected ").unwrap();
    let keys = expected.split('`').skip(1).step_by(2);
    keys.map(|key| if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") })
        .collect()
}

#[test]
fn every_key_has_a_row_and_a_variable() {
    let tables = [
        "idp",
        "keys",
        "metadata",
        "refresh",
        "session",
        "logout",
        "store",
        "policy",
        "audit",
        "pages",
        "claims",
        "organisation",
        "contact",
    ];
    let top = keys_of("");
    assert!(tables.iter().all(|table| top.iter().any(|key| key == table)));
    let plain = top.into_iter().filter(|key| !tables.contains(&key.as_str()));
    let mut keys: Vec<String> =
        plain.chain(["idp".to_owned()]).chain(tables.into_iter().flat_map(keys_of)).collect();
    // Secrets have no key in the file.
    let secrets = VARIABLES.iter().filter(|variable| variable.kind == Kind::Secret);
    keys.extend(secrets.map(|variable| variable.key.to_owned()));
    let has_none = |key: &&String| {
        key.starts_with("idp.") && VARIABLES.iter().all(|variable| variable.key != **key)
    };
    assert_eq!(keys.len(), VARIABLES.len() + keys.iter().filter(has_none).count(), "{keys:?}");
    keys.sort();
    let strip = |cell: &str| cell.trim_matches(['`', '[', ']']).to_owned();
    let mut documented: Vec<_> = rows().iter().map(|[key, ..]| strip(key)).collect();
    documented.sort();
    assert_eq!(documented, keys);
    for [key, .., cell] in rows() {
        let key = strip(key);
        let variable = VARIABLES.iter().find(|variable| variable.key == key);
        match variable {
            Some(variable) => assert_eq!(cell, format!("`{}`", variable.name)),
            None => assert!(key.starts_with("idp."), "{key} has no variable"),
        }
    }
}

fn default_of(key: &str) -> &'static str {
    let rows = rows();
    let row = rows.iter().find(|[cell, ..]| cell.trim_matches('`') == key).unwrap();
    row[2].trim_matches('`')
}

#[test]
fn the_defaults_are_those_of_the_program() {
    let config = Config::read(START, "", PathBuf::new(), &|_| None).unwrap();
    let (session, policy) = (SessionConfig::default(), PolicyConfig::default());
    assert_eq!(default_of("listen"), config.listen);
    assert_eq!(default_of("dev"), config.dev.to_string());
    assert_eq!(default_of("session.idle_minutes"), session.idle_minutes.to_string());
    assert_eq!(default_of("session.absolute_hours"), session.absolute_hours.to_string());
    let beside = config.keys.publish_both_encryption_certs;
    assert_eq!(default_of("keys.publish_both_encryption_certs"), beside.to_string());
    assert_eq!(default_of("metadata.sign"), config.metadata.sign.to_string());
    let store = StoreConfig::default();
    assert_eq!(default_of("store.url"), store.url);
    assert_eq!(default_of("store.prefix"), store.prefix);
    assert_eq!(default_of("store.timeout_ms"), store.timeout_ms.to_string());
    assert_eq!(default_of("store.replicas"), store.replicas.to_string());
    assert_eq!(default_of("policy.clock_skew_seconds"), policy.clock_skew_seconds.to_string());
    assert_eq!(default_of("policy.pending_minutes"), policy.pending_minutes.to_string());
    let tells = config.audit.client_address;
    assert_eq!(default_of("audit.client_address"), tells.to_string());
    let word = |debug: String| debug.to_lowercase();
    assert_eq!(default_of("policy.require_signed"), word(format!("{:?}", policy.require_signed)));
    assert_eq!(default_of("policy.request_binding"), word(format!("{:?}", policy.request_binding)));

    let claims = ClaimNames::default();
    for (key, names) in [
        ("claims.mail", claims.mail),
        ("claims.upn", claims.upn),
        ("claims.display_name", claims.display_name),
        ("claims.given_name", claims.given_name),
        ("claims.surname", claims.surname),
        ("claims.ods_code", claims.ods_code),
        ("claims.roles", claims.roles),
        ("claims.groups", claims.groups),
        ("claims.immutable_id", claims.immutable_id),
        ("claims.tenant_id", claims.tenant_id),
        ("claims.authn_methods", claims.authn_methods),
    ] {
        let row = default_of(key);
        let documented: Vec<_> = row.split(", ").map(in_full).collect();
        assert_eq!(documented, names, "{key}");
    }
}

/// `WS `x`` as it is in full.
fn in_full(name: &str) -> String {
    let (prefix, name) = name.trim_matches('`').split_once(" `").unwrap_or(("", name));
    let start = match prefix {
        "" => "",
        prefix => {
            let (_, rest) = PAGE.split_once(&format!("`{prefix}`\n(`")).unwrap_or_else(|| {
                PAGE.split_once(&format!("`{prefix}` (`")).unwrap_or_else(|| panic!("{prefix}"))
            });
            rest.split_once('`').unwrap().0
        }
    };
    format!("{start}{}", name.trim_matches('`'))
}

#[test]
fn its_example_is_a_configuration() {
    let (_, rest) = PAGE.split_once("```toml\n").unwrap();
    let example = rest.split_once("```").unwrap().0.replace("FederationMetadata.xml", "idp.xml");
    Folder::new().load(&example, &[]).unwrap();
}
