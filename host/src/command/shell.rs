//! `completions` and `man`: what shells and `man` show of this program.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use clap_complete::Shell;

/// Arguments of `completions`.
#[derive(Args, Debug)]
#[command(after_help = "In bash: source <(native-sidecar completions bash)")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// Folder for the pages
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Prints the completions of the program as a script for a shell.
pub fn completions(args: &CompletionsArgs, mut program: clap::Command) -> Result<()> {
    let (name, mut script) = (program.get_name().to_owned(), Vec::new());
    clap_complete::generate(args.shell, &mut program, name, &mut script);
    Ok(io::stdout().write_all(&script)?)
}

/// Writes a page for the program, and one for each of its commands.
pub fn man(args: &ManArgs, program: clap::Command) -> Result<()> {
    let folder = &args.folder;
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(program, folder))
        .with_context(|| format!("cannot write into {}", folder.display()))
}
