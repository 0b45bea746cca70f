//! `actix-saml onboard`: everything that an identity provider's help desk needs to register the
//! application, as files to send. There is nothing secret in it.

mod adfs;
mod answer;
mod claims;
mod entra;
mod facts;
mod letter;
mod registration;
mod test_plan;
#[cfg(test)]
mod tests;
mod text;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use super::options::parse_now;
use super::terminal::printable;
use super::{Problem, complain, print};
use crate::web::{Clock as _, Config, SystemClock};
use facts::Facts;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration file. It needs no identity provider yet.
    #[arg(long, value_name = "FILE", default_value = "saml.toml")]
    config: PathBuf,
    /// Write the files to this folder instead of everything to standard output.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// What the application is called.
    #[arg(long, value_name = "NAME")]
    application: Option<String>,
    /// What it is for, in one sentence.
    #[arg(long, value_name = "TEXT")]
    purpose: Option<String>,
    /// The ODS code of the organisation that asks.
    #[arg(long, value_name = "CODE")]
    ods_code: Option<String>,
    /// What to ask for in the matter of second factors.
    #[arg(long, value_enum, default_value = "policy")]
    mfa: Mfa,
    /// The date of the letter; the machine's clock by default.
    #[arg(long, value_name = "RFC3339", value_parser = parse_now)]
    now: Option<DateTime<Utc>>,
}

/// Which second factor to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mfa {
    /// Whatever the identity provider's own policy says.
    Policy,
    /// A second factor whenever somebody signs in to this application, wherever they are.
    Always,
}

/// One file of the pack.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Document {
    name: &'static str,
    /// The language of its block when everything goes to standard output; none for Markdown.
    language: Option<&'static str>,
    text: String,
}

impl Document {
    fn markdown(name: &'static str, text: String) -> Self {
        Self { name, language: None, text }
    }

    fn plain(name: &'static str, language: &'static str, text: String) -> Self {
        Self { name, language: Some(language), text }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let now = arguments.now.unwrap_or_else(|| SystemClock.now());
    let config = Config::from_file(&arguments.config)?;
    let facts = Facts::gather(&config, arguments, now)?;
    let pack = compose(&facts);
    match &arguments.output {
        Some(folder) => {
            write(&pack, folder)?;
            for document in &pack {
                print(&printable(&folder.join(document.name).display().to_string()));
            }
        }
        None => print(&in_one(&pack)),
    }
    for missing in &facts.missing {
        complain(&format!("to be filled in: {missing}"));
    }
    Ok(if facts.missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The files, in the order in which they are read.
fn compose(facts: &Facts) -> Vec<Document> {
    let mut pack = vec![
        Document::plain("letter.txt", "text", letter::write(facts)),
        Document::markdown("registration.md", registration::write(facts)),
        Document::plain("sp-metadata.xml", "xml", format!("{}\n", facts.metadata)),
    ];
    for certificate in &facts.certificates {
        let pem = certificate.pem.clone();
        pack.push(Document::plain(certificate.file, "text", pem));
    }
    pack.push(Document::plain("adfs.ps1", "powershell", adfs::write(facts)));
    pack.push(Document::markdown("entra.md", entra::write(facts)));
    pack.push(Document::markdown("test-plan.md", test_plan::write(facts)));
    pack.push(Document::markdown("answer.md", answer::write(facts)));
    pack
}

/// Everything as one page of Markdown.
fn in_one(pack: &[Document]) -> String {
    let mut page = String::new();
    for document in pack {
        page.push_str(&format!("<!-- {} -->\n", document.name));
        match document.language {
            None => page.push_str(&document.text),
            Some(language) => {
                page.push_str(&format!("## {}\n\n```{language}\n", document.name));
                page.push_str(&document.text);
                page.push_str("```\n");
            }
        }
        page.push('\n');
    }
    let lines: Vec<String> = page.trim_end().lines().map(printable).collect();
    lines.join("\n")
}

/// Writes new files. What is there already may have been edited by hand, and stays.
fn write(pack: &[Document], folder: &Path) -> Result<(), Problem> {
    let at = |path: &Path, error: std::io::Error| -> Problem {
        format!("{}: {error}", path.display()).into()
    };
    let paths: Vec<PathBuf> = pack.iter().map(|document| folder.join(document.name)).collect();
    if let Some(there) = paths.iter().find(|path| path.exists()) {
        let remedy = "choose another folder, or remove the files of the last time";
        return Err(format!("{} is there already: {remedy}", there.display()).into());
    }
    std::fs::create_dir_all(folder).map_err(|error| at(folder, error))?;
    for (document, path) in pack.iter().zip(&paths) {
        let file = std::fs::File::create_new(path);
        file.and_then(|mut file| {
            // Without the mark Windows PowerShell takes a script for the machine's old code page.
            if document.language == Some("powershell") {
                file.write_all(b"\xEF\xBB\xBF")?;
            }
            file.write_all(document.text.as_bytes())
        })
        .map_err(|error| at(path, error))?;
    }
    Ok(())
}
