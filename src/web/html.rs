//! Text in HTML.

/// No character reference that is read here is longer, but for leading zeros that nobody writes: each
/// `&` looks no further than this for its `;`.
const MAX_REFERENCE: usize = 16;

/// `text` for use in HTML, as content or inside a quoted attribute.
pub fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The text that HTML of ours, or of a template engine, stands for. What is no reference to a
/// character that anybody has to escape stays as it is.
pub(super) fn unescape_html(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after.bytes().take(MAX_REFERENCE).position(|byte| byte == b';');
        let found = end.and_then(|end| after.split_at_checked(end));
        match found.and_then(|(name, behind)| Some((character(name)?, behind.get(1..)?))) {
            Some((c, behind)) => {
                out.push(c);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xss_every_special_character_is_escaped() {
        let hostile = "\"><script>alert('x')</script>&amp;";
        let escaped = escape_html(hostile);
        assert_eq!(escaped, "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;");
        assert_eq!(unescape_html(&escaped), hostile);
    }

    #[test]
    fn references_are_read_in_every_form_and_nothing_else_is() {
        for (html, text) in [
            ("a&amp;b&#38;c&#x26;d&apos;", "a&b&c&d'"),
            ("&#x2F;&#X3d;&#34;", "/=\""),
            ("&amp;amp;", "&amp;"),
            ("a&b;c &nbsp; &; & &amp", "a&b;c &nbsp; &; & &amp"),
            ("&#; &#x; &#xd800; &#99999999999;", "&#; &#x; &#xd800; &#99999999999;"),
            ("é&lt;é", "é<é"),
            ("&#0000000000038;", "&"),
            ("&#00000000000000038;", "&#00000000000000038;"),
        ] {
            assert_eq!(unescape_html(html), text);
        }
    }
}
