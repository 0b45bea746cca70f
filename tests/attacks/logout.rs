//! Log-out messages: whose they are, what they cover, and by which binding they come.

use actix_saml::crypto::SignatureAlgorithm;
use actix_saml::dsig::{AlgorithmRole, DsigError};
use actix_saml::saml::binding::{
    MessageParameter, RedirectMessage, redirect_message_url, redirect_url,
};
use actix_saml::saml::logout::{
    LogoutExpectations, LogoutOutcome, LogoutRejection, LogoutRequest, LogoutResponse, LogoutTime,
    MAX_SESSION_INDEXES, ReceivedLogout, peek_logout_issuer, validate_logout_request,
    validate_logout_response,
};
use actix_saml::saml::{ClockSkew, EntityId, Keys, NameIdFault, names};
use actix_saml::xml::{GrammarError, XmlError, encode_base64};
use actix_saml::xmlenc::{DecryptError, EncryptionStyle, encrypt};
use chrono::TimeDelta;
use proptest::prelude::*;
use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::fixture::{
    ADMIN, ASSERTION_ID, CONFIRMED_UNTIL, Draft, IDP, ISSUED, Message, NURSE, edit, honest,
    instant, now,
};
use crate::keys_of_tests::{FOREIGN_KEY, IDP_KEY, Pair, SP_KEY};
use crate::recipient::{self, CBC};
use crate::refusal::{missing, reference, unexpected, unexpected_attribute};
use crate::surgery::{element, without};

const SLO: &str = "https://rota.example.nhs.uk/saml/slo";
const ID: &str = "_8a4d9f60-5c1b-4c55-8d0b-6a5d9c0e7701";
const EVIL: &str = "_0000e411-0000-4000-8000-00000000e411";
const OUR_REQUEST: &str = "_0123456789abcdef0123456789abcdef01234567";
const RSA: SignatureAlgorithm = SignatureAlgorithm::RsaSha256;

pub fn expect() -> LogoutExpectations {
    LogoutExpectations {
        idp: EntityId::new(IDP).unwrap(),
        slo_url: SLO.to_owned(),
        clock_skew: ClockSkew::from_seconds(120).unwrap(),
    }
}

fn with_xml(xml: String) -> Draft {
    Draft { xml, ..Draft::adfs() }
}

/// As AD FS writes it.
pub fn request() -> Draft {
    let (protocol, assertion) = (names::PROTOCOL, names::ASSERTION);
    with_xml(format!(
        r#"<samlp:LogoutRequest ID="{ID}" Version="2.0" IssueInstant="{ISSUED}" Destination="{SLO}" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" NotOnOrAfter="{CONFIRMED_UNTIL}" xmlns:samlp="{protocol}"><Issuer xmlns="{assertion}">{IDP}</Issuer><NameID xmlns="{assertion}">{NURSE}</NameID><samlp:SessionIndex>{ASSERTION_ID}</samlp:SessionIndex></samlp:LogoutRequest>"#
    ))
}

fn response() -> Draft {
    let (protocol, assertion) = (names::PROTOCOL, names::ASSERTION);
    let success = names::SUCCESS;
    with_xml(format!(
        r#"<samlp:LogoutResponse ID="{ID}" Version="2.0" IssueInstant="{ISSUED}" Destination="{SLO}" InResponseTo="{OUR_REQUEST}" xmlns:samlp="{protocol}"><Issuer xmlns="{assertion}">{IDP}</Issuer><samlp:Status><samlp:StatusCode Value="{success}" /></samlp:Status></samlp:LogoutResponse>"#
    ))
}

fn signed(draft: Draft) -> String {
    draft.sign(ID).xml
}

fn verdict_by(xml: &str, keys: &Keys) -> Result<LogoutRequest, LogoutRejection> {
    let message = Message(xml.to_owned());
    crate::witness::watch(&message, keys, LogoutRejection::code, || judge(xml, keys))
}

/// Without witnesses.
fn judge(xml: &str, keys: &Keys) -> Result<LogoutRequest, LogoutRejection> {
    let post = ReceivedLogout::Post { field: MessageParameter::Request, xml: xml.as_bytes() };
    validate_logout_request(post, &expect(), keys, now())
}

/// By HTTP-POST.
fn verdict(xml: &str) -> Result<LogoutRequest, LogoutRejection> {
    verdict_by(xml, &IDP_KEY.alone())
}

/// By HTTP-Redirect.
fn query_verdict(query: &str) -> Result<LogoutRequest, LogoutRejection> {
    query_verdict_by(query, &IDP_KEY.alone())
}

fn query_verdict_by(query: &str, keys: &Keys) -> Result<LogoutRequest, LogoutRejection> {
    let message = RedirectMessage::read(query).unwrap();
    validate_logout_request(ReceivedLogout::Redirect(&message), &expect(), keys, now())
}

fn query(parameter: MessageParameter, xml: &str, relay_state: Option<&str>) -> String {
    let key = Some((&IDP_KEY.key, RSA));
    let url = Url::parse(SLO).unwrap();
    let url = redirect_message_url(&url, parameter, xml, relay_state, key).unwrap();
    url.query().unwrap().to_owned()
}

/// The honest request as a query.
fn request_query() -> String {
    query(MessageParameter::Request, &request().xml, Some("a+b/c=d e"))
}

/// The same with escapes in lower case, as AD FS and Entra write them, signed like that.
fn in_lower_case(query: &str) -> String {
    let (octets, _) = query.split_once("&Signature=").unwrap();
    let mut octets = octets.to_owned();
    let places: Vec<_> = octets.match_indices('%').map(|(at, _)| at).collect();
    for at in places {
        let lower = octets[at..at + 3].to_lowercase();
        octets.replace_range(at..at + 3, &lower);
    }
    let signature = encode_base64(&IDP_KEY.key.sign(RSA, octets.as_bytes()).unwrap());
    format!("{octets}&Signature={}", byte_serialize(signature.as_bytes()).collect::<String>())
}

fn answer_verdict(xml: &str) -> Result<LogoutResponse, LogoutRejection> {
    let field = MessageParameter::Response;
    let post = ReceivedLogout::Post { field, xml: xml.as_bytes() };
    let (message, keys) = (Message(xml.to_owned()), IDP_KEY.alone());
    crate::witness::watch(&message, &keys, LogoutRejection::code, || {
        validate_logout_response(post, &expect(), OUR_REQUEST, &keys, now())
    })
}

#[track_caller]
fn refused(xml: &str, expected: impl Into<LogoutRejection>) {
    assert_eq!(verdict(xml), Err(expected.into()), "{xml}");
}

/// Signed by the identity provider as it stands, and refused all the same.
#[track_caller]
fn refused_although_signed(from: &str, to: &str, expected: impl Into<LogoutRejection>) {
    let expected = expected.into();
    let changed = request().edit(from, to);
    let by_query = query(MessageParameter::Request, &changed.xml, None);
    assert_eq!(query_verdict(&by_query), Err(expected.clone()), "{to}");
    refused(&signed(changed), expected);
}

fn other_message(found: &str) -> LogoutRejection {
    LogoutRejection::OtherMessage { expected: "LogoutRequest", found: found.to_owned() }
}

fn misplaced(element: &str) -> LogoutRejection {
    LogoutRejection::Misplaced { element: element.to_owned() }
}

const MISMATCH: LogoutRejection =
    LogoutRejection::Signature(DsigError::SignatureMismatch { keys: 1 });

#[test]
fn control() {
    let xml = signed(request());
    assert_eq!(peek_logout_issuer(xml.as_bytes()), Ok(Some(IDP.to_owned())));
    for accepted in [
        verdict(&xml),
        query_verdict(&request_query()),
        query_verdict(&in_lower_case(&request_query())),
        query_verdict(&query(MessageParameter::Request, &request().xml, None)),
    ] {
        let accepted = accepted.unwrap();
        assert_eq!(accepted.id(), ID);
        assert_eq!(accepted.issuer().as_str(), IDP);
        assert_eq!(accepted.name_id().value, NURSE);
        assert_eq!(accepted.name_id().format, None);
        assert_eq!(accepted.session_indexes(), [ASSERTION_ID]);
        assert_eq!(accepted.usable_until(), instant(CONFIRMED_UNTIL));
        assert_eq!((accepted.signing_key(), accepted.uses_sha1()), (0, false));
    }
    // Neither the end nor the index needs to be there, and what is foreign may be.
    let bare = request()
        .edit(&format!(" NotOnOrAfter=\"{CONFIRMED_UNTIL}\""), "")
        .edit(&format!("<samlp:SessionIndex>{ASSERTION_ID}</samlp:SessionIndex>"), "")
        .edit("</Issuer>", "</Issuer><samlp:Extensions><x xmlns=\"urn:x\"/></samlp:Extensions>");
    let accepted = verdict(&signed(bare)).unwrap();
    assert!(accepted.session_indexes().is_empty());
    assert_eq!(accepted.usable_until(), instant(ISSUED) + TimeDelta::minutes(5));
}

/// Anybody can write one. Only the identity provider can sign one.
#[test]
fn slo_forged() {
    refused(&request().xml, LogoutRejection::Unsigned);
    let octets = request_query();
    let (octets, _) = octets.split_once("&SigAlg=").unwrap();
    assert_eq!(query_verdict(octets), Err(LogoutRejection::Unsigned));
    let foreign = || request().key(&FOREIGN_KEY);
    refused(&signed(foreign()), MISMATCH);
    let changed = edit(&signed(request()), NURSE, ADMIN);
    refused(&changed, LogoutRejection::Signature(DsigError::DigestMismatch));
    let url = Url::parse(SLO).unwrap();
    let key = Some((&FOREIGN_KEY.key, RSA));
    let by_query = redirect_url(&url, &request().xml, "x", key).unwrap();
    assert_eq!(query_verdict(by_query.query().unwrap()), Err(MISMATCH));
    // A query is not signed by what is in the message, nor a form by a query.
    let inside = query(MessageParameter::Request, &signed(request()), None);
    assert_eq!(query_verdict(&inside), Err(LogoutRejection::SignatureInside));
    let (alone, _) = inside.split_once("&SigAlg=").unwrap();
    assert_eq!(query_verdict(alone), Err(LogoutRejection::SignatureInside));
}

#[test]
fn slo_forged_by_a_broken_algorithm() {
    let old = request().algorithm(SignatureAlgorithm::RsaSha1);
    let uri = SignatureAlgorithm::RsaSha1.uri();
    let not_allowed = || {
        let (role, uri) = (AlgorithmRole::Signature, uri.to_owned());
        LogoutRejection::Signature(DsigError::Algorithm { role, uri })
    };
    let by_post = signed(old);
    refused(&by_post, not_allowed());
    let url = Url::parse(SLO).unwrap();
    let key = Some((&IDP_KEY.key, SignatureAlgorithm::RsaSha1));
    let url = redirect_url(&url, &request().xml, "x", key).unwrap();
    assert_eq!(query_verdict(url.query().unwrap()), Err(not_allowed()));

    // As in a sign-in, until the day that an operator has named, and no longer.
    let mut keys = IDP_KEY.alone();
    keys.dangerous().accept_sha1_signatures_until(now() + TimeDelta::hours(1));
    let message = RedirectMessage::read(url.query().unwrap()).unwrap();
    let at = |now| {
        let redirect = ReceivedLogout::Redirect(&message);
        validate_logout_request(redirect, &expect(), &keys, now)
    };
    assert!(at(now()).unwrap().uses_sha1());
    assert!(verdict_by(&by_post, &keys).unwrap().uses_sha1());
    assert_eq!(at(now() + TimeDelta::hours(1)), Err(not_allowed()));
}

/// The forged request around, beside and inside the signed one.
#[test]
fn slo_xsw() {
    let original = signed(request());
    let signature = element(&original, "Signature", 0);
    let bare = without(&original, "Signature");
    let forged = edit(&edit(&bare, ID, EVIL), NURSE, ADMIN);
    let with_signature = |with: &str| edit(&forged, "</Issuer>", &format!("</Issuer>{with}"));
    let stolen = with_signature(&signature);
    let id_differs = LogoutRejection::Signature(reference(EVIL, &format!("#{ID}")));
    refused(&stolen, id_differs.clone());
    refused(&edit(&stolen, EVIL, ID), LogoutRejection::Signature(DsigError::DigestMismatch));

    // The original inside the signature, in an object, in extensions, and wherever else.
    let into =
        |inside: &str| edit(&signature, "</ds:Signature>", &format!("{inside}</ds:Signature>"));
    refused(&with_signature(&into(&bare)), misplaced("LogoutRequest"));
    let object = format!("<ds:Object>{bare}</ds:Object>");
    refused(&with_signature(&into(&object)), misplaced("LogoutRequest"));
    for hidden in [&bare, &original, &format!("<x xmlns=\"urn:x\">{bare}</x>")] {
        let extensions = format!("{signature}<samlp:Extensions>{hidden}</samlp:Extensions>");
        let wrapped = with_signature(&extensions);
        refused(&wrapped, misplaced("LogoutRequest"));
        let same_id =
            edit(&edit(&forged, EVIL, ID), "</Issuer>", &format!("</Issuer>{extensions}"));
        refused(&same_id, XmlError::DuplicateId);
    }
    // Beside: as a child of the forged one, in front of and behind the name.
    let child = edit(&stolen, "<NameID", &format!("{bare}<NameID"));
    refused(&child, id_differs.clone());
    let nested = edit(&forged, "<NameID", &format!("{original}<NameID"));
    refused(&nested, misplaced("Signature"));
    let nested = edit(&forged, "</samlp:LogoutRequest>", &format!("{bare}</samlp:LogoutRequest>"));
    refused(&nested, LogoutRejection::Unsigned);
    // The signature in another place.
    let last = edit(&bare, "</samlp:LogoutRequest>", &format!("{signature}</samlp:LogoutRequest>"));
    refused(&last, LogoutRejection::Unsigned);
    let twice = edit(&original, "<NameID", &format!("{signature}<NameID"));
    let LogoutRejection::Signature(_) = verdict(&twice).unwrap_err() else { panic!("{twice}") };
    // By redirect, the query's signature is over what is read, and wrapped ones do not help.
    let query = query(MessageParameter::Request, &nested, None);
    assert_eq!(query_verdict(&query), Err(unexpected("LogoutRequest", "LogoutRequest").into()));
}

/// What the same key has signed for another purpose.
#[test]
fn slo_type() {
    refused(&honest().0, other_message("Response"));
    let all = Draft::adfs().both_signed().0;
    refused(&all, other_message("Response"));
    refused(&honest().assertion(), other_message("Assertion"));
    refused(&signed(response()), other_message("LogoutResponse"));
    let metadata = with_xml(format!(
        r#"<EntityDescriptor ID="{ID}" entityID="{IDP}" xmlns="{}"><Issuer xmlns="{}">{IDP}</Issuer></EntityDescriptor>"#,
        names::METADATA,
        names::ASSERTION
    ));
    refused(&signed(metadata), other_message("EntityDescriptor"));
    let authn = with_xml(request().xml.replace("LogoutRequest", "AuthnRequest"));
    refused(&signed(authn), other_message("AuthnRequest"));
    // Right in itself, in the field of the other.
    let xml = signed(request());
    let field = MessageParameter::Response;
    let post = ReceivedLogout::Post { field, xml: xml.as_bytes() };
    let verdict = validate_logout_request(post, &expect(), &IDP_KEY.alone(), now());
    assert_eq!(verdict, Err(other_message("LogoutRequest")));
    let query = query(MessageParameter::Response, &request().xml, None);
    assert_eq!(query_verdict(&query), Err(other_message("LogoutRequest")));
    // The signature of an assertion on a request, and the assertion inside of one.
    let signature = honest().element("Signature");
    let taken = edit(&request().xml, "</Issuer>", &format!("</Issuer>{signature}"));
    let wrong = reference(ID, &format!("#{ASSERTION_ID}"));
    refused(&taken, LogoutRejection::Signature(wrong));
    let assertion = honest().assertion();
    let inside = edit(&request().xml, "<NameID", &format!("{assertion}<NameID"));
    refused(&inside, misplaced("Assertion"));
    // And a log-out message is no response.
    Message(xml).refused(crate::refusal::not_response("LogoutRequest"));
}

#[test]
fn slo_issuer() {
    for other in ["", "http://fs.test.nhs.example/adfs/services/trust/", "urn:other", " "] {
        let (expected, found) = (IDP.to_owned(), Some(other.to_owned()));
        let rejection = LogoutRejection::Issuer { expected, found };
        let to = format!(">{other}</Issuer>");
        refused_although_signed(&format!(">{IDP}</Issuer>"), &to, rejection);
    }
    let issuer = format!("<Issuer xmlns=\"{}\">{IDP}</Issuer>", names::ASSERTION);
    let none = request().edit(&issuer, "");
    let none = query(MessageParameter::Request, &none.xml, None);
    assert_eq!(query_verdict(&none), Err(unexpected("LogoutRequest", "NameID").into()));

    // Entra's other name, for the same tenant.
    let tenant = "37c354b2-85b0-47f5-b222-07b48d774ee3";
    let expect = LogoutExpectations {
        idp: EntityId::new(format!("https://sts.windows.net/{tenant}/")).unwrap(),
        ..expect()
    };
    let verdict = |tenant: &str| {
        let name = format!("https://login.microsoftonline.com/{tenant}/");
        let xml = signed(request().edit(IDP, &name));
        let post = ReceivedLogout::Post { field: MessageParameter::Request, xml: xml.as_bytes() };
        validate_logout_request(post, &expect, &IDP_KEY.alone(), now())
    };
    assert_eq!(verdict(tenant).unwrap().issuer(), &expect.idp);
    assert_eq!(verdict(&tenant.replace('3', "4")).unwrap_err().code(), "issuer");
}

#[test]
fn slo_destination() {
    let expected = || SLO.to_owned();
    let attribute = format!(" Destination=\"{SLO}\"");
    for other in [
        "",
        "https://rota.example.nhs.uk/saml/acs",
        "https://rota.example.nhs.uk/saml/slo/",
        "https://other.example/saml/slo",
    ] {
        let rejection =
            LogoutRejection::Destination { expected: expected(), found: Some(other.to_owned()) };
        refused_although_signed(&attribute, &format!(" Destination=\"{other}\""), rejection);
    }
    let rejection = LogoutRejection::Destination { expected: expected(), found: None };
    refused_although_signed(&attribute, "", rejection);
}

#[test]
fn slo_time() {
    let at = |text: &str| {
        let xml = signed(request());
        let post = ReceivedLogout::Post { field: MessageParameter::Request, xml: xml.as_bytes() };
        validate_logout_request(post, &expect(), &IDP_KEY.alone(), instant(text))
    };
    let skew_seconds = 120;
    let expired = |bound, at: &str, now: &str| LogoutRejection::Expired {
        bound,
        at: instant(at),
        now: instant(now),
        skew_seconds,
    };
    // Five minutes, and the tolerance on either side.
    assert!(at("2026-11-22T10:06:59.999Z").is_ok());
    let late = "2026-11-22T10:07:00.000Z";
    assert_eq!(at(late), Err(expired(LogoutTime::IssueInstant, ISSUED, late)));
    assert!(at("2026-11-22T09:58:00.000Z").is_ok());
    let early = "2026-11-22T09:57:59.999Z";
    let (issued, now) = (instant(ISSUED), instant(early));
    assert_eq!(at(early), Err(LogoutRejection::NotYetValid { at: issued, now, skew_seconds }));

    let until = |text: &str| format!("NotOnOrAfter=\"{text}\"");
    let honest = until(CONFIRMED_UNTIL);
    let ends = "2026-11-22T09:58:05.000Z";
    let now = "2026-11-22T10:00:05.000Z";
    let rejection = expired(LogoutTime::NotOnOrAfter, ends, now);
    refused_although_signed(&honest, &until(ends), rejection);
    let later = signed(request().edit(&honest, &until("2026-11-22T09:58:05.001Z")));
    assert_eq!(verdict(&later).unwrap().usable_until(), instant("2026-11-22T09:58:05.001Z"));
    // A late end makes no old message young.
    let far = signed(request().edit(&honest, &until("2030-01-01T00:00:00Z")));
    let end = instant(ISSUED) + TimeDelta::minutes(5);
    assert_eq!(verdict(&far).unwrap().usable_until(), end);
    for garbage in ["", "2026-11-22", "2026-11-22T10:00:00+00:00", "never"] {
        let time = |bound| LogoutRejection::Time { bound, found: garbage.to_owned() };
        refused_although_signed(&honest, &until(garbage), time(LogoutTime::NotOnOrAfter));
        let issued = format!("IssueInstant=\"{ISSUED}\"");
        let to = format!("IssueInstant=\"{garbage}\"");
        refused_although_signed(&issued, &to, time(LogoutTime::IssueInstant));
    }
    let issued = format!(" IssueInstant=\"{ISSUED}\"");
    let none = crate::refusal::missing_attribute("LogoutRequest", "IssueInstant");
    refused_although_signed(&issued, "", none);
}

#[test]
fn slo_grammar() {
    let version = |found: &str| LogoutRejection::Version { found: found.to_owned() };
    refused_although_signed("Version=\"2.0\"", "Version=\"1.1\"", version("1.1"));
    for (from, to, found) in [
        (" Consent=", " InResponseTo=\"_x\" Consent=", "InResponseTo"),
        (" Consent=", " x=\"\" Consent=", "x"),
        ("<samlp:SessionIndex>", "<samlp:SessionIndex x=\"\">", "x"),
        ("<NameID ", "<NameID x=\"\" ", "x"),
    ] {
        let parent = if to.starts_with("<samlp:S") {
            "SessionIndex"
        } else if to.starts_with("<N") {
            "NameID"
        } else {
            "LogoutRequest"
        };
        refused_although_signed(from, to, unexpected_attribute(parent, found));
    }
    let end = "</samlp:LogoutRequest>";
    let name = format!("<NameID xmlns=\"{}\">{NURSE}</NameID>", names::ASSERTION);
    for (from, to, found) in [
        (end, format!("<x xmlns=\"urn:x\"/>{end}"), "x"),
        (end, format!("<samlp:Status/>{end}"), "Status"),
        (end, format!("{name}{end}"), "NameID"),
        (name.as_str(), format!("{name}{name}"), "NameID"),
        (name.as_str(), format!("<x xmlns=\"urn:x\"/>{name}"), "x"),
        (name.as_str(), String::new(), "SessionIndex"),
    ] {
        refused_although_signed(from, &to, unexpected("LogoutRequest", found));
    }
    let index = format!("<samlp:SessionIndex>{ASSERTION_ID}</samlp:SessionIndex>");
    let nobody = request().edit(&index, "").edit(&name, "");
    refused(&signed(nobody), missing("LogoutRequest", "NameID"));
    let base = format!("<BaseID xmlns=\"{}\"/>", names::ASSERTION);
    refused_although_signed(&name, &base, LogoutRejection::BaseId);
    let comment = format!("{NURSE}<!-- -->.evil");
    let markup = GrammarError::MarkupInValue { parent: "NameID".to_owned() };
    refused_although_signed(NURSE, &comment, markup);
    // An ID that is none cannot be signed inside, but a query can.
    let no_id = request().edit(&format!(" ID=\"{ID}\""), "");
    let no_id = query(MessageParameter::Request, &no_id.xml, None);
    assert_eq!(query_verdict(&no_id), Err(LogoutRejection::Id));
}

#[test]
fn slo_names_and_indexes() {
    for (name, fault) in [
        ("", NameIdFault::Blank),
        (" ", NameIdFault::Blank),
        ("a\u{200b}b", NameIdFault::InvisibleCharacter),
    ] {
        refused_although_signed(NURSE, name, LogoutRejection::NameId(fault));
    }
    // An index that names no session must not stand for all of them.
    let index = format!(">{ASSERTION_ID}<");
    for blank in ["><", "> \n<"] {
        let what = "SessionIndex";
        refused_although_signed(&index, blank, GrammarError::InvalidValue { what });
    }
    let element = format!("<samlp:SessionIndex>{ASSERTION_ID}</samlp:SessionIndex>");
    let many = |count: usize| {
        let all: String =
            (0..count).map(|n| format!("<samlp:SessionIndex>_{n}</samlp:SessionIndex>")).collect();
        signed(request().edit(&element, &all))
    };
    let most = MAX_SESSION_INDEXES;
    assert_eq!(verdict(&many(most)).unwrap().session_indexes().len(), most);
    refused(&many(most + 1), LogoutRejection::SessionIndexes { limit: most });
}

/// The name may come encrypted to us. It is opened when the signature around it is good, and not
/// before; whatever is wrong with it has one code.
#[test]
fn slo_encrypted_name() {
    let name = |value: &str| format!("<NameID xmlns=\"{}\">{value}</NameID>", names::ASSERTION);
    let plain = name(NURSE);
    let with = |inside: &str| {
        let part = format!("<EncryptedID xmlns=\"{}\">{inside}</EncryptedID>", names::ASSERTION);
        request().edit(&plain, &part)
    };
    let to = |pair: &Pair, plaintext: &str, style: &EncryptionStyle| {
        with(&encrypt(plaintext, &pair.certificate, style).unwrap())
    };
    let both = |draft: &Draft, keys: &Keys| {
        let by_query = query(MessageParameter::Request, &draft.xml, None);
        let verdicts =
            [verdict_by(&signed(draft.clone()), keys), query_verdict_by(&by_query, keys)];
        let [post, redirect] = &verdicts;
        assert_eq!(post, redirect, "{}", draft.xml);
        post.clone()
    };
    let fails = |error: DecryptError| Err(LogoutRejection::Decryption(error));
    let keys = recipient::keys();
    for style in recipient::styles() {
        let draft = to(&SP_KEY, &plain, &style);
        assert!(!draft.xml.contains(NURSE));
        let accepted = both(&draft, &keys).unwrap();
        assert_eq!(accepted, both(&request(), &keys).unwrap());
        assert_eq!(accepted.name_id().value, NURSE);
        // Without a key there is nothing to open it with.
        assert_eq!(both(&draft, &IDP_KEY.alone()), fails(DecryptError::NoKey));
    }
    let sealed = to(&SP_KEY, &plain, &CBC);
    let LogoutRejection::Unsigned = verdict_by(&sealed.xml, &keys).unwrap_err() else { panic!() };
    let changed = edit(&signed(sealed.clone()), "Consent=\"", "Consent=\"x");
    let mismatch = LogoutRejection::Signature(DsigError::DigestMismatch);
    assert_eq!(verdict_by(&changed, &keys), Err(mismatch));

    // For somebody else; no name; two of them; what does not end.
    assert_eq!(both(&to(&FOREIGN_KEY, &plain, &CBC), &keys), fails(DecryptError::Failed));
    let index = format!("<samlp:SessionIndex xmlns:samlp=\"{}\"/>", names::PROTOCOL);
    for plaintext in [&index, &format!("{plain}{plain}"), "<NameID", "", "x"] {
        let verdict = both(&to(&SP_KEY, plaintext, &CBC), &keys);
        assert_eq!(verdict, fails(DecryptError::Failed), "{plaintext}");
    }
    // One in the clear beside it.
    let beside = sealed.edit("</EncryptedID>", &format!("</EncryptedID>{plain}"));
    assert_eq!(both(&beside, &keys), Err(unexpected("LogoutRequest", "NameID").into()));
}

/// `RelayState`, order and spelling are those that were signed; see also `redirect`.
#[test]
fn redir_rs_of_log_out() {
    for query in [request_query(), in_lower_case(&request_query())] {
        query_verdict(&query).unwrap();
        let (before, rest) = query.split_once("&RelayState=").unwrap();
        let (_, after) = rest.split_once("&SigAlg=").unwrap();
        let swapped = format!("{before}&RelayState=x&SigAlg={after}");
        assert_eq!(query_verdict(&swapped), Err(MISMATCH));
        let dropped = format!("{before}&SigAlg={after}");
        assert_eq!(query_verdict(&dropped), Err(MISMATCH));
        let upper = query.to_uppercase();
        assert_ne!(upper, query);
    }
    // Written again by a gateway, in the other case: the same text, other octets.
    let lower = in_lower_case(&request_query());
    let (octets, signature) = lower.split_once("&Signature=").unwrap();
    let again = format!("{}&Signature={signature}", octets.replace("%2b", "%2B"));
    assert_eq!(query_verdict(&again), Err(MISMATCH));
}

#[test]
fn slo_answers() {
    let outcome = |draft: Draft| answer_verdict(&signed(draft)).unwrap().outcome().clone();
    assert_eq!(outcome(response()), LogoutOutcome::Done);
    let code = format!("<samlp:StatusCode Value=\"{}\" />", names::SUCCESS);
    let nested = |top: &str, second: &str| {
        format!(
            "<samlp:StatusCode Value=\"{top}\"><samlp:StatusCode Value=\"{second}\"/></samlp:StatusCode>"
        )
    };
    for top in [names::SUCCESS, names::RESPONDER] {
        let partial = response().edit(&code, &nested(top, names::PARTIAL_LOGOUT));
        assert_eq!(outcome(partial), LogoutOutcome::Partial);
    }
    let requester = "urn:oasis:names:tc:SAML:2.0:status:Requester";
    let failed = response().edit(names::SUCCESS, requester);
    let (code, sub_code) = (requester.to_owned(), None);
    assert_eq!(outcome(failed), LogoutOutcome::Failed { code, sub_code });

    // One that answers something else, or nothing.
    let attribute = format!(" InResponseTo=\"{OUR_REQUEST}\"");
    for (to, found) in [("", None), (" InResponseTo=\"_other\"", Some("_other"))] {
        let (expected, found) = (OUR_REQUEST.to_owned(), found.map(str::to_owned));
        let rejection = LogoutRejection::InResponseTo { expected, found };
        let xml = signed(response().edit(&attribute, to));
        assert_eq!(answer_verdict(&xml), Err(rejection));
    }
    assert_eq!(answer_verdict(&response().xml), Err(LogoutRejection::Unsigned));
    let found = "LogoutRequest".to_owned();
    let other = LogoutRejection::OtherMessage { expected: "LogoutResponse", found };
    assert_eq!(answer_verdict(&signed(request())), Err(other));
    let foreign = signed(response().key(&FOREIGN_KEY));
    assert_eq!(answer_verdict(&foreign), Err(MISMATCH));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is changed in a signed request, it is refused or says the same.
    #[test]
    fn slo_forged_by_mutation(at in any::<prop::sample::Index>(), with in "[ -~]{0,3}", cut in 0..3_usize) {
        let xml = signed(request());
        let at = at.index(xml.len());
        let end = (at + cut).min(xml.len());
        let changed = [&xml[..at], &with, &xml[end..]].concat();
        if let Ok(accepted) = judge(&changed, &IDP_KEY.alone()) {
            prop_assert_eq!(accepted, judge(&xml, &IDP_KEY.alone()).unwrap());
        }
    }
}
