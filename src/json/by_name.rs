//! A map for a handful of things that have names.

/// Things by their names, in the order of these. It is a sorted list: the standard library's maps are made for many things, and
/// take the module a few kilobytes for each type of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ByName<V>(Vec<(String, V)>);

impl<V> ByName<V> {
    /// What has this name.
    pub fn get(&self, name: &str) -> Option<&V> {
        let index = self.place(name).ok()?;
        self.0.get(index).map(|(_, value)| value)
    }

    /// What has this name; a new one where nothing has it.
    pub fn get_or_insert(&mut self, name: &str, new: V) -> &mut V {
        let index = self.place(name).unwrap_or_else(|index| {
            self.0.insert(index, (name.to_owned(), new));
            index
        });
        &mut self.0[index].1
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where it is, or would be.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.as_str().cmp(name))
    }
}

impl<V> Default for ByName<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_found_by_name_and_come_in_its_order() {
        let mut numbers = ByName::default();
        assert!(numbers.is_empty());
        for (name, number) in [("b", 1), ("a", 2), ("c", 3), ("b", 4)] {
            *numbers.get_or_insert(name, 0) += number;
        }
        assert_eq!(numbers.iter().collect::<Vec<_>>(), [("a", &2), ("b", &5), ("c", &3)]);
        assert_eq!((numbers.get("b"), numbers.get("d"), numbers.is_empty()), (Some(&5), None, false));
    }
}
