//! Stores, and the keys that machines share with them.

use super::*;

const FILE: &str = "saml.toml";
const COOKIES: &str =
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==\n";

fn config(store: &str, keys: &str) -> String {
    format!("{START}{IDP}[store]\n{store}\n[keys]\n{keys}\n")
}

#[test]
fn keys_for_cookies_are_64_bytes_that_nobody_else_can_read() {
    let folder = Folder::new();
    folder.write_key("new.key", COOKIES, 0o600);
    folder.write_key("old.key", COOKIES, 0o600);
    let keys = "cookie_keys = [\"new.key\", \"old.key\"]";
    folder.load(&config("", keys), &[]).unwrap();
    for wrong in ["", "AAEC\n", "not base64\n", &format!("{}{COOKIES}", COOKIES.trim_end())] {
        folder.write_key("old.key", wrong, 0o600);
        folder.assert_refused(&config("", keys), &[], (FILE, "keys.cookie_keys", "64 bytes"));
    }
}

#[cfg(feature = "redis")]
#[test]
fn a_server_that_is_not_there_keeps_nobody_from_starting() {
    let folder = Folder::new();
    folder.write_key("cookies.key", COOKIES, 0o600);
    let keys = "cookie_keys = [\"cookies.key\"]";
    for url in [
        "redis://127.0.0.1:1",
        "rediss://user:pass@127.0.0.1:1/2",
        "redis+sentinel://127.0.0.1:1,127.0.0.1:2/rota",
    ] {
        folder.load(&config(&format!("url = \"{url}\""), keys), &[]).unwrap();
    }
    let bad = config("url = \"redis+sentinel://:secret@127.0.0.1:1\"", keys);
    folder.assert_refused(&bad, &[], (FILE, "store.url", "it names no master"));
}

#[cfg(feature = "redis")]
#[test]
fn a_password_comes_from_a_file_that_nobody_else_can_read() {
    let folder = Folder::new();
    folder.write_key("cookies.key", COOKIES, 0o600);
    folder.write_key("password", "opensesame\n", 0o600);
    let keys = "cookie_keys = [\"cookies.key\"]";
    let store = "url = \"redis://127.0.0.1:1\"\npassword_file = \"password\"";
    folder.load(&config(store, keys), &[]).unwrap();
    folder.write_key("password", "\n", 0o600);
    let field = (FILE, "store.password_file", "no password");
    folder.assert_refused(&config(store, keys), &[], field);
}
