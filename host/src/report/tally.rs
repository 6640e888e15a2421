//! What a review of a cluster found, by namespace and rule.

use std::collections::{BTreeMap, BTreeSet};

use native_sidecar_review::reviewer::Review;

/// How many objects each rule says something of, by namespace and rule.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<(String, &'static str), usize>);

impl Tally {
    /// Counts a review.
    pub fn add(&mut self, review: &Review) {
        let repaired = review.repairs.iter().map(|repair| repair.rule.id);
        let rules: BTreeSet<&'static str> = review.open().map(|finding| finding.rule.id).chain(repaired).collect();
        for rule in rules {
            *self.0.entry((review.namespace.clone(), rule)).or_default() += 1;
        }
    }

    /// The counts as a table; empty where there is nothing to count.
    pub fn table(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let width = self.0.keys().map(|(namespace, _)| namespace.chars().count()).max().unwrap_or_default().max(9);
        let row = |(namespace, rule, count): (&str, &str, &str)| format!("{namespace:<width$}  {rule:<10}  {count}\n");
        let counts = self.0.iter().map(|((namespace, rule), count)| row((namespace, rule, &count.to_string())));
        format!("\n{}{}\n", row(("NAMESPACE", "RULE", "OBJECTS")), counts.collect::<String>())
    }
}
