//! Whether the application starts, and what it says of itself.

use url::{Host, Url};

use super::finding::{Area, Finding, Level};
use super::scene::{Scene, bare};

fn finding(code: &'static str, level: Level, title: &str) -> Finding {
    Finding::new(Area::Application, code, level, title)
}

pub(super) fn look(scene: &Scene) -> Vec<Finding> {
    let mut findings = vec![start(scene), base_url(scene), dev(scene), entity_id(scene)];
    findings.extend(acs_url(scene));
    findings.extend([people(scene), variables(scene), metadata(scene)]);
    findings
}

fn start(scene: &Scene) -> Finding {
    match &scene.starts {
        Ok(()) => finding("start", Level::Ok, "The application starts with this configuration."),
        Err(error) => {
            finding("start", Level::Problem, "The application does not start, or trusts nobody.")
                .fact("file", &error.file)
                .fact("key", &error.field)
                .fact("problem", &error.problem)
                .remedy(&error.remedy)
        }
    }
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn base_url(scene: &Scene) -> Finding {
    let base = &scene.config.base_url;
    let (level, title, remedy) = if base.scheme() != "https" && is_loopback(base) {
        let title = "Browsers reach the application by http on this machine: for a trial only.";
        let remedy = "Chrome, Edge and Firefox keep Secure cookies at localhost over http; Safari \
                      does not. For live use set base_url to the https address.";
        (Level::Note, title, Some(remedy))
    } else if base.scheme() != "https" {
        let remedy = "Set base_url to the https address that browsers see: the proxy's, when there \
                      is one. Without https no browser brings the cookie of a sign-in back.";
        (Level::Problem, "Browsers reach the application by http.", Some(remedy))
    } else if is_loopback(base) {
        let remedy = "For live use set base_url to the address that browsers see.";
        (Level::Note, "Only browsers on this machine reach the application.", Some(remedy))
    } else {
        (Level::Ok, "Browsers reach the application by https.", None)
    };
    let finding = finding("base_url", level, title).fact("base_url", bare(base));
    match remedy {
        Some(remedy) => finding.remedy(remedy),
        None => finding,
    }
}

fn dev(scene: &Scene) -> Finding {
    if !scene.config.dev {
        return finding("dev_mode", Level::Ok, "Development mode is off.");
    }
    let level = if is_loopback(&scene.config.base_url) { Level::Warning } else { Level::Problem };
    finding("dev_mode", level, "Development mode is on: keys of test providers are trusted.")
        .remedy(
            "Remove dev from the configuration, and SAML_DEV from the environment. Anybody can \
             make a test identity provider that signs in as anybody.",
        )
}

fn entity_id(scene: &Scene) -> Finding {
    let entity_id = scene.config.entity_id.as_str();
    let finding =
        |level, title: &str| finding("entity_id", level, title).fact("entity_id", entity_id);
    match Url::parse(entity_id) {
        Err(_) => finding(Level::Warning, "Our entityID is not a URI.")
            .remedy(
                "Use an address of ours or a urn. Entra puts \"spn:\" in front of anything else, \
                 and the audience is then another one.",
            )
            .entra(
                "Enterprise apps > the application > Single sign-on > Basic SAML Configuration > \
                 Identifier (Entity ID)",
            ),
        Ok(url) if matches!(url.scheme(), "http") => {
            finding(Level::Note, "Our entityID begins with http: a name, not a connection.")
                .remedy("It works. Change it only together with the registration.")
        }
        Ok(_) => finding(Level::Ok, "Our entityID is a URI."),
    }
}

/// The address that a request names and the one in our metadata have one origin. That they are the
/// same is looked at all the same: everything depends on it.
fn acs_url(scene: &Scene) -> Option<Finding> {
    let (own, published) = (scene.own.as_ref()?, scene.published.as_ref()?);
    let sent = own.acs_url();
    if published.acs_urls.iter().any(|url| url == sent) {
        let title = "Requests name the reply URL that our metadata has.";
        return Some(finding("acs_url", Level::Ok, title).fact("sent", sent));
    }
    let title = "Requests name another reply URL than our metadata has.";
    let finding = finding("acs_url", Level::Problem, title).fact("sent", sent);
    Some(
        finding
            .facts("metadata", &published.acs_urls)
            .remedy("This is a fault of the program: please report it."),
    )
}

fn people(scene: &Scene) -> Finding {
    let missing = match (&scene.config.organisation, &scene.config.contact) {
        (Some(_), Some(_)) => {
            let title = "Our metadata says whose the application is, and whom to write to.";
            return finding("contact", Level::Ok, title);
        }
        (None, Some(_)) => "[organisation]",
        (Some(_), None) => "[contact]",
        (None, None) => "[organisation] and [contact]",
    };
    let title = "Our metadata does not say whose the application is, or whom to write to.";
    finding("contact", Level::Note, title)
        .remedy(format!("Add {missing}: a certificate that ends is then somebody's affair."))
}

/// A misspelt variable does nothing, and nobody would know.
fn variables(scene: &Scene) -> Finding {
    let unknown = &scene.unknown_variables;
    if unknown.is_empty() {
        let title = "Every SAML_ variable of this environment is one of ours.";
        return finding("variables", Level::Ok, title);
    }
    let title = "Variables begin with SAML_ and do nothing.";
    finding("variables", Level::Warning, title).facts("variable", unknown).remedy(
        "Compare with docs/configuration.md: one may be misspelt. Kubernetes sets some of its own \
         for a service that is called saml.",
    )
}

/// Metadata that ends, ends as a file as well.
fn metadata(scene: &Scene) -> Finding {
    let Some(days) = scene.config.metadata.valid_days else {
        return finding("own_metadata", Level::Ok, "Our metadata has no end.");
    };
    let title = format!("Our metadata is good for {days} days from when it is asked for.");
    finding("own_metadata", Level::Note, &title).remedy(
        "Have the identity provider read it from its address again and again. Sent as a file it \
         ends, and cannot be imported afterwards.",
    )
}
