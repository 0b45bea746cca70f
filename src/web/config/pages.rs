//! From the keys of `pages` to texts and branding.

use super::Config;
use super::error::ConfigError;
use crate::web::pages::{Branding, OwnPath, Texts};
use crate::web::saml::SamlBuilder;

impl Config {
    /// What the pages say. What the file leaves out is English.
    ///
    /// # Errors
    /// A [`ConfigError`] when the file cannot be read, or has something that is no text of ours.
    pub(super) fn read_texts(&self) -> Result<Texts, ConfigError> {
        const FIELD: &str = "pages.texts";
        const REMEDY: &str = "begin with docs/texts.toml, which has every key and its places";
        let Some(path) = &self.pages.texts else { return Ok(Texts::default()) };
        let bytes = self.read_file(FIELD, path)?;
        let text = String::from_utf8(bytes)
            .map_err(|error| self.error(FIELD, error, "save it as UTF-8"))?;
        Texts::from_toml(&text).map_err(|error| self.error(FIELD, error, REMEDY))
    }

    /// Makes the pages of `saml` as the configuration says.
    ///
    /// # Errors
    /// A [`ConfigError`].
    pub(super) fn dress(&self, saml: SamlBuilder) -> Result<SamlBuilder, ConfigError> {
        let texts = self.read_texts()?;
        let missing = texts.unsaid().count();
        if self.pages.texts.is_some() && missing > 0 {
            let first = texts.unsaid().next();
            tracing::warn!(event = "texts_missing", missing, first);
        }
        Ok(saml.texts(texts).branding(self.branding()?))
    }

    /// What the pages show of the application.
    ///
    /// # Errors
    /// A [`ConfigError`] for an address that is not the application's own, and for a logo without a
    /// name that could be read out in its place.
    pub(super) fn branding(&self) -> Result<Branding, ConfigError> {
        let own = |field: &str, path: &Option<String>| {
            let parsed = path.as_deref().map(OwnPath::parse).transpose();
            let remedy = "serve it yourself, and name its path, which begins with one slash";
            parsed.map_err(|error| self.error(field, error, remedy))
        };
        let pages = &self.pages;
        let branding = Branding {
            service_name: pages.service_name.clone(),
            help_desk: pages.help_desk.clone(),
            stylesheet: own("pages.stylesheet", &pages.stylesheet)?,
            logo: own("pages.logo", &pages.logo)?,
        };
        if branding.logo.is_some() && branding.service_name.is_none() {
            let problem = "a logo without a name that could be read out in its place";
            return Err(self.error("pages.logo", problem, "set pages.service_name as well"));
        }
        Ok(branding)
    }
}
