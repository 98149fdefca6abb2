#!/usr/bin/env python3
"""Draws every picture of this issue, and the Digest's logo.

    pip install pillow
    python3 issues/2025-11/art/draw.py            # all of them
    python3 issues/2025-11/art/draw.py chart logo # only these

The same seed gives the same picture. Letters come from Noto CJK (Debian:
fonts-noto-cjk), or from the nearest installed family that can stand in.
"""

import math
import random
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

ISSUE = Path(__file__).resolve().parent.parent
IMAGES = ISSUE / "images"
THEME = ISSUE.parent.parent / "theme"

NAVY, PAPER, CELADON, CELADON_LIGHT, VERMILION = "#1b2a41", "#fffdf8", "#1f6b5c", "#8fcbb5", "#a63a28"
LANCZOS = Image.Resampling.LANCZOS
BICUBIC = Image.Resampling.BICUBIC


# ---------------------------------------------------------------- fonts

SERIF_BOLD = ("NotoSerifCJK-Bold", "NotoSerifKR-Bold", "NanumMyeongjoBold", "DejaVuSerif-Bold")
SANS_BOLD = ("NotoSansCJK-Bold", "NotoSansKR-Bold", "NanumGothicBold", "DejaVuSans-Bold")
SANS = ("NotoSansCJK-Regular", "NotoSansKR-Regular", "NanumGothic", "DejaVuSans")


def font(families, size):
    """The first of `families` that is installed; in a collection, its Korean face."""
    for family in families:
        found = sorted(Path("/usr/share/fonts").rglob(family + ".*"))
        if not found:
            try:
                listed = subprocess.run(
                    ["fc-list", "--format", "%{file}\n"], capture_output=True, text=True, check=True
                ).stdout
            except (OSError, subprocess.CalledProcessError):
                listed = ""
            found = sorted(Path(line) for line in listed.splitlines() if Path(line).stem == family)
        for path in found:
            faces = range(10) if path.suffix == ".ttc" else (0,)
            first = None
            for index in faces:
                try:
                    face = ImageFont.truetype(str(path), size, index=index)
                except OSError:
                    break
                first = first or face
                if face.getname()[0].endswith("KR") and "Mono" not in face.getname()[0]:
                    return face
            if first:
                return first
    raise SystemExit("no font: install fonts-noto-cjk")


# ---------------------------------------------------------------- small tools

def rgb(colour):
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def mix(a, b, t):
    return tuple(round(x + (y - x) * t) for x, y in zip(a, b))


def noise(rng, size, cells, octaves=4, fade=0.5):
    """Fractal noise as a grey picture; `cells` = (across, down) of the coarsest octave."""
    total, weight, out = 0.0, 1.0, None
    for octave in range(octaves):
        w = max(2, min(size[0], int(cells[0] * 2**octave)))
        h = max(2, min(size[1], int(cells[1] * 2**octave)))
        layer = Image.frombytes("L", (w, h), rng.randbytes(w * h)).resize(size, BICUBIC)
        total += weight
        out = layer if out is None else Image.blend(out, layer, weight / total)
        weight *= fade
    return ImageOps.autocontrast(out, cutoff=1)


def gradient(size, stops):
    """A vertical gradient through [(position, colour), ...]."""
    strip = Image.new("RGB", (1, size[1]))
    for y in range(size[1]):
        t = y / (size[1] - 1)
        for (p0, c0), (p1, c1) in zip(stops, stops[1:]):
            if t <= p1:
                strip.putpixel((0, y), mix(c0, c1, (t - p0) / (p1 - p0)))
                break
        else:
            strip.putpixel((0, y), stops[-1][1])
    return strip.resize(size)


def ramp(size, stops):
    """The same for a grey mask."""
    return gradient(size, [(p, (v, v, v)) for p, v in stops]).convert("L")


def scale_mask(mask, factor):
    return mask.point(lambda v: max(0, min(255, round(v * factor))))


def glow(picture, threshold, passes):
    """Adds the bloom of a lens around everything brighter than `threshold`."""
    bright = picture.point(lambda v: max(0, v - threshold) * 255 // (255 - threshold))
    out = picture
    for radius, strength in passes:
        soft = bright.filter(ImageFilter.GaussianBlur(radius))
        out = ImageChops.screen(out, ImageEnhance.Brightness(soft).enhance(strength))
    return out


def grain(rng, picture, amount):
    """Film grain: the same small step up or down in all three channels."""
    w, h = picture.size
    raw = Image.frombytes("L", (w, h), rng.randbytes(w * h)).filter(ImageFilter.GaussianBlur(0.6))
    up = raw.point(lambda v: max(0, round((v - 128) * amount)))
    down = raw.point(lambda v: max(0, round((128 - v) * amount)))
    out = ImageChops.add(picture, Image.merge("RGB", (up,) * 3))
    return ImageChops.subtract(out, Image.merge("RGB", (down,) * 3))


def vignette(picture, depth):
    w, h = picture.size
    edge = Image.radial_gradient("L").resize((int(w * 1.25), int(h * 1.35)), BICUBIC)
    left, top = (edge.width - w) // 2, (edge.height - h) // 2
    edge = edge.crop((left, top, left + w, top + h)).point(lambda v: round(max(0, v - 90) * depth))
    return Image.composite(Image.new("RGB", (w, h), (4, 6, 12)), picture, edge)


# ---------------------------------------------------------------- the lead: Seoul by night

def ridge(rng, width, base, height, steps, rough):
    """A mountain line by midpoint displacement, as points from left to right."""
    line = [0.0, rng.uniform(0.2, 0.6), 0.0]
    spread = 0.5
    for _ in range(steps):
        longer = []
        for a, b in zip(line, line[1:]):
            longer += [a, (a + b) / 2 + rng.uniform(-spread, spread) * 0.5]
        line = longer + [line[-1]]
        spread *= rough
    low, high = min(line), max(line)
    return [
        (i * width / (len(line) - 1), base - height * (v - low) / (high - low)) for i, v in enumerate(line)
    ]


def towers(rng, city, lights, left, right, base, widths, heights, body, window, lit, pitch, crest=None):
    """A row of buildings: walls on `city`, lit windows on `lights`."""
    walls, panes = ImageDraw.Draw(city), ImageDraw.Draw(lights)
    x = left
    while x < right:
        w = rng.randint(*widths)
        h = rng.randint(*heights)
        if crest:
            h = int(h * crest((x + w / 2)))
        top = base - h
        shade = mix(body, (10, 14, 30), rng.uniform(0, 0.3))
        walls.rectangle((x, top, x + w, base), fill=shade)
        panes.rectangle((x, top, x + w, base), fill=(0, 0, 0))
        kind = rng.random()
        if kind < 0.25:
            walls.rectangle((x + w * 0.25, top - h * 0.06, x + w * 0.7, top), fill=shade)
        elif kind < 0.38:
            walls.line((x + w / 2, top - h * 0.14, x + w / 2, top), fill=shade, width=2)
            panes.ellipse((x + w / 2 - 2, top - h * 0.14 - 2, x + w / 2 + 2, top - h * 0.14 + 2), fill=(235, 70, 50))
        px, py = pitch
        warm = rng.random()
        density = lit * rng.uniform(0.35, 1.35)
        y = top + py
        while y < base - py:
            row = rng.uniform(0.5, 1.3)
            wx = x + px * 0.8
            while wx < x + w - px * 0.8:
                if rng.random() < density * row:
                    tint = mix(window, (200, 225, 255), 0.75 if rng.random() < 0.18 + 0.3 * (warm > 0.75) else rng.uniform(0, 0.2))
                    tint = mix(shade, tint, rng.uniform(0.35, 1.0))
                    panes.rectangle((wx, y, wx + px * 0.5, y + py * 0.42), fill=tint)
                wx += px
            y += py
        x += w + rng.randint(0, max(1, widths[0] // 3))


def skyline():
    rng = random.Random(1446)
    S = 2
    W, H = 1104 * S, 620 * S
    water = int(H * 0.705)

    sky = gradient(
        (W, H),
        [
            (0.0, (14, 24, 58)),
            (0.2, (28, 45, 94)),
            (0.36, (68, 78, 132)),
            (0.48, (140, 108, 146)),
            (0.58, (218, 142, 130)),
            (0.705, (250, 192, 138)),
            (1.0, (246, 190, 138)),
        ],
    )
    stars = ImageDraw.Draw(sky)
    for _ in range(150):
        x, y = rng.uniform(0, W), rng.uniform(0, H * 0.3) * rng.random()
        v = rng.randint(70, 170)
        r = rng.choice((0.8, 1.0, 1.5))
        stars.ellipse((x - r, y - r, x + r, y + r), fill=(v, v, min(255, v + 25)))

    clouds = noise(rng, (W, H), (3, 9), 6, 0.55).point(lambda v: max(0, v - 128) * 2)
    clouds = ImageChops.multiply(clouds, ramp((W, H), [(0, 40), (0.3, 140), (0.5, 200), (0.64, 90), (1, 0)]))
    tint = gradient((W, H), [(0, (52, 62, 104)), (0.35, (122, 96, 134)), (0.55, (240, 158, 132)), (1, (255, 205, 160))])
    sky.paste(tint, (0, 0), clouds.filter(ImageFilter.GaussianBlur(4)))

    scene = sky
    lights = Image.new("RGB", (W, H))

    def haze(strength, colour, height):
        mask = ramp((W, H), [(0, 0), (0.705 - height, 0), (0.705, strength), (1, strength)])
        scene.paste(Image.new("RGB", (W, H), colour), (0, 0), mask)

    # The granite ridges north of the city, then the haze that lies before them.
    for base, height, colour, steps, rough in (
        (water, H * 0.235, (92, 80, 118), 7, 0.62),
        (water, H * 0.165, (70, 66, 104), 7, 0.56),
    ):
        line = ridge(rng, W, base, height, steps, rough)
        ImageDraw.Draw(scene).polygon([(0, water), *line, (W, water)], fill=colour)
        haze(150, (226, 154, 126), 0.14)

    towers(rng, scene, lights, -20, W, water, (24, 60), (70, 190), (82, 72, 104), (255, 206, 150), 0.24, (9, 10),
           lambda x: 0.7 + 0.5 * math.exp(-((x - W * 0.2) / (W * 0.14)) ** 2) + 0.35 * math.exp(-((x - W * 0.92) / (W * 0.1)) ** 2))
    haze(120, (214, 140, 118), 0.12)

    # Namsan, and the tower on its back.
    cx = W * 0.635
    hill = []
    for i in range(241):
        x = cx - W * 0.27 + i * W * 0.54 / 240
        d = (x - cx) / (W * 0.115)
        y = H * 0.215 * math.exp(-d * d / 2) + H * 0.035 * math.exp(-(((x - cx * 1.17) / (W * 0.05)) ** 2))
        y += rng.uniform(-2.5, 2.5) + 4 * math.sin(i * 0.9) * math.exp(-d * d / 3)
        hill.append((x, water - y))
    ImageDraw.Draw(scene).polygon([(hill[0][0], water), *hill, (hill[-1][0], water)], fill=(38, 40, 66))
    peak = water - H * 0.213
    d, l = ImageDraw.Draw(scene), ImageDraw.Draw(lights)
    stone, dark = (66, 70, 98), (34, 38, 62)

    def slab(half, low, high, fill, top_half=None):
        t = half if top_half is None else top_half
        d.polygon([(cx - half, peak - low), (cx - t, peak - high), (cx + t, peak - high), (cx + half, peak - low)], fill=fill)

    slab(30, -10, 16, dark, 22)
    slab(10, 10, 132, stone, 7.5)
    slab(8, 118, 128, dark, 26)
    slab(28, 128, 150, stone, 31)
    slab(31, 150, 163, dark, 25)
    slab(20, 163, 182, stone, 17)
    slab(8, 182, 222, stone, 6)
    slab(4.6, 222, 270, (150, 84, 82), 3.4)
    slab(2.6, 270, 322, (190, 180, 176), 1.2)
    for low, high, half, colour in ((133, 138, 27, (190, 255, 226)), (142, 146, 29, (190, 255, 226)), (153, 157, 28, (120, 226, 190)), (168, 172, 17, (220, 255, 240))):
        l.rectangle((cx - half, peak - high, cx + half, peak - low), fill=colour)
    for low in range(14, 128, 10):
        l.rectangle((cx - 2, peak - low - 5, cx + 2, peak - low), fill=(70, 150, 128))
    l.rectangle((cx - 5, peak - 218, cx + 5, peak - 186), fill=(88, 172, 148))
    l.ellipse((cx - 4, peak - 326, cx + 4, peak - 318), fill=(255, 84, 60))
    for i in range(46):  # the road that winds up the hill
        t = i / 45
        x = cx + W * (0.13 - 0.17 * t) + 30 * math.sin(t * 9)
        l.ellipse((x - 2, water - H * (0.05 + 0.13 * t) - 2, x + 2, water - H * (0.05 + 0.13 * t) + 2), fill=(230, 168, 96))
    haze(80, (196, 122, 112), 0.11)

    towers(rng, scene, lights, -30, W, water, (36, 84), (84, 196), (50, 50, 82), (255, 204, 132), 0.34, (10, 12),
           lambda x: 0.62 + 0.75 * math.exp(-((x - W * 0.2) / (W * 0.11)) ** 2) + 0.5 * math.exp(-((x - W * 0.93) / (W * 0.09)) ** 2)
           - 0.22 * math.exp(-((x - cx) / (W * 0.1)) ** 2))
    # One tall tapered tower among them, lit along its edges.
    tx, th = W * 0.205, H * 0.44
    d = ImageDraw.Draw(scene)
    d.polygon([(tx - 40, water), (tx - 34, water - th * 0.5), (tx - 10, water - th), (tx + 10, water - th), (tx + 34, water - th * 0.5), (tx + 40, water)], fill=(44, 46, 78))
    m = ImageDraw.Draw(lights)
    m.polygon([(tx - 41, water), (tx - 35, water - th * 0.5), (tx - 10, water - th), (tx + 10, water - th), (tx + 35, water - th * 0.5), (tx + 41, water)], fill=(0, 0, 0))
    for i in range(84):
        t = i / 84
        half = 34 + 6 * (1 - 2 * t) if t < 0.5 else 34 - 24 * (2 * t - 1)
        y = water - th * t - 6
        for k in range(7):
            if rng.random() < 0.46 - 0.15 * t:
                x = tx - half + (k + 0.5) * 2 * half / 7
                m.rectangle((x - 2.4, y - 2, x + 2.4, y + 2), fill=mix((150, 110, 80), (255, 214, 150), rng.random()))
    m.line((tx - 9, water - th, tx + 9, water - th), fill=(214, 236, 255), width=4)
    m.line((tx, water - th * 0.985, tx, water - th * 0.8), fill=(190, 214, 240), width=2)
    haze(60, (170, 104, 104), 0.08)

    # Apartment slabs along the bank.
    x, n, d = -40, ImageDraw.Draw(lights), ImageDraw.Draw(scene)
    while x < W:
        # A block of flats is a handful of equal slabs, side by side.
        floors, w, alike = rng.randint(8, 15), rng.randint(44, 84), rng.randint(2, 5)
        shade = mix((30, 31, 56), (20, 22, 42), rng.random())
        for _ in range(alike):
            h = (floors + rng.choice((0, 0, 1))) * 8
            d.rectangle((x, water - h, x + w, water), fill=shade)
            d.rectangle((x + w * 0.8, water - h, x + w, water), fill=mix(shade, (8, 10, 24), 0.5))
            d.rectangle((x + w * 0.3, water - h - 8, x + w * 0.5, water - h), fill=shade)
            n.rectangle((x, water - h - 8, x + w, water), fill=(0, 0, 0))
            awake = rng.uniform(0.26, 0.52)
            for f in range(int(h / 8) - 1):
                for k in range(int(w * 0.8 / 8)):
                    if rng.random() < awake:
                        tone = mix((74, 54, 52), (255, 206, 132), rng.random() ** 1.9)
                        if rng.random() < 0.12:
                            tone = mix(tone, (190, 214, 250), 0.7)
                        n.rectangle((x + 4 + k * 8, water - h + 5 + f * 8, x + 7 + k * 8, water - h + 7 + f * 8), fill=tone)
            x += w + rng.randint(8, 14)
        x += rng.choice((24, 50, 90, 130))

    # Trees and lamps on the embankment.
    bank = ImageDraw.Draw(scene)
    for _ in range(420):
        x, r = rng.uniform(0, W), rng.uniform(6, 17)
        bank.ellipse((x - r, water - r * 1.2, x + r, water + r * 0.5), fill=mix((14, 20, 32), (24, 32, 38), rng.random()))
    bank.rectangle((0, water - 5, W, water + 4), fill=(18, 20, 34))
    lamp = ImageDraw.Draw(lights)
    for i in range(70):
        x = i * W / 69 + rng.uniform(-3, 3)
        lamp.ellipse((x - 2.6, water - 15, x + 2.6, water - 10), fill=(255, 206, 128))

    scene = ImageChops.lighter(scene, lights)

    # The river: the city upside down, drawn out, broken by ripples.
    depth = H - water
    # The mirror is flatter than the city, so that the tower still fits into the river.
    span = int(depth / 0.66)
    mirror = ImageOps.flip(scene.crop((0, water - span, W, water))).resize((W, depth), LANCZOS)
    mirror_lights = ImageOps.flip(lights.crop((0, water - span, W, water))).resize((W, depth), LANCZOS)
    streaks = mirror_lights.resize((W, max(2, depth // 44)), Image.Resampling.BOX).resize((W, depth), BICUBIC)
    streaks = streaks.filter(ImageFilter.GaussianBlur(2.4))
    mirror = mirror.filter(ImageFilter.BoxBlur((2, 9)))
    mirror = ImageChops.screen(ImageEnhance.Brightness(mirror).enhance(0.8), ImageEnhance.Brightness(streaks).enhance(1.9))
    river = Image.new("RGB", (W, depth))
    walk = 0.0
    for y in range(depth):
        t = y / depth
        walk = walk * 0.78 + rng.uniform(-1, 1)
        shift = round((2 + 15 * t) * (walk * 0.55 + 0.55 * math.sin(y * (0.72 - 0.45 * t))))
        row = mirror.crop((0, y, W, y + 1))
        river.paste(ImageChops.offset(row, shift, 0), (0, y))
    river = river.filter(ImageFilter.GaussianBlur(1.2))
    deep = gradient((W, depth), [(0, (70, 58, 88)), (0.35, (34, 42, 84)), (1, (12, 18, 42))])
    river = Image.composite(deep, river, ramp((W, depth), [(0, 30), (0.4, 84), (1, 165)]))
    # Wavelets grow towards us: compress the noise near the far bank.
    flat = noise(rng, (W // 2, depth), (26, 60), 3, 0.6)
    waves = Image.new("L", (W, depth))
    for y in range(depth):
        t = y / depth
        source = int((depth - 1) * t**0.55)
        wide = int(W // 2 * (0.35 + 0.65 * (1 - t)))
        waves.paste(flat.crop((0, source, wide, source + 1)).resize((W, 1)), (0, y))
    waves = waves.filter(ImageFilter.GaussianBlur(1.3))
    crest = waves.point(lambda v: max(0, v - 150))
    trough = waves.point(lambda v: max(0, 110 - v))
    glint = gradient((W, depth), [(0, (255, 198, 150)), (0.4, (150, 120, 150)), (1, (70, 84, 132))])
    river = Image.composite(glint, river, scale_mask(crest, 0.8))
    river = Image.composite(Image.new("RGB", (W, depth), (6, 9, 22)), river, scale_mask(trough, 1.3))
    scene.paste(river, (0, water))

    # The bank itself.
    ImageDraw.Draw(scene).rectangle((0, water - 2, W, water + 3), fill=(34, 30, 46))

    scene = glow(scene, 150, ((5, 0.55), (18, 0.5), (60, 0.42)))
    scene = scene.resize((1104, 620), LANCZOS)
    scene = ImageEnhance.Color(ImageEnhance.Contrast(scene).enhance(1.06)).enhance(1.05)
    scene = vignette(scene, 0.8)
    scene = grain(rng, scene, 0.06)
    scene.save(IMAGES / "seoul-night.jpg", quality=80, optimize=True, progressive=True)


# ---------------------------------------------------------------- chimaek

def lit_height(height, colours, light=(-1, -1), reach=5, gain=3.0):
    """Shades a grey height map as if lit from the upper left; colours = dark, middle, light."""
    moved = ImageChops.offset(height, -light[0] * reach, -light[1] * reach)
    relief = ImageChops.subtract(height, moved, 1 / gain, 118)
    dark, middle, bright = colours
    return ImageOps.colorize(relief, dark, bright, mid=middle, blackpoint=20, midpoint=120, whitepoint=235)


def chicken(rng, size, colours):
    """One battered piece with its mask."""
    w, h = size
    pad = 16
    W, H = w + 2 * pad, h + 2 * pad
    mask = Image.new("L", (W, H))
    points = []
    bumps = [(rng.uniform(0.02, 0.085), rng.randint(2, 9), rng.uniform(0, 6.3)) for _ in range(5)]
    for i in range(90):
        a = i * math.tau / 90
        r = 0.9 + sum(k * math.sin(n * a + p) for k, n, p in bumps)
        points.append((W / 2 + math.cos(a) * r * w / 2, H / 2 + math.sin(a) * r * h / 2))
    ImageDraw.Draw(mask).polygon(points, fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(2))
    dome = mask.filter(ImageFilter.GaussianBlur(min(w, h) * 0.17)).point(lambda v: max(0, v - 60) * 255 // 195)
    coarse = noise(rng, (W, H), (W / 26, H / 26), 2, 0.6)
    fine = noise(rng, (W, H), (W / 9, H / 9), 3, 0.7)
    height = Image.blend(Image.blend(dome, coarse, 0.34), fine, 0.24)
    return lit_height(height, colours, reach=6, gain=2.6), mask


def chimaek():
    rng = random.Random(7)
    S = 3
    W, H = 536 * S, 360 * S
    table = int(H * 0.62)

    # A bar at night, out of focus.
    scene = gradient((W, H), [(0, (14, 30, 36)), (0.45, (30, 44, 48)), (0.62, (52, 44, 40)), (1, (52, 44, 40))])
    bokeh = Image.new("RGB", (W, H))
    for _ in range(46):
        x, y = rng.uniform(0, W), rng.uniform(-0.02, 0.52) * H
        r = rng.uniform(22, 74)
        c = rng.choice(((255, 150, 50), (255, 184, 84), (240, 96, 44), (70, 190, 150), (255, 200, 120)))
        spot = Image.new("L", (W, H))
        ImageDraw.Draw(spot).ellipse((x - r, y - r, x + r, y + r), fill=rng.randint(24, 105))
        ring = Image.new("L", (W, H))
        ImageDraw.Draw(ring).ellipse((x - r, y - r, x + r, y + r), outline=40, width=4)
        spot = ImageChops.add(spot, ring).filter(ImageFilter.GaussianBlur(3))
        bokeh = ImageChops.screen(bokeh, Image.composite(Image.new("RGB", (W, H), c), Image.new("RGB", (W, H)), spot))
    scene = ImageChops.screen(scene, bokeh.filter(ImageFilter.GaussianBlur(2)))

    # The table: boards with a grain that runs across.
    wood = noise(rng, (W, H - table), (2.5, 34), 5, 0.62)
    boards = ImageOps.colorize(wood, (58, 30, 16), (176, 108, 58), mid=(116, 66, 34))
    seams = ImageDraw.Draw(boards)
    for y in (0.21, 0.52, 0.9):
        seams.line((0, (H - table) * y, W, (H - table) * y + 5), fill=(34, 17, 10), width=5)
        seams.line((0, (H - table) * y + 6, W, (H - table) * y + 11), fill=(166, 106, 62), width=2)
    falloff = ramp((W, H - table), [(0, 130), (0.25, 30), (0.75, 20), (1, 110)])
    boards = Image.composite(Image.new("RGB", boards.size, (22, 12, 8)), boards, falloff)
    scene.paste(boards, (0, table))
    edge = Image.new("L", (W, H))
    ImageDraw.Draw(edge).rectangle((0, table - 4, W, table + 12), fill=150)
    scene = Image.composite(scene.filter(ImageFilter.GaussianBlur(12)), scene, edge.filter(ImageFilter.GaussianBlur(8)))

    def shadow(box, strength, blur):
        nonlocal scene
        m = Image.new("L", (W, H))
        ImageDraw.Draw(m).ellipse(box, fill=strength)
        scene = Image.composite(Image.new("RGB", (W, H), (10, 5, 3)), scene, m.filter(ImageFilter.GaussianBlur(blur)))

    def over(colour, mask):
        nonlocal scene
        scene = Image.composite(Image.new("RGB", (W, H), colour), scene, mask)

    # The bowl of chicken.
    bx, by, bw = W * 0.655, H * 0.66, W * 0.275
    shadow((bx - bw * 1.0, by + 130, bx + bw * 1.18, by + 300), 215, 30)
    bowl = Image.new("L", (W, H))
    bd = ImageDraw.Draw(bowl)
    side = []
    for i in range(61):
        t = i / 60
        side.append((bx - bw + bw * 2 * t, by + 232 * math.sin(math.pi * t) ** 0.55))
    bd.polygon(side, fill=255)
    bd.rounded_rectangle((bx - bw * 0.36, by + 200, bx + bw * 0.36, by + 244), 18, fill=255)
    bowl = bowl.filter(ImageFilter.GaussianBlur(1.5))
    across = Image.linear_gradient("L").rotate(90).resize((int(bw * 2), 1)).resize((int(bw * 2), 300))
    # Celadon glaze: bright on the left shoulder, deep on the right.
    glaze = ImageOps.colorize(across, (188, 216, 198), (52, 92, 82), mid=(124, 168, 150), midpoint=96)
    layer = Image.new("RGB", (W, H), (96, 140, 124))
    layer.paste(glaze, (int(bx - bw), int(by)))
    crackle = noise(rng, (W, H), (60, 40), 3)
    layer = Image.blend(layer, ImageOps.colorize(crackle, (70, 112, 98), (190, 214, 198)), 0.16)
    down = ramp((W, H), [(0, 0), (by / H, 0), ((by + 250) / H, 150), (1, 150)])
    layer = Image.composite(Image.new("RGB", (W, H), (30, 54, 48)), layer, down)
    scene = Image.composite(layer, scene, bowl)
    back = Image.new("L", (W, H))
    ImageDraw.Draw(back).ellipse((bx - bw, by - 70, bx + bw, by + 74), fill=255)
    over((56, 84, 74), back.filter(ImageFilter.GaussianBlur(1.5)))

    golden = ((84, 34, 8), (206, 122, 40), (255, 218, 140))
    honey = ((96, 40, 8), (222, 146, 58), (255, 232, 166))
    glazed = ((64, 8, 4), (172, 42, 20), (255, 158, 104))
    pile = []
    for row, (count, y, reach, size) in enumerate(
        ((5, -70, 0.72, 150), (6, -20, 0.8, 160), (4, -150, 0.5, 152), (5, 6, 0.66, 168), (3, -212, 0.3, 148), (4, -92, 0.46, 168), (2, -150, 0.16, 160))
    ):
        for i in range(count):
            x = bx + bw * reach * (2 * (i + 0.5) / count - 1) + rng.uniform(-14, 14)
            pile.append((x, by + y + rng.uniform(-12, 12), size, (row + i) % 3))
    for x, y, size, kind in pile:
        w, h = int(size * rng.uniform(0.95, 1.3)), int(size * rng.uniform(0.72, 0.95))
        piece, mask = chicken(rng, (w, h), (golden, honey, glazed)[kind])
        angle = rng.uniform(-24, 24)
        piece = piece.rotate(angle, BICUBIC, expand=False)
        mask = mask.rotate(angle, BICUBIC, expand=False)
        px, py = int(x - piece.width / 2), int(y - piece.height / 2)
        soft = Image.new("L", (W, H))
        soft.paste(mask, (px + 6, py + 12))
        over((34, 12, 4), scale_mask(soft.filter(ImageFilter.GaussianBlur(11)), 0.62))
        scene.paste(piece, (px, py), mask)
        if kind == 2:  # sauce catches the light; sesame sticks to it
            shine = Image.new("L", piece.size)
            sd = ImageDraw.Draw(shine)
            for _ in range(5):
                sx, sy = rng.uniform(0.26, 0.6) * w, rng.uniform(0.24, 0.5) * h
                sd.ellipse((sx, sy, sx + rng.uniform(9, 26), sy + rng.uniform(5, 10)), fill=rng.randint(120, 215))
            shine = ImageChops.multiply(shine.filter(ImageFilter.GaussianBlur(2.6)), mask)
            scene.paste(Image.new("RGB", piece.size, (255, 232, 206)), (px, py), shine)
        dd = ImageDraw.Draw(scene)
        for _ in range(11 if kind == 2 else 2):
            a, r = rng.uniform(0, math.tau), rng.uniform(0, 0.3)
            sx, sy = x + math.cos(a) * r * w, y + math.sin(a) * r * h
            dd.ellipse((sx, sy, sx + rng.uniform(7, 10), sy + 5), fill=(246, 226, 184))
    # Spring onion, cut small.
    dd = ImageDraw.Draw(scene)
    for _ in range(26):
        x, y = bx + bw * rng.triangular(-0.6, 0.6, 0), by - 96 + rng.triangular(-96, 80, 0)
        r = rng.uniform(8, 12)
        dd.ellipse((x - r, y - r * 0.7, x + r, y + r * 0.7), outline=mix((96, 150, 62), (168, 206, 110), rng.random()), width=5)
    # The near rim, over the lowest pieces.
    rim = Image.new("L", (W, H))
    rd = ImageDraw.Draw(rim)
    rd.arc((bx - bw, by - 70, bx + bw, by + 74), 2, 178, fill=255, width=17)
    below = Image.new("L", (W, H))
    lower = [(bx - bw * math.cos(math.pi * i / 60), by + 66 * math.sin(math.pi * i / 60)) for i in range(61)]
    outer = [(bx + bw * math.cos(math.pi * i / 60), by + 232 * math.sin(math.pi * i / 60) ** 0.55) for i in range(61)]
    ImageDraw.Draw(below).polygon(lower + outer, fill=255)
    scene = Image.composite(layer, scene, ImageChops.multiply(below.filter(ImageFilter.GaussianBlur(1.5)), bowl))
    over((206, 228, 212), rim.filter(ImageFilter.GaussianBlur(2)))
    gleam = Image.new("L", (W, H))
    ImageDraw.Draw(gleam).ellipse((bx - bw * 0.72, by + 96, bx - bw * 0.46, by + 176), fill=150)
    over((236, 248, 240), gleam.filter(ImageFilter.GaussianBlur(20)))

    # The beer.
    gx, top, foot, rt, rb = W * 0.225, H * 0.15, H * 0.845, 158, 116
    shadow((gx - 150, foot - 40, gx + 260, foot + 70), 205, 26)
    cast = Image.new("L", (W, H))  # light that passed through the beer
    ImageDraw.Draw(cast).ellipse((gx + 60, foot - 26, gx + 300, foot + 56), fill=120)
    over((255, 186, 70), cast.filter(ImageFilter.GaussianBlur(36)))

    def body(y0, y1, inset=0):
        m = Image.new("L", (W, H))
        def half(y):
            return rb + (rt - rb) * (foot - y) / (foot - top) - inset
        pts = []
        for i in range(41):
            a = math.pi * i / 40
            pts.append((gx + math.cos(a) * half(y1), y1 + math.sin(a) * half(y1) * 0.17))
        for i in range(41):
            a = math.pi + math.pi * i / 40
            pts.append((gx + math.cos(a) * half(y0), y0 + math.sin(a) * half(y0) * 0.17))
        ImageDraw.Draw(m).polygon(pts, fill=255)
        return m.filter(ImageFilter.GaussianBlur(1.4)), half

    glass, half = body(top, foot)
    over((196, 214, 210), scale_mask(glass, 0.22))
    level = top + 150
    beer, _ = body(level, foot - 34, 13)
    gold = gradient((W, H), [(0, (252, 196, 70)), (level / H, (250, 190, 62)), (0.62, (236, 156, 34)), (0.84, (196, 108, 16)), (1, (196, 108, 16))])
    x0 = int(gx - rt)
    side = Image.linear_gradient("L").rotate(90).resize((rt * 2, 1)).resize((rt * 2, H))
    curve = side.point(lambda v: round(210 * abs(v / 255 - 0.42) ** 2.2 * 3))
    shade = Image.new("L", (W, H))
    shade.paste(curve, (x0, 0))
    gold = Image.composite(Image.new("RGB", (W, H), (120, 56, 4)), gold, shade)
    core = Image.new("L", (W, H))
    ImageDraw.Draw(core).ellipse((gx - 74, level + 60, gx + 44, foot - 90), fill=150)
    gold = Image.composite(Image.new("RGB", (W, H), (255, 226, 120)), gold, core.filter(ImageFilter.GaussianBlur(44)))
    scene = Image.composite(gold, scene, beer)
    rise = Image.new("L", (W, H))
    r = ImageDraw.Draw(rise)
    for _ in range(240):
        t = rng.random() ** 0.8
        y = level + 30 + (foot - level - 90) * t
        x = gx + rng.uniform(-0.84, 0.84) * (half(y) - 16)
        b = rng.uniform(1.6, 4.6)
        r.ellipse((x - b, y - b, x + b, y + b), fill=rng.randint(70, 190))
    over((255, 244, 200), ImageChops.multiply(rise.filter(ImageFilter.GaussianBlur(0.9)), beer))

    head = Image.new("L", (W, H))
    h = ImageDraw.Draw(head)
    foam_mask, _ = body(top + 34, level + 6, 11)
    head = ImageChops.lighter(head, foam_mask)
    h = ImageDraw.Draw(head)
    for i in range(60):
        x = gx + rng.uniform(-0.9, 0.9) * (rt - 26)
        k = math.sqrt(max(0, 1 - ((x - gx) / (rt - 14)) ** 2))
        q = rng.uniform(18, 38)
        y = top + 30 - 24 * k + rng.uniform(-8, 10)
        h.ellipse((x - q, y - q * 0.8, x + q, y + q * 0.8), fill=255)
    head = head.filter(ImageFilter.GaussianBlur(2))
    froth = Image.blend(head.filter(ImageFilter.GaussianBlur(22)), noise(rng, (W, H), (60, 40), 3, 0.7), 0.22)
    foam = lit_height(froth, ((168, 138, 92), (246, 234, 206), (255, 253, 244)), reach=7, gain=3.2)
    scene = Image.composite(foam, scene, head)
    under = Image.new("L", (W, H))
    ImageDraw.Draw(under).arc((gx - half(level) + 12, level - 26, gx + half(level) - 12, level + 34), 0, 180, fill=150, width=12)
    over((190, 120, 40), ImageChops.multiply(under.filter(ImageFilter.GaussianBlur(7)), beer))

    # Glass: rim, edges, highlights, a cold mist of drops.
    rimg = Image.new("L", (W, H))
    ImageDraw.Draw(rimg).arc((gx - rt, top - 27, gx + rt, top + 27), 0, 360, fill=150, width=4)
    edges = ImageDraw.Draw(rimg)
    for sign in (-1, 1):
        edges.line((gx + sign * (rt - 2), top, gx + sign * (rb - 2), foot), fill=170, width=6)
    edges.arc((gx - rb, foot - 20, gx + rb, foot + 20), 0, 180, fill=190, width=9)
    edges.arc((gx - rb + 8, foot - 52, gx + rb - 8, foot - 12), 0, 180, fill=120, width=5)
    over((240, 246, 240), rimg.filter(ImageFilter.GaussianBlur(2)))
    shine = Image.new("L", (W, H))
    s = ImageDraw.Draw(shine)
    s.polygon([(gx - rt + 34, top + 46), (gx - rt + 62, top + 46), (gx - rb + 46, foot - 92), (gx - rb + 28, foot - 92)], fill=175)
    s.polygon([(gx + rt - 44, top + 70), (gx + rt - 33, top + 70), (gx + rb - 27, foot - 130), (gx + rb - 34, foot - 130)], fill=120)
    over((255, 252, 240), shine.filter(ImageFilter.GaussianBlur(5)))
    mist = Image.new("L", (W, H))
    md = ImageDraw.Draw(mist)
    drops = []
    for _ in range(210):
        y = rng.uniform(level - 30, foot - 40)
        x = gx + rng.uniform(-0.95, 0.95) * half(y)
        q = rng.choice((2, 2.5, 3, 3.5, 5))
        md.ellipse((x - q, y - q, x + q, y + q * 1.3), fill=95)
        drops.append((x, y, q))
    over((120, 62, 8), mist)
    md = ImageDraw.Draw(scene)
    for x, y, q in drops:
        md.ellipse((x - q * 0.6, y - q * 0.7, x, y - q * 0.1), fill=(255, 246, 214))

    # Painterly: gather like tones into dabs, then lay back a little of the drawing.
    small = scene.resize((536 * 2, 360 * 2), LANCZOS)
    dabs = small.filter(ImageFilter.ModeFilter(5)).filter(ImageFilter.GaussianBlur(0.8))
    picture = Image.blend(small, dabs, 0.45)
    picture = glow(picture, 190, ((6, 0.35), (26, 0.3)))
    picture = picture.resize((536, 360), LANCZOS).filter(ImageFilter.UnsharpMask(1.2, 60, 2))
    picture = vignette(picture, 0.95)
    picture = grain(rng, picture, 0.05)
    picture.save(IMAGES / "chimaek.jpg", quality=82, optimize=True, progressive=True)


# ---------------------------------------------------------------- hangul

def hangul():
    rng = random.Random(28)
    S = 3
    W, H = 536 * S, 360 * S

    # Hanji: warm, uneven, with long mulberry fibres.
    base = ImageOps.colorize(noise(rng, (W, H), (3, 2), 5, 0.6), (218, 198, 158), (246, 236, 210), mid=(236, 221, 188))
    tooth = noise(rng, (W, H), (240, 160), 2, 0.7)
    base = Image.blend(base, lit_height(tooth, ((198, 176, 134), (236, 221, 188), (255, 248, 228)), reach=2, gain=0.5), 0.28)
    fibres = Image.new("L", (W, H))
    pale = Image.new("L", (W, H))
    for i in range(420):
        x, y, a = rng.uniform(-40, W + 40), rng.uniform(-40, H + 40), rng.uniform(0, math.tau)
        path = [(x, y)]
        for _ in range(rng.randint(8, 30)):
            a += rng.uniform(-0.24, 0.24)
            x, y = x + math.cos(a) * 9, y + math.sin(a) * 9
            path.append((x, y))
        ImageDraw.Draw(fibres if i % 3 == 0 else pale).line(path, fill=rng.randint(40, 130), width=rng.choice((1, 2, 2, 3)), joint="curve")
    base.paste(Image.new("RGB", (W, H), (168, 134, 84)), (0, 0), scale_mask(fibres.filter(ImageFilter.GaussianBlur(1)), 0.6))
    base.paste(Image.new("RGB", (W, H), (255, 250, 234)), (0, 0), scale_mask(pale.filter(ImageFilter.GaussianBlur(1)), 0.8))

    # What the block prints: a frame, the rules between columns, letters.
    plate = Image.new("L", (W, H))
    d = ImageDraw.Draw(plate)
    m = 58
    d.rectangle((m, m, W - m, H - m), outline=255, width=14)
    d.rectangle((m + 26, m + 26, W - m - 26, H - m - 26), outline=255, width=8)
    inner_top, inner_bottom, left, right = m + 26, H - m - 26, m + 26, W - m - 26
    column = (right - left) / 6
    for i in range(1, 6):
        if i not in (2, 3, 4):
            d.line((left + column * i, inner_top, left + column * i, inner_bottom), fill=255, width=8)
    big = font(SERIF_BOLD, 336)
    cx = (left + column * 1 + left + column * 5) / 2
    # Two by two, read as we read today: along the line, then down.
    for i, letter in enumerate("훈민정음"):
        x = cx + (-1 if i % 2 == 0 else 1) * 184 - 20
        y = (inner_top + inner_bottom) / 2 + (-1 if i < 2 else 1) * 196
        d.text((x, y + 4), letter, font=big, fill=255, anchor="mm", stroke_width=5, stroke_fill=255)
    small = font(SERIF_BOLD, 112)
    for x, letters in ((left + column * 0.5, "ㄱㄴㄷㄹㅁㅂㅅ"), (left + column * 5.5, "ㅏㅑㅓㅕㅗㅛㅜ")):
        step = (inner_bottom - inner_top) / len(letters)
        for i, letter in enumerate(letters):
            d.text((x, inner_top + step * (i + 0.5)), letter, font=small, fill=255, anchor="mm", stroke_width=3, stroke_fill=255)

    # Wood is not sharp: soften, disturb, harden again; then let the ink fail here and there.
    jitter = noise(rng, (W, H), (150, 100), 3, 0.7)
    rough = Image.blend(plate.filter(ImageFilter.GaussianBlur(3.4)), jitter, 0.2)
    rough = rough.point(lambda v: max(0, min(255, (v - 96) * 8))).filter(ImageFilter.GaussianBlur(1.3))
    bare = noise(rng, (W, H), (90, 340), 3, 0.85).point(lambda v: 255 if v < 232 else max(0, 255 - (v - 232) * 11))
    worn = noise(rng, (W, H), (5, 4), 4, 0.6).point(lambda v: 178 + v * 77 // 255)
    ink = ImageChops.multiply(ImageChops.multiply(rough, bare), worn)
    halo = scale_mask(rough.filter(ImageFilter.GaussianBlur(9)), 0.14)
    base.paste(Image.new("RGB", (W, H), (88, 70, 48)), (0, 0), halo)
    base.paste(Image.new("RGB", (W, H), (26, 28, 36)), (0, 0), ink)

    # A red seal, cut in relief: 세종.
    q = 132
    seal = Image.new("L", (q, q))
    sd = ImageDraw.Draw(seal)
    sd.rounded_rectangle((4, 4, q - 5, q - 5), 12, fill=255)
    cut = font(SERIF_BOLD, 58)
    for i, letter in enumerate("세종"):
        sd.text((q / 2, q / 2 + (-28 if i == 0 else 28)), letter, font=cut, fill=0, anchor="mm", stroke_width=1, stroke_fill=0)
    sd.rounded_rectangle((10, 10, q - 11, q - 11), 8, outline=0, width=2)
    seal = Image.blend(seal.filter(ImageFilter.GaussianBlur(1.6)), noise(rng, (q, q), (30, 30), 2), 0.2)
    seal = seal.point(lambda v: max(0, min(232, (v - 92) * 7))).rotate(-2, BICUBIC)
    base.paste(Image.new("RGB", (q, q), rgb(VERMILION)), (int(left + column * 5 - q - 34), int(inner_bottom - q - 34)), seal)

    # Light from the upper left.
    sweep = Image.radial_gradient("L").resize((W * 2, H * 2), BICUBIC).crop((int(W * 0.62), int(H * 0.7), int(W * 1.62), int(H * 1.7)))
    base = Image.composite(Image.new("RGB", (W, H), (70, 48, 24)), base, sweep.point(lambda v: max(0, v - 60) * 0.6))
    picture = base.resize((536, 360), LANCZOS).filter(ImageFilter.UnsharpMask(1.0, 60, 2))
    picture = grain(rng, picture, 0.03)
    picture.save(IMAGES / "hunminjeongeum.jpg", quality=80, optimize=True, progressive=True)


# ---------------------------------------------------------------- the chart

def chart():
    S = 2
    W, H = 1104 * S, 620 * S
    page = Image.new("RGB", (W, H), rgb(PAPER))
    d = ImageDraw.Draw(page)
    navy, teal, grey = rgb(NAVY), rgb(CELADON), rgb("#566175")
    m = 44 * S
    d.text((m, 36 * S), "More than 260,000 NVIDIA GPUs", font=font(SERIF_BOLD, 54 * S), fill=navy, anchor="lt")
    d.text((m, 108 * S), "Each square stands for 1,000 of the GPUs planned for Korea", font=font(SANS, 30 * S), fill=grey, anchor="lt")

    # 13 rows of 20: one colour throughout, for the plan as reported here names no shares.
    columns, rows, pitch, box = 20, 13, 32 * S, 26 * S
    y0 = 168 * S
    for i in range(columns * rows):
        row, column = divmod(i, columns)
        x, y = m + column * pitch, y0 + row * pitch
        d.rounded_rectangle((x, y, x + box, y + box), 4 * S, fill=teal)

    x = m + columns * pitch + 34 * S
    d.line((x - 20 * S, y0, x - 20 * S, y0 + (rows - 1) * pitch + box), fill=rgb("#d9cfbd"), width=2 * S)
    d.text((x, y0 + 2 * S), "Named in the plan", font=font(SANS_BOLD, 32 * S), fill=navy, anchor="lt")
    body, note = font(SANS, 32 * S), font(SANS, 26 * S)
    for i, place in enumerate(("Samsung Electronics", "Hyundai Motor Group", "SK Group and NAVER", "The government")):
        d.text((x, y0 + (80 + i * 54) * S), place, font=body, fill=navy, anchor="lm")
    for i, line in enumerate(("No shares are drawn:", "the squares count", "the plan as a whole.")):
        d.text((x, y0 + (325 + i * 36) * S), line, font=note, fill=grey, anchor="lm")
    page = page.resize((1104, 620), LANCZOS).quantize(64, dither=Image.Dither.NONE)
    page.save(IMAGES / "gpu-plan.png", optimize=True)


# ---------------------------------------------------------------- the logo

def logo():
    S = 4
    # Mail programs that force a dark page leave pictures alone: the light logo carries a thin rim of
    # paper, which nobody sees on paper and which keeps its letters legible on black.
    for name, mark, carved, letters, rim in (
        ("logo.png", CELADON, PAPER, NAVY, "#fffdf8"),
        ("logo-dark.png", CELADON_LIGHT, "#14202c", "#efe9dc", None),
    ):
        W, H = 400 * S, 88 * S
        # Painted on the letters' own colour, so that soft edges carry no fringe.
        shape = Image.new("RGBA", (W, H), (*rgb(rim or letters), 0))
        d = ImageDraw.Draw(shape)
        q, y = 76 * S, 6 * S
        d.rounded_rectangle((2 * S, y, 2 * S + q, y + q), 12 * S, fill=mark)
        d.rounded_rectangle((6 * S, y + 4 * S, 2 * S + q - 4 * S, y + q - 4 * S), 9 * S, outline=carved, width=int(1.5 * S))
        stamp = font(SERIF_BOLD, 32 * S)
        for i, letter in enumerate("세종"):
            d.text((2 * S + q / 2, y + q / 2 + (-15.5 if i == 0 else 15.5) * S), letter, font=stamp, fill=carved, anchor="mm")
        words = font(SERIF_BOLD, 44 * S)
        room = W - 98 * S - 2 * S
        while words.getlength("Sejong Digest") > room:
            words = words.font_variant(size=words.size - S)
        edge = {"stroke_width": 2 * S, "stroke_fill": rim} if rim else {}
        d.text((98 * S, 46 * S), "Sejong Digest", font=words, fill=letters, anchor="lm", **edge)
        shape.resize((400, 88), LANCZOS).save(THEME / name, optimize=True)


PICTURES = {"skyline": skyline, "chimaek": chimaek, "hangul": hangul, "chart": chart, "logo": logo}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or PICTURES:
        if wanted not in PICTURES:
            raise SystemExit(f"no picture called {wanted}; there are: {', '.join(PICTURES)}")
        PICTURES[wanted]()
