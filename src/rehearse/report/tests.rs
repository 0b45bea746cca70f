use super::*;
use crate::rehearse::{Rehearsal, THEMES};
use crate::saml::parse_instant;
use crate::xml::{Document, Limits};

/// A report in which everything that comes from outside is hostile to its reader.
pub(super) fn report() -> Report {
    let nasty = "</script>\"'><img src=x onerror=alert(1)>\u{1b}[31m&\u{202e}\u{9b}";
    let theme = &THEMES[0];
    let finding = |index: usize, verdict| Finding {
        theme,
        case: &theme.cases()[index],
        verdict,
        saw: nasty.to_owned(),
        took: TimeDelta::milliseconds(1234),
        trail: vec![nasty.to_owned()],
        sent: Some(nasty.to_owned()),
    };
    Report {
        sp_entity_id: nasty.to_owned(),
        acs_url: nasty.to_owned(),
        start: nasty.to_owned(),
        idp_entity_id: nasty.to_owned(),
        personality: "adfs",
        shows_names: true,
        began: parse_instant("2026-11-28T10:00:00Z").unwrap(),
        took: TimeDelta::seconds(3),
        sp_metadata: nasty.to_owned(),
        findings: vec![
            finding(0, Verdict::AsExpected),
            finding(1, Verdict::NotAsExpected),
            finding(2, Verdict::Inconclusive),
            finding(3, Verdict::NotApplicable),
        ],
    }
}

#[test]
fn a_report_counts_what_there_is() {
    let mut report = report();
    assert_eq!(report.count(Verdict::NotAsExpected), 1);
    assert!(!report.is_good());
    report.findings.retain(|f| f.verdict == Verdict::AsExpected);
    assert!(report.is_good());
}

#[test]
fn inconclusive_is_not_good() {
    let mut report = report();
    report.findings.retain(|f| f.verdict == Verdict::Inconclusive);
    assert!(!report.is_good());
}

#[test]
fn junit_is_xml_whatever_was_seen() {
    let xml = to_junit(&report());
    let document = Document::parse(xml.as_bytes(), &Limits::METADATA).unwrap();
    let root = document.root();
    let counts: Vec<_> = ["tests", "failures", "errors", "skipped"]
        .map(|name| root.attribute(name).unwrap())
        .into_iter()
        .collect();
    assert_eq!(counts, ["4", "1", "1", "1"]);
    let named = |local: &str| document.elements().filter(|n| n.local_name() == local).count();
    assert_eq!((named("testcase"), named("failure"), named("error")), (4, 1, 1));
    assert_eq!(named("img"), 0);
    // Themes that were not tried are not there.
    assert_eq!(named("testsuite"), 1);
    let case = document.elements().find(|n| n.local_name() == "testcase").unwrap();
    assert_eq!(case.attribute("time"), Some("1.234"));
}

#[test]
fn json_has_the_documented_names() {
    let json: serde_json::Value = serde_json::from_str(&to_json(&report())).unwrap();
    assert_eq!(json["format"], 1);
    assert_eq!(json["good"], false);
    assert_eq!(json["counts"]["inconclusive"], 1);
    let case = json["cases"][1].as_object().unwrap();
    let mut names: Vec<_> = case.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "expected",
        "fix",
        "id",
        "kind",
        "milliseconds",
        "saw",
        "sent",
        "theme",
        "title",
        "trail",
        "verdict",
        "why",
    ];
    assert_eq!(names, expected);
    assert_eq!(case["verdict"], "not-as-expected");
    assert_eq!(case["milliseconds"], 1234);
}

#[test]
fn the_page_holds_no_markup_of_others() {
    let html = to_html(&report());
    assert!(!html.contains("<img"));
    assert!(!html.contains(['\u{1b}', '\u{9b}', '\u{202e}']));
    assert_eq!(html.matches("<script").count(), 1);
    assert_eq!(html.matches("</script").count(), 1);
    assert!(
        html.contains(
            "&lt;/script&gt;&quot;&#39;&gt;&lt;img src=x onerror=alert(1)&gt;?[31m&amp;??"
        )
    );
    // Nothing comes from elsewhere, and no script runs that is not the page's own.
    assert!(!html.contains("<link") && !html.contains(" src=\"") && !html.contains("url("));
    assert!(
        html.contains(
            "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-"
        )
    );
}

#[test]
fn the_page_shows_what_must_be_seen_and_folds_the_rest() {
    let html = to_html(&report());
    let open: Vec<_> = html
        .split("<details class=\"case ")
        .skip(1)
        .map(|case| {
            let tag = case.split('>').next().unwrap();
            (tag.split(' ').next().unwrap(), tag.ends_with(" open"))
        })
        .collect();
    let expected = [("good", false), ("bad", true), ("unclear", true), ("none", false)];
    assert_eq!(open, expected);
    assert!(html.contains("<h2>One thing is not as expected</h2>"));
    assert!(html.contains("What to send NHSmail"));
    // It is a part of a rehearsal, and says so: to the reader, and to NHSmail.
    let part = format!(" Only 4 of {} cases were tried.", Rehearsal::len());
    assert_eq!(html.matches(&part).count(), 2);
    // Nothing is said of themes that were not tried.
    assert!(!html.contains("id=\"t-signature\"") && !html.contains(THEMES[3].title));
}
