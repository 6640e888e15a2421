//! What is asked of the cluster.

pub mod host;
pub mod nodes;
pub mod placement;
pub mod owner;
pub mod webhooks;
