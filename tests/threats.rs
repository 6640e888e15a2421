//! What a hostile author of Pods or of settings can try: each threat of SECURITY.md, by its name there.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use std::time::{Duration, Instant};

use native_sidecar_policy::{validate, validate_settings};
use serde_json::{Value, json};

fn answer_to(payload: &str) -> Value {
    answer_where(payload, |operation| Err(format!("{operation} is not granted")))
}

/// The answer where this is what the host says to each operation.
fn answer_where(payload: &str, host: impl Fn(&str) -> Result<Vec<u8>, String>) -> Value {
    serde_json::from_slice(&validate(payload.as_bytes(), &|operation, _: &[u8]| host(operation))).unwrap()
}

/// The payload of a new Pod with this object as it is written.
fn payload(object: &str, settings: &Value) -> String {
    let kind = r#""kind":{"group":"","version":"v1","kind":"Pod"},"operation":"CREATE","namespace":"shop""#;
    format!(r#"{{"request":{{{kind},"object":{object}}},"settings":{settings}}}"#)
}

fn judged(object: &Value, settings: &Value) -> Value {
    answer_to(&payload(&object.to_string(), settings))
}

/// All that people read of an answer.
fn texts(answer: &Value) -> String {
    let warnings = answer["warnings"].as_array().into_iter().flatten();
    let texts = warnings.chain([&answer["message"]]).filter_map(Value::as_str);
    texts.collect::<Vec<_>>().join("\n")
}

/// How long this takes at best: other work on the machine only adds to it.
fn time(mut of: impl FnMut()) -> Duration {
    let once = |of: &mut dyn FnMut()| {
        let start = Instant::now();
        of();
        start.elapsed()
    };
    (0..3).map(|_| once(&mut of)).min().unwrap()
}

#[test]
fn huge_objects_take_time_as_they_grow() {
    let pod = |containers: usize| {
        let containers: Vec<_> = (0..containers)
            .map(|index| {
                json!({"name": format!("s{index}"), "image": "a", "ports": [{"containerPort": index, "name": format!("p{index}")}],
                    "env": [{"name": "A", "value": "x".repeat(100)}], "volumeMounts": [{"name": "v", "mountPath": "/v"}]})
            })
            .chain([json!({"name": "app", "image": "b"})])
            .collect();
        json!({"metadata": {"name": "a"}, "spec": {"containers": containers, "volumes": [{"name": "v", "emptyDir": {}}],
            "initContainers": [{"name": "init", "image": "c", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]}})
    };
    let settings = json!({"sidecarNames": ["s*"], "legacySidecars": "convert", "startFirst": ["s1*"]});
    let (small, large) = (pod(100), pod(1_600));
    assert!(judged(&large, &settings)["mutated_object"].is_object());
    let [small, large] = [small, large].map(|pod| time(|| drop(judged(&pod, &settings))));
    // Sixteen times as much; what grows with the square would take 256 times as long.
    assert!(large < small * 64, "{small:?}, and {large:?} for sixteen times as much");
}

#[test]
fn deep_nesting_is_refused_or_passed_over() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}0{}", open.repeat(200_000), close.repeat(200_000));
        for place in [
            r#"{"metadata":DEEP,"spec":{"containers":[]}}"#,
            r#"{"spec":{"containers":[{"name":"a","env":DEEP}]}}"#,
            "DEEP",
        ] {
            let answer = answer_to(&payload(&place.replace("DEEP", &deep), &json!({})));
            assert!(answer["accepted"].is_boolean(), "{answer}");
        }
        let answer = validate_settings(format!(r#"{{"sidecarNames":{deep}}}"#).as_bytes());
        assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap()["valid"], false);
    }
}

#[test]
fn names_can_not_write_into_terminals_or_logs() {
    let name = "\u{1b}[31mred\u{1b}[0m\r\nlevel=error msg=\"forged\"\u{202e}drow\u{0}\u{7f}\u{2028}";
    let pod = json!({
        "metadata": {"name": name, "namespace": name, "ownerReferences": [{"kind": name, "name": name, "controller": true}],
            "annotations": {"sidecars.kubewarden.io/native": name}},
        "spec": {"containers": [{"name": "app", "image": name}, {"name": name, "image": name, "restartPolicy": name}],
            "initContainers": [{"name": format!("i{name}"), "image": name, "restartPolicy": name}, {"name": name, "image": name}]},
    });
    for action in ["reject", "warn", "convert"] {
        let settings = json!({"sidecarNames": ["*red*"], "legacySidecars": action, "misplacedRestartPolicy": "warn"});
        let answer = judged(&pod, &settings);
        let texts = texts(&answer);
        assert!(texts.contains("\\u{1b}[31mred"), "{texts}");
        let moves =
            |each: &char| each.is_control() && *each != '\n' || matches!(each, '\u{202a}'..='\u{202e}' | '\u{2028}');
        assert_eq!(texts.chars().find(moves), None, "{texts}");
        // Only the policy begins a line; a long name of the object gives way.
        assert!(texts.lines().all(|line| line.starts_with("Pod/") || line.starts_with('…')), "{texts}");
    }
}

#[test]
fn keys_that_are_written_twice_or_escaped_hide_nothing() {
    let settings = json!({"sidecarNames": ["proxy"]});
    let legacy = r#"[{"name":"app","image":"a"},{"name":"proxy","image":"b"}]"#;
    let plain = r#"[{"name":"app","image":"a"}]"#;
    for spec in [
        format!(r#"{{"containers":{legacy}}}"#),
        format!(r#"{{"\u0063ontainers":{legacy}}}"#),
        format!(r#"{{"containers":{plain},"containers":{legacy}}}"#),
        format!(r#"{{"containers":{plain},"\u0063\u006fntainers":{legacy}}}"#),
        r#"{"containers":[{"name":"app"},{"name":"x","n\u0061me":"pr\u006fxy"}]}"#.to_owned(),
    ] {
        let answer = answer_to(&payload(&format!(r#"{{"spec":{spec}}}"#), &settings));
        assert_eq!(answer["code"], 403, "{spec}: {answer}");
    }
    // The last one counts, as for the API server.
    let spec = format!(r#"{{"spec":{{"containers":{legacy},"containers":{plain}}}}}"#);
    assert_eq!(answer_to(&payload(&spec, &settings)), json!({"accepted": true}));
}

#[test]
fn an_exempt_name_exempts_its_container_alone() {
    let containers = |name: &str| json!([{"name": "app", "image": "a"}, {"name": name, "image": "b"}, {"name": "proxy", "image": "c"}]);
    let settings = json!({"sidecarNames": ["proxy", "debug-*"], "exemptContainers": ["debug-*"]});
    let answer = judged(&json!({"spec": {"containers": containers("debug-proxy")}}), &settings);
    let message = answer["message"].as_str().unwrap();
    assert!(message.contains("\"proxy\"") && !message.contains("debug-proxy"), "{message}");
    // No part of the name is enough, nor does its case matter less than to the API server.
    for name in ["xdebug-proxy", "debug", "Debug-proxy"] {
        let object = json!({"spec": {"containers": [{"name": "app"}, {"name": name, "image": "b"}]}});
        let settings = json!({"sidecarNames": ["*ebug*"], "exemptContainers": ["debug-*"]});
        assert_eq!(judged(&object, &settings)["code"], 403, "{name}");
    }
}

#[test]
fn annotations_make_it_only_stricter() {
    let object = |annotations: Value| {
        json!({"metadata": {"name": "a", "annotations": annotations}, "spec": {
            "initContainers": [{"name": "mesh", "image": "m", "readinessProbe": {"exec": {"command": ["true"]}}}],
            "containers": [{"name": "app", "image": "a"}, {"name": "proxy", "image": "b"}]}})
    };
    let settings = json!({"sidecarNames": ["proxy", "mesh"]});
    let lines = |answer: &Value| answer["message"].as_str().unwrap_or_default().lines().count();
    let before = judged(&object(json!({})), &settings);
    assert_eq!(before["code"], 403);
    for value in ["", "proxy", "mesh", "proxy,mesh", "app", "*", "none", "false", ",", " - "] {
        let answer = judged(&object(json!({"sidecars.kubewarden.io/native": value})), &settings);
        assert_eq!(answer["code"], 403, "{value:?}");
        assert!(lines(&answer) >= lines(&before), "{value:?}: {answer}");
        assert!(
            texts(&answer).contains("container \"proxy\" at spec.containers[1] is a sidecar"),
            "{value:?}: {answer}"
        );
    }
    for off in ["sidecars.kubewarden.io/ignore", "sidecars.kubewarden.io/skip", "sidecars.kubewarden.io/convert"] {
        assert_eq!(judged(&object(json!({off: "true"})), &settings), before, "{off}");
    }
}

#[test]
fn marks_of_an_injector_are_what_injected_sidecars_decides_on() {
    let object = json!({
        "metadata": {"name": "a", "annotations": {"sidecar.istio.io/status": "{}"}},
        "spec": {"containers": [{"name": "app", "image": "a"}, {"name": "istio-proxy", "image": "istio/proxyv2:1.24.0"}]},
    });
    let code = |settings: Value| judged(&object, &settings)["code"].clone();
    assert_eq!(code(json!({"injectedSidecars": "reject"})), 403);
    assert_eq!(code(json!({"injectedSidecars": "warn"})), Value::Null);
    let mut unmarked = object.clone();
    unmarked["metadata"]["annotations"] = json!({});
    assert_eq!(judged(&unmarked, &json!({"injectedSidecars": "ignore"}))["code"], 403);
}

#[test]
fn wrong_settings_let_nothing_through() {
    let object = json!({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "app", "image": "a"}]}});
    assert_eq!(judged(&object, &json!({}))["accepted"], true);
    for settings in [
        json!({"legacySidecar": "reject"}),
        json!({"legacySidecars": "never"}),
        json!({"legacySidecars": ["reject"]}),
        json!({"legacySidecars": "reject", "inALaterVersion": true}),
        json!([]),
        json!("reject"),
        json!(0),
    ] {
        let answer: Value = serde_json::from_slice(&validate_settings(settings.to_string().as_bytes())).unwrap();
        assert_eq!(answer["valid"], false, "{settings}");
        let answer = judged(&object, &settings);
        assert_eq!((&answer["accepted"], &answer["code"]), (&json!(false), &json!(500)), "{settings}");
    }
}

#[test]
fn what_the_cluster_does_not_say_is_not_guessed() {
    let object = json!({"metadata": {"name": "a"}, "spec": {
        "containers": [{"name": "app", "image": "a"}, {"name": "logshipper", "image": "b"}]}});
    let settings = json!({"sidecarNames": ["logshipper"], "legacySidecars": "convert", "nodeCheck": "nodes"});
    let payload = payload(&object.to_string(), &settings);
    let deep = "[".repeat(100_000);
    let lists = [
        "",
        "null",
        "[]",
        "{\"items\":3}",
        "{\"items\":[3]}",
        "{\"items\":[{}",
        "\u{0}\u{1}",
        &deep,
        r#"{"items":[{"metadata":{"name":"n"},"status":{"nodeInfo":{"kubeletVersion":"newest"}}}]}"#,
    ];
    let answers =
        lists.map(|list| Ok(list.as_bytes().to_vec())).into_iter().chain([Ok(vec![0xff, 0xfe]), Err(String::new())]);
    for said in answers {
        let answer = answer_where(&payload, |_| said.clone());
        assert_eq!(answer["mutated_object"], Value::Null, "{said:?}: {answer}");
        assert!(!texts(&answer).is_empty(), "{said:?}");
    }
}

#[test]
fn paths_in_settings_end_soon() {
    let bombs = ["$..*..*", "$..*..*..*..*", "$..[?(@..a)]", "$..[0:9999999999]", "$..[*,*,*,*]"];
    let long = format!("${}", ".a[*]".repeat(200));
    for bomb in bombs.into_iter().chain([long.as_str()]) {
        let settings = json!({"podTemplates": [format!("example.com/Flow={bomb}")]}).to_string();
        let answer: Value = serde_json::from_slice(&validate_settings(settings.as_bytes())).unwrap();
        assert_eq!(answer["valid"], false, "{bomb}");
    }
    // The worst that is left, over a large object.
    let wide: Vec<_> = (0..10_000).map(|index| json!({"a": [[index]], "b": {"a": index}})).collect();
    for path in ["$..a", "$..*", "$.a[*][*][*]", "$..[?(@.a == 1)]", "$.a[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"] {
        let settings = json!({"podTemplates": [format!("example.com/Flow={path}")]});
        let request =
            json!({"kind": {"group": "example.com", "kind": "Flow"}, "operation": "CREATE", "object": {"a": wide}});
        let payload = json!({"request": request, "settings": settings}).to_string();
        let taken = time(|| drop(answer_to(&payload)));
        assert!(taken < Duration::from_secs(20), "{path}: {taken:?}");
    }
}
