// The equal content in Maizzle: node build.mjs content.json issue.html issue.txt
import { readFileSync, writeFileSync } from "node:fs";
import { generatePlaintext, render } from "@maizzle/framework";

const [input, output, textOutput] = process.argv.slice(2);
const issue = JSON.parse(readFileSync(input, "utf8"));
const template = readFileSync(new URL("issue.html", import.meta.url), "utf8");

const { html } = await render(template, {
  locals: { issue },
  css: { inline: true, purge: true, shorthand: true },
  minify: true,
});
writeFileSync(output, html);
writeFileSync(textOutput, await generatePlaintext(html));
