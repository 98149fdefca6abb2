// Sends COUNT personalised messages with nodemailer's pool: the HTML and text of one composed
// message, with a name and a link that differ, as a newsletter script would.
//
//     node nodemailer.mjs PORT COUNT CONNECTIONS HTML TEXT [DKIM-KEY]

import { readFileSync } from "node:fs";
import nodemailer from "nodemailer";

const [port, count, connections, htmlFile, textFile, keyFile] = process.argv.slice(2);
const html = readFileSync(htmlFile, "utf8");
const text = readFileSync(textFile, "utf8");
const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(port),
  secure: false,
  ignoreTLS: true,
  pool: true,
  maxConnections: Number(connections),
  maxMessages: Infinity,
  ...(keyFile && {
    dkim: { domainName: "sejong.example", keySelector: "bench", privateKey: readFileSync(keyFile, "utf8") },
  }),
});

let next = 0;
let accepted = 0;
async function worker() {
  while (next < Number(count)) {
    const at = next++;
    await transport.sendMail({
      from: '"Sejong Digest" <digest@sejong.example>',
      to: `"Reader ${at}" <reader${at}@d${at % 50}.example>`,
      subject: `Chips, chimaek and hangul for Reader ${at}`,
      html: html.replaceAll("reader,", `Reader ${at},`),
      text: text.replaceAll("reader,", `Reader ${at},`),
      headers: { "List-Unsubscribe": `<https://digest.sejong.example/unsubscribe/${at}>` },
    });
    accepted++;
  }
}
const started = process.hrtime.bigint();
await Promise.all(Array.from({ length: Number(connections) * 2 }, worker));
const seconds = Number(process.hrtime.bigint() - started) / 1e9;
transport.close();
console.log(JSON.stringify({ accepted, seconds }));
