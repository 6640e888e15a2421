//! Nodes, read one by one out of a list.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::items::{Want, each_item};
use crate::json::malformed::Malformed;
use crate::json::read::{self, Members};
use crate::json::view::{Text, view};
use crate::kubernetes::labels::NodeLabel;

/// A node: of it, what decides whether a Pod may land there, and how it runs there.
#[derive(Debug)]
pub struct Node<'n, 'a> {
    found: &'n [Option<&'a RawValue>],
    /// Its labels, once one of them is asked for: selectors ask for several.
    labels: OnceCell<Members<'a>>,
}

/// The text of a node that says something of it.
#[derive(Clone, Copy, Debug)]
pub enum Field {
    /// Its name.
    Name,
    /// The version of its kubelet.
    KubeletVersion,
    /// The operating system of its kubelet.
    OperatingSystem,
}

const TAINTS: usize = 3;
const LABELS: usize = 4;

view! {
    /// A taint of a node.
    pub struct Taint<'a> {
        pub key: Text<'a> = "key",
        pub value: Text<'a> = "value",
        pub effect: Text<'a> = "effect",
    }
}

impl<'n, 'a> Node<'n, 'a> {
    /// Hands over every node of a list, as JSON.
    pub fn each(list: &'a str, take: &mut dyn FnMut(Node<'_, 'a>)) -> Result<(), Malformed> {
        let metadata = [("name", Want::Whole(Field::Name as usize)), ("labels", Want::Whole(LABELS))];
        let spec = [("taints", Want::Whole(TAINTS))];
        let info = [
            ("kubeletVersion", Want::Whole(Field::KubeletVersion as usize)),
            ("operatingSystem", Want::Whole(Field::OperatingSystem as usize)),
        ];
        let status = [("nodeInfo", Want::Members(&info))];
        let node = [
            ("metadata", Want::Members(&metadata)),
            ("spec", Want::Members(&spec)),
            ("status", Want::Members(&status)),
        ];
        each_item(list, &node, LABELS + 1, &mut |found| take(Node { found, labels: OnceCell::new() }))
    }

    /// One of its texts; empty where its status does not tell.
    pub fn text(&self, field: Field) -> Cow<'a, str> {
        self.found[field as usize].and_then(read::text).unwrap_or_default()
    }

    /// The value of the label with this key.
    pub fn label(&self, key: &str) -> Option<Cow<'a, str>> {
        let labels = self.labels.get_or_init(|| self.read(LABELS).unwrap_or_default());
        // The last of a name counts, as everywhere.
        labels.0.iter().rev().find(|(name, _)| name.as_str() == key).and_then(|(_, value)| read::text(value))
    }

    /// Whether this text, without any character that JSON escapes, is somewhere in its labels or taints.
    pub fn says(&self, text: &str) -> bool {
        [self.found[LABELS], self.found[TAINTS]].into_iter().flatten().any(|raw| raw.get().contains(text))
    }

    /// Its taints.
    pub fn taints(&self) -> Vec<Taint<'a>> {
        self.read(TAINTS).unwrap_or_default()
    }

    fn read<T: Deserialize<'a>>(&self, index: usize) -> Option<T> {
        read::lenient(self.found[index].map(RawValue::get)?)
    }
}

impl NodeLabel {
    /// Whether this node has the label with this value.
    pub fn is_on(&self, node: &Node) -> bool {
        node.label(&self.key).as_deref() == Some(self.value.as_str())
    }
}
