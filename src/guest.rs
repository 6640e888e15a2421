//! The waPC shell: registers the calls of the Kubewarden contract, <https://docs.kubewarden.io/reference/spec/intro-spec>.

use kubewarden_policy_sdk::protocol_version_guest;
use wapc_guest::{host_call, register_function};

/// What the host calls before anything else.
// The host finds it by this name.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", |payload| Ok(crate::validate(payload, &ask)));
    register_function("validate_settings", |payload| Ok(crate::validate_settings(payload)));
    register_function("protocol_version", protocol_version_guest);
}

fn ask(operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
    host_call("kubewarden", "kubernetes", operation, payload).map_err(|error| {
        let text = error.to_string();
        text.strip_prefix("Host error: ").map_or_else(|| text.clone(), str::to_owned)
    })
}
