//! Values by name.

use std::collections::BTreeMap;

/// A map from names to values.
///
/// A `BTreeMap` for each type of value would bring its code into the module once for each: 3 to 8 KB.
#[derive(Debug)]
pub struct Table<T> {
    /// The indexes of the values.
    indexes: BTreeMap<String, usize>,
    values: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { indexes: BTreeMap::new(), values: Vec::new() }
    }
}

impl<T> Table<T> {
    /// The value with this name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.values.get(*self.indexes.get(name)?)
    }

    /// The names and their values, by the order of the names.
    pub fn in_order(&self) -> impl Iterator<Item = (&str, &T)> {
        self.indexes.iter().filter_map(|(name, index)| Some((name.as_str(), self.values.get(*index)?)))
    }

    /// The value with this name, which is `new` where there was none.
    pub fn get_or_insert(&mut self, name: &str, new: T) -> &mut T {
        let index = match self.indexes.get(name) {
            Some(index) => *index,
            None => {
                self.indexes.insert(name.to_owned(), self.values.len());
                self.values.push(new);
                self.values.len() - 1
            }
        };
        &mut self.values[index]
    }
}

/// A set of names.
pub type Names = Table<()>;

impl Names {
    /// The set of these names.
    pub fn of<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut set = Self::default();
        names.for_each(|name| set.add(name));
        set
    }

    /// Adds a name.
    pub fn add(&mut self, name: &str) {
        self.get_or_insert(name, ());
    }

    /// Whether the name is one of them.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_value_of_a_name() {
        let mut table = Table::default();
        for (name, value) in [("b", 1), ("a", 2), ("b", 3), ("", 4)] {
            table.get_or_insert(name, value);
        }
        *table.get_or_insert("a", 0) += 5;
        let found = ["a", "b", "", "c"].map(|name| table.get(name).copied());
        assert_eq!(found, [Some(7), Some(1), Some(4), None]);
    }

    #[test]
    fn is_a_set_of_names() {
        let names = Names::of(["a", "b", "a"].into_iter());
        assert_eq!(["a", "b", "c"].map(|name| names.contains(name)), [true, true, false]);
    }
}
