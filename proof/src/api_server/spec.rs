//! A Pod's spec as the API server looks at it, with the place of each container.

use serde_json::Value;

/// The spec of a Pod or of a Pod template.
#[derive(Clone, Debug)]
pub struct Spec<'v> {
    /// Itself.
    pub value: &'v Value,
    /// Its place in the object.
    pub path: String,
    /// Whether it is that of a Pod: the API server asks for more there.
    pub is_pod: bool,
}

/// What a container is to its Pod.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// In `initContainers`, without `restartPolicy: Always`.
    Once,
    /// In `initContainers`, with it.
    Native,
    /// In `containers`.
    Regular,
}

/// A container and its place.
#[derive(Clone, Debug)]
pub struct Container<'v> {
    /// Itself.
    pub value: &'v Value,
    /// Its place in the object.
    pub path: String,
    /// What it is to its Pod.
    pub form: Form,
}

impl<'v> Spec<'v> {
    /// Returns the place of a field.
    pub fn at(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }

    /// Returns `containers`.
    pub fn regular(&self) -> Vec<Container<'v>> {
        self.list("containers", |_| Form::Regular)
    }

    /// Returns `initContainers`.
    pub fn init(&self) -> Vec<Container<'v>> {
        self.list("initContainers", |container| match container["restartPolicy"] == "Always" {
            true => Form::Native,
            false => Form::Once,
        })
    }

    /// Returns all containers, as the API server visits them.
    pub fn containers(&self) -> Vec<Container<'v>> {
        [self.init(), self.regular()].concat()
    }

    fn list(&self, field: &str, form: fn(&Value) -> Form) -> Vec<Container<'v>> {
        let containers = elements(&self.value[field]).iter().enumerate();
        let place = |index| format!("{}[{index}]", self.at(field));
        containers.map(|(index, value)| Container { value, path: place(index), form: form(value) }).collect()
    }

    /// The seconds that its Pods have to end.
    pub fn grace_period(&self) -> i64 {
        self.value["terminationGracePeriodSeconds"].as_i64().unwrap_or(30)
    }

    /// The system that it is for; empty where it does not say.
    pub fn system(&self) -> &'v str {
        text(&self.value["os"]["name"])
    }
}

impl Container<'_> {
    /// Returns the place of a field.
    pub fn at(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }

    /// Its name; empty where it has none.
    pub fn name(&self) -> &str {
        text(&self.value["name"])
    }
}

/// The elements of a list; none of what is no list.
pub fn elements(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A text; empty where there is none.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
