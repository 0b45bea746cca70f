//! Writes XML, escaping whatever it is given.

use thiserror::Error;

use super::names::{all_xml_chars, take_qname};

/// How an element without content is closed. Products differ, and the test identity provider
/// writes what each of them writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptyTag {
    /// `<a/>`
    #[default]
    Tight,
    /// `<a />`
    Spaced,
}

/// What cannot be written as XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A control character or another that XML 1.0 does not allow.
    #[error("a character that XML does not allow")]
    Character,
    /// An element or attribute name that is no name.
    #[error("not an XML name")]
    Name,
    /// More elements were closed than opened, or fewer.
    #[error("elements opened and closed do not match")]
    Unbalanced,
}

/// A writer for one document on one line. Faults are kept and reported by [`Writer::finish`].
#[derive(Debug)]
pub struct Writer {
    out: String,
    open: Vec<String>,
    in_tag: bool,
    empty: EmptyTag,
    fault: Option<WriteError>,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new(EmptyTag::Tight)
    }
}

impl Writer {
    /// An empty document. `empty` says how elements without content are closed.
    pub fn new(empty: EmptyTag) -> Self {
        Self { out: String::new(), open: Vec::new(), in_tag: false, empty, fault: None }
    }

    /// Opens an element. `name` is as written, with its prefix.
    pub fn open(&mut self, name: &str) -> &mut Self {
        self.check_name(name);
        self.end_tag_head();
        self.out.push('<');
        self.out.push_str(name);
        self.open.push(name.to_owned());
        self.in_tag = true;
        self
    }

    /// Adds an attribute or namespace declaration to the element just opened.
    pub fn attribute(&mut self, name: &str, value: &str) -> &mut Self {
        self.check_name(name);
        if !self.in_tag {
            self.fault.get_or_insert(WriteError::Unbalanced);
        }
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.escape(value, true);
        self.out.push('"');
        self
    }

    /// Adds an attribute when there is a value for it.
    pub fn attribute_opt(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.attribute(name, value),
            None => self,
        }
    }

    /// Writes text into the open element.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.end_tag_head();
        self.escape(text, false);
        self
    }

    /// Writes a whole element that this or another writer made before. Not escaped.
    pub fn raw(&mut self, xml: &str) -> &mut Self {
        self.end_tag_head();
        self.out.push_str(xml);
        self
    }

    /// Closes the innermost open element.
    pub fn close(&mut self) -> &mut Self {
        match self.open.pop() {
            Some(_) if self.in_tag => {
                self.out.push_str(match self.empty {
                    EmptyTag::Tight => "/>",
                    EmptyTag::Spaced => " />",
                });
                self.in_tag = false;
            }
            Some(name) => {
                self.out.push_str("</");
                self.out.push_str(&name);
                self.out.push('>');
            }
            None => {
                self.fault.get_or_insert(WriteError::Unbalanced);
            }
        }
        self
    }

    /// `<name>text</name>` in one call.
    pub fn leaf(&mut self, name: &str, text: &str) -> &mut Self {
        self.open(name).text(text).close()
    }

    /// The document.
    ///
    /// # Errors
    /// The first [`WriteError`] met on the way.
    pub fn finish(self) -> Result<String, WriteError> {
        match self.fault {
            Some(fault) => Err(fault),
            None if !self.open.is_empty() => Err(WriteError::Unbalanced),
            None => Ok(self.out),
        }
    }

    fn check_name(&mut self, name: &str) {
        if !take_qname(name).is_some_and(|(_, rest)| rest.is_empty()) {
            self.fault.get_or_insert(WriteError::Name);
        }
    }

    fn end_tag_head(&mut self) {
        if self.in_tag {
            self.out.push('>');
            self.in_tag = false;
        }
    }

    fn escape(&mut self, text: &str, in_attribute: bool) {
        if !all_xml_chars(text) {
            self.fault.get_or_insert(WriteError::Character);
        }
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' if in_attribute => self.out.push_str("&quot;"),
                '\t' if in_attribute => self.out.push_str("&#x9;"),
                '\n' if in_attribute => self.out.push_str("&#xA;"),
                '\r' => self.out.push_str("&#xD;"),
                c => self.out.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Document, Limits};

    #[test]
    fn what_is_written_reads_back() {
        let value = "a<&>\"'\t\r\n é\u{1F600}";
        let mut writer = Writer::default();
        writer.open("p:a").attribute("xmlns:p", "urn:p").attribute("v", value).text(value);
        writer.open("b").close().leaf("c", "").close();
        let xml = writer.finish().unwrap();
        let document = Document::parse(xml.as_bytes(), &Limits::MESSAGE).unwrap();
        assert_eq!(document.root().attribute("v"), Some(value));
        assert!(xml.ends_with("<b/><c></c></p:a>"), "{xml}");
    }

    #[test]
    fn control_of_what_is_written() {
        let mut writer = Writer::new(EmptyTag::Spaced);
        writer.open("a").attribute_opt("b", Some("1")).attribute_opt("c", None).raw("<p:x/>&amp;");
        writer.open("d").close().raw("<y/>").text("\"\t\n\r>").close();
        let written = "<a b=\"1\"><p:x/>&amp;<d /><y/>\"\t\n&#xD;&gt;</a>";
        assert_eq!(writer.finish().unwrap(), written);
    }

    #[test]
    fn faults_are_reported() {
        let with = |f: &dyn Fn(&mut Writer)| {
            let mut writer = Writer::default();
            f(&mut writer);
            writer.finish()
        };
        assert_eq!(with(&|w| _ = w.leaf("a", "\u{1}")), Err(WriteError::Character));
        assert_eq!(with(&|w| _ = w.leaf("a b", "")), Err(WriteError::Name));
        assert_eq!(with(&|w| _ = w.open("a")), Err(WriteError::Unbalanced));
        assert_eq!(with(&|w| _ = w.close()), Err(WriteError::Unbalanced));
        let late = with(&|w| _ = w.open("a").text("").attribute("b", "").close());
        assert_eq!(late, Err(WriteError::Unbalanced));
    }
}
