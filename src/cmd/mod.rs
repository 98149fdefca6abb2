//! The verbs of `digest`, a file each: arguments -> a room's options -> a library call -> a printed
//! report. clap and printing live here and nowhere else; what is right or wrong about an issue or a
//! message is decided in the library.

mod amend;
mod archive;
mod bounces;
mod check;
mod clock;
mod workspace;
mod dkim;
mod doctor;
mod gate;
mod failure;
mod files;
mod init;
mod looking;
mod new;
mod pictures;
mod plan;
pub(crate) mod print;
mod published;
mod readers;
mod receipts;
mod reconcile;
mod relays;
mod render;
mod secret;
mod send;
mod serve;
mod status;
mod stop_signals;
mod store;
mod subscribers;
mod test;
mod who;

use std::path::PathBuf;

use sejong_digest::fetch::Reach;

use failure::{Ending, Failure};

const EXAMPLES: &str = "\
Examples:
  digest init my-newsletter
  digest --publication my-newsletter check";

/// Compose an email newsletter from Markdown kept in git, and deliver it so that nobody is lost.
#[derive(Debug, clap::Parser)]
#[command(name = "digest", version, max_term_width = 100, subcommand_required = true)]
#[command(arg_required_else_help = true, after_long_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every verb understands.
#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// The publication's folder [default: this one or one above it]
    #[arg(long, value_name = "DIR", global = true, display_order = 100)]
    publication: Option<PathBuf>,
    /// Say what is done; -vv shows SMTP, without passwords
    #[arg(short, long, action = clap::ArgAction::Count, global = true, display_order = 100)]
    verbose: u8,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Init(init::Args),
    New(new::Args),
    Check(check::Args),
    Render(render::Args),
    Test(test::Args),
    Plan(plan::Args),
    Send(send::Args),
    Amend(amend::Args),
    Serve(serve::Args),
    Archive(archive::Args),
    Status(status::Args),
    Subscribers(subscribers::Args),
    Who(who::Args),
    Reconcile(reconcile::Args),
    Bounces(bounces::Args),
    Doctor(doctor::Args),
    Dkim(dkim::Args),
    Secret(secret::Args),
    Store(store::Args),
}

/// How a command that others keep running writes to stderr.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct LogOptions {
    /// Say what is said on stderr as text, or as json: an object on each line, without addresses
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", hide_short_help = true)]
    #[arg(hide_possible_values = true)]
    log_format: print::LogFormat,
}

impl Command {
    fn log_format(&self) -> print::LogFormat {
        match self {
            Command::Serve(args) => args.log.log_format,
            Command::Send(args) => args.log.log_format,
            Command::Amend(args) => args.log.log_format,
            Command::Bounces(args) => args.log_format(),
            _ => print::LogFormat::Text,
        }
    }
}

/// Runs one command.
pub(crate) fn run(cli: Cli) -> Ending {
    print::choose(cli.command.log_format());
    trace(cli.global.verbose)?;
    outlive_the_limit();
    let global = &cli.global;
    match cli.command {
        Command::Init(args) => init::run(global, &args),
        Command::New(args) => new::run(global, &args),
        Command::Check(args) => check::run(global, &args),
        Command::Render(args) => render::run(global, &args),
        Command::Test(args) => test::run(global, &args),
        Command::Plan(args) => plan::run(global, &args),
        Command::Send(args) => send::run(global, &args),
        Command::Amend(args) => amend::run(global, args),
        Command::Serve(args) => serve::run(global, &args),
        Command::Archive(args) => archive::run(global, &args),
        Command::Status(args) => status::run(global, &args),
        Command::Subscribers(args) => subscribers::run(global, &args),
        Command::Who(args) => who::run(global, &args),
        Command::Reconcile(args) => reconcile::run(global, &args),
        Command::Bounces(args) => bounces::run(global, &args),
        Command::Doctor(args) => doctor::run(global, &args),
        Command::Dkim(args) => dkim::run(global, &args),
        Command::Secret(args) => secret::run(global, &args),
        Command::Store(args) => store::run(global, &args),
    }
}

/// What connections and the ledger run on: one thread. A message costs it about 0.1 ms, so that the
/// relay is the bottleneck; with two, a third of the time went to waking the other. SQLite and the
/// signing of messages have threads of their own.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// SIGXFSZ comes where a limit on the size of files (`ulimit -f`) is reached, and kills whoever does
/// not take it, before anything can be told or written down. Where it is taken, the write itself
/// fails, as on a full disk.
#[cfg(any(
    target_os = "macos",
    target_os = "freebsd",
    all(target_os = "linux", not(any(target_arch = "mips", target_arch = "mips64")))
))]
fn outlive_the_limit() {
    use tokio::signal::unix::{SignalKind, signal};
    const SIGXFSZ: i32 = 25;
    let Ok(runtime) = runtime() else { return };
    let _inside = runtime.enter();
    // Once taken, it stays so. Without it, the limit kills as before.
    let _ = signal(SignalKind::from_raw(SIGXFSZ));
}

#[cfg(not(any(
    target_os = "macos",
    target_os = "freebsd",
    all(target_os = "linux", not(any(target_arch = "mips", target_arch = "mips64")))
)))]
fn outlive_the_limit() {}

/// Whom a flag lets us ask.
fn reach(allow_private: bool) -> Reach {
    if allow_private { Reach::Private } else { Reach::Public }
}

/// Sends traces to stderr. Only our own: what TLS says of itself helps nobody here, and the rooms
/// never trace a password or a message's text.
fn trace(verbose: u8) -> Result<(), Failure> {
    let level = match verbose {
        0 => return Ok(()),
        1 => "sejong_digest=debug,digest=debug",
        _ => "sejong_digest=trace,digest=trace",
    };
    let filter = tracing_subscriber::EnvFilter::try_new(level)?;
    let traces = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    let begun = if print::is_for_programs() {
        traces.event_format(print::TracesInJson).try_init()
    } else {
        traces.with_writer(|| print::Traces).try_init()
    };
    begun.map_err(|error| Failure::new(error.to_string()))
}
