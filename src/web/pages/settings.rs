//! What an application may change about our pages.

use std::sync::Arc;

use super::{Branding, PageTemplate, Texts};
use crate::web::saml::SamlBuilder;

impl SamlBuilder {
    /// What the pages say. English by default; see docs/pages.md.
    #[must_use]
    pub fn texts(mut self, texts: Texts) -> Self {
        self.pages.texts = texts;
        self
    }

    /// What the pages show of the application. Nothing by default.
    #[must_use]
    pub fn branding(mut self, branding: Branding) -> Self {
        self.pages.branding = branding;
        self
    }

    /// What makes HTML of the pages. [`DefaultTemplate`](crate::web::DefaultTemplate) by default.
    #[must_use]
    pub fn page_template(mut self, template: Arc<dyn PageTemplate>) -> Self {
        self.pages.template = template;
        self
    }
}
