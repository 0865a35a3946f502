//! Progress bars.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use wandb_rs::{Phase, Progress, RetryNotice};

use super::printer::Printer;

/// The interval between warnings about retries: many transfers may fail at once.
const WARNING_INTERVAL: Duration = Duration::from_secs(5);

/// One bar at a time on standard error: bytes, files, rate and time left.
#[derive(Debug, Default)]
pub(super) struct ProgressBars {
    current: Mutex<Option<ProgressBar>>,
    files: AtomicU64,
    all_files: AtomicU64,
    retries: RetryWarnings,
}

impl ProgressBars {
    fn with_bar(&self, step: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = &*self
            .current
            .lock()
            .expect("no thread panics while it holds the bar")
        {
            step(bar);
        }
    }
}

const fn title(phase: Phase) -> &'static str {
    match phase {
        Phase::Resolve => "Resolving",
        Phase::Hash => "Hashing",
        Phase::Upload => "Storing",
        Phase::Compare => "Comparing",
        Phase::Download => "Fetching",
        Phase::Verify => "Verifying",
        _ => "Working",
    }
}

impl Progress for ProgressBars {
    fn start(&self, phase: Phase, files: Option<u64>, bytes: Option<u64>) {
        let (bar, template) = match bytes {
            Some(bytes) => (
                ProgressBar::new(bytes),
                "{prefix:>9} [{bar:30}] {decimal_bytes}/{decimal_total_bytes} {msg} {decimal_bytes_per_sec} eta {eta}",
            ),
            None => (
                ProgressBar::new_spinner(),
                "{prefix:>9} {spinner} {msg} {elapsed}",
            ),
        };
        bar.set_style(
            ProgressStyle::with_template(template)
                .expect("the template is valid")
                .progress_chars("=> "),
        );
        bar.set_prefix(title(phase));
        bar.enable_steady_tick(Duration::from_millis(100));
        self.files.store(0, Ordering::Relaxed);
        self.all_files
            .store(files.unwrap_or_default(), Ordering::Relaxed);
        *self
            .current
            .lock()
            .expect("no thread panics while it holds the bar") = Some(bar);
    }

    fn advance(&self, files: u64, bytes: u64) {
        let done = self.files.fetch_add(files, Ordering::Relaxed) + files;
        let all = self.all_files.load(Ordering::Relaxed);
        self.with_bar(|bar| {
            bar.inc(bytes);
            if files != 0 {
                bar.set_message(if all == 0 {
                    format!("{done} objects")
                } else {
                    format!("{done}/{all} files")
                });
            }
        });
    }

    fn finish(&self, _phase: Phase) {
        self.with_bar(ProgressBar::finish_and_clear);
    }

    fn retrying(&self, notice: &RetryNotice) {
        let bar = self
            .current
            .lock()
            .expect("no thread panics while it holds the bar");
        match &*bar {
            Some(bar) => bar.suspend(|| self.retries.retrying(notice)),
            None => self.retries.retrying(notice),
        }
    }
}

/// Shows warnings about retries: the first one at once, then at most one per [`WARNING_INTERVAL`].
#[derive(Debug, Default)]
pub(super) struct RetryWarnings(Mutex<Option<Instant>>);

impl Progress for RetryWarnings {
    fn start(&self, _phase: Phase, _files: Option<u64>, _bytes: Option<u64>) {}

    fn advance(&self, _files: u64, _bytes: u64) {}

    fn finish(&self, _phase: Phase) {}

    fn retrying(&self, notice: &RetryNotice) {
        let mut last = self
            .0
            .lock()
            .expect("no thread panics while it holds the time");
        if last.is_none_or(|last| WARNING_INTERVAL <= last.elapsed()) {
            *last = Some(Instant::now());
            Printer::complain(&format!("warning: {notice}"));
        }
    }
}
