//! Choices, made by bytes. Where these have run out, each is the first that there is, and what may be left out is left out.

use arbitrary::Unstructured;

/// Where the choices come from.
pub struct Source<'s, 'a>(pub &'s mut Unstructured<'a>);

impl Source<'_, '_> {
    /// A number below this.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0.int_in_range(0..=limit.max(1) - 1).unwrap_or(0)
    }

    /// Whether something is that is so in that many cases of so many.
    pub fn chance(&mut self, cases: usize, of: usize) -> bool {
        self.below(of) >= of - cases
    }

    /// One of these.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// The first of these in few cases.
    pub fn rarely<T>(&mut self, few: T, most: T) -> T {
        if self.chance(1, 30) { few } else { most }
    }

    /// Some of these, in their order.
    pub fn some<T: Clone>(&mut self, from: &[T]) -> Vec<T> {
        from.iter().filter(|_| self.chance(1, 3)).cloned().collect()
    }
}
