// The list of what was said during this visit.

import { save, trim } from "./recording.js";
import { say } from "./words.js";

export class Visit {
  #recordings = [];
  #onPlay;
  #emotionName;

  constructor(onPlay, emotionName) {
    this.#onPlay = onPlay;
    this.#emotionName = emotionName;
  }

  add(recording) {
    this.#recordings = trim([recording, ...this.#recordings]);
    this.show();
  }

  show() {
    document.getElementById("visit-empty").hidden = this.#recordings.length > 0;
    document.getElementById("visit").replaceChildren(...this.#recordings.map((recording) => this.#entry(recording)));
  }

  #entry(recording) {
    const { text } = recording.request;
    const words = Object.assign(document.createElement("span"), { className: "words", textContent: text, title: text });
    const used = [recording.used.voice, this.#emotionName(recording.used.emotion), `${recording.seconds.toFixed(1)} s`];
    words.append(Object.assign(document.createElement("small"), { textContent: used.join(" · ") }));
    const again = button("▶", `${say("again")}: ${text}`, () => this.#onPlay(recording));
    const keep = button("WAV", `${say("saveWav")}: ${text}`, () => save(recording.wav(), recording.fileName("wav")));
    const item = document.createElement("li");
    item.append(again, words, keep);
    return item;
  }
}

function button(text, label, onclick) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: text, onclick });
  made.ariaLabel = label;
  return made;
}
