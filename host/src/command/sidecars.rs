//! `sidecars`: lists the catalogue of well-known sidecars.

use anyhow::Result;
use clap::Args;
use native_sidecar_policy::describe::{self, SidecarDescription};
use serde_json::{Value, json};

use crate::command::list::ListArgs;

/// Arguments of `sidecars`.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub struct SidecarsArgs {
    #[command(flatten)]
    list: ListArgs,
}

const HELP: &str = "\
A container is one of these where its name and its image match and its Pod has the label. Of several that match, the first \
counts. Where a Pod does not show that an injector made it, the rule is legacy.";

/// Prints the catalogue, in its order.
pub fn run(args: &SidecarsArgs) -> Result<()> {
    args.list.print(
        |width| describe::sidecars().map(|sidecar| text(&sidecar, width)).collect::<Vec<_>>().join("\n"),
        || describe::sidecars().map(|sidecar| json(&sidecar)).collect(),
    )
}

fn text(sidecar: &SidecarDescription, width: usize) -> String {
    let names = if sidecar.names.is_empty() { "any".to_owned() } else { sidecar.names.join(" ") };
    let treatment = sidecar.treatment();
    let images = sidecar.images.join(" ");
    let lines = [
        ("name", Some(names.as_str())),
        ("image", Some(&images)),
        ("label", sidecar.label),
        ("policy", Some(&treatment)),
        ("source", Some(sidecar.source)),
    ];
    let lines = lines.into_iter().filter_map(|(title, text)| Some((title, text?)));
    let lines: String = lines.map(|(title, text)| line(title, text, width)).collect();
    format!("{} ({})\n{lines}", sidecar.product, sidecar.purpose)
}

/// A line behind its title, broken where it is too long.
fn line(title: &str, text: &str, width: usize) -> String {
    let first = format!("  {title:8}");
    let options = textwrap::Options::new(width)
        .initial_indent(&first)
        .subsequent_indent("          ")
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(text, options) + "\n"
}

fn json(sidecar: &SidecarDescription) -> Value {
    json!({
        "product": sidecar.product,
        "purpose": sidecar.purpose,
        "names": sidecar.names,
        "images": sidecar.images,
        "label": sidecar.label,
        "rule": sidecar.rule(),
        "owner": sidecar.owner,
        "switch": sidecar.switch,
        "instead": sidecar.instead,
        "kept": sidecar.kept,
        "isFirst": sidecar.is_first,
        "alsoRunsOnce": sidecar.also_runs_once,
        "source": sidecar.source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_how_it_is_known_and_what_becomes_of_it() {
        let named = |name: &str| describe::sidecars().find(|sidecar| sidecar.names.contains(&name)).unwrap();
        assert_eq!(
            text(&named("queue-proxy"), 60),
            "Knative (helper)\n  name    queue-proxy\n  image   *queue*\n  policy  left alone: Knative's queue-proxy takes part in\n          \
            the main container's end\n  \
            source  https://github.com/knative/serving/blob/main/pkg/reconciler/revision/resources/queue.go\n"
        );
        let any = describe::sidecars().find(|sidecar| sidecar.names.is_empty()).unwrap();
        assert!(text(&any, 60).contains("\n  name    any\n"), "{}", text(&any, 60));
        assert!(text(&named("docker"), 60).contains("\n  label   actions-runner\n"));
        assert_eq!(json(&named("queue-proxy"))["rule"], Value::Null);
    }
}
