//! Image references: which repository an image comes from.

use std::borrow::Cow;

/// The repository of an image: registry and path, without tag and digest.
///
/// Docker Hub's repositories have several spellings (`redis`, `library/redis`, `docker.io/library/redis`); both ends of
/// that scale are kept, so that a glob may be written either way. The grammar is that of
/// <https://github.com/distribution/reference>.
#[derive(Debug, Eq, PartialEq)]
pub struct Repository<'a> {
    /// The shortest spelling: `redis`, `fluent/fluent-bit`, `ghcr.io/org/app`.
    pub short: &'a str,
    /// The tag, where there is one.
    pub tag: Option<&'a str>,
    on_docker_hub: bool,
}

impl<'a> Repository<'a> {
    /// Reads an image reference. Every string is one: what is no valid reference is just a repository that no
    /// registry has.
    pub fn of(image: &'a str) -> Self {
        let named = cut(image, image.bytes().position(|byte| byte == b'@')).0;
        let separator = named.bytes().rposition(|byte| matches!(byte, b'/' | b':'));
        let (repository, tag) = cut(named, separator.filter(|index| named.as_bytes()[*index] == b':'));
        let (registry, path) = match cut(repository, repository.bytes().position(|byte| byte == b'/')) {
            (first, Some(path)) if is_registry(first) => (Some(first), path),
            _ => (None, repository),
        };
        let on_docker_hub = matches!(registry, None | Some("docker.io" | "index.docker.io"));
        let short = match path.strip_prefix("library/") {
            _ if !on_docker_hub => repository,
            Some(official) if !official.contains('/') => official,
            _ => path,
        };
        Self { short, tag, on_docker_hub }
    }

    /// Its spellings: the shortest, and the full one where that is another.
    pub fn spellings(&self) -> impl Iterator<Item = Cow<'a, str>> {
        [Some(Cow::Borrowed(self.short)), self.on_docker_hub.then(|| self.full())].into_iter().flatten()
    }

    /// The full spelling: `docker.io/library/redis`.
    fn full(&self) -> Cow<'a, str> {
        match self.on_docker_hub {
            false => Cow::Borrowed(self.short),
            true if self.short.contains('/') => Cow::Owned(format!("docker.io/{}", self.short)),
            true => Cow::Owned(format!("docker.io/library/{}", self.short)),
        }
    }
}

/// The last component of an image without tag and digest, which a mirror keeps.
pub fn base_name(image: &str) -> &str {
    let (_, component) = last_component(image);
    cut(component, component.bytes().position(|byte| matches!(byte, b':' | b'@'))).0
}

/// A path up to its last component, and that.
pub fn last_component(path: &str) -> (&str, &str) {
    match cut(path, path.bytes().rposition(|byte| byte == b'/')) {
        (rest, Some(component)) => (rest, component),
        (component, None) => ("", component),
    }
}

/// What is ahead of the separator at this index, and what is behind it. Images are short: looking for one letter after the other
/// is quicker here than what `str` does.
pub fn cut(text: &str, separator: Option<usize>) -> (&str, Option<&str>) {
    match separator.and_then(|index| Some((text.get(..index)?, text.get(index + 1..)?))) {
        Some((ahead, behind)) => (ahead, Some(behind)),
        None => (text, None),
    }
}

/// Whether the first component of a reference names a registry rather than a folder on Docker Hub.
fn is_registry(component: &str) -> bool {
    component == "localhost" || component.bytes().any(|byte| matches!(byte, b'.' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_references() {
        let digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        for (image, short, full, tag) in [
            ("redis", "redis", "docker.io/library/redis", None),
            ("redis:7", "redis", "docker.io/library/redis", Some("7")),
            ("library/redis:7", "redis", "docker.io/library/redis", Some("7")),
            ("docker.io/library/redis", "redis", "docker.io/library/redis", None),
            ("docker.io/fluent/fluent-bit:3", "fluent/fluent-bit", "docker.io/fluent/fluent-bit", Some("3")),
            ("index.docker.io/a/b", "a/b", "docker.io/a/b", None),
            ("ghcr.io/org/app:v1", "ghcr.io/org/app", "ghcr.io/org/app", Some("v1")),
            ("localhost:5000/app", "localhost:5000/app", "localhost:5000/app", None),
            ("localhost:5000/app:1.0", "localhost:5000/app", "localhost:5000/app", Some("1.0")),
            ("localhost/library/app", "localhost/library/app", "localhost/library/app", None),
            ("library/a/b", "library/a/b", "docker.io/library/a/b", None),
            ("", "", "docker.io/library/", None),
            ("a:", "a", "docker.io/library/a", Some("")),
            ("/:@", "/", "docker.io//", Some("")),
        ] {
            for suffix in ["", digest] {
                let image = format!("{image}{suffix}");
                let repository = Repository::of(&image);
                assert_eq!((repository.short, repository.tag), (short, tag), "{image}");
                assert_eq!(repository.full(), full, "{image}");
                assert_eq!(Some(base_name(&image)), full.rsplit('/').next(), "{image}");
            }
        }
    }
}
