//! Versions of Kubernetes, by what they are good for: the release whose features can be relied on.

use std::fmt;

/// A minor release of Kubernetes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Version {
    major: u32,
    minor: u32,
}

/// The first release with native sidecars, behind the feature gate `SidecarContainers`.
pub const SIDECARS_ALPHA: Version = Version::new(1, 28);
/// The first release in which they are on by default, and end as they do now.
pub const SIDECARS_BETA: Version = Version::new(1, 29);
/// The first release in which they may have `restartPolicyRules`.
pub const RESTART_RULES: Version = Version::new(1, 36);

impl Version {
    /// The release with these numbers.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Reads a version as kubelets and API servers report it, such as `v1.29.3-gke.1093000`, or `29+` for the minor. What
    /// comes behind major and minor has no order that could be relied on, and is passed over. Only `-alpha` counts: such
    /// a kubelet may lack what its release is to have, and is as good as the one before.
    ///
    /// None is a version that can't be read.
    pub fn read(text: &str) -> Option<Self> {
        let (major, rest) = number(text.strip_prefix('v').unwrap_or(text))?;
        let (minor, rest) = number(rest.strip_prefix('.')?)?;
        if !(rest.is_empty() || rest.starts_with(['.', '-', '+'])) {
            return None;
        }
        let patch = rest.strip_prefix('.').and_then(number);
        let is_alpha = patch.map_or(rest, |(_, suffix)| suffix).starts_with("-alpha");
        Some(Self { major, minor: if is_alpha { minor.saturating_sub(1) } else { minor } })
    }

    /// The release that is this many minors older.
    pub const fn older_by(self, minors: u32) -> Self {
        Self { major: self.major, minor: self.minor.saturating_sub(minors) }
    }
}

/// The number that a text starts with, and the rest.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    Some((number.parse().ok()?, rest))
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_as_they_occur() {
        for (text, expected) in [
            ("v1.29.0-eks-c417bb3", Some((1, 29))),
            ("v1.29.3-gke.1093000", Some((1, 29))),
            ("v1.36.4+k3s1", Some((1, 36))),
            ("v1.30.4+rke2r1", Some((1, 30))),
            ("v1.19.10-vk-azure-aci-1.4.8", Some((1, 19))),
            ("v1.29.0-rc.1", Some((1, 29))),
            ("v1.29.0-beta.0", Some((1, 29))),
            ("v1.29.0-alpha.3", Some((1, 28))),
            ("v1.29.0-alpha.2.345+0123456789abcd", Some((1, 28))),
            ("v1.29-alpha", Some((1, 28))),
            ("v1.29.0-eks-alpha", Some((1, 29))),
            ("1.29", Some((1, 29))),
            ("1.29+", Some((1, 29))),
            ("v1.29+.2", Some((1, 29))),
            ("v2.0.0", Some((2, 0))),
            ("v2.0.0-alpha.1", Some((2, 0))),
            ("v1.100.0", Some((1, 100))),
            ("", None),
            ("v", None),
            ("v1", None),
            ("v1.", None),
            ("v1.x", None),
            ("v1.29x", None),
            ("vv1.29", None),
            ("v+1.29", None),
            ("v1.+29", None),
            ("v-1.29", None),
            (" v1.29", None),
            ("v1.99999999999", None),
            ("unknown", None),
        ] {
            assert_eq!(Version::read(text), expected.map(|(major, minor)| Version::new(major, minor)), "{text}");
        }
    }

    #[test]
    fn orders_by_number() {
        assert!(Version::new(1, 9) < Version::new(1, 10) && Version::new(1, 99) < Version::new(2, 0));
        assert_eq!(Version::new(1, 36).older_by(3).to_string(), "1.33");
    }
}
