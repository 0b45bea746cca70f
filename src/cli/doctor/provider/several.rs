//! What matters once there are several identity providers.

use super::finding;
use crate::cli::doctor::finding::{Finding, Level};
use crate::cli::doctor::scene::{Provider, Scene};

/// With several providers people choose between names.
pub(super) fn labels(scene: &Scene) -> Option<Finding> {
    let all = &scene.providers;
    if all.len() < 2 {
        return None;
    }
    let nameless: Vec<&String> =
        all.iter().filter(|p| !p.has_label).map(|provider| &provider.name).collect();
    if nameless.is_empty() {
        let title = "People choose between identity providers by their labels.";
        return Some(finding("idp_labels", Level::Ok, title));
    }
    let title = "People have to choose between addresses: identity providers have no label.";
    Some(
        finding("idp_labels", Level::Warning, title)
            .facts("without", nameless)
            .remedy("Give each [[idp]] a label in the words that people use."),
    )
}

/// Providers of one population must agree on who is who.
pub(super) fn populations(scene: &Scene) -> Vec<Finding> {
    let shared = |name: &String| {
        let is_of = |p: &&Provider| p.population.as_ref() == Some(name);
        scene.providers.iter().filter(is_of).count() > 1
    };
    let mut findings = Vec::new();
    for provider in &scene.providers {
        let Some(population) = provider.population.as_ref().filter(|name| shared(name)) else {
            continue;
        };
        let finding = |level, title: &str| {
            finding("idp_population", level, title)
                .about(&provider.name)
                .fact("population", population)
        };
        findings.push(match provider.names_subject {
            true => finding(Level::Ok, "People are known by a claim that its population shares."),
            false => finding(
                Level::Warning,
                "It shares its people with another provider, and names no claim that both send.",
            )
            .remedy(
                "Set subject to the claim that has the same value for a person at each provider. \
                 Otherwise somebody who comes by the other one is taken for somebody else.",
            ),
        });
    }
    findings
}
