//! The listener for those who run the server: `/healthz`, `/readyz` and `/metrics`. Readers never meet
//! it, and their pages have none of it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::answer::plain;
use super::metrics::{self, WebMetrics};
use super::watching::Watch;

/// Until the head of a request has come, and until the answer has gone.
const HEAD: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(60);
/// Open connections: one scraper and one probe need two.
const CONNECTIONS: usize = 32;

/// What the three answers are made of.
#[derive(Clone, Debug)]
pub(super) struct Operations {
    pub(super) watch: Arc<Watch>,
    pub(super) metrics: Arc<WebMetrics>,
}

/// Answers until it is dropped.
pub(super) async fn serve(listener: TcpListener, operations: Operations) -> Infallible {
    let pages = Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .route("/metrics", get(numbers))
        .with_state(operations);
    let pages = TowerToHyperService::new(pages);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    // What is dropped ends the connections, too.
    let mut open = tokio::task::JoinSet::new();
    loop {
        while open.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { continue };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        // One answer a connection: none is kept for nothing.
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), pages.clone());
        open.spawn(async move {
            let _ = tokio::time::timeout(WHOLE, connection).await;
            drop(place);
        });
    }
}

/// The process answers.
async fn health() -> Response<Body> {
    plain(StatusCode::OK, "ok\n")
}

/// Whether readers can be sent here.
async fn ready(State(operations): State<Operations>) -> Response<Body> {
    let Err(why) = operations.watch.ready() else { return plain(StatusCode::OK, "ready\n") };
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "");
    *response.body_mut() = Body::from(format!("{}\n", why.replace('\n', " ")));
    response
}

async fn numbers(State(operations): State<Operations>) -> Response<Body> {
    operations.metrics.leavers_wait(operations.watch.owed());
    let text = operations.metrics.text(&operations.watch.numbers().await);
    let mut response = Response::new(Body::from(text));
    let kind = HeaderValue::from_static(metrics::MEDIA_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
