//! Manifests that other programs make: Helm of a chart, kubectl or kustomize of a kustomization.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::process::{Command, Stdio};

/// What is rendered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Renderer {
    /// A Helm chart.
    Helm,
    /// A kustomization.
    Kustomize,
}

impl Renderer {
    /// The commands that render it; the first that is installed does.
    fn commands(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Helm => &[&["helm", "template"]],
            Self::Kustomize => &[&["kubectl", "kustomize"], &["kustomize", "build"]],
        }
    }

    /// Returns the manifests that a chart or kustomization makes, or why there are none.
    pub fn render(self, of: &OsStr) -> Result<Vec<u8>, String> {
        for command in self.commands() {
            let [program, arguments @ ..] = command else { continue };
            let output = Command::new(program).args(arguments).arg("--").arg(of).stdin(Stdio::null()).output();
            return match output {
                Ok(output) if output.status.success() => Ok(output.stdout),
                Ok(output) => {
                    let message = String::from_utf8_lossy(&output.stderr);
                    let message = message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
                    Err(format!("{} failed: {message}", command.join(" ")))
                }
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => Err(format!("cannot run {program}: {error}")),
            };
        }
        Err(self.not_installed())
    }

    fn not_installed(self) -> String {
        let (programs, commands, install) = match self {
            Self::Helm => ("helm is", "`helm template`", "it"),
            Self::Kustomize => ("kubectl and kustomize are", "`kubectl kustomize` or `kustomize build`", "one of them"),
        };
        format!("{programs} not in the PATH; install {install}, or give what {commands} prints on standard input")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let text = "helm is not in the PATH; install it, or give what `helm template` prints on standard input";
        assert_eq!(Renderer::Helm.not_installed(), text);
        let text = "kubectl and kustomize are not in the PATH; install one of them, or give what `kubectl kustomize` or \
            `kustomize build` prints on standard input";
        assert_eq!(Renderer::Kustomize.not_installed(), text);
    }
}
