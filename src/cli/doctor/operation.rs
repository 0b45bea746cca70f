//! Cookies, sessions, clocks, stores, and how strict we are.

use super::finding::{Area, Finding, Level};
use super::scene::Scene;
use crate::cli::products::{response_signature, signing_option};
use crate::nhsmail::ClaimNames;
use crate::web::config::RequireSignedConfig;

fn finding(code: &'static str, level: Level, title: impl Into<String>) -> Finding {
    Finding::new(Area::Operation, code, level, title)
}

pub(super) fn look(scene: &Scene) -> Vec<Finding> {
    vec![
        cookies(scene),
        session(scene),
        pending(scene),
        store(scene),
        clock_skew(scene),
        signatures(scene),
        claims(&scene.config.claims),
    ]
}

/// What browsers are given, for whoever reads them in the network view.
fn cookies(scene: &Scene) -> Finding {
    let is_https = scene.config.base_url.scheme() == "https";
    let name = |name: &str| if is_https { format!("__Host-{name}") } else { name.to_owned() };
    let (level, title) = match is_https {
        true => (Level::Ok, "Cookies are bound to this host and to https."),
        false => (Level::Note, "Cookies are Secure, and http is only good enough on this machine."),
    };
    let finding = finding("cookies", level, title)
        .fact("session", format!("{}: HttpOnly, Secure, SameSite=Lax", name("saml-session")))
        .fact("sign-in", format!("{}…: HttpOnly, Secure, SameSite=None", name("saml-pending-")));
    match is_https {
        true => finding.remedy(
            "The response comes by a POST from another site, with which browsers send \
             SameSite=None alone. A proxy that rewrites SameSite or removes Secure breaks sign-in.",
        ),
        false => finding.remedy("Use Chrome, Edge or Firefox, or run the demo with --tls."),
    }
}

fn session(scene: &Scene) -> Finding {
    let session = scene.config.session;
    let is_long = session.idle_minutes > 60 || session.absolute_hours > 12;
    let finding = |level, title: &str| {
        finding("session", level, title)
            .fact("idle_minutes", session.idle_minutes)
            .fact("absolute_hours", session.absolute_hours)
    };
    match is_long {
        false => finding(Level::Ok, "Sessions end by themselves. No identity provider says when."),
        true => finding(Level::Note, "Sessions last long for computers that several people use.")
            .remedy("NHS services end them after 10 to 30 minutes without use, and 8 to 12 hours."),
    }
}

fn pending(scene: &Scene) -> Finding {
    let minutes = scene.config.policy.pending_minutes;
    let finding =
        |level, title: &str| finding("pending", level, title).fact("pending_minutes", minutes);
    match minutes >= 15 {
        true => finding(Level::Ok, "A sign-in may take as long as a second factor takes."),
        false => finding(Level::Warning, "A sign-in may take too little time.").remedy(
            "Set policy.pending_minutes to 15 or more: NHSmail leads over two sign-in pages, and a \
             second factor alone can take 5 minutes.",
        ),
    }
}

fn store(scene: &Scene) -> Finding {
    let url = &scene.config.store.url;
    // The address of a server may hold its password.
    let shown = format!("{}:", scene.config.store.kind());
    let finding = |level, title: &str| finding("store", level, title).fact("url", &shown);
    match url.starts_with("memory:") {
        true => finding(Level::Note, "Sessions and used assertions are in memory.").remedy(
            "Right for one process. Several must not share an address: a session of one is unknown \
             to the other, and an assertion could be used once at each.",
        ),
        false => finding(Level::Ok, "Sessions and used assertions are kept outside the process."),
    }
}

fn clock_skew(scene: &Scene) -> Finding {
    let seconds = scene.config.policy.clock_skew_seconds;
    let finding = |level, title: &str| {
        finding("clock_skew", level, title).fact("clock_skew_seconds", seconds)
    };
    match seconds >= 60 {
        true => finding(Level::Ok, "Clocks may differ a little."),
        false => finding(Level::Warning, "Clocks may hardly differ.")
            .remedy(
                "Set policy.clock_skew_seconds to 60 or more. AD FS leaves no margin: a clock here \
                 that is a moment behind refuses everybody.",
            )
            .adfs("Set-AdfsRelyingPartyTrust -TargetName '<trust>' -NotBeforeSkew 2"),
    }
}

/// What must be signed, and what that asks of the identity provider.
fn signatures(scene: &Scene) -> Finding {
    let required = scene.config.policy.require_signed;
    let (level, title) = match required {
        RequireSignedConfig::Either | RequireSignedConfig::Assertion => {
            (Level::Ok, "Signatures are demanded as AD FS and Entra make them by default.")
        }
        RequireSignedConfig::Response | RequireSignedConfig::Both => {
            (Level::Note, "Signatures are demanded that the identity provider must be set to make.")
        }
    };
    finding("require_signed", level, title)
        .fact("require_signed", format!("{required:?}").to_lowercase())
        .fact("algorithms", "RSA or ECDSA with SHA-256, -384 or -512")
        .adfs(format!(
            "Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SamlResponseSignature {} \
             -SignatureAlgorithm 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'",
            response_signature(required)
        ))
        .entra(format!(
            "Enterprise apps > the application > Single sign-on > SAML Certificates > Token \
             signing certificate > Edit: {}, SHA-256",
            signing_option(required)
        ))
}

/// What a person is known by.
fn claims(names: &ClaimNames) -> Finding {
    if names.immutable_id.is_empty() {
        let title = "No claim is read that never changes for a person.";
        return finding("claims", Level::Warning, title).remedy(
            "Name one in claims.immutable_id. A mail address or a UPN can be given to somebody \
             else, who then is taken for the one before.",
        );
    }
    finding("claims", Level::Ok, "People are known by an identifier that never changes, if sent.")
        .fact("immutable_id", names.immutable_id.join(", "))
}
