//! The forms of settings as regular expressions, for the schema. What they can't say only the reader knows.

/// A glob of container names.
pub const CONTAINER_GLOB: &str = r"^[-a-z0-9*?!\[\]]+$";
/// A glob of image repositories.
pub const IMAGE_GLOB: &str = r"^([-a-z0-9*?!\[\]._:]*/)*[-a-z0-9*?!\[\]._]*$";
/// Where a kind has its Pod templates.
pub const POD_TEMPLATE: &str = r"^[^/=]*/[^/=]+=\$";
/// A version of Kubernetes that has admission policies, or nothing.
pub const VERSION: &str = r"^(v?(1\.(1[6-9]|[2-9][0-9]|[1-9][0-9]{2,})|([2-9]|[1-9][0-9]+)\.[0-9]+)([.+-].*)?)?$";
/// A minor version that knows native sidecars, or nothing.
pub const MINIMUM_VERSION: &str = r"^((1\.(2[89]|[3-9][0-9]|[1-9][0-9]{2,})|([2-9]|[1-9][0-9]+)\.(0|[1-9][0-9]*)))?$";
/// A label with its value, or nothing.
pub const LABEL: &str = r"^(([a-z0-9]([-_.a-z0-9]*[a-z0-9])?/)?[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?=([A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?)?$";
/// A name of a container or a volume.
pub const DNS_LABEL: &str = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";
/// An annotation with its value.
pub const ANNOTATION: &str = "^[^=]+=";
