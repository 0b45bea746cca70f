//! Which route is open to whom: asked of the application itself, before it serves anybody.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{ResourceDef, Service, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::introspection::{IntrospectionNode, IntrospectionTree, ResourceType};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, HttpMessage as _, HttpRequest, HttpResponse, web};
use thiserror::Error;

use super::access::Requirement;
use super::saml::{Saml, Shared};

/// No route is called that.
const NOWHERE: &str = "/actix-saml-coverage-of-what-has-no-route";
/// What parts of a path are tried with when they are variable.
const EXAMPLES: [&str; 5] =
    ["1", "a", "a.html", "2026-01-01", "00000000-0000-0000-0000-000000000000"];

/// How an application is asked which route is open to whom.
///
/// Each route gets one request of nobody, without cookies and without a body, as anybody on the
/// network could send it. A route that is named as public is not asked. Methods that may change
/// something are not sent to a handler unless [`sends_every_method`](Self::sends_every_method) is
/// called, which is for tests.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    public: Vec<String>,
    examples: BTreeMap<String, String>,
    sends_every_method: bool,
}

impl Survey {
    /// Nothing is public, and nothing is sent that may change something.
    pub fn new() -> Self {
        Self::default()
    }

    /// Routes that are meant to be open to anybody, each by its whole pattern, such as
    /// `/news/{page}`.
    #[must_use]
    pub fn public<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.public.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// A path that the pattern matches, for a pattern of which none can be guessed.
    #[must_use]
    pub fn example(mut self, pattern: impl Into<String>, path: impl Into<String>) -> Self {
        self.examples.insert(pattern.into(), path.into());
        self
    }

    /// Ask with `POST` and the like as well. Whatever is not protected is then called.
    #[must_use]
    pub fn sends_every_method(mut self) -> Self {
        self.sends_every_method = true;
        self
    }
}

/// To whom a route is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// A page of our own, by which people sign in and out.
    SignIn,
    /// Anybody, as was said.
    Public,
    /// Anybody, and nobody has said so.
    Open,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever is signed in and fulfils this.
    Requires(String),
    /// It could not be found out: why, and what to do.
    Unknown(&'static str),
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignIn => f.write_str("sign-in"),
            Self::Public => f.write_str("public"),
            Self::Open => f.write_str("OPEN TO ANYBODY"),
            Self::SignedIn => f.write_str("signed in"),
            Self::Requires(requirement) => write!(f, "signed in, {requirement}"),
            Self::Unknown(why) => write!(f, "NOT KNOWN: {why}"),
        }
    }
}

/// One route by one method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteAccess {
    /// Its whole pattern.
    pub pattern: String,
    /// The method, or `*` for a handler that takes any.
    pub method: String,
    /// To whom it is open. Where several guards stand around it, what the outermost one asks.
    pub access: Access,
}

/// Every route of an application, and to whom it is open. `Display` writes a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// In the order of patterns.
    pub routes: Vec<RouteAccess>,
    /// Patterns that were named as public and are no routes.
    pub misnamed: Vec<String>,
}

/// What keeps an application from starting that wants to know of every route to whom it is open.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "it is not said of every route to whom it is open. Protect it (saml.require_login(), \
     saml.require(…), or a handler that asks for Staff), or name it in Survey::public:\n{0}"
)]
pub struct Uncovered(String);

impl Coverage {
    /// Whether it is said of every route to whom it is open.
    ///
    /// # Errors
    /// [`Uncovered`] with the routes that nobody has spoken for, those of which it could not be
    /// found out, and names of public routes that are none.
    pub fn strict(&self) -> Result<(), Uncovered> {
        let is_bad =
            |route: &&RouteAccess| matches!(route.access, Access::Open | Access::Unknown(_));
        let bad = self.routes.iter().filter(is_bad).map(ToString::to_string);
        let misnamed = self.misnamed.iter().map(|name| format!("{name:?} is public, and no route"));
        let lines: Vec<_> = bad.chain(misnamed).collect();
        if lines.is_empty() { Ok(()) } else { Err(Uncovered(lines.join("\n"))) }
    }
}

impl fmt::Display for RouteAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:7} {:30} {}", self.method, self.pattern, self.access)
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.routes.iter().try_for_each(|route| writeln!(f, "{route}"))
    }
}

/// Marks a request of ours, and takes what a guard or an extractor says to it.
#[derive(Clone, Default)]
struct Asked(Rc<RefCell<Option<Access>>>);

/// Marks an answer that refuses somebody for not being signed in. A handler may ask who is there and
/// answer all the same.
struct Refused;

pub(super) fn mark(answer: &mut HttpResponse) {
    answer.extensions_mut().insert(Refused);
}

/// Somebody is refused for not being signed in; `requirement` is what would be asked of them then.
pub(super) fn note(request: &HttpRequest, requirement: Option<&Requirement>) {
    if let Some(asked) = request.extensions().get::<Asked>() {
        let access = requirement.map_or(Access::SignedIn, |r| Access::Requires(r.to_string()));
        // The outermost guard speaks first.
        asked.0.borrow_mut().get_or_insert(access);
    }
}

impl Saml {
    /// Asks every route of `app` to whom it is open. For the start of a program, or for a test:
    ///
    /// ```
    /// # async fn start(saml: actix_saml::Saml) -> Result<(), Box<dyn std::error::Error>> {
    /// use actix_saml::web::Survey;
    /// use actix_web::{App, web};
    ///
    /// let shared = saml.clone();
    /// let app = move || {
    ///     App::new()
    ///         .configure(shared.routes())
    ///         .route("/about", web::get().to(|| async { "A ward rota" }))
    ///         .service(web::scope("/admin").wrap(shared.require_login()))
    ///         .wrap(shared.sessions())
    /// };
    /// let coverage = saml.coverage(app(), &Survey::new().public(["/about"])).await;
    /// println!("{coverage}");
    /// coverage.strict()?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn coverage<T, B>(&self, app: App<T>, survey: &Survey) -> Coverage
    where
        T: ServiceFactory<
                ServiceRequest,
                Config = (),
                Response = ServiceResponse<B>,
                Error = Error,
                InitError = (),
            > + 'static,
        B: MessageBody,
    {
        let service = init_service(app).await;
        let send = async |method: Method, path: &str| {
            let asked = Asked::default();
            let request = TestRequest::with_uri(path).method(method).to_request();
            request.extensions_mut().insert(asked.clone());
            let answer = service.call(request).await.ok();
            let status = answer.as_ref().map(|answer| answer.status().as_u16());
            let pattern = answer.as_ref().and_then(|answer| answer.request().match_pattern());
            let is_refused = answer
                .as_ref()
                .is_some_and(|answer| answer.response().extensions().contains::<Refused>());
            let tree = answer.and_then(|answer| {
                answer.request().app_data::<web::Data<IntrospectionTree>>().cloned()
            });
            let said = asked.0.take().filter(|_| is_refused);
            (said, status, tree, pattern)
        };
        let (said, status, tree, _) = send(Method::GET, NOWHERE).await;
        let mut coverage = Coverage { routes: Vec::new(), misnamed: survey.public.clone() };
        let is_named = |coverage: &mut Coverage, pattern: &str| {
            let before = coverage.misnamed.len();
            coverage.misnamed.retain(|name| name != pattern);
            coverage.misnamed.len() < before || survey.public.iter().any(|name| name == pattern)
        };
        let mut nodes = Vec::new();
        tree.iter().for_each(|tree| collect(&tree.root, &mut nodes));
        for node in nodes {
            let pattern = node.full_path.clone();
            let is_public = is_named(&mut coverage, &pattern);
            let is_asked = !is_public && !is_own(self.shared(), &pattern);
            let mut path = None;
            for guess in paths_of(&pattern, survey).into_iter().filter(|_| is_asked) {
                // What another route answers says nothing of this one.
                if send(Method::OPTIONS, &guess).await.3.as_ref() == Some(&pattern) {
                    path = Some(guess);
                    break;
                }
            }
            for method in methods_of(node) {
                let access = match &path {
                    _ if is_public => Access::Public,
                    _ if !is_asked => Access::SignIn,
                    None => Access::Unknown("name a path that it matches in Survey::example"),
                    Some(path) => {
                        let may_send = survey.sends_every_method || method.is_safe();
                        let sent = if may_send { method.0.clone() } else { Method::OPTIONS };
                        let (said, status, ..) = send(sent, path).await;
                        judge(said, status, may_send)
                    }
                };
                let method = method.to_string();
                coverage.routes.push(RouteAccess { pattern: pattern.clone(), method, access });
            }
        }
        // Whatever has no route: a page that says so, unless the application serves something.
        if said.is_some() || status != Some(404) {
            let pattern = "(anything else)".to_owned();
            let access = if is_named(&mut coverage, &pattern) {
                Access::Public
            } else {
                said.unwrap_or(Access::Open)
            };
            coverage.routes.push(RouteAccess { pattern, method: "*".to_owned(), access });
        }
        coverage
    }
}

fn judge(said: Option<Access>, status: Option<u16>, was_sent: bool) -> Access {
    match (said, status) {
        (Some(access), _) => access,
        _ if !was_sent => {
            Access::Unknown("protect its scope or resource, or ask with every method in a test")
        }
        // Nobody there, or nobody by that method: perhaps a guard of the application's own.
        (None, Some(404 | 405) | None) => {
            Access::Unknown("no answer: name a path that it matches in Survey::example")
        }
        (None, Some(_)) => Access::Open,
    }
}

/// A method that a route is asked with.
struct Asking(Method, bool);

impl Asking {
    fn is_safe(&self) -> bool {
        self.0.is_safe()
    }
}

impl fmt::Display for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.1 { "*" } else { self.0.as_str() })
    }
}

/// A handler that takes any method is asked with `GET`.
fn methods_of(node: &IntrospectionNode) -> Vec<Asking> {
    let mut methods: Vec<_> = node.methods.iter().map(|m| Asking(m.clone(), false)).collect();
    if methods.is_empty() {
        methods.push(Asking(Method::GET, true));
    }
    methods
}

fn collect<'n>(node: &'n IntrospectionNode, into: &mut Vec<&'n IntrospectionNode>) {
    if matches!(node.kind, ResourceType::Resource) {
        into.push(node);
    }
    node.children.iter().for_each(|child| collect(child, into));
}

fn is_own(shared: &Shared, pattern: &str) -> bool {
    shared.paths.has(pattern)
}

/// Paths that `pattern` matches, those first that are named.
fn paths_of(pattern: &str, survey: &Survey) -> Vec<String> {
    let definition = ResourceDef::new(pattern);
    let named = survey.examples.get(pattern).cloned();
    let guessed = EXAMPLES.iter().map(|example| {
        let mut path = String::new();
        definition.resource_path_from_iter(&mut path, std::iter::repeat(*example));
        path
    });
    // `{page:rota.*}` often matches what it begins with.
    let literal = pattern.split_once(':').map(|(before, rest)| {
        let before = before.rsplit_once('{').map_or("", |(before, _)| before);
        let word = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c));
        format!("{before}{}", word.collect::<String>())
    });
    let paths = named.into_iter().chain(guessed).chain(literal);
    paths.filter(|path| path.starts_with('/') && definition.is_match(path)).collect()
}
