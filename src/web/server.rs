//! HTTP/1.1 (RFC 9112) over open sockets: connections up to a number, a time for each step, and an end
//! that lets requests finish.
//!
//! Must never let one visitor keep the others waiting: who says nothing loses the connection, first of
//! all when somebody else wants it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};

use super::answer::{Answering, QUIET};
use crate::diagnostic::log::LogEntry;

/// What a visitor may take of the server.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Open connections in all. Of more, the one that has said nothing for the longest is closed.
    pub connections: usize,
    /// Open connections from one address that is no proxy's.
    pub connections_of_one: usize,
    /// Until the head of a request is whole, counted from the end of the last one.
    pub head: Duration,
    /// How long requests may take that are under way when the server is to end.
    pub end: Duration,
}

impl Default for ServerLimits {
    fn default() -> ServerLimits {
        ServerLimits {
            connections: 2_048,
            connections_of_one: 256,
            head: Duration::from_secs(10),
            end: Duration::from_secs(10),
        }
    }
}

/// Fields of a request's head, and bytes of it: a browser sends a tenth.
const FIELDS: usize = 64;
const HEAD_BYTES: usize = 16 * 1_024;

/// Serves until `stop` says so; then no connection is taken any more, and requests that are under way
/// are answered.
pub(super) async fn serve(
    listeners: Vec<TcpListener>,
    answering: Arc<Answering>,
    limits: ServerLimits,
    mut stop: watch::Receiver<bool>,
) {
    let seats = Arc::new(Seats::new(limits));
    let graceful = GracefulShutdown::new();
    let (taken, mut next) = mpsc::channel(64);
    let mut taking = tokio::task::JoinSet::new();
    for listener in listeners {
        taking.spawn(take(listener, taken.clone(), answering.tell()));
    }
    drop(taken);
    loop {
        let (stream, peer) = tokio::select! {
            one = next.recv() => match one {
                Some(one) => one,
                None => break,
            },
            _ = stop.wait_for(|stop| *stop) => break,
        };
        // The kernel sends it at once: an answer is one write.
        let _ = stream.set_nodelay(true);
        let is_proxy = answering.is_proxy(peer.ip());
        let Some(seat) = Seats::sit(&seats, peer.ip(), is_proxy) else { continue };
        converse(stream, peer, seat, &answering, &graceful);
    }
    taking.abort_all();
    let _ = tokio::time::timeout(limits.end, graceful.shutdown()).await;
}

/// Hands on what comes to one socket. Where the system has no descriptors left, it waits: others will
/// be given back.
async fn take(
    listener: TcpListener,
    taken: mpsc::Sender<(TcpStream, SocketAddr)>,
    tell: fn(&LogEntry),
) {
    let mut told: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok(one) => {
                if taken.send(one).await.is_err() {
                    return;
                }
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                if told.is_none_or(|told| told.elapsed() >= QUIET) {
                    told = Some(Instant::now());
                    let text = format!(
                        "no connection can be taken: {error}; it is tried again until one can. Where too \
                         many files are open, raise the limit: LimitNOFILE= of systemd, or ulimit -n"
                    );
                    tell(&LogEntry::warning("no_connection", text));
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Whether it says that one visitor went away, and nothing of the socket.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// Answers the requests of one connection, on a task of its own.
fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    seat: Seat,
    answering: &Arc<Answering>,
    graceful: &GracefulShutdown,
) {
    let (seats, place) = (Arc::clone(&seat.seats), Arc::clone(&seat.place));
    let answering = Arc::clone(answering);
    let service = service_fn(move |request: Request<Incoming>| {
        let (answering, place) = (Arc::clone(&answering), Arc::clone(&place));
        let seats = Arc::clone(&seats);
        async move {
            if let Some(page) = answering.prepared(&request).await {
                seats.has_spoken(&place);
                return Ok(page);
            }
            let response: Response<Body> = match answering.receive(peer.ip(), request).await {
                Ok(request) => {
                    place.is_busy.store(true, Ordering::Relaxed);
                    answering.answer(request).await
                }
                Err(refused) => *refused,
            };
            seats.has_spoken(&place);
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(seat.head)
        .max_headers(FIELDS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        tokio::select! {
            // What a visitor does wrong is the visitor's matter.
            _ = connection => {}
            () = seat.place.gone.notified() => {}
        }
        drop(seat);
    });
}

/// Who sits where: the open connections, the one first that has said nothing for the longest.
#[derive(Debug)]
struct Seats {
    limits: ServerLimits,
    taken: Mutex<TakenSeats>,
}

#[derive(Debug, Default)]
struct TakenSeats {
    next: u64,
    places: BTreeMap<u64, Arc<SeatPlace>>,
    of_one: BTreeMap<IpAddr, usize>,
}

#[derive(Debug)]
struct SeatPlace {
    /// Its place in the order.
    number: AtomicU64,
    is_busy: AtomicBool,
    /// Wakes the connection to end it.
    gone: Notify,
}

/// One open connection's place, which it gives back.
#[derive(Debug)]
struct Seat {
    seats: Arc<Seats>,
    peer: IpAddr,
    place: Arc<SeatPlace>,
    head: Duration,
}

impl Seats {
    fn new(limits: ServerLimits) -> Seats {
        Seats { limits, taken: Mutex::default() }
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, TakenSeats> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever has just been answered is the last one to be closed; a connection that was closed
    /// meanwhile stays so.
    fn has_spoken(&self, place: &Arc<SeatPlace>) {
        let mut taken = self.taken();
        if taken.places.remove(&place.number.load(Ordering::Relaxed)).is_some() {
            taken.put_last(place);
        }
        place.is_busy.store(false, Ordering::Relaxed);
    }

    /// A place for a connection; `None` where its address has as many as it may, or all that are open
    /// are at work.
    fn sit(seats: &Arc<Seats>, peer: IpAddr, is_proxy: bool) -> Option<Seat> {
        let limits = seats.limits;
        let mut taken = seats.taken();
        let of_one = taken.of_one.get(&peer).copied().unwrap_or(0);
        if !is_proxy && of_one >= limits.connections_of_one {
            return None;
        }
        if taken.places.len() >= limits.connections {
            let idle =
                |(_, place): &(&u64, &Arc<SeatPlace>)| !place.is_busy.load(Ordering::Relaxed);
            let (number, place) = taken.places.iter().find(idle)?;
            let (number, place) = (*number, Arc::clone(place));
            taken.places.remove(&number);
            place.gone.notify_one();
        }
        let place = Arc::new(SeatPlace {
            number: AtomicU64::new(taken.next),
            is_busy: AtomicBool::new(false),
            gone: Notify::new(),
        });
        taken.put_last(&place);
        *taken.of_one.entry(peer).or_default() += 1;
        drop(taken);
        Some(Seat { seats: Arc::clone(seats), peer, place, head: limits.head })
    }
}

impl TakenSeats {
    fn put_last(&mut self, place: &Arc<SeatPlace>) {
        place.number.store(self.next, Ordering::Relaxed);
        self.places.insert(self.next, Arc::clone(place));
        self.next += 1;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.places.remove(&self.place.number.load(Ordering::Relaxed));
        if let Some(count) = taken.of_one.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                taken.of_one.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_full_house_lets_the_one_go_that_says_nothing() {
        let limits = ServerLimits { connections: 2, connections_of_one: 9, ..Default::default() };
        let seats = Arc::new(Seats::new(limits));
        let first = Seats::sit(&seats, HOME, false).unwrap();
        let second = Seats::sit(&seats, HOME, false).unwrap();
        first.place.is_busy.store(true, Ordering::Relaxed);
        let third = Seats::sit(&seats, HOME, false).unwrap();
        assert_eq!(seats.taken().places.keys().copied().collect::<Vec<_>>(), [0, 2]);
        third.place.is_busy.store(true, Ordering::Relaxed);
        assert!(Seats::sit(&seats, HOME, false).is_none());
        // Of two that say nothing the one goes that was answered first.
        seats.has_spoken(&third.place);
        seats.has_spoken(&first.place);
        seats.has_spoken(&second.place);
        let fourth = Seats::sit(&seats, HOME, false).unwrap();
        let left =
            |seat: &Seat| seats.taken().places.values().any(|one| Arc::ptr_eq(one, &seat.place));
        assert_eq!([&first, &second, &third, &fourth].map(left), [true, false, false, true]);
        drop((first, second, third, fourth));
        assert!(seats.taken().places.is_empty() && seats.taken().of_one.is_empty());
    }

    #[test]
    fn one_address_has_its_share_and_a_proxy_all() {
        let limits = ServerLimits { connections: 9, connections_of_one: 1, ..Default::default() };
        let seats = Arc::new(Seats::new(limits));
        let first = Seats::sit(&seats, HOME, false);
        assert!(first.is_some() && Seats::sit(&seats, HOME, false).is_none());
        assert!(Seats::sit(&seats, HOME, true).is_some());
        drop(first);
        assert!(Seats::sit(&seats, HOME, false).is_some());
    }
}
