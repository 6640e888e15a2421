//! Templates of manifests: what they say holds only once they are rendered.

use yaml::Error;

use crate::manifest;
use crate::place::Place;

/// What is wrong with a template that is to be reviewed.
const MESSAGE: &str = "a template: review what it renders to";

/// Where an action of a template starts: in Go and Jinja, and the statements of Jinja.
const ACTIONS: [&str; 2] = ["{{", "{%"];

/// Returns the first action in a text that is known to be a template, as in the folder `templates` of a chart.
pub fn action(text: &str) -> Option<Error> {
    text.contains("{{").then(|| text.lines().zip(1..).find_map(|(line, number)| action_in(line, number))).flatten()
}

fn action_in(line: &str, number: usize) -> Option<Error> {
    let start = ACTIONS.iter().filter_map(|action| line.find(action)).min()?;
    Some(Error { line: number, column: line[..start].chars().count() + 1, message: MESSAGE.to_owned() })
}

/// Returns the place at which a text shows that it is a template: an action keeps it from being YAML, or stands in a name or
/// image, where no object may have one. Anywhere else `{{` is an object's own, as in the annotations that Vault reads.
pub fn evidence(text: &str) -> Option<Error> {
    if !ACTIONS.iter().any(|action| text.contains(action)) {
        return None;
    }
    yaml::documents(text).find_map(|document| match document {
        Err(error) => action_in(text.lines().nth(error.line.saturating_sub(1))?, error.line),
        Ok(document) => manifest::objects(&document).iter().find_map(|object| {
            let path = object.template_action()?;
            let Place { line, column } = Place::of(&path, object.node.unwrap_or(&document.root));
            Some(Error { line, column, message: MESSAGE.to_owned() })
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(error: Option<Error>) -> Option<(usize, usize)> {
        error.map(|error| (error.line, error.column))
    }

    #[test]
    fn the_first_action_is_found() {
        assert_eq!(place(action("a: b\nä: {{ .x }} {{ .y }}\n")), Some((2, 4)));
        assert_eq!(place(action("a: b\n")), None);
    }

    #[test]
    fn actions_that_are_no_yaml_or_stand_in_names_are_evidence() {
        let texts = [
            ("a: 1\n---\nname: {{ .x }}\n", (3, 7)),
            ("{{- if .x }}\na: 1\n{{- end }}\n", (1, 1)),
            ("{% if x %}\na: 1\n{% endif %}\n", (1, 1)),
            ("labels:\n  {{- include \"x\" . | nindent 2 }}\nb: 1\n", (2, 3)),
            ("apiVersion: v1\nkind: Service\nmetadata:\n  name: '{{ name }}'\n", (4, 9)),
            ("apiVersion: '{{ v }}'\nkind: Service\n", (1, 13)),
            (
                "apiVersion: batch/v1\nkind: Job\nspec:\n  template:\n    spec:\n      containers:\n      - image: a:{{ b }}\n",
                (7, 16),
            ),
            ("apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: '{{ x }}'}\n", (4, 26)),
        ];
        for (text, expected) in texts {
            assert_eq!(place(evidence(text)), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_may_hold_actions() {
        let texts = [
            "a: 1\n",
            "# {{ a }}\na: 1\n",
            "name: '{{ a }}'\n",
            "a: [\n---\nb: '{{ c }}'\n",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {b: '{{ c }}'}}\nspec: {containers: [{args: ['{{ d }}']}]}\n",
            "apiVersion: v1\nkind: Own\nspec: {containers: [{image: '{{ d }}'}]}\n",
        ];
        for text in texts {
            assert_eq!(place(evidence(text)), None, "{text}");
        }
    }
}
