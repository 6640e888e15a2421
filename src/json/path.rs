//! Where something is in a JSON document: `spec.template.spec.containers[1]`.

use std::borrow::Cow;
use std::fmt;

/// One step down into a JSON document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step<'a> {
    /// Into the member of an object with this name.
    Key(Cow<'a, str>),
    /// Into the element of an array with this index, counted from 0.
    Index(usize),
}

impl<'a> Step<'a> {
    /// The same step, with nothing borrowed.
    pub fn into_owned(self) -> Step<'static> {
        match self {
            Self::Key(name) => Step::Key(Cow::Owned(name.into_owned())),
            Self::Index(index) => Step::Index(index),
        }
    }

    /// The step into the member `name`.
    pub const fn key(name: &'a str) -> Self {
        Self::Key(Cow::Borrowed(name))
    }
}

/// A place in a JSON document, from its root; empty for the root itself.
///
/// It displays as in the messages of the API server: `spec.containers[1]`; a name that is not made of letters, digits,
/// `_` and `-` stands in brackets: `metadata.annotations["example.com/a"]`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Path<'a>(pub Vec<Step<'a>>);

impl<'a> Path<'a> {
    /// The place that these steps lead to.
    pub fn of(steps: &[Step<'a>]) -> Self {
        Self(steps.to_vec())
    }

    /// The member `name` of what is here.
    #[must_use]
    pub fn key(mut self, name: &'a str) -> Self {
        self.0.push(Step::key(name));
        self
    }

    /// What this step leads to from here.
    #[must_use]
    pub fn step(mut self, step: Step<'a>) -> Self {
        self.0.push(step);
        self
    }

    /// The element `index` of what is here.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(name) if !is_plain(name) => write!(f, "[{name:?}]")?,
                Step::Key(name) if position == 0 => f.write_str(name)?,
                Step::Key(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_as_the_api_server_writes_it() {
        let containers = Path::default().key("spec").key("template").key("spec").key("containers");
        assert_eq!(containers.index(1).to_string(), "spec.template.spec.containers[1]");
        assert_eq!(Path::default().to_string(), "");
        assert_eq!(
            Path::default().key("metadata").key("annotations").key("example.com/a\"b").to_string(),
            r#"metadata.annotations["example.com/a\"b"]"#
        );
        assert_eq!(Path::default().index(0).key("").to_string(), r#"[0][""]"#);
    }
}
