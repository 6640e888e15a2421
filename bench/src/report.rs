//! What was measured, next to what it may be.

use std::fmt;

/// A table of measurements.
#[derive(Default)]
pub struct Report(Vec<Row>);

struct Row {
    name: String,
    /// The two times that make a ratio, in µs.
    times: Option<(f64, f64)>,
    value: f64,
    limit: f64,
    is_judged: bool,
}

impl Report {
    /// A time in µs, as a multiple of another.
    pub fn ratio(&mut self, name: &str, time: f64, base: f64, limit: f64) {
        self.0.push(Row {
            name: name.to_owned(),
            times: Some((time, base)),
            value: time / base,
            limit,
            is_judged: true,
        });
    }

    /// A time by the clock. It is shown but not judged, as it depends on the machine.
    pub fn clock(&mut self, name: &str, value: f64, limit: f64) {
        self.0.push(Row { name: name.to_owned(), times: None, value, limit, is_judged: false });
    }

    /// An amount.
    pub fn limit(&mut self, name: &str, value: f64, limit: f64) {
        self.0.push(Row { name: name.to_owned(), times: None, value, limit, is_judged: true });
    }

    /// Whether all is within its limits.
    pub fn holds(&self) -> bool {
        self.0.iter().all(|row| row.holds() || !row.is_judged)
    }
}

impl Row {
    fn holds(&self) -> bool {
        self.value <= self.limit
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| measured | µs | of µs | value | at most | |")?;
        writeln!(f, "|---|---:|---:|---:|---:|---|")?;
        for row in &self.0 {
            let [time, base] = match row.times {
                Some((time, base)) => [time, base].map(|time| format!("{time:.1}")),
                None => Default::default(),
            };
            let verdict = if row.holds() { "" } else { "over" };
            writeln!(f, "| {} | {time} | {base} | {:.2} | {:.2} | {verdict} |", row.name, row.value, row.limit)?;
        }
        Ok(())
    }
}
