//! Where the Pods of a template may land, and what that means for native sidecars.

use std::cell::OnceCell;

use crate::cluster::host::Cluster;
use crate::cluster::nodes::{Nodes, Support, Surveys};
use crate::json::malformed::Malformed;
use crate::json::path::Path;
use crate::kubernetes::scheduling::{Constraints, Pin};
use crate::kubernetes::version::{SIDECARS_BETA, Version};
use crate::settings::{NodeCheck, Settings, UnsupportedNodes};

/// Where the Pods of a template may land: it is looked up at the first need, once.
pub struct Placement<'v> {
    settings: &'v Settings<'v>,
    cluster: &'v Cluster<'v>,
    spec_path: &'v Path<'v>,
    read_spec: &'v dyn Fn() -> Result<&'v str, Malformed>,
    minimums: Vec<Version>,
    is_asked: bool,
    can_pin: bool,
    found: OnceCell<Found>,
}

/// What is known of the nodes there.
struct Found {
    surveys: Surveys,
    pin: Option<Pin>,
}

impl<'v> Placement<'v> {
    /// That of the template whose spec is at this place in the object, where `read_spec` reads it.
    pub fn new(
        settings: &'v Settings<'v>,
        cluster: &'v Cluster<'v>,
        spec_path: &'v Path<'v>,
        read_spec: &'v dyn Fn() -> Result<&'v str, Malformed>,
    ) -> Self {
        let is_asked = settings.node_check != NodeCheck::None || settings.api_server_version.is_some();
        let minimums = vec![settings.minimum_node_version];
        Self { settings, cluster, spec_path, read_spec, minimums, is_asked, can_pin: true, found: OnceCell::new() }
    }

    /// The same for Pods that are bound to their nodes, each to its own.
    #[must_use]
    pub fn bound(self) -> Self {
        Self { can_pin: false, ..self }
    }

    /// The same, with these versions to be asked for besides that of the settings.
    #[must_use]
    pub fn also_of(mut self, minimums: impl Iterator<Item = Version>) -> Self {
        for minimum in minimums {
            if !self.minimums.contains(&minimum) {
                self.minimums.push(minimum);
            }
        }
        self
    }

    /// The same for Pods that have their node already: nobody asks.
    #[must_use]
    pub fn unasked(self) -> Self {
        Self { is_asked: false, ..self }
    }

    /// What is known of the nodes there, which are to be of this version or newer: that of the settings or one
    /// of those besides. None where nobody asks. Errors say where in
    /// the object something is wrong.
    pub fn nodes_of(&self, minimum: Version) -> Result<Option<&Nodes>, Malformed> {
        Ok(self.found()?.and_then(|found| found.surveys.of(minimum)))
    }

    /// The same for the version that the settings ask for.
    pub fn nodes(&self) -> Result<Option<&Nodes>, Malformed> {
        self.nodes_of(self.settings.minimum_node_version)
    }

    /// What would keep the Pods to nodes with the label of the settings, where anything can.
    pub fn pin(&self) -> Result<Option<&Pin>, Malformed> {
        Ok(self.found()?.and_then(|found| found.pin.as_ref()))
    }

    /// Why nothing is to become native there, where that is so: the API server would drop the field, or the nodes do not
    /// support it and the Pods are to keep the legacy form then, or can't be kept off these nodes.
    pub fn refusal(&self) -> Result<Option<String>, Malformed> {
        if let Some(why) = self.dropped() {
            return Ok(Some(why));
        }
        let Some(why) = self.nodes()?.and_then(|nodes| nodes.why_not(1)) else { return Ok(None) };
        let keeps_legacy = match self.settings.unsupported_nodes {
            UnsupportedNodes::Legacy => true,
            UnsupportedNodes::Pin => self.pin()?.is_none(),
            UnsupportedNodes::Reject | UnsupportedNodes::Warn => false,
        };
        Ok(keeps_legacy.then_some(why))
    }

    /// Why no injector is to be switched to the native form there, for which nodes have to be of this version, where that is so:
    /// a clause that names so many nodes.
    pub fn keeps_injector(&self, minimum: Version) -> Result<Option<impl Fn(usize) -> String>, Malformed> {
        let nodes = self.nodes_of(minimum)?.filter(|nodes| match nodes.support {
            Support::Yes => false,
            Support::NoNode => self.settings.unsupported_nodes == UnsupportedNodes::Legacy,
            Support::No(_) => true,
        });
        let dropped = self.dropped();
        let is_kept = dropped.is_some() || nodes.is_some();
        let why = move |named| dropped.clone().or_else(|| nodes?.why_not(named)).unwrap_or_default();
        Ok(is_kept.then_some(why))
    }

    /// That the API server is too old to keep `restartPolicy: Always`, where that is so.
    pub fn dropped(&self) -> Option<String> {
        let version = self.settings.api_server_version.filter(|version| *version < SIDECARS_BETA)?;
        Some(format!("an API server of {version} drops restartPolicy: Always"))
    }

    fn found(&self) -> Result<Option<&Found>, Malformed> {
        if !self.is_asked {
            return Ok(None);
        }
        if let Some(found) = self.found.get() {
            return Ok(Some(found));
        }
        let spec = (self.read_spec)()?;
        let constraints = Constraints::read(spec);
        let constraints = constraints.map_err(|error| error.within(self.spec_path))?;
        let surveys = Surveys::make(&self.minimums, self.settings, &constraints, self.cluster);
        let label = self.settings.node_label.as_ref().filter(|_| self.can_pin);
        let pin = label.and_then(|label| constraints.pin(label));
        Ok(Some(self.found.get_or_init(|| Found { surveys, pin })))
    }
}
