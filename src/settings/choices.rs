//! Settings that are one of some words.

/// A word that a setting may be.
#[derive(Debug)]
pub struct Choice<T> {
    /// The word.
    pub word: &'static str,
    /// What it stands for.
    pub value: T,
    /// What it means, as people read it.
    #[cfg(feature = "describe")]
    pub meaning: &'static str,
}

/// The words that a setting may be, the default first.
pub type Choices<T> = &'static [Choice<T>];

impl<T: Copy> Choice<T> {
    /// A word, what it stands for, and what it means, as people read it. The module has no use for the meaning.
    #[cfg_attr(not(feature = "describe"), allow(unused_variables))]
    pub const fn new(word: &'static str, value: T, meaning: &'static str) -> Self {
        Self {
            word,
            value,
            #[cfg(feature = "describe")]
            meaning,
        }
    }
}

/// Returns the value of a word. The error says which words there are, in words that follow the one itself.
pub fn choose<T: Copy>(word: &str, choices: &[Choice<T>]) -> Result<T, String> {
    let known = || choices.iter().map(|choice| choice.word).collect::<Vec<_>>().join(", ");
    let found = choices.iter().find(|choice| choice.word == word);
    found.map(|choice| choice.value).ok_or_else(|| format!("is none of {}", known()))
}
