//! Paths as they are seen from a folder.

use std::io;
use std::path::{Component, Path, PathBuf};

use native_sidecar_review::place::Place;

/// What reports call a cluster, which is no file.
pub const CLUSTER: &str = "<cluster>";

/// Returns a file with this place in it, where it has been written: `a.yaml:1:2`.
pub fn at(file: &str, place: Place) -> String {
    place.written().map_or_else(|| file.to_owned(), |place| format!("{file}:{}:{}", place.line, place.column))
}

/// Returns a file with the place in it, where there is one: `a.yaml:1:2`.
pub fn placed(file: &str, place: Option<&yaml::Error>) -> String {
    place.map_or_else(|| file.to_owned(), |place| format!("{file}:{}:{}", place.line, place.column))
}

/// Returns a path as it is seen from a folder, with `/` between its parts: without `.`, and with `..` only at its start.
/// Links are taken by their names.
pub fn relative(path: &Path, folder: &Path) -> io::Result<String> {
    let (path, folder) = (parts(path)?, parts(folder)?);
    let common = path.iter().zip(&folder).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".into(), folder.len() - common);
    let down = path[common..].iter().map(|part| part.to_string_lossy());
    Ok(up.chain(down).collect::<Vec<_>>().join("/"))
}

/// The parts of an absolute path, without those that another part takes back.
fn parts(path: &Path) -> io::Result<Vec<std::ffi::OsString>> {
    let mut parts = PathBuf::new();
    for part in std::path::absolute(path)?.components() {
        match part {
            Component::ParentDir => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    Ok(parts.iter().map(ToOwned::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_a_folder() {
        let relative = |path: &str, folder: &str| relative(Path::new(path), Path::new(folder)).unwrap();
        assert_eq!(relative("./a/../b/c.yaml", "."), "b/c.yaml");
        assert_eq!(relative("a.yaml", "ci"), "../a.yaml");
        assert_eq!(relative("../x/a.yaml", ".."), "x/a.yaml");
        assert_eq!(relative("/x/y z/ü.yaml", "/x"), "y z/ü.yaml");
        assert_eq!(relative("/x/a.yaml", "/y/z"), "../../x/a.yaml");
        assert_eq!(relative("/../a.yaml", "/"), "a.yaml");
    }
}
