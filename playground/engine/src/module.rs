//! The policy's module, whoever runs it.

use native_sidecar_review::host_calls::HostCalls;

/// What answers the calls of the policy to its host: binding, namespace, operation and payload.
pub type Host<'h> = dyn Fn(String, String, String, Vec<u8>) -> Result<Vec<u8>, String> + 'h;

/// A module that speaks waPC.
pub trait Module {
    /// Calls an operation of the policy with a payload. An error says why there is no answer.
    fn call(&self, operation: &str, payload: &str, host: &Host) -> Result<Vec<u8>, String>;
}

/// Calls an operation that needs no host.
pub fn call_alone(module: &dyn Module, operation: &str, payload: &str) -> Result<Vec<u8>, String> {
    let host = HostCalls::default();
    module.call(operation, payload, &|binding, namespace, operation, payload| {
        host.call(&binding, &namespace, &operation, &payload)
    })
}

/// The policy as a function, in the place of its module.
#[cfg(test)]
pub struct Native;

#[cfg(test)]
impl Module for Native {
    fn call(&self, operation: &str, payload: &str, host: &Host) -> Result<Vec<u8>, String> {
        let ask = |operation: &str, payload: &[u8]| {
            host("kubewarden".to_owned(), "kubernetes".to_owned(), operation.to_owned(), payload.to_vec())
        };
        match operation {
            "validate" => Ok(native_sidecar_policy::validate(payload.as_bytes(), &ask)),
            _ => Ok(native_sidecar_policy::validate_settings(payload.as_bytes())),
        }
    }
}
