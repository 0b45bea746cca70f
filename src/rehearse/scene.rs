//! What a case can do: begin a sign-in, bring an answer, and look who is signed in.

use chrono::{DateTime, Utc};
use url::{Url, form_urlencoded};

use super::browser::{Browser, Page, Way};
use super::case::{Judgement, Trouble};
use super::fence::bare;
use super::form::{Form, links};
use super::judge::{describe, judge_hostile, names, names_longer};
use super::maker::Maker;
use super::recovery::{HoldUp, is_absent};
use super::setup::{Setup, SignedInCheck};
use crate::idp::{NameIdRule, Received, SignIn};
use crate::xml::encode_base64;

pub(super) const URLENCODED: &str = "application/x-www-form-urlencoded";
/// Of a message, this much is kept for the report.
const MAX_KEPT: usize = 6_000;
/// Of what a service provider brings into a sentence, so many characters: it may answer every case
/// with megabytes.
const MAX_SHORT: usize = 1_000;
/// And so many lines of the requests of one case.
const MAX_LINES: usize = 400;

/// A sign-in that a service provider has asked for.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    pub(super) sign_in: SignIn,
    /// The XML of the request.
    pub(super) request: String,
    /// The query that brought it, when it came by a redirect.
    pub(super) query: Option<String>,
    /// Where the answer goes.
    pub(super) acs: Url,
}

/// Who is signed in, as far as can be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) signed_in: bool,
    pub(super) sender: bool,
    pub(super) victim: bool,
    /// The page that was looked at, if it is HTML.
    pub(super) html: String,
    pub(super) status: u16,
    /// There was no answer, so that nothing can be told.
    pub(super) is_absent: bool,
}

/// One case being played.
#[derive(Debug)]
pub(super) struct Scene<'s> {
    pub(super) setup: &'s Setup,
    pub(super) trail: Vec<String>,
    pub(super) sent: Option<String>,
    /// The service provider has left something unanswered, and was not waited for since.
    pub(super) was_absent: bool,
    /// How long the service provider was waited for.
    pub(super) hold_up: Option<HoldUp>,
}

impl<'s> Scene<'s> {
    pub(super) fn new(setup: &'s Setup) -> Self {
        Self { setup, trail: Vec::new(), sent: None, was_absent: false, hold_up: None }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        (self.setup.network.clock)()
    }

    /// A browser in which nobody is signed in.
    pub(super) fn browser(&self) -> Browser<'s> {
        Browser::new(&self.setup.network, &self.setup.idp.sign_in_url())
    }

    pub(super) fn note(&mut self, line: impl Into<String>) {
        if self.trail.len() < MAX_LINES {
            self.trail.push(short(line.into()));
        }
    }

    /// Keeps the lines of a way.
    pub(super) fn walked(&mut self, way: &Way) {
        self.was_absent |= way.pages.iter().any(is_absent);
        way.lines.iter().for_each(|line| self.note(line.as_str()));
    }

    /// Opens the page where a sign-in starts, as far as the identity provider.
    pub(super) fn begin(&mut self, browser: &mut Browser<'s>) -> Result<Begun, Trouble> {
        let start = self.setup.start.clone();
        self.begin_at(browser, &start)
    }

    /// The same at another page.
    pub(super) fn begin_at(
        &mut self,
        browser: &mut Browser<'s>,
        start: &Url,
    ) -> Result<Begun, Trouble> {
        let mut way = browser.open(start);
        self.walked(&way);
        // Where there are several identity providers, a person would choose by a link.
        if let Some(link) = way.end().and_then(|page| self.choice(page)) {
            way = browser.open(&link);
            self.walked(&way);
        }
        let page = way.end().ok_or_else(|| Trouble::NoSignIn("nothing came back".to_owned()))?;
        self.read_request(page)
    }

    /// What the identity provider sends to nobody's request.
    pub(super) fn unasked(&self, relay_state: Option<&str>) -> Result<Begun, Trouble> {
        let entity_id = self.setup.relying_party.entity_id.as_str();
        let sign_in = self.setup.idp.begin_unasked(entity_id, relay_state);
        let sign_in = sign_in.map_err(|refusal| Trouble::made(&refusal))?;
        let acs = Url::parse(&sign_in.reply_to.acs_url).map_err(|error| Trouble::made(&error))?;
        Ok(Begun { sign_in, request: String::new(), query: None, acs })
    }

    fn choice(&self, page: &Page) -> Option<Url> {
        if page.is_redirect() || Form::with_field(&page.body, "SAMLRequest").is_some() {
            return None;
        }
        let name = self.setup.idp.entity_id.as_str();
        let escaped: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let link = links(&page.body).into_iter().find(|link| link.contains(&escaped))?;
        page.url.join(&link).ok()
    }

    fn read_request(&self, page: &Page) -> Result<Begun, Trouble> {
        let address = self.setup.idp.sign_in_url();
        let (received, query) =
            match (&page.raw_location, Form::with_field(&page.body, "SAMLRequest")) {
                (Some(location), _) if location.starts_with(&address) => {
                    let query = location.split_once('?').map_or("", |(_, query)| query);
                    (Received::from_query(query), Some(query.to_owned()))
                }
                (_, Some(form)) if form.action == address => {
                    let request = form.field("SAMLRequest").unwrap_or_default();
                    (Received::from_form(request, form.field("RelayState")), None)
                }
                (_, Some(form)) => {
                    return Err(Trouble::NoSignIn(format!("its form goes to {}", form.action)));
                }
                (Some(_), None) => {
                    let to = page.location.as_ref().map_or_else(String::new, bare);
                    return Err(Trouble::NoSignIn(format!("it redirects to {to}")));
                }
                (None, None) => {
                    let answer = describe(page);
                    return Err(Trouble::NoSignIn(format!("{} {answer}", bare(&page.url))));
                }
            };
        let refused = |refusal: &dyn std::fmt::Display| Trouble::NoSignIn(refusal.to_string());
        let received = received.map_err(|refusal| refused(&refusal))?;
        let sign_in = self.setup.idp.receive(&received).map_err(|refusal| refused(&refusal))?;
        let acs = Url::parse(&sign_in.reply_to.acs_url).map_err(|error| refused(&error))?;
        let request = String::from_utf8_lossy(&received.xml).into_owned();
        Ok(Begun { sign_in, request, query, acs })
    }

    /// What makes the answer to a request.
    pub(super) fn maker(&self, begun: &Begun) -> Maker<'s> {
        let mut idp = self.setup.idp.clone();
        // An identity provider is told the format when the service provider is registered.
        if let Some(format) = &begun.sign_in.name_id_format {
            idp.issuance.name_id = NameIdRule::Issued { format: Some(format.clone()) };
        }
        Maker {
            setup: self.setup,
            idp,
            reply_to: begun.sign_in.reply_to.clone(),
            person: self.setup.sender.clone(),
            now: self.now(),
        }
    }

    /// Posts a response as the identity provider's page does.
    pub(super) fn deliver(&mut self, browser: &mut Browser<'s>, begun: &Begun, xml: &str) -> Way {
        self.deliver_bytes(browser, begun, xml.as_bytes())
    }

    /// The same for what is no text.
    pub(super) fn deliver_bytes(
        &mut self,
        browser: &mut Browser<'s>,
        begun: &Begun,
        xml: &[u8],
    ) -> Way {
        self.sent = Some(kept(&String::from_utf8_lossy(xml)));
        let response = encode_base64(xml);
        let mut fields = vec![("SAMLResponse", response.as_str())];
        fields.extend(begun.sign_in.relay_state.as_deref().map(|state| ("RelayState", state)));
        self.deliver_fields(browser, begun, &fields)
    }

    /// Posts a form of one's own.
    pub(super) fn deliver_fields(
        &mut self,
        browser: &mut Browser<'s>,
        begun: &Begun,
        fields: &[(&str, &str)],
    ) -> Way {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.deliver_body(browser, begun, URLENCODED, body.as_bytes())
    }

    /// Posts anything.
    pub(super) fn deliver_body(
        &mut self,
        browser: &mut Browser<'s>,
        begun: &Begun,
        content_type: &str,
        body: &[u8],
    ) -> Way {
        let way = browser.post(&begun.acs, content_type, body);
        self.walked(&way);
        way
    }

    /// An honest sign-in from beginning to end.
    pub(super) fn sign_in(&mut self, browser: &mut Browser<'s>) -> Result<Way, Trouble> {
        let begun = self.begin(browser)?;
        let xml = self.maker(&begun).response()?;
        Ok(self.deliver(browser, &begun, &xml))
    }

    /// The same for the victim.
    pub(super) fn sign_in_victim(&mut self, browser: &mut Browser<'s>) -> Result<Way, Trouble> {
        let begun = self.begin(browser)?;
        let maker = self.maker(&begun);
        let xml = maker.sign(&maker.draft_for(&self.setup.victim)?)?;
        Ok(self.deliver(browser, &begun, &xml))
    }

    /// Brings an honest response, which must be taken.
    pub(super) fn let_in(
        &mut self,
        browser: &mut Browser<'s>,
        begun: &Begun,
        xml: &str,
    ) -> Result<(), Trouble> {
        self.deliver(browser, begun, xml);
        if self.who(browser).signed_in { Ok(()) } else { Err(Trouble::Refused) }
    }

    /// Brings a response by which nobody must get in.
    pub(super) fn attack(
        &mut self,
        browser: &mut Browser<'s>,
        begun: &Begun,
        xml: &str,
    ) -> Judgement {
        let way = self.deliver(browser, begun, xml);
        let who = self.who(browser);
        judge_hostile(self.setup, &way, &who, false)
    }

    /// Looks who is signed in. A service provider that does not answer is waited for once: what it
    /// does not say is no refusal.
    pub(super) fn who(&mut self, browser: &mut Browser<'s>) -> Who {
        let who = self.look(browser);
        if !who.is_absent || self.hold_up.is_some() {
            return who;
        }
        self.recover();
        self.look(browser)
    }

    /// The same without waiting.
    pub(super) fn look(&mut self, browser: &mut Browser<'s>) -> Who {
        let address = self.setup.idp.sign_in_url();
        let way = match &self.setup.check {
            SignedInCheck::Address(url) => browser.look(url),
            SignedInCheck::StartPage | SignedInCheck::Text(_) => browser.open(&self.setup.start),
        };
        let Some(page) = way.end() else {
            self.note("check: nothing came back");
            let html = String::new();
            return Who {
                signed_in: false,
                sender: false,
                victim: false,
                html,
                status: 0,
                is_absent: true,
            };
        };
        let leads_away = page.location.as_ref().is_some_and(|to| to.as_str().starts_with(&address))
            || Form::with_field(&page.body, "SAMLRequest").is_some();
        let signed_in = match &self.setup.check {
            SignedInCheck::Address(_) => page.status == 200,
            // Elsewhere may be the sign-in page of another identity provider.
            SignedInCheck::StartPage => {
                let is_here = page.url.origin() == self.setup.start.origin();
                (200..300).contains(&page.status) && is_here && !leads_away
            }
            SignedInCheck::Text(text) => page.body.contains(text.as_str()),
        };
        let is_sender =
            names(&page.body, &self.setup.sender) || names_longer(&page.body, &self.setup.victim);
        let sender = signed_in && is_sender;
        let victim = signed_in && names(&page.body, &self.setup.victim);
        let found = match (signed_in, sender, victim) {
            (false, ..) => "nobody is signed in".to_owned(),
            (true, _, true) => format!("signed in as {}", self.setup.victim.display_name),
            (true, true, false) => "signed in under the sender's own name".to_owned(),
            (true, false, false) => "signed in".to_owned(),
        };
        let html = if page.is_html() { page.body.clone() } else { String::new() };
        let status = page.status;
        let is_absent = is_absent(page);
        self.was_absent |= is_absent;
        self.note(match is_absent {
            true => format!("check: {} {}", bare(&page.url), describe(page)),
            false => format!("check: {} answered {status}: {found}", bare(&page.url)),
        });
        Who { signed_in, sender, victim, html, status, is_absent }
    }
}

/// A sentence that is no longer than anybody reads.
pub(super) fn short(text: String) -> String {
    match text.char_indices().nth(MAX_SHORT) {
        Some((end, _)) => format!("{}\u{2026}", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn kept(text: &str) -> String {
    if text.len() <= MAX_KEPT {
        return text.to_owned();
    }
    let half = MAX_KEPT.div_euclid(2);
    let start: String = text.chars().take(half).collect();
    let mut end: Vec<char> = text.chars().rev().take(half).collect();
    end.reverse();
    format!("{start}\n[… {} bytes in all …]\n{}", text.len(), end.into_iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_short() {
        let whole = "\u{f6}".repeat(MAX_SHORT);
        assert_eq!(short(whole.clone()), whole);
        assert_eq!(short(whole.clone() + "x"), whole + "\u{2026}");
    }

    #[test]
    fn what_is_kept_is_short() {
        assert_eq!(kept("short"), "short");
        let long = kept(&"ö".repeat(10_000));
        assert!(long.chars().count() < MAX_KEPT + 100 && long.contains("20000 bytes in all"));
    }
}
