//! Values of any type of Kubernetes, as its schema describes it, and fields that none knows.

use serde_json::{Map, Value, json};

use crate::admission::{SPELLED, SPELLINGS};
use crate::generate::source::Source;
use crate::generate::words::{AMOUNTS, texts};
use crate::schema::Schema;

/// How deep values go.
const DEEPEST: usize = 6;

/// A value of this type, for a member of this name.
pub fn value(source: &mut Source, schema: &Schema, name: &str, depth: usize) -> Value {
    if let Some(schema) = schema.referred_to() {
        return match schema.name() {
            "Quantity" => json!(source.pick(&AMOUNTS)),
            "IntOrString" => source.pick(&[json!(8080), json!("http")]),
            _ => value(source, &schema, name, depth),
        };
    }
    if schema.is("object") {
        if let Some(values) = schema.values() {
            let keys = source.some(texts("key"));
            return keys.into_iter().map(|key| (key.to_owned(), value(source, &values, "", depth + 1))).collect();
        }
        let mut members = Map::new();
        for (name, schema) in schema.members() {
            let is_there = depth < DEEPEST && source.chance(2, 4 + depth * 2);
            if is_there {
                members.insert(name.to_owned(), value(source, &schema, name, depth + 1));
            }
        }
        let mut value = Value::Object(members);
        unknown(source, &mut value);
        return value;
    }
    if schema.is("array") {
        let count = if depth < DEEPEST { source.below(3) } else { 0 };
        return (0..count).map(|_| value(source, &schema.items(), name, depth + 1)).collect();
    }
    if schema.is("boolean") {
        return json!(source.chance(1, 2));
    }
    if schema.is("integer") || schema.is("number") {
        return json!(source.pick(&[1, 0, 30, 8080, 80, 7, -1]));
    }
    json!(source.pick(texts(name)))
}

/// Adds a member that nobody knows, in few cases.
pub fn unknown(source: &mut Source, object: &mut Value) {
    if let Some(members) = object.as_object_mut().filter(|_| source.chance(1, 15)) {
        let at = source.below(members.len() + 1);
        let spelling = format!("{SPELLED}{}", source.below(SPELLINGS.len()));
        members.shift_insert(at, format!("x-future-{}", source.below(3)), json!(spelling));
    }
}

/// Adds members of this type to an object, each in few cases, but for those that it has.
pub fn others(source: &mut Source, schema: &Schema, object: &mut Value, skipped: &[&str]) {
    for (name, schema) in schema.members() {
        if !skipped.contains(&name) && object.get(name).is_none() && source.chance(1, 40) {
            object[name] = value(source, &schema, name, 0);
        }
    }
    unknown(source, object);
}
