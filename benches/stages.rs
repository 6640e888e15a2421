//! Each stage of judging a Pod, natively: where the time goes.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../bench/src/generate.rs"]
#[allow(dead_code)]
mod generate;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use generate::{Shape, Sidecars, payload};
use native_sidecar_policy::stages::Stages;
use native_sidecar_policy::validate;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::hint::black_box;

fn stages(criterion: &mut Criterion) {
    let legacy =
        Shape { containers: 4, sidecars: Sidecars::Legacy, annotations: 0, managed_fields: 0, selects_nodes: false };
    let payload = payload(legacy, &json!({"legacySidecars": "convert"}), 7);
    let bytes = payload.as_bytes();
    let prepared = Stages::read(bytes).unwrap();
    let host = |_: &str, _: &[u8]| Err("no cluster".to_owned());
    assert_eq!((prepared.decide(), prepared.plan()), (Some(1), Some(1)));

    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("skip (the floor)", |bench| {
        bench.iter(|| serde_json::from_str::<IgnoredAny>(black_box(&payload)).unwrap());
    });
    group.bench_function("read", |bench| bench.iter(|| Stages::read(black_box(bytes)).is_some()));
    group.bench_function("decide", |bench| bench.iter(|| black_box(&prepared).decide()));
    group.bench_function("decide, plan", |bench| bench.iter(|| black_box(&prepared).plan()));
    group.bench_function("decide, plan, apply, answer", |bench| bench.iter(|| black_box(&prepared).apply()));
    group.bench_function("all", |bench| bench.iter(|| validate(black_box(bytes), &host)));
    group.bench_function("parse into a Value", |bench| {
        bench.iter(|| serde_json::from_str::<Value>(black_box(&payload)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
