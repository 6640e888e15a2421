//! The stages of judging a Pod, one by one: for benchmarks, and for nothing else.

use crate::answer::Answer;
use crate::json::path::Path;
use crate::repair::apply;
use crate::repair::planner::{self, Surroundings};
use crate::request::Request;
use crate::rules::history::Traces;
use crate::rules::template::Case;
use crate::settings::Settings;
use crate::settings::rule_settings::RULE_SETTINGS;

/// What the first two stages make of a payload.
pub struct Stages<'a> {
    request: Request<'a>,
    settings: Settings<'a>,
}

impl<'a> Stages<'a> {
    /// Reads a payload with a Pod: the request and the Pod, then the settings. None where it can't be judged.
    pub fn read(payload: &'a [u8]) -> Option<Self> {
        let (request, settings) = Request::read(payload).ok()?;
        Some(Self { request, settings: Settings::read(settings, &RULE_SETTINGS).ok()? })
    }

    fn case<T>(&self, then: impl FnOnce(&Case) -> T) -> Option<T> {
        let template = self.request.pod.as_ref()?;
        let spec = template.spec.as_ref()?;
        Some(then(&Case { settings: &self.settings, template, spec, injections: &[], is_stored_pod: false }))
    }

    /// Decides. Returns how many findings there are.
    pub fn decide(&self) -> Option<usize> {
        self.case(|case| case.findings(&Traces::default()).len())
    }

    /// Decides and plans. Returns how many containers the plan moves.
    pub fn plan(&self) -> Option<usize> {
        self.planned(|plan| plan.first.len() + plan.last.len())
    }

    /// Decides, plans, applies and writes the answer. Returns how long it is.
    pub fn apply(&self) -> Option<usize> {
        let object = self.request.object().ok()?;
        let plan = self.planned(|plan| plan)?;
        let mutated_object = apply::apply(object, &[(Path::default(), plan)]).ok();
        Some(Answer { accepted: true, mutated_object, ..Answer::default() }.into_json().len())
    }

    fn planned<T>(&self, then: impl FnOnce(crate::repair::plan::Plan) -> T) -> Option<T> {
        let surroundings = Surroundings { frozen: None, is_job: false, named_ports: None, steps: &[] };
        let plan = self.case(|case| {
            let traces = Traces::default();
            planner::plan(case, surroundings, &case.findings(&traces)).ok().map(|(plan, _)| plan)
        });
        plan?.map(then)
    }
}
