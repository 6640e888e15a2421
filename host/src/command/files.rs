//! Files: which ones are meant, and how they are replaced.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use walkdir::{DirEntry, WalkDir};

/// A manifest file that is meant, or why there is none.
pub type Found = Result<PathBuf, Unreadable>;

/// A path that can't be read.
#[derive(Debug, Eq, PartialEq)]
pub struct Unreadable {
    /// The path.
    pub path: PathBuf,
    /// Why.
    pub message: String,
}

/// The files that these paths mean: a file is itself, a folder is every manifest in it, in the order of their names.
pub fn manifests(paths: &[PathBuf]) -> Vec<Found> {
    paths.iter().flat_map(|path| if path.is_dir() { in_folder(path) } else { vec![Ok(path.clone())] }).collect()
}

fn in_folder(folder: &Path) -> Vec<Found> {
    let entries = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    entries.filter_entry(|entry| entry.file_name() != ".git").filter_map(manifest).collect()
}

fn manifest(entry: walkdir::Result<DirEntry>) -> Option<Found> {
    match entry {
        Ok(entry) => (entry.file_type().is_file() && is_manifest(entry.path())).then(|| Ok(entry.into_path())),
        // A link to a folder above: its files are found there.
        Err(error) if error.loop_ancestor().is_some() => None,
        Err(error) => {
            let path = error.path().unwrap_or(Path::new("")).to_owned();
            // Of links that lead nowhere, only those that name a manifest matter.
            let is_dangling = error.io_error().is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound);
            let message = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
            (!is_dangling || is_manifest(&path)).then_some(Err(Unreadable { path, message }))
        }
    }
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml" || extension == "json")
}

/// Writes a file so that nobody ever sees a part of it: under another name first, which then takes its place.
pub fn replace(path: &Path, content: &[u8]) -> Result<()> {
    // Behind a link, the file itself is replaced and the link stays.
    let path = if path.is_symlink() { path.canonicalize()? } else { path.to_owned() };
    let old = path.metadata().ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        bail!("not a regular file");
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".native-sidecar-").tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    let permissions = old.map_or_else(default_permissions, |old| old.permissions());
    file.as_file().set_permissions(permissions)?;
    file.persist(&path)?;
    Ok(())
}

/// What other programs give a new file, unless they are told otherwise.
fn default_permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn folders_are_searched_in_order_whatever_is_in_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["b", ".git", "c.yaml"] {
            std::fs::create_dir(path(name)).unwrap();
        }
        for name in ["b/z.yml", "b/a.json", "a.yaml", "README.md", ".git/x.yaml"] {
            std::fs::write(path(name), "").unwrap();
        }
        symlink("..", path("b/loop")).unwrap();
        symlink("nowhere", path("dangling.txt")).unwrap();
        symlink("nowhere", path("dangling.yaml")).unwrap();
        let found = manifests(&[folder.path().to_owned(), path("missing.yaml")]);
        let message = "No such file or directory (os error 2)".to_owned();
        let dangling = Unreadable { path: path("dangling.yaml"), message };
        let expected =
            [Ok(path("a.yaml")), Ok(path("b/a.json")), Ok(path("b/z.yml")), Err(dangling), Ok(path("missing.yaml"))];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_replaced_file_keeps_its_permissions_and_links_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        replace(&file, b"one").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink("file", &link).unwrap();
        replace(&link, b"two").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
        assert!(link.is_symlink());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let error = replace(folder.path(), b"").unwrap_err();
        assert_eq!(error.to_string(), "not a regular file");
    }
}
