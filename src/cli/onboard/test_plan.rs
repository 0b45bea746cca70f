//! What to try before going live, and what should happen.

use super::Mfa;
use super::facts::Facts;
use super::text::{code, plain};

pub(super) fn write(facts: &Facts) -> String {
    let second_factor = match facts.mfa {
        Mfa::Policy => {
            "Sign in at a named location without being prompted. | Signed in; the application \
             sees no second factor and grants only what needs none."
        }
        Mfa::Always => {
            "Sign in at a named location. | A second factor is asked for all the same; the \
             application sees it."
        }
    };
    let logout = match facts.logout_urls.is_empty() {
        true => "The application's session ends; the identity provider's goes on.",
        false => "The sessions on both sides end; without an answer, ours ends all the same.",
    };
    let tests = [
        "Open the application in a private window. | The NHSmail sign-in page appears; afterwards \
         the page that was asked for."
            .to_owned(),
        "Compare with `actix-saml inspect`, and the private key if it is encrypted. | Every rule \
         has a tick; NameID and claims are those of registration.md."
            .to_owned(),
        "The same person signs in again the next day, and from another device. | The same key of \
         the person: nothing of theirs is lost."
            .to_owned(),
        "Somebody without a mail address, display name or ODS code in the directory. | Signed in, \
         with what there is, or a page that says what is missing."
            .to_owned(),
        "Somebody who is not assigned or not allowed. | The identity provider's own page; nothing \
         opens in the application."
            .to_owned(),
        format!(
            "Sign in from outside, with the second factor. | Signed in; evidence of the \
         second factor arrives, if you send it. At most {} minutes are allowed for all of it.",
            facts.pending_minutes
        ),
        second_factor.to_owned(),
        format!("Sign out. | {logout} The back button shows nothing."),
        format!(
            "Leave a shared computer alone for {} minutes. | The next click asks to sign in.",
            facts.idle_minutes
        ),
        "Two tabs sign in at once. | Both arrive at their own page.".to_owned(),
        "Begin at the identity provider's list of applications. | Refused with a page that leads \
         to the application's own sign-in."
            .to_owned(),
        format!(
            "Leave the sign-in page open for longer than {} minutes, then sign in. | An error \
             page with a reference, and a way to begin again.",
            facts.pending_minutes
        ),
        "Announce a second signing certificate in the metadata. | `actix-saml doctor` shows both; \
         nobody notices anything."
            .to_owned(),
        "Switch to it. | Everybody can still sign in.".to_owned(),
    ];
    let rows: String = (1_u32..)
        .zip(&tests)
        .map(|(number, test)| format!("| {number} | {test} | [ ] |\n"))
        .collect();
    format!(
        "# {}: test plan

With an invented or a consenting person, in a browser that the wards use. Entity ID {} and reply
URL {} must be registered first.

Before any of it, the same steps were taken against a test identity provider that answers as AD FS
does (`actix-saml demo`): [ ] done on [FILL IN: date]

| | What is done | What should happen | Done |
|---|---|---|---|
{rows}
Tested by [FILL IN: name] for us and [FILL IN: name] for the identity provider, on [FILL IN: date].
",
        plain(&facts.application),
        code(&facts.entity_id),
        code(&facts.acs_url),
    )
}
