// The equal content in react-email: node build.mjs content.json issue.html issue.txt
import { readFileSync, writeFileSync } from "node:fs";
import { createElement as h } from "react";
import {
  Body, Column, Container, Head, Heading, Hr, Html, Img, Link, Preview, Row, Section, Text,
} from "@react-email/components";
import { render, toPlainText } from "@react-email/render";

const [input, output, textOutput] = process.argv.slice(2);
const issue = JSON.parse(readFileSync(input, "utf8"));

const serif = "Georgia, Batang, serif";
const text = { fontSize: "16px", lineHeight: "1.5", margin: "0 0 16px" };
const small = { fontSize: "14px", lineHeight: "1.5", color: "#556677", margin: "0 0 16px" };
const label = {
  fontSize: "14px", lineHeight: "20px", letterSpacing: "1px", textTransform: "uppercase",
  color: "#556677", margin: "0 0 16px", padding: "8px 0 0", borderTop: "2px solid #1f3a5f",
};
const dark = "@media (prefers-color-scheme:dark){.b{background:#12151b !important}.s{background:#1b2029 !important; color:#e6e4df !important}.small, .label{color:#a9aeb9 !important}.label{border-color:#9fc0e8 !important}a{color:#9fc0e8 !important}}";
const html = (value) => ({ dangerouslySetInnerHTML: { __html: value } });
const link = { color: "#114499" };

const article = (it) => h("div", { key: it.slug, id: it.slug, style: { margin: "0 0 32px" } },
  h(Heading, { as: "h3", style: { margin: "0 0 4px", font: `bold 22px/1.3 ${serif}` } }, it.title),
  h(Text, { className: "small", style: small }, it.byline),
  h(Img, { src: it.image.src, alt: it.image.alt, width: it.image.width, height: it.image.height,
    style: { maxWidth: "100%", height: "auto", margin: "0 0 8px" } }),
  h(Text, { className: "small", style: small }, it.image.caption),
  it.body.map((part, at) => h(Text, { key: at, lang: part.lang,
    style: part.lang ? { ...text, lineHeight: "1.7" } : text, ...html(part.html) })));

const section = (it) => h(Section, { key: it.heading },
  h(Heading, { as: "h2", className: "label", style: label }, it.heading),
  it.columns
    ? it.rows.map((row, at) => h(Row, { key: at }, row.map((one, place) =>
        h(Column, { key: one.slug, style: { width: "50%", verticalAlign: "top",
          paddingRight: place ? "0" : "16px" } }, article(one)))))
    : it.articles.map(article));

const mail = h(Html, { lang: "en", dir: "ltr" },
  h(Head, null, h("title", null, issue.title), h("style", null, dark)),
  h(Preview, null, issue.preheader),
  h(Body, { className: "b", style: { margin: 0, background: "#f3f1ec", color: "#1e2430",
    fontFamily: "-apple-system,'Segoe UI','Apple SD Gothic Neo','Malgun Gothic','Noto Sans KR',Arial,sans-serif" } },
    h(Container, { className: "s", style: { maxWidth: "600px", background: "#fffefb", color: "#1e2430", padding: "24px" } },
      h(Text, { style: { ...text, margin: "0" } }, h("strong", null, issue.name)),
      h(Text, { className: "small", style: { ...small, margin: "8px 0 0" } }, issue.dateline),
      h(Heading, { as: "h1", style: { margin: "16px 0", font: `bold 30px/1.2 ${serif}` } }, issue.title),
      issue.intro.map((value, at) => h(Text, { key: at, style: text, ...html(value) })),
      h(Heading, { as: "h2", className: "label", style: label }, "In this issue"),
      h("ul", { style: { margin: "0 0 32px", padding: "0 0 0 24px" } },
        issue.contents.map((it) => h("li", { key: it.slug },
          h(Link, { href: `#${it.slug}`, style: link }, it.title)))),
      issue.sections.map(section)),
    h(Container, { style: { maxWidth: "600px", padding: "16px 24px 32px" } },
      h(Text, { className: "small", style: small }, issue.why),
      h(Text, { className: "small", style: small }, issue.organization, h("br"), issue.address),
      h(Text, { className: "small", style: small }, h(Link, { href: issue.unsubscribe, style: link },
        `Unsubscribe from ${issue.name}`)))));

const page = await render(mail);
writeFileSync(output, page);
writeFileSync(textOutput, toPlainText(page));
