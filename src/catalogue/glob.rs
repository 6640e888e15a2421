//! Globs in the settings: which containers and images they name.

use std::borrow::Cow;

use glob::Pattern;

/// A glob of the settings: `*` stands for any characters, also none and also `/`, `?` for one, `[a-z]` for one of a
/// range and `[!a-z]` for one outside it; `**/` for any number of path components. It matches a whole name.
///
/// It is kept as it is written: the settings come with each request, and most globs are never more than looked at.
#[derive(Debug)]
pub struct Glob<'a> {
    text: Cow<'a, str>,
    /// The length of what stands before the first wildcard.
    literal: usize,
}

/// What a glob is matched against: it decides which globs can never match.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    /// Container names: DNS labels, <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>.
    ContainerName,
    /// Image repositories: registry and path.
    Repository,
}

impl<'a> Glob<'a> {
    /// Reads a glob. The error says what is wrong with it, in words that follow the glob itself.
    pub fn new(text: Cow<'a, str>, subject: Subject) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is empty; it matches nothing".to_owned());
        }
        let class_of = |byte: u8| CLASSES[usize::from(byte)];
        let (mut all, mut any, mut literal) = (u8::MAX, 0, text.len());
        for (index, class) in text.bytes().map(class_of).enumerate() {
            (all, any) = (all & class, any | class);
            if class & class::WILDCARD != 0 {
                literal = literal.min(index);
            }
        }
        // What has no other wildcards than `?` and single `*` is a glob.
        let rest = &text.as_bytes()[literal..];
        if rest.contains(&b'[') || rest.windows(2).any(|pair| pair == b"**") {
            Pattern::new(&text)
                .map_err(|error| format!("is not a glob: {} at character {}", error.msg, error.pos + 1))?;
        }
        if all & subject.class() == 0 {
            let is_allowed = |each: char| u8::try_from(each).is_ok_and(|byte| class_of(byte) & subject.class() != 0);
            let never = text.chars().find(|each| !is_allowed(*each));
            return Err(format!("can never match: {} never has {:?}", subject.noun(), never.unwrap_or_default()));
        }
        if any & class::TAG != 0
            && let Some(tag) = tag_part(&text)
        {
            return Err(format!("can never match: leave out {tag:?}; only registry and path are compared"));
        }
        Ok(Self { text, literal })
    }

    /// The glob as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it has no wildcard, and so names just one thing.
    pub fn is_literal(&self) -> bool {
        is_literal(&self.text)
    }

    /// Whether it matches this text.
    pub fn matches(&self, text: &str) -> bool {
        // Names often begin alike, and seldom have the same character where the literal part ends.
        let (glob, text_bytes, last) = (self.text.as_bytes(), text.as_bytes(), self.literal.wrapping_sub(1));
        (self.literal == 0 || glob.get(last) == text_bytes.get(last)) && matches(&self.text, text)
    }
}

/// Whether a glob has no wildcard, and so names just one thing.
pub fn is_literal(glob: &str) -> bool {
    !glob.bytes().any(is_wildcard)
}

/// The first of the globs that matches this text.
pub fn first_match<'g>(globs: &'g [Glob<'g>], text: &str) -> Option<&'g Glob<'g>> {
    globs.iter().find(|glob| glob.matches(text))
}

const fn is_wildcard(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[')
}

/// Whether a glob matches this text, which needs no pattern where it has no wildcard, or one `*`, or where text and glob
/// begin or end differently.
pub fn matches(glob: &str, text: &str) -> bool {
    let (glob_bytes, bytes) = (glob.as_bytes(), text.as_bytes());
    let mut start = 0;
    loop {
        match (glob_bytes.get(start), bytes.get(start)) {
            (Some(wildcard), _) if is_wildcard(*wildcard) => break,
            (Some(wanted), Some(byte)) if wanted == byte => start += 1,
            (wanted, byte) => return wanted == byte,
        }
    }
    let end = glob_bytes.iter().rposition(|byte| is_wildcard(*byte) || *byte == b']').map_or(start, |last| last + 1);
    let (wild, last) = (&glob_bytes[start..end], &glob_bytes[end..]);
    let could = bytes[start..].ends_with(last);
    could && (wild == b"*" || Pattern::new(glob).is_ok_and(|pattern| pattern.matches(text)))
}

/// What a byte of a glob can be, as bits.
mod class {
    /// Something that container names have, or a wildcard.
    pub const NAME: u8 = 1;
    /// Something that image repositories have, or a wildcard.
    pub const REPOSITORY: u8 = 2;
    /// The beginning of a wildcard.
    pub const WILDCARD: u8 = 4;
    /// What begins a tag or a digest, or a port.
    pub const TAG: u8 = 8;
}

/// The class of each byte: globs come with each request, and are looked at letter by letter.
static CLASSES: [u8; 256] = {
    let (mut classes, mut byte) = ([0; 256], 0);
    while byte < classes.len() {
        classes[byte] = match byte as u8 {
            wildcard if is_wildcard(wildcard) => class::NAME | class::REPOSITORY | class::WILDCARD,
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b']' | b'!' => class::NAME | class::REPOSITORY,
            b'.' | b'_' | b'/' => class::REPOSITORY,
            b':' | b'@' => class::REPOSITORY | class::TAG,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

impl Subject {
    const fn class(self) -> u8 {
        match self {
            Self::ContainerName => class::NAME,
            Self::Repository => class::REPOSITORY,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::ContainerName => "a container name",
            Self::Repository => "an image repository",
        }
    }
}

/// The tag or digest at the end of an image glob: all from a `@`, or from a `:` that no `/` follows.
fn tag_part(glob: &str) -> Option<&str> {
    let last_component = glob.rfind('/').map_or(0, |slash| slash + 1);
    let start = glob.find('@').or_else(|| Some(last_component + glob[last_component..].find(':')?))?;
    Some(&glob[start..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::image::Repository;

    #[test]
    fn matches_whole_names() {
        for (glob, name, expected) in [
            ("logshipper", "logshipper", true),
            ("logshipper", "logshipper2", false),
            ("log*", "logshipper", true),
            ("log*", "log", true),
            ("*-proxy", "cloud-sql-proxy", true),
            ("*-proxy", "proxy", false),
            ("log?", "logs", true),
            ("log?", "log", false),
            ("log[0-9]", "log7", true),
            ("log[!0-9]", "log7", false),
            ("*", "anything", true),
            ("log*er", "loger", true),
            ("log*ger", "logger", true),
            ("logg*gger", "logger", false),
            ("l*g*r", "logshipper", true),
            ("l?g*r", "logshippers", false),
            ("**", "anything", true),
        ] {
            let matched = Glob::new(glob.into(), Subject::ContainerName).map(|glob| glob.matches(name));
            assert_eq!(matched, Ok(expected), "{glob} {name}");
        }
    }

    #[test]
    fn matches_repositories_in_every_spelling() {
        for (glob, image, expected) in [
            ("redis", "redis:7", true),
            ("redis", "docker.io/library/redis", true),
            ("docker.io/library/redis", "redis@sha256:00", true),
            ("docker.io/*", "ghcr.io/org/app", false),
            ("docker.io/*", "fluent/fluent-bit:3", true),
            ("fluent/*", "docker.io/fluent/fluent-bit:3", true),
            ("*/fluent-bit", "registry.example.com/mirror/fluent/fluent-bit:3", true),
            ("**/fluent-bit", "fluent-bit", true),
            ("registry.example.com:5000/*", "registry.example.com:5000/a/b:1", true),
            ("fluent-bit", "fluent/fluent-bit", false),
        ] {
            let matched = Glob::new(glob.into(), Subject::Repository)
                .map(|glob| Repository::of(image).spellings().any(|each| glob.matches(&each)));
            assert_eq!(matched, Ok(expected), "{glob} {image}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (glob, subject, error) in [
            ("", Subject::ContainerName, "is empty; it matches nothing"),
            ("log[", Subject::ContainerName, "is not a glob: invalid range pattern at character 4"),
            (
                "***",
                Subject::ContainerName,
                "is not a glob: wildcards are either regular `*` or recursive `**` at character 3",
            ),
            ("Log*", Subject::ContainerName, "can never match: a container name never has 'L'"),
            ("{a,b}", Subject::ContainerName, "can never match: a container name never has '{'"),
            ("a/b", Subject::ContainerName, "can never match: a container name never has '/'"),
            ("a b", Subject::Repository, "can never match: an image repository never has ' '"),
            ("redis:7", Subject::Repository, "can never match: leave out \":7\"; only registry and path are compared"),
            (
                "a:5000/redis:*",
                Subject::Repository,
                "can never match: leave out \":*\"; only registry and path are compared",
            ),
            (
                "redis@sha256:*",
                Subject::Repository,
                "can never match: leave out \"@sha256:*\"; only registry and path are compared",
            ),
        ] {
            assert_eq!(Glob::new(glob.into(), subject).map(|_| ()), Err(error.to_owned()), "{glob}");
        }
    }
}
