//! Many addresses, each asked once, without being a burden to anybody: few at a time, fewer to one
//! host, and a pause in between.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::{Answer, Client, Method, NoAnswer, host};

/// Requests at the same time.
const AT_ONCE: usize = 8;
/// The same, to one host.
const AT_ONCE_PER_HOST: usize = 2;
/// Between two requests to one host by the same of its places.
const PAUSE: Duration = Duration::from_millis(200);
/// For one request.
const WITHIN: Duration = Duration::from_secs(10);
/// Redirects followed; browsers follow more, but a chain like this is a mistake.
const REDIRECTS: usize = 5;

/// What became of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The status at the end of all redirects.
    pub end: Result<u16, NoAnswer>,
    /// Where the address has moved for good (301, 308), as far as no other redirect intervened.
    pub moved: Option<String>,
}

/// Who may ask now.
#[derive(Debug)]
struct HostLimits {
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl HostLimits {
    fn new() -> HostLimits {
        HostLimits { all: Arc::new(Semaphore::new(AT_ONCE)), hosts: Mutex::default() }
    }

    /// A place at the host first: who waits for a busy host must not keep others from theirs.
    async fn wait(&self, host: String) -> [Option<OwnedSemaphorePermit>; 2] {
        let place = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            let place = hosts.entry(host);
            Arc::clone(place.or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE_PER_HOST))))
        };
        // Nobody closes a semaphore here.
        let place = place.acquire_owned().await.ok();
        [place, Arc::clone(&self.all).acquire_owned().await.ok()]
    }
}

/// Begins to ask all, few at once of one host.
fn begin(client: &Client, addresses: BTreeSet<String>) -> JoinSet<(String, Visit)> {
    let limits = Arc::new(HostLimits::new());
    let mut visits = JoinSet::new();
    for address in addresses {
        let (client, limits) = (client.clone(), Arc::clone(&limits));
        visits.spawn(async move {
            let visit = one(&client, &limits, &address).await;
            (address, visit)
        });
    }
    visits
}

/// Asks all; `told` hears how many are done after each.
pub async fn visit(
    client: &Client,
    addresses: BTreeSet<String>,
    mut told: impl FnMut(usize),
) -> BTreeMap<String, Visit> {
    let mut visits = begin(client, addresses);
    let mut found = BTreeMap::new();
    while let Some(visit) = visits.join_next().await {
        // A task that panicked has no visit; its address is not spoken of.
        found.extend(visit.ok());
        told(found.len());
    }
    found
}

/// Asks all within a time; who has not answered by then has no visit but [`NoAnswer::Timeout`].
pub async fn visit_within(
    client: &Client,
    addresses: BTreeSet<String>,
    within: Duration,
) -> BTreeMap<String, Visit> {
    let silent = |address: &String| {
        (address.clone(), Visit { end: Err(NoAnswer::Timeout(within)), moved: None })
    };
    let mut found: BTreeMap<String, Visit> = addresses.iter().map(silent).collect();
    let mut visits = begin(client, addresses);
    let end = tokio::time::Instant::now() + within;
    while let Ok(Some(visit)) = tokio::time::timeout_at(end, visits.join_next()).await {
        found.extend(visit.ok());
    }
    found
}

async fn one(client: &Client, limits: &HostLimits, address: &str) -> Visit {
    let mut moved = None;
    let mut for_good = true;
    let mut at = address.to_owned();
    for _ in 0..=REDIRECTS {
        let answer = match polite(client, limits, &at).await {
            Ok(answer) => answer,
            Err(error) => return Visit { end: Err(error), moved },
        };
        let Some(next) = answer.location.clone().filter(|_| answer.is_redirect()) else {
            return Visit { end: Ok(answer.status), moved };
        };
        for_good &= matches!(answer.status, 301 | 308);
        if for_good {
            moved = Some(next.clone());
        }
        at = next;
    }
    Visit { end: Err(NoAnswer::Redirects(REDIRECTS)), moved: None }
}

/// HEAD, and GET where HEAD is refused: many servers know only GET, and say so in many ways.
async fn polite(client: &Client, limits: &HostLimits, address: &str) -> Result<Answer, NoAnswer> {
    let head = in_turn(client, limits, Method::Head, address).await;
    match &head {
        Ok(answer) if answer.status < 400 || answer.status == 429 => head,
        Ok(_) | Err(NoAnswer::Broken(_)) => in_turn(client, limits, Method::Get, address).await,
        Err(_) => head,
    }
}

async fn in_turn(
    client: &Client,
    limits: &HostLimits,
    method: Method,
    address: &str,
) -> Result<Answer, NoAnswer> {
    let host = host(address).ok_or_else(|| NoAnswer::Address(address.to_owned()))?;
    let [place, turn] = limits.wait(host).await;
    let answer = client.ask(method, address, WITHIN).await;
    drop(turn);
    // The place at the host stays taken for a while; nobody waits for that.
    tokio::spawn(async move {
        tokio::time::sleep(PAUSE).await;
        drop(place);
    });
    answer
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;
    use crate::fetch::Reach;

    /// A server that sends everybody on to another host of its own, on any address of this machine.
    #[cfg(target_os = "linux")]
    fn sends_on(host: &'static str) -> u16 {
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let head = BufReader::new(&stream).lines().map_while(Result::ok);
                let _ = head.take_while(|line| !line.is_empty()).count();
                let to = format!("http://{host}:{port}/inside");
                let answer = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\n\r\n");
                let _ = (&stream).write_all(answer.as_bytes());
            }
        });
        port
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_redirect_leads_to_no_address_that_could_not_be_asked_itself() {
        let mut client = Client::new(Reach::Public)
            .unwrap()
            .at("rebound.example", vec![Ipv4Addr::new(127, 0, 0, 2).into()]);
        // Stands for the internet here, where a test reaches nobody else.
        client.may_ask = |ip| ip == Ipv4Addr::LOCALHOST;
        for inside in ["127.0.0.2", "0x7f.2", "[::ffff:127.0.0.2]", "rebound.example"] {
            let address = format!("http://127.0.0.1:{}/", sends_on(inside));
            let visits = visit(&client, BTreeSet::from([address.clone()]), |_| ()).await;
            let end = &visits[&address].end;
            assert!(matches!(end, Err(NoAnswer::Private(_))), "{inside}: {end:?}");
        }
    }
}
