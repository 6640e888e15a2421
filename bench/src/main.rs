//! Measures the policy in the engine against modules that do next to nothing, and prints how it compares.
//!
//! `bench POLICY FLOOR ROUND_TRIP CHART [OTHER SETTINGS]`: the modules, the file for the chart, and another mutating policy with
//! the settings (JSON) that make it change every container, if one is to be compared. Exit code 1: a ratio is above its limit.

#![forbid(unsafe_code)]

mod chart;
mod generate;
mod module;
mod report;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::chart::Line;
use crate::generate::{Shape, Sidecars, nodes, payload};
use crate::module::{Compiled, Guest};
use crate::report::Report;

const SEED: u64 = 7;

/// How long each comparison runs, about.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What `make test` holds the module to, in bytes.
const LARGEST: usize = 700_000;

/// A Pod with Istio's native sidecar: 6 KB.
const ISTIO: Shape =
    Shape { containers: 1, sidecars: Sidecars::NativeIstio, annotations: 0, managed_fields: 0, selects_nodes: false };
const LEGACY: Shape = Shape { containers: 4, sidecars: Sidecars::Legacy, ..ISTIO };
const PLAIN: Shape = Shape { containers: 6, sidecars: Sidecars::None, ..ISTIO };

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [policy, floor, round_trip, chart, other @ ..] = &arguments[..] else {
        bail!("usage: bench POLICY FLOOR ROUND_TRIP CHART [OTHER SETTINGS]");
    };
    let engine = module::engine()?;
    let load = |path: &String| Compiled::load(&engine, Path::new(path));
    let (policy, floor, round_trip) = (load(policy)?, load(floor)?, load(round_trip)?);
    let mut report = Report::default();

    paths(&policy, &floor, &round_trip, &mut report)?;
    if let [other, settings] = other {
        let settings: Value = serde_json::from_str(settings).context("the settings of the other policy")?;
        let (convert, mutate) = (payload(LEGACY, &converting(), SEED), payload(LEGACY, &settings, SEED));
        let times = compare(&mut [(&mut policy.guest()?, &convert), (&mut load(other)?.guest()?, &mutate)])?;
        report.ratio("convert, to the other policy", times[0], times[1], 0.35);
    }
    growth(&policy, &mut report)?;
    cluster(&policy, &mut report)?;
    memory(&policy, &mut report)?;
    report.limit("size of the module in KB", policy.size as f64 / 1e3, LARGEST as f64 / 1e3);
    chart::draw(Path::new(chart), &lines(&policy, &floor, &round_trip)?)?;
    println!("{report}");
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn converting() -> Value {
    json!({"legacySidecars": "convert"})
}

/// Twenty globs for names and twenty for images.
fn lists() -> Value {
    let names: Vec<_> = (0..20).map(|index| format!("sidecar-{index}-*")).collect();
    let images: Vec<_> = (0..20).map(|index| format!("registry.example.com/sidecars/{index}/*")).collect();
    json!({"sidecarNames": names, "sidecarImages": images})
}

/// Each path through the policy, against the module that does the least of what it does.
fn paths(policy: &Compiled, floor: &Compiled, round_trip: &Compiled, report: &mut Report) -> Result<()> {
    let (accepted, denied, changed) = (r#"{"accepted":true}"#, r#"{"accepted":false,"#, r#""mutated_object":{"#);
    for (name, shape, settings, answer, baseline, limit) in [
        ("accept, no sidecar, to the floor", PLAIN, json!({}), accepted, floor, 1.5),
        ("accept, all native, to the floor", ISTIO, json!({}), accepted, floor, 1.5),
        ("the same with 40 globs, to the floor", ISTIO, lists(), accepted, floor, 2.0),
        ("no sidecar with 40 globs, to the floor", PLAIN, lists(), accepted, floor, 2.0),
        ("deny, to the floor", LEGACY, json!({}), denied, floor, 2.2),
        ("convert, to the round trip", LEGACY, converting(), changed, round_trip, 0.6),
    ] {
        let payload = payload(shape, &settings, SEED);
        let answered = String::from_utf8(policy.guest()?.validate(&payload)?.0)?;
        anyhow::ensure!(answered.contains(answer), "{name}: {answered}");
        let times = compare(&mut [(&mut policy.guest()?, &payload), (&mut baseline.guest()?, &payload)])?;
        report.ratio(name, times[0], times[1], limit);
    }
    Ok(())
}

/// Whether time per KiB stays the same as requests grow.
fn growth(policy: &Compiled, report: &mut Report) -> Result<()> {
    let sizes = [4, 16, 64, 256, 1024].map(|kibibytes| kibibytes * 1024);
    let containers = [1, 10, 100, 1000];
    let series: [(&str, Value, Vec<Shape>); 5] = [
        ("containers, accepted", json!({}), containers.map(|containers| Shape { containers, ..PLAIN }).into()),
        ("containers, denied", json!({}), containers.map(|containers| Shape { containers, ..LEGACY }).into()),
        ("containers, converted", converting(), containers.map(|containers| Shape { containers, ..LEGACY }).into()),
        ("annotations", json!({}), sizes.map(|annotations| Shape { annotations, ..ISTIO }).into()),
        ("managedFields", json!({}), sizes.map(|managed_fields| Shape { managed_fields, ..ISTIO }).into()),
    ];
    for (name, settings, shapes) in series {
        let payloads: Vec<_> = shapes.into_iter().map(|shape| payload(shape, &settings, SEED)).collect();
        let mut guests = payloads.iter().map(|_| policy.guest()).collect::<Result<Vec<_>>>()?;
        let mut calls: Vec<_> = guests.iter_mut().zip(payloads.iter().map(String::as_str)).collect();
        let times = compare(&mut calls)?.into_iter().zip(&payloads);
        let per_kibibyte: Vec<_> = times.map(|(time, payload)| time * 1024.0 / payload.len() as f64).collect();
        let slowest = per_kibibyte.iter().copied().fold(0.0, f64::max);
        // What a call costs by itself weighs most in the smallest request: growth is what the larger ones take more.
        report.ratio(&format!("growth with {name}: µs per KiB, largest to first"), slowest, per_kibibyte[0], 1.5);
    }
    Ok(())
}

/// What it takes to look at every node of a large cluster.
fn cluster(policy: &Compiled, report: &mut Report) -> Result<()> {
    let list = nodes(5000, SEED);
    let settings = json!({"nodeCheck": "nodes", "unsupportedNodes": "warn"});
    for (name, selects_nodes) in [("5,000 nodes in ms", false), ("the same, with selector and affinity, in ms", true)] {
        let mut guest = policy.guest()?;
        guest.answer_with(&list);
        let payload = payload(Shape { selects_nodes, ..ISTIO }, &settings, SEED);
        report.clock(name, compare(&mut [(&mut guest, &payload)])?[0] / 1e3, 25.0);
    }
    steering(policy, &list, report)
}

/// What it takes to steer every injector there is, which ask for nodes of two versions.
fn steering(policy: &Compiled, list: &str, report: &mut Report) -> Result<()> {
    let survey = json!({"nodeCheck": "nodes", "unsupportedNodes": "warn"});
    let injectors = ["istio", "linkerd", "consul", "dapr"];
    let steer = json!({"nodeCheck": "nodes", "injectedSidecars": "steer", "steerInjectors": injectors});
    let (one, five) = (payload(ISTIO, &survey, SEED), payload(PLAIN, &steer, SEED));
    let (mut surveying, mut steering) = (policy.guest()?, policy.guest()?);
    surveying.answer_with(list);
    steering.answer_with(list);
    let times = compare(&mut [(&mut steering, &five), (&mut surveying, &one)])?;
    report.ratio("all injectors steered over 5,000 nodes, to one survey", times[0], times[1], 2.2);
    Ok(())
}

/// How much linear memory a call takes at most, of what it may.
fn memory(policy: &Compiled, report: &mut Report) -> Result<()> {
    for (name, shape, settings) in [
        ("accepted", Shape { annotations: 1 << 20, ..ISTIO }, json!({})),
        ("converted", Shape { annotations: 1 << 20, ..LEGACY }, converting()),
        ("1,000 containers converted", Shape { containers: 1000, ..LEGACY }, converting()),
        ("1 MiB of managedFields", Shape { managed_fields: 1 << 20, ..ISTIO }, json!({})),
    ] {
        let (payload, mut guest) = (payload(shape, &settings, SEED), policy.guest()?);
        guest.validate(&payload)?;
        let allowed = 4 * payload.len() + (2 << 20);
        report.limit(&format!("memory, {name}, in MiB"), mebibytes(guest.memory()), mebibytes(allowed));
    }
    Ok(())
}

fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Time over the size of the request, for the chart: in µs, over KiB.
fn lines(policy: &Compiled, floor: &Compiled, round_trip: &Compiled) -> Result<Vec<Line>> {
    let calls = [
        ("parse and write back", round_trip, json!({})),
        ("convert", policy, converting()),
        ("deny", policy, json!({})),
        ("skip (the floor)", floor, json!({})),
    ];
    let mut lines: Vec<Line> = calls.iter().map(|(name, ..)| (*name, Vec::new())).collect();
    for containers in [1, 3, 10, 30, 100, 300] {
        let shape = Shape { containers, ..LEGACY };
        let payloads: Vec<_> = calls.iter().map(|(_, _, settings)| payload(shape, settings, SEED)).collect();
        let mut guests = calls.iter().map(|(_, module, _)| module.guest()).collect::<Result<Vec<_>>>()?;
        let mut pairs: Vec<_> = guests.iter_mut().zip(payloads.iter().map(String::as_str)).collect();
        for (((_, points), time), payload) in lines.iter_mut().zip(compare(&mut pairs)?).zip(&payloads) {
            points.push((payload.len() as f64 / 1024.0, time));
        }
    }
    Ok(lines)
}

/// Calls every module with its payload in turn, again and again. Returns the medians, in µs.
fn compare(modules: &mut [(&mut Guest, &str)]) -> Result<Vec<f64>> {
    let mut times = vec![Vec::new(); modules.len()];
    let mut spent = Duration::ZERO;
    while spent < PATIENCE && times[0].len() < 3000 || times[0].len() < 5 {
        for ((guest, payload), times) in modules.iter_mut().zip(&mut times) {
            let (_, time) = guest.validate(payload)?;
            times.push(time.as_secs_f64() * 1e6);
            spent += time;
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    Ok(times.into_iter().map(median).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_little_memory() {
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy.wasm");
        let path = std::env::var_os("NATIVE_SIDECAR_POLICY").map_or(built, Into::into);
        let mut report = Report::default();
        let engine = module::engine().expect("an engine");
        memory(&Compiled::load(&engine, &path).expect("the module"), &mut report).expect("answers");
        assert!(report.holds(), "{report}");
    }

    #[test]
    fn a_seed_makes_the_same_bytes() {
        let made = || payload(Shape { annotations: 5000, managed_fields: 5000, ..LEGACY }, &lists(), SEED);
        assert_eq!(made(), made());
        assert_ne!(made(), payload(LEGACY, &lists(), SEED + 1));
    }
}
