//! What a review found in all.

use std::collections::BTreeMap;

use native_sidecar_review::findings::Suppression;
use native_sidecar_review::reviewer::{Review, Verdict};

/// How many objects got which verdict, and what else there was.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Objects that are good as they are.
    pub accepted: usize,
    /// Objects that are let through with a warning.
    pub warned: usize,
    /// Objects that are let through in another form.
    pub changed: usize,
    /// Objects that are not let through.
    pub denied: usize,
    /// Objects of kinds that the policy does not judge.
    pub skipped: usize,
    /// Objects that the policy never sees, by the reason.
    pub left_out: BTreeMap<String, usize>,
    /// Documents that are no Kubernetes objects, or parts of one.
    pub others: usize,
    /// Templates in folders, which were skipped.
    pub templates: usize,
    /// What could not be read in folders.
    pub unreadable: usize,
    /// What could not be read or written.
    pub errors: usize,
    /// Files that were rewritten.
    pub written: usize,
    /// Findings that the baseline has.
    pub known: usize,
    /// Findings that comments ignore.
    pub ignored: usize,
    /// The worst that is still to be done something about.
    pub worst: Verdict,
}

impl Summary {
    /// Counts a review. Of a change that is written, only what is found beside it is left to do.
    pub fn count(&mut self, review: &Review, is_written: bool) {
        if let Some(reason) = &review.left_out {
            *self.left_out.entry(reason.clone()).or_default() += 1;
            return;
        }
        *match review.verdict {
            Verdict::Skipped => &mut self.skipped,
            Verdict::Accepted => &mut self.accepted,
            Verdict::Warned => &mut self.warned,
            Verdict::Changed => &mut self.changed,
            Verdict::Denied => &mut self.denied,
        } += 1;
        for suppression in review.findings.iter().filter_map(|finding| finding.suppression.as_ref()) {
            *match suppression {
                Suppression::Comment(_) => &mut self.ignored,
                Suppression::Baseline => &mut self.known,
            } += 1;
        }
        let left = match review.verdict {
            Verdict::Changed if is_written && review.open().next().is_some() => Verdict::Warned,
            Verdict::Changed if is_written => Verdict::Accepted,
            verdict => verdict,
        };
        self.worst = self.worst.max(left);
    }

    /// Returns how many objects there are of kinds that the policy judges.
    pub fn judged(&self) -> usize {
        self.accepted + self.warned + self.changed + self.denied
    }

    /// Whether there is nothing at all that could have been reviewed.
    pub fn is_empty(&self) -> bool {
        self.judged() + self.skipped + self.templates + self.unreadable == 0 && self.left_out.is_empty()
    }
}
