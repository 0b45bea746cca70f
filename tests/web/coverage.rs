//! Which route is open to whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, HttpResponse, guard, web};

use actix_saml::Saml;
use actix_saml::access::{mfa, role};
use actix_saml::nhsmail::Staff;
use actix_saml::web::{Access, Coverage, Survey};

use crate::app::TestApp;
use crate::pages;

fn of(coverage: &Coverage, method: &str, pattern: &str) -> Access {
    let mut found = coverage.routes.iter().filter(|r| r.method == method && r.pattern == pattern);
    let route = found.next().unwrap_or_else(|| panic!("{method} {pattern} in\n{coverage}"));
    assert_eq!(found.next(), None, "{pattern} twice");
    route.access.clone()
}

fn app(
    saml: Saml,
    calls: Arc<AtomicU32>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl actix_web::body::MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let change = move || {
        calls.fetch_add(1, Ordering::Relaxed);
        async { "changed" }
    };
    let pharmacy = saml.require(role("Pharmacist").and(mfa()));
    App::new()
        .configure(saml.routes())
        .route("/", web::get().to(async |staff: Option<Staff>| format!("{}", staff.is_some())))
        .route(
            "/go",
            web::get().to(async |_: Option<Staff>| {
                HttpResponse::SeeOther().insert_header(("Location", "/")).finish()
            }),
        )
        .route("/rota", web::get().to(async |_: Staff| "rota"))
        .route("/rota", web::post().to(async |_: Staff| "changed"))
        .route("/forgotten", web::get().to(async || "forgotten"))
        .route("/forgotten/change", web::post().to(change.clone()))
        .route("/about", web::post().to(change))
        .service(
            web::scope("/admin").wrap(saml.require_login()).service(
                web::resource("/{id}")
                    .route(web::get().to(async || "one"))
                    .route(web::delete().to(async || "gone")),
            ),
        )
        .service(web::scope("/pharmacy").wrap(pharmacy).route("", web::to(async || "pharmacy")))
        .route("/odd/{name:[q-z]{7}}", web::get().to(async |_: Staff| "odd"))
        .route("/api", web::get().guard(guard::Header("X-Api", "1")).to(async || "api"))
        .wrap(saml.sessions())
}

#[actix_web::test]
async fn every_route_is_listed_with_whom_it_is_open_to() {
    let calls = Arc::<AtomicU32>::default();
    let saml = TestApp::start().await.saml;
    let survey = Survey::new().public(["/about", "/missing"]);
    let coverage = saml.coverage(app(saml.clone(), Arc::clone(&calls)), &survey).await;
    let found = |method: &str, pattern: &str| of(&coverage, method, pattern);
    // Asking who is there is not asking for anybody.
    assert_eq!(found("GET", "/"), Access::Open);
    assert_eq!(found("GET", "/go"), Access::Open);
    assert_eq!(found("GET", "/rota"), Access::SignedIn);
    assert_eq!(found("GET", "/forgotten"), Access::Open);
    assert_eq!(found("POST", "/about"), Access::Public);
    assert_eq!(found("GET", "/admin/{id}"), Access::SignedIn);
    assert_eq!(found("DELETE", "/admin/{id}"), Access::SignedIn, "known by the scope");
    let required = Access::Requires("role \"Pharmacist\" and mfa".to_owned());
    assert_eq!(found("*", "/pharmacy"), required);
    for own in ["login", "acs", "metadata", "slo", "logout", "logout/forget", "handover"] {
        let pattern = format!("/saml/{own}");
        let route = coverage.routes.iter().find(|route| route.pattern == pattern);
        assert_eq!(route.map(|route| &route.access), Some(&Access::SignIn), "{own}\n{coverage}");
    }
    for (method, pattern) in [
        ("POST", "/rota"),
        ("POST", "/forgotten/change"),
        ("GET", "/odd/{name:[q-z]{7}}"),
        ("GET", "/api"),
    ] {
        let access = found(method, pattern);
        assert!(matches!(access, Access::Unknown(_)), "{method} {pattern}: {access}");
    }
    assert_eq!(calls.load(Ordering::Relaxed), 0, "nothing that may change something was called");
    assert_eq!(coverage.misnamed, ["/missing"]);

    let refused = coverage.strict().unwrap_err().to_string();
    for line in ["/forgotten ", "/go ", "/forgotten/change ", "/api ", "\"/missing\" is public"] {
        assert!(refused.contains(line), "{line} in {refused}");
    }
    for line in ["/about ", "/pharmacy", "/admin", "GET     /rota", "/saml/"] {
        assert!(!refused.contains(line), "{line} in {refused}");
    }
}

#[actix_web::test]
async fn an_application_that_has_spoken_for_every_route_may_start() {
    let calls = Arc::<AtomicU32>::default();
    let saml = TestApp::start().await.saml;
    let survey = Survey::new()
        .public(["/", "/go", "/about", "/forgotten", "/forgotten/change", "/api"])
        .example("/odd/{name:[q-z]{7}}", "/odd/wxyzwxy")
        .sends_every_method();
    let coverage = saml.coverage(app(saml.clone(), Arc::clone(&calls)), &survey).await;
    assert_eq!(of(&coverage, "POST", "/rota"), Access::SignedIn);
    assert_eq!(of(&coverage, "GET", "/odd/{name:[q-z]{7}}"), Access::SignedIn);
    assert_eq!(coverage.strict(), Ok(()));
    assert_eq!(calls.load(Ordering::Relaxed), 0, "what is public is not called at all");

    let survey = Survey::new().sends_every_method();
    let coverage = saml.coverage(app(saml.clone(), Arc::clone(&calls)), &survey).await;
    assert_eq!(of(&coverage, "POST", "/forgotten/change"), Access::Open);
    assert_eq!(calls.load(Ordering::Relaxed), 2, "in a test everything is");
}

/// The path that is guessed for one pattern may be that of another.
#[actix_web::test]
async fn a_route_is_not_taken_for_the_one_that_stands_before_it() {
    let saml = TestApp::start().await.saml;
    let app = |shared: &Saml| {
        App::new()
            .configure(shared.routes())
            .route("/ward/1", web::get().to(async |_: Staff| "one"))
            .route("/ward/{id}", web::get().to(async || "any"))
            .service(
                web::scope("/bed/{id}")
                    .wrap(shared.require_login())
                    .route("", web::get().to(async || "bed")),
            )
            .route("/{kind}/{id}", web::get().to(async || "anything"))
            .route("/{all:.*}", web::get().to(async |_: Staff| "all"))
            .wrap(shared.sessions())
    };
    let coverage = saml.coverage(app(&saml), &Survey::new()).await;
    assert_eq!(of(&coverage, "GET", "/ward/1"), Access::SignedIn);
    assert_eq!(of(&coverage, "GET", "/ward/{id}"), Access::Open);
    assert_eq!(of(&coverage, "GET", "/bed/{id}"), Access::SignedIn);
    assert_eq!(of(&coverage, "GET", "/{kind}/{id}"), Access::Open);
    assert_eq!(of(&coverage, "GET", "/{all:.*}"), Access::SignedIn);

    // A path that leads elsewhere is no example.
    let survey = Survey::new().example("/ward/{id}", "/ward/1");
    let coverage = saml.coverage(app(&saml), &survey).await;
    assert_eq!(of(&coverage, "GET", "/ward/{id}"), Access::Open);
}

#[actix_web::test]
async fn what_has_no_route_counts_too() {
    let saml = TestApp::start().await.saml;
    let everything = |saml: Saml| {
        App::new()
            .configure(saml.routes())
            .default_service(web::to(async || "a whole application"))
            .wrap(saml.sessions())
    };
    let open = saml.coverage(everything(saml.clone()), &Survey::new()).await;
    assert_eq!(of(&open, "*", "(anything else)"), Access::Open);
    let guarded = everything(saml.clone()).wrap(saml.require_login());
    let guarded = saml.coverage(guarded.wrap(saml.sessions()), &Survey::new()).await;
    assert_eq!(of(&guarded, "*", "(anything else)"), Access::SignedIn);
    assert_eq!(guarded.strict(), Ok(()));
}

/// The pages of these tests.
#[actix_web::test]
async fn a_guard_around_everything_leaves_nothing_open() {
    let saml = TestApp::start().await.saml;
    let app = App::new()
        .configure(saml.routes())
        .configure(pages::routes(&saml))
        .wrap(saml.require_login())
        .wrap(saml.sessions());
    let coverage = saml.coverage(app, &Survey::new()).await;
    assert_eq!(coverage.strict(), Ok(()), "{coverage}");
    assert!(coverage.routes.len() > 20);
    let own = coverage.routes.iter().filter(|route| route.access == Access::SignIn).count();
    let others = coverage.routes.iter().filter(|route| route.access == Access::SignedIn).count();
    assert_eq!(own + others, coverage.routes.len());
}
