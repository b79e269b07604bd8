//! Experiments that pages run: one flag each, for those who are on the page.

use super::experiment::Rule;
use super::feature::{Importer, Writing, filters, text};
use super::ranges::is_true;
use crate::draft::{FlagDraft, below};
use serde_json::{Value as Json, json};

/// The attribute that holds the address of the page.
const URL: &str = "url";

impl Importer<'_, '_> {
    /// Writes the flag of an experiment that pages run; it serves nothing to those outside.
    pub(super) fn page_experiment(&mut self, experiment: &Json, pointer: &str) {
        let key = text(experiment.get("key"), "");
        if key.is_empty() {
            self.draft
                .dropped(pointer, "an experiment without a key has no flag");
            return;
        }
        if self.draft.flags.contains_key(&key) {
            let message = format!("there is a flag \"{key}\" already: this one was left out");
            self.draft.dropped(pointer, message);
            return;
        }
        let mut writing = Writing {
            key: key.clone(),
            ..Writing::default()
        };
        if self.is_running(experiment, pointer) {
            let parts = self.audience(experiment, &key, pointer);
            self.experiment(experiment, parts, &mut writing, pointer);
        }
        self.finish(FlagDraft::default(), writing, &key);
    }

    /// Whether the experiment takes anybody in.
    fn is_running(&mut self, experiment: &Json, pointer: &str) -> bool {
        let status = experiment.get("status").and_then(Json::as_str);
        let is_over = status == Some("stopped") && experiment.get("force").is_none();
        if status == Some("draft") || is_over || experiment.get("active") == Some(&false.into()) {
            return false;
        }
        for name in ["groups", "url", "include"] {
            if experiment.get(name).is_some_and(is_true) {
                let message = "it depends on what only an SDK knows: nobody is taken in";
                self.draft.approximated(below(pointer, name), message);
                return false;
            }
        }
        true
    }

    /// Who takes part: those on the page, who meet the condition and what other flags ask for.
    fn audience(&mut self, experiment: &Json, key: &str, pointer: &str) -> Rule {
        let mut when = Vec::new();
        if let Some(patterns) = experiment.get("urlPatterns").filter(|list| is_true(list)) {
            when.push(json!({
                "dialect": "growthbook", "op": "urls", "attribute": URL, "value": patterns,
            }));
        }
        let condition = below(pointer, "condition");
        when.extend(
            self.conditions()
                .written(experiment.get("condition"), &condition),
        );
        let place = below(pointer, "parentConditions");
        let parents = experiment.get("parentConditions").and_then(Json::as_array);
        for (index, parent) in parents.into_iter().flatten().enumerate() {
            let place = below(&place, &index.to_string());
            when.push(self.conditions().parent(parent, "doesNotHold", &place));
        }
        Rule {
            name: key.to_owned(),
            when,
            gates: filters(experiment).unwrap_or_default(),
        }
    }
}
