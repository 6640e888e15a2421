//! Stub.

/// Judges one admission request: the payload of the waPC call `validate`, and its answer.
pub fn validate(_payload: &[u8]) -> Vec<u8> {
    b"{\"accepted\":true}".to_vec()
}

/// Checks the settings: the payload of the waPC call `validate_settings`, and its answer.
pub fn validate_settings(_payload: &[u8]) -> Vec<u8> {
    b"{\"valid\":true}".to_vec()
}

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
mod guest {
    use kubewarden_policy_sdk::protocol_version_guest;
    use wapc_guest::register_function;

    /// The entry that the waPC host calls first.
    #[unsafe(no_mangle)]
    pub extern "C" fn wapc_init() {
        register_function("validate", |payload| Ok(crate::validate(payload)));
        register_function("validate_settings", |payload| {
            Ok(crate::validate_settings(payload))
        });
        register_function("protocol_version", protocol_version_guest);
    }
}
