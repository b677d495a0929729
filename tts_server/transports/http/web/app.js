// The page: puts the parts together.

import { ApiError, postJson, setKey } from "./api.js";
import { StyleControls } from "./style-controls.js";
import { Player } from "./player.js";
import { Reading } from "./reading.js";
import { Recording, save } from "./recording.js";
import { snippets } from "./snippets.js";
import { Speech } from "./speech.js";
import { State } from "./state.js";
import { Visit } from "./visit.js";
import { Waveform } from "./waveform.js";
import { currentLanguage, examples, hasWords, say, translate } from "./words.js";

const element = (id) => document.getElementById(id);
const field = element("text");

const player = new Player();
const speech = new Speech();
const wave = new Waveform(element("wave"));
const reading = new Reading(element("paper"), element("reading"));
const style = new StyleControls(onStyle);
const visit = new Visit(replay, (name) => style.emotionName(name));
const state = new State((voices, emotions) => style.show(voices, emotions), askForKey);

let recording = null; // what the waveform shows
let run = null; // {askedAt} while something is heard or awaited
let hadFocus = false; // the text field had it when it was hidden

// ------------------------------------------------------------------------------------------------------ speaking
async function speak() {
  const text = field.value;
  if (!text.trim()) return field.focus();
  silence();
  const mine = (run = { askedAt: performance.now() });
  const { text: _, ...how } = request();
  const isMine = () => run === mine;
  showBusy();
  try {
    await speech.speak(text, how, {
      opened({ audio, voice, emotion }) {
        begin(new Recording({ text, ...how }, audio.rate, { voice, emotion }));
        play(mine);
      },
      samples(samples) {
        recording.push(samples);
        wave.push(samples);
        player.more();
      },
      marks: (items) => hearMarks(items),
      notice: (notice) => onNotice(notice),
      lost: () => showProblem("reconnecting"),
      resumed: () => hideProblem("reconnecting"),
      done() {
        recording.isWhole = true;
        if (recording.samples === 0) return finish("nothing");
        visit.add(recording);
        showSavable();
        player.more();
      },
      failed: (error) => isMine() && onFailure(error),
    });
  } catch (error) {
    if (isMine()) onFailure(error);
  }
}

function begin(made) {
  recording = made;
  hadFocus = document.activeElement === field;
  wave.begin(made.rate);
  reading.begin(made.request.text);
  showSavable();
}

// Plays the recording that was begun.
async function play(mine) {
  try {
    await player.play(recording, 0, {
      started: (at) => mine.askedAt && (element("first").textContent = say("firstSound", Math.round(at - mine.askedAt))),
      position: (played) => onPosition(played),
      starved: () => {},
      over: () => finish("finished"),
    });
  } catch (error) {
    if (run === mine) onFailure(error);
  }
}

function hearMarks(items) {
  const known = recording.marks.length ? recording.marks[recording.marks.length - 1][0] : -1;
  const unknown = items.filter(([from]) => from > known); // after a lost connection some come again
  recording.marks.push(...unknown);
  reading.add(unknown);
}

function replay(chosen) {
  silence();
  const mine = (run = {});
  begin(chosen);
  reading.add(chosen.marks);
  chosen.chunks.forEach((samples) => wave.push(samples));
  showBusy();
  play(mine);
}

function onPosition(played) {
  const seconds = played / recording.rate;
  element("clock").textContent = `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
  wave.heard(played);
  reading.heard(1000 * seconds);
}

// Falls silent, whatever is going on.
function silence() {
  if (run === null) return;
  speech.cancel(player.played);
  player.stop();
  finish("stopped");
}

function finish(why) {
  run = null;
  reading.end();
  if (hadFocus) field.focus({ preventScroll: true });
  hadFocus = false;
  element("stop").disabled = true;
  if (why === "nothing") showProblem(why);
  else element("said").textContent = say(why);
}

function onNotice({ code, message, position }) {
  if (code === "emotion_fallback") showProblem("usedEmotion", style.emotionName(recording.used.emotion));
  else if (code === "queued") element("said").textContent = say("queued", position);
  else if (code !== "underrun" && code !== "nothing_to_say") element("problem").textContent = message;
}

function onFailure(error) {
  speech.cancel(player.played);
  player.stop();
  finish("stopped");
  if (error.code === "unauthorized" || error.status === 401) askForKey();
  else if (hasWords(error.code)) showProblem(error.code);
  else element("problem").textContent = error.message;
}

// A problem in the page's words; `shown` remembers which, so that it can be taken back.
function showProblem(key, ...values) {
  element("problem").dataset.shown = key;
  element("problem").textContent = say(key, ...values);
}

function hideProblem(key) {
  if (element("problem").dataset.shown === key) element("problem").textContent = "";
}

// ------------------------------------------------------------------------------------------------------ showing
function showBusy() {
  element("problem").textContent = "";
  element("first").textContent = "";
  element("said").textContent = say("speaking");
  element("stop").disabled = false;
}

function showSavable() {
  element("save-wav").disabled = element("save-mp3").disabled = !recording?.isWhole;
}

function onStyle() {
  wave.refresh();
  showSnippet();
}

function request() {
  return { text: field.value || examples()[0], ...style.fields };
}

function showSnippet() {
  const kind = document.querySelector("[name=snippet]:checked").value;
  element("snippet").textContent = snippets[kind](request(), location.origin);
}

function onText() {
  element("count").textContent = field.value ? say("characters", Array.from(field.value).length) : "";
  showSnippet();
}

function showWords(language) {
  translate(language);
  element("language").textContent = say("other");
  element("language").ariaLabel = say("otherLabel");
  element("language").lang = currentLanguage() === "zh" ? "en" : "zh-CN";
  style.translate();
  visit.show();
  state.show();
  showExamples();
  onText();
}

function showExamples() {
  element("examples").replaceChildren(
    ...examples().map((text) =>
      Object.assign(document.createElement("button"), {
        type: "button",
        textContent: text,
        onclick: () => ((field.value = text), onText(), field.focus()),
      }),
    ),
  );
}

function showTheme(theme) {
  document.documentElement.dataset.theme = theme;
  element("theme").ariaPressed = String(theme === "dark");
  wave.refresh();
}

// ------------------------------------------------------------------------------------------------------ the rest
async function saveMp3() {
  try {
    const answer = await postJson("api/tts", { ...recording.request, format: "mp3" });
    save(await answer.blob(), recording.fileName("mp3"));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    element("problem").textContent = error.message;
  }
}

async function copy() {
  const text = element("snippet").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(element("snippet")); // no clipboard without HTTPS: Ctrl + C is left
    return;
  }
  element("copy").textContent = say("copied");
  setTimeout(() => (element("copy").textContent = say("copy")), 1500);
}

function askForKey() {
  if (!element("key").open) element("key").showModal();
}

element("key").onclose = () => {
  if (element("key").returnValue === "ok") {
    setKey(element("token").value.trim());
    state.refresh();
  }
  element("token").value = "";
};
element("composer").onsubmit = (event) => (event.preventDefault(), speak());
element("stop").onclick = silence;
element("save-wav").onclick = () => save(recording.wav(), recording.fileName("wav"));
element("save-mp3").onclick = saveMp3;
element("copy").onclick = copy;
element("language").onclick = () => showWords(currentLanguage() === "zh" ? "en" : "zh");
element("theme").onclick = () => {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("tts-server.theme", theme);
  showTheme(theme);
};
field.oninput = onText;
document.querySelectorAll("[name=snippet]").forEach((each) => (each.onchange = showSnippet));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !element("key").open) silence();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) (event.preventDefault(), speak());
});

// Browsers give a loudspeaker on a touch or a key only; and what was closed for idleness is open again before the click.
function wake() {
  player.wake(style.rate);
  if (state.isReachable) speech.open().catch(() => {}); // told when something is to be said
}
for (const touch of ["pointerdown", "pointerup", "touchend", "keydown"]) addEventListener(touch, wake, { capture: true, passive: true });

addEventListener("pagehide", () => speech.leave());

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
showTheme(localStorage.getItem("tts-server.theme") ?? (prefersDark.matches ? "dark" : "light"));
prefersDark.onchange = ({ matches }) => localStorage.getItem("tts-server.theme") ?? showTheme(matches ? "dark" : "light");
showWords(currentLanguage());
state.refresh().then(() => state.isReachable && speech.open().catch(() => {}));
