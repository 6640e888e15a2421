//! What the rules look at: a Pod template, what its containers are, and what is known of their past.

use crate::kubernetes::pod::List;
use crate::rules::history::History;
use crate::rules::role::{Role, roles};
use crate::rules::template::Template;

/// A Pod template, and all that the rules need to know of it.
pub struct Facts<'v> {
    /// The template.
    pub template: Template<'v>,
    /// What each of its `containers` is; empty for a stored Pod.
    pub roles: Vec<Role<'v>>,
    /// The past of its init containers.
    pub history: History,
}

impl<'v> Facts<'v> {
    /// The facts of this template, with what is known of the past.
    pub fn new(template: Template<'v>, history: History) -> Self {
        let roles = if template.is_stored_pod { Vec::new() } else { roles(&template) };
        Self { template, roles, history }
    }

    /// The lists of containers that can be wrong: those of a stored Pod are immutable, so all that can be is a strip.
    pub const fn lists(&self) -> &'static [List] {
        if self.template.is_stored_pod { &[List::InitContainers] } else { &[List::InitContainers, List::Containers] }
    }

    /// The sidecar that has to stay a regular container, by its index: the last one, where nothing else is the Pod's own work.
    pub fn last_regular(&self) -> Option<usize> {
        let has_main = self.roles.iter().any(|role| matches!(role, Role::Main));
        self.roles.iter().rposition(|role| matches!(role, Role::Sidecar(_))).filter(|_| !has_main)
    }
}
