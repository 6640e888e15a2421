//! Makes cases out of bytes: those of a seed, of a fuzzer, or of anything else. The fewer there are, the plainer the case.

pub mod source;
pub mod words;
pub mod values;
pub mod containers;
pub mod specs;
pub mod objects;
pub mod settings;
pub mod clusters;

use arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::{Value, json};

use crate::admission::Case;
use crate::generate::source::Source;

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(case(&mut Source(bytes)))
    }
}

/// Returns the case of a seed.
pub fn of_seed(seed: u64) -> Case {
    let mut random = fastrand::Rng::with_seed(seed);
    let length = random.usize(64..6000);
    let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(length).collect();
    case(&mut Source(&mut Unstructured::new(&bytes)))
}

fn case(source: &mut Source) -> Case {
    let (kind, group, paths) = objects::kind(source);
    let object = objects::object(source, kind, paths);
    let is_update = source.chance(1, 4);
    let old = if is_update { objects::before(source, &object, paths) } else { Value::Null };
    let operation = if is_update { "UPDATE" } else { source.rarely("DELETE", "CREATE") };
    let mut request = json!({
        "uid": "1299d386-525b-4032-98ae-1949f69f9cfc",
        "kind": {"group": group, "version": "v1", "kind": kind},
        "resource": {"group": group, "version": "v1", "resource": format!("{}s", kind.to_lowercase())},
        "operation": operation,
        "name": object["metadata"]["name"].as_str().unwrap_or_default(),
        "namespace": object["metadata"]["namespace"].as_str().unwrap_or("shop"),
        "userInfo": {"username": "kubernetes-admin"},
        "object": object,
        "oldObject": old,
    });
    if source.chance(1, 40) {
        request["subResource"] = json!(source.pick(&["ephemeralcontainers", "status", "scale", "resize"]));
    }
    let settings = settings::settings(source, group, kind);
    let cluster = clusters::cluster(source, &request["object"]);
    Case { request, settings, cluster }
}
