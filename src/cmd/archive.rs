//! `digest archive`: the issues as pages that everybody may read, in a folder for any web server.

mod older;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sejong_digest::archive::card::{self, ArchiveCard};
use sejong_digest::archive::edition::WebEdition;
use sejong_digest::archive::folder::{self, BuiltFolder, FolderError};
use sejong_digest::archive::links::{self, BrokenLink, LinkLacks};
use sejong_digest::archive::{ArchivePages, ArchiveSite, pictures};
use sejong_digest::delivery::ledger::editions::{EditionHead, ShownIssues};
use sejong_digest::delivery::ledger::{STEPS, editions, withdrawn};
use sejong_digest::diagnostic::{Diagnostic, counted};
use sejong_digest::issue::image::Image;
use sejong_digest::issue::load::ArchiveStanding;
use sejong_digest::issue::{Issue, Pictures, load};
use sejong_digest::picture::card::faces::{self, CardFaces};
use sejong_digest::store::{Store, StoreAddress, StoreError};
use sejong_digest::web::base::BaseUrl;
use sejong_digest::web::live::StandingOf;

use super::failure::{Ending, Exit, Failure};
use super::files::{self, Readable, describe};
use super::subscribers::place;
use super::workspace::Workspace;
use super::{Global, looking, print, runtime};

/// Issues as pages that everybody may read
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Build(ArchiveBuild),
    Check(ArchiveCheck),
}

const BUILD: &str = "\
Write the pages of all issues that were sent, for any web server

What readers got is what the pages show: of each issue the newest text that somebody has. [archive]
publish in digest.toml says which issues; archive = false in an issue.toml leaves that one out. The
folder belongs under base_url. It is brought up to date: what has not changed is not written again,
and no file is touched that this command did not write. `digest serve` answers with the same pages.";

/// Write the pages of all issues that were sent, for any web server
#[derive(Debug, clap::Args)]
#[command(long_about = BUILD)]
struct ArchiveBuild {
    /// The folder, made if need be
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// The store [default: that of digest.toml]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// Look for broken links and missing pictures in a folder that `archive build` wrote
#[derive(Debug, clap::Args)]
struct ArchiveCheck {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Runs `digest archive`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    match &args.command {
        Command::Build(args) => build(global, args),
        Command::Check(args) => check(&args.folder),
    }
}

/// What the pages say of the publication.
pub(super) fn site(workspace: &Workspace, base: &BaseUrl) -> Result<ArchiveSite, Failure> {
    let config = &workspace.config;
    let faces = if config.archive.has_cards {
        let faces = card_faces(workspace).map_err(|problems| {
            print::problems(&problems);
            Failure::checks("a font of card_fonts cannot be used")
        });
        Some(faces?)
    } else {
        None
    };
    Ok(ArchiveSite {
        name: config.publication.name.clone(),
        language: config.publication.language.clone(),
        organization: config.publication.organization.clone(),
        contact: config.sender.contact().address.to_string(),
        base_url: base.to(""),
        path: base.path().to_owned(),
        has_form: config.form.is_some(),
        theme: config.theme.clone(),
        faces,
    })
}

/// What cards are drawn with: the fonts of the publication, and ours.
pub(super) fn card_faces(workspace: &Workspace) -> Result<CardFaces, Vec<Diagnostic>> {
    let (mut fonts, mut problems) = (Vec::new(), Vec::new());
    for (at, (path, place)) in workspace.config.card_fonts.iter().enumerate() {
        if at >= faces::MOST {
            let what = format!("{path} is one font too many: {} are read for cards", faces::MOST);
            let error = Diagnostic::error("card-font", what).at(place.clone());
            problems.push(error.help("leave it out, or put signs that you need into another font"));
            continue;
        }
        let file = workspace.root.join(path);
        let what = match sejong_digest::files::read_inside(&workspace.root, &file, faces::MAX_BYTES)
        {
            Ok(bytes) if faces::is_face(&bytes) => {
                fonts.push(bytes);
                continue;
            }
            Ok(_) => format!("{path} is not a font that cards can be drawn with"),
            Err(error) => format!("the font {path} cannot be read: {error}"),
        };
        let help =
            "name a .ttf or .otf file of the publication's folder; .woff and .woff2 are not read";
        problems.push(Diagnostic::error("card-font", what).at(place.clone()).help(help));
    }
    if problems.is_empty() { Ok(CardFaces::of(fonts)) } else { Err(problems) }
}

/// Whether an issue has been taken back since it was sent.
pub(super) fn standing(workspace: &Workspace) -> StandingOf {
    let publication = workspace.config.publication.clone();
    Arc::new(move |name: &str| load::archive_standing(&publication, name))
}

fn build(global: &Global, args: &ArchiveBuild) -> Ending {
    let workspace = Workspace::open(global)?;
    let base = BaseUrl::read(workspace.config.sender.base_url()).ok_or_else(|| {
        Failure::checks(format!("no page can be at {}", workspace.config.sender.base_url()))
            .help("base_url is an address without ? and #, such as https://news.example.org")
    })?;
    files::stays_here(&args.out)?;
    let site = site(&workspace, &base)?;
    let built = runtime()?.block_on(pages(&workspace, args, &site))?;
    tell(&built, &args.out, &base)
}

async fn pages(
    workspace: &Workspace,
    args: &ArchiveBuild,
    site: &ArchiveSite,
) -> Result<BuiltFolder, Failure> {
    let address = place(workspace, args.store.as_deref())?;
    if !address.is_there() {
        let what = format!("there is no {}, so no issue was sent", files::describe_store(&address));
        return Err(Failure::new(what).help(
            "run `digest archive build` where issues are sent from, or name the store with --store",
        ));
    }
    let mut store = Store::read(&address, &STEPS).await.map_err(looking::unusable)?;
    let shown = workspace.config.archive.built();
    let all = editions::heads(&store, shown).await?;
    let made = older::make(workspace, &store, &all).await;
    if !made.is_empty() {
        store.close().await;
        keep_made(&address, &made).await;
        store = Store::read(&address, &STEPS).await.map_err(looking::unusable)?;
    }
    let heads = heads(workspace, &store, shown).await?;
    let key = editions::key(site, &heads);
    let current = folder::is_current(&args.out, &key);
    let mut issues = Vec::with_capacity(heads.len());
    for head in &heads {
        issues.extend(editions::load(&store, head).await?);
        // Only whether there is one.
        if current.is_some() && !issues.is_empty() {
            break;
        }
    }
    let is_none_left = editions::heads(&store, shown).await?.is_empty();
    store.close().await;
    if issues.is_empty() {
        print::note(none_shown(shown, is_none_left));
    }
    if let Some(built) = current {
        return Ok(built);
    }
    let pages = ArchivePages::of(site, issues);
    let picture = |path: &str, hash: &str| pictures::find(&workspace.root, path, hash);
    let card = |card: &ArchiveCard| card.png(site, &workspace.root);
    if let Some(words) = card::told(&pages.untitled) {
        print::note(&words);
    }
    folder::write(&args.out, site, &key, &pages, &picture, &card).map_err(failed)
}

/// Writes down what the ledger lacks of older issues. Without it their pages are the mails.
async fn keep_made(address: &StoreAddress, made: &[older::EditionMade]) {
    let written = match Store::open(address, &STEPS).await {
        Ok(store) => {
            let written = older::write(&store, made).await;
            store.close().await;
            written
        }
        Err(error) => Err(error),
    };
    tell_unkept(written);
}

fn tell_unkept(written: Result<(), StoreError>) {
    if let Err(error) = written {
        print::note(&format!(
            "the articles of older issues have no pages yet: {error}. It is tried again by the next \
             `digest archive build` or `digest serve`"
        ));
    }
}

/// Makes what the ledger lacks of older issues, for a server that is about to begin.
pub(super) async fn complete(workspace: &Workspace, store: &Store) -> Result<(), Failure> {
    let heads = editions::heads(store, workspace.config.archive.served()).await?;
    let made = older::make(workspace, store, &heads).await;
    tell_unkept(older::write(store, &made).await);
    Ok(())
}

/// The texts that are shown. Which issues were taken back is written down, and which folders are missing
/// is told.
async fn heads(
    workspace: &Workspace,
    store: &Store,
    shown: ShownIssues,
) -> Result<Vec<EditionHead>, Failure> {
    let standing = standing(workspace);
    let mut heads = editions::heads(store, shown).await?;
    let known = withdrawn::known(store).await?;
    let news = withdrawn::retain(&mut heads, &known, &*standing);
    if !news.is_empty() {
        // The other one only reads.
        let writing = Store::open(store.address(), &STEPS).await;
        let written = match &writing {
            Ok(writing) => news.write(writing).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Ok(writing) = writing {
            writing.close().await;
        }
        if let Err(error) = written {
            print::note(&format!(
                "the store does not know what was taken off the web or put back: {error}. Keep the \
                 folder of each such issue"
            ));
        }
    }
    for EditionHead { issue, .. } in &heads {
        let lacks = match standing(issue) {
            ArchiveStanding::Missing => "is not there",
            ArchiveStanding::Unreadable => "cannot be read",
            ArchiveStanding::Shown | ArchiveStanding::Withdrawn => continue,
        };
        print::note(&format!(
            "issues/{issue}/issue.toml {lacks}, so {issue} stays on the web; archive = false in a file of \
             that name takes it off"
        ));
    }
    Ok(heads)
}

/// Why no issue is shown.
fn none_shown(shown: ShownIssues, is_none_there: bool) -> &'static str {
    match shown {
        ShownIssues::None => "no issue is shown: [archive] in digest.toml says publish = \"none\"",
        ShownIssues::Sent if is_none_there => "no issue is shown: nobody has one yet",
        ShownIssues::All if is_none_there => "no issue is shown: no send was planned yet",
        _ => "no issue is shown: archive = false in issue.toml keeps each of them off the web",
    }
}

fn failed(error: FolderError) -> Failure {
    let help = error.help();
    Failure::new(error.to_string()).help(help)
}

fn tell(built: &BuiltFolder, folder: &Path, base: &BaseUrl) -> Ending {
    let BuiltFolder { files, written, removed, missing } = built;
    let files = counted(*files as u64, "file");
    let removed = match removed {
        0 => String::new(),
        removed => format!(", {removed} removed"),
    };
    print::words(&format!(
        "{files} in {} for {}: {written} written{removed}\n",
        describe(folder),
        base.to("/")
    ))?;
    if missing.is_empty() {
        return Ok(Exit::Done);
    }
    for path in missing {
        print::note(&format!("the picture {path} is missing"));
    }
    Err(Failure::checks("pages show pictures that are not there").help(format!(
        "`digest render ISSUE --assets {}` writes an issue's pictures, if its files are as they were \
         when it was sent",
        pictures::PUBLISHED
    )))
}

fn check(folder: &Path) -> Ending {
    let (broken, looked_at) = links::check(folder).map_err(failed)?;
    for BrokenLink { page, address, lacks } in &broken {
        let what = match lacks {
            _ if address.is_empty() => "is missing".to_owned(),
            LinkLacks::File => format!("{address} leads to nothing"),
            LinkLacks::Place => format!("{address} leads to a place that the page does not have"),
        };
        print::words(&format!("{page}: {what}\n"))?;
    }
    if broken.is_empty() {
        let links = counted(looked_at as u64, "link");
        print::words(&format!("{links} within {} lead somewhere\n", describe(folder)))?;
        return Ok(Exit::Done);
    }
    let count = counted(broken.len() as u64, "broken link");
    Err(Failure::checks(format!("{} has {count}", describe(folder)))
        .help("run `digest archive build` again; a link that an author wrote is corrected in the next issue"))
}

/// Keeps the pictures of an issue that is about to be sent: those that its mail fetches, and those that
/// the archive will show. The send does not wait for it to work: they can be written later.
pub(super) fn keep_pictures(workspace: &Workspace, issue: &Issue) {
    let shown = workspace.config.archive.served();
    if shown == ShownIssues::None || !issue.archive {
        return;
    }
    let edition = WebEdition::of(&workspace.config.publication, issue);
    let is_public = |image: &&Image| {
        issue.pictures == Pictures::Hosted || edition.pictures.contains_key(&image.sent.path)
    };
    for image in issue.images.iter().filter(is_public) {
        let path = pictures::place(&workspace.root, &image.sent.path);
        if std::fs::read(&path).is_ok_and(|there| there == image.sent.bytes[..]) {
            continue;
        }
        let made = path.parent().map_or(Ok(()), files::make_folder).map_err(Failure::from);
        let kept =
            made.and_then(|()| files::replace(&path, &image.sent.bytes, Readable::Everybody));
        if let Err(failure) = kept {
            print::note(&format!(
                "a picture for the archive could not be kept: {}. `digest render {} --assets {}` \
                 writes it later",
                failure.message,
                issue.name,
                pictures::PUBLISHED
            ));
            return;
        }
    }
}
