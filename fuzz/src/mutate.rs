//! Mutation that knows elements: half of the time libFuzzer changes bytes, half of the time an
//! element is moved, copied, wrapped or exchanged. Elements are found by their brackets alone, so
//! that markup which no parser accepts can be worked on too.

use std::ops::Range;

use libfuzzer_sys::fuzzer_mutate;

use crate::{logout, message};

/// Markup is searched for no further than this many elements.
const MOST_ELEMENTS: usize = 512;

const ATTRIBUTES: &[&str] = &[
    " ID=\"_0c9d1e77-4be2-47f0-8f10-2d6c3b9a7e02\"",
    " ID=\"_1\"",
    " Id=\"_1\"",
    " xml:id=\"_1\"",
    " xml:lang=\"en\"",
    " xml:space='preserve'",
    " xmlns=\"\"",
    " xmlns=\"urn:x\"",
    " xmlns:p='urn:x'",
    " xmlns:ds=\"urn:x\"",
    " xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
    " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
    " xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"",
    " saml:ID='_1'",
    " p:a='1'",
    " a=' \t&#9;&#xA;&#13;\r\n&lt;&quot;&apos;'",
    " NotBefore=\"2026-11-22T10:00:00Z\"",
    " NotOnOrAfter=\"2026-11-22T10:00:00Z\"",
    " Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\"",
    " use=\"encryption\"",
];

const TEXTS: &[&str] = &[
    "",
    " ",
    "\r\n",
    "&#13;",
    "&amp;",
    "&#x1F600;",
    "<!-- -->",
    "<![CDATA[x]]>",
    "<![CDATA[]]>",
    "]]>",
    "&#0;",
    "<?x?>",
    "<!DOCTYPE x>",
    "2.0",
    "x",
    "/",
    "true",
    "test.admin9@nhs.net",
    "http://fs.nhsmail.test/adfs/services/trust",
    "https://rota.example.nhs.uk/saml",
    "https://rota.example.nhs.uk/saml/acs",
    "2026-11-22T10:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "_f00dfacef00dfacef00dfacef00dfacef00dface",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
];

/// Where signatures are wrapped.
const FOREIGN_CONTENT: &[&str] = &[
    "Extensions",
    "StatusDetail",
    "Advice",
    "AttributeValue",
    "SubjectConfirmationData",
    "AuthnContext",
    "KeyInfo",
    "Object",
    "Signature",
    "Assertion",
];

/// xorshift: libFuzzer gives a seed, and the same seed must do the same.
struct Dice(u64);

impl Dice {
    fn new(seed: u32) -> Self {
        Self(u64::from(seed) << 17 ^ 0x9E37_79B9_7F4A_7C15)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n.max(1)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

/// For `fuzz_mutator!`: changes the first `size` bytes of `data` and returns the new size.
pub fn markup(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice::new(seed);
    if dice.below(2) == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let bytes = changed(data[..size].to_vec(), &mut dice);
    put(data, size, max_size, &bytes)
}

/// As [`markup`], for a message behind a byte that chooses: every fourth time an honest message is
/// changed instead. What has gone through many hands is seldom accepted any more, and what should
/// be refused lies near what is accepted.
pub fn message(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    // Another number than `markup` will throw with.
    let mut dice = Dice::new(seed.rotate_left(16) ^ 0x5EED);
    match dice.pick(&message::HONEST).filter(|_| dice.below(4) == 0) {
        None => markup(data, size, max_size, seed),
        Some(honest) => {
            let mode = [*dice.pick(b"012345").unwrap_or(&b'0')];
            let honest = changed([&mode, honest.as_bytes()].concat(), &mut dice);
            put(data, size, max_size, &honest)
        }
    }
}

/// As [`message`], for log-out messages in forms and in queries.
pub fn logout(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice::new(seed.rotate_left(16) ^ 0x5EED);
    if data[..size].first().is_some_and(|mode| mode % 4 == 2) {
        return query(data, size, max_size, seed);
    }
    match dice.pick(&logout::HONEST).filter(|_| dice.below(4) == 0) {
        None => markup(data, size, max_size, seed),
        Some(honest) => {
            let mode = [*dice.pick(b"01").unwrap_or(&b'0')];
            let honest = changed([&mode, honest.as_bytes()].concat(), &mut dice);
            put(data, size, max_size, &honest)
        }
    }
}

/// One to four changes.
fn changed(mut bytes: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    let mut last = None;
    for _ in 0..=dice.below(4) {
        if let Some((at, changed)) = change(&bytes, last, dice) {
            bytes = changed;
            last = Some(at);
        }
    }
    bytes
}

/// As [`markup`], for queries: parameters are repeated, left out, exchanged and spelt otherwise.
pub fn query(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice::new(seed);
    if dice.below(2) == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    // The first byte chooses what the target does.
    let (mode, query) = data[..size].split_at(size.min(1));
    let mut pairs: Vec<Vec<u8>> = query.split(|b| *b == b'&').map(<[u8]>::to_vec).collect();
    let (one, other) = (dice.below(pairs.len()), dice.below(pairs.len()));
    match dice.below(5) {
        0 => pairs.swap(one, other),
        1 => pairs.insert(other, pairs[one].clone()),
        2 => _ = pairs.remove(one),
        // One letter as a percent escape.
        3 if !pairs[one].is_empty() => {
            let at = dice.below(pairs[one].len());
            let escape = format!("%{:02X}", pairs[one][at]);
            pairs[one].splice(at..=at, escape.into_bytes());
        }
        // One name with another's value.
        _ => {
            let name = |pair: &[u8]| pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            let value = pairs[other][name(&pairs[other])..].to_vec();
            let end = name(&pairs[one]);
            pairs[one].truncate(end);
            pairs[one].extend(value);
        }
    }
    let bytes = [mode, &pairs.join(&b'&')].concat();
    put(data, size, max_size, &bytes)
}

/// Takes `bytes` for the input if they fit and are something new.
fn put(data: &mut [u8], size: usize, max_size: usize, bytes: &[u8]) -> usize {
    if bytes.len() > max_size || bytes == &data[..size] {
        return fuzzer_mutate(data, size, max_size);
    }
    data[..bytes.len()].copy_from_slice(bytes);
    bytes.len()
}

/// Changes one element and says where it began. Most attacks take several changes in one place, so
/// that the next one is often made near the `last`.
fn change(bytes: &[u8], last: Option<usize>, dice: &mut Dice) -> Option<(usize, Vec<u8>)> {
    let mut all = elements(bytes);
    all.sort_by_key(|element| element.start);
    let near = last.filter(|_| dice.below(2) == 0);
    let one = match near.map(|at| all.partition_point(|element| element.start < at)) {
        Some(first) => all.get(first.saturating_sub(2) + dice.below(6))?.clone(),
        None => dice.pick(&all)?.clone(),
    };
    let other = dice.pick(&all)?.clone();
    let (a, b) = (&bytes[one.clone()], &bytes[other.clone()]);
    let open = one.start + a.iter().position(|b| *b == b'>')? + 1;
    let end_of_name = one.start + a.iter().position(|b| b" />\t\r\n".contains(b))?;
    let changed = match dice.below(15) {
        0 => replace(bytes, &one, b""),
        1 => replace(bytes, &(one.end..one.end), a),
        2 => replace(bytes, &(other.start..other.start), a),
        3 => replace(bytes, &other, a),
        4 if one.end <= other.start => {
            [&bytes[..one.start], b, &bytes[one.end..other.start], a, &bytes[other.end..]].concat()
        }
        // The element inside the start and end tag of another.
        4 | 5 => {
            let open = b.iter().position(|b| *b == b'>')? + 1;
            let close = b.windows(2).rposition(|w| w == b"</")?;
            replace(bytes, &one, &[b.get(..open)?, a, &b[close..]].concat())
        }
        6 => {
            let foreign = dice.pick(&message::HONEST)?.as_bytes();
            // The larger of two: whole assertions rather than their leaves.
            let found = elements(foreign);
            let (a, b) = (dice.pick(&found)?, dice.pick(&found)?);
            let foreign = &foreign[if a.len() > b.len() { a.clone() } else { b.clone() }];
            let at = if dice.below(2) == 0 { one.clone() } else { one.end..one.end };
            replace(bytes, &at, foreign)
        }
        7 | 8 => {
            let attribute = dice.pick(ATTRIBUTES)?.as_bytes();
            replace(bytes, &(end_of_name..end_of_name), attribute)
        }
        // An attribute's value or something behind it, quotes left alone.
        9 => {
            let tag = &bytes[one.start..open];
            let quotes: Vec<usize> = (0..tag.len()).filter(|i| tag[*i] == b'"').collect();
            let pair = dice.below(quotes.len() / 2) * 2;
            let value = one.start + quotes.get(pair)? + 1..one.start + quotes.get(pair + 1)?;
            let at = if dice.below(2) == 0 { value } else { value.end..value.end };
            replace(bytes, &at, dice.pick(TEXTS)?.as_bytes())
        }
        // All that is inside, or something at its end or beginning.
        10 if a.ends_with(b">") && !a.ends_with(b"/>") => {
            let close = one.start + a.windows(2).rposition(|w| w == b"</")?;
            let from = if dice.below(2) == 0 { open.min(close) } else { close };
            replace(bytes, &(from..close), dice.pick(TEXTS)?.as_bytes())
        }
        // Signature wrapping: the largest of three, perhaps under another ID, where the schemas
        // allow anything.
        13 | 14 => {
            let place = dice.pick(FOREIGN_CONTENT)?;
            let is_place = |e: &&Range<usize>| {
                let tag = &bytes[e.start..e.end.min(e.start + 64)];
                let name = tag.split(|b| b" />".contains(b)).next().unwrap_or(&[]);
                name.ends_with(place.as_bytes())
            };
            let into = all.iter().find(is_place)?;
            let most = [a, b, &bytes[dice.pick(&all)?.clone()]];
            let moved = most.into_iter().max_by_key(|e| e.len())?;
            let moved = String::from_utf8_lossy(moved);
            let moved = match dice.below(3) {
                0 => moved.into_owned(),
                _ => moved.replace(message::ASSERTION_ID, "_1").replace(message::RESPONSE_ID, "_2"),
            };
            let end = into.start + bytes[into.clone()].iter().position(|b| *b == b'>')?;
            // An empty element is replaced: there is nothing to go into.
            let at = if bytes[end - 1] == b'/' { into.clone() } else { end + 1..end + 1 };
            replace(bytes, &at, moved.as_bytes())
        }
        // Without one of the attributes.
        11 => {
            let tag = &bytes[one.start..open];
            let ends: Vec<usize> = (0..tag.len()).filter(|i| tag[*i] == b'"').collect();
            let end = one.start + ends.get(dice.below(ends.len() / 2) * 2 + 1)? + 1;
            let start = bytes[..end].iter().rposition(|b| *b == b'=')?;
            let start = bytes[..start].iter().rposition(|b| b.is_ascii_whitespace())?;
            replace(bytes, &(start.max(end_of_name)..end), b"")
        }
        _ => replace(bytes, &(open..open), dice.pick(TEXTS)?.as_bytes()),
    };
    Some((one.start, changed))
}

fn replace(bytes: &[u8], at: &Range<usize>, with: &[u8]) -> Vec<u8> {
    [&bytes[..at.start], with, &bytes[at.end..]].concat()
}

/// Where elements are, going by brackets and their nesting.
fn elements(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(start) = bytes[at..].iter().position(|b| *b == b'<').map(|n| at + n) {
        let Some(end) = bytes[start..].iter().position(|b| *b == b'>').map(|n| start + n + 1)
        else {
            break;
        };
        match bytes[start + 1] {
            b'/' => found.extend(open.pop().map(|from| from..end)),
            b'!' | b'?' => {}
            _ if bytes[end - 2] == b'/' => found.push(start..end),
            _ => open.push(start),
        }
        if found.len() >= MOST_ELEMENTS {
            break;
        }
        at = end;
    }
    found
}
