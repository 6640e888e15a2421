//! Carries plans out on the raw JSON of an object, in place.

use serde_json::value::RawValue;

use crate::json::malformed::Malformed;
use crate::json::path::Path;
use crate::json::read;
use crate::json::tree::{Position, Tree};
use crate::json::view::Text;
use crate::kubernetes::metadata::NATIVE_ANNOTATION;
use crate::kubernetes::pod;
use crate::kubernetes::scheduling::{AFFINITY_TERMS, Pin};
use crate::repair::plan::{Addition, Plan, Target};

/// Carries out the plans, each on the template at its place.
pub fn apply<'a>(object: &'a RawValue, plans: &[(Path, Plan)]) -> Result<Tree<'a>, Malformed> {
    let edited = plans.iter().flat_map(|(path, plan)| edited(plan).map(|[of, name]| path.clone().key(of).key(name)));
    let edited: Vec<_> = edited.collect();
    let mut root = Tree::open(object.get(), &edited)?;
    for (path, plan) in plans {
        let template = path.0.iter().try_fold(&mut root, |tree, step| tree.step(step));
        template.and_then(|template| carry_out(plan, template)).map_err(|error| error.within(path))?;
    }
    Ok(root)
}

/// The members of a template's members that a plan edits, by which a tree is opened as it is read. The rest of what it edits is
/// small, and opened on the way.
fn edited(plan: &Plan) -> impl Iterator<Item = [&'static str; 2]> {
    let adds = |is_regular: bool| plan.add.iter().any(|addition| (addition.to == Target::Regular) == is_regular);
    let moves = !(plan.first.is_empty() && plan.last.is_empty());
    let edits = [
        (["metadata", "annotations"], !(plan.declare.is_empty() && plan.switch_on.is_empty())),
        (["spec", "initContainers"], moves || !plan.restore.is_empty() || adds(false)),
        (["spec", "containers"], moves || adds(true)),
    ];
    edits.into_iter().filter_map(|(place, is_edited)| is_edited.then_some(place))
}

fn carry_out(plan: &Plan, template: &mut Tree) -> Result<(), Malformed> {
    let spec = template.member("spec")?;
    let (mut first, mut last) = (Vec::new(), Vec::new());
    if !(plan.first.is_empty() && plan.last.is_empty()) {
        let containers = spec.member("containers")?.array()?;
        for (index, container) in std::mem::take(containers).into_iter().enumerate() {
            let goes = |indexes: &[usize]| indexes.binary_search(&index).is_ok();
            match (goes(&plan.first), goes(&plan.last)) {
                (true, _) => first.push(pod::made_native(container)?),
                (_, true) => last.push(pod::made_native(container)?),
                _ => containers.push(container),
            }
        }
    }
    for Addition { container, to } in &plan.add {
        let container = Tree::New(container.clone());
        match to {
            Target::First => first.push(container),
            Target::Last => last.push(container),
            Target::Regular => spec.member("containers")?.array()?.push(container),
        }
    }
    if !(plan.restore.is_empty() && first.is_empty() && last.is_empty()) {
        let init_containers = spec.member_at("initContainers", Position::Before("containers"))?.array()?;
        let restored = std::mem::take(init_containers).into_iter().enumerate();
        let restored = restored.map(|(index, container)| match plan.restore.binary_search(&index) {
            Ok(_) => pod::made_native(container),
            Err(_) => Ok(container),
        });
        let restored = restored.collect::<Result<Vec<_>, _>>()?;
        *init_containers = first.into_iter().chain(restored).chain(last).collect();
    }
    if !plan.volumes.is_empty() {
        let volumes = spec.member("volumes")?.array()?;
        volumes.extend(plan.volumes.iter().map(|(_, volume)| Tree::New(volume.clone())));
    }
    if let Some(asked_for) = &plan.pin {
        pin(spec, asked_for)?;
    }
    declare(template, &plan.declare)?;
    for key in &plan.switch_on {
        *annotation(template, key)? = Tree::text("true");
    }
    Ok(())
}

/// Lets the required node affinity of a Pod's spec ask for the label of a pin.
fn pin(spec: &mut Tree, pin: &Pin) -> Result<(), Malformed> {
    let terms = AFFINITY_TERMS.iter().try_fold(spec, |tree, name| tree.member(name))?.array()?;
    if pin.terms.is_none() {
        terms.push(Tree::members([]));
    }
    let is_asked = |index| pin.terms.as_ref().is_none_or(|indexes| indexes.contains(&index));
    let asked = terms.iter_mut().enumerate().filter(|(index, _)| is_asked(*index));
    asked.map(|(_, term)| term).try_for_each(|term| require(term, pin))
}

/// Adds what a pin asks of nodes to this term of node affinity.
fn require(term: &mut Tree, Pin { key, value, .. }: &Pin) -> Result<(), Malformed> {
    let requirement =
        Tree::members([("key", Tree::text(key)), ("operator", Tree::text("In")), ("values", Tree::texts([value]))]);
    term.member("matchExpressions")?.array()?.push(requirement);
    Ok(())
}

fn annotation<'t, 'a>(template: &'t mut Tree<'a>, key: &str) -> Result<&'t mut Tree<'a>, Malformed> {
    template.member_at("metadata", Position::Start)?.member("annotations")?.member(key)
}

/// Adds names to the annotation that declares native sidecars.
fn declare(template: &mut Tree, names: &[String]) -> Result<(), Malformed> {
    if names.is_empty() {
        return Ok(());
    }
    let annotation = annotation(template, NATIVE_ANNOTATION)?;
    let before: Text = match annotation {
        Tree::Raw(raw) => read::document::<Option<Text>>(raw.get())?.unwrap_or_default(),
        _ => Text::default(),
    };
    let declared = Some(before.as_str()).filter(|before| !before.trim().is_empty());
    let all: Vec<_> = declared.into_iter().chain(names.iter().map(String::as_str)).collect();
    *annotation = Tree::Text(all.join(","));
    Ok(())
}
