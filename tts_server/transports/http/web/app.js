// The page: puts the parts together.

import { setKey } from "./api.js";
import { Corrections } from "./corrections.js";
import { History } from "./history.js";
import { Phrases } from "./phrases.js";
import { Playback } from "./playback.js";
import { showProblem, translateProblem } from "./problems.js";
import { Reading } from "./reading.js";
import { recall, remember } from "./settings.js";
import { snippets } from "./snippets.js";
import { Waveform } from "./sound/waveform.js";
import { State } from "./state.js";
import { StyleControls } from "./style-controls.js";
import { addTransport, copy } from "./transport.js";
import { currentLanguage, say, translate, words } from "./words/words.js";

const element = (id) => document.getElementById(id);
const field = element("text");

const wave = new Waveform(element("wave"));
const reading = new Reading(element("paper"), field, element("reading"));
const style = new StyleControls(onStyle, (preview) => playback.speak(preview, false));
const history = new History((recording) => playback.replay(recording), (name) => style.emotionName(name));
const playback = new Playback(wave, reading, {
  spoken: (recording) => history.add(recording),
  locked: () => askForKey(),
  usedEmotion: (name) => showProblem("usedEmotion", style.emotionName(name)),
});
const phrases = new Phrases((phrase) => playback.speak(phrase), () => request(), () => askForKey());
const corrections = new Corrections((text, format) => playback.speak({ text, voice: style.fields.voice, text_format: format }, false));
const state = new State((voices, emotions) => style.show(voices, emotions), () => askForKey());
let hasTriedKey = false;

const request = () => ({ text: field.value.trim() ? field.value : words().sentences[0], ...style.fields });

function speak() {
  if (field.value.trim()) playback.speak({ text: field.value, ...style.fields });
  else field.focus();
}

// The daemon answers: the rest of what it has.
function begin() {
  playback.connect();
  phrases.load();
}

function onStyle() {
  wave.refresh();
  showSnippet();
}

function onText() {
  remember("text", field.value);
  const count = Array.from(field.value).length;
  element("count").textContent = count ? say("characters", count) : "";
  element("paper").classList.toggle("is-empty", count === 0);
  element("examples").hidden = count > 0;
  showSnippet();
}

function showSnippet() {
  const kind = document.querySelector("[name=snippet]:checked").value;
  element("snippet").textContent = snippets[kind](request(), document.baseURI.replace(/\/$/, ""));
}

function showWords(language) {
  translate(language);
  element("language").textContent = say("other");
  element("language").setAttribute("aria-label", say("otherLabel"));
  element("language").lang = currentLanguage() === "zh" ? "en" : "zh-CN";
  style.translate();
  history.show();
  state.show();
  playback.show();
  phrases.show();
  translateProblem();
  showExamples();
  onText();
}

function showExamples() {
  element("examples").replaceChildren(
    ...words().sentences.map((text) =>
      Object.assign(document.createElement("button"), { type: "button", textContent: text, onclick: () => ((field.value = text), onText()) }),
    ),
  );
}

function showTheme(theme) {
  document.documentElement.dataset.theme = theme;
  element("theme").setAttribute("aria-pressed", String(theme === "dark"));
  wave.refresh();
}

// Asks for a token. Whoever cancels is asked again when they want something, not before.
function askForKey() {
  element("key-problem").textContent = hasTriedKey ? say("keyWrong") : "";
  if (!element("key").open) element("key").showModal();
}

element("key").onclose = async () => {
  const token = element("token").value.trim();
  element("token").value = "";
  if (element("key").returnValue !== "ok" || !token) return;
  element("key").returnValue = "";
  setKey(token);
  hasTriedKey = true;
  await state.refresh();
  if (state.isReachable) begin();
  else if (state.isLocked) askForKey();
};
element("key-cancel").onclick = () => element("key").close("");
element("composer").onsubmit = (event) => (event.preventDefault(), speak());
element("wrong").onclick = () => corrections.open(request().text);
field.addEventListener("click", () => {
  const place = Array.from(field.value.slice(0, field.selectionStart)).length;
  if (reading.isLit(place)) corrections.open(field.value, place);
});
element("copy").onclick = async () => {
  await copy(element("snippet").textContent, element("copy"));
  setTimeout(() => (element("copy").textContent = say("copy")), 1500);
};
element("language").onclick = () => showWords(currentLanguage() === "zh" ? "en" : "zh");
element("theme").onclick = () => {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  remember("theme", theme);
  showTheme(theme);
};
field.oninput = () => (reading.end(), onText());
document.querySelectorAll("[name=snippet]").forEach((each) => (each.onchange = showSnippet));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) playback.stop();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) (event.preventDefault(), speak());
});
for (const touch of ["pointerdown", "pointerup", "touchend", "keydown"]) {
  addEventListener(touch, () => playback.wake(style.rate, state.isReachable), { capture: true, passive: true });
}
addEventListener("pagehide", () => playback.leave());
addTransport(playback, wave, request, askForKey);

field.value = recall("text") ?? "";
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
showTheme(recall("theme") ?? (prefersDark.matches ? "dark" : "light"));
prefersDark.onchange = ({ matches }) => recall("theme") ?? showTheme(matches ? "dark" : "light");
showWords(currentLanguage());
state.refresh().then(() => state.isReachable && begin());
