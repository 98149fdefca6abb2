// The equal content in MJML: node build.mjs content.json issue.mjml writes the source, which the
// mjml command compiles. It has no loops, so this writes them out.
import { readFileSync, writeFileSync } from "node:fs";

const [input, output] = process.argv.slice(2);
const issue = JSON.parse(readFileSync(input, "utf8"));

const label = (text) =>
  `<mj-text css-class="label" font-size="14px" line-height="20px" color="#556677" padding="8px 0 16px"><h2 style="margin:0;font-size:14px;letter-spacing:1px;text-transform:uppercase">${text}</h2></mj-text>`;
const rule = '<mj-divider css-class="rule" border-width="2px" border-color="#1f3a5f" padding="0" />';
const paragraph = ({ html, lang }) =>
  `<mj-text>${lang ? `<div lang="${lang}" style="line-height:1.7">${html}</div>` : html}</mj-text>`;

const article = (it) => `
  <mj-text padding="0 0 4px" font-family="Georgia, Batang, serif" font-size="22px" line-height="1.3"><h3 id="${it.slug}" style="margin:0;font-size:22px">${it.title}</h3></mj-text>
  <mj-text mj-class="small">${it.byline}</mj-text>
  <mj-image src="${it.image.src}" alt="${it.image.alt}" width="${it.image.width}px" padding="0 0 8px" align="left" />
  <mj-text mj-class="small">${it.image.caption}</mj-text>
  ${it.body.map(paragraph).join("\n  ")}
  <mj-spacer height="16px" />`;

const stack = (section) => `
<mj-section css-class="s" background-color="#fffefb" padding="0 24px"><mj-column>${rule}${label(section.heading)}
${section.articles.map(article).join("\n")}
</mj-column></mj-section>`;

const columns = (section) => `
<mj-section css-class="s" background-color="#fffefb" padding="0 24px"><mj-column>${rule}${label(section.heading)}</mj-column></mj-section>
${section.rows.map((row) => `<mj-section css-class="s" background-color="#fffefb" padding="0 24px">
${row.map((it, at) => `<mj-column padding-right="${at ? 0 : 16}px">${article(it)}</mj-column>`).join("\n")}
</mj-section>`).join("\n")}`;

writeFileSync(output, `<mjml lang="en" dir="ltr">
<mj-head>
  <mj-style>@media (prefers-color-scheme: dark) { .b, .b > table, body { background: #12151b !important; } .s, .s > table, .s div { background: #1b2029 !important; color: #e6e4df !important; } .small div, .label h2 { color: #a9aeb9 !important; } .rule p { border-color: #9fc0e8 !important; } a { color: #9fc0e8 !important; } }</mj-style>
  <mj-title>${issue.title}</mj-title>
  <mj-preview>${issue.preheader}</mj-preview>
  <mj-attributes>
    <mj-all font-family="-apple-system, 'Segoe UI', 'Apple SD Gothic Neo', 'Malgun Gothic', 'Noto Sans KR', Arial, sans-serif" />
    <mj-text font-size="16px" line-height="1.5" color="#1e2430" padding="0 0 16px" />
    <mj-class name="small" css-class="small" font-size="14px" color="#556677" />
  </mj-attributes>
</mj-head>
<mj-body css-class="b" background-color="#f3f1ec" width="600px">
<mj-section css-class="s" background-color="#fffefb" padding="24px 24px 16px"><mj-column>
  <mj-text padding="0"><strong>${issue.name}</strong></mj-text>
  <mj-text mj-class="small" padding="8px 0 0">${issue.dateline}</mj-text>
  <mj-text padding="16px 0" font-family="Georgia, Batang, serif" font-size="30px" line-height="1.2"><h1 style="margin:0;font-size:30px">${issue.title}</h1></mj-text>
  ${issue.intro.map((html) => `<mj-text>${html}</mj-text>`).join("\n  ")}
  ${rule}${label("In this issue")}
  <mj-text padding="0 0 16px"><ul style="margin:0;padding:0 0 0 24px">${issue.contents.map((it) => `<li><a href="#${it.slug}" style="color:#114499">${it.title}</a></li>`).join("")}</ul></mj-text>
</mj-column></mj-section>
${issue.sections.map((section) => (section.columns ? columns(section) : stack(section))).join("\n")}
<mj-section padding="16px 24px 32px"><mj-column>
  <mj-text mj-class="small" padding="0 0 8px">${issue.why}</mj-text>
  <mj-text mj-class="small" padding="0 0 8px">${issue.organization}<br/>${issue.address}</mj-text>
  <mj-text mj-class="small" padding="0 0 8px"><a href="${issue.unsubscribe}" style="color:#114499">Unsubscribe from ${issue.name}</a></mj-text>
</mj-column></mj-section>
</mj-body>
</mjml>
`);
