//! A browser as somebody at a desk uses it.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use fantoccini::actions::{
    InputSource as _, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use fantoccini::cookies::Cookie;
use fantoccini::elements::Element;
use fantoccini::wd::{WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::driver::{Driver, Programs};

/// How long a page may take on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked at meanwhile.
const STEP: Duration = Duration::from_millis(20);

/// Without these Chromium looks for updates and the like on the network.
const QUIET: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// The code point of the key in WebDriver.
pub(crate) const TAB: char = '\u{E004}';

/// A command of Chromium's own protocol.
#[derive(Debug)]
struct Chromium {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for Chromium {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}

/// A Chromium with a new profile. It ends with this value.
pub(crate) struct Browser {
    client: Client,
    session: String,
    driver: Driver,
    /// The profile, and what both programs would leave in the machine's folder.
    _scratch: TempDir,
}

/// Whether pages may run scripts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    Run,
    Blocked,
}

impl Browser {
    /// Opens a browser. `None` when there is none, see [`Programs::find`].
    pub(crate) async fn open() -> Option<Self> {
        Self::open_with(Scripts::Run).await
    }

    pub(crate) async fn open_with(scripts: Scripts) -> Option<Self> {
        let programs = Programs::find()?;
        let scratch = tempfile::Builder::new().prefix("browser-test-").tempdir().unwrap();
        let driver = Driver::start(&programs, scratch.path());
        let mut arguments: Vec<String> = QUIET.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", scratch.path().join("profile").display()));
        arguments.push("--window-size=1280,900".to_owned());
        let mut options = json!({ "binary": programs.browser, "args": arguments });
        if scripts == Scripts::Blocked {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let Value::Object(capabilities) = json!({
            "goog:chromeOptions": options,
            // Certificates here are signed by nobody.
            "acceptInsecureCerts": true,
            "unhandledPromptBehavior": "accept",
        }) else {
            panic!("capabilities are an object");
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.url())
            .await
            .unwrap();
        let session = client.session_id().await.unwrap().unwrap();
        Some(Self { client, session, driver, _scratch: scratch })
    }

    /// Types an address.
    pub(crate) async fn visit(&self, url: &Url) {
        self.client.goto(url.as_str()).await.unwrap();
    }

    pub(crate) async fn go_back(&self) {
        self.client.back().await.unwrap();
    }

    pub(crate) async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// Clicks on the one thing that `css` describes.
    pub(crate) async fn click(&self, css: &str) {
        self.element(Locator::Css(css)).await.click().await.unwrap();
    }

    /// Clicks on it twice, as people do who are used to it.
    pub(crate) async fn double_click(&self, css: &str) {
        let element = self.element(Locator::Css(css)).await;
        let left = MOUSE_BUTTON_LEFT;
        let twice = MouseActions::new("mouse".to_owned())
            .then(PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 })
            .then(PointerAction::Down { button: left })
            .then(PointerAction::Up { button: left })
            .then(PointerAction::Down { button: left })
            .then(PointerAction::Up { button: left });
        self.client.perform_actions(twice).await.unwrap();
    }

    /// Presses a key, by its code point in WebDriver where it is none of a letter.
    pub(crate) async fn press(&self, key: char) {
        let press = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        self.client.perform_actions(press).await.unwrap();
    }

    pub(crate) async fn text(&self, css: &str) -> String {
        self.element(Locator::Css(css)).await.text().await.unwrap()
    }

    pub(crate) async fn url(&self) -> Url {
        self.client.current_url().await.unwrap()
    }

    async fn element(&self, locator: Locator<'_>) -> Element {
        let wait = self.client.wait().at_most(PATIENCE).every(STEP);
        match wait.for_element(locator).await {
            Ok(element) => element,
            Err(error) => panic!("{locator:?}: {error}; {}", self.whereabouts().await),
        }
    }

    /// Waits until the page is there that has `heading`.
    pub(crate) async fn arrive_at(&self, heading: &str) {
        assert!(!heading.contains('\''), "quoted by apostrophes below");
        let xpath = format!("//h1[normalize-space()='{heading}']");
        self.element(Locator::XPath(&xpath)).await;
        self.keep_picture(heading).await;
    }

    /// Waits until a page is there whose main button says `label`. For pages that lead to themselves:
    /// what is looked at before the next one has come goes away under the eye.
    pub(crate) async fn await_button(&self, label: &str) {
        assert!(!label.contains('\''), "quoted by apostrophes below");
        let xpath = format!("//button[@class='main'][normalize-space()='{label}']");
        self.element(Locator::XPath(&xpath)).await;
    }

    /// Waits until the page at `url` is there, and that it has `heading`.
    pub(crate) async fn arrive(&self, url: &Url, heading: &str) {
        let wait = self.client.wait().at_most(PATIENCE).every(STEP);
        if let Err(error) = wait.for_url(url).await {
            panic!("{url}: {error}; {}", self.whereabouts().await);
        }
        self.arrive_at(heading).await;
    }

    async fn whereabouts(&self) -> String {
        let title = self.client.title().await;
        format!("the browser is at {:?}, {title:?}", self.client.current_url().await)
    }

    /// The status that the page here was answered with.
    pub(crate) async fn status(&self) -> u64 {
        let script = "return performance.getEntriesByType('navigation')[0].responseStatus";
        self.run(script).await.as_u64().unwrap()
    }

    /// Runs a script in the page.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Runs a script that says when it is done, by its last argument.
    pub(crate) async fn run_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute_async(script, arguments).await.unwrap()
    }

    /// Shows the page `width` pixels wide, in the `light` or the `dark`.
    pub(crate) async fn look(&self, width: u32, scheme: &str) {
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.tell("Emulation.setEmulatedMedia", json!({ "features": [scheme] })).await;
    }

    /// What a screen reader is told of the page: role and name of each thing in it.
    pub(crate) async fn spoken(&self) -> Vec<(String, String)> {
        let command = Chromium { command: "Accessibility.getFullAXTree", parameters: json!({}) };
        let tree = self.client.issue_cmd(command).await.unwrap();
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
        let nodes = tree["nodes"].as_array().unwrap();
        nodes.iter().map(|node| (text(&node["role"]), text(&node["name"]))).collect()
    }

    /// Whether pages may run scripts from now on. The driver's own run in any case.
    pub(crate) async fn let_scripts_run(&self, run: bool) {
        self.tell("Emulation.setScriptExecutionDisabled", json!({ "value": !run })).await;
    }

    async fn tell(&self, command: &'static str, parameters: Value) {
        self.client.issue_cmd(Chromium { command, parameters }).await.unwrap();
    }

    /// What a script of the page here gets from `path`: status, type, and JSON.
    pub(crate) async fn fetch(&self, path: &str) -> (u64, String, Value) {
        let script = "const [path, done] = arguments; fetch(path).then(async (response) => \
                      done([response.status, response.headers.get('content-type'), \
                      await response.json()])).catch((error) => done(String(error)))";
        let answer = self.run_async(script, vec![json!(path)]).await;
        match serde_json::from_value(answer.clone()) {
            Ok(answer) => answer,
            Err(_) => panic!("fetch of {path}: {answer}"),
        }
    }

    /// The cookies that go to the page here, in words.
    pub(crate) async fn cookies(&self) -> Vec<String> {
        let cookies = self.client.get_all_cookies().await.unwrap();
        let mut described: Vec<String> = cookies.iter().map(describe).collect();
        described.sort();
        described
    }

    /// The browser loses a cookie: the session has ended.
    pub(crate) async fn lose_cookie(&self, name: &str) {
        self.client.delete_cookie(name).await.unwrap();
    }

    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        let field = self.client.find(Locator::Css(selector)).await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub(crate) async fn tab(&self) -> WindowHandle {
        self.client.window().await.unwrap()
    }

    /// Opens a tab and goes there.
    pub(crate) async fn open_tab(&self) -> WindowHandle {
        let opened = self.client.new_window(true).await.unwrap();
        self.switch_to(&opened.handle).await;
        opened.handle
    }

    pub(crate) async fn switch_to(&self, tab: &WindowHandle) {
        self.client.switch_to_window(tab.clone()).await.unwrap();
    }

    /// Keeps a picture when somebody wants it. The last of each page stays.
    pub(crate) async fn keep_picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("SCREENSHOT_DIR").map(PathBuf::from) else {
            return;
        };
        let picture = self.client.screenshot().await.unwrap();
        let name: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        std::fs::create_dir_all(&folder).unwrap();
        // By way of another name: tests that run at once may see the same page.
        let mut file = tempfile::NamedTempFile::new_in(&folder).unwrap();
        file.write_all(&picture).unwrap();
        file.persist(folder.join(format!("{name}.png"))).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.end_session(&self.session);
    }
}

/// What the browser keeps of a cookie. The first word is the name up to the handle of a sign-in.
fn describe(cookie: &Cookie<'_>) -> String {
    let name = match cookie.name().split_once("pending-") {
        Some((before, handle)) if handle.len() == 32 => format!("{before}pending-"),
        _ => cookie.name().to_owned(),
    };
    let mut text = format!("{name} at {}{}", cookie.domain().unwrap(), cookie.path().unwrap());
    for (flag, is_set) in [
        (" Secure", cookie.secure() == Some(true)),
        (" HttpOnly", cookie.http_only() == Some(true)),
        (" until the browser is closed", cookie.expires().is_none()),
    ] {
        text.push_str(if is_set { flag } else { "" });
    }
    let same_site = cookie.same_site().map_or("absent".to_owned(), |value| value.to_string());
    text + " SameSite=" + &same_site
}
