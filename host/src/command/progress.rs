//! A bar on the terminal while a review takes long.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Reviews that take less show none.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far a review is.
pub struct Progress {
    started: Instant,
    bar: ProgressBar,
    /// Whether standard error is a terminal, where the bar shows.
    is_shown: bool,
    total: u64,
    objects: usize,
}

impl Progress {
    /// Starts with this number of files ahead.
    pub fn new(total: usize, is_shown: bool) -> Self {
        Self { started: Instant::now(), bar: ProgressBar::hidden(), is_shown, total: total as u64, objects: 0 }
    }

    /// An object is done.
    pub fn object(&mut self) {
        self.objects += 1;
        if self.is_shown && self.bar.is_hidden() && self.started.elapsed() > PATIENCE {
            let template = "{bar:24} {pos}/{len} files  {msg}";
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let done = self.bar.position();
            self.bar = ProgressBar::new(self.total).with_style(style).with_position(done);
        }
        self.bar.set_message(format!("{} objects", self.objects));
    }

    /// A file is done.
    pub fn file(&self) {
        self.bar.inc(1);
    }

    /// Prints something without the bar in its way.
    pub fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
