//! The identity provider answers from another site, and browsers then keep cookies back. These are
//! the controls of all other tests: that the browser does so here, and why.

use crate::browser::Browser;
use crate::sign_in::{CHOOSER, NO_LONGER_OPEN, NURSE, nobody, nurse, sign_in, whoami};
use crate::sites::{APP_HOST, Setting};

#[actix_web::test]
async fn a_pending_cookie_that_is_lax_stays_behind() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting { pending_same_site: "Lax", ..Setting::default() }.serve();
    browser.visit(&sites.page("/rota?day=2")).await;
    browser.arrive_at(CHOOSER).await;
    assert_eq!(sites.pending_same_site(), ["Lax"]);

    browser.click(NURSE).await;

    browser.arrive(&sites.page("/saml/acs"), NO_LONGER_OPEN).await;
    assert_eq!(browser.status().await, 403);
    assert_eq!(whoami(&browser, &sites).await, nobody());
}

/// Two ports of one host: what is lost above is lost for the other site's sake, and not for
/// anything else about the cookie.
#[actix_web::test]
async fn a_pending_cookie_that_is_lax_comes_back_within_one_site() {
    let Some(browser) = Browser::open().await else { return };
    let sites =
        Setting { pending_same_site: "Lax", idp_host: APP_HOST, ..Setting::default() }.serve();

    sign_in(&browser, &sites, "/rota?day=2", "Your rota").await;

    // The cookie, and what takes its place.
    assert_eq!(sites.pending_same_site(), ["Lax", "Lax"]);
    assert_eq!(whoami(&browser, &sites).await, nurse());
}

/// The same path through the test, with the value that the application writes.
#[actix_web::test]
async fn a_pending_cookie_as_it_is_sent_comes_back() {
    let Some(browser) = Browser::open().await else { return };
    let sites = Setting::default().serve();

    sign_in(&browser, &sites, "/rota?day=2", "Your rota").await;

    assert_eq!(sites.pending_same_site(), ["None", "None"]);
    assert_eq!(whoami(&browser, &sites).await, nurse());
}
