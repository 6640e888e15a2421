//! Whether an object can be decoded at all: the types of its fields. What no type knows is passed over.

use serde_json::{Map, Value};

use crate::api_server::refusal::Refusals;
use crate::schema::Schema;

/// What is wrong with the types of this value.
pub fn check(schema: &Schema, value: &Value, place: &str, refusals: &mut Refusals) {
    // In Go, nothing is the same as `null`.
    if value.is_null() {
        return;
    }
    if let Some(schema) = schema.referred_to() {
        return match schema.name() {
            // Texts in the schema, and numbers as well in objects.
            "Quantity" | "IntOrString" if value.is_number() || value.is_string() => {}
            _ => check(&schema, value, place, refusals),
        };
    }
    let wrong = |refusals: &mut Refusals| refusals.invalid(place, value, "can't be decoded");
    match value {
        Value::Object(members) if schema.is("object") => check_members(schema, members, place, refusals),
        Value::Array(elements) if schema.is("array") => {
            for (index, element) in elements.iter().enumerate() {
                check(&schema.items(), element, &format!("{place}[{index}]"), refusals);
            }
        }
        Value::String(_) if schema.is("string") => {}
        Value::Bool(_) if schema.is("boolean") => {}
        Value::Number(_) if schema.is("number") => {}
        Value::Number(number) if schema.is("integer") => match number.as_i64() {
            Some(number) if schema.format() != "int32" || i32::try_from(number).is_ok() => {}
            _ => wrong(refusals),
        },
        _ if schema.is_anything() => {}
        _ => wrong(refusals),
    }
}

fn check_members(schema: &Schema, members: &Map<String, Value>, place: &str, refusals: &mut Refusals) {
    for (name, value) in members {
        let at = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        if let Some(schema) = schema.member(name) {
            check(&schema, value, &at, refusals);
        }
    }
}
