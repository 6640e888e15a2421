//! docs/terminal.svg is a recording of the terminal: a command is run in colour, and what it prints is drawn.

use crate::{commands, page};

const RECORDING: &str = "docs/terminal.svg";
/// What is typed, in the folder of the examples.
const COMMAND: &str = "native-sidecar review .";
/// What is run: nothing tells the program of a terminal.
const RUN: &str = "cd examples && native-sidecar review --color always .";

/// The width of a letter in hundredths of a pixel, and the height of a line in pixels.
const LETTER: usize = 783;
const LINE: usize = 19;
/// The space around the text, and above it.
const MARGIN: usize = 20;
const BAR: usize = 36;

/// A piece of a line, and the classes that it is drawn with.
type Piece = (String, &'static str);

/// The class of what follows this parameter of an escape sequence `m`.
fn class(parameter: &str, before: &'static str) -> &'static str {
    match parameter {
        "0" => "",
        // Bold text keeps the colour that comes behind it.
        "1" => "bold",
        "31" if before == "bold" => "red bold",
        "31" => "red",
        "32" => "green",
        "33" => "yellow",
        "36" if before == "bold" => "cyan bold",
        "36" => "cyan",
        other => panic!("{RECORDING}: nobody has drawn the colour {other}"),
    }
}

/// A line of a terminal in pieces of one colour.
fn pieces(line: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut now = "";
    for (index, part) in line.split("\x1b[").enumerate() {
        let text = match index {
            0 => part,
            _ => {
                let (parameters, text) = part.split_once('m').unwrap_or_else(|| panic!("{RECORDING}: {part:?}"));
                now = parameters.split(';').fold(now, |now, parameter| class(parameter, now));
                text
            }
        };
        if !text.is_empty() {
            pieces.push((text.to_owned(), now));
        }
    }
    pieces
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The picture of these lines.
fn drawn(lines: &[Vec<Piece>]) -> String {
    let letters = |line: &Vec<Piece>| line.iter().map(|(text, _)| text.chars().count()).sum::<usize>();
    let columns = lines.iter().map(letters).max().unwrap_or_default();
    let width = (columns * LETTER).div_ceil(100) + 2 * MARGIN;
    let height = BAR + lines.len() * LINE + MARGIN;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-labelledby="title">
<!-- Drawn by host/tests/docs/terminal.rs -->
<title id="title">{COMMAND}</title>
<style>
  text {{ font: 13px ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; fill: #e6edf3; white-space: pre }}
  .bold {{ font-weight: 700 }}
  .red {{ fill: #ff7b72 }}
  .green {{ fill: #3fb950 }}
  .yellow {{ fill: #d29922 }}
  .cyan {{ fill: #39c5cf }}
</style>
<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>
<circle cx="20" cy="18" r="6" fill="#ff5f57"/><circle cx="40" cy="18" r="6" fill="#febc2e"/><circle cx="60" cy="18" r="6" fill="#28c840"/>
"##
    );
    for (index, line) in lines.iter().enumerate() {
        let y = BAR + index * LINE + 14;
        let spans = line.iter().map(|(text, class)| match *class {
            "" => escaped(text),
            class => format!(r#"<tspan class="{class}">{}</tspan>"#, escaped(text)),
        });
        let text: String = spans.collect();
        svg += &format!("<text x=\"{MARGIN}\" y=\"{y}\" xml:space=\"preserve\">{text}</text>\n");
    }
    svg + "</svg>\n"
}

#[test]
fn the_recording_shows_what_is_printed() {
    let folder = commands::workplace();
    let output = commands::run(RUN, folder.path());
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut lines = vec![vec![("$ ".to_owned(), "green"), (COMMAND.to_owned(), "bold")]];
    lines.extend(printed.lines().map(pieces));
    page::bless(RECORDING, &drawn(&lines));
}
