//! Members of a parsed value, each read as what it has to be.

use serde_json::Value;

use crate::json::malformed::Malformed;
use crate::json::path::Path;

/// The text that this value is.
pub fn text_of(value: &Value) -> Result<&str, Malformed> {
    value.as_str().ok_or_else(|| Malformed::new("", "not a string"))
}

/// The text of a member; empty where it is absent.
pub fn text_in<'v>(value: &'v Value, name: &str) -> Result<&'v str, Malformed> {
    match member_in(value, name)? {
        None => Ok(""),
        Some(text) => text_of(text).map_err(|error| error.within(name)),
    }
}

/// The elements of a member that is a list, each read; empty where it is absent.
pub fn list_in<'v, T>(
    value: &'v Value,
    name: &str,
    read: impl Fn(&'v Value) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let Some(list) = member_in(value, name)? else { return Ok(Vec::new()) };
    let list = list.as_array().ok_or_else(|| Malformed::new(name, "not a list"))?;
    let elements = list.iter().enumerate();
    elements
        .map(|(index, element)| read(element).map_err(|error| error.within(format_args!("{name}[{index}]"))))
        .collect()
}

/// Names and texts of a member that is a map; empty where it is absent.
pub fn texts_in<'v>(value: &'v Value, name: &str) -> Result<Vec<(&'v str, &'v str)>, Malformed> {
    let Some(map) = member_in(value, name)? else { return Ok(Vec::new()) };
    let map = map.as_object().ok_or_else(|| Malformed::new(name, "not an object"))?;
    let texts = map.iter().map(|(key, value)| {
        Ok((key.as_str(), text_of(value).map_err(|error| error.within(Path::default().key(name).key(key)))?))
    });
    texts.collect()
}

/// A member of a value that has to be an object; None where it is absent or `null`.
pub fn member_in<'v>(value: &'v Value, name: &str) -> Result<Option<&'v Value>, Malformed> {
    match value {
        Value::Null => Ok(None),
        Value::Object(members) => Ok(members.get(name).filter(|member| !member.is_null())),
        _ => Err(Malformed::new("", "not an object")),
    }
}
