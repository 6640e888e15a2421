//! The waPC shell: registers the calls of the Kubewarden contract, <https://docs.kubewarden.io/reference/spec/intro-spec>.

use kubewarden_policy_sdk::protocol_version_guest;
use wapc_guest::register_function;

/// What the host calls before anything else.
// The host finds it by this name.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", |payload| Ok(crate::validate(payload)));
    register_function("validate_settings", |payload| Ok(crate::validate_settings(payload)));
    register_function("protocol_version", protocol_version_guest);
}
