(() => {
  "use strict";
  const form = document.querySelector("form[role=search]");
  const input = document.getElementById("q");
  const found = document.getElementById("found");
  const results = document.getElementById("results");
  const newest = document.getElementById("newest");
  const LONGEST = 32, SHOWN = 50;
  // As the index has it: words, and pairs of letters where words are not set apart.
  const JOINED = /[\u0E01-\u0E4E\u1100-\u11FF\u3005-\u3007\u3040-\u30FF\u3130-\u318F\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97F\uAC00-\uD7FF\uF900-\uFAFF\uFF66-\uFF9F\u{20000}-\u{323AF}]/u;
  let index;

  function terms(text) {
    const all = [];
    for (const run of text.toLowerCase().match(/[\p{Alphabetic}\p{N}]+/gu) || []) {
      let part = [];
      const end = () => {
        if (!part.length) return;
        if (!JOINED.test(part[0])) all.push([part.slice(0, LONGEST).join(""), true]);
        else if (part.length === 1) all.push([part[0], true]);
        else for (let at = 1; at < part.length; at++) all.push([part[at - 1] + part[at], false]);
        part = [];
      };
      for (const letter of run) {
        if (part.length && JOINED.test(part[0]) !== JOINED.test(letter)) end();
        part.push(letter);
      }
      end();
    }
    return all;
  }

  // The articles with a term, or with one that begins so.
  function having(term, begins) {
    const numbers = new Set();
    const add = (list) => { let number = 0; for (const step of list) numbers.add(number += step); };
    if (Object.hasOwn(index.terms, term)) add(index.terms[term]);
    if (begins) for (const known in index.terms) {
      if (known !== term && known.startsWith(term)) add(index.terms[known]);
    }
    return numbers;
  }

  function show() {
    const wanted = terms(input.value);
    results.textContent = found.textContent = "";
    newest.hidden = wanted.length > 0;
    if (!wanted.length || !index) return;
    let numbers;
    for (const [term, begins] of wanted) {
      const these = having(term, begins);
      numbers = numbers ? new Set([...numbers].filter((one) => these.has(one))) : these;
    }
    const sorted = [...numbers].sort((a, b) => a - b);
    found.textContent = form.dataset.found.replace("{count}", sorted.length);
    for (const number of sorted.slice(0, SHOWN)) {
      const [title, path, issue, language] = index.articles[number];
      const item = document.createElement("li");
      const link = document.createElement("a");
      const label = document.createElement("span");
      link.href = form.dataset.root + path;
      link.textContent = title;
      link.lang = language;
      link.dir = "auto";
      label.className = "m";
      label.textContent = issue;
      label.dir = "auto";
      item.append(link, " ", label);
      results.append(item);
    }
  }

  async function load() {
    if (index) return;
    const answer = await fetch(form.dataset.index);
    if (answer.ok) index = await answer.json();
    show();
  }

  input.addEventListener("focus", load, { once: true });
  input.addEventListener("input", () => { show(); load(); });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    history.replaceState(null, "", "?q=" + encodeURIComponent(input.value));
  });
  const asked = new URLSearchParams(location.search).get("q");
  if (asked) { input.value = asked; load(); }
})();
