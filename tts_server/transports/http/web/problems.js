// What went wrong, and what is waited for: one line under the controls, in the page's language.

import { say, sayError } from "./words/words.js";

const element = (id) => document.getElementById(id);
let shown = null; // a function that says it, so that it can be said in the other language too

export function showProblem(key, ...values) {
  show(() => ({ text: say(key, ...values), details: "" }), key);
}

export function showError(error) {
  show(() => sayError(error), error.code);
}

// Takes a problem back, if it is the one that is shown; without a name: whatever it is.
export function hideProblem(key) {
  if (key !== undefined && element("problem").dataset.shown !== key) return;
  shown = null;
  element("problem").replaceChildren();
}

// The language has changed.
export function translateProblem() {
  if (shown) show(shown, element("problem").dataset.shown);
}

function show(words, key) {
  shown = words;
  const { text, details } = words();
  element("problem").dataset.shown = key;
  element("problem").replaceChildren(text);
  if (details) element("problem").append(Object.assign(document.createElement("small"), { lang: "en", textContent: details }));
}
