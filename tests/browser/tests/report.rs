//! The page of a rehearsal, as a file that somebody opens.

use actix_saml::rehearse::report::{Report, to_html};
use actix_saml::rehearse::{Finding, THEMES, Verdict};
use chrono::{DateTime, TimeDelta};
use serde_json::json;
use url::Url;

use crate::axe;
use crate::browser::{Browser, Scripts};

const VERDICTS: [Verdict; 4] =
    [Verdict::AsExpected, Verdict::NotAsExpected, Verdict::Inconclusive, Verdict::NotApplicable];

/// Four cases of each theme, one of each verdict.
fn page() -> (tempfile::TempDir, Url) {
    let findings = THEMES.iter().flat_map(|theme| {
        theme.cases().iter().zip(VERDICTS).map(move |(case, verdict)| Finding {
            theme,
            case,
            verdict,
            saw: "it answered 303 and leads to https://rota.example.nhs.uk/".to_owned(),
            took: TimeDelta::zero(),
            trail: vec![format!("POST https://rota.example.nhs.uk/{} - 303", "long".repeat(40))],
            sent: Some(format!("<samlp:Response ID=\"{}\"/>", "a".repeat(300))),
        })
    });
    let html = to_html(&Report {
        sp_entity_id: "https://rota.example.nhs.uk/saml/metadata".to_owned(),
        acs_url: "https://rota.example.nhs.uk/saml/acs".to_owned(),
        start: "https://rota.example.nhs.uk/rota".to_owned(),
        idp_entity_id: "http://127.0.0.1:8085/adfs/services/trust".to_owned(),
        personality: "adfs",
        shows_names: false,
        began: DateTime::UNIX_EPOCH,
        took: TimeDelta::seconds(3),
        sp_metadata: "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
             entityID=\"https://rota.example.nhs.uk/saml/metadata\"><SPSSODescriptor \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
             <AssertionConsumerService index=\"0\" \
             Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
             Location=\"https://rota.example.nhs.uk/saml/acs\"/></SPSSODescriptor></EntityDescriptor>"
            .to_owned(),
        findings: findings.collect(),
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    std::fs::write(&path, html).unwrap();
    let url = Url::from_file_path(path).unwrap();
    (folder, url)
}

async fn shown(browser: &Browser) -> u64 {
    let shown = "return [...document.querySelectorAll('.case')].filter((e) => e.checkVisibility())\
                 .length";
    browser.run(shown).await.as_u64().unwrap()
}

#[actix_web::test]
async fn a_report_is_for_everybody() {
    let Some(source) = axe::source() else { return };
    let Some(browser) = Browser::open().await else { return };
    let (_folder, url) = page();
    browser.visit(&url).await;
    browser.run("document.querySelectorAll('details').forEach((more) => more.open = true)").await;
    axe::load(&browser, source).await;
    let mut faults = Vec::new();
    for scheme in ["light", "dark"] {
        for width in [1280, 320] {
            browser.look(width, scheme).await;
            let broken = axe::violations(&browser).await;
            faults.extend(broken.into_iter().map(|rule| format!("{scheme}, {width}: {rule}")));
            let overhang =
                "const root = document.documentElement; return root.scrollWidth - root.clientWidth";
            let overhang = browser.run(overhang).await;
            if overhang != json!(0) {
                faults.push(format!("{scheme}, {width}: {overhang} pixels beyond the edge"));
            }
            browser.keep_picture(&format!("report {scheme} {width}")).await;
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[actix_web::test]
async fn cases_are_picked_without_a_script() {
    let Some(browser) = Browser::open_with(Scripts::Blocked).await else { return };
    let (_folder, url) = page();
    browser.visit(&url).await;
    let all = shown(&browser).await;
    browser.click("label[for=f-look]").await;
    assert_eq!(shown(&browser).await, all / 2);
    browser.click("label[for=f-all]").await;
    assert_eq!(shown(&browser).await, all);
}

#[actix_web::test]
async fn cases_are_found_by_words() {
    let Some(browser) = Browser::open().await else { return };
    let (_folder, url) = page();
    browser.visit(&url).await;
    browser.type_into("#find", "two-tabs").await;
    let (found, left) = (browser.text("#found").await, shown(&browser).await);
    assert_eq!(
        found,
        match left {
            1 => "1 case".to_owned(),
            _ => format!("{left} cases"),
        }
    );
    let themes = "return [...document.querySelectorAll('.theme')].filter((e) => e.checkVisibility() \
                  && !e.querySelector('.case:not(.hidden)')).length";
    assert_eq!(browser.run(themes).await, json!(0));
}
