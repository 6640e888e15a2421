//! Versions of Kubernetes, by what they are good for: the release whose features can be relied on.

use std::fmt;

/// A release of Kubernetes. One whose patch is not known counts as the first of its minor.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: Option<u32>,
}

/// The first release with webhooks for admission in their present form.
pub const ADMISSION: Version = Version::new(1, 16);
/// The first release with native sidecars, behind the feature gate `SidecarContainers`.
pub const SIDECARS_ALPHA: Version = Version::new(1, 28);
/// The first release in which they are on by default, and end as they do now.
pub const SIDECARS_BETA: Version = Version::new(1, 29);
/// The first release in which they may have `restartPolicyRules`.
pub const RESTART_RULES: Version = Version::new(1, 36);

/// The first release in which Services and NetworkPolicies find the named ports of native sidecars.
pub const NAMED_PORTS: Version = Version::new(1, 32);
/// The first release whose scheduler counts the host ports of native sidecars: 1.33.6.
pub const HOST_PORTS: Version = Version::new(1, 33).patch(6);
/// The first release in which native sidecars may have `restartPolicyRules`.
pub const RESTART_POLICY_RULES: Version = Version::new(1, 36);

impl Version {
    /// The release with these numbers.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor, patch: None }
    }

    /// The same release, with this patch.
    const fn patch(self, patch: u32) -> Self {
        Self { patch: Some(patch), ..self }
    }

    /// Whether this is that release or a newer one; None where the patches that decide it are not known.
    pub fn reaches(self, other: Self) -> Option<bool> {
        let is_same_minor = (self.major, self.minor) == (other.major, other.minor);
        let is_known = !is_same_minor || other.patch.is_none() || self.patch.is_some();
        is_known.then_some(self >= other)
    }

    /// Reads a version as kubelets and API servers report it, such as `v1.29.3-gke.1093000`, or `29+` for the minor. What
    /// comes behind the numbers has no order that could be relied on, and is passed over. Only `-alpha` counts: such
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
        match is_alpha {
            true => Some(Self::new(major, minor.saturating_sub(1))),
            false => Some(Self { patch: patch.map(|(patch, _)| patch), ..Self::new(major, minor) }),
        }
    }

    /// The release that is this many minors older.
    pub const fn older_by(self, minors: u32) -> Self {
        Self::new(self.major, self.minor.saturating_sub(minors))
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
            let read = Version::read(text).map(|Version { major, minor, .. }| (major, minor));
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn orders_by_number() {
        assert!(Version::new(1, 9) < Version::new(1, 10) && Version::new(1, 99) < Version::new(2, 0));
        assert!(Version::read("1.29.3") >= Some(SIDECARS_BETA) && Version::read("1.29-alpha") < Some(SIDECARS_BETA));
        assert_eq!(Version::new(1, 36).patch(2).older_by(3), Version::new(1, 33));
    }

    #[test]
    fn a_patch_decides_only_where_it_is_known() {
        for (text, ports, rules) in [
            ("1.33", None, Some(false)),
            ("1.33+", None, Some(false)),
            ("v1.33.5", Some(false), Some(false)),
            ("v1.33.6-gke.1093000", Some(true), Some(false)),
            ("v1.33.10", Some(true), Some(false)),
            ("1.32.9", Some(false), Some(false)),
            ("1.34", Some(true), Some(false)),
            ("v1.36.0-alpha.1", Some(true), Some(false)),
            ("1.36", Some(true), Some(true)),
            ("v1.36.2", Some(true), Some(true)),
        ] {
            let reaches = |other| Version::read(text).and_then(|version| version.reaches(other));
            assert_eq!((reaches(HOST_PORTS), reaches(RESTART_POLICY_RULES)), (ports, rules), "{text}");
        }
    }
}
