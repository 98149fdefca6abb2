#!/usr/bin/env node
// A rendered issue -> pictures at the widths of a phone and a desk, light and dark, each with what
// overflows and, on request, what axe finds.
//
// A mail refers to its images by the address they will have once published. Here they come from the
// publication's folder; every other request is refused, so that a picture never depends on the
// network and looking at a draft tells nobody.

import { mkdir, readFile, realpath } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const HELP = `usage: node shoot.mjs HTML [options]

Writes NAME-WIDTH-light.png and NAME-WIDTH-dark.png, and prints one line for each.

  --root DIR        the publication's folder, from which images are served (default: none)
  --base-url URL    the address below which the folder will be published
  --out DIR         where the pictures go (default: out)
  --name NAME       how their names start (default: the HTML file's name)
  --width N[,N]     widths in CSS pixels (default: 375,1280)
  --scheme S[,S]    light, dark (default: both)
  --scale N         device pixels per CSS pixel (default: 1)
  --images-off      as a mail program that does not load images
  --no-style        without <style> blocks: only inline styles count
  --forced-dark     as a mail program that inverts colours by itself
  --axe             run axe-core and print its violations
  --targets         print links that a finger misses (WCAG 2.5.8), and where the first article begins
  --strict          exit 1 when something overflows, is missing or axe finds a violation
  --help            this text

Chromium is taken from $CHROMIUM, or /usr/bin/chromium.
Exit: 0 done, 1 findings with --strict, 2 wrong arguments.`;

const TYPES = {
  ".avif": "image/avif",
  ".gif": "image/gif",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webp": "image/webp",
};

// What a page must have and a mail need not: the rules that count only where this is found.
const PAGE_RULES = {
  "landmark-one-main": "main, [role=main]",
  region: "main, [role=main]",
  "page-has-heading-one": "h1, [role=heading][aria-level='1']",
};

// The mail itself; a reserved name, so that nothing of it can be somebody's.
const PAGE = "http://mail.invalid/";

// A mail program runs no scripts.
const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "script-src 'none'; object-src 'none'; frame-src 'none'",
};

function options() {
  const string = (fallback) => ({ type: "string", default: fallback });
  const flag = { type: "boolean", default: false };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      root: { type: "string" },
      "base-url": { type: "string" },
      out: string("out"),
      name: { type: "string" },
      width: string("375,1280"),
      scheme: string("light,dark"),
      scale: string("1"),
      "images-off": flag,
      "no-style": flag,
      "forced-dark": flag,
      axe: flag,
      targets: flag,
      strict: flag,
      help: { ...flag, short: "h" },
    },
  });
  if (values.help) return { help: true };
  if (positionals.length !== 1) throw new TypeError("give one HTML file");
  if (Boolean(values.root) !== Boolean(values["base-url"])) {
    throw new TypeError("--root and --base-url go together");
  }
  const widths = values.width.split(",").map(Number);
  if (!widths.every((width) => Number.isInteger(width) && width > 0)) {
    throw new TypeError("--width wants whole numbers, such as 375,1280");
  }
  const scale = Number(values.scale);
  if (!(scale > 0 && scale <= 4)) throw new TypeError("--scale wants a number up to 4");
  const schemes = values.scheme.split(",");
  if (!schemes.every((scheme) => scheme === "light" || scheme === "dark")) {
    throw new TypeError("--scheme wants light, dark or both with a comma");
  }
  if (values["base-url"]) new URL(values["base-url"]);
  return { ...values, html: positionals[0], widths, schemes, scale };
}

/** The file behind an address, or null where it lies outside of the folder. */
async function fileBehind(url, { html, root: given, "base-url": baseUrl }) {
  // `render -o` writes pictures beside the page.
  const beside = url.startsWith(PAGE);
  const root = beside ? path.dirname(html) : given;
  if (!root) return null;
  const base = beside ? PAGE : baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`;
  const address = url.split(/[?#]/)[0];
  if (!address.startsWith(base)) return null;
  try {
    const folder = await realpath(root);
    const file = await realpath(path.join(folder, decodeURIComponent(address.slice(base.length))));
    return file.startsWith(folder + path.sep) ? file : null;
  } catch {
    return null;
  }
}

/**
 * Links that are smaller than 24 pixels and have a neighbour within 24 (WCAG 2.5.8). Links in
 * running text are as tall as its lines, and excepted.
 */
function smallTargets() {
  const links = [...document.querySelectorAll("a[href]")]
    .map((link) => ({ link, box: link.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && box.height > 0);
  const isInText = (link) => {
    const block = link.closest("p,li,td,th,div,blockquote,h1,h2,h3,h4,h5,h6");
    let rest = block.textContent;
    for (const other of block.querySelectorAll("a[href]")) rest = rest.replace(other.textContent, "");
    return /[\p{L}\p{N}]/u.test(rest);
  };
  const isSmall = ({ box }) => box.width < 24 || box.height < 24;
  const middle = ({ box }) => [box.left + box.width / 2, box.top + box.height / 2];
  const meets = (one, other) => {
    const [x, y] = middle(one);
    if (isSmall(other)) return Math.hypot(x - middle(other)[0], y - middle(other)[1]) < 23.5;
    const { left, right, top, bottom } = other.box;
    const [dx, dy] = [Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom)];
    return Math.hypot(dx, dy) < 11.5;
  };
  return links
    .filter((one) => isSmall(one) && !isInText(one.link))
    .filter((one) => links.some((other) => other !== one && meets(one, other)))
    .map(({ link, box }) => `${link.textContent.trim().slice(0, 40)} (${Math.round(box.width)} x ${Math.round(box.height)})`);
}

/** Answers every request of a page; returns what was refused. */
async function serve(page, html, given) {
  const refused = [];
  await page.route("**/*", async (route) => {
    const request = route.request();
    const url = request.url();
    if (url === PAGE) {
      return route.fulfill({ body: html, headers: HEADERS });
    }
    const isImage = request.resourceType() === "image";
    if (isImage && given["images-off"]) return route.abort();
    const file = isImage ? await fileBehind(url, given) : null;
    if (!file) {
      if (!url.endsWith("/favicon.ico")) refused.push(url);
      return route.abort();
    }
    const contentType = TYPES[path.extname(file).toLowerCase()] ?? "application/octet-stream";
    return route.fulfill({ body: await readFile(file), contentType });
  });
  return refused;
}

/** How far the page can be scrolled sideways, and the elements that reach furthest. */
function overflow() {
  const width = window.innerWidth;
  const scroll = document.scrollingElement.scrollWidth;
  const beyond = [...document.body.querySelectorAll("*")]
    .map((element) => ({ element, right: element.getBoundingClientRect().right }))
    .filter(({ right }) => right > width + 0.5)
    .sort((a, b) => b.right - a.right)
    .slice(0, 3)
    .map(({ element, right }) => {
      const name = element.tagName.toLowerCase();
      const word = (element.alt || element.textContent || "").trim().slice(0, 30);
      return `<${name}> to ${Math.round(right)} px ${JSON.stringify(word)}`;
    });
  return { width, scroll, beyond: scroll > width ? beyond : [] };
}

async function violations(page) {
  const source = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  await page.evaluate(await readFile(source, "utf8"));
  return page.evaluate(async (pageRules) => {
    const { axe } = window;
    const counts = ([rule, wanted]) => [rule, { enabled: document.querySelector(wanted) !== null }];
    const rules = Object.fromEntries(Object.entries(pageRules).map(counts));
    const { violations } = await axe.run(document, { rules, resultTypes: ["violations"] });
    return violations.map(({ id, impact, help, nodes }) => {
      const places = nodes.slice(0, 3).map((node) => node.target.join(" "));
      return { id, impact, help, count: nodes.length, places };
    });
  }, PAGE_RULES);
}

/** One picture; returns the number of findings. */
async function shoot(browser, html, given, width, scheme) {
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: scheme,
    deviceScaleFactor: given.scale,
    serviceWorkers: "block",
  });
  const page = await context.newPage();
  const refused = await serve(page, html, given);
  await page.goto(PAGE, { waitUntil: "load" });
  const kind = ["images-off", "no-style", "forced-dark"].filter((name) => given[name]);
  const stem = given.name ?? path.basename(given.html, path.extname(given.html));
  const file = path.join(given.out, `${[stem, width, scheme, ...kind].join("-")}.png`);
  await page.screenshot({ path: file, fullPage: true, animations: "disabled" });

  const { width: inner, scroll, beyond } = await page.evaluate(overflow);
  console.log(`${file}: overflow ${Math.max(0, scroll - inner)} px (${scroll} in ${inner})`);
  for (const element of beyond) console.log(`  beyond the edge: ${element}`);
  for (const url of new Set(refused)) console.log(`  refused: ${url}`);
  const found = given.axe ? await violations(page) : [];
  for (const { id, impact, help, count, places } of found) {
    console.log(`  axe ${impact} ${id}: ${help} (${count}): ${places.join(", ")}`);
  }
  const small = given.targets ? await page.evaluate(smallTargets) : [];
  for (const link of small) console.log(`  small target: ${link}`);
  if (given.targets) {
    const top = await page.evaluate(() => {
      const names = [...document.querySelectorAll("a[name]")];
      const first = names.find((name) => !name.name.startsWith("section-"));
      return first ? Math.round(first.parentElement.getBoundingClientRect().top) : null;
    });
    console.log(`  first article at ${top} px`);
  }
  await context.close();
  return Number(scroll > inner) + refused.length + found.length + small.length;
}

async function main() {
  const given = options();
  if (given.help) {
    console.log(HELP);
    return 0;
  }
  let html = await readFile(given.html, "utf8");
  if (given["no-style"]) html = html.replace(/<style\b[^>]*>[\s\S]*?<\/style\s*>/gi, "");
  await mkdir(given.out, { recursive: true });
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  if (given["forced-dark"]) args.push("--enable-features=WebContentsForceDark");
  const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args });
  let findings = 0;
  try {
    for (const width of given.widths) {
      for (const scheme of given.schemes) {
        findings += await shoot(browser, html, given, width, scheme);
      }
    }
  } finally {
    await browser.close();
  }
  return given.strict && findings > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`shoot: ${error.message.split("\n")[0]}`);
  process.exitCode = error instanceof TypeError ? 2 : 1;
}
