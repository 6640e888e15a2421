//! How files are replaced.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};

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
