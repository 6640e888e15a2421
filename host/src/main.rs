//! The command line.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use native_sidecar::command::{annotate, check, push, review, rules, run, shell, sidecars};
use native_sidecar::package::embedded;

/// Runs native-sidecar-policy outside a cluster
#[derive(Parser)]
#[command(version, long_version = embedded::VERSIONS, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show what the policy says of manifests, and what it would change in them
    Review(review::ReviewArgs),
    /// Check whether a cluster is ready for native sidecars, and what strips them; stores nothing
    Check(check::CheckArgs),
    /// Evaluate one admission request and print the response, as `kwctl run` does
    Run(run::RunArgs),
    /// Write the metadata of the policy into its module, as `kwctl annotate` does
    Annotate(annotate::AnnotateArgs),
    /// Push the annotated module to an OCI registry, as `kwctl push` does
    Push(push::PushArgs),
    /// List the rules, each with its setting
    Rules(rules::RulesArgs),
    /// List the well-known sidecars, and what the policy does about each
    Sidecars(sidecars::SidecarsArgs),
    /// Print the script that completes this program's arguments in a shell
    Completions(shell::CompletionsArgs),
    /// Write the man pages of this program into a folder
    #[command(hide = true)]
    Man(shell::ManArgs),
}

/// What a shell reports of a program that ends because nobody reads its output any more.
const BROKEN_PIPE: u8 = 128 + 13;

fn main() -> ExitCode {
    let (result, failure) = match Cli::parse().command {
        Command::Review(args) => (review::run(&args), 2),
        Command::Check(args) => (check::run(&args), 2),
        Command::Run(args) => (run::run(&args).map(|()| ExitCode::SUCCESS), 1),
        Command::Annotate(args) => (annotate::run(&args).map(|()| ExitCode::SUCCESS), 1),
        Command::Push(args) => (push::run(&args).map(|()| ExitCode::SUCCESS), 1),
        Command::Rules(args) => (rules::run(&args).map(|()| ExitCode::SUCCESS), 1),
        Command::Sidecars(args) => (sidecars::run(&args).map(|()| ExitCode::SUCCESS), 1),
        Command::Completions(args) => (shell::completions(&args, Cli::command()).map(|()| ExitCode::SUCCESS), 1),
        Command::Man(args) => (shell::man(&args, Cli::command()).map(|()| ExitCode::SUCCESS), 1),
    };
    result.unwrap_or_else(|error| {
        let io_error = error.downcast_ref::<io::Error>();
        if io_error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            return ExitCode::from(BROKEN_PIPE);
        }
        // Where standard error is closed, too, the exit code has to do.
        let _ = writeln!(io::stderr(), "Error: {error:#}");
        ExitCode::from(failure)
    })
}
