//! Probes and lifecycle hooks.

use serde_json::{Value, json};

use crate::api_server::names;
use crate::api_server::refusal::Refusals;
use crate::api_server::spec::{Container, Form, Spec, elements, text};

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
const HOOKS: [&str; 2] = ["postStart", "preStop"];
/// The ways to ask, and to act, in the order in which they are looked at.
const WAYS: [&str; 5] = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];
const ONLY_NATIVE: &str = "may not be set for init containers without restartPolicy=Always";
const SECONDS: [&str; 5] =
    ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"];
/// Signals of Windows; those of Linux are many.
const WINDOWS_SIGNALS: [&str; 2] = ["SIGKILL", "SIGTERM"];

/// What is wrong with the probes and hooks of a Pod's containers.
pub fn check(spec: &Spec, refusals: &mut Refusals) {
    for container in spec.containers() {
        if container.form == Form::Once {
            for field in ["lifecycle"].iter().chain(&PROBES).filter(|field| !container.value[**field].is_null()) {
                refusals.forbidden(container.at(field), ONLY_NATIVE);
            }
        } else {
            check_lifecycle(spec, &container, refusals);
            PROBES.iter().for_each(|probe| check_probe(&container, probe, refusals));
        }
    }
}

fn check_lifecycle(spec: &Spec, container: &Container, refusals: &mut Refusals) {
    let (lifecycle, place) = (&container.value["lifecycle"], container.at("lifecycle"));
    for hook in HOOKS.iter().filter(|hook| !lifecycle[**hook].is_null()) {
        let (value, place) = (&lifecycle[*hook], format!("{place}.{hook}"));
        check_handler(value, &place, "grpc", refusals);
        let period = spec.grace_period();
        let seconds = value["sleep"]["seconds"].as_i64().unwrap_or(0);
        if !value["sleep"].is_null() && is_first(value, "sleep") && !(0..=period).contains(&seconds) {
            let why = format!("must be non-negative and less than terminationGracePeriodSeconds ({period})");
            refusals.invalid(format!("{place}.sleep"), &json!(seconds), why);
        }
    }
    let (signal, place) = (&lifecycle["stopSignal"], format!("{place}.stopSignal"));
    match spec.system() {
        _ if signal.is_null() => {}
        "" => refusals.forbidden(place, "may not be set for containers with empty `spec.os.name`"),
        "windows" => refusals.one_of(place, signal, &WINDOWS_SIGNALS),
        _ if text(signal).starts_with("SIG") => {}
        _ => refusals.not_supported(place, signal, &[]),
    }
}

fn check_probe(container: &Container, field: &str, refusals: &mut Refusals) {
    let (probe, place) = (&container.value[field], container.at(field));
    if probe.is_null() {
        return;
    }
    check_handler(probe, &place, "sleep", refusals);
    for name in SECONDS.iter().filter(|name| probe[**name].as_i64().is_some_and(|number| number < 0)) {
        refusals.invalid(format!("{place}.{name}"), &probe[*name], "must be greater than or equal to 0");
    }
    let threshold = probe["successThreshold"].as_i64().filter(|threshold| *threshold != 0).unwrap_or(1);
    if threshold != 1 && field != "readinessProbe" {
        refusals.invalid(format!("{place}.successThreshold"), &json!(threshold), "must be 1");
    }
    let period = &probe["terminationGracePeriodSeconds"];
    let place = format!("{place}.terminationGracePeriodSeconds");
    match period.as_i64() {
        Some(_) if field == "readinessProbe" => {
            refusals.invalid(place, period, "must not be set for readinessProbes");
        }
        Some(seconds) if seconds <= 0 => refusals.invalid(place, period, "must be greater than 0"),
        _ => {}
    }
}

/// Whether no way ahead of this one is taken.
fn is_first(handler: &Value, way: &str) -> bool {
    WAYS.iter().take_while(|other| **other != way).all(|other| handler[*other].is_null())
}

/// `unknown` is the way that this kind of handler does not have.
fn check_handler(handler: &Value, place: &str, unknown: &str, refusals: &mut Refusals) {
    let ways: Vec<_> = WAYS.iter().filter(|way| **way != unknown && !handler[**way].is_null()).collect();
    if ways.is_empty() {
        refusals.required(place, "must specify a handler type");
    }
    for (index, way) in ways.into_iter().enumerate() {
        let (value, place) = (&handler[*way], format!("{place}.{way}"));
        match *way {
            _ if index > 0 => refusals.forbidden(place, "may not specify more than 1 handler type"),
            "exec" if elements(&value["command"]).is_empty() => refusals.required(format!("{place}.command"), ""),
            "httpGet" => {
                check_port(&value["port"], &place, refusals);
                if !text(&value["scheme"]).is_empty() {
                    refusals.one_of(format!("{place}.scheme"), &value["scheme"], &["HTTP", "HTTPS"]);
                }
                let names = elements(&value["httpHeaders"]).iter().map(|header| text(&header["name"]));
                for name in names.filter(|name| !is_header_name(name)) {
                    let why = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";
                    refusals.invalid(format!("{place}.httpHeaders"), &json!(name), why);
                }
            }
            "tcpSocket" | "grpc" => check_port(&value["port"], &place, refusals),
            _ => {}
        }
    }
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
}

fn check_port(port: &Value, place: &str, refusals: &mut Refusals) {
    let shown = if port.is_null() { json!(0) } else { port.clone() };
    names::port(port).into_iter().for_each(|why| refusals.invalid(format!("{place}.port"), &shown, why));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::api_server::tests::{native, once, regular, table};

    #[test]
    fn as_kubernetes_words_it() {
        let probe = |probe: Value| regular(json!({"startupProbe": probe}));
        let hook = |hook: Value| regular(json!({"lifecycle": {"preStop": hook}}));
        let exec = json!({"exec": {"command": ["true"]}});
        table(&[
            (probe(exec.clone()), &[]),
            (native(json!({"startupProbe": exec, "lifecycle": {"postStart": {"sleep": {"seconds": 30}}}})), &[]),
            (
                once(json!({"startupProbe": exec, "livenessProbe": exec, "readinessProbe": exec, "lifecycle": {}})),
                &[
                    "spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always",
                    "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
                    "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
                    "spec.initContainers[0].startupProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
                ],
            ),
            (probe(json!({})), &["spec.containers[0].startupProbe: Required value: must specify a handler type"]),
            (
                probe(json!({"exec": {}, "tcpSocket": {"port": 1}, "successThreshold": 2, "periodSeconds": -1})),
                &[
                    "spec.containers[0].startupProbe.exec.command: Required value",
                    "spec.containers[0].startupProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
                    "spec.containers[0].startupProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
                    "spec.containers[0].startupProbe.successThreshold: Invalid value: 2: must be 1",
                ],
            ),
            (
                probe(json!({"httpGet": {"port": "no port", "scheme": "FTP"}})),
                &[
                    "spec.containers[0].startupProbe.httpGet.port: Invalid value: \"no port\": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
                    "spec.containers[0].startupProbe.httpGet.scheme: Unsupported value: \"FTP\": supported values: \"HTTP\", \"HTTPS\"",
                ],
            ),
            (
                probe(json!({"grpc": {"port": 0}})),
                &[
                    "spec.containers[0].startupProbe.grpc.port: Invalid value: 0: must be between 1 and 65535, inclusive",
                ],
            ),
            (
                hook(json!({"sleep": {"seconds": 31}})),
                &[
                    "spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)",
                ],
            ),
            (hook(json!({})), &["spec.containers[0].lifecycle.preStop: Required value: must specify a handler type"]),
            (
                regular(
                    json!({"readinessProbe": {"exec": {"command": ["true"]}, "successThreshold": 2, "terminationGracePeriodSeconds": 1}}),
                ),
                &[
                    "spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes",
                ],
            ),
            (
                regular(json!({"lifecycle": {"stopSignal": "SIGTERM"}})),
                &[
                    "spec.containers[0].lifecycle.stopSignal: Forbidden: may not be set for containers with empty `spec.os.name`",
                ],
            ),
        ]);
    }
}
