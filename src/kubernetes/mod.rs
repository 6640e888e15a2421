//! What Kubernetes says, and nothing of this policy.

pub mod fields;
pub mod image;
pub mod kinds;
pub mod labels;
pub mod metadata;
pub mod node;
pub mod pod;
pub mod scheduling;
pub mod version;
