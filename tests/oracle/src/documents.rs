//! Random documents, the same ones for the same seed.
//!
//! They hold what canonicalisers get wrong: white space in every form, references, CDATA, comments,
//! namespaces declared again, undeclared, unused, and bound to two prefixes, attributes of several
//! namespaces, characters of every length.

use std::collections::HashSet;

/// A source of choices: SplitMix64.
#[derive(Clone, Debug)]
pub struct Choices(u64);

impl Choices {
    /// Choices that depend on nothing but `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, which must not be zero.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap_or(1)).unwrap_or(0)
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of `items`, which must not be empty.
    pub fn pick<'i, T: ?Sized>(&mut self, items: &[&'i T]) -> &'i T {
        items[self.below(items.len())]
    }
}

/// Prefixes that documents may declare; the empty one is the default namespace.
pub const PREFIXES: [&str; 5] = ["", "a", "b", "c", "n1"];
const NAMESPACES: [&str; 4] = ["urn:x", "urn:y", "http://example.org/z#", "urn:x-y"];
const NAMES: [&str; 6] = ["e", "f", "Gg", "h-1", "_i", "\u{e9}l"];
const VALUES: [&str; 24] = [
    "x",
    "y z",
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\n\r",
    "&amp;",
    "&lt;",
    "&gt;",
    ">",
    "&quot;",
    "&apos;",
    "&#9;",
    "&#10;",
    "&#13;",
    "&#xD;&#xA;",
    "&#x1F600;",
    "\u{e9}",
    "\u{1F600}",
    "\u{85}",
    "&amp;amp;",
    "]]",
];

/// A document whose every element has an `ID`, `n0` at the root, then `n1` and so on.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The document.
    pub xml: String,
    /// How many elements there are.
    pub elements: usize,
}

/// Makes a document.
pub fn generate(choices: &mut Choices) -> Generated {
    let mut writer = Generator { choices, xml: String::new(), elements: 0 };
    if writer.choices.one_in(3) {
        writer.xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    }
    if writer.choices.one_in(4) {
        writer.xml.push_str("<!-- before -->\n");
    }
    writer.element(0, &[]);
    Generated { elements: writer.elements, xml: writer.xml }
}

struct Generator<'c> {
    choices: &'c mut Choices,
    xml: String,
    elements: usize,
}

/// Declarations in scope, the innermost last.
type Scope<'s> = [(&'s str, &'s str)];

fn look_up<'s>(scope: &Scope<'s>, prefix: &str) -> &'s str {
    scope.iter().rev().find(|(p, _)| *p == prefix).map_or("", |(_, uri)| uri)
}

impl Generator<'_> {
    fn element(&mut self, depth: usize, outer: &Scope<'static>) {
        let mut scope = outer.to_vec();
        let mut attributes = self.declarations(depth, &mut scope);
        let bound: Vec<&'static str> = PREFIXES
            .into_iter()
            .filter(|p| !p.is_empty() && !look_up(&scope, p).is_empty())
            .collect();
        let prefix = match bound.as_slice() {
            [] => "",
            some if self.choices.one_in(2) => self.choices.pick(some),
            _ => "",
        };
        let name = qualified(prefix, self.choices.pick(&NAMES));
        self.attributes(&scope, &bound, &mut attributes);
        let id = format!("ID=\"n{}\"", self.elements);
        attributes.insert(self.choices.below(attributes.len() + 1), id);
        self.elements += 1;

        self.xml.push('<');
        self.xml.push_str(&name);
        for attribute in attributes {
            self.xml.push_str(self.choices.pick(&[" ", " ", "  ", "\n", "\t", "\r\n "]));
            self.xml.push_str(&attribute);
        }
        // The root keeps room for a signature.
        if depth > 0 && self.choices.one_in(5) {
            self.xml.push_str(self.choices.pick(&["/>", " />"]));
            return;
        }
        self.xml.push('>');
        self.content(depth, &scope);
        self.xml.push_str("</");
        self.xml.push_str(&name);
        self.xml.push_str(self.choices.pick(&[">", ">", " >", "\n>"]));
    }

    fn declarations(
        &mut self,
        depth: usize,
        scope: &mut Vec<(&'static str, &'static str)>,
    ) -> Vec<String> {
        let mut written = Vec::new();
        for prefix in PREFIXES {
            let often = if depth == 0 { 2 } else { 6 };
            if !self.choices.one_in(often) {
                continue;
            }
            // The same again, or another; only the default namespace can be undeclared.
            let uri = match prefix {
                "" if self.choices.one_in(3) => "",
                _ if self.choices.one_in(3) && !look_up(scope, prefix).is_empty() => {
                    look_up(scope, prefix)
                }
                _ => self.choices.pick(&NAMESPACES),
            };
            scope.push((prefix, uri));
            let name =
                if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            written.push(format!("{name}={}", self.quoted(uri)));
        }
        written
    }

    fn attributes(&mut self, scope: &Scope<'_>, bound: &[&'static str], all: &mut Vec<String>) {
        let mut taken = HashSet::new();
        for _ in 0..self.choices.below(5) {
            let local = self.choices.pick(&["k", "kk", "l", "M", "\u{e9}"]);
            let (prefix, uri) = match self.choices.below(4) {
                0 | 1 if !bound.is_empty() => {
                    let prefix = self.choices.pick(bound);
                    (prefix, look_up(scope, prefix))
                }
                2 => ("xml", "xml"),
                _ => ("", ""),
            };
            let local =
                if prefix == "xml" { self.choices.pick(&["lang", "space", "x"]) } else { local };
            if taken.insert((uri.to_owned(), local)) {
                let value = self.value(&VALUES);
                let at = self.choices.below(all.len() + 1);
                let quoted = self.quoted(&value);
                all.insert(at, format!("{}={quoted}", qualified(prefix, local)));
            }
        }
    }

    fn content(&mut self, depth: usize, scope: &Scope<'static>) {
        let fewest = if depth == 0 { 3 } else { 0 };
        for _ in 0..fewest + self.choices.below(6) {
            match self.choices.below(7) {
                0..=3 if depth < 7 && self.elements < 40 => self.element(depth + 1, scope),
                4 => {
                    let inside =
                        self.value(&["x", " ", "\r\n", "<", "&", "]", "]]", "\u{e9}", ">"]);
                    let inside = inside.replace("]]>", "] ]>");
                    let inside = inside.strip_suffix(']').unwrap_or(&inside);
                    self.xml.push_str(&format!("<![CDATA[{}]]>", inside.trim_end_matches(']')));
                }
                5 => {
                    let inside =
                        self.value(&["x", " ", "\r", "\n", "<", "&", "- ", "\u{1F600}", ">"]);
                    self.xml.push_str(&format!("<!--{inside}-->"));
                }
                _ => {
                    // `]]` and `>` must not meet in text.
                    let text = self.value(&VALUES).replace("]]>", "]] ");
                    if !(self.xml.ends_with("]]") && text.starts_with('>')) {
                        self.xml.push_str(&text);
                    }
                }
            }
        }
    }

    fn value(&mut self, parts: &[&str]) -> String {
        (0..self.choices.below(5)).map(|_| self.choices.pick(parts)).collect()
    }

    fn quoted(&mut self, value: &str) -> String {
        if self.choices.one_in(2) { format!("\"{value}\"") } else { format!("'{value}'") }
    }
}

fn qualified(prefix: &str, local: &str) -> String {
    if prefix.is_empty() { local.to_owned() } else { format!("{prefix}:{local}") }
}
