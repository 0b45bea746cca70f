use actix_web::cookie::{Cookie, CookieJar, Key};

/// The keys that seal cookies: one that seals, and earlier ones that still open. Machines that share
/// them finish what another one began. A new key is first given to every machine as an earlier one,
/// then it seals, and the old one stays for as long as a session may last.
///
/// Cheap to clone.
#[derive(Clone)]
pub struct CookieKeys {
    sealing: Key,
    earlier: Vec<Key>,
}

impl std::fmt::Debug for CookieKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CookieKeys")
    }
}

impl CookieKeys {
    /// `sealing` seals and opens; `earlier` only open.
    pub fn new(sealing: Key, earlier: Vec<Key>) -> Self {
        Self { sealing, earlier }
    }

    /// The key that seals.
    pub(super) fn sealing(&self) -> &Key {
        &self.sealing
    }

    /// Whether something could be sealed with another key than the one that seals now.
    pub(super) fn has_earlier(&self) -> bool {
        !self.earlier.is_empty()
    }

    /// Encrypts the value of the cookie `name`. The name is part of what is authenticated: a cookie
    /// cannot be renamed.
    pub(super) fn seal(&self, name: &str, value: String) -> String {
        let mut jar = CookieJar::new();
        jar.private_mut(&self.sealing).add(Cookie::new(name.to_owned(), value));
        jar.get(name).map_or_else(String::new, |sealed| sealed.value().to_owned())
    }

    /// What a cookie holds, if one of the keys has sealed it under this name.
    pub(super) fn open(&self, cookie: &Cookie<'_>) -> Option<String> {
        std::iter::once(&self.sealing).chain(&self.earlier).find_map(|key| {
            let opened = CookieJar::new().private(key).decrypt(cookie.clone().into_owned())?;
            Some(opened.value().to_owned())
        })
    }

    /// The value as the key that seals now would have it, if an earlier one has sealed it.
    pub(super) fn renew(&self, cookie: &Cookie<'_>) -> Option<String> {
        let opens = |key: &Key| {
            CookieJar::new().private(key).decrypt(cookie.clone().into_owned()).is_some()
        };
        if !self.has_earlier() || opens(&self.sealing) {
            return None;
        }
        Some(self.seal(cookie.name(), self.open(cookie)?))
    }
}

impl From<Key> for CookieKeys {
    fn from(sealing: Key) -> Self {
        Self::new(sealing, Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> CookieKeys {
        let mut keys = bytes.iter().map(|byte| Key::from(&[*byte; 64]));
        let sealing = keys.next().unwrap();
        CookieKeys::new(sealing, keys.collect())
    }

    #[test]
    fn earlier_keys_open_and_the_new_one_seals() {
        let (old, both, new) = (keys(&[1]), keys(&[2, 1]), keys(&[2]));
        let sealed = Cookie::new("a", old.seal("a", "text".to_owned()));
        assert_eq!(both.open(&sealed).as_deref(), Some("text"));
        assert_eq!(new.open(&sealed), None);
        let sealed = Cookie::new("a", both.seal("a", "text".to_owned()));
        assert_eq!(new.open(&sealed).as_deref(), Some("text"));
        assert_eq!(old.open(&sealed), None);
    }

    #[test]
    fn cookie_what_is_sealed_cannot_be_renamed_or_changed() {
        let keys = keys(&[1, 2]);
        let value = keys.seal("a", "text".to_owned());
        assert!(!value.contains("text"));
        assert_eq!(keys.open(&Cookie::new("a", value.clone())).as_deref(), Some("text"));
        assert_eq!(keys.open(&Cookie::new("b", value.clone())), None);
        assert_eq!(keys.open(&Cookie::new("a", format!("{value}A"))), None);
        assert_eq!(keys.open(&Cookie::new("a", "")), None);
    }

    #[test]
    fn only_what_an_earlier_key_has_sealed_is_renewed() {
        let (old, both, new) = (keys(&[1]), keys(&[2, 1]), keys(&[2]));
        let by_old = Cookie::new("a", old.seal("a", "text".to_owned()));
        let renewed = Cookie::new("a", both.renew(&by_old).unwrap());
        assert_eq!(new.open(&renewed).as_deref(), Some("text"));
        assert_eq!(both.renew(&renewed), None, "it needs no renewal");
        assert_eq!(both.renew(&Cookie::new("a", "forged")), None);
        assert_eq!(new.renew(&by_old), None, "there is no earlier key");
    }
}
