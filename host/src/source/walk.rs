//! Which files are meant.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::error::Error as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::{DirEntry, WalkBuilder};

use crate::source::input::{Input, Origin};

/// How a file was found, the best way first: of several ways to one file, the best counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Way {
    /// The user named it.
    Named,
    /// It is in a folder that the user named.
    Inside,
    /// A link in such a folder leads to it.
    Linked,
}

/// What is left out of folders: patterns of a `.gitignore`.
#[derive(Clone, Copy, Debug)]
pub struct Exclude<'a> {
    /// The folder that has them; None where each folder that the user names has them.
    pub folder: Option<&'a Path>,
    /// The patterns.
    pub patterns: &'a [String],
}

/// Something that was found.
enum Found {
    File { path: PathBuf, file: Option<PathBuf>, way: Way },
    Other(Input),
}

/// Returns the texts that these paths mean: a file is itself, a folder is every manifest in it, in the order of their names,
/// and `-` is standard input. Of a folder, what its ignore files or this excludes is left out. A file to which
/// several ways lead is meant once.
pub fn inputs(paths: &[PathBuf], exclude: &[Exclude]) -> Result<Vec<Input>> {
    let mut found = Vec::new();
    for path in paths {
        match path {
            path if path.as_os_str() == "-" => {
                found.push(Found::Other(Input { origin: Origin::Stdin, is_named: true }))
            }
            folder if folder.is_dir() => in_folder(folder, exclude, &mut found)?,
            file => found.push(Found::File { path: file.clone(), file: file.canonicalize().ok(), way: Way::Named }),
        }
    }
    let best = best_ways(&found);
    let named: Vec<PathBuf> = paths.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let inputs = found.into_iter().enumerate().filter_map(|(index, found)| match found {
        Found::Other(input) => Some(input),
        Found::File { path, file, way } => {
            let is_best = file.as_ref().is_none_or(|file| best.get(file) == Some(&index));
            let is_inside = file.as_ref().is_some_and(|file| named.iter().any(|named| file.starts_with(named)));
            let origin = Origin::File { path, file, is_inside };
            is_best.then_some(Input { origin, is_named: way == Way::Named })
        }
    });
    Ok(inputs.collect())
}

/// The number of the best way to each file; of equal ones, the first.
fn best_ways(found: &[Found]) -> HashMap<PathBuf, usize> {
    let mut best: HashMap<PathBuf, (Way, usize)> = HashMap::new();
    for (index, found) in found.iter().enumerate() {
        let Found::File { file: Some(file), way, .. } = found else { continue };
        match best.entry(file.clone()) {
            Entry::Occupied(mut known) if *way < known.get().0 => drop(known.insert((*way, index))),
            Entry::Occupied(_) => {}
            Entry::Vacant(new) => drop(new.insert((*way, index))),
        }
    }
    best.into_iter().map(|(file, (_, index))| (file, index)).collect()
}

fn in_folder(folder: &Path, exclude: &[Exclude], found: &mut Vec<Found>) -> Result<()> {
    let root = folder.canonicalize()?;
    let excluded = Excluded::new(folder, &root, exclude)?;
    let is_excluded = excluded.clone();
    let links = Mutex::new(HashSet::new());
    let mut walk = WalkBuilder::new(folder);
    // Manifests may be in .github, but not what git keeps for itself.
    walk.hidden(false).follow_links(true).sort_by_file_name(Ord::cmp);
    walk.filter_entry(move |entry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        entry.file_name() != ".git"
            && !is_excluded.has(entry.path(), is_folder)
            && (!is_folder || !entry.path_is_symlink() || is_new(entry, &links))
    });
    for entry in walk.build() {
        match entry {
            Ok(entry) => {
                if entry.file_type().is_some_and(|kind| kind.is_file()) && is_manifest(entry.path()) {
                    let path = entry.into_path();
                    let file = path.canonicalize().ok();
                    let way = if file.as_ref() == Some(&excluded.absolute(&path)) { Way::Inside } else { Way::Linked };
                    found.push(Found::File { path, file, way });
                }
            }
            Err(error) => found.extend(nothing(&error, &excluded).map(Found::Other)),
        }
    }
    Ok(())
}

/// Whether no other link to the same folder was followed: links to each other would lead to it in ever more ways.
fn is_new(entry: &DirEntry, links: &Mutex<HashSet<PathBuf>>) -> bool {
    let Ok(target) = entry.path().canonicalize() else { return true };
    links.lock().is_ok_and(|mut links| links.insert(target))
}

/// What is left out of one folder.
#[derive(Clone)]
struct Excluded {
    /// The folder as the user named it.
    folder: PathBuf,
    /// The folder itself.
    root: PathBuf,
    patterns: Vec<Gitignore>,
}

impl Excluded {
    fn new(folder: &Path, root: &Path, exclude: &[Exclude]) -> Result<Self> {
        let patterns = |exclude: &Exclude| {
            let owner = exclude.folder.map_or_else(|| Ok(root.to_owned()), Path::canonicalize)?;
            let mut builder = GitignoreBuilder::new(owner);
            for pattern in exclude.patterns {
                builder.add_line(None, pattern).with_context(|| format!("exclude {pattern}"))?;
            }
            builder.build().context("exclude")
        };
        let patterns = exclude.iter().map(patterns).collect::<Result<_>>()?;
        Ok(Self { folder: folder.to_owned(), root: root.to_owned(), patterns })
    }

    fn has(&self, path: &Path, is_folder: bool) -> bool {
        let path = self.absolute(path);
        self.patterns
            .iter()
            .any(|patterns| path.starts_with(patterns.path()) && patterns.matched(&path, is_folder).is_ignore())
    }

    /// Returns the path from the root, without links on the way to the folder.
    fn absolute(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.folder).map_or_else(|_| path.to_owned(), |rest| self.root.join(rest))
    }
}

/// A place in a folder at which nothing can be read; None where nothing is missed.
fn nothing(error: &ignore::Error, excluded: &Excluded) -> Option<Input> {
    // Any other error is a link to a folder above, whose files are found there, or a pattern that git leaves out, too.
    let io_error = error.io_error()?;
    let path = path_of(error)?;
    // Of links that lead nowhere, only those that name a manifest matter.
    let is_missed = io_error.kind() != io::ErrorKind::NotFound || is_manifest(path);
    let cause = io_error.source().map_or_else(|| io_error.to_string(), ToString::to_string);
    let input = Input { origin: Origin::Nothing(path.to_owned(), cause), is_named: false };
    (is_missed && !excluded.has(path, false)).then_some(input)
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Partial(errors) => errors.iter().find_map(path_of),
        _ => None,
    }
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml" || extension == "json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A folder in which the files are that these paths name; ` -> ` makes a link.
    fn folder(paths: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for path in paths {
            let (name, target) = path.split_once(" -> ").map_or((*path, None), |(name, target)| (name, Some(target)));
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match target {
                Some(target) => symlink(target, path).unwrap(),
                None => std::fs::write(path, "").unwrap(),
            }
        }
        folder
    }

    /// What is meant: named files with `!`, files that may not be written with `?`, and what can't be read with its message.
    fn found(folder: &tempfile::TempDir, paths: &[&str], exclude: &[&str]) -> Vec<String> {
        let root = folder.path();
        let paths: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
        let patterns: Vec<String> = exclude.iter().map(ToString::to_string).collect();
        let exclude = [Exclude { folder: None, patterns: &patterns }];
        let relative = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
        let inputs = inputs(&paths, &exclude).unwrap().into_iter();
        inputs
            .map(|input| match input.origin {
                Origin::File { path, is_inside, .. } => {
                    let mark = if input.is_named { "!" } else { "" };
                    format!("{mark}{}{}", if is_inside { "" } else { "?" }, relative(&path))
                }
                Origin::Nothing(path, message) => format!("{}: {message}", relative(&path)),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn folders_are_searched_in_order_whatever_is_in_them() {
        let folder = folder(&[
            "b/z.yml",
            "b/a.json",
            "a.yaml",
            "README.md",
            ".git/x.yaml",
            ".github/y.yaml",
            "b/loop -> ..",
            "dangling.txt -> nowhere",
            "dangling.yaml -> nowhere",
        ]);
        let expected = [
            ".github/y.yaml",
            "a.yaml",
            "b/a.json",
            "b/z.yml",
            "dangling.yaml: No such file or directory (os error 2)",
            "!?missing.yaml",
        ];
        assert_eq!(found(&folder, &["", "missing.yaml"], &[]), expected);
    }

    #[test]
    fn what_ignore_files_leave_out_is_left_out_unless_it_is_named() {
        let folder = folder(&["a.yaml", "b.yaml", "c.yaml", "d.yaml", "out/e.yaml", ".git/info/exclude"]);
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(".gitignore", "b.yaml\nout/\n[\n");
        write(".ignore", "c.yaml\n");
        write(".git/info/exclude", "d.yaml\n");
        assert_eq!(found(&folder, &[""], &[]), ["a.yaml"]);
        assert_eq!(found(&folder, &["", "b.yaml", "out"], &[]), ["a.yaml", "!b.yaml", "out/e.yaml"]);
    }

    #[test]
    fn patterns_leave_out_as_in_a_gitignore() {
        let folder = folder(&["a/x.yaml", "a/y.yaml", "b/a/x.yaml", "b/z.json", "b/none.yaml -> nowhere"]);
        assert_eq!(found(&folder, &[""], &["/a/", "*.json", "none.yaml"]), ["b/a/x.yaml"]);
        assert_eq!(found(&folder, &["", "a/x.yaml"], &["*.yaml", "!y.yaml"]), ["a/y.yaml", "b/z.json", "!a/x.yaml"]);
        assert_eq!(
            found(&folder, &["b"], &["/a"]),
            ["b/none.yaml: No such file or directory (os error 2)", "b/z.json"]
        );
        let wrong = ["[z-a]".to_owned()];
        let wrong = Exclude { folder: None, patterns: &wrong };
        let error = inputs(&[folder.path().to_owned()], &[wrong]).unwrap_err();
        assert!(format!("{error:#}").starts_with("exclude [z-a]: "), "{error:#}");
    }

    #[test]
    fn patterns_of_another_folder_are_relative_to_that() {
        let folder = folder(&["a/b/x.yaml", "a/b/y.yaml", "a/z.yaml"]);
        let patterns = ["/b/x.yaml".to_owned(), "a/z.yaml".to_owned()];
        let exclude = |owner: &Path| {
            let exclude = Exclude { folder: Some(owner), patterns: &patterns };
            let inputs = inputs(&[folder.path().join("a/b"), folder.path().join("a")], &[exclude]).unwrap();
            let file_name = |input: &Input| input.name().rsplit('/').next().unwrap().to_owned();
            inputs.iter().map(file_name).collect::<Vec<_>>()
        };
        assert_eq!(exclude(&folder.path().join("a")), ["y.yaml", "z.yaml"]);
        assert_eq!(exclude(folder.path()), ["x.yaml", "y.yaml"]);
    }

    #[test]
    fn a_file_is_meant_once() {
        let folder = folder(&["b.yaml", "a.yaml -> b.yaml", "d/c.yaml", "c -> d", "d/up -> ..", "e -> d"]);
        assert_eq!(found(&folder, &[""], &[]), ["b.yaml", "d/c.yaml"]);
        assert_eq!(found(&folder, &["d", "", "d/c.yaml"], &[]), ["b.yaml", "!d/c.yaml"]);
        assert_eq!(found(&folder, &["a.yaml", "b.yaml", "./a.yaml"], &[]), ["!a.yaml"]);
        assert_eq!(found(&folder, &["c"], &[]), ["c/c.yaml", "?c/up/a.yaml"]);
    }

    #[test]
    fn what_is_outside_is_not_for_writing() {
        let folder = folder(&["in/a.yaml -> ../out/b.yaml", "in/d -> ../out", "out/b.yaml", "out/c.yaml"]);
        assert_eq!(found(&folder, &["in"], &[]), ["?in/a.yaml", "?in/d/c.yaml"]);
        assert_eq!(found(&folder, &["in", "out"], &[]), ["out/b.yaml", "out/c.yaml"]);
        assert_eq!(found(&folder, &["in/a.yaml"], &[]), ["!in/a.yaml"]);
    }

    #[test]
    fn links_to_each_other_are_followed_once() {
        let mut paths = Vec::new();
        for a in 0..12 {
            paths.push(format!("{a}/x.yaml"));
            paths.extend((0..12).filter(|b| a != *b).map(|b| format!("{a}/{b} -> ../{b}")));
        }
        let folder = folder(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(found(&folder, &[""], &[]).len(), 12);
    }
}
