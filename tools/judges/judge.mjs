// Two judges that live in npm: a MIME parser and a verifier of signatures.
// {"records": {name: [text]}, "messages": [path]} on stdin -> what they say of each, as JSON.

import { promises as fs } from "node:fs";
import { simpleParser } from "mailparser";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { records, messages } = JSON.parse(Buffer.concat(chunks).toString());

async function resolver(name, type) {
  const found = type === "TXT" ? records[name] : undefined;
  if (found) return [found];
  throw Object.assign(new Error(`${name}: no such record`), { code: "ENOTFOUND" });
}

const answers = [];
for (const file of messages) {
  const bytes = await fs.readFile(file);
  const mail = await simpleParser(bytes);
  const { results } = await dkimVerify(bytes, { resolver });
  answers.push({
    subject: mail.subject,
    to: mail.to?.value.map(({ address }) => address),
    text: mail.text?.length ?? 0,
    html: mail.html ? mail.html.length : 0,
    unsubscribe: mail.headers.get("list")?.unsubscribe ?? null,
    attachments: mail.attachments.length,
    dkim: results.map(({ status }) => status.result),
  });
}
console.log(JSON.stringify(answers));
