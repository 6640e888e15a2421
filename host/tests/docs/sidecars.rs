//! docs/sidecars.md, made of the catalogue.

use native_sidecar_policy::describe::{self, SidecarDescription};

use crate::page;

const INTRODUCTION: &str = "\
<!-- Generated from src/catalogue/entries.rs: BLESS=1 cargo test --workspace --test docs -->

# Well-known sidecars

The catalogue says which containers are sidecars where nobody has told the policy. A container is one of these where its name **and** its image match;
those with \"any name\" are known by their image alone. An image is the end of its repository, so that mirrors match. In a glob, `*` stands for any
characters.

`catalogue: false` switches the catalogue off, [sidecarNames](settings.md#sidecarnames) and [sidecarImages](settings.md#sidecarimages) add sidecars of your own, and
[exemptContainers](settings.md#exemptcontainers) leaves containers out. Of several entries that match, one that is left alone counts, else the first of
`native-sidecar sidecars`, which prints this list on a terminal and, with `--output json`, for programs. [CONTRIBUTING.md](../CONTRIBUTING.md#a-catalogue-entry) says how an entry is added.

";

/// A part of the page: its heading, what it says first, the rule of the sidecars in it, and what its last column is.
const PARTS: [(&str, &str, Option<&str>, &str); 3] = [
    (
        "The author's own",
        "The rule [legacy](rules.md#legacy) finds these in `containers`, and can convert them. Those that belong first are needed by init containers; \
        [startFirst](settings.md#startfirst) puts them ahead.",
        Some("legacy"),
        "place",
    ),
    (
        "Added by injectors and operators",
        "The rule [injected](rules.md#injected) finds these in `containers`, and [can steer](injection.md) some of the injectors. Where the object does not \
        show that its injector or operator added it, it is taken for the author's own.",
        Some("injected"),
        "added by, and what makes it native",
    ),
    ("Left alone", "No rule finds these, and they are never converted.", None, "why"),
];

/// Words as code, each by itself.
fn code(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ")
}

fn row(sidecar: &SidecarDescription) -> String {
    let label = sidecar.label.map(|label| format!(", in Pods with label `{label}`")).unwrap_or_default();
    let names = if sidecar.names.is_empty() { "any name".to_owned() } else { code(&sidecar.names) };
    let about = match (sidecar.kept, sidecar.owner, sidecar.switch.or(sidecar.instead)) {
        (Some(why), ..) => why.to_owned(),
        (None, Some(owner), Some(what)) => format!("{owner}: {what}"),
        (None, Some(owner), None) => owner.to_owned(),
        (None, None, _) => if sidecar.is_first { "first" } else { "last" }.to_owned(),
    };
    let SidecarDescription { product, source, images, .. } = sidecar;
    format!("| [{product}]({source}) | {names}{label} | {} | {about} |\n", code(images))
}

#[test]
fn the_page_is_the_catalogue() {
    let mut text = INTRODUCTION.to_owned();
    for (heading, about, rule, last) in PARTS {
        let rows: String =
            describe::sidecars().filter(|sidecar| sidecar.rule() == rule).map(|sidecar| row(&sidecar)).collect();
        text += &format!(
            "## {heading}\n\n{about}\n\n| sidecar | container | image | {last} |\n|---|---|---|---|\n{rows}\n"
        );
    }
    page::bless("docs/sidecars.md", &(text.trim_end().to_owned() + "\n"));
}
