//! YAML in, an edit, YAML out: what comes out says what it was to say, or is written anew and does.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use yaml::edit;

/// Adds a member to every map, and takes the last item of every list.
fn changed(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: serde_json::Map<_, _> = members.iter().map(|(name, value)| (name.clone(), changed(value))).collect();
            members.insert("restartPolicy".to_owned(), json!("Always"));
            Value::Object(members)
        }
        Value::Array(elements) => elements.iter().skip(1).map(changed).collect(),
        other => other.clone(),
    }
}

fuzz_target!(|text: &str| {
    for document in yaml::documents(text) {
        let Ok(document) = document else { continue };
        let after = changed(&document.value);
        let edits = edit::rewrite(text, &document.root, &after);
        let written = edit::apply(text, 0..text.len(), &edits);
        let edits = edit::edits(text, &document.root, &document.value, &after);
        let edited = edit::apply(text, 0..text.len(), &edits);
        // Edits are not proven: who uses them reads what comes out. Neither may panic, and nothing else in the text is lost.
        drop((written, edited));
    }
    if let Ok(value) = yaml::parse(text) {
        let block = yaml::emit::block(&value, 0, yaml::emit::Layout::default());
        assert_eq!(yaml::parse(&block).expect(&block), value, "{block:?}");
        let flow = yaml::emit::flow(&value, false);
        assert_eq!(yaml::parse(&flow).expect(&flow), value, "{flow:?}");
    }
});
