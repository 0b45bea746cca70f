//! Mistakes in the file and in what it names.

use super::*;

const FILE: &str = "saml.toml";

#[test]
fn the_smallest_file_is_enough() {
    let saml = Folder::new().load(&format!("{START}{IDP}"), &[]).unwrap();
    let sp = saml.service_provider();
    let settings = sp.settings();
    assert_eq!(sp.acs_url(), "https://rota.example.org/saml/acs");
    assert_eq!(sp.entity_id().as_str(), "urn:rota");
    assert_eq!(sp.idps()[0].entity_id().as_str(), "urn:idp");
    assert_eq!(settings.session, SessionLimits::default());
    assert_eq!(settings.pending_lifetime, TimeDelta::hours(1));
    assert_eq!(settings.clock_skew, ClockSkew::from_seconds(180).unwrap());
    assert_eq!(settings.require_signed, RequireSigned::Either);
    assert_eq!(settings.request_binding, Binding::HttpRedirect);
    assert!(!settings.dev && settings.signing.is_none() && settings.encryption.is_empty());
}

#[actix_web::test]
async fn an_application_names_its_file_and_nothing_else() {
    let folder = Folder::new();
    folder.write("saml.toml", &format!("{START}{IDP}"));
    let saml = Saml::from_file(folder.0.join("saml.toml")).await.unwrap();
    assert_eq!(saml.service_provider().entity_id().as_str(), "urn:rota");
    let error = Saml::from_file(folder.0.join("absent.toml")).await.unwrap_err();
    assert_eq!(error.file, folder.path("absent.toml"));
}

#[test]
fn a_file_that_is_not_there_or_not_text() {
    let folder = Folder::new();
    let path = folder.0.join("absent.toml");
    let error = Config::load(&path, &|_| None).unwrap_err();
    assert_eq!(error.file, folder.path("absent.toml"));
    assert_eq!(error.field, "(whole file)");
    assert!(error.problem.contains("No such file"), "{error}");
    std::fs::write(folder.0.join("latin.toml"), b"entity_id = \"\xe9\"").unwrap();
    let error = Config::load(&folder.0.join("latin.toml"), &|_| None).unwrap_err();
    assert_eq!(error.field, "(whole file)");
    assert!(error.problem.contains("UTF-8"), "{error}");
}

#[test]
fn what_is_not_toml() {
    let folder = Folder::new();
    let text = format!("{START}listen = 127.0.0.1\n{IDP}");
    folder.assert_refused(&text, &[], (FILE, "line 3", ""));
    let twice = format!("{START}{START}{IDP}");
    folder.assert_refused(&twice, &[], (FILE, "line 3", "duplicate key"));
}

#[test]
fn unknown_keys_wherever_they_stand() {
    let folder = Folder::new();
    for (text, field) in [
        (format!("entityid = \"x\"\n{START}{IDP}"), "entityid"),
        (format!("{START}{IDP}entity_idp = \"x\"\n"), "idp.entity_idp"),
        (format!("{START}{IDP}[session]\nidle = 5\n"), "session.idle"),
        (format!("{START}{IDP}[policy]\nrequire_sign = \"both\"\n"), "policy.require_sign"),
        (format!("{START}{IDP}[keys]\nsigningkey = \"x\"\n"), "keys.signingkey"),
        (format!("{START}{IDP}[store]\nuri = \"x\"\n"), "store.uri"),
        (format!("{START}{IDP}[claims]\nemail = [\"x\"]\n"), "claims.email"),
        (
            format!("{START}{IDP}[organisation]\nname = \"x\"\nurl = \"https://x\"\nx = 1\n"),
            "organisation.x",
        ),
        (format!("{START}{IDP}[contact]\nmail = \"x\"\n"), "contact.mail"),
        (format!("{START}{IDP}[sesion]\nidle_minutes = 5\n"), "sesion"),
    ] {
        folder.assert_refused(&text, &[], (FILE, field, "unknown field"));
    }
}

#[test]
fn keys_that_are_missing() {
    let folder = Folder::new();
    for (text, field) in [
        (format!("entity_id = \"x\"\n{IDP}"), "base_url"),
        (format!("base_url = \"https://rota.example.org\"\n{IDP}"), "entity_id"),
        (format!("{START}{IDP}[organisation]\nname = \"x\"\n"), "organisation.url"),
        (format!("{START}{IDP}[contact]\nname = \"x\"\n"), "contact.email"),
    ] {
        folder.assert_refused(&text, &[], (FILE, field, "missing field"));
    }
}

#[test]
fn values_of_another_kind() {
    let folder = Folder::new();
    for (text, field, problem) in [
        (format!("base_url = 1\nentity_id = \"x\"\n{IDP}"), "base_url", "expected a string"),
        (format!("base_url = \"rota\"\nentity_id = \"x\"\n{IDP}"), "base_url", "relative URL"),
        (format!("base_url = \"https://r.org\"\nentity_id = \"\"\n{IDP}"), "entity_id", "entityID"),
        (format!("base_url = \"https://r.org\"\nentity_id = \"a b\"\n{IDP}"), "entity_id", "white"),
        (format!("{START}dev = \"true\"\n{IDP}"), "dev", "expected a boolean"),
        (format!("{START}idp = \"idp.xml\"\n"), "idp", "expected a sequence"),
        (format!("{START}{IDP}[session]\nidle_minutes = \"5\"\n"), "session.idle_minutes", "u32"),
        (format!("{START}{IDP}[session]\nidle_minutes = -1\n"), "session.idle_minutes", "-1"),
        (format!("{START}{IDP}[session]\nabsolute_hours = 1.5\n"), "session.absolute_hours", "1.5"),
        (
            format!("{START}{IDP}[policy]\nrequire_signed = \"none\"\n"),
            "policy.require_signed",
            "none",
        ),
        (
            format!("{START}{IDP}[policy]\nrequest_binding = \"soap\"\n"),
            "policy.request_binding",
            "soap",
        ),
        (format!("{START}{IDP}[claims]\nmail = \"mail\"\n"), "claims.mail", "expected a sequence"),
        (format!("{START}{IDP}[claims]\nmail = [1]\n"), "claims.mail", "expected a string"),
    ] {
        folder.assert_refused(&text, &[], (FILE, field, problem));
    }
}

#[test]
fn one_bracket_where_two_are_needed() {
    let folder = Folder::new();
    let Err(error) = folder.load(&format!("{START}[idp]\nmetadata = \"idp.xml\"\n"), &[]) else {
        panic!("accepted")
    };
    assert_eq!(
        (error.field.as_str(), error.remedy.as_str()),
        ("idp", "write [[idp]], with two brackets")
    );
}

fn based_at(url: &str) -> String {
    format!("base_url = \"{url}\"\nentity_id = \"urn:rota\"\n")
}

#[test]
fn http_is_for_development_on_this_machine() {
    let folder = Folder::new();
    let loopback =
        ["http://localhost:8080", "http://127.0.0.1:8080", "http://127.8.9.1", "http://[::1]:80"];
    for url in loopback {
        folder.load(&format!("{}dev = true\n{IDP}", based_at(url)), &[]).unwrap();
    }
    let elsewhere = [
        "http://rota.example.org",
        "http://localhost.example.org",
        "http://10.0.0.1",
        "http://0.0.0.0:8080",
        "http://[::]",
        "http://127.0.0.1.example.org",
        "ftp://localhost",
    ];
    for url in elsewhere {
        let text = format!("{}dev = true\n{IDP}", based_at(url));
        folder.assert_refused(&text, &[], (FILE, "base_url", "is not https"));
    }
    for url in loopback.iter().chain(&elsewhere) {
        let text = format!("{}{IDP}", based_at(url));
        folder.assert_refused(&text, &[], (FILE, "base_url", "is not https"));
    }
}

#[test]
fn a_base_url_is_scheme_host_and_port() {
    let folder = Folder::new();
    for url in [
        "https://r.org/app",
        "https://r.org/?a",
        "https://r.org/#a",
        "https://a@r.org",
        "https://:b@r.org",
    ] {
        let text = format!("{}{IDP}", based_at(url));
        folder.assert_refused(&text, &[], (FILE, "base_url", "scheme, host and port only"));
    }
    for url in ["https://r.org", "https://r.org/", "https://r.org:8443"] {
        folder.load(&format!("{}{IDP}", based_at(url)), &[]).unwrap();
    }
}

#[test]
fn metadata_that_cannot_be_used() {
    let folder = Folder::new();
    let text = format!("{START}{IDP}");
    let good = metadata("idp", &KEY.1);
    let remove = |from: &str, to: &str| {
        let (before, rest) = good.split_once(from).unwrap();
        format!("{before}{}", rest.split_once(to).unwrap().1)
    };
    // The process starts all the same, says so, and lets nobody in.
    let problem = |saml: &Saml| {
        let status = saml.status();
        assert_eq!((status.ready, saml.is_ready(), status.idps[0].ready), (false, false, false));
        assert!(saml.service_provider().idps().is_empty());
        assert_eq!(status.idps[0].trust, TrustBasis::File);
        let problem = status.idps[0].file_problem.clone().unwrap();
        let told: Vec<_> = status.events.iter().map(|e| (e.code, e.level)).collect();
        assert_eq!(told, [(problem.code, EventLevel::Error)]);
        assert_eq!(problem.quarantined, problem.code != "disk_read");
        problem.code
    };
    for (xml, code) in [
        (String::new(), "xml_malformed"),
        ("<html/>".to_owned(), "metadata_root"),
        (good.replace("entityID", "entityId"), "metadata_entity_id"),
        (remove("<KeyDescriptor", "</KeyDescriptor>"), "metadata_no_signing_key"),
        (good.replace("use=\"signing\"", "use=\"encryption\""), "metadata_no_signing_key"),
        (good.replace("<X509Certificate>", "<X509Certificate>AAAA"), "metadata_certificate"),
        (remove("<SingleSignOnService", "/>"), "metadata_no_sso"),
        (
            good.replace("entityID=", "validUntil=\"2020-01-01T00:00:00Z\" entityID="),
            "metadata_expired",
        ),
    ] {
        folder.write("idp.xml", &xml);
        assert_eq!(problem(&folder.load(&text, &[]).unwrap()), code);
    }
    std::fs::remove_file(folder.0.join("idp.xml")).unwrap();
    let saml = folder.load(&text, &[]).unwrap();
    assert_eq!(problem(&saml), "disk_read");
    // It heals by itself.
    folder.write("idp.xml", &good);
    saml.refresh_due();
    assert!(saml.is_ready());
    assert_eq!(saml.status().idps[0].file_problem, None);
    assert_eq!(saml.service_provider().idps()[0].entity_id().as_str(), "urn:idp");
}

#[test]
fn sources_that_are_no_use() {
    let folder = Folder::new();
    let idp = |keys: &str| format!("{START}[[idp]]\n{keys}\n");
    for (keys, field, problem) in [
        ("label = \"x\"", "metadata", "no metadata to trust"),
        ("metadata_url = \"http://fs.example.org/m\"", "metadata_url", "not https"),
        ("metadata_url = \"http://127.0.0.1/m\"", "metadata_url", "not https"),
        ("metadata_url = \"https://a:b@fs.example.org/m\"", "metadata_url", "a user name"),
        ("metadata = \"idp.xml\"\npin_sha256 = [\"aa\"]", "pin_sha256", "64 hexadecimal"),
        ("metadata = \"idp.xml\"\npin_sha256 = []", "pin_sha256", "at least one"),
        ("metadata = \"idp.xml\"\npin_cert = \"no.pem\"", "pin_cert", "No such file"),
        ("metadata = \"idp.xml\"\npin_cert = \"idp.xml\"", "pin_cert", "certificate"),
        ("metadata = \"idp.xml\"\nca = \"idp.xml\"", "ca", "certificate"),
    ] {
        let field = format!("idp[0].{field}");
        folder.assert_refused(&idp(keys), &[], (FILE, &field, problem));
    }
    let whole = |key: &str, value| format!("{START}[refresh]\n{key} = {value}\n{IDP}");
    for (key, wrong, right) in
        [("minutes", [4, 1441], [5, 1440]), ("grace_hours", [169, 9999], [0, 168])]
    {
        for value in wrong {
            let field = format!("refresh.{key}");
            let problem = if key == "minutes" { "not between" } else { "more than a week" };
            folder.assert_refused(&whole(key, value), &[], (FILE, &field, problem));
        }
        for value in right {
            folder.load(&whole(key, value), &[]).unwrap();
        }
    }
}

#[test]
fn authorities_come_one_or_more_in_a_file() {
    let folder = Folder::new();
    let [one, other] = [&KEY.1, &TEST_KEY.1].map(|certificate| certificate.to_pem().unwrap());
    let read = |pem: &str| {
        folder.write("ca.pem", pem);
        let text = format!("{START}{IDP}ca = \"ca.pem\"\n");
        let config = Config::read(&text, FILE, folder.0.clone(), &|_| None).unwrap();
        let authorities = |(sources, _): (Vec<IdpSource>, _)| sources[0].authorities.clone();
        config.read_sources().map(authorities).map_err(|error| (error.field, error.problem))
    };
    assert_eq!(read(&one), Ok(vec![KEY.1.clone()]));
    let both = [KEY.1.clone(), TEST_KEY.1.clone()];
    assert_eq!(read(&format!("One.\n{one}Another.\n{other}")), Ok(both.to_vec()));
    let wrong = ("idp[0].ca".to_owned(), CryptoError::Certificate.to_string());
    for pem in ["", "none", &format!("{one}{}", other.replace("MII", "NII"))] {
        assert_eq!(read(pem), Err(wrong.clone()), "{pem}");
    }
    // What vouches for metadata is one.
    folder.write("ca.pem", &format!("{one}{other}"));
    let text = format!("{START}{IDP}pin_cert = \"ca.pem\"\n");
    folder.assert_refused(&text, &[], (FILE, "idp[0].pin_cert", &wrong.1));
}

#[test]
fn metadata_of_another_entity_is_refused() {
    let folder = Folder::new();
    let of = |name: &str| format!("{START}{IDP}entity_id = \"urn:{name}\"\n");
    assert!(folder.load(&of("idp"), &[]).unwrap().is_ready(), "the control");
    let saml = folder.load(&of("other"), &[]).unwrap();
    assert!(!saml.is_ready());
    let status = saml.status();
    assert_eq!(status.idps[0].file_problem.as_ref().unwrap().code, "metadata_other_entity");
}

#[test]
fn identity_providers_that_must_not_be_trusted() {
    let folder = Folder::new();
    folder.assert_refused(START, &[], (FILE, "idp", "no identity provider"));
    folder.assert_refused(
        &format!("{START}{IDP}{IDP}"),
        &[],
        (FILE, "idp", "urn:idp is there twice"),
    );

    folder.write("test.xml", &metadata("test", &TEST_KEY.1));
    let test = "[[idp]]\nmetadata = \"test.xml\"\n";
    folder.assert_refused(&format!("{START}{test}"), &[], (FILE, "idp", "test key"));
    folder.assert_refused(&format!("{START}{IDP}{test}"), &[], (FILE, "idp", "urn:test"));
    folder.load(&format!("{START}dev = true\n{test}"), &[]).unwrap();

    let http = |host: &str| metadata("http", &KEY.1).replace("https://http.example.org", host);
    let text = format!("{START}[[idp]]\nmetadata = \"http.xml\"\n");
    let dev = text.replace("[[idp]]", "dev = true\n[[idp]]");
    for host in ["http://fs.example.org", "http://localhost:8081"] {
        folder.write("http.xml", &http(host));
        folder.assert_refused(&text, &[], (FILE, "idp", "which is not https"));
    }
    folder.load(&dev, &[]).unwrap();
    folder.write("http.xml", &http("http://fs.example.org"));
    folder.assert_refused(&dev, &[], (FILE, "idp", "which is not https"));
}

#[test]
fn keys_that_do_not_belong_together() {
    let folder = Folder::new();
    let with = |keys: &str| format!("{START}{IDP}[keys]\n{keys}\n");
    let (key, cert) = ("signing_key = \"key.pem\"", "signing_cert = \"cert.pem\"");
    folder.assert_refused(&with(key), &[], (FILE, "keys.signing_cert", "without its certificate"));
    folder.assert_refused(&with(cert), &[], (FILE, "keys.signing_key", "without its key"));
    let both = with(&format!("{key}\n{cert}"));
    folder.write("cert.pem", &TEST_KEY.1.to_pem().unwrap());
    folder.assert_refused(&both, &[], (FILE, "keys.signing_cert", "does not belong"));
    folder.write("cert.pem", "nothing");
    folder.assert_refused(&both, &[], (FILE, "keys.signing_cert", ""));
    let pem = KEY.1.to_pem().unwrap();
    folder.write("cert.pem", &format!("{pem}{pem}"));
    folder.assert_refused(&both, &[], (FILE, "keys.signing_cert", ""));
    folder.write("cert.pem", &pem);
    let saml = folder.load(&both, &[]).unwrap();
    assert!(saml.metadata().contains("AuthnRequestsSigned=\"true\""), "the control");
    folder.write_key("key.pem", "nothing", 0o600);
    folder.assert_refused(&both, &[], (FILE, "keys.signing_key", ""));
    std::fs::remove_file(folder.0.join("key.pem")).unwrap();
    folder.assert_refused(&both, &[], (FILE, "keys.signing_key", "No such file"));
}

#[test]
fn keys_that_others_can_read() {
    let folder = Folder::new();
    let pem = KEY.0.to_pem().unwrap();
    let signing = "[keys]\nsigning_key = \"key.pem\"\nsigning_cert = \"cert.pem\"\n";
    let decryption = "[keys]\ndecryption_keys = [\"key.pem\"]\n";
    for (keys, field) in [(signing, "keys.signing_key"), (decryption, "keys.decryption_keys")] {
        let text = format!("{START}{IDP}{keys}");
        for mode in [0o640, 0o604, 0o644, 0o620, 0o601, 0o666] {
            folder.write_key("key.pem", &pem, mode);
            folder.assert_refused(&text, &[], (FILE, field, &format!("(mode {mode:o})")));
        }
        for mode in [0o600, 0o400] {
            folder.write_key("key.pem", &pem, mode);
            folder.load(&text, &[]).unwrap();
        }
    }
}

#[test]
fn an_encryption_certificate_is_published_when_its_key_is_there() {
    let folder = Folder::new();
    let with = |keys: &str| format!("{START}{IDP}[keys]\n{keys}\n");
    let plain = folder.load(&format!("{START}{IDP}"), &[]).unwrap();
    assert!(!plain.metadata().contains("KeyDescriptor"));
    let alone = with("encryption_cert = \"cert.pem\"");
    folder.assert_refused(&alone, &[], (FILE, "keys.decryption_keys", "without its key"));
    let both = with("encryption_cert = \"cert.pem\"\ndecryption_keys = [\"key.pem\"]");
    assert!(folder.load(&both, &[]).unwrap().metadata().contains("use=\"encryption\""));
    let only_decrypting = with("decryption_keys = [\"key.pem\"]");
    assert!(!folder.load(&only_decrypting, &[]).unwrap().metadata().contains("KeyDescriptor"));
}

#[test]
fn limits_that_make_no_sense() {
    let folder = Folder::new();
    let with = |table: &str, line: &str| format!("{START}{IDP}[{table}]\n{line}\n");
    for (table, line, field, problem) in [
        ("policy", "clock_skew_seconds = 301", "policy.clock_skew_seconds", "300"),
        ("policy", "pending_minutes = 4", "policy.pending_minutes", "between 5 and 1440"),
        ("policy", "pending_minutes = 1441", "policy.pending_minutes", "between 5 and 1440"),
        ("session", "idle_minutes = 0", "session", "positive"),
        ("session", "absolute_hours = 0", "session", "idle not longer"),
        ("session", "idle_minutes = 721", "session", "idle not longer"),
        ("store", "url = \"redis://localhost\"", "keys.cookie_keys", "each would make a key"),
        ("store", "url = \"redis://localhost:x\"\ntimeout_ms = 99", "store.timeout_ms", "100"),
        ("store", "url = \"http://u:secret@localhost\"", "store.url", "\"http\" is not a store"),
        ("store", "url = \"\"", "store.url", "not a store"),
    ] {
        folder.assert_refused(&with(table, line), &[], (FILE, field, problem));
    }
    for (table, line) in [
        ("policy", "clock_skew_seconds = 300"),
        ("policy", "clock_skew_seconds = 0"),
        ("policy", "pending_minutes = 5"),
        ("policy", "pending_minutes = 1440"),
        ("session", "idle_minutes = 720"),
        ("session", "idle_minutes = 1"),
    ] {
        folder.load(&with(table, line), &[]).unwrap();
    }
}

#[test]
fn what_cannot_be_written_into_our_metadata() {
    let folder = Folder::new();
    let text = format!("{START}{IDP}[contact]\nemail = \"a\\u0001b\"\n");
    folder.assert_refused(&text, &[], (FILE, "organisation, contact", "cannot be written"));
}

#[test]
fn paths_are_relative_to_the_file() {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.join("sub")).unwrap();
    std::fs::rename(folder.0.join("idp.xml"), folder.0.join("sub/idp.xml")).unwrap();
    folder.load(&format!("{START}[[idp]]\nmetadata = \"sub/idp.xml\"\n"), &[]).unwrap();
    let absolute = folder.path("sub/idp.xml");
    folder.load(&format!("{START}[[idp]]\nmetadata = \"{absolute}\"\n"), &[]).unwrap();
    assert!(Path::new(&absolute).is_absolute());
}

#[test]
fn sha1_ends_within_a_year() {
    let folder = Folder::new();
    let now = SystemClock.now();
    let in_days = |days| (now + TimeDelta::days(days)).to_rfc3339();
    let until = |value: &str| format!("{START}{IDP}dangerous_accept_sha1_until = {value}\n");
    let end = |value: &str| {
        let saml = folder.load(&until(value), &[]).unwrap();
        saml.service_provider().idps()[0].metadata.keys().sha1_until()
    };
    let midnight: DateTime<Utc> = "2020-02-03T00:00:00Z".parse().unwrap();
    for value in [
        "2020-02-03",
        "\"2020-02-03\"",
        "2020-02-03T00:00:00Z",
        "\"2020-02-03T00:00:00Z\"",
        "\"2020-02-03T01:00:00+01:00\"",
    ] {
        assert_eq!(end(value), Some(midnight), "{value}");
    }
    let next_month = in_days(30);
    assert_eq!(end(&format!("\"{next_month}\"")), Some(next_month.parse().unwrap()));
    let saml = folder.load(&format!("{START}{IDP}"), &[]).unwrap();
    assert_eq!(saml.service_provider().idps()[0].metadata.keys().sha1_until(), None);

    let field = "idp[0].dangerous_accept_sha1_until";
    let later = until(&format!("\"{}\"", in_days(367)));
    folder.assert_refused(&later, &[], (FILE, field, "more than a year ahead"));
    let field = "idp.dangerous_accept_sha1_until";
    for value in ["true", "1", "\"\"", "\"soon\"", "2020-02-03T00:00:00", "10:00:00", "[]"] {
        folder.assert_refused(&until(value), &[], (FILE, field, "is neither a day"));
    }
    // Of two providers it is for the one that it stands with.
    folder.write("other.xml", &metadata("other", &KEY.1));
    let two = format!("{}[[idp]]\nmetadata = \"other.xml\"\n", until("2020-02-03"));
    let saml = folder.load(&two, &[]).unwrap();
    let sp = saml.service_provider();
    let ends = sp.idps().iter().map(|idp| idp.metadata.keys().sha1_until());
    assert_eq!(ends.collect::<Vec<_>>(), [Some(midnight), None]);
}
