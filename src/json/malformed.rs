//! Errors in the input: what is wrong, and where.

use std::fmt;

/// Input that can't be judged, because it is not what it should be.
///
/// It displays as `PLACE: PROBLEM`, and as `PROBLEM` where the place is the whole document.
#[derive(Debug, Eq, PartialEq)]
pub struct Malformed {
    /// Where in the input: a path from the root of the document that was read.
    pub place: String,
    /// What is wrong there.
    pub problem: String,
}

impl Malformed {
    /// Something is wrong at this place.
    pub fn new(place: impl fmt::Display, problem: impl fmt::Display) -> Self {
        // One function for all types, which are many.
        fn new(place: &dyn fmt::Display, problem: &dyn fmt::Display) -> Malformed {
            Malformed { place: place.to_string(), problem: problem.to_string() }
        }
        new(&place, &problem)
    }

    /// The same problem, seen from a document that has this one at `root`.
    #[must_use]
    pub fn within(self, root: impl fmt::Display) -> Self {
        fn within(error: Malformed, root: &dyn fmt::Display) -> Malformed {
            let root = root.to_string();
            let is_joined = root.is_empty() || error.place.is_empty() || error.place.starts_with('[');
            let separator = if is_joined { "" } else { "." };
            Malformed { place: format!("{root}{separator}{}", error.place), ..error }
        }
        within(self, &root)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.place.is_empty() { "" } else { ": " };
        write!(f, "{}{separator}{}", self.place, self.problem)
    }
}

impl std::error::Error for Malformed {}
