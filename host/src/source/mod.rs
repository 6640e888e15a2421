//! Where manifests come from: files, folders, standard input, charts and kustomizations; and how files are replaced.

pub mod replace;
pub mod chart;
pub mod render;
pub mod input;
pub mod walk;

use std::ffi::OsString;
use std::path::Path;

use clap::Args;

use crate::source::input::{Input, Origin};
use crate::source::render::Renderer;

/// Arguments that say which manifests are meant.
#[derive(Args, Debug, Default)]
pub struct SourceArgs {
    /// Leave out of folders what matches this pattern of a .gitignore, which is relative to the folder named
    ///
    /// What .gitignore (in a git repository), .git/info/exclude and .ignore leave out is left out, too. A file that is named
    /// itself is always reviewed.
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,

    /// Take templates, and what can't be read, for errors in folders, too
    ///
    /// Without it, templates in a folder are skipped and counted, and what can't be read is a warning. A template is a file in
    /// the folder `templates` of a Helm chart that holds `{{`, and any file that `{{` or `{%` keeps from being YAML or that
    /// has `{{` in the name of an object or in the name or image of a container. What is named itself, or comes from a pipe, is
    /// always an error.
    #[arg(long)]
    pub strict: bool,

    /// Review what `helm template CHART` prints, with the chart's own values
    ///
    /// A report names the template of each object, and the line in what was rendered. For other values:
    /// `helm template CHART --values FILE | native-sidecar review -`.
    #[arg(long, value_name = "CHART", conflicts_with = "write")]
    pub helm: Vec<OsString>,

    /// Review what `kubectl kustomize DIR` prints, or `kustomize build DIR` where there is no kubectl
    #[arg(long, value_name = "DIR", conflicts_with = "write")]
    pub kustomize: Vec<OsString>,
}

impl SourceArgs {
    /// Returns the paths of the charts and kustomizations to render.
    pub fn rendered_from(&self) -> impl Iterator<Item = &Path> {
        self.helm.iter().chain(&self.kustomize).map(Path::new)
    }

    /// Returns the charts and kustomizations to render.
    pub fn rendered(&self) -> impl Iterator<Item = Input> {
        let rendered =
            |renderer| move |of: &OsString| Input { origin: Origin::Rendered(renderer, of.clone()), is_named: true };
        let charts = self.helm.iter().map(rendered(Renderer::Helm));
        charts.chain(self.kustomize.iter().map(rendered(Renderer::Kustomize)))
    }
}
