//! What is not a SAML message gets a page and leaves nothing behind.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE};
use actix_web::web::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt as _, stream};

use crate::app::{ACS, TestApp};
use crate::browser::{Browser, navigation, post};
use crate::jar::From;
use crate::message::{Form, encode};

const MAX_BODY: usize = 2 * 1024 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

/// A browser in which somebody is signed in and another sign-in is under way.
async fn busy(app: &TestApp) -> (Browser<'_>, Form) {
    let browser = app.browser();
    browser.sign_in("ward.nurse").await;
    let begun = browser.begin("/rota/next").await;
    let form = app.respond(&begun, "locum.doctor");
    (browser, form)
}

/// The session is as before, and the sign-in can still be finished: the control.
async fn assert_unharmed(browser: &Browser<'_>, form: &Form) {
    assert_eq!(browser.visit("/rota").await.body, "Rota of Bryn O'Sample");
    let landed = browser.bring(form).await;
    // Somebody else had begun there.
    assert_eq!((landed.status, landed.location()), (303, "/saml/handover"));
}

#[actix_web::test]
async fn http_1_other_methods_get_a_page_that_says_where_to_go() {
    let app = TestApp::start().await;
    let (browser, form) = busy(&app).await;
    for (path, allow, methods) in [
        (ACS, "POST", ["GET", "PUT", "DELETE", "OPTIONS"]),
        ("/saml/login", "GET", ["POST", "PUT", "DELETE", "OPTIONS"]),
        ("/saml/logout", "GET, POST", ["HEAD", "PUT", "DELETE", "OPTIONS"]),
        ("/saml/logout/forget", "GET", ["POST", "PUT", "DELETE", "OPTIONS"]),
        ("/saml/metadata", "GET, HEAD", ["POST", "PUT", "DELETE", "OPTIONS"]),
    ] {
        for method in methods {
            let request = navigation(Method::from_bytes(method.as_bytes()).unwrap(), path);
            let answer = browser.send(From::SameSite, request).await;
            answer.assert_refused(405, "method");
            assert_eq!(answer.header("Allow"), Some(allow), "{method} {path}");
            assert!(answer.body.contains("href=\"/saml/login\""), "{}", answer.body);
        }
    }
    assert_unharmed(&browser, &form).await;
}

#[actix_web::test]
async fn http_2_only_a_urlencoded_form_is_read() {
    let app = TestApp::start().await;
    let (browser, form) = busy(&app).await;
    for content_type in [
        "text/plain",
        "application/json",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencodedx",
        "text/plain; application/x-www-form-urlencoded",
        "",
    ] {
        let request = post(ACS, &form.encode()).insert_header((CONTENT_TYPE, content_type));
        browser.send(From::SameSite, request).await.assert_refused(415, "content_type");
    }
    let without = navigation(Method::POST, ACS).set_payload(form.encode());
    browser.send(From::SameSite, without).await.assert_refused(415, "content_type");

    assert_eq!(browser.visit("/rota").await.body, "Rota of Bryn O'Sample");
    let type_with_charset = "Application/X-WWW-Form-Urlencoded; charset=UTF-8";
    let request = post(ACS, &form.encode()).insert_header((CONTENT_TYPE, type_with_charset));
    assert_eq!(browser.send(From::SameSite, request).await.status, 303, "the control");
}

#[actix_web::test]
async fn http_3_escapes_are_decoded_once_and_broken_ones_stay_what_they_are() {
    let app = TestApp::start().await;
    let (browser, form) = busy(&app).await;
    let message = form.base64();
    let relay_state = format!("RelayState={}", form.relay_state);
    let escaped = |text: &str| text.bytes().map(|b| format!("%{b:02x}")).collect::<String>();
    let twice = escaped(&message).replace('%', "%25");
    for broken in [
        "%".to_owned(),
        "%4".to_owned(),
        "%zz".to_owned(),
        "%u0050".to_owned(),
        format!("{}%", encode(&[("", &message)]).trim_start_matches('=')),
        format!("%00{}", escaped(&message)),
        format!("{}%00", escaped(&message)),
        format!("%ff{}", escaped(&message)),
        twice,
    ] {
        let body = format!("SAMLResponse={broken}&{relay_state}");
        browser.submit_from_elsewhere(ACS, &body).await.assert_refused(400, "base64");
    }
    for name in
        ["%c1%93AMLResponse", "%2553AMLResponse", "%u0053AMLResponse", "%EF%BC%B3AMLResponse"]
    {
        let body = format!("{name}={}&{relay_state}", escaped(&message));
        browser.submit_from_elsewhere(ACS, &body).await.assert_refused(400, "form");
    }
    assert_eq!(browser.visit("/rota").await.body, "Rota of Bryn O'Sample");
    let body = format!("{}={}&{relay_state}", escaped("SAMLResponse"), escaped(&message));
    assert_eq!(browser.submit_from_elsewhere(ACS, &body).await.status, 303, "the control");
}

#[actix_web::test]
async fn http_4_a_body_of_another_form_is_not_guessed_at() {
    let app = TestApp::start().await;
    let (browser, form) = busy(&app).await;
    let (message, good) = (form.base64(), form.encode());
    let relay_state = &form.relay_state;
    for body in
        [good.replace('&', ";"), format!("SAMLResponse={message}\r\nRelayState={relay_state}\r\n")]
    {
        // One field, whose value goes on to the end.
        browser.submit_from_elsewhere(ACS, &body).await.assert_refused(400, "base64");
    }
    for body in [
        format!("{{\"SAMLResponse\":\"{message}\",\"RelayState\":\"{relay_state}\"}}"),
        form.xml.replace(['&', '='], ""),
        format!(
            "--x\r\nContent-Disposition: form-data; name=\"SAMLResponse\"\r\n\r\n{message}\r\n--x--"
        ),
        format!("\u{feff}{good}"),
        format!(" {good}"),
        format!("?{good}"),
    ] {
        browser.submit_from_elsewhere(ACS, &body).await.assert_refused(400, "form");
    }
    // Nobody inflates a body.
    let mut deflated = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    deflated.write_all(good.as_bytes()).unwrap();
    let request = navigation(Method::POST, ACS)
        .insert_header((CONTENT_TYPE, FORM))
        .insert_header(("Content-Encoding", "gzip"))
        .set_payload(deflated.finish().unwrap());
    browser.send(From::OtherSitePost, request).await.assert_refused(400, "form");
    assert_unharmed(&browser, &form).await;
}

#[actix_web::test]
async fn size_1_a_body_of_two_megabytes_is_read_and_not_a_byte_more() {
    let app = TestApp::start().await;
    let (browser, form) = busy(&app).await;
    let encoded = form.encode();
    let padded = |size: usize| format!("{encoded}&x={}", "y".repeat(size - encoded.len() - 3));
    let larger = browser.submit_from_elsewhere(ACS, &padded(MAX_BODY + 1)).await;
    larger.assert_refused(413, "body_too_large");
    assert_eq!(browser.visit("/rota").await.body, "Rota of Bryn O'Sample");
    let landed = browser.submit_from_elsewhere(ACS, &padded(MAX_BODY)).await;
    assert_eq!(landed.status, 303, "the control: {}", landed.body);
}

/// A body in pieces of 64 kB, and how many of them were taken.
fn endless() -> (Payload, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let pieces = stream::repeat_with(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(Bytes::from_static(&[b'a'; 65_536]))
    });
    (Payload::Stream { payload: pieces.boxed_local() }, taken)
}

#[actix_web::test]
async fn size_2_a_body_that_is_declared_too_large_is_not_read_at_all() {
    let app = TestApp::start().await;
    let (body, taken) = endless();
    let request = navigation(Method::POST, ACS)
        .insert_header((CONTENT_TYPE, FORM))
        .insert_header((CONTENT_LENGTH, MAX_BODY + 1));
    app.answer_to(request, Some(body)).await.assert_refused(413, "body_too_large");
    assert_eq!(taken.load(Ordering::Relaxed), 0);
}

#[actix_web::test]
async fn size_2_a_body_without_end_is_left_at_the_limit() {
    let app = TestApp::start().await;
    for declared in [None, Some("12"), Some("a lot")] {
        let (body, taken) = endless();
        let mut request = navigation(Method::POST, ACS).insert_header((CONTENT_TYPE, FORM));
        if let Some(declared) = declared {
            request = request.insert_header((CONTENT_LENGTH, declared));
        }
        app.answer_to(request, Some(body)).await.assert_refused(413, "body_too_large");
        let taken = taken.load(Ordering::Relaxed);
        assert!(taken <= MAX_BODY / 65_536 + 1, "{taken}");
    }
}

#[actix_web::test]
async fn hpp_each_field_counts_once_and_only_in_the_body() {
    let app = TestApp::start().await;
    let (browser, form) = busy(&app).await;
    let (message, relay_state) = (form.base64(), form.relay_state.clone());
    let good = form.encode();
    let with = |more: &str| format!("{good}&{more}");
    let only = |fields: &[(&str, &str)]| encode(fields);
    let many = (0..16).map(|n| format!("x{n}=&")).collect::<String>() + &good;
    for (path, body, why) in [
        (ACS, String::new(), "no SAMLResponse"),
        (ACS, only(&[("RelayState", &relay_state)]), "no SAMLResponse"),
        (ACS, only(&[("samlresponse", &message)]), "no SAMLResponse"),
        (ACS, only(&[("SAMLResponse[]", &message)]), "no SAMLResponse"),
        (ACS, only(&[("SAMLResponse[0]", &message)]), "no SAMLResponse"),
        (ACS, only(&[("SAMLResponse ", &message)]), "no SAMLResponse"),
        (ACS, only(&[("SAMLResponse\0", &message)]), "no SAMLResponse"),
        (ACS, with(&only(&[("SAMLResponse", &message)])), "a SAML field twice"),
        (ACS, with("SAMLResponse="), "a SAML field twice"),
        (ACS, with("SAMLResponse"), "a SAML field twice"),
        (ACS, with("SAML%52esponse=x"), "a SAML field twice"),
        (ACS, with("%53%41%4d%4c%52%65%73%70%6f%6e%73%65=x"), "a SAML field twice"),
        (ACS, with(&format!("RelayState={relay_state}")), "a SAML field twice"),
        (ACS, with("Relay%53tate="), "a SAML field twice"),
        (ACS, with("SAMLRequest=x"), "another SAML message"),
        (ACS, with("SAMLart=x"), "another SAML message"),
        (ACS, only(&[("SAMLRequest", &message)]), "another SAML message"),
        (ACS, many, "too many fields"),
        ("/saml/acs?SAMLResponse=x", good.clone(), "SAML fields in the query"),
        ("/saml/acs?RelayState=x", good.clone(), "SAML fields in the query"),
        ("/saml/acs?a=b&SAML%52equest=x", good.clone(), "SAML fields in the query"),
        (&format!("/saml/acs?{good}"), String::new(), "SAML fields in the query"),
    ] {
        let answer = browser.submit_from_elsewhere(path, &body).await;
        answer.assert_refused(400, "form");
        let detail = &answer.events.iter().find(|e| e.is_alarming()).unwrap().fields["detail"];
        assert_eq!(detail, &format!("{why:?}"), "{path} {body}");
    }
    // What is not SAML's does no harm, and "+" is a space inside base64.
    assert_eq!(browser.visit("/rota").await.body, "Rota of Bryn O'Sample");
    let landed = browser.submit_from_elsewhere("/saml/acs?lang=en", &with("client=x&x=y")).await;
    assert_eq!(landed.status, 303, "the control");
}

#[actix_web::test]
async fn b64_only_the_standard_alphabet_is_decoded() {
    let app = TestApp::start().await;
    let (browser, form) = busy(&app).await;
    let message = form.base64();
    for junk in [
        "%",
        "not base64!",
        "\u{fffd}",
        &format!("{message}AAAA="),
        &format!("{message}\0"),
        &message[1..],
        &message.replace(['+', '/'], "-"),
    ] {
        let body = encode(&[("SAMLResponse", junk), ("RelayState", &form.relay_state)]);
        browser.submit_from_elsewhere(ACS, &body).await.assert_refused(400, "base64");
    }
    assert_unharmed(&browser, &form).await;
}

#[actix_web::test]
async fn what_is_no_response_is_said_to_be_none() {
    let app = TestApp::start().await;
    let (browser, form) = busy(&app).await;
    let assertion = {
        let start = form.xml.find("<Assertion").unwrap();
        let end = form.xml.find("</Assertion>").unwrap() + "</Assertion>".len();
        form.xml[start..end].to_owned()
    };
    for (xml, code) in [
        (String::new(), "xml_malformed"),
        ("no XML".to_owned(), "xml_malformed"),
        ("<a><b></a>".to_owned(), "xml_malformed"),
        (format!("<!DOCTYPE a>{}", form.xml), "xml_doctype"),
        ("<html><body>502</body></html>".to_owned(), "not_a_response"),
        ("<Response/>".to_owned(), "not_a_response"),
        (assertion, "not_a_response"),
    ] {
        for relay_state in [form.relay_state.as_str(), "of nobody"] {
            let relay_state = relay_state.to_owned();
            let answer = browser.bring(&Form { xml: xml.clone(), relay_state }).await;
            answer.assert_refused(400, code);
        }
    }
    let latin = STANDARD.encode(b"<a>\xe9</a>");
    let body = encode(&[("SAMLResponse", &latin), ("RelayState", &form.relay_state)]);
    browser.submit_from_elsewhere(ACS, &body).await.assert_refused(400, "xml_encoding");
    assert_unharmed(&browser, &form).await;
}

#[actix_web::test]
async fn a_body_that_breaks_off_is_refused() {
    let app = TestApp::start().await;
    let pieces = stream::iter([
        Ok(Bytes::from_static(b"SAMLResponse=PHNh")),
        Err(actix_web::error::PayloadError::Incomplete(None)),
    ]);
    let body = Payload::Stream { payload: pieces.boxed_local() };
    let request = navigation(Method::POST, ACS).insert_header((CONTENT_TYPE, FORM));
    app.answer_to(request, Some(body)).await.assert_refused(400, "body");
}

#[actix_web::test]
async fn xss_nothing_that_is_sent_comes_back() {
    let app = TestApp::start().await;
    let (browser, form) = busy(&app).await;
    let hostile = "\"'><script>evil-marker</script>\r\nX-Evil: 1";
    let text = "evil-marker &lt;script&gt;";
    let response = |from: &str, to: &str| form.replace(from, to).encode();
    let idp = form.xml.split("<Issuer").nth(1).unwrap().split(['>', '<']).nth(1).unwrap();
    let bodies = [
        encode(&[("SAMLResponse", hostile), ("RelayState", hostile)]),
        encode(&[("SAMLResponse", &form.base64()), ("RelayState", hostile)]),
        encode(&[(hostile, hostile)]),
        encode(&[("SAMLResponse", &STANDARD.encode(hostile)), ("RelayState", hostile)]),
        encode(&[("SAMLResponse", &STANDARD.encode("<evil-marker/>"))]),
        response("Destination=\"https://", "Destination=\"evil-marker&lt;script&gt;"),
        response(idp, text),
        response("InResponseTo=\"_", "InResponseTo=\"evil-marker&lt;"),
        response("<samlp:Status>", "<samlp:evil-marker/><samlp:Status>"),
        response("status:Success", "status:evil-marker&lt;script&gt;"),
        response("Version=\"2.0\"", "Version=\"evil-marker\""),
    ];
    for body in bodies {
        for path in [ACS, "/saml/acs?evil-marker=%3Cscript%3E", "/saml/logout"] {
            let request = post(path, &body)
                .insert_header(("User-Agent", "evil-marker"))
                .insert_header(("Referer", "https://evil-marker.example/"))
                .insert_header(("Origin", "https://evil-marker.example"))
                .insert_header(("Sec-Fetch-Site", "cross-site"))
                .insert_header(("X-Evil-Marker", "evil-marker"));
            let answer = browser.send(From::SameSite, request).await;
            assert_ne!(answer.status, 303);
            assert!(!answer.body.contains("evil-marker"), "{}", answer.body);
            for (name, value) in &answer.headers {
                assert!(!value.to_str().unwrap().contains("evil-marker"), "{name}: {value:?}");
            }
        }
    }
    let request = navigation(Method::GET, "/saml/login?idp=evil-marker&evil-marker=%22%3E")
        .insert_header((COOKIE, "__Host-saml-pending-evil-marker=evil-marker"));
    let answer = app.answer(request).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.body.contains("evil-marker"));
    assert_unharmed(&browser, &form).await;
}
