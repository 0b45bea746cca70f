//! Messages that arrive in another way than by the form of the HTTP-POST binding.

use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::Write as _;

use crate::rehearse::case::{Case, Judgement, Kind, Theme, Trouble, script};
use crate::rehearse::judge::judge_hostile;
use crate::rehearse::scene::{Begun, Scene, URLENCODED};
use crate::xml::encode_base64;

const POST: &str = "Take SAMLResponse from the body of a POST alone, once, in base64.";
const ONCE: &str = "Refuse a form in which a field is there twice.";
const WHY_GET: &str =
    "Addresses end up in logs, histories and Referer headers; and links need no form.";
const WHY_TWICE: &str = "A filter in front may look at one, the service provider at the other.";

pub(super) const THEME: Theme = Theme {
    id: "bindings",
    title: "Bindings and forms",
    about: "Genuine responses that come by a link, twice, or in another encoding.",
    cases: CASES,
};

/// Posts fields that are made of a genuine response, and judges.
fn fields(
    scene: &mut Scene<'_>,
    make: impl FnOnce(&Scene<'_>, &Begun, String) -> Result<Vec<(String, String)>, Trouble>,
) -> Result<Judgement, Trouble> {
    let mut browser = scene.browser();
    let begun = scene.begin(&mut browser)?;
    let xml = scene.maker(&begun).response()?;
    let mut fields = make(scene, &begun, xml)?;
    if let Some(state) = &begun.sign_in.relay_state {
        fields.push(("RelayState".to_owned(), state.clone()));
    }
    let fields: Vec<_> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let way = scene.deliver_fields(&mut browser, &begun, &fields);
    let who = scene.who(&mut browser);
    Ok(judge_hostile(scene.setup, &way, &who, false))
}

fn value(
    scene: &mut Scene<'_>,
    encode: impl FnOnce(&str) -> Result<String, Trouble>,
) -> Result<Judgement, Trouble> {
    fields(scene, |_, _, xml| Ok(vec![("SAMLResponse".to_owned(), encode(&xml)?)]))
}

fn response(value: &str) -> (String, String) {
    ("SAMLResponse".to_owned(), value.to_owned())
}

fn deflated(xml: &str) -> Result<Vec<u8>, Trouble> {
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(xml.as_bytes()).map_err(|error| Trouble::made(&error))?;
    deflate.finish().map_err(|error| Trouble::made(&error))
}

/// Brings a genuine response in the query of a link.
fn by_link(scene: &mut Scene<'_>, is_deflated: bool) -> Result<Judgement, Trouble> {
    let mut browser = scene.browser();
    let begun = scene.begin(&mut browser)?;
    let xml = scene.maker(&begun).response()?;
    let bytes = if is_deflated { deflated(&xml)? } else { xml.into_bytes() };
    let mut url = begun.acs.clone();
    url.query_pairs_mut().append_pair("SAMLResponse", &encode_base64(&bytes));
    if let Some(state) = &begun.sign_in.relay_state {
        url.query_pairs_mut().append_pair("RelayState", state);
    }
    let way = browser.come_to(&url);
    scene.walked(&way);
    let who = scene.who(&mut browser);
    Ok(judge_hostile(scene.setup, &way, &who, false))
}

/// Posts a body as it is.
fn body(
    scene: &mut Scene<'_>,
    content_type: &str,
    make: fn(&str) -> String,
) -> Result<Judgement, Trouble> {
    let mut browser = scene.browser();
    let begun = scene.begin(&mut browser)?;
    let response = encode_base64(scene.maker(&begun).response()?.as_bytes());
    let way = scene.deliver_body(&mut browser, &begun, content_type, make(&response).as_bytes());
    let who = scene.who(&mut browser);
    Ok(judge_hostile(scene.setup, &way, &who, false))
}

const CASES: &[Case] = &[
    script("link", Kind::Hostile, "A genuine response in a link", WHY_GET, POST, |s| {
        by_link(s, false)
    }),
    script(
        "link-deflated",
        Kind::Hostile,
        "A genuine response by the redirect binding",
        "The browser profile forbids it for responses (Profiles 4.1.2).",
        POST,
        |s| by_link(s, true),
    ),
    script(
        "query-and-body",
        Kind::Hostile,
        "A genuine response in the query of an empty POST",
        WHY_GET,
        POST,
        |scene| {
            let mut browser = scene.browser();
            let mut begun = scene.begin(&mut browser)?;
            let xml = scene.maker(&begun).response()?;
            begun.acs.query_pairs_mut().append_pair("SAMLResponse", &encode_base64(xml.as_bytes()));
            let way = scene.deliver_body(&mut browser, &begun, URLENCODED, b"");
            let who = scene.who(&mut browser);
            Ok(judge_hostile(scene.setup, &way, &who, false))
        },
    ),
    script(
        "field-twice",
        Kind::Hostile,
        "A genuine response and a forged one",
        WHY_TWICE,
        ONCE,
        |s| {
            fields(s, |scene, begun, xml| {
                let maker = scene.maker(begun);
                let forged = maker.draft_for(maker.victim())?.xml;
                Ok(vec![
                    response(&encode_base64(xml.as_bytes())),
                    response(&encode_base64(forged.as_bytes())),
                ])
            })
        },
    ),
    script(
        "field-twice-reversed",
        Kind::Hostile,
        "A forged response and a genuine one",
        WHY_TWICE,
        ONCE,
        |s| {
            fields(s, |scene, begun, xml| {
                let maker = scene.maker(begun);
                let forged = maker.draft_for(maker.victim())?.xml;
                Ok(vec![
                    response(&encode_base64(forged.as_bytes())),
                    response(&encode_base64(xml.as_bytes())),
                ])
            })
        },
    ),
    script(
        "field-array",
        Kind::Hostile,
        "The field is called SAMLResponse[]",
        "Some languages make a list of it.",
        POST,
        |s| {
            fields(s, |_, _, xml| {
                Ok(vec![("SAMLResponse[]".to_owned(), encode_base64(xml.as_bytes()))])
            })
        },
    ),
    script(
        "field-other-case",
        Kind::Hostile,
        "The field is called samlresponse",
        "Names of fields have one case (Bindings 3.5.4).",
        POST,
        |s| {
            fields(s, |_, _, xml| {
                Ok(vec![("samlresponse".to_owned(), encode_base64(xml.as_bytes()))])
            })
        },
    ),
    script(
        "field-missing",
        Kind::Hostile,
        "No SAMLResponse",
        "There is nothing to judge.",
        POST,
        |s| fields(s, |_, _, _| Ok(Vec::new())),
    ),
    script(
        "field-empty",
        Kind::Hostile,
        "An empty SAMLResponse",
        "There is nothing to judge.",
        POST,
        |s| value(s, |_| Ok(String::new())),
    ),
    script(
        "field-request",
        Kind::Hostile,
        "A response in the field SAMLRequest",
        "It is for requests.",
        POST,
        |s| {
            fields(s, |_, _, xml| {
                Ok(vec![("SAMLRequest".to_owned(), encode_base64(xml.as_bytes()))])
            })
        },
    ),
    script(
        "artifact",
        Kind::Hostile,
        "An artifact in the place of a response",
        "Whoever resolves it makes requests for the sender.",
        POST,
        |s| {
            fields(s, |_, _, _| {
                Ok(vec![("SAMLart".to_owned(), encode_base64(&[0, 4, 0, 0].repeat(11)))])
            })
        },
    ),
    script(
        "encoding-none",
        Kind::Hostile,
        "The XML itself, without base64",
        "It is no base64.",
        POST,
        |s| value(s, |xml| Ok(xml.to_owned())),
    ),
    script(
        "encoding-deflate",
        Kind::Hostile,
        "Compressed, as the redirect binding does it",
        "The POST binding does not compress; and whoever expands it can be flooded.",
        POST,
        |s| value(s, |xml| Ok(encode_base64(&deflated(xml)?))),
    ),
    script("encoding-twice", Kind::Hostile, "Base64 of base64", "It is no XML.", POST, |s| {
        value(s, |xml| Ok(encode_base64(encode_base64(xml.as_bytes()).as_bytes())))
    }),
    script(
        "encoding-junk",
        Kind::Hostile,
        "Base64 with other characters in between",
        "Readers that pass over them read something else than those that do not.",
        POST,
        |s| value(s, |xml| Ok(format!("%$#{}", encode_base64(xml.as_bytes())))),
    ),
    script(
        "encoding-cut",
        Kind::Hostile,
        "Base64 without its last characters",
        "It is not whole.",
        POST,
        |s| {
            value(s, |xml| {
                let mut text = encode_base64(xml.as_bytes());
                text.truncate(text.len().saturating_sub(5));
                Ok(text)
            })
        },
    ),
    script(
        "body-json",
        Kind::Hostile,
        "The fields as JSON",
        "A page of another site can send it without a form.",
        POST,
        |s| body(s, "application/json", |response| format!("{{\"SAMLResponse\":\"{response}\"}}")),
    ),
    script("body-text", Kind::Hostile, "The fields as plain text", "It is no form.", POST, |s| {
        body(s, "text/plain", |response| format!("SAMLResponse={response}"))
    }),
    script(
        "body-xml",
        Kind::Hostile,
        "The response as it is, as XML",
        "It is no form.",
        POST,
        |s| body(s, "application/xml", |response| response.to_owned()),
    ),
];
