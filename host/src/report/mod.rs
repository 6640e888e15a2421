//! Shows reviews to a person, or to a program as JSON Lines, SARIF or JUnit XML.

pub mod summary;
pub mod output;
pub mod text;
pub mod json;
pub mod sarif;
pub mod junit;
