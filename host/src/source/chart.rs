//! Helm charts: which files are their templates, and what their templates are called once they are rendered.

use std::borrow::Cow;
use std::path::Path;

/// The file that makes a folder a chart.
const CHART: &str = "Chart.yaml";

/// The folder of a chart whose files Helm renders.
const TEMPLATES: &str = "templates";

/// How Helm begins the line that names the template of a document.
const SOURCE: &str = "# Source: ";

/// Whether Helm renders this file, whose path is absolute: a chart has it in its folder `templates`.
pub fn renders(path: &Path) -> bool {
    let mut folders =
        path.ancestors().skip(1).filter(|folder| folder.file_name().is_some_and(|name| name == TEMPLATES));
    folders.any(|folder| folder.with_file_name(CHART).is_file())
}

/// What the documents of a text are called: of what Helm rendered, each is called like its template.
#[derive(Debug)]
pub struct DocumentNames<'t> {
    /// What the whole text is called.
    text: &'t str,
    /// The line that each document starts on, and the name of its template.
    templates: Vec<(usize, Option<Cow<'t, str>>)>,
}

impl<'t> DocumentNames<'t> {
    /// Returns names for a text whose documents are all called like it.
    pub fn same(name: &'t str) -> Self {
        Self { text: name, templates: Vec::new() }
    }

    /// Returns names for what may have been rendered, of the chart in this folder where that is known.
    pub fn rendered(name: &'t str, text: &'t str, chart: Option<&Path>) -> Self {
        let lines = || text.lines().zip(1..);
        let markers = lines().zip(lines().skip(1)).filter(|((line, _), _)| line.starts_with("---"));
        let template = |((_, number), (line, _)): ((&str, usize), (&'t str, usize))| {
            let source = line.strip_prefix(SOURCE).map(str::trim_end);
            (number, source.map(|source| file(source, chart)))
        };
        Self { text: name, templates: markers.map(template).collect() }
    }

    /// Returns what the document is called that this line is in.
    pub fn at(&self, line: usize) -> &str {
        let behind = self.templates.partition_point(|(start, _)| *start <= line);
        let document = behind.checked_sub(1).and_then(|index| self.templates.get(index));
        document.and_then(|(_, template)| template.as_deref()).unwrap_or(self.text)
    }
}

/// Returns the file of a template, where it is found in the folder of its chart, which Helm calls by the chart's name.
fn file<'t>(source: &'t str, chart: Option<&Path>) -> Cow<'t, str> {
    let within = source.split_once('/').map(|(_, within)| within);
    let file = chart.zip(within).map(|(chart, within)| chart.join(within)).filter(|file| file.is_file());
    file.map_or(Cow::Borrowed(source), |file| Cow::Owned(file.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_below_the_folder_of_a_chart() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("shop/templates/tests")).unwrap();
        std::fs::create_dir_all(path("other/templates")).unwrap();
        std::fs::write(path("shop/Chart.yaml"), "name: shop").unwrap();
        assert!(renders(&path("shop/templates/a.yaml")));
        assert!(renders(&path("shop/templates/tests/a.yaml")));
        assert!(!renders(&path("shop/values.yaml")));
        assert!(!renders(&path("other/templates/a.yaml")));
    }

    #[test]
    fn documents_are_called_like_their_templates() {
        let text = "a: 1\n---\n# Source: shop/templates/a.yaml\nb: 1\n---\nc: |\n  ---\n  # Source: x\n--- # d\n# Source: shop/b.yaml \n";
        let names = DocumentNames::rendered("<stdin>", text, None);
        let called: Vec<&str> = (1..=10).map(|line| names.at(line)).collect();
        let (a, b, text) = ("shop/templates/a.yaml", "shop/b.yaml", "<stdin>");
        assert_eq!(called, [text, a, a, a, text, text, text, text, b, b]);
        assert_eq!(DocumentNames::same("x").at(3), "x");
    }

    #[test]
    fn templates_of_a_chart_in_a_folder_are_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), "").unwrap();
        let text = "---\n# Source: shop/a.yaml\n---\n# Source: shop/b.yaml\n---\n# Source: c\n";
        let names = DocumentNames::rendered("shop", text, Some(folder.path()));
        assert_eq!(names.at(1), folder.path().join("a.yaml").to_str().unwrap());
        assert_eq!((names.at(3), names.at(5)), ("shop/b.yaml", "c"));
    }
}
