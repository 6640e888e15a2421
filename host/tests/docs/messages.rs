//! Messages that documents quote between `<!-- messages -->` and `<!-- end messages -->` are those of cases.

use std::fs;

use crate::{case_files, page};

/// Whether these pieces follow each other in this text.
fn holds(mut text: &str, pieces: &[&str]) -> bool {
    pieces.iter().all(|piece| match text.split_once(piece) {
        Some((_, rest)) => {
            text = rest;
            true
        }
        None => false,
    })
}

#[test]
fn quoted_messages_are_those_of_the_policy() {
    let answers: Vec<_> = case_files::folders()
        .into_values()
        .map(|folder| fs::read_to_string(folder.join("expected.json")).unwrap().replace("\\\"", "\""))
        .collect();
    let (mut count, mut unknown) = (0, Vec::new());
    for file in page::documents() {
        let text = page::text(&file);
        let parts = text.split("<!-- messages -->").skip(1).map(|part| part.split("<!-- end messages -->").next());
        for line in parts.flatten().flat_map(str::lines) {
            // The first cell of a row, or a message as it is printed.
            let cell = line.strip_prefix("| `").and_then(|rest| rest.split_once('`')).map(|(message, _)| message);
            let Some(message) = cell.or(line.starts_with("Pod/").then_some(line)) else { continue };
            count += 1;
            let pieces: Vec<_> = message.split('…').map(str::trim).collect();
            // A message is one line of an answer.
            if !answers.iter().flat_map(|answer| answer.lines()).any(|line| holds(line, &pieces)) {
                unknown.push(format!("{file}: {message}"));
            }
        }
    }
    assert!(unknown.is_empty(), "no case says:\n{}", unknown.join("\n"));
    assert!(count > 40, "only {count} messages are quoted");
}
