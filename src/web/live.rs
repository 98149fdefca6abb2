//! The archive as it is answered: all pages in memory, and made anew when an issue has come.
//!
//! Must answer with the very bytes that `digest archive build` writes.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;
use tokio::sync::oneshot;

use super::base::BaseUrl;
use super::stores::WebStore;
use crate::archive::card::{self, ArchiveCard};
use crate::archive::{
    ArchivePage, ArchivePages, ArchiveSite, MISSING, PageKind, PublishedIssue, pictures,
};
use crate::crypto;
use crate::delivery::ledger::editions::{self, EditionHead, ShownIssues};
use crate::delivery::ledger::withdrawn;
use crate::diagnostic::log::LogEntry;
use crate::issue::load::ArchiveStanding;
use crate::store::StoreError;

/// How often somebody looks whether an issue has come.
const LOOK: Duration = Duration::from_secs(2);

/// How long a card is not tried again that cannot be drawn.
const FAILED: Duration = Duration::from_secs(600);
/// Bytes of cards that are kept: about a thousand.
const CARDS: usize = 16 * 1024 * 1024;

/// Says what the folder of an issue says of the web now, by the issue's name.
pub type StandingOf = Arc<dyn Fn(&str) -> ArchiveStanding + Send + Sync>;

/// What the archive shows.
#[derive(Clone)]
pub struct LiveOptions {
    /// What its pages say.
    pub site: ArchiveSite,
    /// Which issues.
    pub shown: ShownIssues,
    /// Whether an issue has been taken back since.
    pub standing: StandingOf,
    /// The publication's folder, where pictures are.
    pub root: PathBuf,
}

/// What is looked at of a request.
pub(super) type LiveRequest<'r> = (&'r Method, &'r Uri, &'r HeaderMap);

/// The pages, as they are now.
pub(super) struct LiveArchive {
    options: LiveOptions,
    base: BaseUrl,
    now: RwLock<Arc<LivePages>>,
    cards: Arc<DrawnCards>,
    tell: fn(&LogEntry),
}

impl std::fmt::Debug for LiveArchive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveArchive").finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct LivePages {
    key: String,
    pages: HashMap<String, LivePage>,
    pictures: BTreeMap<String, String>,
    cards: BTreeMap<String, ArchiveCard>,
}

#[derive(Debug)]
struct LivePage {
    bytes: Bytes,
    /// The same under gzip, once somebody has asked for it; none where that saves nothing.
    gzip: OnceLock<Option<Bytes>>,
    tag: HeaderValue,
    gzip_tag: HeaderValue,
    headers: HeaderMap,
}

impl LiveArchive {
    pub(super) fn new(options: LiveOptions, base: BaseUrl, tell: fn(&LogEntry)) -> LiveArchive {
        LiveArchive { options, base, now: RwLock::default(), cards: Arc::default(), tell }
    }

    /// Looks for new issues every other second, and never ends; the other value is told when it has
    /// looked once. It is for the thread that has the `store` open.
    pub(super) fn looking(
        self: &Arc<Self>,
        store: WebStore,
    ) -> (impl Future<Output = ()> + Send + use<>, oneshot::Receiver<()>) {
        let (looked, first) = oneshot::channel();
        let this = Arc::clone(self);
        let looking = async move {
            if this.options.shown == ShownIssues::None {
                drop(looked);
                return std::future::pending().await;
            }
            let mut looked = Some(looked);
            loop {
                // Where the store cannot be read, the pages stay as they are.
                if this.renew(&store).await.is_err() {
                    store.shared.put_away().await;
                }
                if let Some(looked) = looked.take() {
                    let _ = looked.send(());
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        (looking, first)
    }

    async fn renew(self: &Arc<Self>, store: &WebStore) -> Result<(), StoreError> {
        let (heads, known) = {
            let lease = store.shared.lease().await?;
            let heads = editions::heads(&lease, self.options.shown).await?;
            (heads, withdrawn::known(&lease).await?)
        };
        // Folders are looked into, which may take its time: not on the writer's thread.
        let standing = Arc::clone(&self.options.standing);
        let looked = tokio::task::spawn_blocking(move || {
            let mut heads = heads;
            let news = withdrawn::retain(&mut heads, &known, &*standing);
            (heads, news)
        });
        // Whoever looks next finds it out.
        let Ok((heads, news)) = looked.await else { return Ok(()) };
        self.show(store, &heads).await?;
        if news.is_empty() {
            return Ok(());
        }
        // Last: whoever writes to the store for long keeps no issue on the web.
        news.write(&*store.shared.lease().await?).await
    }

    /// Makes the pages of these texts, if they are not those that are there.
    async fn show(
        self: &Arc<Self>,
        store: &WebStore,
        heads: &[EditionHead],
    ) -> Result<(), StoreError> {
        let key = editions::key(&self.options.site, heads);
        if self.now().key == key {
            return Ok(());
        }
        let mut issues = Vec::with_capacity(heads.len());
        for head in heads {
            // Each by itself: whoever leaves meanwhile is written down in between.
            match editions::load(&*store.shared.lease().await?, head).await {
                Ok(issue) => issues.extend(issue),
                // The others can be read.
                Err(error @ StoreError::Content { .. }) => {
                    (self.tell)(&LogEntry::warning("issue_unreadable", error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        let this = Arc::clone(self);
        let made = tokio::task::spawn_blocking(move || this.made(key, issues)).await;
        if let Ok(made) = made {
            *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(made);
        }
        Ok(())
    }

    fn made(&self, key: String, issues: Vec<PublishedIssue>) -> LivePages {
        let ArchivePages { pages, pictures, cards, untitled } =
            ArchivePages::of(&self.options.site, issues);
        if let Some(words) = card::told(&untitled) {
            (self.tell)(&LogEntry::warning("card_untitled", words));
        }
        let page = |(path, page): (String, ArchivePage)| {
            let live = LivePage::of(&path, page);
            (path, live)
        };
        LivePages { key, pages: pages.into_iter().map(page).collect(), pictures, cards }
    }

    fn now(&self) -> Arc<LivePages> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The answer to a request for a page or a picture; none where there is no such thing.
    pub(super) async fn answer(&self, asked: &LiveRequest<'_>) -> Option<Response<Body>> {
        let (method, uri, headers) = *asked;
        if !matches!(*method, Method::GET | Method::HEAD) {
            return None;
        }
        let path = self.path(uri)?;
        let now = self.now();
        if let Some(page) = now.pages.get(&*path).filter(|_| path != MISSING) {
            return Some(page.answer(asked));
        }
        // A folder is asked for by its name as well.
        let folder = format!("{path}/");
        if now.pages.contains_key(&folder) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
            let place = self.base.to(&format!("/{}", crate::issue::percent::path(&folder)));
            if let Ok(place) = HeaderValue::from_str(&place) {
                response.headers_mut().insert(header::LOCATION, place);
            }
            return Some(response);
        }
        if let Some(card) = now.cards.get(&*path) {
            return self.card(card, headers).await;
        }
        let kind =
            pictures::media_type(&path).filter(|_| self.options.shown != ShownIssues::None)?;
        let hash = now.pictures.get(&*path).cloned();
        self.picture((path.into_owned(), kind), hash, headers).await
    }

    /// A picture: of an issue that is shown, that very one; else one that is kept for mail.
    async fn picture(
        &self,
        (path, kind): (String, &'static str),
        hash: Option<String>,
        asked: &HeaderMap,
    ) -> Option<Response<Body>> {
        let root = self.options.root.clone();
        let read = tokio::task::spawn_blocking(move || match hash {
            Some(hash) => pictures::find(&root, &path, &hash),
            None => pictures::published(&root, &path),
        });
        let bytes = read.await.ok()??;
        let tag = tag(&data_encoding::HEXLOWER.encode(&crypto::sha256([&bytes[..]])), "");
        let bytes = Some(bytes).filter(|_| !is_known(asked, &tag));
        Some(of_picture(kind, tag, bytes.map(Bytes::from)))
    }

    /// A card, drawn when somebody asks for it first.
    async fn card(&self, card: &ArchiveCard, asked: &HeaderMap) -> Option<Response<Body>> {
        let tag = tag(&card.key, "");
        if is_known(asked, &tag) {
            return Some(of_picture("image/png", tag, None));
        }
        let (own, options) = (card.clone(), self.options.clone());
        let draw = move || own.png(&options.site, &options.root).map(Bytes::from);
        let bytes = DrawnCards::drawn(&self.cards, &card.key, draw).await?;
        Some(of_picture("image/png", tag, Some(bytes)))
    }

    /// The page for what is not there, where there is an archive.
    pub(super) fn missing(&self) -> Option<Response<Body>> {
        let now = self.now();
        let page = now.pages.get(MISSING)?;
        let mut response = Response::new(Body::from(page.bytes.clone()));
        *response.status_mut() = StatusCode::NOT_FOUND;
        let kind = HeaderValue::from_static(PageKind::Html.media_type());
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        Some(response)
    }

    /// What is asked for, under `base_url`.
    fn path<'r>(&self, uri: &'r Uri) -> Option<Cow<'r, str>> {
        let path = uri.path().strip_prefix(self.base.path())?.strip_prefix('/')?;
        percent_decode_str(path).decode_utf8().ok()
    }
}

/// Cards that were drawn, by their keys: as many as there is room for, the last ones.
#[derive(Debug, Default)]
struct DrawnCards {
    kept: Mutex<VecDeque<(String, DrawnCard)>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A card, or that it cannot be drawn, since when.
#[derive(Clone, Debug)]
enum DrawnCard {
    Drawn(Bytes),
    Failed(Instant),
}

impl DrawnCard {
    fn size(&self) -> usize {
        match self {
            DrawnCard::Drawn(bytes) => bytes.len(),
            DrawnCard::Failed(_) => 0,
        }
    }

    fn is_over(&self) -> bool {
        matches!(self, DrawnCard::Failed(at) if at.elapsed() >= FAILED)
    }
}

impl DrawnCards {
    /// A card that is kept or drawn now. One is drawn at a time, also for visitors who hang up
    /// meanwhile: no stranger keeps the machine from its other work.
    async fn drawn(
        cards: &Arc<DrawnCards>,
        key: &str,
        draw: impl FnOnce() -> Option<Bytes> + Send + 'static,
    ) -> Option<Bytes> {
        let found = match cards.kept(key) {
            Some(found) => found,
            None => {
                let turn = Arc::clone(&cards.turn).lock_owned().await;
                match cards.kept(key) {
                    Some(found) => found,
                    None => {
                        let (cards, key) = (Arc::clone(cards), key.to_owned());
                        let drawing = tokio::task::spawn_blocking(move || {
                            let bytes = draw();
                            let failed = || DrawnCard::Failed(Instant::now());
                            let card = bytes.map_or_else(failed, DrawnCard::Drawn);
                            cards.keep(key, card.clone());
                            drop(turn);
                            card
                        });
                        drawing.await.ok()?
                    }
                }
            }
        };
        match found {
            DrawnCard::Drawn(bytes) => Some(bytes),
            DrawnCard::Failed(_) => None,
        }
    }

    fn kept(&self, key: &str) -> Option<DrawnCard> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(known, _)| known == key).map(|(_, card)| card.clone());
        found.filter(|card| !card.is_over())
    }

    fn keep(&self, key: String, card: DrawnCard) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, card)| *known != key && !card.is_over());
        kept.push_back((key, card));
        let mut size: usize = kept.iter().map(|(_, card)| card.size()).sum();
        while size > CARDS {
            let Some((_, card)) = kept.pop_front() else { break };
            size -= card.size();
        }
    }
}

/// The answer with a picture; without it, where a browser has it.
fn of_picture(kind: &'static str, tag: HeaderValue, bytes: Option<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    match bytes {
        Some(bytes) => *response.body_mut() = Body::from(bytes),
        None => *response.status_mut() = StatusCode::NOT_MODIFIED,
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    headers.insert(header::ETAG, tag);
    response
}

impl LivePage {
    fn of(path: &str, page: ArchivePage) -> LivePage {
        let hash = data_encoding::HEXLOWER.encode(&crypto::sha256([&page.bytes[..]])[..12]);
        let mut headers = HeaderMap::new();
        let kind = HeaderValue::from_static(page.kind.media_type());
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
        let policy = match page.kind {
            PageKind::Mail => Some(OF_MAIL),
            _ if path == "search/" => Some(OF_SEARCH),
            _ => None,
        };
        if let Some(policy) = policy {
            let policy = HeaderValue::from_static(policy);
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        let is_small = matches!(page.kind, PageKind::Picture(_)) || page.bytes.len() < 256;
        let gzip = if is_small { OnceLock::from(None) } else { OnceLock::new() };
        let bytes = Bytes::from(page.bytes);
        LivePage { bytes, gzip, tag: tag(&hash, ""), gzip_tag: tag(&hash, "-gzip"), headers }
    }

    fn answer(&self, (method, uri, asked): &LiveRequest<'_>) -> Response<Body> {
        let small = if takes_gzip(asked) { self.gzip().clone() } else { None };
        let mut headers = self.headers.clone();
        let (bytes, tag) = match small {
            Some(small) => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                (small, &self.gzip_tag)
            }
            None => (self.bytes.clone(), &self.tag),
        };
        headers.insert(header::ETAG, tag.clone());
        if uri.query().is_some() && uri.path().ends_with(".css") {
            let for_good = HeaderValue::from_static("public, max-age=31536000, immutable");
            headers.insert(header::CACHE_CONTROL, for_good);
        }
        if is_known(asked, tag) {
            headers.remove(header::CONTENT_ENCODING);
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.headers_mut() = headers;
            return response;
        }
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        let is_head = **method == Method::HEAD;
        let mut response = Response::new(if is_head { Body::empty() } else { Body::from(bytes) });
        *response.headers_mut() = headers;
        response
    }

    fn gzip(&self) -> &Option<Bytes> {
        self.gzip.get_or_init(|| {
            let mut small =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            small.write_all(&self.bytes).ok()?;
            let small = small.finish().ok()?;
            (small.len() < self.bytes.len()).then(|| Bytes::from(small))
        })
    }
}

/// The search has the only script.
const OF_SEARCH: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
    script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";
/// A mail's styles stand in its elements.
const OF_MAIL: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

fn tag(hash: &str, suffix: &str) -> HeaderValue {
    let short = hash.get(..24).unwrap_or(hash);
    HeaderValue::from_str(&format!("\"{short}{suffix}\""))
        .unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether a browser takes gzip (RFC 9110, 12.5.3).
fn takes_gzip(asked: &HeaderMap) -> bool {
    let Some(codings) = asked.get(header::ACCEPT_ENCODING).and_then(|it| it.to_str().ok()) else {
        return false;
    };
    codings.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let is_zero = |q: &str| q.trim().parse::<f32>().is_ok_and(|q| q == 0.0);
        name.trim().eq_ignore_ascii_case("gzip")
            && !weight.trim().strip_prefix("q=").is_some_and(is_zero)
    })
}

/// Whether a browser has this very page (RFC 9110, 13.1.2).
fn is_known(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let Some(known) = asked.get(header::IF_NONE_MATCH).and_then(|it| it.to_str().ok()) else {
        return false;
    };
    let mut tags = known.split(',').map(|one| one.trim().trim_start_matches("W/"));
    tags.any(|one| one == "*" || one.as_bytes() == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn one_card_is_drawn_at_a_time_although_visitors_hang_up() {
        let cards = Arc::new(DrawnCards::default());
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let draw = || {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(200));
                now.fetch_sub(1, Ordering::SeqCst);
                Some(Bytes::from_static(b"a card"))
            }
        };
        for key in ["a", "b", "c"] {
            let visit = DrawnCards::drawn(&cards, key, draw());
            let hung_up = tokio::time::timeout(Duration::from_millis(20), visit).await;
            assert!(hung_up.is_err(), "{key}");
        }
        assert!(DrawnCards::drawn(&cards, "d", draw()).await.is_some());
        assert_eq!(most.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_card_that_cannot_be_drawn_is_not_tried_for_each_visitor() {
        let cards = Arc::new(DrawnCards::default());
        assert_eq!(DrawnCards::drawn(&cards, "a", || None).await, None);
        let drawn = DrawnCards::drawn(&cards, "a", || Some(Bytes::from_static(b"a card"))).await;
        assert_eq!(drawn, None);
        let other = DrawnCards::drawn(&cards, "b", || Some(Bytes::from_static(b"a card"))).await;
        assert!(other.is_some());
    }
}
