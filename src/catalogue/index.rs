//! Which entries of the catalogue may mean a container: looking at each of them takes as long as reading the container.

use crate::catalogue::entry::{Entry, Names};

/// The entries by how their names and images begin and end: those that are in both may match.
pub(super) struct Index {
    names: Ends,
    images: Ends,
}

/// Entries, by hashes of the ends of their globs. Most texts share neither end with any glob, and so match none.
struct Ends {
    first: [Entries; BUCKETS],
    last: [Entries; BUCKETS],
}

/// A set of entries: a bit for each.
pub(super) type Entries = u128;

const BUCKETS: usize = 64;

/// The bucket of what is too short to be hashed.
const SHORT: usize = 0;

impl Index {
    /// The index of these entries.
    pub(super) const fn of(entries: &[Entry]) -> Self {
        assert!(entries.len() <= Entries::BITS as usize);
        let (mut index, mut position) = (Self { names: Ends::NONE, images: Ends::NONE }, 0);
        while position < entries.len() {
            index.names.add(1 << position, entries[position].names);
            index.images.add(1 << position, entries[position].images);
            position += 1;
        }
        index
    }

    /// The entries that may match this name and the last component of this image, and the positions of these.
    pub(super) fn entries(&self, name: &str, image: &str) -> impl Iterator<Item = usize> + use<> {
        let mut entries = self.names.of_text(name) & self.images.of_text(image);
        std::iter::from_fn(move || {
            let position = entries.trailing_zeros() as usize;
            entries &= entries.checked_sub(1)?;
            Some(position)
        })
    }
}

impl Ends {
    const NONE: Self = Self { first: [0; BUCKETS], last: [0; BUCKETS] };

    /// Adds an entry: by the last letters of the last component of each glob, or by its first ones where a wildcard is at its
    /// end. Without globs, it matches every text.
    const fn add(&mut self, entry: Entries, globs: Names) {
        let (mut index, mut is_for_all) = (0, globs.is_empty());
        while index < globs.len() {
            let component = component(globs[index].as_bytes());
            match component {
                [.., b'*'] | [.., b'*', _] | [.., b'*', _, _] => match component {
                    [b'*', ..] | [_, b'*', ..] => is_for_all = true,
                    _ => self.first[first_bucket(component)] |= entry,
                },
                _ => self.last[last_bucket(component)] |= entry,
            }
            index += 1;
        }
        let mut bucket = 0;
        while is_for_all && bucket < BUCKETS {
            self.first[bucket] |= entry;
            bucket += 1;
        }
    }

    fn of_text(&self, text: &str) -> Entries {
        self.first[first_bucket(text.as_bytes())] | self.last[last_bucket(text.as_bytes())]
    }
}

/// The last component of a glob, without its tag.
const fn component(glob: &[u8]) -> &[u8] {
    let (mut start, mut end) = (0, 0);
    while end < glob.len() && glob[end] != b':' {
        if glob[end] == b'/' {
            start = end + 1;
        }
        end += 1;
    }
    glob.split_at(end).0.split_at(start).1
}

const fn first_bucket(text: &[u8]) -> usize {
    match text {
        [first, second, ..] => bucket(*first, *second, 0),
        _ => SHORT,
    }
}

const fn last_bucket(text: &[u8]) -> usize {
    match text {
        [.., first, second, third] => bucket(*first, *second, *third),
        _ => SHORT,
    }
}

const fn bucket(first: u8, second: u8, third: u8) -> usize {
    (first as usize * 7 + second as usize * 3 + third as usize) % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::entries::CATALOGUE;
    use crate::catalogue::entry::{Place, Purpose};
    use crate::kubernetes::image::base_name;

    #[test]
    fn it_leaves_out_nothing_that_matches() {
        let index = Index::of(&CATALOGUE);
        for (position, entry) in CATALOGUE.iter().enumerate() {
            for (stands_for, registry) in
                [("", ""), ("a", "registry.example.com/"), ("xyz", "a:5000/b/"), ("1-2.3", "")]
            {
                let names = entry.names.iter().map(|glob| glob.replace('*', stands_for));
                for name in names.chain(entry.names.is_empty().then(|| "any".to_owned())) {
                    for image in entry.images {
                        let image = format!("{registry}{}", image.replace('*', stands_for));
                        assert!(entry.means(&name, &image), "{name} {image} {entry:?}");
                        let mut found = index.entries(&name, base_name(&image));
                        assert!(found.any(|each| each == position), "{name} {image}");
                    }
                }
            }
        }
    }

    #[test]
    fn it_knows_short_globs() {
        let new = |names, images| Entry::new(names, images, Purpose::Helper, Place::Last, "short");
        let index = Index::of(&[new(&["a", "b*", "*cd"], &["x", "*yz", "z*"]), new(&[], &["*"])]);
        for (name, image, first) in [
            ("a", "x", true),
            ("b", "z", true),
            ("bb", "z1", true),
            ("cd", "yz", true),
            ("xcd", "ayz", true),
            ("", "", true),
        ] {
            let entries: Vec<_> = index.entries(name, image).collect();
            assert_eq!(entries, if first { &[0, 1][..] } else { &[1] }, "{name} {image}");
        }
        assert_eq!(Index::of(&[new(&["abc"], &["def"])]).entries("abd", "def").next(), None);
    }
}
