//! What makes a review fail.

use clap::ValueEnum;
use native_sidecar_review::reviewer::Verdict;

use crate::report::summary::Summary;

/// The least bad verdict for which a review fails.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum FailOn {
    /// Objects that are denied
    #[default]
    Denied,
    /// Objects with warnings, and what is changed or denied
    Warned,
    /// Objects that the policy would change, and what is denied
    Changed,
    /// Nothing but errors
    Never,
}

impl FailOn {
    /// Whether a verdict is so bad.
    pub fn includes(self, verdict: Verdict) -> bool {
        match self {
            Self::Denied => verdict >= Verdict::Denied,
            Self::Warned => verdict >= Verdict::Warned,
            Self::Changed => verdict >= Verdict::Changed,
            Self::Never => false,
        }
    }

    /// Returns the exit code of a review that found this in all.
    pub fn exit_code(self, summary: &Summary) -> u8 {
        match summary.errors {
            0 => self.includes(summary.worst).into(),
            _ => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_includes_what_is_worse() {
        let verdicts = [Verdict::Skipped, Verdict::Accepted, Verdict::Warned, Verdict::Changed, Verdict::Denied];
        let codes = |fail_on: FailOn, errors| {
            verdicts.map(|worst| fail_on.exit_code(&Summary { worst, errors, ..Summary::default() }))
        };
        assert_eq!(codes(FailOn::Denied, 0), [0, 0, 0, 0, 1]);
        assert_eq!(codes(FailOn::Changed, 0), [0, 0, 0, 1, 1]);
        assert_eq!(codes(FailOn::Warned, 0), [0, 0, 1, 1, 1]);
        assert_eq!(codes(FailOn::Never, 0), [0; 5]);
        assert_eq!(codes(FailOn::Never, 1), [2; 5]);
        assert_eq!(codes(FailOn::default(), 3), [2; 5]);
    }
}
