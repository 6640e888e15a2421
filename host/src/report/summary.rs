//! What a review found in all.

use native_sidecar_review::reviewer::Verdict;

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
}

impl Summary {
    /// Counts a review.
    pub fn count(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Skipped => &mut self.skipped,
            Verdict::Accepted => &mut self.accepted,
            Verdict::Warned => &mut self.warned,
            Verdict::Changed => &mut self.changed,
            Verdict::Denied => &mut self.denied,
        } += 1;
    }
}
