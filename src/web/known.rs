//! What was read from sessions a moment ago.
//!
//! With each request the same text comes out of the session, and the same person out of the text.
//! Reading it takes longer than everything else that is done for a request, so the last ones are
//! kept. It is no cache of who is signed in: that is for the store to say, each time. What is kept
//! is found only by whoever brings the same text, byte for byte.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, PoisonError};

use super::person::Person;
use crate::nhsmail::{ClaimNames, NoSubjectKey, Staff, SubjectRules};
use crate::sp::Principal;

/// So many people are kept; with the next one all are forgotten.
const MAX_KNOWN: usize = 512;
/// Longer texts are read each time: a person in hundreds of groups is rare, and large.
const MAX_BYTES: usize = 16 * 1024;
/// Texts are told apart by their ends first: the assertion and the times are there.
const TELLING_BYTES: usize = 160;

/// Somebody, as the session has them.
pub(super) struct Known {
    json: String,
    pub(super) principal: Arc<Principal>,
    /// The claims as a member of staff has them.
    pub(super) staff: Result<Staff, NoSubjectKey>,
}

impl Known {
    /// `None` for a sign-in that says nothing of who the person is.
    pub(super) fn person(&self) -> Option<Person> {
        self.staff.as_ref().ok().map(Person::of)
    }
}

/// The last people who were read.
#[derive(Default)]
pub(super) struct KnownPeople {
    by_text: Mutex<HashMap<u64, Arc<Known>>>,
    hasher: RandomState,
}

impl KnownPeople {
    /// Who stands in `json`, by `names` and `subjects`, which are always the same ones.
    ///
    /// # Errors
    /// When `json` is no [`Principal`].
    pub(super) fn read(
        &self,
        json: &str,
        names: &ClaimNames,
        subjects: &SubjectRules,
    ) -> Result<Arc<Known>, serde_json::Error> {
        let hash = self.hash(json);
        let known = self.with(|people| people.get(&hash).filter(|k| k.json == json).cloned());
        if let Some(known) = known {
            return Ok(known);
        }
        let principal: Arc<Principal> = Arc::new(serde_json::from_str(json)?);
        let staff = Staff::from_principal(Arc::clone(&principal), names, subjects);
        let known = Arc::new(Known { json: json.to_owned(), principal, staff });
        if json.len() <= MAX_BYTES {
            self.with(|people| {
                if people.len() >= MAX_KNOWN {
                    people.clear();
                }
                people.insert(hash, Arc::clone(&known));
            });
        }
        Ok(known)
    }

    /// Lets go of somebody who has signed out, or whose sign-in is over: personal data is kept no
    /// longer than it is of use. Of a session that ends from outside the text is not known here; it
    /// goes when others come.
    pub(super) fn forget(&self, known: &Known) {
        let hash = self.hash(&known.json);
        self.with(|people| {
            if people.get(&hash).is_some_and(|kept| kept.json == known.json) {
                people.remove(&hash);
            }
        });
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.with(|people| people.len())
    }

    fn hash(&self, json: &str) -> u64 {
        let bytes = json.as_bytes();
        let end = bytes.get(bytes.len().saturating_sub(TELLING_BYTES)..).unwrap_or(bytes);
        self.hasher.hash_one(end)
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<u64, Arc<Known>>) -> T) -> T {
        work(&mut self.by_text.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(mail: &str, id: &str) -> String {
        format!(
            r#"{{"issuer":"urn:idp","name_id":null,"session_index":null,
            "authn_instant":"2026-11-22T09:00:00Z","authn_context":null,
            "attributes":[{{"name":"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            "name_format":null,"friendly_name":null,"values":["{mail}"]}}],
            "assertion_id":"{id}","signed_in_at":"2026-11-22T09:00:00Z",
            "expires_at":"2026-11-22T21:00:00Z"}}"#
        )
    }

    fn read(people: &KnownPeople, json: &str) -> Arc<Known> {
        people.read(json, &ClaimNames::default(), &SubjectRules::default()).unwrap()
    }

    #[test]
    fn the_same_text_is_read_once() {
        let people = KnownPeople::default();
        let json = text("test.user1@nhs.net", "_a");
        let first = read(&people, &json);
        assert!(Arc::ptr_eq(&first, &read(&people, &json)));
        assert_eq!(first.staff.as_ref().unwrap().mail(), Some("test.user1@nhs.net"));
    }

    /// The ends are alike, the people are not.
    #[test]
    fn another_text_is_another_person() {
        let people = KnownPeople::default();
        for mail in ["test.user1@nhs.net", "test.user2@nhs.net", "test.user1@nhs.net"] {
            let known = read(&people, &text(mail, "_a"));
            assert_eq!(known.staff.as_ref().unwrap().mail(), Some(mail));
        }
    }

    #[test]
    fn who_has_signed_out_is_forgotten_and_nobody_else() {
        let people = KnownPeople::default();
        let (one, other) = (text("test.user1@nhs.net", "_a"), text("test.user2@nhs.net", "_b"));
        let (gone, kept) = (read(&people, &one), read(&people, &other));
        people.forget(&gone);
        assert!(!Arc::ptr_eq(&gone, &read(&people, &one)));
        assert!(Arc::ptr_eq(&kept, &read(&people, &other)));
        // The ends are alike: another one is in its place.
        let same_end = read(&people, &text("test.user3@nhs.net", "_b"));
        people.forget(&kept);
        let json = text("test.user3@nhs.net", "_b");
        assert!(Arc::ptr_eq(&same_end, &read(&people, &json)));
    }

    #[test]
    fn what_is_no_person_is_none_each_time() {
        let people = KnownPeople::default();
        for json in ["", "{}", "null", "x"] {
            let read = || people.read(json, &ClaimNames::default(), &SubjectRules::default());
            assert!(read().is_err() && read().is_err(), "{json}");
        }
    }

    #[test]
    fn only_so_many_are_kept() {
        let people = KnownPeople::default();
        for number in 0..MAX_KNOWN * 3 {
            read(&people, &text("test.user1@nhs.net", &format!("_{number}")));
            assert!(people.with(|known| known.len()) <= MAX_KNOWN);
        }
        read(&people, &text(&"x".repeat(MAX_BYTES), "_long"));
        let is_kept = |k: &Arc<Known>| k.json.len() > MAX_BYTES;
        assert!(!people.with(|known| known.values().any(is_kept)));
    }
}
