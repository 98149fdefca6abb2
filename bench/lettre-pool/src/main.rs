//! Sends COUNT personalised messages with lettre's own pool: the HTML and text of one composed
//! message, with a name and a link that differ, as a newsletter program would.
//!
//!     lettre-pool PORT COUNT CONNECTIONS HTML TEXT

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

struct Issue {
    html: String,
    text: String,
    from: Mailbox,
}

impl Issue {
    fn message(&self, at: usize) -> Result<Message, Box<dyn Error + Send + Sync>> {
        let name = format!("Reader {at}");
        let greeting = format!("{name},");
        let link = format!("<https://digest.sejong.example/unsubscribe/{at}>");
        let unsubscribe = HeaderName::new_from_ascii_str("List-Unsubscribe");
        Ok(Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(name.clone()), format!("reader{at}@d{}.example", at % 50).parse()?))
            .subject(format!("Chips, chimaek and hangul for {name}"))
            .raw_header(HeaderValue::new(unsubscribe, link))
            .multipart(MultiPart::alternative_plain_html(
                self.text.replace("reader,", &greeting),
                self.html.replace("reader,", &greeting),
            ))?)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [port, count, connections, html, text] = words.as_slice() else {
        return Err("lettre-pool PORT COUNT CONNECTIONS HTML TEXT".into());
    };
    let (count, connections): (usize, u32) = (count.parse()?, connections.parse()?);
    let issue = Arc::new(Issue {
        html: std::fs::read_to_string(html)?,
        text: std::fs::read_to_string(text)?,
        from: "Sejong Digest <digest@sejong.example>".parse()?,
    });
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(port.parse()?)
        .pool_config(PoolConfig::new().max_size(connections))
        .build();
    let next = Arc::new(AtomicUsize::new(0));
    // As many senders as connections: the pool waits for nobody, and none waits for the pool.
    let senders: Vec<_> = (0..connections)
        .map(|_| {
            let (issue, transport, next) = (Arc::clone(&issue), transport.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                let mut accepted = 0;
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        return Ok::<usize, Box<dyn Error + Send + Sync>>(accepted);
                    }
                    transport.send(issue.message(at)?).await?;
                    accepted += 1;
                }
            })
        })
        .collect();
    let mut accepted = 0;
    for sender in senders {
        accepted += sender.await??;
    }
    println!("{{\"accepted\": {accepted}}}");
    Ok(())
}
