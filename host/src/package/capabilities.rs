//! What a module may ask of its host, told from the words in its data, as `kwctl annotate` does.

use std::collections::BTreeSet;

use anyhow::Result;
use wasmparser::{Parser, Payload};

/// What a policy can ask of Kubewarden: namespace and operation. Those of `cache` are missing: they are called `get` and `set`,
/// which are in the data of nearly every module.
///
/// <https://docs.kubewarden.io/reference/spec/host-capabilities/intro-host-capabilities>
const CAPABILITIES: [(&str, &str); 11] = [
    ("crypto", "v1/is_certificate_trusted"),
    ("kubernetes", "can_i"),
    ("kubernetes", "get_resource"),
    ("kubernetes", "list_resources_all"),
    ("kubernetes", "list_resources_by_namespace"),
    ("net", "v1/dns_lookup_host"),
    ("oci", "v1/manifest_digest"),
    ("oci", "v1/oci_manifest"),
    ("oci", "v1/oci_manifest_config"),
    ("oci", "v1/verify"),
    ("oci", "v2/verify"),
];

/// Returns what the module seems to ask of its host, as `hostCapabilities` names it.
pub fn used(module: &[u8]) -> Result<BTreeSet<String>> {
    let mut data = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::DataSection(segments) = payload? {
            for segment in segments {
                data.extend_from_slice(segment?.data);
                // In no text: no word goes on in the next segment.
                data.push(0xFF);
            }
        }
    }
    let is_there = |(namespace, operation): &&(&str, &str)| {
        let longer = CAPABILITIES.iter().map(|(_, other)| *other);
        let longer: Vec<_> = longer.filter(|other| other != operation && other.starts_with(operation)).collect();
        let is_longer = |place: &usize| longer.iter().any(|other| data[*place..].starts_with(other.as_bytes()));
        places(&data, namespace).next().is_some() && places(&data, operation).any(|place| !is_longer(&place))
    };
    let names = CAPABILITIES.iter().filter(is_there).map(|(namespace, operation)| format!("{namespace}/{operation}"));
    Ok(names.collect())
}

/// Returns where a word is in the data.
fn places(data: &[u8], word: &str) -> impl Iterator<Item = usize> {
    data.windows(word.len()).enumerate().filter(move |(_, window)| *window == word.as_bytes()).map(|(place, _)| place)
}

/// Returns where the declared capabilities are not those that a module uses.
pub fn differences(used: &BTreeSet<String>, declared: &BTreeSet<String>) -> Vec<String> {
    let sides = [
        ("the policy uses what hostCapabilities does not declare", used.difference(declared)),
        ("hostCapabilities declares what the policy does not seem to use", declared.difference(used)),
    ];
    let names = sides.map(|(text, names)| (text, names.map(String::as_str).collect::<Vec<_>>()));
    names
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(text, names)| format!("{text}: {}", names.join(", ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{DataSection, Module};

    fn used_by(segments: &[&str]) -> Vec<String> {
        let mut data = DataSection::new();
        for segment in segments {
            data.passive(segment.bytes());
        }
        let mut module = Module::new();
        module.section(&data);
        used(&module.finish()).unwrap().into_iter().collect()
    }

    #[test]
    fn namespace_and_operation_have_to_be_there() {
        assert_eq!(
            used_by(&["kuberneteslist_resources_all", "get_resource"]),
            ["kubernetes/get_resource", "kubernetes/list_resources_all"]
        );
        assert_eq!(used_by(&["get_resource"]), Vec::<String>::new());
        assert_eq!(used_by(&["kubernetes", "get_", "resource"]), Vec::<String>::new());
        assert_eq!(used_by(&[]), Vec::<String>::new());
    }

    #[test]
    fn an_operation_is_not_the_start_of_a_longer_one() {
        assert_eq!(used_by(&["oci v1/oci_manifest_config"]), ["oci/v1/oci_manifest_config"]);
        assert_eq!(
            used_by(&["oci v1/oci_manifest_config v1/oci_manifest"]),
            ["oci/v1/oci_manifest", "oci/v1/oci_manifest_config"]
        );
    }

    #[test]
    fn both_differences_are_told() {
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(
            differences(&set(&["a/b", "c/d"]), &set(&["c/d", "e/f", "g/h"])),
            [
                "the policy uses what hostCapabilities does not declare: a/b",
                "hostCapabilities declares what the policy does not seem to use: e/f, g/h"
            ]
        );
        assert_eq!(differences(&set(&["a/b"]), &set(&["a/b"])), Vec::<String>::new());
    }
}
