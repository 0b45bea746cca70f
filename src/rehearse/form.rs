//! Finds the form that carries a SAML message in a page.

/// No character reference that is read here is longer. Browsers allow leading zeros without end.
const MAX_REFERENCE: usize = 16;

/// A form of a page, as much of it as a rehearsal needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    /// `action`, as written; empty when there is none.
    pub(super) action: String,
    /// The inputs, in their order.
    pub(super) fields: Vec<(String, String)>,
}

impl Form {
    /// The first form in `html` that has an input of this name.
    pub(super) fn with_field(html: &str, name: &str) -> Option<Self> {
        forms(html).into_iter().find(|form| form.field(name).is_some())
    }

    /// The value of an input.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// The addresses of the links in `html`.
pub(super) fn links(html: &str) -> Vec<String> {
    tags(html)
        .into_iter()
        .filter(|tag| tag.name == "a")
        .filter_map(|tag| tag.value("href"))
        .collect()
}

fn forms(html: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut is_open = false;
    for tag in tags(html) {
        match tag.name.as_str() {
            "form" => {
                is_open = true;
                let action = tag.value("action").unwrap_or_default();
                forms.push(Form { action, fields: Vec::new() });
            }
            "/form" => is_open = false,
            "input" if is_open => {
                if let (Some(name), Some(form)) = (tag.value("name"), forms.last_mut()) {
                    form.fields.push((name, tag.value("value").unwrap_or_default()));
                }
            }
            _ => {}
        }
    }
    forms
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn value(&self, name: &str) -> Option<String> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| unescape(value))
    }
}

/// The tags in `html`. Comments and scripts are passed over.
fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, behind)) = rest.split_once('<') {
        if let Some(comment) = behind.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
            continue;
        }
        let (tag, behind) = read_tag(behind);
        rest = match tag.name.as_str() {
            "script" => after_ignoring_case(behind, "</script"),
            "style" => after_ignoring_case(behind, "</style"),
            _ => behind,
        };
        tags.push(tag);
    }
    tags
}

/// What stands from `end` on. Looked for in place: a page may consist of nothing but scripts.
fn after_ignoring_case<'h>(html: &'h str, end: &str) -> &'h str {
    html.match_indices('<')
        .filter_map(|(at, _)| html.get(at..))
        .find(|rest| rest.get(..end.len()).is_some_and(|start| start.eq_ignore_ascii_case(end)))
        .unwrap_or("")
}

/// Reads a tag whose `<` has gone; gives it and what stands behind its `>`.
fn read_tag(text: &str) -> (Tag, &str) {
    let is_end = |c: char| c.is_ascii_whitespace() || c == '>';
    let at = text.find(is_end).unwrap_or(text.len());
    let (name, mut rest) = text.split_at_checked(at).unwrap_or((text, ""));
    let mut tag =
        Tag { name: name.trim_end_matches('/').to_ascii_lowercase(), attributes: Vec::new() };
    if name.starts_with('/') {
        tag.name = format!("/{}", name.trim_matches('/').to_ascii_lowercase());
    }
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(behind) = rest.strip_prefix('>') {
            return (tag, behind);
        }
        if rest.is_empty() {
            return (tag, rest);
        }
        let is_end = |c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/');
        // A name has at least one character, whatever it is.
        let at =
            rest.char_indices().skip(1).find(|(_, c)| is_end(*c)).map_or(rest.len(), |(at, _)| at);
        let (name, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let (value, behind) = read_value(behind.trim_start());
        tag.attributes.push((name.to_ascii_lowercase(), value.to_owned()));
        rest = behind;
    }
}

fn read_value(text: &str) -> (&str, &str) {
    let Some(value) = text.strip_prefix('=') else { return ("", text) };
    let value = value.trim_start();
    for quote in ['"', '\''] {
        if let Some(quoted) = value.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    let is_end = |c: char| c.is_ascii_whitespace() || c == '>';
    value.split_at_checked(value.find(is_end).unwrap_or(value.len())).unwrap_or((value, ""))
}

/// Resolves the character references that pages write in attributes.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        plain.push_str(before);
        // Its end is near, or it is none.
        let end = behind.bytes().take(MAX_REFERENCE).position(|byte| byte == b';');
        let name_and_rest = end.and_then(|end| behind.get(..end).zip(behind.get(end..)));
        let reference = name_and_rest.and_then(|(name, rest)| {
            Some((character(name)?, rest.strip_prefix(';').unwrap_or(rest)))
        });
        rest = match reference {
            Some((character, behind)) => {
                plain.push(character);
                behind
            }
            None => {
                plain.push('&');
                behind
            }
        };
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    let number = name.strip_prefix('#');
    match (name, number) {
        ("amp", _) => Some('&'),
        ("lt", _) => Some('<'),
        ("gt", _) => Some('>'),
        ("quot", _) => Some('"'),
        ("apos", _) => Some('\''),
        (_, Some(number)) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str) -> Option<Form> {
        Form::with_field(html, "SAMLRequest")
    }

    fn form(action: &str, fields: &[(&str, &str)]) -> Form {
        let fields = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Form { action: action.to_owned(), fields }
    }

    #[test]
    fn the_form_with_the_message_is_found() {
        let expected = form(
            "https://idp.example/sso?a=1&b=2",
            &[("SAMLRequest", "PHg+"), ("RelayState", "a\"b")],
        );
        for html in [
            "<form method=\"post\" action=\"https://idp.example/sso?a=1&amp;b=2\"><input type=\"hidden\" name=\"SAMLRequest\" value=\"PHg+\"/><input name=\"RelayState\" value=\"a&quot;b\"></form>",
            "<FORM ACTION='https://idp.example/sso?a=1&#38;b=2'>\n<INPUT VALUE='PHg&#x2b;' NAME=SAMLRequest><input name=RelayState value='a&#34;b'></FORM>",
            "<form action=/search><input name=q></form><form action=\"https://idp.example/sso?a=1&b=2\"><p><input name=\"SAMLRequest\" value=\"PHg+\" /> <input name=\"RelayState\" value='a\"b'/></p></form>",
            "<!-- <form><input name=SAMLRequest value=no></form> --><script>'<form><input name=SAMLRequest>'</SCRIPT><form action='https://idp.example/sso?a=1&amp;b=2'><input name='SAMLRequest' value='PHg+'><input name='RelayState' value='a&quot;b'></form>",
        ] {
            assert_eq!(found(html), Some(expected.clone()), "{html}");
        }
    }

    #[test]
    fn a_page_without_one_has_none() {
        for html in [
            "",
            "<",
            "<form",
            "<form action=x><input name=SAMLResponse value=y></form>",
            "<form></form><input name=SAMLRequest value=y>",
            "<!-- <form><input name=SAMLRequest></form>",
            "<script><form><input name=SAMLRequest></form>",
        ] {
            assert_eq!(found(html), None, "{html}");
        }
    }

    #[test]
    fn odd_html_is_no_reason_to_stop() {
        assert_eq!(
            found("<form =><input = name=SAMLRequest value>"),
            Some(form("", &[("SAMLRequest", "")]))
        );
        assert_eq!(unescape("a&b&nope;&#xffffffff;&amp"), "a&b&nope;&#xffffffff;&amp");
        assert_eq!(unescape("&#0000000038;&é;&#38"), "&&é;&#38");
        assert_eq!(links("<a href='/x?a=1&amp;b=2'>x</a><a>y</a>"), ["/x?a=1&b=2"]);
    }

    /// A megabyte that takes minutes if anything is looked through again for each piece of them.
    #[test]
    fn a_page_takes_no_longer_than_it_is_long() {
        let pages = |piece: &str| piece.repeat(1024 * 1024 / piece.len());
        for piece in
            ["<script></script>", "<style></style >", "<!---->", "<", "<a ", "<form x='", "<x/"]
        {
            assert_eq!(found(&pages(piece)), None, "{piece}");
        }
        for piece in ["&", "&#", "&amp", "<script", "'"] {
            let html = format!("<form action=\"{}\"><input name=SAMLRequest></form>", pages(piece));
            assert_eq!(found(&html).unwrap().action, pages(piece), "{piece}");
        }
    }
}
