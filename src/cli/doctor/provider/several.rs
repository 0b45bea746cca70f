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
    let without = |has_own_name: bool| -> Vec<&String> {
        let nameless = all.iter().filter(|provider| !provider.has_label);
        nameless.filter(|p| p.has_own_name() == has_own_name).map(|p| &p.name).collect()
    };
    let remedy = "Give each [[idp]] a label in the words that people use.";
    let (nameless, own_word) = (without(false), without(true));
    Some(if !nameless.is_empty() {
        let title = "People have to choose between addresses: identity providers have no label.";
        finding("idp_labels", Level::Warning, title).facts("without", nameless).remedy(remedy)
    } else if !own_word.is_empty() {
        let title = "People see what identity providers call themselves: they have no label.";
        finding("idp_labels", Level::Note, title).facts("without", own_word).remedy(remedy)
    } else {
        let title = "People choose between identity providers by their labels.";
        finding("idp_labels", Level::Ok, title)
    })
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
        findings.push(match !provider.subject.is_empty() {
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

/// The claims of a list share one name space: the key does not say which of them it was made of.
pub(super) fn subjects(scene: &Scene) -> impl Iterator<Item = Finding> {
    let members = scene.providers.iter().filter(|provider| provider.population.is_some());
    members.filter(|provider| provider.subject.len() > 1).map(|provider| {
        let title = "People are known by the first of several claims that has a value.";
        finding("idp_subject", Level::Note, title)
            .about(&provider.name)
            .facts("claim", &provider.subject)
            .remedy(
                "Name one claim only. With several, all must come from one register that gives no \
                 value twice, and nobody may be able to edit any of them: a value in one that \
                 somebody else has in another makes one person of two.",
            )
    })
}

impl Provider {
    /// Whether its metadata has a name for people.
    fn has_own_name(&self) -> bool {
        let document = self.document.as_ref().and_then(|document| document.as_ref().ok());
        document.is_some_and(|document| document.ui_info().display_name("en").is_some())
    }
}
