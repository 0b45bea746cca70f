//! What somebody gets who is signed in, and may not go on as they are.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION, VARY};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};

use super::requirement::{Asker, Lack, Requirement, Verdict};
use super::step_up::{PARAMETER, StepUp};
use super::support::StepUpSupport;
use crate::nhsmail::Staff;
use crate::sp::ReturnTo;
use crate::web::audit::{AuditEvent, AuditStep, Outcome};
use crate::web::client::{self, Client};
use crate::web::kept_form::NotUsed;
use crate::web::known::Known;
use crate::web::pages::{self, Trouble};
use crate::web::refusal::Reason;
use crate::web::saml::Shared;
use crate::web::unauthenticated::{Unauthenticated, page_to_come_back_to};

/// The answer to `request` unless `known` fulfils `requirement`. `None` when they do.
pub(in crate::web) fn refuse(
    request: &HttpRequest,
    shared: &Shared,
    known: &Known,
    requirement: &Requirement,
) -> Option<HttpResponse> {
    let Known { principal, staff: Ok(staff), .. } = known else {
        let nobody = Unauthenticated::new(request, shared, shared.is_ready());
        return Some(nobody.error_response());
    };
    let support = shared.step_up_support(&principal.issuer);
    let asker = Asker {
        staff,
        request,
        mfa_contexts: &support.mfa_contexts,
        now: shared.clock.now(),
        skew: shared.settings.clock_skew.as_delta(),
    };
    let mut response = match requirement.judge(&asker) {
        Verdict::Met => return None,
        Verdict::Refused => {
            let detail = format!("required: {requirement}");
            let reason = Reason::new("forbidden", Trouble::Forbidden, detail);
            let reason = reason.about(event(request, shared, AuditStep::Access, staff));
            reason.into_answer(Client::of(request), shared)
        }
        Verdict::StepUp(lack) if StepUp::was_in_vain(request, shared, principal, lack) => {
            in_vain(request, shared, &asker, &support, lack)
        }
        Verdict::StepUp(_) if !shared.is_ready() => {
            Unauthenticated::new(request, shared, false).error_response()
        }
        Verdict::StepUp(lack) => {
            ask(request, shared, StepUp::for_lack(lack).and_as_before(request))
        }
    };
    response.headers_mut().insert(VARY, client::VARY);
    Some(response)
}

/// Sends the person to the sign-in once more, or says how to get there.
fn ask(request: &HttpRequest, shared: &Shared, asked: StepUp) -> HttpResponse {
    let client = Client::of(request);
    let back = page_to_come_back_to(request, shared, client);
    let url = login_url(shared, back.as_deref(), asked);
    match client {
        Client::Visit => HttpResponse::SeeOther()
            .insert_header((LOCATION, url))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish(),
        Client::Form => {
            let mut page = shared.pages.step_up(&url);
            page.extensions_mut().insert(NotUsed(Some(asked)));
            page
        }
        Client::Frame | Client::FormInFrame => {
            shared.pages.break_out_to_step_up(&url, client == Client::FormInFrame)
        }
        Client::Ahead | Client::Script => pages::problem(
            StatusCode::UNAUTHORIZED,
            "A stronger or fresher sign-in is needed",
            &[("code", PARAMETER), (PARAMETER, asked.as_value()), ("login_url", &url)],
        ),
    }
}

/// The person has signed in once more, and it did not help. Another time they decide themselves.
fn in_vain(
    request: &HttpRequest,
    shared: &Shared,
    asker: &Asker<'_>,
    support: &StepUpSupport,
    lack: Lack,
) -> HttpResponse {
    let (code, trouble, detail) = if lack.mfa {
        ("mfa_missing", Trouble::MfaMissing, "the sign-in gives no evidence of a second factor")
    } else if support.force_authn {
        ("not_fresh", Trouble::NotFresh, "the sign-in was not fresh when it arrived")
    } else {
        let detail = "the sign-in was not fresh when it arrived, and ForceAuthn is not sent to this \
                      identity provider: see idp.honours_force_authn";
        ("not_fresh", Trouble::NotFresh, detail)
    };
    let client = Client::of(request);
    let mut reason = Reason::new(code, trouble, detail)
        .about(event(request, shared, AuditStep::StepUp, asker.staff))
        .stepping_up(StepUp::for_lack(lack));
    let back = page_to_come_back_to(request, shared, client);
    if let Some(page) = back.and_then(|page| ReturnTo::parse(&page, &shared.settings.base_url)) {
        reason = reason.returning_to(&page);
    }
    reason.into_answer(client, shared)
}

/// Where a sign-in begins that is asked for this.
fn login_url(shared: &Shared, back: Option<&str>, asked: StepUp) -> String {
    let page = back.and_then(|page| ReturnTo::parse(page, &shared.settings.base_url));
    with_step_up(shared.login_url(page.as_ref()), asked)
}

/// The address of a sign-in, asked for more.
pub(in crate::web) fn with_step_up(login_url: String, asked: StepUp) -> String {
    let separator = if login_url.contains('?') { '&' } else { '?' };
    format!("{login_url}{separator}{PARAMETER}={}", asked.as_value())
}

fn event(request: &HttpRequest, shared: &Shared, step: AuditStep, staff: &Staff) -> AuditEvent {
    AuditEvent {
        idp: Some(staff.principal().issuer.clone()),
        subject: shared.pseudonyms.of(staff.key()),
        assertion_id: Some(staff.principal().assertion_id.clone()),
        mfa: Some(staff.has_mfa_evidence()),
        client_address: shared.client_address(request),
        ..AuditEvent::new(shared.clock.now(), step, Outcome::Refused)
    }
}
