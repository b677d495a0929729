// What went wrong, and what is waited for: one line under the controls, in the page's language; in a dialog, its own line.

import { say, sayError } from "./words/words.js";

let shown = null; // a function that says it, so that it can be said in the other language too

export function showProblem(key, ...values) {
  show(() => ({ text: say(key, ...values), details: "" }), key);
}

export function showError(error) {
  show(() => sayError(error), error.code);
}

// Takes a problem back, if it is the one that is shown; without a name: whatever it is.
export function hideProblem(key) {
  for (const line of document.querySelectorAll(".problem")) {
    if (key !== undefined && line.dataset.shown !== key) continue;
    line.replaceChildren();
    delete line.dataset.shown;
  }
}

// The language has changed.
export function translateProblem() {
  const key = document.getElementById("problem").dataset.shown;
  if (shown && key) show(shown, key);
}

function show(words, key) {
  shown = words;
  const line = document.querySelector("dialog[open] .problem") ?? document.getElementById("problem");
  const { text, details } = words();
  line.dataset.shown = key;
  line.replaceChildren(text);
  if (details) line.append(Object.assign(document.createElement("small"), { lang: "en", textContent: details }));
}
