//! What the network says. Only when it is asked for.

use super::finding::{Area, Finding, Level};
use super::scene::Scene;

/// What was learnt by trying.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {}

fn finding(code: &'static str, level: Level, title: &str) -> Finding {
    Finding::new(Area::Network, code, level, title)
}

pub(super) fn look(scene: &Scene) -> Vec<Finding> {
    let Some(_reach) = &scene.reach else {
        let title = "The network was not tried: neither our address nor a metadata_url.";
        let remedy = "Give --reach, from the machine on which the application runs.";
        return vec![finding("reach", Level::Note, title).remedy(remedy)];
    };
    Vec::new()
}
