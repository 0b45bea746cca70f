//! XML that is read in two ways, or that asks too much.

use crate::idp::Claim;
use crate::rehearse::browser::Silence;
use crate::rehearse::case::{Case, Judgement, Kind, Theme, Trouble, hostile, script, substitution};
use crate::rehearse::judge::{judge_hostile, timed_out};
use crate::rehearse::maker::{LONGER_MAIL, LONGER_NAME, Maker};
use crate::rehearse::scene::Scene;
use crate::rehearse::surgery::{
    add, after, before, inside, nth, replace, replace_all, set, set_text,
};
use crate::saml::names::{ASSERTION, PROTOCOL};

const DTD: &str = "Refuse every document with a DOCTYPE, before it is parsed any further.";
const TEXT: &str = "Take the whole text of an element, never its first or last piece; refuse \
                    comments, processing instructions and elements within it.";
const FORMED: &str = "Use a strict parser for XML 1.0 with namespaces, and use what it has read.";
const ROOT: &str = "Accept one root element alone: Response of SAML 2.0.";
const LIMITS: &str = "Limit the size of the form, the depth and the number of elements, before a tree \
                      is built.";

pub(super) const THEME: Theme = Theme {
    id: "markup",
    title: "XML",
    about: "Documents that two readers understand differently, that fetch something, or that are \
            too large.",
    cases: CASES,
};

fn doctype(m: &Maker<'_>, doctype: &str) -> Result<String, Trouble> {
    Ok(format!("{doctype}{}", m.response()?))
}

/// Names that are the victim's up to a cut, and genuine as a whole: the identity provider has signed
/// them for the sender, who has chosen them. The cut is made before or after the signature.
fn cut_names(m: &Maker<'_>, cut: &str, is_signed: bool) -> Result<String, Trouble> {
    let victim = m.victim();
    let (mail, name) = (victim.name_id.clone().unwrap_or_default(), victim.display_name.clone());
    let (whole_mail, whole_name) = (format!("{mail}{LONGER_MAIL}"), format!("{name}{LONGER_NAME}"));
    let mut person = m.person.clone().with_claim(Claim::new("DisplayName", [whole_name.as_str()]));
    person.name_id = Some(whole_mail.clone());
    person.display_name.clone_from(&whole_name);
    for claim in &mut person.claims {
        for value in claim.values.iter_mut().filter(|value| value.contains('@')) {
            value.clone_from(&whole_mail);
        }
    }
    let maker = m.with(|maker| maker.person = person);
    let edit = |xml: &str| {
        let xml = replace_all(xml, &whole_mail, &format!("{mail}{cut}{LONGER_MAIL}"))?;
        replace_all(&xml, &whole_name, &format!("{name}{cut}{LONGER_NAME}"))
    };
    if is_signed { maker.edited(edit) } else { maker.spoilt(edit) }
}

/// Refused or not: it must answer in time, and go on answering.
fn survives(
    scene: &mut Scene<'_>,
    make: fn(&Maker<'_>) -> Result<String, Trouble>,
) -> Result<Judgement, Trouble> {
    let mut browser = scene.browser();
    let begun = scene.begin(&mut browser)?;
    let xml = make(&scene.maker(&begun))?;
    let way = scene.deliver(&mut browser, &begun, &xml);
    if timed_out(&way) {
        return Ok(Judgement::bad("it did not answer in time: one message holds it up"));
    }
    let signed_in = scene.who(&mut browser).signed_in;
    let mut other = scene.browser();
    scene.sign_in(&mut other)?;
    if !scene.who(&mut other).signed_in {
        return Ok(Judgement::bad("nobody can sign in any more after this message"));
    }
    let closed = way.pages.first().is_some_and(|page| page.silence == Some(Silence::Closed));
    Ok(match (signed_in, closed) {
        (true, _) => Judgement::bad("accepted, whatever it asked for; expected: refused"),
        (false, true) => Judgement::good("it closed the connection, and goes on"),
        (false, false) => Judgement::good("refused, and it goes on"),
    })
}

fn bytes(scene: &mut Scene<'_>, make: fn(&str) -> Vec<u8>) -> Result<Judgement, Trouble> {
    let mut browser = scene.browser();
    let begun = scene.begin(&mut browser)?;
    let xml = scene.maker(&begun).response()?;
    let way = scene.deliver_bytes(&mut browser, &begun, &make(&xml));
    let who = scene.who(&mut browser);
    Ok(judge_hostile(scene.setup, &way, &who, false))
}

const CASES: &[Case] = &[
    hostile(
        "doctype",
        "A DOCTYPE without content",
        "SAML has no use for it, and it is where the trouble begins.",
        DTD,
        |m| doctype(m, "<!DOCTYPE Response>"),
    ),
    hostile(
        "doctype-entity",
        "A DOCTYPE with an entity",
        "Entities change what the text says.",
        DTD,
        |m| doctype(m, "<!DOCTYPE r [<!ENTITY e \"x\">]>"),
    ),
    hostile(
        "doctype-entity-used",
        "The name is written as an entity",
        "One reader resolves it, the other does not.",
        DTD,
        |m| {
            let xml = m.spoilt(|xml| set_text(xml, "NameID", "&e;"))?;
            Ok(format!("<!DOCTYPE r [<!ENTITY e \"test.user1@nhs.net\">]>{xml}"))
        },
    ),
    hostile(
        "doctype-external",
        "An entity from a file",
        "Whoever resolves it hands out files (XXE).",
        DTD,
        |m| {
            let xml = m.spoilt(|xml| set_text(xml, "NameID", "&e;"))?;
            Ok(format!("<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///nowhere/rehearsal\">]>{xml}"))
        },
    ),
    hostile(
        "doctype-network",
        "An external DTD from the network",
        "Whoever fetches it makes requests for the sender (SSRF).",
        DTD,
        |m| doctype(m, &format!("<!DOCTYPE r SYSTEM \"{}\">", m.setup.trap_url())),
    ),
    hostile(
        "doctype-parameter",
        "A parameter entity",
        "It is resolved before anybody looks.",
        DTD,
        |m| {
            doctype(
                m,
                &format!("<!DOCTYPE r [<!ENTITY % p SYSTEM \"{}\"> %p;]>", m.setup.trap_url()),
            )
        },
    ),
    hostile(
        "doctype-attribute",
        "A DTD that gives elements an attribute",
        "It changes what was signed, and what the ID is.",
        DTD,
        |m| doctype(m, "<!DOCTYPE r [<!ATTLIST Assertion ID ID #IMPLIED extra CDATA \"x\">]>"),
    ),
    script(
        "entity-expansion",
        Kind::Hostile,
        "Entities that multiply, a little",
        "Ten times ten times ten: with more steps it would fill the memory (billion laughs).",
        DTD,
        |s| {
            survives(s, |m| {
                doctype(
                    m,
                    "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \
            \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]>",
                )
            })
        },
    )
    .expecting("it answers in time, signs nobody in, and goes on"),
    substitution(
        "comment-in-name",
        "A comment cuts the NameID after the victim's name",
        "The canonical form leaves comments out, so the signature stays good; many interfaces give \
         only the text before the comment (VU#475445).",
        TEXT,
        |m| cut_names(m, "<!---->", false),
    ),
    substitution(
        "instruction-in-name",
        "A processing instruction cuts the NameID",
        "As with comments.",
        TEXT,
        |m| cut_names(m, "<?x?>", false),
    ),
    substitution(
        "cdata-in-name",
        "A CDATA section cuts the NameID",
        "CDATA is text like other text. The whole name is the sender's.",
        TEXT,
        |m| cut_names(m, "<![CDATA[]]>", false),
    ),
    substitution(
        "element-in-name",
        "An element cuts the NameID",
        "Names are text alone.",
        TEXT,
        |m| cut_names(m, "<x xmlns=\"urn:x\"/>", true),
    ),
    hostile(
        "comment-in-audience",
        "A comment cuts the audience after our name",
        "The whole audience is another service's.",
        TEXT,
        |m| {
            let ours = m.reply_to.audience.clone();
            let whole = format!("{ours}.elsewhere.example");
            let xml = m.with(|m| m.reply_to.audience = whole).response()?;
            replace(
                &xml,
                &format!("{ours}.elsewhere.example</Audience>"),
                &format!("{ours}<!---->.elsewhere.example</Audience>"),
            )
        },
    ),
    hostile(
        "comment-in-issuer",
        "A comment cuts the issuer after the provider's name",
        "The whole issuer is another provider.",
        TEXT,
        |m| {
            m.edited(|xml| {
                let issuer = nth(xml, "Issuer", 1)?;
                let name = &m.idp.entity_id;
                Ok(issuer.with(&format!("<Issuer>{name}<!---->.elsewhere.example</Issuer>")))
            })
        },
    ),
    hostile(
        "two-roots",
        "Two root elements",
        "One reader takes the first, the other the last.",
        FORMED,
        |m| {
            let xml = m.response()?;
            Ok(format!("{}{xml}", m.draft_for(m.victim())?.xml))
        },
    ),
    hostile("text-behind", "Text behind the root element", "It is no XML.", FORMED, |m| {
        Ok(format!("{}rehearsal", m.response()?))
    }),
    hostile("text-before", "Text before the root element", "It is no XML.", FORMED, |m| {
        Ok(format!("rehearsal{}", m.response()?))
    }),
    hostile(
        "nul-inside",
        "A NUL in the document",
        "It is no XML, and ends texts in some languages.",
        FORMED,
        |m| Ok(m.response()?.replacen("><", ">\0<", 1)),
    ),
    hostile(
        "duplicate-attribute",
        "An attribute that is there twice",
        "One reader takes the first, the other the last.",
        FORMED,
        |m| m.spoilt(|xml| add(xml, "Response", "Version=\"2.0\"")),
    ),
    hostile(
        "unbound-prefix",
        "A prefix that is bound to nothing",
        "It is no XML with namespaces.",
        FORMED,
        |m| m.spoilt(|xml| before(xml, "Status", "<nobody:Extensions/>")),
    ),
    hostile("unclosed", "The end is missing", "It is no XML.", FORMED, |m| {
        Ok(m.response()?.replace("</samlp:Response>", ""))
    }),
    hostile(
        "xml-1-1",
        "XML of version 1.1",
        "It has other characters, and no canonical form.",
        FORMED,
        |m| Ok(format!("<?xml version=\"1.1\"?>{}", m.response()?)),
    ),
    hostile(
        "same-id",
        "Response and assertion have the same ID",
        "Of two elements of one ID, one is verified and the other is read.",
        "Refuse a document in which two elements have the same ID.",
        |m| {
            m.spoilt(|xml| {
                let id = xml.split(" ID=\"").nth(2).and_then(|rest| rest.split_once('"'));
                let (id, _) = id.ok_or_else(|| Trouble::Made("no ID".to_owned()))?;
                set(xml, "Response", "ID", Some(id))
            })
        },
    ),
    hostile(
        "root-assertion",
        "An assertion without a response",
        "It is another document.",
        ROOT,
        |m| Ok(crate::rehearse::surgery::part(&m.response()?, "Assertion")?.text),
    ),
    hostile("root-soap", "The response in a SOAP envelope", "It is another document.", ROOT, |m| {
        Ok(format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{}\
            </s:Body></s:Envelope>",
            m.response()?
        ))
    }),
    hostile(
        "root-other-name",
        "The root is an ArtifactResponse",
        "It is another document.",
        ROOT,
        |m| Ok(m.response()?.replace("samlp:Response", "samlp:ArtifactResponse")),
    ),
    hostile(
        "root-other-namespace",
        "The root is a Response of another namespace",
        "Namespaces are compared byte for byte.",
        ROOT,
        |m| m.spoilt(|xml| replace(xml, PROTOCOL, "urn:oasis:names:tc:SAML:1.0:protocol")),
    ),
    hostile(
        "assertion-other-namespace",
        "The assertion is of SAML 1.1",
        "Namespaces are compared byte for byte.",
        ROOT,
        |m| m.spoilt(|xml| replace_all(xml, ASSERTION, "urn:oasis:names:tc:SAML:1.0:assertion")),
    ),
    hostile(
        "child-unknown",
        "An unknown element beside the assertion",
        "What is not understood must not be passed over here (schema).",
        "Check the children of Response against the schema.",
        |m| m.spoilt(|xml| inside(xml, "Response", "<x xmlns=\"urn:nobody:knows\"/>")),
    ),
    hostile(
        "child-twice",
        "Two Status elements",
        "Which one counts is anybody's guess.",
        "Check the children of Response against the schema.",
        |m| {
            m.spoilt(|xml| {
            let failed = "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:\
                          Responder\"/></samlp:Status>";
            after(xml, "Status", failed)
        })
        },
    ),
    script(
        "encoding-doctype",
        Kind::Hostile,
        "A DOCTYPE in UTF-16",
        "A search for bytes does not find it there.",
        DTD,
        |scene| {
            bytes(scene, |xml| {
                let text = format!("\u{feff}<!DOCTYPE r [<!ENTITY e \"x\">]>{xml}");
                text.encode_utf16().flat_map(u16::to_be_bytes).collect()
            })
        },
    ),
    script(
        "encoding-utf-7",
        Kind::Hostile,
        "A document that says it is in UTF-7",
        "In UTF-7 < can be written without <.",
        "Accept UTF-8 alone.",
        |scene| {
            bytes(scene, |xml| {
                format!("<?xml version=\"1.0\" encoding=\"UTF-7\"?>{xml}").into_bytes()
            })
        },
    ),
    script(
        "encoding-broken",
        Kind::Hostile,
        "Bytes that are no UTF-8",
        "Replacing them makes another name of it.",
        "Refuse what is no UTF-8; replace nothing.",
        |scene| {
            bytes(scene, |xml| {
                let mut bytes = xml.as_bytes().to_vec();
                if let Some(byte) = xml.find("Success").and_then(|at| bytes.get_mut(at)) {
                    *byte = 0xC0;
                }
                bytes
            })
        },
    ),
    script(
        "deep",
        Kind::Hostile,
        "Two thousand elements, one in another",
        "A parser that calls itself runs out of stack.",
        LIMITS,
        |s| {
            survives(s, |m| {
                m.spoilt(|xml| {
                    let deep = [
                        r#"<x xmlns="urn:x">"#.to_owned(),
                        "<x>".repeat(2_000),
                        "</x>".repeat(2_000),
                        "</x>".to_owned(),
                    ];
                    before(
                        xml,
                        "Status",
                        &format!("<samlp:Extensions>{}</samlp:Extensions>", deep.concat()),
                    )
                })
            })
        },
    )
    .expecting("it answers in time, signs nobody in, and goes on"),
    script(
        "many-elements",
        Kind::Hostile,
        "A hundred thousand elements",
        "Trees are larger than their text.",
        LIMITS,
        |s| {
            survives(s, |m| {
                m.spoilt(|xml| {
                    let many = "<x/>".repeat(100_000);
                    before(
                        xml,
                        "Status",
                        &format!("<samlp:Extensions xmlns=\"urn:x\">{many}</samlp:Extensions>"),
                    )
                })
            })
        },
    )
    .expecting("it answers in time, signs nobody in, and goes on"),
    script(
        "many-attributes",
        Kind::Hostile,
        "An element of ten thousand attributes",
        "Each is compared with every other: a hundred million steps.",
        LIMITS,
        |s| {
            survives(s, |m| {
                m.spoilt(|xml| {
                    let many: Vec<String> =
                        (0..10_000).map(|number| format!("a{number}=\"\"")).collect();
                    before(
                        xml,
                        "Status",
                        &format!(
                            "<samlp:Extensions><x xmlns=\"urn:x\" {}/></samlp:Extensions>",
                            many.join(" ")
                        ),
                    )
                })
            })
        },
    )
    .expecting("it answers in time, signs nobody in, and goes on"),
    script(
        "large",
        Kind::Hostile,
        "Five megabytes of spaces",
        "Nobody's response is so long.",
        LIMITS,
        |s| survives(s, |m| m.spoilt(|xml| before(xml, "Status", &" ".repeat(5_000_000)))),
    )
    .expecting("it answers in time, signs nobody in, and goes on"),
    script(
        "long-value",
        Kind::Hostile,
        "A base64 value of two megabytes in the signature",
        "Values are decoded before they are verified.",
        LIMITS,
        |s| {
            survives(s, |m| {
                m.spoilt(|xml| set_text(xml, "SignatureValue", &"QUFB".repeat(500_000)))
            })
        },
    )
    .expecting("it answers in time, signs nobody in, and goes on"),
];
