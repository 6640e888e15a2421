//! A map from names to things.

use std::collections::BTreeMap;

/// Things by their names, in the order of these. The names have one map for all types of things: each type of one of its own would
/// take the module a few kilobytes.
#[derive(Debug)]
pub struct ByName<V> {
    places: BTreeMap<String, usize>,
    things: Vec<V>,
}

impl<V> ByName<V> {
    /// What has this name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.things.get(*self.places.get(name)?)
    }

    /// What has this name; a new one where nothing has it.
    pub fn get_or_insert(&mut self, name: &str, new: V) -> &mut V {
        let place = self.places.get(name).copied().unwrap_or_else(|| {
            self.places.insert(name.to_owned(), self.things.len());
            self.things.push(new);
            self.things.len() - 1
        });
        &mut self.things[place]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.places.iter().map(|(name, place)| (name.as_str(), &self.things[*place]))
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.things.is_empty()
    }
}

impl<V> Default for ByName<V> {
    fn default() -> Self {
        Self { places: BTreeMap::new(), things: Vec::new() }
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
