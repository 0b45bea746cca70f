//! Whether browsers that go to `base_url` come to us.

use super::finding;
use super::trouble::remedy_for;
use crate::cli::doctor::difference::difference;
use crate::cli::doctor::finding::{Finding, Level};
use crate::cli::doctor::scene::{Scene, SpDocument};
use crate::web::federation::{Answer, FetchError};

const CODE: &str = "reach_application";

pub(super) fn look(scene: &Scene, metadata: &Result<Answer, FetchError>) -> Vec<Finding> {
    let url = super::own_url(scene, "metadata").map(String::from).unwrap_or_default();
    let found = match metadata {
        Err(error) => unreachable_from_here(error),
        Ok(answer) => answered(scene, answer),
    };
    vec![found.fact("URL", url)]
}

fn unreachable_from_here(error: &FetchError) -> Finding {
    // What this machine cannot reach, browsers may. A certificate is the same for all.
    let (level, title) = match error {
        FetchError::Tls(_) | FetchError::Insecure { .. } => {
            (Level::Problem, "Our address has no TLS connection that can be trusted.")
        }
        _ => (Level::Warning, "Our own address cannot be reached from this machine."),
    };
    let remedy = match error {
        FetchError::Tls(_) => {
            "Browsers see the same certificate. Send the whole chain: an intermediate certificate \
             is forgotten most often."
        }
        _ => remedy_for(error, false),
    };
    finding(CODE, level, title).fact("reason", error.code()).fact("problem", error).remedy(remedy)
}

fn answered(scene: &Scene, answer: &Answer) -> Finding {
    let finding = |level, title: &str| finding(CODE, level, title).fact("status", answer.status);
    if let 300..400 = answer.status {
        let to = answer.location.as_deref().unwrap_or("nowhere");
        return finding(Level::Problem, "Our address leads somewhere else.").fact("to", to).remedy(
            "Set base_url to where it leads: scheme, host and port as browsers end up seeing them. \
             A POST, as the response is one, loses its form on the way.",
        );
    }
    if answer.status != 200 {
        return finding(Level::Problem, "Our metadata is not where we say it is.").remedy(
            "Lead /saml/ through the proxy to the application, or set base_url to where it is.",
        );
    }
    let document = match SpDocument::read(&answer.body) {
        Ok(document) => document,
        Err(problem) => {
            let kind = answer.content_type.as_deref().unwrap_or("none");
            return finding(Level::Problem, "Something else answers at our address.")
                .fact("kind", kind)
                .fact("problem", problem)
                .remedy(
                    "A proxy answers with a page of its own, or another application does. Lead \
                     /saml/ to this application.",
                );
        }
    };
    compare(scene, &document, finding)
}

fn compare(
    scene: &Scene,
    served: &SpDocument,
    finding: impl Fn(Level, &str) -> Finding,
) -> Finding {
    let Some(ours) = &scene.published else {
        return finding(Level::Note, "Metadata is served at our address.")
            .remedy("It cannot be compared while the configuration is not right.");
    };
    let acs = |document: &SpDocument| document.acs_urls.join(" ");
    let differences: Vec<String> = [
        difference(&ours.entity_id, &served.entity_id).map(|d| format!("entityID {d}")),
        difference(&acs(ours), &acs(served)).map(|d| format!("ACS {d}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !differences.is_empty() {
        return finding(Level::Problem, "Our address serves metadata of another configuration.")
            .facts("differs", &differences)
            .remedy(
                "Another application answers, or it runs with another file or with SAML_* \
                 variables: give doctor the same.",
            );
    }
    let prints = |document: &SpDocument| -> Vec<String> {
        document.signing.iter().chain(&document.encryption).map(|c| c.fingerprint()).collect()
    };
    if prints(ours) != prints(served) {
        return finding(Level::Warning, "Our address serves other certificates than these.")
            .facts("served", &prints(served))
            .facts("ours", &prints(ours))
            .remedy("Restart the application, so that it has the keys of the configuration.");
    }
    finding(Level::Ok, "Our address serves the metadata of this configuration.")
}
