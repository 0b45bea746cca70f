//! What people see.

use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::html::{Behaviour, escape, page};
use super::keys_page;
use super::log_out;
use super::logout::{IssuedSession, LogoutAnswered, OutgoingForm};
use super::person::{ODS, Person};
use super::personality::Personality;
use super::refusal::Refusal;
use super::remembered;
use super::scenario::Scenario;
use super::sign_in::{FormPost, SignIn};
use super::test_idp::TestIdp;
use super::twist::Twist;

/// The page on which somebody is chosen.
pub(super) struct Chooser<'c> {
    pub(super) idp: &'c TestIdp,
    pub(super) sign_in: &'c SignIn,
    /// Where the choice goes.
    pub(super) action: &'c str,
    /// The request, to be sent along and checked again: nothing is kept in between.
    pub(super) carried: &'c [(&'c str, &'c str)],
    /// What is to be different, unless something else is chosen here.
    pub(super) twist: Twist,
}

impl Chooser<'_> {
    /// The page, with `bad_user_name` if that was typed and is none.
    pub(super) fn to_response(&self, bad_user_name: Option<&str>) -> HttpResponse {
        let carried: String =
            self.carried.iter().map(|(name, value)| hidden(name, value)).collect();
        let mut body = format!(
            "<p>The application <b>{}</b> asks you to sign in. Your answer goes to {}.</p>",
            escape(self.sign_in.relying_party.as_str()),
            escape(&self.sign_in.reply_to.acs_url),
        );
        if self.sign_in.force_authn {
            body.push_str("<p>It asks for a new sign-in even if you have signed in before.</p>");
        }
        let open_form =
            format!("<form method=\"post\" action=\"{}\">{carried}", escape(self.action));

        let _ = write!(
            body,
            "<h2 id=\"people\">Choose somebody</h2>{open_form}{}\
             <ul class=\"people\" aria-labelledby=\"people\">",
            circumstances("card", self.twist)
        );
        for person in &self.idp.people {
            body.push_str(&card(person));
        }
        body.push_str("</ul></form>");

        let _ = write!(body, "<h2>Or type a name</h2>{open_form}");
        let (typed, invalid) = match bad_user_name {
            Some(typed) => {
                body.push_str(
                    "<div class=\"fault\" id=\"fault\" role=\"alert\"><p>That is not a user name \
                     that can be used here.</p></div>",
                );
                (escape(typed), " aria-invalid=\"true\" aria-describedby=\"fault hint\"")
            }
            None => (String::new(), " aria-describedby=\"hint\""),
        };
        let _ = write!(
            body,
            "{}<label for=\"user_name\">Name or user name</label>\
             <span class=\"quiet\" id=\"hint\">Part of a name finds those who are listed. Anybody else \
             has letters, digits, dots, hyphens, underscores and apostrophes, for example \
             test.user1</span><br>\
             <input type=\"text\" id=\"user_name\" name=\"user_name\" value=\"{typed}\" required \
             maxlength=\"250\" list=\"listed\" autocomplete=\"off\" autocapitalize=\"none\" \
             spellcheck=\"false\"{invalid}>{}\
             <button type=\"submit\" class=\"main\">Sign in</button></form>\
             <h2>Or do not sign in</h2>{open_form}\
             <button type=\"submit\" name=\"cancel\" value=\"cancel\">Cancel</button>\
             <p class=\"quiet\">The application is told that the sign-in failed, and not why.</p>\
             </form>",
            circumstances("name", self.twist),
            self.names(),
        );
        let status = match bad_user_name {
            Some(_) => StatusCode::BAD_REQUEST,
            None => StatusCode::OK,
        };
        page(status, "Choose who signs in", &body, Behaviour::Waits)
    }
}

impl Chooser<'_> {
    /// Everybody who is listed, for a browser to find by a part of the name.
    fn names(&self) -> String {
        let mut html = String::from("<datalist id=\"listed\">");
        for person in &self.idp.people {
            let (value, label) = (escape(&person.user_name), escape(&person.display_name));
            let _ = write!(html, "<option value=\"{value}\">{label}</option>");
        }
        html + "</datalist>"
    }
}

/// What is to go wrong, by which clock, and how slowly.
fn circumstances(of: &str, chosen: Twist) -> String {
    let mut html = format!(
        "<label for=\"scenario_of_{of}\">What is to happen</label>\
         <select id=\"scenario_of_{of}\" name=\"scenario\">\
         <option value=\"\">As the application or a program asked, or else the usual</option>"
    );
    for scenario in Scenario::all() {
        let selected = if chosen.scenario == Some(scenario) { " selected" } else { "" };
        let _ = write!(
            html,
            "<option value=\"{}\"{selected}>{}</option>",
            escape(scenario.word()),
            escape(scenario.title())
        );
    }
    let clock = chosen.clock.map(|clock| clock.num_seconds().to_string()).unwrap_or_default();
    let delay = chosen.delay.map(|delay| delay.as_secs().to_string()).unwrap_or_default();
    let open = if clock.is_empty() && delay.is_empty() { "" } else { " open" };
    let _ = write!(
        html,
        "</select><details{open}><summary>By another clock, or slowly</summary>\
         <label for=\"clock_of_{of}\">Seconds that the clock is ahead, behind with a minus</label>\
         <input type=\"text\" id=\"clock_of_{of}\" name=\"clock\" value=\"{clock}\" \
         pattern=\"-?[0-9]+\" title=\"A whole number, for example -600\" autocomplete=\"off\">\
         <label for=\"delay_of_{of}\">Seconds that the sign-in takes</label>\
         <input type=\"text\" id=\"delay_of_{of}\" name=\"delay\" value=\"{delay}\" \
         inputmode=\"numeric\" pattern=\"[0-9]+\" title=\"A whole number up to 600\" \
         autocomplete=\"off\"></details>"
    );
    html
}

fn card(person: &Person) -> String {
    let ods: Vec<&str> = person.values(ODS).collect();
    let lines = [
        person.description.clone(),
        person.name_id.as_ref().map_or("No NameID".to_owned(), |value| format!("NameID {value}")),
        if ods.is_empty() { "No ODS code".to_owned() } else { format!("ODS {}", ods.join(", ")) },
        if person.has_mfa_evidence() { "MFA evidence" } else { "No MFA evidence" }.to_owned(),
    ];
    let mut html = format!(
        "<li><button type=\"submit\" name=\"person\" value=\"{}\"><span class=\"name\">{}</span>",
        escape(&person.user_name),
        escape(&person.display_name),
    );
    for (index, line) in lines.iter().enumerate() {
        let class = if index == 0 { "" } else { " class=\"quiet\"" };
        // The space is for those who hear the card and do not see its lines.
        let _ = write!(html, " <span{class}>{}</span>", escape(line));
    }
    html.push_str("</button></li>");
    html
}

fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
}

/// The page that carries a response to the service provider. A button does it where no script
/// runs. Of more than one, each has its button, and nothing is sent by itself.
pub(super) fn form_posts(posts: &[FormPost]) -> HttpResponse {
    let form = |post: &FormPost, id: &str, target: &str, button: &str| {
        let relay_state =
            post.relay_state.as_ref().map(|value| hidden("RelayState", value)).unwrap_or_default();
        format!(
            "<form method=\"post\" action=\"{}\" id=\"{id}\"{target}>{}{relay_state}\
             <button type=\"submit\" class=\"main\">{button}</button></form>",
            escape(&post.url),
            hidden("SAMLResponse", &post.saml_response()),
        )
    };
    let title = "Going back to the application";
    let address = posts.first().map(|post| escape(&post.url)).unwrap_or_default();
    if let [post] = posts {
        let body = format!(
            "<p>Your answer goes to {address}. If nothing happens, choose Continue.</p>{}",
            form(post, "response", "", "Continue")
        );
        return page(StatusCode::OK, title, &body, Behaviour::SubmitsForm);
    }
    let mut body = format!(
        "<p>There is more than one answer to the same request. They go to {address}, each when you \
         send it. The first opens in a new tab, so that you find the others here. An application \
         takes one of them and no more.</p>"
    );
    for (number, post) in (1_usize..).zip(posts) {
        let id = if number == 1 { "response".to_owned() } else { format!("response-{number}") };
        // What opens is to have no hold on this page.
        let is_last = number == posts.len();
        let target = if is_last { "" } else { " target=\"_blank\" rel=\"noopener\"" };
        let tab = if is_last { "" } else { " (new tab)" };
        let _ = write!(body, "{}", form(post, &id, target, &format!("Send answer {number}{tab}")));
    }
    page(StatusCode::OK, title, &body, Behaviour::WaitsToLeave)
}

/// The page that carries a log-out message to the service provider.
pub(super) fn post_logout(form: &OutgoingForm) -> HttpResponse {
    let relay_state =
        form.relay_state.as_ref().map(|value| hidden("RelayState", value)).unwrap_or_default();
    let body = format!(
        "<p>A log-out message goes to {address}. If nothing happens, choose Continue.</p>\
         <form method=\"post\" action=\"{address}\" id=\"response\">{message}{relay_state}\
         <button type=\"submit\" class=\"main\">Continue</button></form>",
        address = escape(&form.url),
        message = hidden(form.field, &form.value()),
    );
    page(StatusCode::OK, "Signing out", &body, Behaviour::SubmitsForm)
}

/// The page after an application has answered.
pub(super) fn signed_out(answered: &LogoutAnswered) -> HttpResponse {
    let how = match answered.is_success {
        true => "It says that nobody is signed in there under that name any more.",
        false => "It says that it could not sign the person out.",
    };
    let body = format!(
        "<p>The application <b>{}</b> has answered.</p><p>{how}</p>\
         <p><a href=\"/\">Go on</a></p>",
        escape(&answered.relying_party)
    );
    page(StatusCode::OK, "Signed out", &body, Behaviour::Waits)
}

/// The page for a request that is not answered.
pub(super) fn refusal(personality: Personality, refusal: &Refusal) -> HttpResponse {
    let product = escape(personality.name());
    let number = match refusal.number(personality) {
        Some(number) => format!("<dt>The number that {product} has for it</dt><dd>{number}</dd>"),
        None => String::new(),
    };
    let body = format!(
        "<div class=\"fault\"><p>{reason}</p></div>\
         <p>In this case {product} shows a page of its own and sends nothing back: the application \
         never hears of its request again.</p>\
         <dl><dt>What to do</dt><dd>{remedy}</dd>{number}\
         <dt>Code</dt><dd>{code}</dd></dl>",
        reason = escape(&sentence(&refusal.to_string())),
        remedy = escape(refusal.remedy()),
        code = escape(refusal.code()),
    );
    page(StatusCode::BAD_REQUEST, "This request was refused", &body, Behaviour::Waits)
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// The page when a response cannot be made.
pub(super) fn fault(what: &str) -> HttpResponse {
    let body = format!(
        "<div class=\"fault\"><p>{}</p></div><p><a href=\"/\">Go on</a></p>",
        escape(&sentence(what))
    );
    let title = "The response could not be made";
    page(StatusCode::INTERNAL_SERVER_ERROR, title, &body, Behaviour::Waits)
}

/// The metadata, while a test has taken it down.
pub(super) fn outage() -> HttpResponse {
    let body = "<p>A program has taken the metadata down by the admin interface.</p>";
    page(StatusCode::SERVICE_UNAVAILABLE, "There is no metadata now", body, Behaviour::Waits)
}

/// The front page: what this is, and what a service provider needs of it.
pub(super) fn front(idp: &TestIdp, sessions: &[IssuedSession]) -> HttpResponse {
    let mut body = format!(
        "<p>It behaves like {product}. Sign-in starts at the application, which sends you here.</p>\
         <dl><dt>entityID</dt><dd>{}</dd>\
         <dt>Metadata</dt><dd><a href=\"{metadata}\">{metadata}</a></dd>\
         <dt>AuthnRequests go to</dt><dd>{}</dd>\
         <dt>Signing keys</dt><dd><a href=\"{keys}\">See and change them</a></dd></dl><h2>Registered applications</h2>",
        escape(idp.entity_id.as_str()),
        escape(&idp.sign_in_url()),
        product = match idp.personality {
            Personality::Adfs => "the AD FS of NHSmail",
            other => other.name(),
        },
        metadata = escape(&idp.metadata_url()),
        keys = keys_page::PATH,
    );
    if idp.relying_parties.is_empty() {
        body.push_str("<p>None.</p>");
    } else {
        body.push_str("<ul>");
        for relying_party in &idp.relying_parties {
            let _ = write!(body, "<li>{}</li>", escape(relying_party.entity_id.as_str()));
        }
        let [start, ..] = idp.personality.start_paths();
        let _ = write!(body, "</ul><p><a href=\"{start}\">Begin here, without a request</a></p>");
    }
    if idp.remembers {
        let _ = write!(
            body,
            "<h2>Who has signed in with this browser</h2><p>Is not asked again today.</p>\
             <form method=\"post\" action=\"{}\"><button type=\"submit\">Forget</button></form>",
            remembered::PATH
        );
    }
    body.push_str("<h2>Sessions</h2>");
    if sessions.is_empty() {
        body.push_str("<p>Nobody has signed in since this was started.</p>");
    }
    for session in sessions.iter().rev() {
        let _ = write!(
            body,
            "<form method=\"post\" action=\"{}\"><p>{} at {}</p>{}\
             <p><button type=\"submit\" name=\"binding\" value=\"redirect\">Sign out there by \
             HTTP-Redirect</button> <button type=\"submit\" name=\"binding\" value=\"post\">by \
             HTTP-POST</button></p>\
             <p><label><input type=\"checkbox\" name=\"other_session\" value=\"yes\"> Name another \
             session of the person, which there is none of</label></p></form>",
            log_out::PATH,
            escape(&session.name_id),
            escape(&session.relying_party),
            hidden("session", &session.session_index),
        );
    }
    page(StatusCode::OK, "Test identity provider", &body, Behaviour::WaitsToLeave)
}
