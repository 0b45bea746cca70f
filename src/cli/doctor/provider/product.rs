//! What AD FS and Entra do each in their own way.

use super::{FEDERATION_URL, METADATA_ADDRESS, finding};
use crate::cli::doctor::finding::{Finding, Level};
use crate::cli::doctor::scene::{Provider, bare};

const ADFS_PATH: &str = "/FederationMetadata/2007-06/FederationMetadata.xml";

/// What an identity provider is made by, where that can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Product {
    Adfs,
    Entra,
}

const ENTRA_HOSTS: [&str; 2] = ["login.microsoftonline.com", "login.windows.net"];

impl Provider {
    /// By its name, else by its address.
    pub(super) fn product(&self) -> Option<Product> {
        let entity_id = match &self.document {
            Some(Ok(document)) => document.entity_id().as_str(),
            _ => self.policy.entity_id.as_ref().map_or("", |entity_id| entity_id.as_str()),
        };
        let url = self.source.url.as_ref();
        let host = url.and_then(|url| url.host_str()).unwrap_or_default();
        if entity_id.starts_with("https://sts.windows.net/") || ENTRA_HOSTS.contains(&host) {
            Some(Product::Entra)
        } else if entity_id.ends_with("/adfs/services/trust") {
            Some(Product::Adfs)
        } else {
            None
        }
    }

    /// A finding about it, without settings that another product has.
    pub(in crate::cli::doctor) fn concern(&self, finding: Finding) -> Finding {
        let mut finding = finding.about(&self.name);
        match self.product() {
            Some(Product::Adfs) => finding.entra = None,
            Some(Product::Entra) => finding.adfs = None,
            None => {}
        }
        finding
    }
}

/// Entra lists other keys for the tenant than for the application.
pub(super) fn entra(provider: &Provider) -> Option<Finding> {
    let code = "idp_entra_application";
    let url = provider.source.url.as_ref();
    if provider.product() != Some(Product::Entra) {
        return None;
    }
    let has_application = |url: &url::Url| {
        url.query_pairs().any(|(name, value)| name == "appid" && !value.is_empty())
    };
    Some(match url {
        Some(url) if has_application(url) => {
            finding(code, Level::Ok, "Its metadata is that of our application in Entra.")
        }
        Some(url) => {
            let title = "Its metadata is the tenant's, and not our application's.";
            finding(code, Level::Warning, title)
                .fact("URL", bare(url))
                .remedy(
                    "Add ?appid= with the application's id to metadata_url. Each enterprise \
                     application signs with a key of its own, which the tenant's metadata does not \
                     list: no response would verify.",
                )
                .entra(FEDERATION_URL)
        }
        None => {
            let title = "Whether the file is our application's or the tenant's cannot be told.";
            finding(code, Level::Note, title)
                .remedy("It must come from the address that ends in ?appid= and an identifier.")
                .entra(FEDERATION_URL)
        }
    })
}

/// AD FS has its metadata at one path.
pub(super) fn adfs(provider: &Provider) -> Option<Finding> {
    let is_adfs = provider.product() == Some(Product::Adfs);
    let url = provider.source.url.as_ref().filter(|_| is_adfs)?;
    let is_usual = url.path().eq_ignore_ascii_case(ADFS_PATH);
    let title = match is_usual {
        true => "Its metadata comes from where AD FS has it.",
        false => "Its metadata does not come from where AD FS has it.",
    };
    let level = if is_usual { Level::Ok } else { Level::Note };
    let finding = finding("idp_adfs_address", level, title).fact("URL", bare(url));
    Some(match is_usual {
        true => finding,
        false => finding
            .remedy(format!("AD FS publishes it at https://<host>{ADFS_PATH}."))
            .adfs(METADATA_ADDRESS),
    })
}
