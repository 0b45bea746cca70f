//! From a request to the sign-in page, and from a choice there to the answer.

use actix_web::{HttpRequest, HttpResponse};

use super::app::{IdpApp, refuse};
use super::form::Choice;
use super::journal::Entry;
use super::pages::{self, Chooser};
use super::person::Person;
use super::received::Received;
use super::refusal::Refusal;
use super::remembered::{self, Remembered};
use super::scenario::Scenario;
use super::sign_in::{FormPost, SignIn};
use super::status::ErrorStatus;
use super::test_idp::TestIdp;
use super::twist::{Twist, Words};

pub(super) async fn respond(
    app: &IdpApp,
    request: &HttpRequest,
    received: Result<Received, Refusal>,
    carried: &[(&str, &str)],
    choice: Choice<'_>,
    words: Words<'_>,
) -> HttpResponse {
    let idp = app.idp();
    let received = match received {
        Ok(received) => received,
        Err(refusal) => return refuse(app, &refusal),
    };
    let entry = Entry::received(app.now(), &received.xml, received.relay_state.as_deref());
    let twist = match Twist::chosen(words, carried) {
        Ok(twist) => twist,
        Err(refusal) => return refuse(app, &refusal),
    };
    let sign_in = match idp.receive(&received) {
        Ok(sign_in) => {
            let entry = entry.of_party(sign_in.relying_party.as_str());
            app.meet(&sign_in);
            app.direct(|stage| stage.journal.note_once(entry));
            sign_in
        }
        Err(refusal) => {
            app.direct(|stage| stage.journal.note_once(entry.refused_by(refusal.code())));
            return refuse(app, &refusal);
        }
    };
    let action = idp.personality.browser_path();
    let remembered = Some(&choice)
        .filter(|choice| matches!(choice, Choice::None) && idp.remembers && !sign_in.force_authn)
        .and_then(|_| Remembered::of(request, app.now()));
    if let Some(Remembered { user_name, age }) = remembered {
        // Nobody need be asked, which is all that stood in the way.
        let failure = sign_in.failure.filter(|failure| *failure != ErrorStatus::no_passive());
        let sign_in = SignIn { failure, ..sign_in };
        let mut idp = idp;
        idp.issuance.authn_age = age;
        idp.remembers = false;
        let page = Chooser { idp: &idp, sign_in: &sign_in, action: &action, carried, twist };
        return choose(app, &page, Choice::Typed(&user_name)).await;
    }
    let page = Chooser { idp: &idp, sign_in: &sign_in, action: &action, carried, twist };
    choose(app, &page, choice).await
}

/// Answers as somebody has chosen on `page`, or shows it.
pub(super) async fn choose(app: &IdpApp, page: &Chooser<'_>, choice: Choice<'_>) -> HttpResponse {
    let &Chooser { idp, sign_in, .. } = page;
    let person = match choice {
        _ if sign_in.failure.is_some() => None,
        Choice::None => return page.to_response(None),
        Choice::Cancel => None,
        // Somebody on the list keeps their claims when the name is typed.
        Choice::Listed(name) | Choice::Typed(name) => match idp.person_called(name) {
            Some(person) => Some(person),
            None => match Person::from_user_name(name) {
                Some(person) => Some(idp.person(&person.user_name).unwrap_or(person)),
                None => return page.to_response(Some(name)),
            },
        },
    };
    let Some(person) = person else {
        let cancelled = ErrorStatus::responder();
        let failure = sign_in.failure.as_ref().unwrap_or(&cancelled);
        return answer_failure(app, idp, sign_in, failure, page.twist).await;
    };
    let twist = page.twist.or_else(|| app.direct(|stage| std::mem::take(&mut stage.next)));
    wait(twist).await;
    let (scenario, now) = (twist.scenario.unwrap_or_default(), twist.time(app.now()));
    let answer = || idp.answer_in(scenario, sign_in, &person, now);
    let posts = match scenario {
        Scenario::Replayed => match app.stage().last {
            Some(last) => Ok(vec![FormPost { relay_state: sign_in.relay_state.clone(), ..last }]),
            None => {
                return pages::fault("no response was sent before that could be sent once more");
            }
        },
        Scenario::TwoResponses => answer().and_then(|first| Ok(vec![first, answer()?])),
        _ => answer().map(|post| vec![post]),
    };
    let posts = match posts {
        Ok(posts) => posts,
        Err(error) => return pages::fault(&error.to_string()),
    };
    let word = scenario.word();
    tracing::info!(relying_party = %sign_in.relying_party, scenario = word, "response issued");
    for post in &posts {
        app.begin_session(&post.response, scenario == Scenario::LogoutOtherSession);
        let entry = Entry::sent(app.now(), &post.response, word);
        app.direct(|stage| {
            stage.journal.note(entry);
            stage.last = Some(post.clone());
        });
    }
    let mut response = pages::form_posts(&posts);
    if idp.remembers {
        let cookie = remembered::cookie(&person.user_name, app.now());
        if let Err(error) = response.add_cookie(&cookie) {
            return pages::fault(&error.to_string());
        }
    }
    response
}

/// Takes as long as the sign-in is to take.
async fn wait(twist: Twist) {
    let delay = twist.wait();
    if !delay.is_zero() {
        actix_web::rt::time::sleep(delay).await;
    }
}

async fn answer_failure(
    app: &IdpApp,
    idp: &TestIdp,
    sign_in: &SignIn,
    status: &ErrorStatus,
    twist: Twist,
) -> HttpResponse {
    wait(twist).await;
    match idp.answer_failure(sign_in, status, twist.time(app.now())) {
        Ok(post) => {
            let relying_party = &sign_in.relying_party;
            tracing::info!(%relying_party, status = ?status.sub_code, "failure reported");
            let entry = Entry::sent(app.now(), &post.response, "failure");
            app.direct(|stage| stage.journal.note(entry));
            pages::form_posts(&[post])
        }
        Err(error) => pages::fault(&error.to_string()),
    }
}
