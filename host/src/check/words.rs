//! Numbers and lists in words.

/// How many details a finding shows at most.
const MOST_SHOWN: usize = 10;

/// A number of things: `1 Pod`, `2 Pods`.
pub fn counted(count: usize, what: &str) -> String {
    counted_as(count, what, &format!("{what}s"))
}

/// A number of things of which several have a name of their own: `2 policies`.
pub fn counted_as(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// The first details, and how many there are besides.
pub fn shown(details: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut details: Vec<String> = details.into_iter().collect();
    if details.len() > MOST_SHOWN {
        let more = format!("and {} more", details.len() - MOST_SHOWN);
        details.truncate(MOST_SHOWN);
        details.push(more);
    }
    details
}
