//! `actix-saml check`: deployments call it, so its exit status and JSON are pinned here.

use serde_json::json;

use crate::scene::{Call, NOW, Scene};

const CONFIG: &str = "\
base_url = \"https://rota.example.nhs.uk\"
entity_id = \"https://rota.example.nhs.uk/saml/metadata\"

[[idp]]
metadata = \"idp.xml\"

[contact]
email = \"rota.team@example.nhs.uk\"

[store]
replicas = 1
";

fn check<'s>(scene: &'s Scene, config: &str) -> Call<'s> {
    scene.file("saml.toml", config);
    scene.call(&["check"]).and("--now", NOW)
}

#[test]
fn warnings_do_not_fail_unless_they_are_to() {
    let scene = Scene::new();
    let outcome = check(&scene, CONFIG).and("--format", "json").run(b"");
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let found = &outcome.json()["findings"];
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["code"], "no_signing_key");
    assert_eq!(found[0]["verdict"], "warned");
    assert_eq!(found[0]["key"], "keys.signing_key");
    assert_eq!(check(&scene, CONFIG).flag("--strict").run(b"").status, 1);
    let text = check(&scene, CONFIG).run(b"").stdout;
    assert!(text.starts_with("warned  keys.signing_key: "), "{text}");
}

#[test]
fn several_replicas_with_a_store_each_are_refused() {
    let scene = Scene::new();
    let several = CONFIG.replace("replicas = 1", "replicas = 3");
    let outcome = check(&scene, &several).and("--format", "json").run(b"");
    assert_eq!(outcome.status, 2, "{outcome:?}");
    let first = &outcome.json()["findings"][0];
    assert_eq!(first["code"], "replicas_share_nothing");
    assert_eq!(first["verdict"], json!("refused"));
    let text = check(&scene, &several).run(b"").stdout;
    assert!(text.starts_with("REFUSED  store.replicas: 3 replicas"), "{text}");
}

#[test]
fn what_cannot_be_read_is_refused_too() {
    let scene = Scene::new();
    let wrong = CONFIG.replace("replicas", "replica");
    check(&scene, &wrong).run(b"").unusable("store.replica");
    let plain = CONFIG.replace("https://rota.example.nhs.uk\"", "http://rota.example.nhs.uk\"");
    check(&scene, &plain).run(b"").unusable("base_url");
}
