//! axe-core, which finds what is hard or impossible to use for people with disabilities.
//!
//! It is not part of this repository: the package is fetched by npm, once for each target directory,
//! and is taken only if it is exactly the one that is named here. Where it cannot be had, tests say
//! so, and with `REQUIRE_AXE=1` they fail.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Once};

use openssl::base64::encode_block;
use openssl::sha::sha512;
use serde_json::{Value, json};

use crate::browser::Browser;

const PACKAGE: &str = "axe-core@4.14.1";
const ARCHIVE: &str = "axe-core-4.14.1.tgz";
/// The digest that the registry publishes.
const SHA512: &str =
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==";

/// WCAG 2.2 at level AA, and what axe calls good practice.
const TAGS: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

static SOURCE: LazyLock<Result<String, String>> = LazyLock::new(fetch);

/// Its source. `None`, and a line on standard error, when it cannot be had.
///
/// # Panics
/// When it cannot be had and `REQUIRE_AXE` is `1`.
pub(crate) fn source() -> Option<&'static str> {
    match &*SOURCE {
        Ok(source) => Some(source),
        Err(error) => {
            assert!(
                std::env::var("REQUIRE_AXE").as_deref() != Ok("1"),
                "{error}, and REQUIRE_AXE is 1"
            );
            static ONCE: Once = Once::new();
            ONCE.call_once(|| _ = writeln!(std::io::stderr(), "skipped: {error}"));
            None
        }
    }
}

fn fetch() -> Result<String, String> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let archive = folder.join(ARCHIVE);
    if !is_it(&archive) {
        let scratch = tempfile::tempdir_in(&folder).map_err(|error| error.to_string())?;
        run(Command::new("npm")
            .args(["pack", PACKAGE, "--ignore-scripts", "--silent", "--pack-destination", "."])
            .current_dir(scratch.path()))?;
        let fetched = scratch.path().join(ARCHIVE);
        if !is_it(&fetched) {
            return Err(format!("what npm has fetched as {PACKAGE} is something else"));
        }
        // By its name it appears whole: other tests may be looking for it.
        std::fs::rename(fetched, &archive).map_err(|error| error.to_string())?;
    }
    run(Command::new("tar").arg("-xzOf").arg(&archive).arg("package/axe.min.js"))
}

fn is_it(archive: &Path) -> bool {
    std::fs::read(archive).is_ok_and(|bytes| encode_block(&sha512(&bytes)) == SHA512)
}

/// What a program writes to its standard output.
fn run(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{PACKAGE} needs {name}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(format!("{name} cannot get {PACKAGE}: {}: {said}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

/// Puts axe into the page. The page's policy does not hold the driver.
pub(crate) async fn load(browser: &Browser, source: &str) {
    browser.run(&format!("{source}\n;return typeof axe.run")).await;
}

/// What is wrong with the page: rule, and the elements that break it.
pub(crate) async fn violations(browser: &Browser) -> Vec<String> {
    let script = "const [tags, done] = arguments; \
        axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })\
        .then((found) => done(found.violations.map((rule) => rule.id + ': ' + \
        rule.nodes.map((node) => node.html.slice(0, 200) + ' ' + node.any.concat(node.all, \
        node.none).map((check) => check.message).join('; ')).join(' | '))), \
        (error) => done([String(error)]))";
    let found = browser.run_async(script, vec![json!(TAGS)]).await;
    let Value::Array(found) = found else { panic!("axe: {found}") };
    found.into_iter().map(|rule| rule.as_str().unwrap().to_owned()).collect()
}
