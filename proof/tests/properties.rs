//! The properties hold of generated cases, of mixtures of the cases, and of what has broken one once.
//!
//! `PROPERTY_CASES` is how many cases are made of each kind, `PROPERTY_SEED` where the seeds start.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used, missing_docs)]

#[path = "../../host/tests/common/case_files.rs"]
#[allow(dead_code)]
mod case_files;

use std::collections::BTreeMap;
use std::panic;
use std::time::Instant;

use native_sidecar_proof::admission::{Case, Cluster};
use native_sidecar_proof::generate;
use native_sidecar_proof::mixture::Mixture;
use native_sidecar_proof::properties::{Judged, PROPERTIES, Property};
use native_sidecar_proof::shrink::shrink;
use serde_json::json;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// What this comes to, a panic being an error too.
fn caught<T>(of: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    panic::catch_unwind(panic::AssertUnwindSafe(of)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        Err(format!("a panic: {}", text.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default()))
    })
}

/// How a property is broken by a case.
fn broken(property: &Property, case: &Case) -> Result<bool, String> {
    caught(|| (property.check)(&Judged::new(case)?))
}

/// Holds cases to all properties. Returns in how many cases each had something to show.
fn hold(cases: impl Iterator<Item = (String, Case)>) -> BTreeMap<&'static str, usize> {
    let start = Instant::now();
    let mut shown: BTreeMap<_, _> = PROPERTIES.iter().map(|property| (property.name, 0)).collect();
    let (mut breaks, mut count) = (BTreeMap::new(), 0);
    for (name, case) in cases {
        count += 1;
        let judged = caught(|| Judged::new(&case));
        for property in &PROPERTIES {
            let is_shown = judged.as_ref().map_err(Clone::clone);
            match is_shown.and_then(|judged| caught(|| (property.check)(judged))) {
                Ok(is_shown) => *shown.entry(property.name).or_default() += usize::from(is_shown),
                Err(error) => {
                    breaks.entry(property.name).or_insert_with(|| (name.clone(), case.clone(), error));
                }
            }
        }
    }
    println!("{count} cases in {:.1} s: {shown:?}", start.elapsed().as_secs_f32());
    let failures = breaks.into_iter().map(|(property, (name, case, _))| {
        let property = PROPERTIES.iter().find(|known| known.name == property).unwrap();
        let small = shrink(&case, |case| broken(property, case).is_err());
        let error = broken(property, &small).unwrap_err();
        format!("{} ({name}): {error}\n{}\nTo keep it: {}", property.name, small.folder(), small.kept())
    });
    let failures: Vec<_> = failures.collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    shown
}

#[test]
fn they_hold_of_generated_cases() {
    let (first, count) = (number("PROPERTY_SEED", 0), number("PROPERTY_CASES", 500));
    let shown = hold((first..first + count).map(|seed| (format!("seed {seed}"), generate::of_seed(seed))));
    if count >= 500 {
        for (property, shown) in shown {
            assert!(shown > 5, "{property} was shown {shown} times only");
        }
    }
}

fn read(folder: &std::path::Path) -> Option<Case> {
    let request = case_files::request(folder)?;
    let settings = case_files::value(folder, "settings.json").unwrap_or_else(|| json!({}));
    let session = case_files::value(folder, "session.yaml").unwrap_or_default();
    Some(Case { request, settings, cluster: Cluster::of_session(&session) })
}

fn cases() -> Vec<(String, Case)> {
    case_files::folders().into_iter().filter_map(|(name, folder)| Some((name, read(&folder)?))).collect()
}

#[test]
fn they_hold_of_the_cases() {
    hold(cases().into_iter());
}

#[test]
fn they_hold_of_what_has_broken_one_once() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let files = case_files::entries(&folder);
    assert!(files.len() > 5, "only {} were kept", files.len());
    let read = |(name, file)| (name, Case::read(&std::fs::read_to_string(file).unwrap()).unwrap());
    hold(files.into_iter().map(read));
}

#[test]
fn they_hold_of_mixtures_of_the_cases() {
    let all: Vec<_> = cases().into_iter().map(|(_, case)| case).filter(|case| case.request.is_object()).collect();
    let (seed, count) = (number("PROPERTY_SEED", 0), number("PROPERTY_CASES", 500));
    let mixtures = Mixture::new(&all, seed).take(usize::try_from(count).unwrap());
    hold(mixtures.enumerate().map(|(index, case)| (format!("mixture {index}"), case)));
}
