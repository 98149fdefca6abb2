#!/usr/bin/env node
// The pictures of the README: docs/sample.png (the sample issue on a desk in light, on a phone in
// dark) and docs/looks.png (one issue in the four looks, light above dark).
//
// Run it after a change of the letter's design: node docs.mjs [PROGRAM]
//
// node docs.mjs --pages WALK ARCHIVE makes docs/pages.png (an issue and an article of the archive, and what
// readers subscribe, choose and leave by) of pictures that `walk.mjs --out WALK` and `archive.mjs --out
// ARCHIVE` have made of the gallery's issues (see ../judges/archive.py).

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const run = promisify(execFile);
const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, "../..");
const [ofPages, walked, archived] = process.argv[2] === "--pages" ? process.argv.slice(2) : [];
const DIGEST = path.resolve(process.argv[2] ?? path.join(ROOT, "target/debug/digest"));
const LOOKS = ["ink", "gazette", "studio", "celadon"];

/** Pictures of an issue, by width and scheme. */
async function shots(folder, name, root, issue, preset, width, scheme) {
  const html = path.join(folder, `${name}.html`);
  const env = { ...process.env };
  if (preset) env.DIGEST_THEME__PRESET = preset;
  await run(DIGEST, ["--publication", root, "render", issue, "-o", html], { env });
  const shoot = path.join(HERE, "shoot.mjs");
  await run(process.execPath, [shoot, html, "--out", folder, "--width", width, "--scheme", scheme, "--strict"]);
  const list = width.split(",").flatMap((w) => scheme.split(",").map((s) => `${name}-${w}-${s}.png`));
  return list.map((file) => path.join(folder, file));
}

/** Cuts of pictures beside each other: `left` pixels are cut away at both sides. */
async function mount(browser, file, rows, gap) {
  const cell = async ({ picture, width, height, left = 0 }) => {
    const data = (await readFile(picture)).toString("base64");
    return (
      `<div style="width:${width}px;height:${height}px;overflow:hidden;flex:none">` +
      `<img style="margin-left:-${left}px" src="data:image/png;base64,${data}"></div>`
    );
  };
  const lines = [];
  for (const row of rows) lines.push(`<div>${(await Promise.all(row.map(cell))).join("")}</div>`);
  const page = await browser.newPage();
  const flex = `display:flex;gap:${gap}px`;
  await page.setContent(
    `<body style="margin:0"><main style="${flex};flex-direction:column;width:max-content;padding:${gap}px;background:#d0d2d8">` +
      `<style>main>div{${flex}}</style>${lines.join("")}</main></body>`,
  );
  await page.locator("main").screenshot({ path: file });
  await page.close();
}

const folder = await mkdtemp(path.join(os.tmpdir(), "digest-docs-"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
if (ofPages) {
  const cell = (from, name, width, left = 0) => ({ picture: path.join(from, `${name}.png`), width, height: 700, left });
  await mount(browser, path.join(ROOT, "docs/pages.png"), [
    [cell(archived, "issues_pictures-1280-light", 767, 256), cell(archived, "issues_data_tides-375-dark", 375)],
    [cell(walked, "form-375-light", 375), cell(walked, "preferences-375-dark", 375), cell(walked, "unsubscribe-375-light", 375)],
  ], 16);
  await browser.close();
  await rm(folder, { recursive: true, force: true });
  process.exit(0);
}
try {
  const [wide] = await shots(folder, "sample", ROOT, "2025-11", null, "1280", "light");
  const [narrow] = await shots(folder, "sample", ROOT, "2025-11", null, "375", "dark");
  await mount(
    browser,
    path.join(ROOT, "docs/sample.png"),
    [[
      { picture: wide, width: 648, height: 1180, left: 316 },
      { picture: narrow, width: 375, height: 1180 },
    ]],
    16,
  );
  const rows = [[], []];
  for (const look of LOOKS) {
    const scenes = path.join(HERE, "scenes");
    const pictures = await shots(folder, look, scenes, "pictures", look, "375", "light,dark");
    pictures.forEach((picture, at) => rows[at].push({ picture, width: 375, height: 660 }));
  }
  await mount(browser, path.join(ROOT, "docs/looks.png"), rows, 16);
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}
