// The list of what was heard before.

import { saveRecording } from "./saving.js";
import { HistoryStore } from "./sound/history-store.js";
import { say } from "./words/words.js";

const element = (id) => document.getElementById(id);

export class History {
  #store = new HistoryStore();
  #onPlay;
  #emotionName;

  constructor(onPlay, emotionName) {
    this.#onPlay = onPlay;
    this.#emotionName = emotionName;
    element("forget-all").onclick = () => this.#forget(this.#store.entries.map(({ id }) => id));
    this.#store.load().then(() => this.show());
  }

  async add(recording) {
    await this.#store.add(recording);
    this.show();
  }

  show() {
    const { entries } = this.#store;
    element("history-empty").hidden = entries.length > 0;
    element("forget-all").hidden = entries.length === 0;
    element("history").replaceChildren(...entries.map((entry) => this.#entry(entry)));
  }

  async #forget(ids) {
    await this.#store.forget(ids);
    this.show();
  }

  #entry({ id, recording }) {
    const { text } = recording.request;
    const words = Object.assign(document.createElement("span"), { className: "words", textContent: text.slice(0, 200), title: text.slice(0, 500) });
    const used = [recording.used.voice, this.#emotionName(recording.used.emotion), `${recording.seconds.toFixed(1)} s`];
    if (recording.wasStopped) used.push(say("wasStopped"));
    words.append(Object.assign(document.createElement("small"), { textContent: used.join(" · ") }));
    const short = text.slice(0, 80);
    const again = button("▶", `${say("again")}: ${short}`, () => this.#onPlay(recording));
    const keep = button("WAV", `${say("saveAs")} WAV: ${short}`, () => saveRecording(recording));
    const forget = button("×", `${say("forget")}: ${short}`, () => this.#forget([id]));
    const item = document.createElement("li");
    item.append(again, words, keep, forget);
    return item;
  }
}

function button(text, label, onclick) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: text, onclick });
  made.setAttribute("aria-label", label);
  return made;
}
