//! Lines for a terminal. Whatever is written goes through here: nothing of a message steers the
//! terminal, with colours or without.

use crate::cli::terminal::printable;

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Style {
    Plain,
    Strong,
    Faint,
    Good,
    Bad,
    Doubtful,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "\u{1b}[1m",
            Self::Faint => "\u{1b}[2m",
            Self::Good => "\u{1b}[32m",
            Self::Bad => "\u{1b}[1;31m",
            Self::Doubtful => "\u{1b}[33m",
        }
    }
}

/// How wide running text may be.
pub(in crate::cli) const WIDTH: usize = 80;

/// A page in the making.
#[derive(Debug)]
pub(in crate::cli) struct Page {
    text: String,
    in_colour: bool,
}

impl Page {
    pub(in crate::cli) fn new(in_colour: bool) -> Self {
        Self { text: String::new(), in_colour }
    }

    pub(in crate::cli) fn piece(&mut self, style: Style, text: &str) -> &mut Self {
        let text = printable(text);
        if self.in_colour && style != Style::Plain {
            self.text.extend([style.code(), &text, "\u{1b}[0m"]);
        } else {
            self.text.push_str(&text);
        }
        self
    }

    pub(in crate::cli) fn plain(&mut self, text: &str) -> &mut Self {
        self.piece(Style::Plain, text)
    }

    pub(in crate::cli) fn end(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    pub(in crate::cli) fn line(&mut self, style: Style, text: &str) {
        self.piece(style, text).end();
    }

    /// Running text, broken between words and indented.
    pub(in crate::cli) fn paragraph(&mut self, indent: usize, style: Style, text: &str) {
        self.hanging(&" ".repeat(indent), style, text);
    }

    /// Running text behind a label, broken between words and indented as far as the label goes.
    pub(in crate::cli) fn hanging(&mut self, label: &str, style: Style, text: &str) {
        let indent = label.chars().count();
        let room = WIDTH.saturating_sub(indent).max(20);
        let mut before = label.to_owned();
        let mut line = String::new();
        for word in text.split_ascii_whitespace() {
            let length = line.chars().count().saturating_add(word.chars().count());
            if !line.is_empty() && length >= room {
                self.piece(Style::Faint, &before).line(style, &line);
                before = " ".repeat(indent);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.piece(Style::Faint, &before).line(style, &line);
    }

    pub(in crate::cli) fn into_text(self) -> String {
        self.text
    }
}
