//! Metadata as products and federations write it, and what is made of it beside the keys.

use actix_saml::saml::binding::Binding;
use actix_saml::saml::metadata::{IdpMetadata, Localised, Logo, Reading, Scope, UiInfo};
use actix_saml::saml::names::{METADATA, PROTOCOL};
use url::Url;

use crate::fixture::{IDP, instant, now};
use crate::keys_of_tests::{FOREIGN_KEY, IDP_KEY, P256, P384, Pair, SP_KEY};
use crate::metadata::{Metadata, descriptor, raw_descriptor};

/// The document of an Entra tenant: a byte order mark, a declaration, two roles of other kinds with
/// the same keys, no key to encrypt to, one address for everything.
fn entra(tenant: &str, keys: &[&Pair]) -> String {
    let keys: String = keys.iter().map(|pair| descriptor("signing", pair)).collect();
    let address = format!("https://login.microsoftonline.example/{tenant}/saml2");
    let role = |kind: &str| {
        format!(
            "<RoleDescriptor xsi:type=\"fed:{kind}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:fed=\"http://docs.oasis-open.org/wsfed/federation/200706\" protocolSupportEnumeration=\"http://docs.oasis-open.org/wsfed/federation/200706\">{keys}<fed:ClaimTypesOffered><auth:ClaimType Uri=\"urn:claim\" xmlns:auth=\"http://docs.oasis-open.org/wsfed/authorization/200706\"><auth:DisplayName>Name</auth:DisplayName></auth:ClaimType></fed:ClaimTypesOffered><fed:PassiveRequestorEndpoint><wsa:EndpointReference xmlns:wsa=\"http://www.w3.org/2005/08/addressing\"><wsa:Address>{address}</wsa:Address></wsa:EndpointReference></fed:PassiveRequestorEndpoint></RoleDescriptor>"
        )
    };
    let service = |name: &str, binding: Binding| {
        format!("<{name} Binding=\"{}\" Location=\"{address}\" />", binding.uri())
    };
    [
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>",
        &format!("<EntityDescriptor ID=\"_0a1b\" entityID=\"https://sts.windows.example/{tenant}/\" xmlns=\"{METADATA}\">"),
        &role("SecurityTokenServiceType"),
        &role("ApplicationServiceType"),
        &format!("<IDPSSODescriptor protocolSupportEnumeration=\"{PROTOCOL}\">{keys}"),
        &service("SingleLogoutService", Binding::HttpRedirect),
        &service("SingleSignOnService", Binding::HttpRedirect),
        &service("SingleSignOnService", Binding::HttpPost),
        "</IDPSSODescriptor></EntityDescriptor>",
    ]
    .concat()
}

#[test]
fn entra_shape() {
    let xml = entra("11111111-2222-3333-4444-555555555555", &[&FOREIGN_KEY, &IDP_KEY]);
    let metadata = IdpMetadata::read(xml.as_bytes(), now()).unwrap();
    let name = "https://sts.windows.example/11111111-2222-3333-4444-555555555555/";
    assert_eq!(metadata.entity_id().as_str(), name);
    assert_eq!(metadata.keys().signing(), [FOREIGN_KEY.public(), IDP_KEY.public()]);
    assert_eq!((metadata.valid_until(), metadata.cache_duration()), (None, None));
    assert_eq!(metadata.single_logout().len(), 1);
    let other = entra("11111111-2222-3333-4444-555555555555", &[&IDP_KEY, &FOREIGN_KEY]);
    let other = IdpMetadata::read(other.as_bytes(), now()).unwrap();
    assert_eq!(other.keys().signing(), [IDP_KEY.public(), FOREIGN_KEY.public()]);
    // As fetched with `?appid=`: the application's one key, whose certificate has run out.
    let application = entra("11111111-2222-3333-4444-555555555555", &[&IDP_KEY]);
    let later = instant("2046-01-01T00:00:00Z");
    let metadata = IdpMetadata::read(application.as_bytes(), later).unwrap();
    assert_eq!(metadata.keys().signing(), [IDP_KEY.public()]);
    assert!(metadata.certificates()[0].not_after().unwrap() < later);
}

#[test]
fn the_document_for_every_tenant_is_no_provider() {
    // What is published for all tenants together has a place holder for a name.
    let xml = entra("{tenantid}", &[&IDP_KEY]);
    let metadata = IdpMetadata::read(xml.as_bytes(), now()).unwrap();
    assert_eq!(metadata.entity_id().as_str(), "https://sts.windows.example/{tenantid}/");
}

#[test]
fn adfs_of_a_hundred_and_fifty_kilobytes() {
    let claim = "<auth:ClaimType Uri=\"http://schemas.example/claims/a-claim-that-is-offered\" Optional=\"true\" xmlns:auth=\"http://docs.oasis-open.org/wsfed/authorization/200706\"><auth:DisplayName>Claim</auth:DisplayName><auth:Description>What it says</auth:Description></auth:ClaimType>";
    let offered = format!("<fed:ClaimTypesOffered>{}</fed:ClaimTypesOffered>", claim.repeat(600));
    // A certificate in there need not even be one.
    let broken = raw_descriptor("signing", &["no certificate"]);
    let large = Metadata::honest()
        .edit("</RoleDescriptor>", &format!("{broken}{offered}</RoleDescriptor>"));
    assert!(large.xml().len() > 150_000);
    for start in ["", "\u{feff}", "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"] {
        let metadata = Metadata([start, large.xml()].concat()).read().unwrap();
        assert_eq!(metadata.keys().signing(), [IDP_KEY.public()]);
    }
}

#[test]
fn keys_in_any_order_and_without_use() {
    let encryption = descriptor("encryption", &FOREIGN_KEY);
    let broken = raw_descriptor("encryption", &["no certificate"]);
    let (a, b) = (descriptor("signing", &IDP_KEY), descriptor("", &P256));
    for (keys, expected) in [
        ([&encryption, &a, &b], [&IDP_KEY, &P256]),
        ([&a, &encryption, &b], [&IDP_KEY, &P256]),
        ([&b, &a, &encryption], [&P256, &IDP_KEY]),
        ([&broken, &b, &a], [&P256, &IDP_KEY]),
    ] {
        let metadata = Metadata::with_keys(&keys.map(String::as_str).concat()).read().unwrap();
        assert_eq!(metadata.keys().signing(), expected.map(|pair| pair.public()));
    }
}

#[test]
fn further_keys() {
    let mut metadata = Metadata::with_keys(
        &[descriptor("signing", &IDP_KEY), descriptor("signing", &P256)].concat(),
    )
    .edit("<EntityDescriptor ", "<EntityDescriptor validUntil=\"2026-12-01T00:00:00Z\" ")
    .read()
    .unwrap();
    let end = instant("2026-12-24T00:00:00Z");
    metadata.dangerous().accept_sha1_signatures_until(end);
    let twin = Pair::of(IDP_KEY.key.clone(), "another certificate of the same key");
    let certificates = [&P384, &twin, &SP_KEY, &P384].map(|pair: &Pair| pair.certificate.clone());
    let more = metadata.with_further(&certificates);
    let expected = [&IDP_KEY, &P256, &P384, &SP_KEY];
    assert_eq!(more.keys().signing(), expected.map(|pair| pair.public()));
    let fingerprints =
        |m: &IdpMetadata| -> Vec<_> { m.certificates().iter().map(|c| c.fingerprint()).collect() };
    assert_eq!(fingerprints(&more), expected.map(|pair| pair.certificate.fingerprint()));
    // All else stays as it was, the original too.
    assert_eq!(more.keys().sha1_until(), Some(end));
    assert_eq!(more.entity_id(), metadata.entity_id());
    assert_eq!(more.valid_until(), metadata.valid_until());
    assert_eq!(more.single_logout(), metadata.single_logout());
    assert!(!more.is_vouched_for());
    assert_eq!(metadata.keys().signing(), [IDP_KEY.public(), P256.public()]);
    assert_eq!(fingerprints(&metadata.with_further(&[])), fingerprints(&metadata));
}

const MDUI: &str = "urn:oasis:names:tc:SAML:metadata:ui";

/// The provider with this in the `Extensions` of its role, or of its entity.
fn extended(role: &str, entity: &str) -> IdpMetadata {
    let extensions = |content: &str| {
        format!(
            "<Extensions xmlns:mdui=\"{MDUI}\" xmlns:shibmd=\"urn:mace:shibboleth:metadata:1.0\">{content}</Extensions>"
        )
    };
    let role_start = format!("<IDPSSODescriptor protocolSupportEnumeration=\"{PROTOCOL}\">");
    Metadata::honest()
        .edit(&role_start, &[&role_start, &extensions(role)[..]].concat())
        .edit("<RoleDescriptor ", &[&extensions(entity), "<RoleDescriptor "].concat())
        .read()
        .unwrap()
}

fn ui_info(content: &str) -> UiInfo {
    extended(&format!("<mdui:UIInfo>{content}</mdui:UIInfo>"), "").ui_info().clone()
}

fn localised<T>(lang: &str, value: T) -> Localised<T> {
    Localised { lang: lang.to_owned(), value }
}

#[test]
fn how_a_provider_wishes_to_be_shown() {
    let info = ui_info(
        "<mdui:DisplayName xml:lang=\"en\">\n  Example\n  Trust &amp; Partners\n</mdui:DisplayName>\
         <mdui:DisplayName xml:lang=\"cy-GB\">Ymddiriedolaeth</mdui:DisplayName>\
         <mdui:DisplayName>No language</mdui:DisplayName>\
         <mdui:Description xml:lang=\"en\">Staff of the trust</mdui:Description>\
         <mdui:Keywords xml:lang=\"en\">hospital</mdui:Keywords>\
         <mdui:Logo height=\"60\" width=\"80\">https://www.example.nhs.uk/logo.png</mdui:Logo>\
         <mdui:Logo height=\"big\" xml:lang=\"cy\"> https://www.example.nhs.uk/cy.png </mdui:Logo>\
         <mdui:InformationURL xml:lang=\"en\">http://www.example.nhs.uk/</mdui:InformationURL>\
         <mdui:PrivacyStatementURL xml:lang=\"en\">https://www.example.nhs.uk/privacy</mdui:PrivacyStatementURL>\
         <x xmlns=\"urn:x\">unknown</x>",
    );
    let text = |lang, value: &str| localised(lang, value.to_owned());
    let url = |text| Url::parse(text).unwrap();
    assert_eq!(
        info.display_names,
        [
            text("en", "Example Trust & Partners"),
            text("cy-GB", "Ymddiriedolaeth"),
            text("", "No language")
        ]
    );
    assert_eq!(info.descriptions, [text("en", "Staff of the trust")]);
    let logo = |path, width, height, lang| Logo {
        url: url(path),
        width,
        height,
        lang: Option::map(lang, str::to_owned),
    };
    assert_eq!(
        info.logos,
        [
            logo("https://www.example.nhs.uk/logo.png", Some(80), Some(60), None),
            logo("https://www.example.nhs.uk/cy.png", None, None, Some("cy")),
        ]
    );
    assert_eq!(info.information_urls, [localised("en", url("http://www.example.nhs.uk/"))]);
    let privacy = [localised("en", url("https://www.example.nhs.uk/privacy"))];
    assert_eq!(info.privacy_statement_urls, privacy);

    for (lang, name) in [
        ("en", "Example Trust & Partners"),
        ("EN", "Example Trust & Partners"),
        ("cy", "Ymddiriedolaeth"),
        ("cy-GB", "Ymddiriedolaeth"),
        ("fr", "Example Trust & Partners"),
    ] {
        assert_eq!(info.display_name(lang), Some(name), "{lang}");
    }
    let welsh = ui_info("<mdui:DisplayName xml:lang=\"cy\">Ysbyty</mdui:DisplayName>");
    assert_eq!(welsh.display_name("fr"), Some("Ysbyty"));
    assert_eq!(UiInfo::default().display_name("en"), None);
    assert_eq!(Metadata::honest().read().unwrap().ui_info(), &UiInfo::default());
}

#[test]
fn what_cannot_be_shown_is_left_out() {
    let long = format!("<mdui:DisplayName>{}</mdui:DisplayName>", "x".repeat(2_049));
    for hostile in [
        "<mdui:DisplayName xml:lang=\"en\"/>",
        "<mdui:DisplayName xml:lang=\"en\"> \n </mdui:DisplayName>",
        "<mdui:DisplayName>NHS\u{202e}liam</mdui:DisplayName>",
        "<mdui:DisplayName>NHS\u{200b}mail</mdui:DisplayName>",
        "<mdui:DisplayName>NHS&#x85;mail</mdui:DisplayName>",
        "<mdui:DisplayName><b>NHS</b></mdui:DisplayName>",
        "<mdui:DisplayName>NHS<!-- -->mail</mdui:DisplayName>",
        "<DisplayName>another namespace</DisplayName>",
        &long,
        "<mdui:Logo>http://www.example.nhs.uk/logo.png</mdui:Logo>",
        "<mdui:Logo>data:image/png;base64,AAAA</mdui:Logo>",
        "<mdui:Logo>logo.png</mdui:Logo>",
        "<mdui:Logo>https://user:secret@www.example.nhs.uk/logo.png</mdui:Logo>",
        "<mdui:InformationURL>javascript:alert(1)</mdui:InformationURL>",
        "<mdui:InformationURL>https:</mdui:InformationURL>",
        "<mdui:PrivacyStatementURL>data:text/html,x</mdui:PrivacyStatementURL>",
        "<mdui:PrivacyStatementURL>//www.example.nhs.uk/</mdui:PrivacyStatementURL>",
    ] {
        assert_eq!(ui_info(hostile), UiInfo::default(), "{hostile}");
    }
    let fits = format!("<mdui:DisplayName>{}</mdui:DisplayName>", "x".repeat(2_048));
    assert_eq!(ui_info(&fits).display_names.len(), 1);
    let odd = "<mdui:DisplayName xml:lang=\"&quot;&gt;\">Name</mdui:DisplayName>";
    assert_eq!(ui_info(odd).display_names, [localised("", "Name".to_owned())]);
    let many = "<mdui:DisplayName>Name</mdui:DisplayName>".repeat(129);
    assert_eq!(ui_info(&many).display_names.len(), 128);
    // Only where it has its place.
    let elsewhere = format!("<mdui:UIInfo>{fits}</mdui:UIInfo>");
    assert_eq!(extended("", &elsewhere).ui_info(), &UiInfo::default());
    let wrapped = format!("<x xmlns=\"urn:x\">{elsewhere}</x>");
    assert_eq!(extended(&wrapped, "").ui_info(), &UiInfo::default());
}

#[test]
fn scopes() {
    let scope = |text: &str, is_regexp| Scope { text: text.to_owned(), is_regexp };
    let metadata = extended(
        "<shibmd:Scope regexp=\"false\">example.nhs.uk</shibmd:Scope>\
         <shibmd:Scope>\n ward.example.nhs.uk \n</shibmd:Scope>\
         <shibmd:Scope regexp=\"true\">^.*\\.example\\.nhs\\.uk$</shibmd:Scope>\
         <shibmd:Scope regexp=\"1\">(a+)+$</shibmd:Scope>\
         <shibmd:Scope regexp=\"perhaps\">evil.example</shibmd:Scope>\
         <shibmd:Scope regexp=\"\">evil.example</shibmd:Scope>\
         <shibmd:Scope/><Scope>evil.example</Scope>",
        "<shibmd:Scope regexp=\"0\">trust.example.nhs.uk</shibmd:Scope>\
         <shibmd:Scope>example.nhs.uk</shibmd:Scope>",
    );
    assert_eq!(
        metadata.scopes(),
        [
            scope("trust.example.nhs.uk", false),
            scope("example.nhs.uk", false),
            scope("ward.example.nhs.uk", false),
            scope("^.*\\.example\\.nhs\\.uk$", true),
            scope("(a+)+$", true),
        ]
    );
    let many: String = (0..200).map(|n| format!("<shibmd:Scope>{n}.uk</shibmd:Scope>")).collect();
    assert_eq!(extended(&many, "").scopes().len(), 128);
    assert_eq!(Metadata::honest().read().unwrap().scopes(), []);
}

#[test]
fn what_is_unknown_is_in_nobodys_way() {
    let unknown = "<Extensions><x xmlns=\"urn:x\" y=\"z\">text<a/><b><!-- --></b></x></Extensions>";
    let entity = format!("{unknown}<RoleDescriptor ");
    let honest = Metadata::honest().edit("<RoleDescriptor ", &entity);
    honest.read().unwrap();
    let role = format!("{unknown}</IDPSSODescriptor>");
    let attributes = "<EntityDescriptor x:unknown=\"1\" xmlns:x=\"urn:x\" ";
    Metadata::honest()
        .edit("</IDPSSODescriptor>", &role)
        .edit("<EntityDescriptor ", attributes)
        .edit(
            "</EntityDescriptor>",
            "<x xmlns=\"urn:x\"/><ContactPerson contactType=\"support\"/></EntityDescriptor>",
        )
        .read_as(&Reading::default())
        .unwrap();
    // Another kind of role, of a type that nobody knows, with keys that are none.
    let odd = format!(
        "<RoleDescriptor xsi:type=\"x:Unknown\" xmlns:x=\"urn:x\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" validUntil=\"never\" protocolSupportEnumeration=\"{PROTOCOL}\">{}</RoleDescriptor><RoleDescriptor ",
        raw_descriptor("signing", &["no certificate"])
    );
    let metadata = Metadata::honest().edit("<RoleDescriptor ", &odd).read().unwrap();
    assert_eq!(metadata.keys().signing(), [IDP_KEY.public()]);
    assert_eq!(metadata.valid_until(), None);
    assert_eq!(metadata.entity_id().as_str(), IDP);
}
