use super::staff::TestStaff;
use super::stuck::Stuck;
use crate::idp::{Person, TestIdp};

/// Who signs in: a user name, as it would be chosen or typed on the sign-in page, a [`Person`] or a
/// [`TestStaff`].
#[derive(Clone, Debug)]
pub struct Who(Known);

#[derive(Clone, Debug)]
enum Known {
    ByName(String),
    Person(Person),
    Staff(TestStaff),
}

impl Who {
    pub(super) fn find(self, idp: &TestIdp) -> Result<Person, Stuck> {
        match self.0 {
            Known::ByName(user_name) => idp
                .person(&user_name)
                .or_else(|| Person::from_user_name(&user_name))
                .ok_or(Stuck::UnknownPerson { user_name }),
            Known::Person(person) => Ok(person),
            Known::Staff(staff) => staff.person(),
        }
    }
}

impl From<&str> for Who {
    fn from(user_name: &str) -> Self {
        Self(Known::ByName(user_name.to_owned()))
    }
}

impl From<Person> for Who {
    fn from(person: Person) -> Self {
        Self(Known::Person(person))
    }
}

impl From<&Person> for Who {
    fn from(person: &Person) -> Self {
        person.clone().into()
    }
}

impl From<TestStaff> for Who {
    fn from(staff: TestStaff) -> Self {
        Self(Known::Staff(staff))
    }
}

impl From<&TestStaff> for Who {
    fn from(staff: &TestStaff) -> Self {
        staff.clone().into()
    }
}
