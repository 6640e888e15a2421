//! A Kubewarden policy that keeps sidecars in the native Kubernetes form: an init container with its own
//! `restartPolicy: Always` (<https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>).
//!
//! The modules are listed in the order of the story, and each imports only from those above it: JSON comes in, Kubernetes is
//! read out of it, what is known of containers and what the settings want meets the request and the cluster; the rules find,
//! repair plans and carries out, the answer goes back to the host.
//! [`validate`] and [`validate_settings`] are the two calls of the waPC contract, as functions from bytes to bytes.

// waPC calls the module by a name that only unsafe attributes keep (src/guest.rs); everywhere else there is none.
#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

mod json;
mod kubernetes;
mod catalogue;
mod settings;
mod request;
mod cluster;
mod rules;
mod repair;
mod inject;
mod answer;
mod judge;

#[cfg(feature = "describe")]
pub mod describe;
#[cfg(all(target_arch = "wasm32", not(feature = "describe")))]
mod guest;
#[cfg(feature = "stages")]
#[doc(hidden)]
pub mod stages;

use serde_json::value::RawValue;

pub use crate::cluster::host::Host;
use crate::json::malformed::Malformed;
use crate::json::read;
use crate::settings::Settings;

/// Judges one admission request.
///
/// Takes the payload of the waPC call `validate`, `{"request": AdmissionRequest, "settings": {…}}`, and gives its
/// answer, a `ValidationResponse`, both as JSON. Any bytes get an answer: what can't be judged is denied.
///
/// What it has to know of the cluster it asks the host for, and only where the settings want that.
pub fn validate(payload: &[u8], host: Host) -> Vec<u8> {
    judge::judge(payload, host)
}

/// Checks settings.
///
/// Takes the payload of the waPC call `validate_settings`, the settings, and gives its answer, a
/// `SettingsValidationResponse`, both as JSON. The message lists all that is wrong with them.
pub fn validate_settings(payload: &[u8]) -> Vec<u8> {
    let settings = std::str::from_utf8(payload)
        .map_err(|error| vec![Malformed::new("", format_args!("not JSON: {error}"))])
        .and_then(|json| read::document::<&RawValue>(json).map_err(|error| vec![error]))
        .and_then(|settings| Settings::read(Some(settings), &rules::settings()));
    answer::response::settings(&settings.err().unwrap_or_default())
}
