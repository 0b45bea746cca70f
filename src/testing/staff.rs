use actix_http::Request;
use actix_web::test::TestRequest;
use chrono::{DateTime, TimeDelta, Utc};

use super::stuck::Stuck;
use crate::idp::{Mfa, Person, PersonCard};
use crate::nhsmail::{ClaimNames, Staff, SubjectRules};
use crate::saml::{Attribute, EntityId, NameId};
use crate::sp::Principal;
use crate::web::handed::hand;
use crate::web::{Clock, SystemClock};

const EMAIL_ADDRESS: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
/// The names of [`TestIdp::adfs`](crate::idp::TestIdp::adfs).
const ISSUER: &str = "http://fs.nhsmail.test/adfs/services/trust";
const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
const A_WORKING_DAY: TimeDelta = TimeDelta::hours(12);

/// A colleague made up for one test.
///
/// [`TestStaff::staff`] is the [`Staff`] that a handler gets after this person has signed in, without
/// any sign-in: for functions that take a `Staff`. [`TestStaff::asks`] brings it to handlers, in an
/// application that has no sign-in at all. Into one that has, people come by
/// [`TestIdp::sign_in`](crate::idp::TestIdp::sign_in) and by no other way.
///
/// ```
/// use actix_saml::nhsmail::Staff;
/// use actix_saml::testing::TestStaff;
///
/// fn may_change_rota(staff: &Staff) -> bool {
///     staff.has_role("RotaAdmin") && staff.ods_codes().contains(&"ZZT01".to_owned())
/// }
///
/// # fn main() -> Result<(), actix_saml::testing::Stuck> {
/// let colleague = TestStaff::new("test.user1").ods_code("ZZT01");
/// assert!(!may_change_rota(&colleague.staff()?));
/// assert!(may_change_rota(&colleague.role("RotaAdmin").staff()?));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TestStaff {
    card: PersonCard,
}

impl TestStaff {
    /// Somebody of this user name, after which the person is called too, with a mail address at
    /// nhs.net and a second factor, and with neither role nor organisation.
    pub fn new(user_name: &str) -> Self {
        Self { card: PersonCard::new(user_name) }
    }

    /// How the person is called.
    #[must_use]
    pub fn named(mut self, given_name: &str, surname: &str) -> Self {
        given_name.clone_into(&mut self.card.given_name);
        surname.clone_into(&mut self.card.surname);
        self
    }

    /// One role more.
    #[must_use]
    pub fn role(mut self, role: &str) -> Self {
        self.card.roles.push(role.to_owned());
        self
    }

    /// One organisation more.
    #[must_use]
    pub fn ods_code(mut self, code: &str) -> Self {
        self.card.ods.push(code.to_owned());
        self
    }

    /// One group more.
    #[must_use]
    pub fn group(mut self, group: &str) -> Self {
        self.card.groups.push(group.to_owned());
        self
    }

    /// Without evidence of a second factor.
    #[must_use]
    pub fn without_mfa(mut self) -> Self {
        self.card.mfa = Mfa::None;
        self
    }

    /// The person as the test identity provider knows people: to be changed further, or added to
    /// [`TestIdp::people`](crate::idp::TestIdp::people).
    ///
    /// # Errors
    /// [`Stuck::Person`] when the user name is none that could be typed.
    pub fn person(&self) -> Result<Person, Stuck> {
        Ok(self.card.clone().into_person()?)
    }

    /// What a handler gets after this person has signed in now at an AD FS, with Microsoft's claim
    /// names.
    ///
    /// # Errors
    /// As [`TestStaff::person`].
    pub fn staff(&self) -> Result<Staff, Stuck> {
        self.staff_at(SystemClock.now(), &ClaimNames::default())
    }

    /// `request` with this person in it, for handlers that are tested without any SAML: the extractors
    /// [`Staff`], `Option<Staff>` and [`Principal`] give out who asks.
    ///
    /// It counts only where `saml.routes()` is not mounted, as it is in every application that is
    /// live. Closed scopes are not opened by it either.
    ///
    /// ```
    /// use actix_saml::{nhsmail::Staff, testing::{Stuck, TestStaff}};
    /// use actix_web::{App, get, test::{TestRequest, call_and_read_body, init_service}};
    ///
    /// #[get("/rota")]
    /// async fn rota(staff: Staff) -> String {
    ///     format!("Rota of {}", staff.display_name())
    /// }
    ///
    /// #[actix_web::main] // in a test: #[actix_web::test]
    /// async fn main() -> Result<(), Stuck> {
    ///     let app = init_service(App::new().service(rota)).await;
    ///     let request = TestStaff::new("test.user1").asks(TestRequest::get().uri("/rota"))?;
    ///     assert_eq!(call_and_read_body(&app, request).await, "Rota of Test User1");
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`TestStaff::person`].
    pub fn asks(&self, request: TestRequest) -> Result<Request, Stuck> {
        let request = request.to_request();
        hand(&request, self.staff()?);
        Ok(request)
    }

    /// As [`TestStaff::staff`], signed in at `now`, for an application that reads claims by `names`.
    ///
    /// # Errors
    /// As [`TestStaff::person`], and [`Stuck::NoSubjectKey`] when by these names nothing says who
    /// the person is.
    pub fn staff_at(&self, now: DateTime<Utc>, names: &ClaimNames) -> Result<Staff, Stuck> {
        let person = self.person()?;
        let name_id = person.name_id.map(|value| NameId {
            value,
            format: Some(EMAIL_ADDRESS.to_owned()),
            name_qualifier: None,
            sp_name_qualifier: None,
            sp_provided_id: None,
        });
        let attributes = person.claims.into_iter().map(|claim| Attribute {
            name: claim.name,
            name_format: claim.name_format,
            friendly_name: None,
            values: claim.values,
        });
        let principal = Principal {
            issuer: EntityId::new(ISSUER)?,
            session_index: name_id.is_some().then(|| String::from("_test")),
            name_id,
            authn_instant: now,
            authn_context: Some(PASSWORD.to_owned()),
            attributes: attributes.collect(),
            assertion_id: String::from("_test"),
            signed_in_at: now,
            expires_at: now.checked_add_signed(A_WORKING_DAY).unwrap_or(now),
        };
        Ok(Staff::from_principal(principal, names, &SubjectRules::default())?)
    }
}
