#!/usr/bin/env node
// The pages of the archive, as `digest archive build` wrote them or `digest serve` answers: pictures at
// the widths of a phone and a desk, light and dark and on paper, and what is wrong with them: what can be scrolled
// sideways at 320 pixels, what axe finds, what the browser refuses, what moves while it loads, what weighs
// too much, and whether the search finds. A table says when the first words stood there.

import { createServer } from "node:http";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const HELP = `usage: node archive.mjs DIR|URL [options]

Prints what is wrong with each page; exit 1 where anything is.

  --out DIR         where pictures go (default: none are made)
  --search WORD     a word that the search has to find
  --most N          pages that are looked at (default: 30)`;

const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json",
  ".xml": "application/xml", ".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif" };
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: "string" }, search: { type: "string" }, most: { type: "string" }, help: { type: "boolean" } },
});
if (values.help || positionals.length !== 1) {
  console.log(HELP);
  process.exit(values.help ? 0 : 2);
}

// A folder is served as a web server would, at the root.
async function served(folder) {
  const server = createServer(async (request, response) => {
    const asked = decodeURIComponent(new URL(request.url, "http://x").pathname);
    const file = path.join(folder, path.normalize(asked.endsWith("/") ? `${asked}index.html` : asked));
    try {
      const bytes = await readFile(file);
      response.writeHead(200, { "Content-Type": TYPES[path.extname(file)] ?? "text/plain" });
      response.end(bytes);
    } catch {
      response.writeHead(404, { "Content-Type": "text/html" });
      response.end(await readFile(path.join(folder, "404.html")));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { base: `http://127.0.0.1:${server.address().port}`, server };
}

const [given] = positionals;
const { base, server } = /^https?:/.test(given) ? { base: given.replace(/\/$/, "") } : await served(given);
const map = await (await fetch(`${base}/sitemap.xml`)).text();
const known = [...map.matchAll(/<loc>([^<]*)<\/loc>/g)].map((found) => new URL(found[1].replaceAll("&amp;", "&")).pathname);
const pages = ["/", "/search/", "/unsubscribe/", "/no-such-page/", ...known].slice(0, Number(values.most ?? 30));
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
let wrong = 0;
const table = new Map();
const tell = (...words) => { wrong += 1; console.log(...words); };
if (values.out) await mkdir(values.out, { recursive: true });

for (const colorScheme of ["light", "dark"]) for (const width of [320, 375, 1280, 1440]) {
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
  for (const at of pages) {
    const page = await context.newPage();
    const bodies = [];
    page.on("response", (response) => {
      if (/html|css|javascript/.test(response.headers()["content-type"] ?? "")) bodies.push(response.body().catch(() => ""));
    });
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("404")) tell(at, "browser:", message.text());
    });
    await page.goto(base + at);
    const { paint, shift } = await page.evaluate(async () => {
      const entries = (type) => new Promise((done) => {
        const list = [];
        new PerformanceObserver((all) => list.push(...all.getEntries())).observe({ type, buffered: true });
        setTimeout(() => done(list), 50);
      });
      const paints = await entries("paint");
      const shifts = await entries("layout-shift");
      return {
        paint: paints.find((one) => one.name === "first-contentful-paint")?.startTime ?? 0,
        shift: shifts.reduce((sum, one) => sum + one.value, 0),
      };
    });
    const weight = (await Promise.all(bodies)).reduce((sum, body) => sum + body.length, 0);
    if (shift > 0) tell(at, `${width} ${colorScheme}: moved by ${shift} while it loaded`);
    if (weight > 30_000) tell(at, `${weight} bytes of HTML, CSS and script`);
    const row = table.get(at) ?? { paints: [], shift: 0, weight: 0 };
    table.set(at, { paints: [...row.paints, paint], shift: Math.max(row.shift, shift), weight: Math.max(row.weight, weight) });
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (sideways > 0) tell(at, `${width} ${colorScheme}: ${sideways} pixels sideways`);
    const found = await page.evaluate(`${axe};axe.run(document, { runOnly: ${JSON.stringify(RULES)} })`);
    for (const { id, nodes } of found.violations) tell(at, `${width} ${colorScheme}: ${id}:`, nodes.map((node) => node.html.slice(0, 100)).join(" | "));
    if (values.out && width > 320) {
      const name = at.replaceAll("/", "_").replace(/^_|_$/g, "") || "home";
      await page.screenshot({ path: path.join(values.out, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
    if (values.out && width === 1280 && colorScheme === "light") {
      await page.emulateMedia({ media: "print" });
      await page.setViewportSize({ width: 720, height: 1000 });
      await page.screenshot({ path: path.join(values.out, `${at.replaceAll("/", "_").replace(/^_|_$/g, "") || "home"}-print.png`), fullPage: true });
    }
    await page.close();
  }
  await context.close();
}
if (values.search) {
  const page = await browser.newPage();
  await page.goto(`${base}/search/?q=${encodeURIComponent(values.search)}`);
  const first = page.locator("#results a").first();
  await first.waitFor({ timeout: 5000 }).catch(() => tell("/search/", `finds nothing for ${values.search}`));
}
console.log("first paint, median and slowest | moved | bytes | page");
for (const [at, { paints, shift, weight }] of table) {
  const sorted = paints.toSorted((a, b) => a - b).map(Math.round);
  console.log(`${sorted[sorted.length >> 1]} ms, ${sorted.at(-1)} ms | ${shift} | ${weight} | ${at}`);
}
console.log(`${pages.length} pages, ${wrong} things to do`);
await browser.close();
server?.close();
process.exit(wrong ? 1 : 0);
