//! What it takes to paint a drawing, counted from its shapes before a pixel is made.
//!
//! The count follows the painter: edges for each row of pixels that they cross, edges that lie
//! beside each other, pixels for each way of colouring them, layers that are held at the same time.
//! One unit is about ten nanoseconds.

use resvg::tiny_skia::{PathSegment, Point, Transform};
use resvg::usvg::{Group, Node, Paint, Path, Tree};

use super::super::PictureError;

/// About a second.
const UNITS: f64 = 1e8;
/// What layers and patterns may take while they are held.
pub(super) const MEMORY: u64 = 256 * 1024 * 1024;
/// Dashes of all lines.
const MAX_DASHES: f64 = 500_000.0;
/// Pixels from the corner of the drawing. Painters count in numbers that end somewhere.
const FARTHEST: f64 = 1e6;
/// Rows are counted in this many groups.
const GROUPS: usize = 256;
/// Edges for each piece of a line: its two sides, its joins or ends.
const SIDES: f64 = 6.0;

/// Refuses a drawing whose dashes are too many, when no line is cut into dashes yet and all are
/// cut into `dashes` for each unit of length.
pub(super) fn dashes(tree: &Tree, dashes: f64) -> Result<(), PictureError> {
    let mut length = 0.0;
    stroked(tree.root(), &mut length);
    if length * dashes <= MAX_DASHES {
        Ok(())
    } else {
        Err(PictureError::Elaborate("over 500,000 dashes"))
    }
}

fn stroked(group: &Group, length: &mut f64) {
    for node in group.children() {
        match node {
            Node::Group(group) => stroked(group, length),
            Node::Path(path) if path.stroke().is_some() => {
                pieces(path, Transform::identity(), |piece| *length += piece.length);
            }
            _ => {}
        }
        node.subroots(|group| stroked(group, length));
    }
}

/// Refuses a drawing that takes more than a second, or more than its memory.
pub(super) fn count(
    tree: &Tree,
    scale: Transform,
    wide: u32,
    high: u32,
) -> Result<(), PictureError> {
    let canvas =
        PaintedArea { left: 0.0, top: 0.0, right: f64::from(wide), bottom: f64::from(high) };
    let mut cost = Cost { units: 0.0, canvas };
    cost.spend(canvas.pixels())?;
    cost.group(tree.root(), scale, canvas, 4.0 * canvas.pixels(), false)
}

/// The part of the plane that is painted.
#[derive(Clone, Copy)]
struct PaintedArea {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl PaintedArea {
    fn pixels(self) -> f64 {
        (self.right - self.left).max(0.0) * (self.bottom - self.top).max(0.0)
    }

    fn both(self, other: PaintedArea) -> PaintedArea {
        PaintedArea {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }
}

/// A line or a curve of a path.
struct PathPiece {
    /// In the units of the drawing.
    length: f64,
    /// Rows of pixels.
    top: f64,
    bottom: f64,
    /// Edges that it becomes: curves are made of lines, and may turn round twice.
    edges: f64,
}

fn pieces(path: &Path, transform: Transform, mut see: impl FnMut(&PathPiece)) {
    let (mut start, mut last) = (Point::zero(), Point::zero());
    for segment in path.data().segments() {
        let (points, count, edges) = match segment {
            PathSegment::MoveTo(point) => {
                (start, last) = (point, point);
                continue;
            }
            PathSegment::LineTo(end) => ([last, end, end, end], 2, 1.0),
            PathSegment::QuadTo(one, end) => ([last, one, end, end], 3, 2.0),
            PathSegment::CubicTo(one, two, end) => ([last, one, two, end], 4, 3.0),
            PathSegment::Close => ([last, start, start, start], 2, 1.0),
        };
        let points = &points[..count];
        last = points[count - 1];
        let distance = |pair: &[Point]| {
            let [from, to] = [pair[0], pair[1]];
            f64::from(to.x - from.x).hypot(f64::from(to.y - from.y))
        };
        let row = |point: &Point| {
            f64::from(transform.ky) * f64::from(point.x)
                + f64::from(transform.sy) * f64::from(point.y)
                + f64::from(transform.ty)
        };
        see(&PathPiece {
            length: points.windows(2).map(distance).sum(),
            top: points.iter().map(row).fold(f64::INFINITY, f64::min),
            bottom: points.iter().map(row).fold(f64::NEG_INFINITY, f64::max),
            edges,
        });
    }
}

struct Cost {
    units: f64,
    canvas: PaintedArea,
}

impl Cost {
    fn spend(&mut self, units: f64) -> Result<(), PictureError> {
        self.units += units;
        // What is no number is too much, too.
        if self.units <= UNITS { Ok(()) } else { Err(PictureError::Elaborate("too many shapes")) }
    }

    fn group(
        &mut self,
        group: &Group,
        transform: Transform,
        mut window: PaintedArea,
        mut held: f64,
        in_pattern: bool,
    ) -> Result<(), PictureError> {
        let transform = transform.pre_concat(group.transform());
        self.spend(1.0)?;
        if !group.filters().is_empty() || group.mask().is_some() {
            return Err(PictureError::Elaborate("a filter or a mask"));
        }
        if group.should_isolate() {
            // A layer is as large as what is in it, and up to five times as wide and high as the
            // canvas.
            let Some(bounds) = group.layer_bounding_box().to_rect().transform(transform) else {
                return Ok(());
            };
            let (wide, high) = (self.canvas.right, self.canvas.bottom);
            let most = PaintedArea {
                left: -2.0 * wide,
                top: -2.0 * high,
                right: 3.0 * wide,
                bottom: 3.0 * high,
            };
            let bounds = PaintedArea {
                left: f64::from(bounds.left()) - 2.0,
                top: f64::from(bounds.top()) - 2.0,
                right: f64::from(bounds.right()) + 3.0,
                bottom: f64::from(bounds.bottom()) + 3.0,
            };
            window = bounds.both(most);
            held += 4.0 * window.pixels();
            self.spend(window.pixels())?;
            self.hold(held)?;
        }
        for node in group.children() {
            match node {
                Node::Group(group) => self.group(group, transform, window, held, in_pattern)?,
                Node::Path(path) => self.path(path, transform, window, held, in_pattern)?,
                Node::Image(_) | Node::Text(_) => {
                    return Err(PictureError::Elaborate("more than shapes"));
                }
            }
        }
        if let Some(clip) = group.clip_path() {
            if clip.clip_path().is_some() {
                return Err(PictureError::Elaborate("clip paths within one another"));
            }
            held += 5.0 * window.pixels();
            self.hold(held)?;
            self.spend(1.5 * window.pixels())?;
            let transform = transform.pre_concat(clip.transform());
            self.group(clip.root(), transform, window, held, true)?;
        }
        Ok(())
    }

    fn hold(&self, bytes: f64) -> Result<(), PictureError> {
        if bytes <= MEMORY as f64 {
            Ok(())
        } else {
            Err(PictureError::Elaborate("large layers within one another"))
        }
    }

    fn path(
        &mut self,
        path: &Path,
        transform: Transform,
        window: PaintedArea,
        held: f64,
        in_pattern: bool,
    ) -> Result<(), PictureError> {
        if !path.is_visible() {
            return self.spend(1.0);
        }
        if let Some(fill) = path.fill() {
            let area = self.edges(path, transform, window, 1.0, None)?;
            self.paint(fill.paint(), transform, area, held, in_pattern)?;
        }
        if let Some(stroke) = path.stroke() {
            let (wide, high) = transform.get_scale();
            let around = f64::from(stroke.width().get()) * f64::from(wide.max(high));
            // A corner reaches out as far as the limit for miters.
            let around = around * f64::from(stroke.miterlimit().get()).clamp(1.0, 100.0);
            let dashes = stroke.dasharray().map(|lengths| {
                let sum: f64 = lengths.iter().map(|length| f64::from(*length)).sum();
                lengths.len() as f64 / 2.0 / sum
            });
            let area = self.edges(path, transform, window, around, dashes)?;
            self.paint(stroke.paint(), transform, area, held, in_pattern)?;
        }
        Ok(())
    }

    /// Counts the edges, and gives the pixels that they may surround.
    fn edges(
        &mut self,
        path: &Path,
        transform: Transform,
        window: PaintedArea,
        around: f64,
        dashes: Option<f64>,
    ) -> Result<f64, PictureError> {
        let Some(bounds) = path.data().bounds().transform(transform) else {
            return Ok(0.0);
        };
        let bounds = PaintedArea {
            left: f64::from(bounds.left()) - around - 1.0,
            top: f64::from(bounds.top()) - around - 1.0,
            right: f64::from(bounds.right()) + around + 1.0,
            bottom: f64::from(bounds.bottom()) + around + 1.0,
        };
        let seen = bounds.both(window);
        let rows = (seen.bottom - seen.top).max(1.0);
        let sides = [bounds.left, bounds.top, bounds.right, bounds.bottom];
        if !sides.iter().all(|side| side.abs() < FARTHEST) {
            return Err(PictureError::Elaborate("coordinates that are too large"));
        }
        let groups = (rows.ceil() as usize).min(GROUPS);
        let height = rows / groups as f64;
        // For each group of rows: edges that begin there, and edges that pass.
        let (mut begin, mut pass) = (vec![0.0; groups], vec![0.0; groups + 1]);
        let mut work = 4.0;
        pieces(path, transform, |piece| {
            let sides = if dashes.is_some() || around > 1.0 { SIDES } else { 1.0 };
            let cut = 1.0 + dashes.map_or(0.0, |dashes| dashes * piece.length);
            let edges = piece.edges * sides;
            work += edges * cut;
            let group = |row: f64| (row - seen.top) / height;
            let (first, last) =
                (group(piece.top - around / 2.0), group(piece.bottom + around / 2.0));
            if !(last >= 0.0 && first <= groups as f64) {
                return;
            }
            let first = first.max(0.0) as usize;
            let last = (last as usize).min(groups - 1);
            let first = first.min(last);
            let spanned = (last - first + 1) as f64;
            for count in &mut begin[first..=last] {
                *count += edges * cut / spanned;
            }
            // A dash passes as many rows as it is wide.
            let rows = ((around + 2.0) / height).min(spanned).max(1.0);
            let passing = edges * (1.0 + (cut - 1.0) * rows / spanned);
            pass[first] += passing;
            pass[last + 1] -= passing;
        });
        let mut passing = 0.0;
        for (begin, pass) in begin.iter().zip(&pass) {
            passing += pass;
            work += 2.0 * passing * height + begin * passing / 8.0;
        }
        self.spend(work)?;
        Ok(seen.pixels())
    }

    fn paint(
        &mut self,
        paint: &Paint,
        transform: Transform,
        area: f64,
        held: f64,
        in_pattern: bool,
    ) -> Result<(), PictureError> {
        let colors = |stops: usize| 1.0 + stops as f64 / 4.0;
        match paint {
            Paint::Color(_) => self.spend(area * 0.3),
            Paint::LinearGradient(gradient) => self.spend(area * colors(gradient.stops().len())),
            Paint::RadialGradient(gradient) => self.spend(area * colors(gradient.stops().len())),
            Paint::Pattern(_) if in_pattern => {
                Err(PictureError::Elaborate("patterns within one another"))
            }
            Paint::Pattern(pattern) => {
                let (wide, high) = transform.pre_concat(pattern.transform()).get_scale();
                let tile = PaintedArea {
                    left: 0.0,
                    top: 0.0,
                    right: f64::from(pattern.rect().width()) * f64::from(wide) + 1.0,
                    bottom: f64::from(pattern.rect().height()) * f64::from(high) + 1.0,
                };
                let held = held + 4.0 * tile.pixels();
                self.hold(held)?;
                self.spend(area * 5.0 + tile.pixels())?;
                let scale = Transform::from_scale(wide, high);
                self.group(pattern.root(), scale, tile, held, true)
            }
        }
    }
}
