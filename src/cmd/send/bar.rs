//! Progress: a bar on a terminal, a line every ten seconds in a pipe.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use sejong_digest::delivery::duration;
use sejong_digest::delivery::run::Progress;
use sejong_digest::diagnostic::counted;
use sejong_digest::diagnostic::log::LogEntry;
use sejong_digest::diagnostic::visible::visible;
use sejong_digest::store::Store;

use crate::cmd::files::describe_store;
use crate::cmd::print;

/// A server that takes longer to answer is told.
const SILENCE: Duration = Duration::from_secs(5);
const TEMPLATE: &str = "{bar:30} {pos}/{len} · {msg}";

/// Takes the bar away however the drawing ends.
struct Bar(ProgressBar);

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Draws until it is aborted.
pub(super) async fn draw(progress: Arc<Progress>, store: Store, to_send: u64) {
    let started = Instant::now();
    if print::is_for_programs() || !std::io::stderr().is_terminal() {
        loop {
            tokio::time::sleep(Duration::from_secs(10)).await;
            let settled = progress.settled.load(Ordering::Relaxed);
            let told = told(&progress, &store, started, to_send);
            let notice = LogEntry::new("progress", format!("{settled}/{to_send} · {told}"));
            let failed = progress.failed.load(Ordering::Relaxed);
            let notice = notice.with("settled", settled).with("to_send", to_send);
            print::notice(&notice.with("not_accepted", failed));
        }
    }
    let bar = Bar(ProgressBar::new(to_send));
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.0.set_style(style.progress_chars("━╸ "));
    }
    loop {
        bar.0.set_position(progress.settled.load(Ordering::Relaxed));
        bar.0.set_message(visible(&told(&progress, &store, started, to_send)).into_owned());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// `the store … has not answered for 20 seconds`, where it is silent for long.
pub(super) fn silent(store: &Store, at_least: Duration) -> Option<String> {
    let silence = store.unanswered().filter(|silence| *silence >= at_least)?;
    let (store, seconds) = (describe_store(store.address()), silence.as_secs());
    Some(format!("the store {store} has not answered for {}", counted(seconds, "second")))
}

/// `1200/s · 14 s left · 3 not accepted`.
fn told(progress: &Progress, store: &Store, started: Instant, to_send: u64) -> String {
    // Nothing leaves without it, whatever the relays say.
    if let Some(silence) = silent(store, SILENCE) {
        return silence;
    }
    if let Some(trouble) = progress.trouble() {
        return trouble;
    }
    let settled = progress.settled.load(Ordering::Relaxed);
    let seconds = started.elapsed().as_secs_f64().max(0.001);
    let rate = settled as f64 / seconds;
    let mut text = match settled {
        0 => "connecting".to_owned(),
        _ => {
            let left = to_send.saturating_sub(settled) as f64 / rate;
            format!("{rate:.0}/s · {} left", duration::about(left))
        }
    };
    let failed = progress.failed.load(Ordering::Relaxed);
    if failed > 0 {
        text.push_str(&format!(" · {failed} not accepted"));
    }
    text
}
