//! Texts that have to be short: Kubernetes cuts warnings.

/// Where Kubernetes cuts a warning, in characters: <https://pkg.go.dev/k8s.io/apiserver/pkg/warning>. Ours are shorter.
pub const WARNING_LIMIT: usize = 256;

/// Returns a text in which nothing moves the cursor, ends the line or turns the direction of what follows: whoever names an
/// object decides on a part of what others read in their terminals.
pub fn printable(text: String) -> String {
    let moves = |each: char| {
        each.is_control() || matches!(each, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    // Almost all texts are of plain letters.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.contains(moves) {
        return text;
    }
    text.chars().map(|each| if moves(each) { each.escape_default().to_string() } else { each.into() }).collect()
}

/// Returns a text that names as many things as fit into a warning, and one at least.
pub fn fitting(most: usize, text: &dyn Fn(usize) -> String) -> String {
    let mut named = most;
    loop {
        let text = text(named);
        if named == 1 || text.chars().count() < WARNING_LIMIT {
            return text;
        }
        named -= 1;
    }
}

/// Fits a text into a warning: the name of the object gives way first, as the user knows it best.
pub fn warning(object: &str, text: String) -> String {
    let excess = (text.chars().count() + 1).saturating_sub(WARNING_LIMIT);
    if excess == 0 {
        return text;
    }
    let rest = text.strip_prefix(object).unwrap_or(&text);
    let kept = object.chars().count().saturating_sub(excess + 1);
    let object: String = object.chars().take(kept).collect();
    let short: Vec<char> = format!("{object}…{rest}").chars().collect();
    match short.len() < WARNING_LIMIT {
        true => short.into_iter().collect(),
        false => short.into_iter().take(WARNING_LIMIT - 2).chain(['…']).collect(),
    }
}
