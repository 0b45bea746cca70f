use actix_saml::sp::ReturnTo;
use url::Url;

/// A page to return to is a page of ours, however it is spelt, in every browser's eyes.
pub fn relay_state(data: &[u8]) {
    let Ok(target) = std::str::from_utf8(data) else { return };
    for base in [
        "https://rota.example.nhs.uk/",
        "http://localhost:8080/",
        "https://[::1]:8443/deep/path?query",
    ] {
        let base = Url::parse(base).expect("an address");
        let Some(kept) = ReturnTo::parse(target, &base) else { continue };
        let path = kept.as_str();
        assert!(target.starts_with('/') && path.starts_with('/') && !path.starts_with("//"));
        assert!(path.len() <= ReturnTo::MAX_BYTES && target.len() <= ReturnTo::MAX_BYTES);
        assert!(path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\'), "{path:?}");
        let resolved = base.join(path).expect("an address");
        assert_eq!(resolved.origin(), base.origin());
        assert!(resolved.username().is_empty() && resolved.password().is_none());
        assert_eq!(resolved.host_str(), base.host_str());
        // As a browser that resolves it without any base but the origin.
        let spelt_out = format!("{}{path}", base.origin().ascii_serialization());
        assert_eq!(Url::parse(&spelt_out).expect("an address"), resolved);
        // It stands for itself: nothing is resolved away when it is read a second time.
        assert_eq!(ReturnTo::parse(path, &base), Some(kept.clone()));
        assert_eq!(resolved.path(), path.split_once('?').map_or(path, |(path, _)| path));
    }
}
