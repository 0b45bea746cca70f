use actix_http::Request;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};

use super::browser::Browser;
use super::page::Page;
use super::stuck::Stuck;
use super::who::Who;
use crate::idp::{Scenario, SignIn, TestIdp};

/// What the identity provider is to answer to a request. Made by [`TestIdp::response_to`]; nothing
/// goes wrong in it unless it is told to.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `post_to`"]
pub struct Reply<'i> {
    idp: &'i TestIdp,
    request: &'i SignIn,
    who: Option<Who>,
    scenario: Scenario,
}

impl<'i> Reply<'i> {
    pub(super) fn new(idp: &'i TestIdp, request: &'i SignIn) -> Self {
        Self { idp, request, who: None, scenario: Scenario::Usual }
    }

    /// Who signs in. Otherwise it is the first of [`TestIdp::people`].
    pub fn for_person(mut self, who: impl Into<Who>) -> Self {
        self.who = Some(who.into());
        self
    }

    /// What goes wrong: any of the 37 scenarios of the test identity provider. The last word counts.
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.scenario = scenario;
        self
    }

    /// Issued two hours ago.
    pub fn expired(self) -> Self {
        self.scenario(Scenario::Expired)
    }

    /// For another application.
    pub fn wrong_audience(self) -> Self {
        self.scenario(Scenario::WrongAudience)
    }

    /// Without any signature.
    pub fn unsigned(self) -> Self {
        self.scenario(Scenario::Unsigned)
    }

    /// Changed after it was signed.
    pub fn changed_after_signing(self) -> Self {
        self.scenario(Scenario::ChangedAfterSigning)
    }

    /// The person chose "Cancel".
    pub fn cancelled(self) -> Self {
        self.scenario(Scenario::UserCancels)
    }

    /// Without evidence of a second factor.
    pub fn without_mfa(self) -> Self {
        self.scenario(Scenario::MfaMissing)
    }

    /// Brings the response to the application, as the identity provider's page does in the browser.
    /// The answer is the application's; a redirect is not followed.
    ///
    /// [`Scenario::Replayed`] brings an honest response twice, and gives the second answer: a browser
    /// that the first has signed in is sent on to its page. [`Scenario::TwoResponses`] brings two
    /// different ones.
    ///
    /// # Errors
    /// [`Stuck::UnknownPerson`], and [`Stuck::Issue`] when the response cannot be written.
    pub async fn post_to<S, B>(self, browser: &Browser<'_, S>) -> Result<Page, Stuck>
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let person = match self.who {
            Some(who) => who.find(self.idp)?,
            None => {
                let first = self.idp.people.first();
                first.cloned().ok_or(Stuck::UnknownPerson { user_name: String::new() })?
            }
        };
        let form = self.idp.answer_in(self.scenario, self.request, &person, browser.now())?;
        if self.scenario == Scenario::Replayed {
            browser.bring(&form).await?;
        }
        if self.scenario == Scenario::TwoResponses {
            browser.bring(&form).await?;
            let other = self.idp.answer_in(self.scenario, self.request, &person, browser.now())?;
            return browser.bring(&other).await;
        }
        browser.bring(&form).await
    }
}
