use std::sync::LazyLock;

use super::people::people_from_toml;
use super::person::Person;

/// The file with the people whom the test identity provider knows unless told otherwise.
pub const PEOPLE: &str = include_str!("people.toml");

/// A test says that the file can be read.
static STAFF: LazyLock<Vec<Person>> =
    LazyLock::new(|| people_from_toml(PEOPLE).unwrap_or_default());

/// The invented NHS staff: among them a consultant, a ward nurse, a GP receptionist, a locum at two
/// organisations, a user of a ward PC without evidence of a second factor, an account without mail
/// address and `NameID`, and a member of two hundred groups.
pub fn staff() -> Vec<Person> {
    STAFF.clone()
}
