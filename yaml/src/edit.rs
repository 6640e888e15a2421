//! Changes a document so that it says something else and otherwise stays as it was written: comments, order, quotes.
//!
//! The text is changed only where the value changes. A list item that moves to another list takes its own lines, and
//! the comments on them, along. What comes out is read again and compared with what it has to say; where that
//! fails (an anchor that is used elsewhere, say) the object is written anew, without its comments.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::{Map, Value};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::emit::{self, Layout, pad};
use crate::read::{Content, Entry, Node};

/// A piece of text to put in the place of another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Edit {
    /// What goes; empty where something is only inserted.
    pub range: Range<usize>,
    /// What comes.
    pub text: String,
}

/// A node that can't be edited in its text; it has to be written anew.
struct Stuck;

/// The edits that turn a node from one value into another, in order.
///
/// They are not proven to be right: the caller reads the result and, if it is wrong, takes [`rewrite`].
pub fn edits(text: &str, node: &Node, before: &Value, after: &Value) -> Vec<Edit> {
    let editor = Editor::new(text, node, before);
    let mut edits = Vec::new();
    match editor.node(node, before, after, &mut edits) {
        Ok(()) => edits,
        Err(Stuck) => rewrite(text, node, after),
    }
}

/// The edit that writes a node anew.
pub fn rewrite(text: &str, node: &Node, after: &Value) -> Vec<Edit> {
    let editor = Editor::new(text, node, &Value::Null);
    let start = node.range.start;
    // Behind a block stand comments on its last lines, which are others now.
    let (end, text) = match is_flow(node) {
        true => (node.range.end, editor.flow(node, after)),
        false => (
            editor.end_with_comments(editor.end_of_content(node), editor.column_of_line(start)),
            emit::block(after, editor.column(start), editor.layout).trim().to_owned(),
        ),
    };
    vec![Edit { range: start..end, text }]
}

/// Applies edits to a part of a text.
pub fn apply(text: &str, part: Range<usize>, edits: &[Edit]) -> String {
    let is_windows = || text.split_inclusive('\n').next().is_some_and(|first_line| first_line.ends_with("\r\n"));
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut result = String::with_capacity(part.len());
    let mut position = part.start;
    for edit in sorted {
        result.push_str(text.get(position..edit.range.start).unwrap_or_default());
        let inserted = edit.text.replace("\r\n", "\n");
        // The first line may be all of the text, as in JSON: it is looked at only where that matters.
        let is_windows = inserted.contains('\n') && is_windows();
        result.push_str(&if is_windows { inserted.replace('\n', "\r\n") } else { inserted });
        position = position.max(edit.range.end);
    }
    result.push_str(text.get(position..part.end).unwrap_or_default());
    result
}

/// The lines that a node stands on, whole.
pub fn lines_of(text: &str, node: &Node) -> Range<usize> {
    let editor = Editor::bare(text);
    editor.lines(node.range.start, editor.end_of_content(node))
}

struct Editor<'t> {
    text: &'t str,
    /// Where what is edited starts.
    start: usize,
    layout: Layout,
    /// Whether the whole document is in flow style, as JSON is.
    is_json: bool,
    /// What indents its lines: JSON may use tabs.
    blank: char,
    /// Every list item that is a map with a name, by that: what moves is found here again.
    items: HashMap<&'t str, Vec<(&'t Node, &'t Value)>>,
}

impl<'t> Editor<'t> {
    fn bare(text: &'t str) -> Self {
        Self { text, start: 0, layout: Layout::default(), is_json: false, blank: ' ', items: HashMap::new() }
    }

    fn new(text: &'t str, root: &'t Node, value: &'t Value) -> Self {
        let mut editor = Self::bare(text);
        editor.start = root.range.start;
        editor.is_json = is_flow(root);
        let uses_tabs = text.get(root.range.clone()).is_some_and(|json| json.contains("\n\t"));
        editor.blank = if editor.is_json && uses_tabs { '\t' } else { ' ' };
        editor.layout = editor.layout_of(root);
        editor.collect(root, value);
        editor
    }

    fn collect(&mut self, node: &'t Node, value: &'t Value) {
        match &node.content {
            Content::Sequence { items, .. } => {
                for (index, item) in items.iter().enumerate() {
                    let Some(value) = value.get(index) else { continue };
                    if let (Some(name), Content::Mapping { .. }) = (name(value), &item.content) {
                        self.items.entry(name).or_default().push((item, value));
                    }
                    self.collect(item, value);
                }
            }
            Content::Mapping { entries, .. } => {
                for entry in entries {
                    let value = entry.name.as_ref().and_then(|name| value.get(name));
                    self.collect(&entry.value, value.unwrap_or(&Value::Null));
                }
            }
            Content::Scalar(_) | Content::Alias(_) => {}
        }
    }

    /// How the document is laid out, as the first nested map and list in it show.
    fn layout_of(&self, root: &Node) -> Layout {
        let (mut indent, mut dash) = (None, None);
        let mut open = vec![root];
        while let Some(node) = open.pop() {
            match &node.content {
                Content::Mapping { entries, flow: true } => {
                    let first = entries.first().filter(|entry| self.is_open(node, entry.key.range.start));
                    let column = first.map(|entry| self.column(entry.key.range.start));
                    indent = indent.or(column.and_then(|own| own.checked_sub(self.column_of_line(node.range.start))));
                }
                Content::Mapping { entries, flow: false } => {
                    for entry in entries {
                        let (key, value) = (self.column(entry.key.range.start), self.column(entry.value.range.start));
                        match &entry.value.content {
                            Content::Mapping { flow: false, .. } => indent = indent.or(value.checked_sub(key)),
                            Content::Sequence { items, flow: false } => {
                                dash = dash.or(self.dash(items).ok().and_then(|column| column.checked_sub(key)));
                            }
                            _ => {}
                        }
                    }
                    open.extend(entries.iter().rev().map(|entry| &entry.value));
                }
                Content::Sequence { items, .. } => open.extend(items.iter().rev()),
                Content::Scalar(_) | Content::Alias(_) => {}
            }
        }
        let default = Layout::default();
        let indent = indent.filter(|indent| *indent > 0).unwrap_or(default.indent);
        Layout { indent, dash: dash.unwrap_or(default.dash) }
    }

    fn node(&self, node: &Node, before: &Value, after: &Value, edits: &mut Vec<Edit>) -> Result<(), Stuck> {
        if before == after {
            return Ok(());
        }
        match (&node.content, before, after) {
            (Content::Mapping { entries, flow }, Value::Object(before), Value::Object(after)) if !after.is_empty() => {
                match flow {
                    false => self.block_mapping(entries, before, after, edits),
                    true => self.flow_mapping(node, entries, before, after, edits),
                }
            }
            (Content::Sequence { items, flow }, Value::Array(before), Value::Array(after)) if !after.is_empty() => {
                match flow {
                    false => self.block_sequence(items, before, after, edits),
                    true => self.flow_sequence(node, items, before, after, edits),
                }
            }
            _ if is_flow(node) => {
                edits.push(Edit { range: node.range.clone(), text: self.flow(node, after) });
                Ok(())
            }
            (Content::Scalar(_), _, Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))
                if self.is_commented(node) =>
            {
                edits.push(Edit { range: node.range.clone(), text: emit::flow(after, false) });
                Ok(())
            }
            _ => Err(Stuck),
        }
    }

    /// Whether a node of one line has a comment behind it, which has to stay.
    fn is_commented(&self, node: &Node) -> bool {
        let rest = self.text.get(node.range.end..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let own = self.text.get(node.range.clone()).unwrap_or_default();
        !own.is_empty() && !own.contains('\n') && rest.trim_start().starts_with('#')
    }

    fn block_mapping(
        &self,
        entries: &[Entry],
        before: &Map<String, Value>,
        after: &Map<String, Value>,
        edits: &mut Vec<Edit>,
    ) -> Result<(), Stuck> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Err(Stuck) };
        let indent = self.column(first.key.range.start);
        for name in before.keys().filter(|name| !after.contains_key(*name)) {
            let entry = find(entries, name)?;
            let range = self.lines(entry.key.range.start, self.end_of_entry(entry));
            if !self.text.get(range.start..entry.key.range.start).is_some_and(|lead| lead.trim().is_empty()) {
                return Err(Stuck);
            }
            edits.push(Edit { range, text: String::new() });
        }
        for (name, value) in after {
            match before.get(name) {
                Some(old) if old == value => {}
                Some(old) => {
                    let entry = find(entries, name)?;
                    let mut inner = Vec::new();
                    match self.node(&entry.value, old, value, &mut inner) {
                        Ok(()) => edits.append(&mut inner),
                        Err(Stuck) => {
                            let text = self.entry(name, value, indent).trim_end_matches('\n').to_owned();
                            // Comments below a value that is left out are about the one that comes.
                            let column = if entry.value.range.is_empty() { usize::MAX } else { indent };
                            let end = self.end_with_comments(self.end_of_entry(entry), column);
                            edits.push(Edit { range: entry.key.range.start..end, text });
                        }
                    }
                }
                None => {
                    let text = pad(indent) + &self.entry(name, value, indent);
                    let start = line_start(self.text, first.key.range.start);
                    let is_first_on_line = self.text[start..first.key.range.start].trim().is_empty();
                    // Metadata goes ahead of the spec, and a list behind the one that its items come from.
                    edits.push(match self.source_of(value, entries) {
                        _ if name == "metadata" && is_first_on_line => Edit { range: start..start, text },
                        Some(source) => self.insertion(self.end_of_entry(source), text),
                        None => self.insertion(self.end_of_entry(last), text),
                    });
                }
            }
        }
        Ok(())
    }

    /// The entry whose list an item of this new list was in.
    fn source_of<'n>(&self, value: &Value, entries: &'n [Entry]) -> Option<&'n Entry> {
        let (moved, _) = value.as_array()?.iter().find_map(|item| self.moved(item, false))?;
        entries.iter().find(|entry| match &entry.value.content {
            Content::Sequence { items, .. } => items.iter().any(|item| std::ptr::eq(item, moved)),
            _ => false,
        })
    }

    fn block_sequence(
        &self,
        items: &[Node],
        before: &[Value],
        after: &[Value],
        edits: &mut Vec<Edit>,
    ) -> Result<(), Stuck> {
        let dash = self.dash(items)?;
        for op in align(before, after) {
            match op {
                DiffOp::Equal { old_index, new_index, len } => {
                    for offset in 0..len {
                        let (old, new) = (old_index + offset, new_index + offset);
                        self.node(items.get(old).ok_or(Stuck)?, &before[old], &after[new], edits)?;
                    }
                }
                DiffOp::Delete { old_index, old_len, .. } => {
                    for item in items.get(old_index..old_index + old_len).ok_or(Stuck)? {
                        edits.push(Edit { range: self.item_lines(item, dash)?, text: String::new() });
                    }
                }
                DiffOp::Insert { old_index, new_index, new_len } => {
                    self.insert_items(items, old_index, dash, &after[new_index..new_index + new_len], edits)?;
                }
                DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                    for item in items.get(old_index..old_index + old_len).ok_or(Stuck)? {
                        edits.push(Edit { range: self.item_lines(item, dash)?, text: String::new() });
                    }
                    self.insert_items(items, old_index, dash, &after[new_index..new_index + new_len], edits)?;
                }
            }
        }
        Ok(())
    }

    fn insert_items(
        &self,
        items: &[Node],
        index: usize,
        dash: usize,
        values: &[Value],
        edits: &mut Vec<Edit>,
    ) -> Result<(), Stuck> {
        let added: String = values.iter().map(|value| self.item(value, dash)).collect();
        let insertion = match index.checked_sub(1).and_then(|previous| items.get(previous)) {
            Some(previous) => {
                let end = self.item_lines(previous, dash)?.end;
                if self.text[..end].ends_with('\n') {
                    Edit { range: end..end, text: added }
                } else {
                    self.insertion(end, added)
                }
            }
            None => {
                let start = self.item_lines(items.first().ok_or(Stuck)?, dash)?.start;
                Edit { range: start..start, text: added }
            }
        };
        edits.push(insertion);
        Ok(())
    }

    fn flow_mapping(
        &self,
        node: &Node,
        entries: &[Entry],
        before: &Map<String, Value>,
        after: &Map<String, Value>,
        edits: &mut Vec<Edit>,
    ) -> Result<(), Stuck> {
        let same_names = before.len() == after.len() && before.keys().all(|name| after.contains_key(name));
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            edits.push(Edit { range: node.range.clone(), text: self.flow(node, &Value::Object(after.clone())) });
            return Ok(());
        };
        if same_names {
            for (name, value) in after {
                self.node(&find(entries, name)?.value, &before[name], value, edits)?;
            }
            return Ok(());
        }
        let column = self.column(first.key.range.start);
        let is_open = self.is_open(node, first.key.range.start);
        let added = after.iter().filter(|(name, _)| !before.contains_key(*name));
        let added = added.map(|(name, value)| (name, self.flow_entry(name, value, column, is_open)));
        if before.keys().all(|name| after.contains_key(name)) && !last.value.range.is_empty() {
            for (name, old) in before.iter().filter(|(name, old)| after.get(*name) != Some(old)) {
                self.node(&find(entries, name)?.value, old, &after[name], edits)?;
            }
            let separator = self.separator(is_open, column);
            for (name, part) in added {
                edits.push(match (name.as_str(), first.key.range.start, self.end_of_entry(last)) {
                    ("metadata", start, _) => Edit { range: start..start, text: part + &separator },
                    (_, _, end) => Edit { range: end..end, text: format!("{separator}{part}") },
                });
            }
            return Ok(());
        }
        let mut parts = Vec::new();
        for entry in entries {
            let name = entry.name.as_ref().ok_or(Stuck)?;
            let Some(value) = after.get(name) else { continue };
            let mut inner = Vec::new();
            self.node(&entry.value, before.get(name).ok_or(Stuck)?, value, &mut inner)?;
            parts.push(apply(self.text, entry.key.range.start..self.end_of_entry(entry), &inner));
        }
        for (name, part) in added {
            if name == "metadata" { parts.insert(0, part) } else { parts.push(part) }
        }
        let range = first.key.range.start..self.end_of_entry(last);
        edits.push(Edit { range, text: parts.join(&self.separator(is_open, column)) });
        Ok(())
    }

    fn flow_sequence(
        &self,
        node: &Node,
        items: &[Node],
        before: &[Value],
        after: &[Value],
        edits: &mut Vec<Edit>,
    ) -> Result<(), Stuck> {
        let (Some(first), Some(last)) = (items.first(), items.last()) else {
            edits.push(Edit { range: node.range.clone(), text: self.flow(node, &Value::from(after)) });
            return Ok(());
        };
        let ops = align(before, after);
        if ops.iter().all(|op| matches!(op, DiffOp::Equal { .. })) {
            for ((item, before), after) in items.iter().zip(before).zip(after) {
                self.node(item, before, after, edits)?;
            }
            return Ok(());
        }
        let (column, is_open) = (self.column(first.range.start), self.is_open(node, first.range.start));
        let mut parts = Vec::new();
        for op in ops {
            match op {
                DiffOp::Equal { old_index, new_index, len } => {
                    for offset in 0..len {
                        let item = items.get(old_index + offset).ok_or(Stuck)?;
                        let mut inner = Vec::new();
                        self.node(item, &before[old_index + offset], &after[new_index + offset], &mut inner)?;
                        parts.push(apply(self.text, item.range.clone(), &inner));
                    }
                }
                DiffOp::Delete { .. } => {}
                DiffOp::Insert { new_index, new_len, .. } | DiffOp::Replace { new_index, new_len, .. } => {
                    for value in &after[new_index..new_index + new_len] {
                        parts.push(self.flow_value(value, column, is_open));
                    }
                }
            }
        }
        let range = first.range.start..last.range.end;
        edits.push(Edit { range, text: parts.join(&self.separator(is_open, column)) });
        Ok(())
    }

    /// An entry of a block mapping; list items that stood elsewhere keep their text.
    fn entry(&self, name: &str, value: &Value, indent: usize) -> String {
        match value {
            Value::Array(items) if items.iter().any(|item| self.moved(item, false).is_some()) => {
                let dash = indent + self.layout.dash;
                let key = emit::entry(name, &Value::Null, indent, self.layout);
                let key = key.trim_end_matches(" null\n");
                items.iter().fold(format!("{key}\n"), |text, item| text + &self.item(item, dash))
            }
            _ => emit::entry(name, value, indent, self.layout),
        }
    }

    /// An item of a block sequence, with its line break. One that comes from a flow sequence stays in flow style.
    fn item(&self, value: &Value, dash: usize) -> String {
        let flow_item = || Some(format!("{}- {}\n", pad(dash), self.moved_flow_item(value, dash + 2)?));
        self.moved(value, false)
            .and_then(|(item, before)| self.moved_item(item, before, value, dash).ok())
            .or_else(flow_item)
            .unwrap_or_else(|| pad(dash) + &emit::item(value, dash, self.layout))
    }

    fn moved_item(&self, item: &Node, before: &Value, after: &Value, dash: usize) -> Result<String, Stuck> {
        let mut inner = Vec::new();
        self.node(item, before, after, &mut inner)?;
        let old_dash = self.column(self.dash_of(item)?);
        let lines = apply(self.text, self.item_lines(item, old_dash)?, &inner);
        let lines = reindent(&lines, ' ', old_dash, dash)?;
        Ok(if lines.ends_with('\n') { lines } else { lines + "\n" })
    }

    /// The item that a new value stems from: it has the same name, and all that it says the new one says too. In flow style
    /// there is only room for one in flow style.
    fn moved(&self, value: &Value, in_flow: bool) -> Option<(&'t Node, &'t Value)> {
        let candidates = self.items.get(name(value)?)?;
        let is_kept = |old: &Value| {
            let old = old.as_object();
            old.is_some_and(|old| old.iter().all(|(key, old)| value.get(key) == Some(old)))
        };
        candidates.iter().find(|(node, old)| (!in_flow || is_flow(node)) && is_kept(old)).copied()
    }

    /// A value in flow style. Where it takes several lines, the last of them is at this column.
    fn flow_value(&self, value: &Value, column: usize, is_open: bool) -> String {
        if let Some(text) = self.moved_flow_item(value, column) {
            return text;
        }
        let inner = column + self.layout.indent;
        let (brackets, parts): (_, Vec<String>) = match value {
            Value::Array(items) if !items.is_empty() => {
                (['[', ']'], items.iter().map(|item| self.flow_value(item, inner, is_open)).collect())
            }
            Value::Object(map) if !map.is_empty() => {
                let entries = map.iter().map(|(name, value)| self.flow_entry(name, value, inner, is_open));
                (['{', '}'], entries.collect())
            }
            other => return emit::flow(other, self.is_json),
        };
        let [open, close] = brackets;
        match is_open {
            true => {
                let lines = parts.join(&self.separator(true, inner));
                format!("{open}\n{}{lines}\n{}{close}", self.pad(inner), self.pad(column))
            }
            false => format!("{open}{}{close}", parts.join(", ")),
        }
    }

    fn flow_entry(&self, name: &str, value: &Value, column: usize, is_open: bool) -> String {
        format!("{}: {}", emit::flow(&Value::from(name), self.is_json), self.flow_value(value, column, is_open))
    }

    fn moved_flow_item(&self, value: &Value, column: usize) -> Option<String> {
        let (item, before) = self.moved(value, true)?;
        let mut inner = Vec::new();
        self.node(item, before, value, &mut inner).ok()?;
        let text = apply(self.text, item.range.clone(), &inner);
        let old = self.column_of_line(item.range.start);
        let text = reindent(&(self.pad(old) + &text), self.blank, old, column).ok()?;
        Some(text.trim_start_matches(self.blank).to_owned())
    }

    /// A value in the place of a flow node.
    fn flow(&self, node: &Node, value: &Value) -> String {
        let is_open = self.is_json && self.text.get(self.start..node.range.end).is_some_and(|own| own.contains('\n'));
        self.flow_value(value, self.column_of_line(node.range.start), is_open)
    }

    fn separator(&self, is_open: bool, column: usize) -> String {
        if is_open { format!(",\n{}", self.pad(column)) } else { ", ".to_owned() }
    }

    fn pad(&self, columns: usize) -> String {
        String::from(self.blank).repeat(columns)
    }

    /// Whether the entries of a flow node have lines of their own.
    fn is_open(&self, node: &Node, first: usize) -> bool {
        self.text.get(node.range.start..first).is_some_and(|lead| lead.contains('\n'))
    }

    /// The lines of a list item, with the comments that belong to it.
    fn item_lines(&self, item: &Node, dash: usize) -> Result<Range<usize>, Stuck> {
        let start = self.dash_of(item)?;
        let own_line = line_start(self.text, start);
        if self.column(start) != dash || !self.text[own_line..start].trim().is_empty() {
            return Err(Stuck);
        }
        let mut lines = own_line..line_end(self.text, self.end_of_content(item));
        // A comment above that is indented like the dash is about the item; one below that is indented deeper, too.
        while let Some(above) = lines.start.checked_sub(1) {
            let above = line_start(self.text, above);
            match comment_column(&self.text[above..lines.start]) {
                Some(column) if column == dash => lines.start = above,
                _ => break,
            }
        }
        lines.end = self.end_of_comments(lines.end, dash);
        Ok(lines)
    }

    /// Where the comments end that start on the line with this start, and are indented deeper than this column.
    fn end_of_comments(&self, mut end: usize, column: usize) -> usize {
        while end < self.text.len() {
            let below = line_end(self.text, end);
            match comment_column(&self.text[end..below]) {
                Some(own) if own > column => end = below,
                _ => break,
            }
        }
        end
    }

    /// Where the comment ends that stands behind this place on its line, with those below that are indented deeper than this
    /// column; without the line break.
    fn end_with_comments(&self, place: usize, column: usize) -> usize {
        let end = self.end_of_comments(line_end(self.text, place), column);
        place.max(self.text[..end].trim_end_matches(['\n', '\r']).len())
    }

    /// The place of the dash of a list item.
    fn dash_of(&self, item: &Node) -> Result<usize, Stuck> {
        let lead = self.text.get(..item.range.start).ok_or(Stuck)?.trim_end();
        // An anchor or a tag may stand between, which would have to stay or move, too.
        lead.strip_suffix('-').map(str::len).ok_or(Stuck)
    }

    /// The column of the dashes of a block sequence.
    fn dash(&self, items: &[Node]) -> Result<usize, Stuck> {
        Ok(self.column(self.dash_of(items.first().ok_or(Stuck)?)?))
    }

    /// Whole lines, from the one with this start to the one with this end.
    fn lines(&self, start: usize, end: usize) -> Range<usize> {
        line_start(self.text, start)..line_end(self.text, end)
    }

    /// Puts lines behind the line with this place.
    fn insertion(&self, place: usize, lines: String) -> Edit {
        let end = line_end(self.text, place);
        let text = match self.text[..end].ends_with('\n') {
            true => lines,
            false => format!("\n{}", lines.trim_end_matches(['\r', '\n'])),
        };
        Edit { range: end..end, text }
    }

    /// Where the last word of a node ends.
    fn end_of_content(&self, node: &Node) -> usize {
        match &node.content {
            Content::Sequence { items, flow: false } if !items.is_empty() => {
                items.last().map_or(node.range.end, |item| self.end_of_content(item))
            }
            Content::Mapping { entries, flow: false } if !entries.is_empty() => {
                entries.last().map_or(node.range.end, |entry| self.end_of_entry(entry))
            }
            _ => self.text.get(node.range.clone()).map_or(0, |content| node.range.start + content.trim_end().len()),
        }
    }

    fn end_of_entry(&self, entry: &Entry) -> usize {
        // A value that is left out has no place of its own.
        let key = entry.key.range.end;
        if entry.value.range.is_empty() { key } else { key.max(self.end_of_content(&entry.value)) }
    }

    fn column(&self, place: usize) -> usize {
        place - line_start(self.text, place)
    }

    /// The column of the first word of the line.
    fn column_of_line(&self, place: usize) -> usize {
        let line = &self.text[line_start(self.text, place)..place];
        line.len() - line.trim_start().len()
    }
}

fn find<'n>(entries: &'n [Entry], name: &str) -> Result<&'n Entry, Stuck> {
    entries.iter().find(|entry| entry.name.as_deref() == Some(name)).ok_or(Stuck)
}

fn name(value: &Value) -> Option<&str> {
    value.get("name").and_then(Value::as_str)
}

fn is_flow(node: &Node) -> bool {
    match node.content {
        Content::Mapping { flow, .. } | Content::Sequence { flow, .. } => flow,
        Content::Scalar(_) | Content::Alias(_) => false,
    }
}

/// Which items of two lists are the same: those of the same name, else of the same value.
fn align(before: &[Value], after: &[Value]) -> Vec<DiffOp> {
    let identity = |value: &Value| name(value).map_or_else(|| value.to_string(), str::to_owned);
    let before: Vec<String> = before.iter().map(identity).collect();
    let after: Vec<String> = after.iter().map(identity).collect();
    capture_diff_slices(Algorithm::Myers, &before, &after)
}

fn line_start(text: &str, place: usize) -> usize {
    text.get(..place).and_then(|lead| lead.rfind('\n')).map_or(0, |found| found + 1)
}

/// Behind the next line break.
fn line_end(text: &str, place: usize) -> usize {
    text.get(place..).and_then(|rest| rest.find('\n')).map_or(text.len(), |found| place + found + 1)
}

/// The column of a line that is only a comment.
fn comment_column(line: &str) -> Option<usize> {
    let comment = line.trim_start_matches(' ');
    comment.starts_with('#').then(|| line.len() - comment.len())
}

fn reindent(lines: &str, blank: char, from: usize, to: usize) -> Result<String, Stuck> {
    let shift = |line: &str| -> Result<String, Stuck> {
        let words = line.trim_start_matches(blank);
        if words.trim().is_empty() {
            return Ok(line.to_owned());
        }
        let columns = (line.len() - words.len() + to).checked_sub(from).ok_or(Stuck)?;
        Ok(String::from(blank).repeat(columns) + words)
    };
    lines.split_inclusive('\n').map(shift).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{documents, parse};
    use serde_json::json;

    /// The text that a change of the value leads to; it must say what the changed value says.
    fn edited(text: &str, change: impl Fn(&mut Value)) -> String {
        let document = documents(text).next().unwrap().unwrap();
        let mut after = document.value.clone();
        change(&mut after);
        let edits = edits(text, &document.root, &document.value, &after);
        let result = apply(text, 0..text.len(), &edits);
        assert_eq!(parse(&result), Ok(after), "{result}");
        result
    }

    /// Moves the first container to the end of the init containers, as a native sidecar.
    fn convert(object: &mut Value) {
        let spec = &mut object["spec"];
        let mut container = spec["containers"].as_array_mut().unwrap().remove(0);
        container["restartPolicy"] = json!("Always");
        match &mut spec["initContainers"] {
            Value::Array(list) => list.push(container),
            none => *none = json!([container]),
        }
        object["metadata"]["annotations"]["native"] = json!("log");
    }

    #[test]
    fn a_moved_item_takes_its_text_along() {
        let text = "\
# The Pod.
metadata:
  name: web # its name
spec:
  containers:
  # Ships logs.
  - name: \"log\"
    image: fluent-bit   # pinned elsewhere
    args:
      - |
        a

        b
    # env: none
  # Serves.
  - name: web
    image: 'nginx'
  volumes: []  # none
# The end.
";
        let expected = "\
# The Pod.
metadata:
  name: web # its name
  annotations:
    native: log
spec:
  containers:
  # Serves.
  - name: web
    image: 'nginx'
  initContainers:
  # Ships logs.
  - name: \"log\"
    image: fluent-bit   # pinned elsewhere
    args:
      - |
        a

        b
    restartPolicy: Always
    # env: none
  volumes: []  # none
# The end.
";
        assert_eq!(edited(text, convert), expected);
    }

    #[test]
    fn a_scalar_that_changes_keeps_the_comment_behind_it() {
        let change = |object: &mut Value| {
            object["a"] = json!("x: y");
            object["b"]["c"] = json!(false);
        };
        let text = "a: b # ours\nb:\n  c: true   # why\n";
        assert_eq!(edited(text, change), "a: \"x: y\" # ours\nb:\n  c: false   # why\n");
    }

    #[test]
    fn the_layout_of_the_document_is_kept() {
        let text = "\
metadata:
    name: web
    annotations:
        a: b
spec:
    initContainers:
        - name: init
          image: a
    containers:
        - image: b
          name: log
        - name: web
";
        let expected = "\
metadata:
    name: web
    annotations:
        a: b
        native: log
spec:
    initContainers:
        - name: init
          image: a
        - image: b
          name: log
          restartPolicy: Always
    containers:
        - name: web
";
        assert_eq!(edited(text, convert), expected);
    }

    #[test]
    fn a_text_without_a_final_line_break_and_one_with_windows_line_breaks() {
        let text = "metadata:\r\n  name: web\r\nspec:\r\n  containers:\r\n  - name: log\r\n  - name: web";
        let expected = "metadata:\r\n  name: web\r\n  annotations:\r\n    native: log\r\nspec:\r\n  containers:\r\n  \
            - name: web\r\n  initContainers:\r\n  - name: log\r\n    restartPolicy: Always";
        assert_eq!(edited(text, convert), expected);
    }

    #[test]
    fn flow_style_stays_flow_style() {
        let text = "\
metadata: {name: web}
spec:
  containers: [{name: log, args: [a]}, {name: web}] # two
";
        let expected = "\
metadata: {name: web, annotations: {native: log}}
spec:
  containers: [{name: web}] # two
  initContainers:
  - {name: log, args: [a], restartPolicy: Always}
";
        assert_eq!(edited(text, convert), expected);
    }

    #[test]
    fn flow_items_keep_quotes_and_comments_wherever_they_move() {
        let text = "\
metadata: {'name': web}
spec:
  containers:
  # Ships logs.
  - {name: \"log\", image: 'fluent-bit'} # pinned
  - {name: web}
  volumes: []
";
        let expected = "\
metadata: {'name': web, annotations: {native: log}}
spec:
  containers:
  - {name: web}
  initContainers:
  # Ships logs.
  - {name: \"log\", image: 'fluent-bit', restartPolicy: Always} # pinned
  volumes: []
";
        assert_eq!(edited(text, convert), expected);
        let text = "\
metadata: {}
spec:
  initContainers:
    - name: init
  containers: [
    { # Ships logs.
      name: \"log\", # its name
      image: 'fluent-bit' },
    {name: web}]
";
        let expected = "\
metadata: {annotations: {native: log}}
spec:
  initContainers:
    - name: init
    - { # Ships logs.
        name: \"log\", # its name
        image: 'fluent-bit',
        restartPolicy: Always }
  containers: [
    {name: web}]
";
        assert_eq!(edited(text, convert), expected);
    }

    #[test]
    fn json_stays_json() {
        let text = "\
{
    \"metadata\": {\"name\": \"web\"},
    \"spec\": {
        \"initContainers\": [],
        \"containers\": [
            {
                \"name\": \"log\",
                \"limit\": 1e3,
                \"url\": \"https:\\/\\/x\"
            },
            {
                \"name\": \"web\"
            }
        ]
    }
}
";
        let expected = "\
{
    \"metadata\": {\"name\": \"web\", \"annotations\": {\"native\": \"log\"}},
    \"spec\": {
        \"initContainers\": [
            {
                \"name\": \"log\",
                \"limit\": 1e3,
                \"url\": \"https:\\/\\/x\",
                \"restartPolicy\": \"Always\"
            }
        ],
        \"containers\": [
            {
                \"name\": \"web\"
            }
        ]
    }
}
";
        assert_eq!(edited(text, convert), expected);
    }

    #[test]
    fn json_in_one_line_and_with_tabs() {
        let text = "{\"metadata\":{},\"spec\":{\"containers\":[{\"name\":\"log\"},{\"name\":\"web\"}]}}";
        let expected = "{\"metadata\":{\"annotations\": {\"native\": \"log\"}},\"spec\":{\"containers\":[{\"name\":\"web\"}], \
            \"initContainers\": [{\"name\":\"log\", \"restartPolicy\": \"Always\"}]}}";
        assert_eq!(edited(text, convert), expected);
        let text = "{\n\t\"metadata\": {\n\t},\n\t\"spec\": {\n\t\t\"containers\": [\n\t\t\t{\"name\": \"log\"},\n\t\t\t\
            {\"name\": \"web\"}\n\t\t]\n\t}\n}\n";
        let expected = "{\n\t\"metadata\": {\n\t\t\"annotations\": {\n\t\t\t\"native\": \"log\"\n\t\t}\n\t},\n\t\"spec\": {\n\t\t\
            \"containers\": [\n\t\t\t{\"name\": \"web\"}\n\t\t],\n\t\t\"initContainers\": [\n\t\t\t\
            {\"name\": \"log\", \"restartPolicy\": \"Always\"}\n\t\t]\n\t}\n}\n";
        assert_eq!(edited(text, convert), expected);
    }

    #[test]
    fn json_in_lines_stays_in_lines() {
        let text = "{\"metadata\": {}}\n{\"metadata\": {}}\n";
        let document = documents(text).nth(1).unwrap().unwrap();
        let edits = edits(text, &document.root, &document.value, &json!({"metadata": {"annotations": {"a": "b"}}}));
        let expected = "{\"metadata\": {}}\n{\"metadata\": {\"annotations\": {\"a\": \"b\"}}}\n";
        assert_eq!(apply(text, 0..text.len(), &edits), expected);
    }

    #[test]
    fn values_that_were_left_out_or_change_their_kind() {
        let text =
            "metadata:\n  annotations: # none yet\n  labels:\n    a: x # first\nspec:\n  b: |\n    text\n  c: y\n";
        let expected = "metadata:\n  annotations:\n    k: \"yes\"\n  labels:\n    a: z # first\nspec:\n  b:\n  - 1\n";
        let result = edited(text, |object| {
            object["metadata"]["annotations"] = json!({"k": "yes"});
            object["metadata"]["labels"]["a"] = json!("z");
            object["spec"]["b"] = json!([1]);
            object["spec"].as_object_mut().unwrap().remove("c");
        });
        assert_eq!(result, expected);
        let text = "a:\n  # x: y\nb:\n- &b x # first\n- y # last\n  # too\n";
        let result = edited(text, |object| *object = json!({"a": {"k": "v"}, "b": ["z"]}));
        assert_eq!(result, "a:\n  k: v\n  # x: y\nb:\n- z\n");
    }

    #[test]
    fn items_are_put_where_they_belong() {
        let text = "list:\n# one\n- name: b\n  x: 1\n- name: d\n";
        let expected = "list:\n- name: a\n# one\n- name: b\n  x: 2\n- name: c\n- name: d\n- 5\n";
        let result = edited(text, |object| {
            object["list"] = json!([{"name": "a"}, {"name": "b", "x": 2}, {"name": "c"}, {"name": "d"}, 5]);
        });
        assert_eq!(result, expected);
    }

    #[test]
    fn a_long_list_is_edited_in_time() {
        let items: String = (0..20_000).map(|item| format!("  # c{item}\n  - name: log-{item}\n")).collect();
        let text = format!("metadata:\n  name: big\nspec:\n  containers:\n{items}");
        let result = edited(&text, |object| {
            let spec = object["spec"].as_object_mut().unwrap();
            let moved = spec.remove("containers").unwrap();
            spec.insert("initContainers".to_owned(), moved);
        });
        assert_eq!(result, text.replace("containers", "initContainers"));
    }

    #[test]
    fn an_object_can_be_written_anew() {
        let text = "# kept\na: 1 # lost\nb:\n- c\n# kept too\n";
        let document = documents(text).next().unwrap().unwrap();
        let edits = rewrite(text, &document.root, &json!({"a": 2, "b": ["c"]}));
        assert_eq!(apply(text, 0..text.len(), &edits), "# kept\na: 2\nb:\n- c\n# kept too\n");
    }

    #[test]
    fn what_is_written_anew_keeps_no_comments_of_its_last_lines() {
        let anew = |text: &str| {
            let document = documents(text).next().unwrap().unwrap();
            apply(text, 0..text.len(), &rewrite(text, &document.root, &json!({"b": 2, "a": 1})))
        };
        assert_eq!(anew("a: 1\nb: 2 # of b\n"), "b: 2\na: 1\n");
        assert_eq!(anew("a: 1\nb: 2 # of b\n  # of b, too\n# kept\n"), "b: 2\na: 1\n# kept\n");
        assert_eq!(anew("a: 1\r\nb: 2 # of b"), "b: 2\r\na: 1");
        assert_eq!(anew("{a: 1, b: 2} # kept\n"), "{\"b\": 2, \"a\": 1} # kept\n");
        let list = "- a: 1\n  b: 2 # of b\n  # of b, too\n# kept\n- c\n";
        let document = documents(list).next().unwrap().unwrap();
        let Content::Sequence { items, .. } = &document.root.content else { unreachable!("a list") };
        let edits = rewrite(list, &items[0], &json!({"b": 2, "a": 1}));
        assert_eq!(apply(list, 0..list.len(), &edits), "- b: 2\n  a: 1\n# kept\n- c\n");
    }
}
