//! What Kubernetes says, and nothing of this policy.

pub mod version;
pub mod image;
pub mod quantity;
pub mod resources;
pub mod metadata;
pub mod port;
pub mod pod;
pub mod kinds;
pub mod fields;
pub mod labels;
pub mod node;
pub mod scheduling;
