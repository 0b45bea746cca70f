//! Every page by axe, in light and dark, wide and narrow, and by keyboard alone.

use actix_saml::Saml;
use actix_saml::web::{Branding, OwnPath, PageKind};
use actix_web::body::MessageBody as _;
use actix_web::http::header::REFRESH;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpResponse, Responder};
use serde_json::json;
use url::Url;

use crate::axe;
use crate::browser::{Browser, TAB};
use crate::sign_in::{CHOOSER, sign_in};
use crate::sites::Setting;

/// Widths in CSS pixels: a screen, and the one at which WCAG (1.4.10) wants no scrolling sideways.
const WIDTHS: [u32; 2] = [1280, 320];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// Serves the samples at `/samples/0` and so on.
pub(crate) fn samples(saml: &Saml) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let saml = saml.clone();
    move |config| {
        config
            .app_data(Data::new(saml))
            .route("/samples/{index}", web::get().to(sample))
            .route("/static/pages.css", web::get().to(style_sheet))
            .route("/static/logo.svg", web::get().to(logo));
    }
}

/// What an application shows of itself.
pub(crate) fn branding() -> Branding {
    Branding {
        service_name: Some("Ward rota".to_owned()),
        help_desk: Some("extension 0000, day and night".to_owned()),
        stylesheet: Some(OwnPath::parse("/static/pages.css").unwrap()),
        logo: Some(OwnPath::parse("/static/logo.svg").unwrap()),
    }
}

async fn style_sheet() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css").body("main{border-top-color:rgb(1, 2, 3)}")
}

async fn logo() -> HttpResponse {
    HttpResponse::Ok().content_type("image/svg+xml").body(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"40\">\
         <circle cx=\"20\" cy=\"20\" r=\"16\" fill=\"#fff\"/></svg>",
    )
}

/// As it is sent, but that it stays where it is.
async fn sample(saml: Data<Saml>, index: Path<usize>) -> impl Responder {
    let (page, response) = saml.sample_pages().swap_remove(*index);
    let mut headers = response.headers().clone();
    headers.remove(REFRESH);
    let body = response.into_body().try_into_bytes().unwrap();
    let html = String::from_utf8(body.to_vec()).unwrap();
    let html = match (html.split_once("<script>"), page.kind) {
        // The way out of a frame stays where it is when it is in none.
        (Some((before, script)), PageKind::SigningIn | PageKind::PostLogout) => {
            format!("{before}{}", script.split_once("</script>").unwrap().1)
        }
        _ => html,
    };
    // A status of its own would tell nothing here.
    let mut response = HttpResponse::Ok().body(html);
    *response.headers_mut() = headers;
    response
}

/// All that is wrong with the page that the browser shows.
pub(crate) async fn faults(browser: &Browser, source: &str, name: &str) -> Vec<String> {
    browser.run("document.querySelectorAll('details').forEach((more) => more.open = true)").await;
    axe::load(browser, source).await;
    let mut faults = Vec::new();
    for scheme in SCHEMES {
        for width in WIDTHS {
            let here = format!("{name}, {scheme}, {width}");
            browser.look(width, scheme).await;
            faults.extend(
                axe::violations(browser).await.into_iter().map(|rule| format!("{here}: {rule}")),
            );
            let overhang =
                "const root = document.documentElement; return root.scrollWidth - root.clientWidth";
            let overhang = browser.run(overhang).await;
            if overhang != json!(0) {
                faults.push(format!("{here}: {overhang} pixels beyond the edge"));
            }
            browser.keep_picture(&format!("{name} {scheme} {width}")).await;
        }
    }
    let headings = browser.run("return document.querySelectorAll('h1').length").await;
    if headings != json!(1) {
        faults.push(format!("{name}: {headings} main headings"));
    }
    faults.extend(by_keyboard(browser).await.into_iter().map(|fault| format!("{name}: {fault}")));
    faults
}

/// Goes through the page by the tab key: everything that can be used is reached, in the order in
/// which it is written, and is seen when it is reached.
async fn by_keyboard(browser: &Browser) -> Vec<String> {
    let all = "window.stops = [...document.querySelectorAll(\
        'a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex]')]; \
        document.activeElement.blur(); window.scrollTo(0, 0); return window.stops.length";
    let count = browser.run(all).await.as_u64().unwrap();
    let mut faults = Vec::new();
    for index in 0..count {
        browser.press(TAB).await;
        let look = "const e = document.activeElement, s = getComputedStyle(e), \
            r = e.getBoundingClientRect(); return [window.stops.indexOf(e), e.outerHTML.slice(0, 80), \
            s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 && \
            r.top >= 0 && r.left >= 0 && r.height > 0]";
        let (at, html, is_seen): (i64, String, bool) =
            serde_json::from_value(browser.run(look).await).unwrap();
        if u64::try_from(at) != Ok(index) {
            faults.push(format!("stop {index} is {at}, {html}"));
        }
        if !is_seen {
            faults.push(format!("the focus is not seen on {html}"));
        }
    }
    faults
}

#[actix_web::test]
async fn every_page_of_the_service_provider() {
    let (Some(source), Some(browser)) = (axe::source(), Browser::open().await) else { return };
    let sites = Setting::default().serve();
    let mut found = Vec::new();
    for (index, (page, _)) in sites.saml.sample_pages().into_iter().enumerate() {
        browser.visit(&sites.page(&format!("/samples/{index}"))).await;
        browser.arrive_at(&page.title).await;
        let name = format!("sp {} {index}", page.kind.code());
        let is_ours = "return getComputedStyle(document.querySelector('main')).borderTopColor";
        assert_eq!(browser.run(is_ours).await, json!("rgb(0, 94, 184)"), "our style counts");
        found.extend(faults(&browser, source, &name).await);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[actix_web::test]
async fn what_an_application_adds_is_shown() {
    let (Some(source), Some(browser)) = (axe::source(), Browser::open().await) else { return };
    let sites = Setting { is_branded: true, ..Setting::default() }.serve();
    for index in [1, 22, 36] {
        browser.visit(&sites.page(&format!("/samples/{index}"))).await;
        browser.arrive_at(&sites.saml.sample_pages()[index].0.title).await;
        let shown = "const logo = document.querySelector('header img'); \
            return [getComputedStyle(document.querySelector('main')).borderTopColor, \
            logo.complete && logo.naturalWidth, document.title.endsWith(' - Ward rota')]";
        assert_eq!(browser.run(shown).await, json!(["rgb(1, 2, 3)", 40, true]));
        let found = faults(&browser, source, &format!("branded {index}")).await;
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

/// The control: what is wrong is found.
#[actix_web::test]
async fn a_page_that_is_hard_to_use_is_noticed() {
    let (Some(source), Some(browser)) = (axe::source(), Browser::open().await) else { return };
    let sites = Setting::default().serve();
    browser.visit(&sites.page("/samples/0")).await;
    browser
        .run(
            "document.documentElement.lang = ''; document.querySelector('main').innerHTML = \
             '<h1>x</h1><h1>y</h1><p style=\"width:90rem;color:#eee\">pale</p>\
             <a href=\"/\">a</a><button tabindex=\"5\"></button>'; document.styleSheets[0].insertRule(\
             'a:focus{outline:none!important}')",
        )
        .await;
    // Attributes of style are forbidden by the policy; properties are not.
    browser.run("document.querySelector('p').style.cssText = 'width:90rem;color:#eee'").await;
    let found = faults(&browser, source, "bad").await.join("\n");
    for fault in [
        "html-has-lang",
        "color-contrast",
        "button-name",
        "pixels beyond the edge",
        "2 main headings",
        "stop 0 is 1",
        "the focus is not seen",
    ] {
        assert!(found.contains(fault), "{fault} in {found}");
    }
}

pub(crate) async fn visit_all(
    browser: &Browser,
    source: &str,
    pages: &[(Url, &str)],
) -> Vec<String> {
    let mut found = Vec::new();
    for (url, heading) in pages {
        browser.visit(url).await;
        browser.arrive_at(heading).await;
        found.extend(faults(browser, source, &format!("{} {}", url.path(), heading)).await);
    }
    found
}

#[actix_web::test]
async fn the_demo_application() {
    let (Some(source), Some(browser)) = (axe::source(), Browser::open().await) else { return };
    let sites = Setting::default().serve();
    let mut found = visit_all(&browser, source, &[(sites.page("/"), "Ward rota")]).await;
    sign_in(&browser, &sites, "/rota", "Your rota").await;
    let pages = [("/rota", "Your rota"), ("/assertion", "Your sign-in"), ("/admin", "Not for you")];
    let pages = pages.map(|(path, heading)| (sites.page(path), heading));
    found.extend(visit_all(&browser, source, &pages).await);
    browser.click(".who button").await;
    browser.arrive_at("Signed out").await;
    browser.visit(&sites.page("/admin")).await;
    browser.arrive_at(CHOOSER).await;
    browser.click("button[name=person][value='test.consultant']").await;
    browser.arrive_at("Manage the rota").await;
    let pages = [("/admin", "Manage the rota"), ("/admin/federation", FEDERATION)];
    let pages = pages.map(|(path, heading)| (sites.page(path), heading));
    found.extend(visit_all(&browser, source, &pages).await);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

const FEDERATION: &str = "Trust in the sign-in service";
