//! The stages of judging a Pod, one by one: for benchmarks, and for nothing else.

use crate::answer::response::Answer;
use crate::cluster::host::Cluster;
use crate::cluster::placement::Placement;
use crate::json::path::Path;
use crate::kubernetes::labels::Labels;
use crate::repair::apply;
use crate::repair::consequences::Work;
use crate::repair::lists::Lists;
use crate::repair::plan::Plan;
use crate::repair::planner::{self, Changes, Surroundings};
use crate::request::Request;
use crate::rules;
use crate::rules::facts::Facts;
use crate::rules::history::History;
use crate::rules::template::{Around, Template};
use crate::settings::Settings;

/// What the first two stages make of a payload.
pub struct Stages<'a> {
    request: Request<'a>,
    settings: Settings<'a>,
}

impl<'a> Stages<'a> {
    /// Reads a payload with a Pod: the request and the Pod, then the settings. None where it can't be judged.
    pub fn read(payload: &'a [u8]) -> Option<Self> {
        let (request, settings) = Request::read(payload).ok()?;
        Some(Self { request, settings: Settings::read(settings, &rules::settings()).ok()? })
    }

    fn facts(&self) -> Option<Facts<'_>> {
        let pod = &self.request.pod.as_ref()?.value;
        let around = Around {
            metadata: pod.metadata.as_ref()?,
            annotations: &|| Labels(None),
            template_annotations: &|| Labels(None),
            is_pod: true,
            is_of_daemon_set: false,
        };
        let template = Template::new(&self.settings, pod, pod.spec.as_ref()?, around, &[], false);
        Some(Facts::new(template, History::default()))
    }

    /// Decides. Returns how many findings there are.
    pub fn decide(&self) -> Option<usize> {
        Some(rules::findings(&self.facts()?).len())
    }

    /// Decides and plans. Returns how many containers the plan moves.
    pub fn plan(&self) -> Option<usize> {
        self.planned().map(|plan| plan.first.len() + plan.last.len())
    }

    /// Decides, plans, applies and writes the answer. Returns how long it is.
    pub fn apply(&self) -> Option<usize> {
        let object = self.request.object().ok()?;
        let mutated_object = apply::apply(object, &[(Path::default(), self.planned()?)]).ok();
        Some(Answer { accepted: true, mutated_object, ..Answer::default() }.into_json().len())
    }

    fn planned(&self) -> Option<Plan> {
        let facts = self.facts()?;
        let nobody = |_: &str, _: &[u8]| Err(String::new());
        let (cluster, path, read_spec) = (Cluster::new(&nobody), Path::default(), || Ok("{}"));
        let placement = Placement::new(&self.settings, &cluster, &path, &read_spec).unasked();
        let lists = Lists(&[]);
        let work = Work { is_of_jobs: false, failure_policy: None };
        let surroundings =
            Surroundings { not_changeable: None, changes: Changes::Pod, work, lists, placement: &placement };
        planner::plan(&facts, &surroundings, &rules::findings(&facts)).ok().map(|(plan, _)| plan)
    }
}
