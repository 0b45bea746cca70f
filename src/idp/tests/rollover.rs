//! The signing key changes: in the model, in the folder, and on the page for it.

use std::sync::{Arc, Mutex};

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, LOCATION, ORIGIN};
use actix_web::test::{TestRequest, call_service, init_service};

use super::keys::Folder;
use super::{IDP, now, reply_to};
use crate::idp::{IdpApp, KeyError, Personality, SigningKey, TestIdp, TestKeys, Validity};
use crate::saml::metadata::IdpMetadata;

fn key() -> SigningKey {
    SigningKey::generate("fs.nhsmail.test", Validity::of_tests()).unwrap()
}

fn print(key: &SigningKey) -> String {
    key.certificate().fingerprint()
}

/// The fingerprints that the metadata lists.
fn listed(idp: &TestIdp) -> Vec<String> {
    let metadata = IdpMetadata::read(idp.metadata().unwrap().as_bytes(), now()).unwrap();
    metadata.certificates().iter().map(|c| c.fingerprint()).collect()
}

/// The fingerprint of the key whose certificate stands in a new response.
fn signer(idp: &TestIdp) -> String {
    let person = idp.person("ward.nurse").unwrap();
    let xml = idp.respond(&reply_to(), &person, now()).unwrap();
    let keys = idp.keys.signing().chain([idp.keys.encryption()]);
    let mut signers = keys.filter(|key| {
        let pem = key.certificate().to_pem().unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        xml.contains(&body)
    });
    let signer = print(signers.next().unwrap());
    assert!(signers.next().is_none());
    signer
}

#[test]
fn the_whole_timeline() {
    let mut idp = IDP.clone();
    let old = print(idp.keys.current());
    let next = key();
    let new = print(&next);
    assert!(!idp.keys.promote() && !idp.keys.retire(), "nothing is announced, nothing is old");
    assert_eq!((signer(&idp), listed(&idp)), (old.clone(), vec![old.clone()]));

    idp.keys.announce(next);
    assert!(!idp.keys.retire());
    assert_eq!((signer(&idp), listed(&idp)), (old.clone(), vec![old.clone(), new.clone()]));
    assert_eq!(
        (idp.keys.announced().map(print), idp.keys.old().map(print)),
        (Some(new.clone()), None)
    );

    assert!(idp.keys.promote());
    assert!(!idp.keys.promote(), "it does not go back");
    assert_eq!((signer(&idp), listed(&idp)), (new.clone(), vec![new.clone(), old.clone()]));
    assert_eq!((idp.keys.announced().map(print), idp.keys.old().map(print)), (None, Some(old)));

    assert!(idp.keys.retire());
    assert_eq!((signer(&idp), listed(&idp)), (new.clone(), vec![new]));

    // Without warning, in the middle of another rollover.
    let (announced, third) = (key(), key());
    idp.keys.announce(announced);
    idp.keys.replace(third.clone());
    assert_eq!((signer(&idp), listed(&idp)), (print(&third), vec![print(&third)]));
}

#[test]
fn a_rollover_survives_a_restart() {
    let folder = Folder::new();
    let load =
        || TestKeys::load_or_generate(&folder.0, Personality::Adfs, "127.0.0.1", now()).unwrap();
    let state = |keys: &TestKeys| {
        let signing: Vec<_> = keys.signing().map(print).collect();
        (signing, keys.announced().is_some(), keys.old().is_some(), print(keys.encryption()))
    };
    let files = || {
        let names = std::fs::read_dir(&folder.0).unwrap().map(|e| e.unwrap().file_name());
        names.filter(|name| name.to_str().unwrap().contains("signing")).count()
    };
    let mut keys = load();
    let first = keys.clone();
    keys.save(&folder.0).unwrap();
    assert_eq!((state(&load()), files()), (state(&keys), 3));
    for (step, expected) in
        [("announce", 5), ("switch", 5), ("remove", 3), ("announce", 5), ("announce", 5)]
    {
        match step {
            "announce" => keys.announce(key()),
            "switch" => assert!(keys.promote()),
            _ => assert!(keys.retire()),
        }
        keys.save(&folder.0).unwrap();
        assert_eq!((state(&load()), files()), (state(&keys), expected), "{step}");
    }
    assert_ne!(print(load().current()), print(first.current()));

    // A process that ended while it wrote a key: the order of before counts, and the next one is
    // written beside it.
    std::fs::write(folder.0.join("idp-signing-9-key.pem"), "half").unwrap();
    std::fs::write(folder.0.join("idp-signing-order.new"), "half").unwrap();
    assert_eq!(state(&load()), state(&keys));
    keys.replace(key());
    keys.save(&folder.0).unwrap();
    assert_eq!((state(&load()), files()), (state(&keys), 3));
}

#[test]
fn an_order_that_is_none_is_told() {
    let folder = Folder::new();
    let load = || TestKeys::load_or_generate(&folder.0, Personality::Adfs, "127.0.0.1", now());
    load().unwrap();
    let path = folder.0.join("idp-signing-order.txt");
    for text in [
        "",
        "announced 1\n",
        "current one\n",
        "current 1\ncurrent 1\n",
        "current 1\nnew 2\n",
        "current",
    ] {
        std::fs::write(&path, text).unwrap();
        let error = load().unwrap_err();
        assert!(
            matches!(&error, KeyError::Order { path: p } if *p == path.display().to_string()),
            "{text:?}: {error}"
        );
    }
    std::fs::write(&path, "current 1\nannounced 2\n").unwrap();
    let missing = folder.0.join("idp-signing-2-key.pem").display().to_string();
    let error = load().unwrap_err();
    assert!(matches!(&error, KeyError::Incomplete { path } if *path == missing), "{error}");
    std::fs::write(&path, "current 1\n").unwrap();
    load().unwrap();
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

async fn send(app: &IdpApp, request: TestRequest) -> Answer {
    let service = init_service(App::new().configure(app.routes())).await;
    let response = call_service(&service, request.to_request()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body()).await.unwrap().to_vec();
    Answer { status, headers, body: String::from_utf8(body).unwrap() }
}

fn form(body: &'static str) -> TestRequest {
    TestRequest::post()
        .uri("/keys")
        .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
        .set_payload(body)
}

async fn press(app: &IdpApp, body: &'static str) {
    let request = form(body)
        .insert_header((ORIGIN, IDP.base_url()))
        .insert_header(("Sec-Fetch-Site", "same-origin"));
    let answer = send(app, request).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(answer.headers.get(LOCATION).unwrap(), "/keys");
}

async fn look(app: &IdpApp) -> String {
    let answer = send(app, TestRequest::get().uri("/keys")).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.body
}

#[actix_web::test]
async fn the_page_leads_through_a_rollover() {
    let kept: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let app = IdpApp::keeping(IDP.clone(), now, move |idp| {
        keep.lock().unwrap().push(listed(idp));
        Ok(())
    });
    let front = send(&app, TestRequest::get().uri("/")).await;
    assert!(front.body.contains("<a href=\"/keys\">"), "{}", front.body);
    let old = print(IDP.keys.current());
    let page = look(&app).await;
    assert!(page.contains(&format!("<dt>It signs</dt><dd>SHA-256 <code>{old}</code>")), "{page}");
    assert!(page.contains("valid until 1 January 2100"), "{page}");
    assert!(page.contains(">Announce a new key</button>") && !page.contains("Announced:"));

    press(&app, "action=announce").await;
    let page = look(&app).await;
    assert!(page.contains("<dt>Announced: it will sign</dt>"), "{page}");
    assert!(page.contains(">Switch to the announced key</button>") && !page.contains("Old:"));
    assert_eq!((signer(&app.idp()), listed(&app.idp()).len()), (old.clone(), 2));

    press(&app, "action=switch").await;
    let page = look(&app).await;
    assert!(page.contains("<dt>Old: it signs no more</dt>"), "{page}");
    assert!(page.contains(">Remove the old key</button>") && !page.contains("Announced:"));
    let new = signer(&app.idp());
    assert_ne!(new, old);
    // What is served is what signs.
    let path = "/FederationMetadata/2007-06/FederationMetadata.xml";
    let served = send(&app, TestRequest::get().uri(path)).await.body;
    assert_eq!(served, app.idp().metadata().unwrap());

    press(&app, "action=remove").await;
    assert_eq!(listed(&app.idp()), [new.as_str()]);
    press(&app, "action=replace").await;
    let third = signer(&app.idp());
    assert_eq!(listed(&app.idp()), [third.as_str()]);
    assert_ne!(third, new);

    // A page that is out of date asks for what cannot be: nothing happens, and nothing is kept.
    for stale in ["action=switch", "action=remove"] {
        press(&app, stale).await;
    }
    let kept = kept.lock().unwrap();
    let lengths: Vec<usize> = kept.iter().map(Vec::len).collect();
    assert_eq!(lengths, [2, 2, 1, 1], "told at every change, before it counts");
    assert_eq!(kept.last(), Some(&vec![third]));
}

#[actix_web::test]
async fn nothing_changes_that_cannot_be_kept() {
    let app = IdpApp::keeping(IDP.clone(), now, |_| Err("the disk is full".into()));
    let request = form("action=replace").insert_header((ORIGIN, IDP.base_url()));
    let answer = send(&app, request).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.body.contains("The disk is full."), "{}", answer.body);
    assert_eq!(signer(&app.idp()), print(IDP.keys.current()));
}

/// Who is at the machine visits other sites meanwhile, and a name of theirs may lead to it.
#[actix_web::test]
async fn only_its_own_page_changes_keys() {
    let app = IdpApp::new(IDP.clone(), now);
    let base = IDP.base_url();
    let evil = "https://evil.example";
    let request = || form("action=replace");
    let refused = [
        request(),
        request().insert_header((ORIGIN, evil)),
        request().insert_header((ORIGIN, "null")),
        request().insert_header((ORIGIN, format!("{base}/"))),
        request().insert_header((ORIGIN, format!("{base}.evil.example"))),
        request().append_header((ORIGIN, base)).append_header((ORIGIN, evil)),
        request().insert_header((ORIGIN, base)).insert_header(("Sec-Fetch-Site", "same-site")),
        request().insert_header((ORIGIN, base)).insert_header(("Sec-Fetch-Site", "cross-site")),
        // A name that leads here: the browser calls it the same origin.
        request().insert_header((ORIGIN, evil)).insert_header(("Sec-Fetch-Site", "same-origin")),
        form("").insert_header((ORIGIN, base)),
        form("action=format").insert_header((ORIGIN, base)),
        form("action=replace&action=replace").insert_header((ORIGIN, base)),
    ];
    for (number, request) in refused.into_iter().enumerate() {
        let answer = send(&app, request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{number}");
        assert!(answer.body.contains("Nothing was changed") && !answer.body.contains("evil"));
        assert_eq!(signer(&app.idp()), print(IDP.keys.current()), "{number}");
    }
    // Browsers that tell no more than the origin.
    let control = send(&app, request().insert_header((ORIGIN, base))).await;
    assert_eq!(control.status, StatusCode::SEE_OTHER);
    assert_ne!(signer(&app.idp()), print(IDP.keys.current()));
}
