//! Any bytes in: an answer out that says what is wrong and where.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use native_sidecar_policy::validate_settings;
use serde_json::{Value, json};

fn validate(payload: &[u8]) -> Vec<u8> {
    native_sidecar_policy::validate(payload, &|operation, _| Err(format!("asked for {operation}")))
}

fn answer(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn message(payload: &[u8]) -> String {
    let answer = answer(&validate(payload));
    assert_eq!((&answer["accepted"], &answer["code"]), (&json!(false), &json!(400)), "{answer}");
    answer["message"].as_str().unwrap().to_owned()
}

fn pod(spec: &str) -> Vec<u8> {
    let kind = r#""kind":{"group":"","version":"v1","kind":"Pod"},"operation":"CREATE""#;
    let metadata = r#""metadata":{"name":"a","namespace":"b"}"#;
    format!(r#"{{"request":{{{kind},"object":{{{metadata},"spec":{spec}}}}},"settings":{{"sidecarNames":["s*"],"legacySidecars":"convert"}}}}"#)
        .into_bytes()
}

#[test]
fn requests_that_are_not_json() {
    for (payload, expected) in [
        (&b""[..], "not JSON: EOF while parsing a value at line 1 column 0"),
        (b"{", "not JSON: EOF while parsing an object at line 1 column 1"),
        (b"\xff{}", "not JSON: invalid utf-8 sequence of 1 bytes from index 0"),
        (b"{}", "request: missing"),
        (b"7", "invalid type: integer `7`, expected an object"),
        (b"[{}]", "invalid type: sequence, expected an object"),
        (br#"{"request":"x"}"#, "request: invalid type: string \"x\", expected an object"),
    ] {
        assert_eq!(message(payload), format!("The request cannot be judged: {expected}"));
    }
}

#[test]
fn objects_that_are_nested_deeper_than_hosts_read() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let with = |containers: &str| pod(&format!("{{\"containers\":[{containers}],\"deep\":{deep}}}"));
        // The host could not read the answer, if it held the object.
        let expected = "Pod cannot be judged: request.object: nested deeper than 125 levels";
        assert_eq!(message(&with("{\"name\":\"app\"},{\"name\":\"s1\"}")), expected);
        assert_eq!(answer(&validate(&with("{\"name\":\"app\"}"))), json!({"accepted": true}));
    }
}

#[test]
fn numbers_that_no_reader_takes() {
    let with = |containers: &str| pod(&format!("{{\"containers\":[{containers}],\"x\":[0,{{\"y\":1e999}}]}}"));
    let expected = "Pod cannot be judged: request.object.spec.x[1].y: a number that is out of range";
    assert_eq!(message(&with("{\"name\":\"app\"},{\"name\":\"s1\"}")), expected);
    // What is not changed goes back unread.
    assert_eq!(answer(&validate(&with("{\"name\":\"app\"}"))), json!({"accepted": true}));
}

#[test]
fn settings_that_are_not_json() {
    for (payload, expected) in [
        (&b""[..], "not JSON: EOF while parsing a value at line 1 column 0"),
        (b"\xff", "not JSON: invalid utf-8 sequence of 1 bytes from index 0"),
        (b"{\"sidecarNames\":[}", "not JSON: expected value at line 1 column 18"),
        (b"7", "invalid type: integer `7`, expected an object"),
    ] {
        let answer = answer(&validate_settings(payload));
        assert_eq!(answer, json!({"valid": false, "message": expected}));
    }
}

#[test]
fn injections_that_hosts_could_not_read_back() {
    let with = |volume: &str| {
        format!(
            r#"{{"injections":[{{"name":"vpn","podSelector":{{}},"container":{{"image":"a"}},"volumes":[{volume}]}}]}}"#
        )
    };
    let deep = format!("{}{}", "[".repeat(130), "]".repeat(130));
    for (volume, expected) in [
        (r#"{"name":"a","emptyDir":{""}}"#, "injections[0]: not JSON: expected `:` at line 1 column 95"),
        (
            r#"{"name":"a","emptyDir":{"x":1e999}}"#,
            "injections[0].volumes[0].emptyDir.x: a number that is out of range",
        ),
        (&format!(r#"{{"name":"a","x":{deep}}}"#), "injections[0]: nested deeper than 125 levels"),
    ] {
        let answer = answer(&validate_settings(with(volume).as_bytes()));
        assert_eq!(answer, json!({"valid": false, "message": expected}));
    }
}

#[test]
fn ten_thousand_containers() {
    let containers =
        |prefix: &str| -> Vec<_> { (0..10_000).map(|i| json!({"name": format!("{prefix}{i}")})).collect() };
    let mut containers = containers("s");
    containers.push(json!({"name": "main"}));
    let answer = answer(&validate(&pod(&json!({"containers": containers}).to_string())));
    let spec = &answer["mutated_object"]["spec"];
    assert_eq!(spec["initContainers"].as_array().unwrap().len(), 10_000);
    assert_eq!(spec["containers"], json!([{"name": "main"}]));
    assert_eq!(answer.get("warnings"), None);
}

#[test]
fn ten_thousand_containers_with_all_that_conversions_look_at() {
    let container = |i: usize| {
        json!({
            "name": format!("s{i}"),
            "args": ["curl", "localhost/quitquitquit"],
            "ports": [{"hostPort": i + 1}],
            "volumeMounts": [{"name": format!("v{i}")}],
        })
    };
    let list = |prefix: &str| -> Vec<_> {
        (0..10_000).map(|i| json!({"name": format!("{prefix}{i}"), "volumeMounts": [{"name": "other"}]})).collect()
    };
    let mut containers: Vec<_> = (0..10_000).map(container).collect();
    containers.push(json!({"name": "main"}));
    let spec = json!({"restartPolicy": "Never", "initContainers": list("i"), "containers": containers});
    let payload = String::from_utf8(pod(&spec.to_string())).unwrap();
    let payload = payload.replace(r#""sidecarNames""#, r#""startFirst":["*"],"sidecarNames""#);
    let answer = answer(&validate(payload.as_bytes()));
    let spec = &answer["mutated_object"]["spec"];
    assert_eq!(spec["initContainers"].as_array().unwrap().len(), 20_000);
    assert_eq!(spec["containers"], json!([{"name": "main"}]));
}

#[test]
fn numbers_and_text_keep_their_spelling() {
    let odd = r#"[1e3,1.0,18446744073709551615,123456789012345678901234567890,-0.0,"é","\u00e9","\ud83e\udd80"]"#;
    let answer =
        validate(&pod(&format!(r#"{{"odd":{odd},"containers":[{{"name":"a"}},{{"name":"s","odd":{odd}}}]}}"#)));
    let answer = String::from_utf8(answer).unwrap();
    assert_eq!(answer.matches(odd).count(), 2, "{answer}");
    assert!(answer.contains(r#"{"name":"s","odd":"#), "{answer}");
}
