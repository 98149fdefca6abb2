#!/usr/bin/env node
// Ten scenes, each as readers' programs show it -> pictures, and one page on which to look at all.
//
// What goes wrong in a layout goes wrong with a long word, another script or a client that drops
// the style sheet; the sample alone would not show it.

import { execFile } from "node:child_process";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

const run = promisify(execFile);
const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, "../..");

const HELP = `usage: node gallery.mjs [options]

Renders ten scenes, takes pictures of each in several ways, and writes index.html with all of them.

  --out DIR         where page and pictures go (default: gallery)
  --digest PROGRAM  (default: target/release/digest or target/debug/digest)
  --scene NAME      only this one; may be repeated
  --axe             run axe-core on each
  --strict          exit 1 when something overflows, is missing or axe finds a violation
  --help            this text`;

// Where nothing else is said, a scene is the issue of its name in scenes/.
const TABLE = JSON.parse(await readFile(path.join(HERE, "scenes.json"), "utf8")).map((scene) => ({
  issue: scene.name,
  base: "https://letter.harbour.example",
  ...scene,
  root: path.resolve(HERE, scene.root ?? "scenes"),
}));

const WAYS = [
  ["as it is", []],
  ["images off", ["--images-off"]],
  ["without <style>", ["--no-style", "--scheme", "light"]],
  ["forced dark", ["--forced-dark", "--scheme", "light"]],
];

const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

function options() {
  const flag = { type: "boolean", default: false };
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: "gallery" },
      digest: { type: "string" },
      scene: { type: "string", multiple: true },
      axe: flag,
      strict: flag,
      help: { ...flag, short: "h" },
    },
  });
  const names = TABLE.map(({ name }) => name);
  for (const name of values.scene ?? []) {
    if (!names.includes(name)) throw new TypeError(`no scene ${name}; there are ${names.join(", ")}`);
  }
  return values;
}

async function program(given) {
  if (given) return path.resolve(given);
  for (const profile of ["release", "debug"]) {
    const file = path.join(ROOT, "target", profile, "digest");
    if (await run(file, ["--version"]).catch(() => null)) return file;
  }
  throw new TypeError("there is no target/*/digest: cargo build, or --digest PROGRAM");
}

/** A scene in all ways: its pictures' names by way, and the lines that shoot.mjs printed. */
async function scene({ name, root, issue, preset, base }, digest, folder, given) {
  const html = path.join(folder, `${name}.html`);
  const env = { ...process.env };
  if (preset) env.DIGEST_THEME__PRESET = preset;
  await run(digest, ["--publication", root, "render", issue, "-o", html], { env });
  let printed = "";
  let findings = 0;
  for (const [, flags] of WAYS) {
    const extra = given.axe && flags.length === 0 ? ["--axe"] : [];
    const args = [html, "--root", root, "--base-url", base, "--out", folder, "--strict"];
    const script = path.join(HERE, "shoot.mjs");
    const done = run(process.execPath, [script, ...args, ...flags, ...extra]);
    const { stdout, code } = await done.catch((error) => error);
    printed += stdout ?? "";
    findings += code ? 1 : 0;
  }
  await rm(html);
  await rm(path.join(folder, `${name}-pictures`), { recursive: true, force: true });
  return { printed, findings };
}

function page(scenes, files) {
  const cell = (file) =>
    `<figure><a href="${file}"><img src="${file}" alt="" loading="lazy"></a>` +
    `<figcaption>${escape(file.replace(/\.png$/, ""))}</figcaption></figure>`;
  const part = ({ name, issue, preset, what }) => {
    const own = files.filter((file) => file.startsWith(`${name}-`) && /^\d/.test(file.slice(name.length + 1)));
    const look = preset ? `, look ${preset}` : "";
    return `<h2>${escape(name)}</h2><p>${escape(what)} (issue ${escape(issue)}${look})</p><div>${own.map(cell).join("")}</div>`;
  };
  return `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Scenes</title>
<style>body{font:16px/1.5 sans-serif;margin:24px;background:#e9e9ec;color:#222}
div{display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start}figure{margin:0}
img{height:480px;border:1px solid #999;background:#fff}figcaption{font-size:13px}</style>
<h1>Ten scenes</h1>${scenes.map(part).join("\n")}</html>\n`;
}

async function main() {
  const given = options();
  if (given.help) {
    console.log(HELP);
    return 0;
  }
  const digest = await program(given.digest);
  await mkdir(given.out, { recursive: true });
  const scenes = TABLE.filter(({ name }) => !given.scene || given.scene.includes(name));
  let findings = 0;
  for (const one of scenes) {
    const done = await scene(one, digest, given.out, given);
    const lines = done.printed.trim().split("\n");
    const odd = lines.filter((line) => !/overflow 0 px/.test(line));
    console.log(`${one.name}: ${lines.length - odd.length} pictures without overflow`);
    for (const line of odd) console.log(`  ${line.trim()}`);
    findings += done.findings;
  }
  const files = (await readdir(given.out)).filter((file) => file.endsWith(".png")).sort();
  const index = path.join(given.out, "index.html");
  await writeFile(index, page(scenes, files));
  console.log(index);
  return given.strict && findings > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`gallery: ${error.message.split("\n")[0]}`);
  process.exitCode = error instanceof TypeError ? 2 : 1;
}
