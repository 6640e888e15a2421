//! Names, as the API server takes them.

use serde_json::Value;

/// What is wrong with a name of a container, as a DNS label.
pub const DNS_LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
/// What is wrong with a number of a port.
pub const PORT_NUMBER: &str = "must be between 1 and 65535, inclusive";

/// What is wrong with a text that has to be a DNS label; empty where nothing is.
pub fn dns_label(name: &str) -> Vec<&'static str> {
    let is_inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let ends_well = !name.starts_with('-') && !name.ends_with('-') && !name.is_empty();
    let mut wrong = Vec::new();
    if name.len() > 63 {
        wrong.push("must be no more than 63 characters");
    }
    if !(ends_well && name.bytes().all(is_inner)) {
        wrong.push(DNS_LABEL);
    }
    wrong
}

/// What is wrong with the name of a port; empty where nothing is.
pub fn port_name(name: &str) -> Vec<&'static str> {
    let is_inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let checks = [
        (name.len() > 15, "must be no more than 15 characters"),
        (
            name.is_empty() || !name.bytes().all(is_inner),
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
        ),
        (!name.bytes().any(|c| c.is_ascii_lowercase()), "must contain at least one letter (a-z)"),
        (name.contains("--"), "must not contain consecutive hyphens"),
        (name.starts_with('-') || name.ends_with('-'), "must not begin or end with a hyphen"),
    ];
    checks.into_iter().filter_map(|(is_wrong, what)| is_wrong.then_some(what)).collect()
}

/// What is wrong with the number of a port, or its name; empty where nothing is.
pub fn port(port: &Value) -> Vec<&'static str> {
    match port {
        Value::String(name) => port_name(name),
        _ if (1..=65535).contains(&port.as_i64().unwrap_or(0)) => Vec::new(),
        _ => vec![PORT_NUMBER],
    }
}
