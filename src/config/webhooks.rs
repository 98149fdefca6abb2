//! `[[webhook]]` -> where providers of mail post what became of messages.

use std::path::{Path, PathBuf};

use super::wrong;
use crate::bounce::provider::MailProvider;
use crate::bounce::provider::sns::TopicArn;
use crate::diagnostic::Diagnostic;
use crate::files::{self, FileError};
use crate::manifest::{Located, Table};
use crate::web::hooks::{Hook, HookError};

/// What the topic of Amazon SES looks like.
const TOPIC_HELP: &str = "write the ARN that Amazon SNS shows of the topic, such as \
    topic = \"arn:aws:sns:eu-west-1:123456789012:digest\"";

/// A hook, still without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookConfig {
    name: String,
    provider: MailProvider,
    secret_file: Option<PathBuf>,
    topic: Option<TopicArn>,
}

/// Why a hook proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Nothing says what it is.
    #[error("[[webhook]] {0} has no secret: name a file with secret_file, or set {1}")]
    Missing(String, String),
    /// The system's reason.
    #[error("the secret of [[webhook]] {0} in {1} cannot be used: {2}")]
    File(String, PathBuf, FileError),
    /// It is of no use.
    #[error("the secret of [[webhook]] {0} cannot be used: {1}")]
    Secret(String, HookError),
}

impl WebhookConfig {
    /// The hook with its secret: asked for only by `digest serve`.
    ///
    /// # Errors
    /// A [`WebhookError`], which never holds the secret.
    pub fn hook(&self, environment: &[(String, String)]) -> Result<Hook, WebhookError> {
        let name = self.name.clone();
        if let Some(topic) = &self.topic {
            return Ok(Hook::of_topic(name, topic.clone()));
        }
        let variable = format!("DIGEST_WEBHOOK_SECRET_{}", name.to_ascii_uppercase());
        let given = environment.iter().find(|(known, _)| *known == variable);
        let secret = match (given, &self.secret_file) {
            (Some((_, secret)), _) => secret.clone(),
            (None, Some(path)) => match files::read_private(path) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(error) => return Err(WebhookError::File(name, path.clone(), error)),
            },
            (None, None) => return Err(WebhookError::Missing(name, variable)),
        };
        let hook = Hook::new(name.clone(), self.provider, &secret);
        hook.map_err(|error| WebhookError::Secret(name, error))
    }
}

/// The topic, which Amazon SES has in place of a secret.
fn topic_of(
    section: &mut Table,
    (provider, written): (MailProvider, &Located<String>),
    topic: Option<Located<String>>,
    secret_file: &Option<Located<String>>,
) -> Option<TopicArn> {
    if provider != MailProvider::Ses {
        if let Some(text) = topic {
            let what = format!("{} has no topic", provider.word());
            wrong(section, "wrong-value", what, &text, "take it out; \"ses\" alone has one");
        }
        return None;
    }
    if let Some(text) = secret_file {
        let what = "ses has no secret: Amazon signs what it posts".to_owned();
        wrong(section, "wrong-value", what, text, "take it out");
    }
    let Some(text) = topic else {
        wrong(section, "missing-key", "ses needs a topic".to_owned(), written, TOPIC_HELP);
        return None;
    };
    let topic = TopicArn::parse(&text.value);
    if topic.is_none() {
        let what = format!("{:?} is no topic of Amazon SNS", text.value);
        wrong(section, "wrong-value", what, &text, TOPIC_HELP);
    }
    topic
}

pub(super) fn read(
    table: &mut Table,
    root: &Path,
    problems: &mut Vec<Diagnostic>,
) -> Vec<WebhookConfig> {
    let mut hooks: Vec<WebhookConfig> = Vec::new();
    for mut section in table.tables("webhook") {
        let topic = section.text("topic");
        let names = MailProvider::ALL.map(|one| format!("{:?}", one.word())).join(", ");
        let written = section.required_text("provider", "add provider = \"postmark\"");
        let name = section.text("name");
        let secret_file = section.text("secret_file");
        if let Some(text) = &written {
            let known = MailProvider::ALL.into_iter().find(|one| one.word() == text.value);
            if known.is_none() {
                let what = format!("provider cannot be {:?}", text.value);
                wrong(&mut section, "wrong-value", what, text, &format!("write one of {names}"));
            }
            let name = name.as_ref().unwrap_or(text);
            let is_plain = |name: &str| {
                let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
                !name.is_empty() && name.len() <= 40 && name.chars().all(is_part)
            };
            let fault = if hooks.iter().any(|hook| hook.name == name.value) {
                Some(format!("{:?} stands twice", name.value))
            } else if known.is_some() && !is_plain(&name.value) {
                Some(format!("{:?} cannot be a part of the address", name.value))
            } else {
                None
            };
            let help = "add name = \"…\" with small letters a-z and digits, another one for each";
            match (fault, known) {
                (Some(what), _) => wrong(&mut section, "wrong-value", what, name, help),
                (None, Some(provider)) => {
                    let name = name.value.clone();
                    let topic = topic_of(&mut section, (provider, text), topic, &secret_file);
                    let secret_file = secret_file.map(|text| root.join(text.value));
                    hooks.push(WebhookConfig { name, provider, secret_file, topic });
                }
                (None, None) => {}
            }
        }
        section.finish(problems);
    }
    hooks
}
