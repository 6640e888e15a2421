//! Globs in the settings: which containers and images they name.

use glob::Pattern;

use crate::image::Repository;

/// A glob of the settings: `*` stands for any characters, also none and also `/`, `?` for one, `[a-z]` for one of a
/// range and `[!a-z]` for one outside it; `**/` for any number of path components. It matches a whole name.
#[derive(Debug)]
pub struct Glob {
    text: String,
    /// None where the glob has no wildcard: most have none, and comparing text costs nothing.
    pattern: Option<Pattern>,
}

/// What a glob is matched against: it decides which globs can never match.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    /// Container names: DNS labels, <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>.
    ContainerName,
    /// Image repositories: registry and path.
    Repository,
}

impl Glob {
    /// Reads a glob. The error says what is wrong with it, in words that follow the glob itself.
    pub fn new(text: &str, subject: Subject) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is empty; it matches nothing".to_owned());
        }
        let has_wildcards = text.contains(['*', '?', '[']);
        let pattern = has_wildcards
            .then(|| Pattern::new(text))
            .transpose()
            .map_err(|error| format!("is no glob: {} at character {}", error.msg, error.pos + 1))?;
        if let Some(never) = text.chars().find(|&character| !subject.allows(character)) {
            return Err(format!("can never match: {} never has {never:?}", subject.noun()));
        }
        if let Subject::Repository = subject
            && let Some(tag) = tag_part(text)
        {
            return Err(format!("can never match: leave out {tag:?}; only registry and path are compared"));
        }
        Ok(Self { text: text.to_owned(), pattern })
    }

    /// The glob as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches this text.
    pub fn matches(&self, text: &str) -> bool {
        match &self.pattern {
            None => self.text == text,
            Some(pattern) => pattern.matches(text),
        }
    }

    /// Whether it matches a spelling of this repository.
    pub fn matches_repository(&self, repository: &Repository) -> bool {
        self.matches(repository.short) || self.matches(&repository.full())
    }
}

impl Subject {
    fn allows(self, character: char) -> bool {
        let own: &[char] = match self {
            Self::ContainerName => &['-'],
            Self::Repository => &['-', '.', '_', '/', ':', '@'],
        };
        let is_syntax = ['*', '?', '[', ']', '!'].contains(&character);
        character.is_ascii_lowercase() || character.is_ascii_digit() || own.contains(&character) || is_syntax
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
        ] {
            let matched = Glob::new(glob, Subject::ContainerName).map(|glob| glob.matches(name));
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
            let matched =
                Glob::new(glob, Subject::Repository).map(|glob| glob.matches_repository(&Repository::of(image)));
            assert_eq!(matched, Ok(expected), "{glob} {image}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (glob, subject, error) in [
            ("", Subject::ContainerName, "is empty; it matches nothing"),
            ("log[", Subject::ContainerName, "is no glob: invalid range pattern at character 4"),
            (
                "***",
                Subject::ContainerName,
                "is no glob: wildcards are either regular `*` or recursive `**` at character 3",
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
            assert_eq!(Glob::new(glob, subject).map(|_| ()), Err(error.to_owned()), "{glob}");
        }
    }
}
