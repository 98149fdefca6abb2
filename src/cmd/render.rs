//! `digest render`: one issue as one reader gets it, as HTML, plain text or the message itself.
//!
//! The bytes come from the same composition and the same splicing as those of a send.

use std::path::{Path, PathBuf};

use sejong_digest::compose::Composition;
use sejong_digest::config::Secret;
use sejong_digest::issue::Pictures;
use sejong_digest::issue::topics::{self, TopicChoice};
use sejong_digest::message::recipient::Recipient;
use sejong_digest::message::splice::{SpliceError, Template, part_text};

use super::failure::{Ending, Exit, Failure};
use super::files::Readable;
use super::gate::Gate;
use super::readers::ListArgs;
use super::workspace::Workspace;
use super::{Global, clock, files, pictures, print, readers, runtime};

const LONG: &str = "\
Show an issue as a reader gets it

The result goes to stdout, the problems of the issue go to stderr. The issue is shown even if it
has errors. The exit code is 3 only if it cannot be composed, or if the reader named with --as has
no value for a slot that has no fallback.

A page that is written with -o shows its pictures before they are published: they are written into
a folder beside it, such as issue-pictures/ for issue.html. So are those that are inside the mail.
With --assets, and on stdout, a page fetches the others from under base_url, as readers do.

Without --as, the reader is somebody without any fields: you see the fallbacks, a slot without a
fallback shows the name of its field in « », and the unsubscribe link does not work. With --as, you
see the message exactly as this person would get it, with their own unsubscribe link.";

const EXAMPLES: &str = "\
Examples:
  digest render 2025-11 > issue.html
  digest render 2025-11 --format text
  digest render 2025-11 -o issue.html --assets public
  digest render 2025-11 --format eml --as kim@example.org -o kim.eml";

/// Show an issue as a reader gets it
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// A folder in issues/, or a path
    issue: String,
    /// Write to this file, completely or not at all [default: stdout]
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// The form to show [default: html]
    #[arg(long, value_name = "FORMAT", default_value = "html", hide_default_value = true)]
    #[arg(value_enum)]
    format: RenderFormat,
    /// Write the pictures of the mail into this folder, to be published under base_url
    #[arg(long, value_name = "DIR")]
    assets: Option<PathBuf>,
    /// Show it as this reader gets it
    #[arg(long = "as", value_name = "ADDRESS")]
    reader: Option<String>,
    /// Show it as somebody with these topics gets it: -events;-jobs (all but these), events (only
    /// this), none
    #[arg(long, value_name = "TOPICS", allow_hyphen_values = true)]
    topics: Option<TopicChoice>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum RenderFormat {
    /// The complete HTML of the mail
    Html,
    /// Its plain text part
    Text,
    /// The message as it is sent, with its headers
    Eml,
}

/// Runs `digest render`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?.of_strangers();
    let draft = Gate::default().read(&workspace, &args.issue);
    draft.show();
    let (issue, mut composition) = draft.composed()?;
    let base_url = &workspace.config.publication.base_url;
    let page = args.output.as_deref().filter(|path| *path != Path::new("-"));
    if let Some(folder) = &args.assets {
        pictures::publish(&issue, base_url, folder)?;
    }
    // What travels inside the message is published nowhere.
    let is_fetched = args.assets.is_some() && issue.pictures == Pictures::Hosted;
    let shown = match (page, args.format) {
        (Some(page), RenderFormat::Html) if !is_fetched => {
            pictures::beside(&mut composition, &issue, base_url, page)?
        }
        _ => None,
    };
    let (identity, recipient) = match &args.reader {
        Some(address) => {
            let runtime = runtime()?;
            readers::tell_left_out_store(&workspace)?;
            let list = runtime.block_on(args.list.place(&workspace))?;
            // Only the message itself is signed: who looks at its text needs no key.
            let signers = match args.format {
                RenderFormat::Eml => workspace.signers()?,
                RenderFormat::Html | RenderFormat::Text => Vec::new(),
            };
            let options = args.list.options(&workspace);
            let address = std::slice::from_ref(address);
            let found = readers::at_addresses("--as", address, list.as_ref(), options);
            let secret = runtime.block_on(workspace.trial_secret())?;
            let recipient = runtime.block_on(found)?.remove(0);
            runtime.block_on(tell_suppressed(&workspace, &recipient));
            (workspace.identity(&secret, signers), recipient)
        }
        // Looking at an issue makes no file, and gives the same bytes on every machine.
        None => {
            let identity = workspace.identity(&Secret::for_nobody(), Vec::new());
            (identity, readers::anybody(&composition)?)
        }
    };
    let recipient = with_topics(args.topics.as_ref(), recipient, &workspace)?;
    readers::tell_left_out(&issue, args.reader.as_deref().unwrap_or("this reader"), &recipient);
    let now = clock::now_in(&workspace.config.time_zone);
    let template = Template::new(&composition, identity, &clock::occasion(&now, false)?);
    let bytes = rendered(&template, &composition, &recipient, args.format).map_err(unspliced)?;
    match page {
        Some(path) => {
            // What is for one reader holds links that act for a person.
            let readable = match args.reader {
                Some(_) => Readable::Owner,
                None => Readable::Everybody,
            };
            files::replace(path, &bytes, readable)?;
            let with = shown.map_or(String::new(), |folder| {
                format!("; its pictures are in {}/", files::describe(&folder))
            });
            print::note(&format!("written to {}{with}", files::describe(path)));
            if let Some(reader) = &args.reader {
                print::note(&format!(
                    "do not publish it: its link to unsubscribe acts for {reader}"
                ));
            }
        }
        _ => print::made(&bytes)?,
    }
    Ok(Exit::Done)
}

/// The reader with the topics that were asked for, if the publication has them.
fn with_topics(
    choice: Option<&TopicChoice>,
    reader: Recipient,
    workspace: &Workspace,
) -> Result<Recipient, Failure> {
    let Some(choice) = choice else { return Ok(reader) };
    let topics = &workspace.config.publication.topics;
    let unknown = choice.names().find(|name| topics.iter().all(|topic| topic.name != *name));
    match unknown {
        Some(name) => Err(Failure::usage(format!("--topics: digest.toml has no topic {name:?}"))
            .help(topics::instead(name, topics))),
        None => Ok(reader.with(topics::FIELD, &choice.to_string())),
    }
}

/// Says that no send goes to this reader. Whoever only looks is not stopped by that, nor by a store
/// that cannot be read.
async fn tell_suppressed(workspace: &Workspace, recipient: &Recipient) {
    let addresses = std::iter::once(recipient.address());
    match readers::suppressions(workspace, addresses).await {
        Ok(found) => found.iter().for_each(|(address, one)| {
            if one.is_of_forgotten() {
                return print::note(&format!("{address} was forgotten and gets no mail"));
            }
            let zone = &workspace.config.time_zone;
            let since = clock::minute(one.at, zone);
            print::note(&format!(
                "{address} is suppressed since {since} ({}) and gets no mail: {}",
                one.reason, one.why
            ));
        }),
        Err(error) => print::note(&format!(
            "it is not known whether {} is suppressed: {}",
            recipient.address(),
            error.message
        )),
    }
}

fn rendered(
    template: &Template,
    composition: &Composition,
    recipient: &Recipient,
    format: RenderFormat,
) -> Result<Vec<u8>, SpliceError> {
    Ok(match format {
        RenderFormat::Html => part_text(template, &composition.html, recipient)?.into_bytes(),
        RenderFormat::Text => part_text(template, &composition.text, recipient)?.into_bytes(),
        RenderFormat::Eml => template.splice(recipient)?.bytes,
    })
}

fn unspliced(error: SpliceError) -> Failure {
    match &error {
        SpliceError::Unfilled(unfilled) => {
            let field = &unfilled.field;
            let help = format!(
                "give the slot a fallback, such as {{{{ {field} | … }}}}, or add the field to the \
                 list"
            );
            Failure::checks(error.to_string()).help(help)
        }
        SpliceError::Unsigned(_) => Failure::new(error.to_string()),
    }
}
