//! Settings that are one of some words.

/// The values that a setting may have, the default first.
pub type Choices<T> = &'static [(&'static str, T)];

/// The value of a word. The error says which words there are, in words that follow the one itself.
pub fn choose<T: Copy>(word: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let known = || choices.iter().map(|(choice, _)| *choice).collect::<Vec<_>>().join(", ");
    let found = choices.iter().find(|(choice, _)| *choice == word);
    found.map(|(_, value)| *value).ok_or_else(|| format!("is none of {}", known()))
}
