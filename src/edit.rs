//! Carries plans out on the raw JSON of an object, in place.
//!
//! Only the maps and lists on the way to an edit are opened. Everything else stays the text that it was, whatever it
//! holds: fields that nobody knows yet, numbers that no type of ours could hold.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::path::{Path, Step};
use crate::plan::{Addition, Pin, Plan, Target};
use crate::read::{self, Malformed};
use crate::scheduling::AFFINITY_TERMS;
use crate::view::{NATIVE_ANNOTATION, Text};

/// A JSON value, opened only where it is edited.
#[derive(Debug)]
pub enum Node<'a> {
    /// Text that is taken over as it is.
    Raw(&'a RawValue),
    /// An object.
    Object(Members<'a>),
    /// An array.
    Array(Vec<Node<'a>>),
    /// New text.
    Text(String),
    /// A new number.
    Number(u32),
    /// New JSON.
    New(Box<RawValue>),
}

/// The members of an object, in their order.
#[derive(Debug, Default)]
pub struct Members<'a>(Vec<(Cow<'a, str>, Node<'a>)>);

/// Carries out the plans, each on the template at its place.
pub fn apply<'a>(object: &'a RawValue, plans: &[(Path, Plan)]) -> Result<Node<'a>, Malformed> {
    let mut root = Node::Raw(object);
    for (path, plan) in plans {
        let template = path.0.iter().try_fold(&mut root, |node, step| node.step(step));
        template.and_then(|template| template.carry_out(plan)).map_err(|error| error.within(path))?;
    }
    Ok(root)
}

impl<'a> Node<'a> {
    fn carry_out(&mut self, plan: &Plan) -> Result<(), Malformed> {
        let template = self.object()?;
        let spec = template.member("spec", Position::End).object()?;
        let (mut first, mut last) = (Vec::new(), Vec::new());
        if !(plan.first.is_empty() && plan.last.is_empty()) {
            let containers = spec.member("containers", Position::End).array()?;
            for (index, container) in std::mem::take(containers).into_iter().enumerate() {
                let goes = |indexes: &[usize]| indexes.binary_search(&index).is_ok();
                match (goes(&plan.first), goes(&plan.last)) {
                    (true, _) => first.push(container.made_native()?),
                    (_, true) => last.push(container.made_native()?),
                    _ => containers.push(container),
                }
            }
        }
        for Addition { container, to } in &plan.add {
            let container = Node::New(container.clone());
            match to {
                Target::First => first.push(container),
                Target::Last => last.push(container),
                Target::Regular => spec.member("containers", Position::End).array()?.push(container),
            }
        }
        if !(plan.restore.is_empty() && first.is_empty() && last.is_empty()) {
            let init_containers = spec.member("initContainers", Position::Before("containers")).array()?;
            let restored = std::mem::take(init_containers).into_iter().enumerate().map(|(index, container)| match plan
                .restore
                .binary_search(&index)
            {
                Ok(_) => container.made_native(),
                Err(_) => Ok(container),
            });
            let restored = restored.collect::<Result<Vec<_>, _>>()?;
            *init_containers = first.into_iter().chain(restored).chain(last).collect();
        }
        if !plan.volumes.is_empty() {
            let volumes = spec.member("volumes", Position::End).array()?;
            volumes.extend(plan.volumes.iter().map(|(_, volume)| Node::New(volume.clone())));
        }
        if let Some(pin) = &plan.pin {
            spec.pin(pin)?;
        }
        template.declare(&plan.declare)?;
        plan.switch_on.iter().try_for_each(|annotation| template.switch_on(annotation))
    }

    /// Adds what a pin asks of nodes to this term of node affinity.
    fn require(&mut self, Pin { key, value, .. }: &Pin) -> Result<(), Malformed> {
        let requirement =
            Node::members([("key", Node::text(key)), ("operator", Node::text("In")), ("values", Node::texts([value]))]);
        self.member("matchExpressions")?.array()?.push(requirement);
        Ok(())
    }

    /// A new string.
    pub fn text(text: &str) -> Self {
        Node::Text(text.to_owned())
    }

    /// A new list of strings.
    pub fn texts<const N: usize>(texts: [&str; N]) -> Self {
        Node::Array(texts.into_iter().map(Self::text).collect())
    }

    /// A new object.
    pub fn members<const N: usize>(members: [(&'static str, Self); N]) -> Self {
        Node::Object(Members(members.into_iter().map(|(name, node)| (Cow::Borrowed(name), node)).collect()))
    }

    /// The member of this object with this name; a new `null` at its end where there is none.
    pub fn member(&mut self, name: &str) -> Result<&mut Self, Malformed> {
        Ok(self.object()?.member(name, Position::End))
    }

    /// Sets a member of this object.
    pub fn set(&mut self, name: &str, value: Self) -> Result<(), Malformed> {
        *self.member(name)? = value;
        Ok(())
    }

    /// Takes a member out of this object, where it is there.
    pub fn remove(&mut self, name: &str) -> Result<(), Malformed> {
        self.object()?.0.retain(|(other, _)| other != name);
        Ok(())
    }

    /// This as JSON.
    pub fn into_json(self) -> Result<Box<RawValue>, Malformed> {
        serde_json::value::to_raw_value(&self).map_err(|error| Malformed::new("", error))
    }

    /// This container, with `restartPolicy: Always`.
    pub fn made_native(mut self) -> Result<Self, Malformed> {
        *self.object()?.member("restartPolicy", Position::After("image")) = Node::text("Always");
        Ok(self)
    }

    fn step(&mut self, step: &Step) -> Result<&mut Self, Malformed> {
        match step {
            Step::Key(name) => Ok(self.object()?.member(name, Position::End)),
            Step::Index(index) => {
                self.array()?.get_mut(*index).ok_or_else(|| Malformed::new(format_args!("[{index}]"), "missing"))
            }
        }
    }

    /// Opens an object; what is absent or `null` is an empty one.
    fn object(&mut self) -> Result<&mut Members<'a>, Malformed> {
        if let Node::Raw(raw) = self {
            let members: Option<read::Members> = read::document(raw.get())?;
            let members = members.unwrap_or_default().0.into_iter();
            *self = Node::Object(Members(members.map(|(name, value)| (name.0, Node::Raw(value))).collect()));
        }
        match self {
            Node::Object(members) => Ok(members),
            _ => Err(Malformed::new("", "not an object")),
        }
    }

    /// Opens an array; what is absent or `null` is an empty one.
    pub fn array(&mut self) -> Result<&mut Vec<Node<'a>>, Malformed> {
        if let Node::Raw(raw) = self {
            let elements: Option<Vec<&'a RawValue>> = read::document(raw.get())?;
            *self = Node::Array(elements.unwrap_or_default().into_iter().map(Node::Raw).collect());
        }
        match self {
            Node::Array(elements) => Ok(elements),
            _ => Err(Malformed::new("", "not a list")),
        }
    }
}

/// A container of the settings with this name, as a native sidecar or as a regular container.
pub fn form(container: &RawValue, name: &str, is_native: bool) -> Result<Box<RawValue>, Malformed> {
    let mut container = Node::Raw(container);
    *container.object()?.member("name", Position::Start) = Node::text(name);
    let container = if is_native { container.made_native()? } else { container };
    container.into_json()
}

/// Where a new member goes, so that people find it where they would have written it.
#[derive(Clone, Copy)]
enum Position {
    Start,
    Before(&'static str),
    After(&'static str),
    End,
}

impl<'a> Members<'a> {
    /// The member with this name; a new `null` at that position where there is none.
    fn member(&mut self, name: &str, position: Position) -> &mut Node<'a> {
        let index_of = |members: &Self, wanted: &str| members.0.iter().rposition(|(name, _)| name == wanted);
        let index = index_of(self, name).unwrap_or_else(|| {
            let end = self.0.len();
            let index = match position {
                Position::Start => 0,
                Position::Before(other) => index_of(self, other).unwrap_or(end),
                Position::After(other) => index_of(self, other).map_or(end, |index| index + 1),
                Position::End => end,
            };
            self.0.insert(index, (Cow::Owned(name.to_owned()), Node::Raw(RawValue::NULL)));
            index
        });
        &mut self.0[index].1
    }

    /// Lets the required node affinity of this Pod's spec ask for the label of a pin.
    fn pin(&mut self, pin: &Pin) -> Result<(), Malformed> {
        let [affinity, below @ .., terms] = AFFINITY_TERMS;
        let affinity = self.member(affinity, Position::End);
        let required = below.iter().try_fold(affinity, |node, name| Ok(node.object()?.member(name, Position::End)))?;
        let terms = required.object()?.member(terms, Position::End).array()?;
        match &pin.terms {
            None => {
                terms.push(Node::Object(Members::default()));
                terms.iter_mut().try_for_each(|term| term.require(pin))
            }
            Some(indexes) => {
                let asking = terms.iter_mut().enumerate().filter(|(index, _)| indexes.contains(index));
                asking.map(|(_, term)| term).try_for_each(|term| term.require(pin))
            }
        }
    }

    fn annotation(&mut self, key: &str) -> Result<&mut Node<'a>, Malformed> {
        let metadata = self.member("metadata", Position::Start).object()?;
        Ok(metadata.member("annotations", Position::End).object()?.member(key, Position::End))
    }

    fn switch_on(&mut self, annotation: &str) -> Result<(), Malformed> {
        *self.annotation(annotation)? = Node::text("true");
        Ok(())
    }

    /// Adds names to the annotation that declares native sidecars.
    fn declare(&mut self, names: &[String]) -> Result<(), Malformed> {
        if names.is_empty() {
            return Ok(());
        }
        let annotation = self.annotation(NATIVE_ANNOTATION)?;
        let before: Text = match annotation {
            Node::Raw(raw) => read::document::<Option<Text>>(raw.get())?.unwrap_or_default(),
            _ => Text::default(),
        };
        let declared = Some(before.as_str()).filter(|before| !before.trim().is_empty());
        let all: Vec<_> = declared.into_iter().chain(names.iter().map(String::as_str)).collect();
        *annotation = Node::Text(all.join(","));
        Ok(())
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Raw(raw) => raw.serialize(serializer),
            Node::Object(Members(members)) => serializer.collect_map(members.iter().map(|(name, node)| (name, node))),
            Node::Array(elements) => serializer.collect_seq(elements),
            Node::Text(text) => serializer.serialize_str(text),
            Node::Number(number) => serializer.serialize_u32(*number),
            Node::New(raw) => raw.serialize(serializer),
        }
    }
}
