//! What the rules look at: a Pod template, what its containers are, and what is known of their past.

use crate::kubernetes::pod::List;
use crate::rules::history::History;
use crate::rules::role::{Role, may_be_main, roles};
use crate::rules::template::Template;

/// A Pod template, and all that the rules need to know of it.
pub struct Facts<'v> {
    /// The template.
    pub template: Template<'v>,
    /// What each of its `containers` is; empty for a stored Pod.
    pub roles: Vec<Role<'v>>,
    /// Which of them may be the Pod's own work.
    may_be_main: Vec<bool>,
    /// The past of its init containers.
    pub history: History,
}

impl<'v> Facts<'v> {
    /// The facts of this template, with what is known of the past.
    pub fn new(template: Template<'v>, history: History) -> Self {
        let roles = if template.is_stored_pod { Vec::new() } else { roles(&template) };
        Self { may_be_main: may_be_main(&template, &roles), template, roles, history }
    }

    /// The lists of containers that can be wrong: those of a stored Pod are immutable, so all that can be is a strip.
    pub const fn lists(&self) -> &'static [List] {
        if self.template.is_stored_pod { &[List::InitContainers] } else { &[List::InitContainers, List::Containers] }
    }

    /// Whether the regular container at this index may be the Pod's own work.
    pub fn may_be_main(&self, index: usize) -> bool {
        self.may_be_main.get(index).is_some_and(|may_be| *may_be)
    }
}
