// What the daemon says of itself: the lamp at the top and the table at the bottom.
// Green: it speaks when it is asked, and breathes while it does. Amber: wait. Red: it is not there. Grey: a token is needed.

import { getJson } from "./api.js";
import { say } from "./words/words.js";

const EVERY_MS = 4000;

export class State {
  #onVoices;
  #onLocked;
  #known = null; // names of voices, and how often the engines were started
  #last = null;
  isLocked = false;

  // `onVoices(voices, emotions)`: there are other voices than before. `onLocked()`: a key is wanted, for the first time.
  constructor(onVoices, onLocked) {
    this.#onVoices = onVoices;
    this.#onLocked = onLocked;
    document.addEventListener("visibilitychange", () => this.refresh());
    setInterval(() => this.refresh(), EVERY_MS);
  }

  // Whether the daemon has answered, and not asked for a key.
  get isReachable() {
    return this.#last !== null;
  }

  async refresh() {
    if (document.hidden) return;
    try {
      this.#last = await getJson("api/engine");
      this.isLocked = false;
      const known = JSON.stringify([this.#last.voices, this.#last.host_restarts]);
      if (known !== this.#known) {
        const [{ voices }, { emotions }] = await Promise.all([getJson("api/voices"), getJson("api/emotions")]);
        this.#known = known;
        this.#onVoices(voices, emotions);
      }
    } catch (error) {
      this.#last = null;
      const wasLocked = this.isLocked;
      this.isLocked = error.status === 401;
      if (this.isLocked && !wasLocked) this.#onLocked();
    }
    this.show();
  }

  show() {
    const engine = this.#last;
    const state = engine?.state ?? (this.isLocked ? "locked" : "away");
    document.getElementById("state").dataset.state = state;
    document.getElementById("state").classList.toggle("is-speaking", Boolean(engine?.active_streams));
    const words = document.getElementById("state-text");
    if (words.textContent !== say(state)) words.textContent = say(state); // a screen reader hears changes only
    if (engine === null) return;
    const facts = [
      [say("factVoices"), engine.voices.join(", ")],
      [say("factActive"), engine.active_streams],
      [say("factQueue"), engine.queue],
      [say("factSpeed"), engine.real_time_factor?.toFixed(3) ?? "–"],
      [say("factVersion"), engine.version],
    ];
    document.getElementById("facts").replaceChildren(...facts.flatMap(([name, value]) => [node("dt", name), node("dd", value)]));
  }
}

const node = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
