//! Pictures on their way into a mail: prepared, with a bar where one waits for it, and written to
//! the folder that a web server publishes.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use sejong_digest::compose::{self, Composition};
use sejong_digest::config;
use sejong_digest::diagnostic::Diagnostic;
use sejong_digest::issue::{self, Issue, Pictures, Publication, percent};
use sejong_digest::picture::Cache;

use super::failure::Failure;
use super::files::{Readable, describe};
use super::{files, print};

/// Whoever waits for less wants no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// Prepares the issue's pictures, and says which cannot be decoded. No secret is made for the cache:
/// a clone that has none prepares them each time.
pub(crate) fn prepare(
    draft: &mut Issue,
    root: &Path,
    environment: &[(String, String)],
) -> Vec<Diagnostic> {
    let started = Instant::now();
    let on_terminal = !print::is_for_programs() && std::io::stderr().is_terminal();
    let bar = OnceLock::new();
    let made = |done: usize, all: usize| {
        if on_terminal && started.elapsed() > PATIENCE {
            bar.get_or_init(|| drawn(all)).set_position(done as u64);
        }
    };
    let widths = compose::widths(draft);
    // A secret that cannot be used is told by the commands that need it.
    let secret = config::known_secret(root, environment).ok().flatten();
    let cache = Cache::of(root, secret.as_ref().map(|secret| secret.newest().1));
    let problems = issue::image::prepare(&mut draft.images, &widths, &cache, &made);
    if let Some(bar) = bar.get() {
        bar.finish_and_clear();
    }
    problems
}

fn drawn(all: usize) -> ProgressBar {
    let bar = ProgressBar::new(all as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} pictures") {
        bar.set_style(style.progress_chars("━╸ "));
    }
    bar
}

/// Whether a caught message of `issue` would fetch pictures, and says where they are: `inside` the
/// message, or still on the web.
pub(crate) fn tell_caught(issue: &Issue, inside: bool, publication: &Publication) -> bool {
    if issue.pictures == Pictures::Embedded || issue.images.is_empty() {
        return false;
    }
    if inside {
        print::note("pictures are inside the caught messages, as they may not be published yet");
    } else {
        let base_url = &publication.base_url;
        print::note(&format!(
            "pictures are not inside the caught messages, which are too many: they are seen when \
             they are published under {base_url}/"
        ));
    }
    true
}

/// Lets a page that is written to `page` show pictures that are not published yet, or that travel
/// inside the message: they are written into a folder beside it. Returns that folder where there are pictures.
pub(crate) fn beside(
    composition: &mut Composition,
    issue: &Issue,
    base_url: &str,
    page: &Path,
) -> Result<Option<PathBuf>, Failure> {
    if issue.images.is_empty() {
        return Ok(None);
    }
    let Some(stem) = page.file_stem() else { return Ok(None) };
    let name = format!("{}-pictures", stem.to_string_lossy());
    let folder = page.with_file_name(&name);
    if folder.is_symlink() {
        let what = format!("{} is a link, and may lead to another folder", describe(&folder));
        return Err(Failure::new(what).help("remove it; the pictures get a folder there"));
    }
    write(issue, &folder)?;
    composition.fetch_pictures_from(issue, base_url, &format!("{}/", percent::path(&name)));
    Ok(Some(folder))
}

/// Writes every picture that the mail fetches, below `folder`, by its path under `base_url`. A file
/// that is there already with the same bytes is left alone.
pub(crate) fn publish(issue: &Issue, base_url: &str, folder: &Path) -> Result<(), Failure> {
    if issue.pictures == Pictures::Embedded {
        print::note("the pictures are inside the message, so there is nothing to publish");
        return Ok(());
    }
    write(issue, folder)?;
    let count = match issue.images.len() {
        0 => {
            print::note("the issue has no pictures to publish");
            return Ok(());
        }
        1 => "1 picture is".to_owned(),
        count => format!("{count} pictures are"),
    };
    print::note(&format!("{count} in {}; publish this folder as {base_url}/", describe(folder)));
    Ok(())
}

/// Writes the pictures below `folder`, each by its path.
fn write(issue: &Issue, folder: &Path) -> Result<(), Failure> {
    for image in &issue.images {
        let path = folder.join(&image.sent.path);
        if std::fs::read(&path).is_ok_and(|there| there == image.sent.bytes[..]) {
            continue;
        }
        if let Some(above) = path.parent() {
            let failed =
                |error| Failure::new(format!("{} cannot be made: {error}", above.display()));
            let below = above.ancestors().take_while(|place| *place != folder);
            if let Some(link) = below.filter(|place| place.is_symlink()).last() {
                let what = format!("{} is a link, and may lead to another folder", describe(link));
                return Err(Failure::new(what).help("remove it; the pictures get a folder there"));
            }
            files::make_folder(above).map_err(failed)?;
        }
        files::replace(&path, &image.sent.bytes, Readable::Everybody)?;
    }
    Ok(())
}
