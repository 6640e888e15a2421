//! Where the Pods of a template may land, and what that means for native sidecars.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::cluster::nodes::Nodes;
use crate::json::malformed::Malformed;
use crate::json::path::Path;
use crate::kubernetes::kinds::Pods;
use crate::kubernetes::scheduling::{Constraints, Pin};
use crate::kubernetes::version::Version;
use crate::settings::{NodeCheck, Settings};

/// Where the Pods of a template may land.
#[derive(Debug)]
pub struct Placement {
    /// The nodes there.
    pub nodes: Nodes,
    /// What would keep the Pods to nodes with the label of the settings, where anything can.
    pub pin: Option<Pin>,
}

/// The placements of one template, each looked up at the first need.
pub struct Placements<'v> {
    settings: &'v Settings<'v>,
    cluster: &'v Cluster<'v>,
    spec_path: &'v Path<'v>,
    pods: Pods,
    is_asked: bool,
    read_spec: &'v dyn Fn() -> Result<Value, Malformed>,
    known: RefCell<Vec<(Version, Rc<Placement>)>>,
}

impl Placement {
    /// Returns why native sidecars can't be relied on there, where that is so.
    pub fn unsupported(&self) -> Option<String> {
        self.nodes.support.unsupported().map(|unsupported| unsupported.clause(1))
    }
}

impl<'v> Placements<'v> {
    /// Those of the template whose spec is at this place in the object, where `read_spec` reads it.
    pub fn new(
        settings: &'v Settings<'v>,
        cluster: &'v Cluster<'v>,
        spec_path: &'v Path<'v>,
        read_spec: &'v dyn Fn() -> Result<Value, Malformed>,
        pods: Pods,
    ) -> Self {
        let is_asked = settings.node_check != NodeCheck::None || settings.api_server_version.is_some();
        Self { settings, cluster, spec_path, pods, is_asked, read_spec, known: RefCell::default() }
    }

    /// The same for Pods that have their node already: nobody asks.
    pub fn unasked(self) -> Self {
        Self { is_asked: false, ..self }
    }

    /// Where its Pods may land, and whether nodes there are of this version; None where nobody asks.
    /// Errors say where in the object something is wrong.
    pub fn of(&self, minimum: Version) -> Result<Option<Rc<Placement>>, Malformed> {
        if !self.is_asked {
            return Ok(None);
        }
        if let Some((_, known)) = self.known.borrow().iter().find(|(version, _)| *version == minimum) {
            return Ok(Some(Rc::clone(known)));
        }
        let spec = (self.read_spec)()?;
        let constraints = Constraints::read(&spec, self.pods == Pods::DaemonSet);
        let constraints = constraints.map_err(|error| error.within(self.spec_path))?;
        let nodes = Nodes::look_up(self.settings, minimum, &constraints, self.cluster);
        let pin = self.settings.node_label.as_ref().and_then(|label| constraints.pin(label));
        let placement = Rc::new(Placement { nodes, pin });
        self.known.borrow_mut().push((minimum, Rc::clone(&placement)));
        Ok(Some(placement))
    }

    /// The same for the version that the settings ask for.
    pub fn of_settings(&self) -> Result<Option<Rc<Placement>>, Malformed> {
        self.of(self.settings.minimum_node_version)
    }
}
