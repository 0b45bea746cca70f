use crate::crypto::{CryptoError, KeyedHash, hex};
use crate::nhsmail::{KeyScope, StaffKey, StaffKeyKind};

/// So much of the digest tells any number of people apart.
const DIGITS: usize = 32;

/// Names under which the trail knows people: the same for the same person, and of no use to whoever
/// does not have the key.
#[derive(Clone, Debug)]
pub(in crate::web) struct Pseudonyms(Option<KeyedHash>);

impl Pseudonyms {
    pub(in crate::web) fn new(key: KeyedHash) -> Self {
        Self(Some(key))
    }

    /// Under a key that ends with the process. Without randomness there are none.
    pub(in crate::web) fn of_this_process() -> Self {
        Self(KeyedHash::random().ok())
    }

    /// The pseudonym of the person who has this key.
    pub(in crate::web) fn of(&self, key: &StaffKey) -> Option<String> {
        self.digest(key).and_then(Result::ok)
    }

    fn digest(&self, key: &StaffKey) -> Option<Result<String, CryptoError>> {
        let (scope, scope_name) = match &key.scope {
            KeyScope::Issuer(issuer) => ("issuer", issuer.as_str()),
            KeyScope::Population(population) => ("population", population.as_str()),
        };
        // Written out: a name of a variant may change, and a pseudonym must not.
        let kind = match key.kind {
            StaffKeyKind::Mapped => "mapped",
            StaffKeyKind::Immutable => "immutable",
            StaffKeyKind::PersistentNameId => "persistent_name_id",
            StaffKeyKind::NameId => "name_id",
            StaffKeyKind::Upn => "upn",
            StaffKeyKind::Mail => "mail",
        };
        // None of them holds a zero byte, so that no two keys run into one another.
        let text = [scope, scope_name, kind, &key.value].join("\0");
        let digest = self.0.as_ref()?.digest(text.as_bytes());
        Some(digest.map(|digest| hex(&digest).chars().take(DIGITS).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nhsmail::Population;
    use crate::saml::EntityId;

    #[test]
    fn scope_kind_and_value_count_and_so_does_the_key() {
        let names = Pseudonyms::new(KeyedHash::new(&[1; 32]).unwrap());
        let issuer = |name: &str| KeyScope::Issuer(EntityId::new(name).unwrap());
        let key = |scope: &KeyScope, kind, value: &str| {
            let value = value.to_owned();
            names.of(&StaffKey { scope: scope.clone(), kind, value }).unwrap()
        };
        let one = key(&issuer("a"), StaffKeyKind::Upn, "x");
        assert_eq!(one, key(&issuer("a"), StaffKeyKind::Upn, "x"));
        assert_eq!(one.len(), DIGITS);
        let population = KeyScope::Population(Population::new("a").unwrap());
        for other in [
            key(&issuer("b"), StaffKeyKind::Upn, "x"),
            key(&issuer("a"), StaffKeyKind::Mail, "x"),
            key(&issuer("a"), StaffKeyKind::Upn, "y"),
            key(&population, StaffKeyKind::Upn, "x"),
        ] {
            assert_ne!(one, other);
        }
        let others = Pseudonyms::new(KeyedHash::new(&[2; 32]).unwrap());
        let key = StaffKey { scope: issuer("a"), kind: StaffKeyKind::Upn, value: "x".to_owned() };
        assert_ne!(others.of(&key), Some(one));
        assert_ne!(Pseudonyms::of_this_process().of(&key), Pseudonyms::of_this_process().of(&key));
    }
}
