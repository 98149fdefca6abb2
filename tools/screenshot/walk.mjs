#!/usr/bin/env node
// A reader's way through the pages of `digest serve`, in Chromium: subscribe, confirm by the link of the
// mail that came, leave by one click and by the button, take it back, and read the archive.
//
// Each step is done by keyboard alone and with JavaScript off. Each page is looked at at the widths of a
// phone and a desk, light and dark, by axe, and measured: what can be scrolled sideways, what moves while
// it loads, when the first words stand there, and what it weighs. Mail goes to a server of this script.

import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { parseArgs, promisify } from "node:util";
import { chromium } from "playwright-core";

const HELP = `usage: node walk.mjs --digest PATH [options]

  --digest PATH   the program
  --language L    the reader's browser asks for this language (default: en)
  --out DIR       pictures of each page go there (default: none)
  --help          this text

Chromium is taken from $CHROMIUM, or /usr/bin/chromium.
Exit: 0 all is well, 1 findings, 2 wrong arguments.`;

const { values: chosen } = parseArgs({
  options: {
    digest: { type: "string" },
    language: { type: "string", default: "en" },
    out: { type: "string" },
    help: { type: "boolean" },
  },
});
if (chosen.help || !chosen.digest) {
  console.log(HELP);
  process.exit(chosen.help ? 0 : 2);
}

const HOST = "digest.sejong.example";
const WIDTHS = [320, 375, 1280];
const require = createRequire(import.meta.url);
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const findings = [];
const found = (what) => {
  findings.push(what);
  console.log(`FOUND ${what}`);
};

/** A server that takes every mail, and gives the next one to whoever waits for it. */
class Inbox {
  mails = [];
  waiting = [];

  async listen() {
    this.server = createServer((socket) => this.session(socket));
    await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
    return this.server.address().port;
  }

  session(socket) {
    let rest = "";
    let inText = false;
    socket.setEncoding("latin1");
    socket.on("error", () => {});
    socket.write("220 walk.example ESMTP\r\n");
    socket.on("data", (data) => {
      rest += data;
      for (;;) {
        const end = rest.indexOf(inText ? "\r\n.\r\n" : "\r\n");
        if (end < 0) return;
        const part = rest.slice(0, end);
        rest = rest.slice(end + (inText ? 5 : 2));
        if (inText) {
          inText = false;
          this.take(Buffer.from(part, "latin1").toString("utf8"));
          socket.write("250 2.0.0 taken\r\n");
        } else if (/^EHLO/i.test(part)) socket.write("250-walk.example\r\n250 8BITMIME\r\n");
        else if (/^DATA/i.test(part)) {
          inText = true;
          socket.write("354 go on\r\n");
        } else if (/^QUIT/i.test(part)) socket.end("221 2.0.0 bye\r\n");
        else socket.write("250 2.0.0 ok\r\n");
      }
    });
  }

  take(mail) {
    const next = this.waiting.shift();
    if (next) next(mail);
    else this.mails.push(mail);
  }

  async next() {
    if (this.mails.length > 0) return this.mails.shift();
    let late;
    const mail = new Promise((done, failed) => {
      this.waiting.push(done);
      late = setTimeout(() => failed(new Error("no mail came within 15 s")), 15_000);
    });
    return mail.finally(() => clearTimeout(late));
  }
}

const field = (mail, name) => {
  const head = mail.split("\r\n\r\n")[0].replace(/\r\n[ \t]+/g, " ");
  const line = head.split("\r\n").find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim();
};

/** The first text part, decoded. */
const textOf = (mail) => {
  const at = mail.search(/Content-Type: text\/plain/i);
  const boundary = mail.slice(0, at).match(/\r\n--(\S+)\r\n$/)[1];
  const part = mail.slice(at).split(`\r\n--${boundary}`)[0];
  const body = part.slice(part.indexOf("\r\n\r\n") + 4);
  if (/Content-Transfer-Encoding: base64/i.test(part)) return Buffer.from(body, "base64").toString("utf8");
  if (!/Content-Transfer-Encoding: quoted-printable/i.test(part)) return body;
  const bytes = body.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
};

const links = (mail) => [...textOf(mail).matchAll(/https:\/\/[^\s<>]+/g)].map(([link]) => new URL(link).pathname);

async function publication(folder, smtp, web) {
  await mkdir(path.join(folder, "issues/2026-11"), { recursive: true });
  await writeFile(
    path.join(folder, "digest.toml"),
    `[publication]
name = "Sejong Digest"
from = "Sejong Digest <digest@sejong.example>"
postal_address = "P.O. Box 0000, Washington, DC 20000"
base_url = "https://${HOST}"

[web]
listen = "127.0.0.1:${web}"

[audience]
source = "store"

[form]
languages = ["en", "ko", "ar"]

[[form.field]]
name = "first_name"
label = "First name"

[topic.events]
name = "Events"
about = "Evenings in and around Washington"

[[relay]]
url = "smtp://127.0.0.1:${smtp}"
`,
  );
  await writeFile(
    path.join(folder, "issues/2026-11/issue.toml"),
    `number = 1
title = "Letters and lights"
subject = "Letters and lights for {{ first_name | you }}"
preheader = "How a king gave his people an alphabet, and what it looks like at night."
date = 2026-11-06

[[section]]
heading = "Language"
articles = ["hangul"]

[[section]]
heading = "Evenings"
topic = "events"
articles = ["lights"]
`,
  );
  const article = (title) => `---\ntitle: ${title}\nauthor: Kim Minji\n---\n\nDear {{ first_name | reader }},\n\n${"Words that are read on a page of their own. ".repeat(20)}\n\n## A part\n\n- one\n- two\n`;
  await writeFile(path.join(folder, "issues/2026-11/hangul.md"), article("Twenty-eight letters"));
  await writeFile(path.join(folder, "issues/2026-11/lights.md"), article("Lanterns on the river"));
  await writeFile(path.join(folder, "people.csv"), "email,first_name\nada@example.org,Ada\n");
}

const run = async (folder, ...line) => {
  const done = await promisify(execFile)(path.resolve(chosen.digest), line, { cwd: folder });
  return done.stdout;
};

/** A reverse proxy that speaks TLS, as one has to stand before `digest serve`; its port. */
async function proxy(folder, web) {
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => path.join(folder, name));
  const line = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  await promisify(execFile)("openssl", [...line, "-subj", `/CN=${HOST}`, "-keyout", key, "-out", cert]);
  const options = { key: await readFile(key), cert: await readFile(cert) };
  const server = createSecureServer(options, (asked, answer) => {
    const { method, url: place, headers } = asked;
    const ours = { ...headers, "x-forwarded-for": asked.socket.remoteAddress };
    const passed = request({ host: "127.0.0.1", port: web, method, path: place, headers: ours }, (response) => {
      answer.writeHead(response.statusCode, response.headers);
      response.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    asked.pipe(passed);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  server.unref();
  return server.address().port;
}

/** Shows a page as readers see it, and says what is wrong with it. */
async function look(browser, name, place, prepare) {
  for (const width of WIDTHS) {
    for (const colorScheme of ["light", "dark"]) {
      // axe is put into the page, which the page's own policy refuses.
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, locale: chosen.language, bypassCSP: true, ignoreHTTPSErrors: true });
      const page = await context.newPage();
      const bodies = [];
      page.on("response", (response) => {
        const kind = response.headers()["content-type"] ?? "";
        if (/html|css|javascript/.test(kind)) bodies.push(response.body().catch(() => ""));
      });
      await page.goto(`https://${HOST}${place}`, { waitUntil: "load" });
      const weight = (await Promise.all(bodies)).reduce((sum, body) => sum + body.length, 0);
      await prepare?.(page);
      const at = `${name} ${width} ${colorScheme}`;
      const seen = await page.evaluate(async () => {
        const entries = (type) => new Promise((done) => {
          const list = [];
          new PerformanceObserver((all) => list.push(...all.getEntries())).observe({ type, buffered: true });
          setTimeout(() => done(list), 50);
        });
        const shifts = await entries("layout-shift");
        const paints = await entries("paint");
        return {
          sideways: document.documentElement.scrollWidth - innerWidth,
          shift: shifts.reduce((sum, one) => sum + one.value, 0),
          paint: paints.find((one) => one.name === "first-contentful-paint")?.startTime ?? 0,
          dir: document.documentElement.dir,
          lang: document.documentElement.lang,
        };
      });
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
      for (const one of violations) found(`${at}: axe ${one.id}: ${one.nodes[0].target}`);
      if (seen.sideways > 0) found(`${at}: ${seen.sideways} px can be scrolled sideways`);
      if (seen.shift > 0) found(`${at}: moved by ${seen.shift} while it loaded`);
      if (weight > 30_000) found(`${at}: ${weight} bytes of HTML, CSS and script`);
      if (colorScheme === "light") {
        console.log(`${at}: lang ${seen.lang} ${seen.dir}, ${weight} bytes, first paint ${Math.round(seen.paint)} ms, axe ${violations.length}`);
      }
      if (chosen.out) {
        await mkdir(chosen.out, { recursive: true });
        await page.screenshot({ path: path.join(chosen.out, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      }
      await context.close();
    }
  }
}

/** Presses Tab until what has the focus fits. */
async function tabTo(page, selector) {
  for (let at = 0; at < 40; at += 1) {
    await page.keyboard.press("Tab");
    const is = await page.locator(selector).first().evaluate((one) => one === document.activeElement).catch(() => false);
    if (is) return;
  }
  found(`${selector} is not reached with the Tab key`);
}

/** Presses the button that has the focus, and waits for the page behind it. */
async function press(page) {
  await Promise.all([page.waitForEvent("framenavigated"), page.keyboard.press("Enter")]);
  await page.waitForLoadState();
}

/** What a mail program sends for a reader (RFC 8058): no cookie, no page; the status of the answer. */
async function oneClick(web, place) {
  const headers = { host: HOST, "content-type": "application/x-www-form-urlencoded" };
  return new Promise((done, failed) => {
    const asked = request({ host: "127.0.0.1", port: web, method: "POST", path: place, headers }, (answer) => {
      answer.resume();
      done(answer.statusCode);
    });
    asked.on("error", failed);
    asked.end("List-Unsubscribe=One-Click");
  });
}

const expectWords = async (page, name) => {
  const words = (await page.locator("main").innerText()).replace(/\s+/g, " ").trim();
  console.log(`  ${name}: ${page.url().replace(/[A-Za-z0-9_-]{28,}/, "TOKEN")}: ${words.slice(0, 120)}`);
  return words;
};

const status = async (folder, address) => JSON.parse(await run(folder, "subscribers", "show", address, "--json"));

/** Ada has lost every mail: a fresh link, what is kept of her, another address, and the first one again. */
async function ownData(folder, inbox, browser, page) {
  const linkOf = async (start) => {
    const mail = await inbox.next();
    console.log(`  mail: ${field(mail, "Subject")}, ${field(mail, "Auto-Submitted")}`);
    const link = links(mail).find((link) => link.startsWith(start));
    if (!link) throw new Error(`no link to ${start} in ${textOf(mail)}`);
    return link;
  };
  const email = "main input[name=email]";
  await look(browser, "lost-link", "/preferences");
  await page.goto(`https://${HOST}/preferences`);
  await tabTo(page, email);
  await page.keyboard.type("ada@example.org");
  await tabTo(page, "main button");
  await press(page);
  await expectWords(page, "asked for a link");
  const data = await linkOf("/data/");
  await look(browser, "data", data);
  await page.goto(`https://${HOST}${data}`);
  await tabTo(page, "main button[value=erase]");
  await press(page);
  await expectWords(page, "erase?");
  await page.goto(`https://${HOST}${data}`);
  await tabTo(page, email);
  await page.keyboard.type("ada@new.example");
  await tabTo(page, "main button[value=move]");
  await press(page);
  await expectWords(page, "asked for another address");
  const confirm = await linkOf("/address/");
  await look(browser, "address", confirm);
  const gets = async (address) => (await status(folder, address).catch(() => ({}))).subscriber?.status === "confirmed";
  if (await gets("ada@new.example")) found("a look has changed the address");
  for (const [name, link] of [["moved", confirm], ["put back", undefined]]) {
    const place = link ?? (await linkOf("/restore/"));
    if (!link) await look(browser, "restore", place);
    await page.goto(`https://${HOST}${place}`);
    await tabTo(page, "main button");
    await press(page);
    await expectWords(page, name);
    if (!(await gets(link ? "ada@new.example" : "ada@example.org"))) found(`${name}, and the list does not know it`);
  }
}

async function walk(folder, inbox, browser, web) {
  // A reader without JavaScript, and without a mouse.
  const context = await browser.newContext({ javaScriptEnabled: false, locale: chosen.language, ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(`https://${HOST}/subscribe`);
  await tabTo(page, "#digest-email");
  await page.keyboard.type("minji@example.org");
  await tabTo(page, "#digest-first_name");
  await page.keyboard.type("Minji");
  await tabTo(page, "main button");
  await press(page);
  await expectWords(page, "asked");

  const question = await inbox.next();
  console.log(`  mail: ${field(question, "Subject")}, ${field(question, "Auto-Submitted")}, one-click ${field(question, "List-Unsubscribe-Post") ?? "none"}`);
  const confirm = links(question).find((link) => link.startsWith("/confirm/"));
  await look(browser, "confirm", confirm);
  if (JSON.stringify(await status(folder, "minji@example.org").catch(() => "")).includes('"confirmed"')) found("a look has confirmed");
  await page.goto(`https://${HOST}${confirm}`);
  await tabTo(page, "main button");
  await press(page);
  await expectWords(page, "confirmed");
  if (!JSON.stringify(await status(folder, "minji@example.org")).includes('"confirmed"')) found("the button has not confirmed");

  const welcome = await inbox.next();
  console.log(`  mail: ${field(welcome, "Subject")}, one-click ${field(welcome, "List-Unsubscribe-Post") ?? "none"}`);
  const door = new URL(field(welcome, "List-Unsubscribe").match(/<(https:[^>]+)>/)[1]).pathname;
  const preferences = links(welcome).find((link) => link.startsWith("/preferences/"));
  if (preferences) await look(browser, "preferences", preferences);

  // The mail program's one click (RFC 8058), without a cookie.
  const clicked = await oneClick(web, door);
  if (clicked !== 200) found(`one click is answered with ${clicked}`);
  if (!JSON.stringify(await status(folder, "minji@example.org")).includes('"unsubscribed"')) found("one click has not unsubscribed");
  await look(browser, "left", door);

  // The button of the page, and taking it back. Somebody else: one click has no page.
  const issue = await (async () => {
    await run(folder, "send", "2026-11", "--yes", "--only", "first_name=Ada");
    return inbox.next();
  })();
  const own = new URL(field(issue, "List-Unsubscribe").match(/<(https:[^>]+)>/)[1]).pathname;
  await look(browser, "unsubscribe", own);
  await page.goto(`https://${HOST}${own}`);
  await tabTo(page, "main button");
  await press(page);
  await expectWords(page, "left");
  if (!JSON.stringify(await status(folder, "ada@example.org")).includes('"unsubscribed"')) found("the button has not unsubscribed");
  await tabTo(page, "button[value=undo], form[action*=undo] button");
  await press(page);
  await expectWords(page, "taken back");
  await ownData(folder, inbox, browser, page);
  await context.close();

  await new Promise((done) => setTimeout(done, 3_000));
  for (const [name, place] of [["form", "/subscribe"], ["asked", "/subscribe/sent"], ["issues", "/issues/"], ["issue", "/issues/2026-11/"], ["article", "/issues/2026-11/hangul/"], ["search", "/search/"], ["missing", "/nothing"]]) {
    await look(browser, name, place);
  }
}

const folder = await mkdtemp(path.join(os.tmpdir(), "walk-"));
const inbox = new Inbox();
const smtp = await inbox.listen();
const web = await new Promise((done) => {
  const free = createServer().listen(0, "127.0.0.1", () => {
    const { port } = free.address();
    free.close(() => done(port));
  });
});
await publication(folder, smtp, web);
await run(folder, "subscribers", "import", "people.csv", "--consent", "asked at a meeting");
await run(folder, "test", "2026-11", "--to", "editor@sejong.example").catch((error) => console.log(String(error.stderr)));
await inbox.next();
const server = spawn(path.resolve(chosen.digest), ["serve"], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
let told = "";
server.stderr.on("data", (data) => (told += data));
for (let at = 0; at < 100 && !told.includes("answering"); at += 1) await new Promise((done) => setTimeout(done, 100));
const secure = await proxy(folder, web);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", `--host-resolver-rules=MAP ${HOST} 127.0.0.1:${secure}`],
});
try {
  await walk(folder, inbox, browser, web);
} catch (error) {
  found(error.stack ?? String(error));
} finally {
  await browser.close();
  server.kill();
  inbox.server.close();
  await rm(folder, { recursive: true, force: true });
}
console.log(findings.length === 0 ? "no findings" : `${findings.length} findings`);
process.exit(findings.length === 0 ? 0 : 1);
