// What the daemon says of itself: the lamp at the top and the table at the bottom.

import { getJson } from "./api.js";
import { say } from "./words.js";

const EVERY_MS = 4000;

export class State {
  #onVoices;
  #onLocked;
  #revision = null; // of the list of voices
  #last = null;

  // `onVoices(voices, emotions)`: there are other voices than before. `onLocked()`: a key is wanted.
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
      const { voices } = await getJson("api/voices");
      const revision = JSON.stringify(voices);
      if (revision !== this.#revision) {
        const { emotions } = await getJson("api/emotions");
        this.#revision = revision;
        this.#onVoices(voices, emotions);
      }
    } catch (error) {
      this.#last = null;
      if (error.status === 401) this.#onLocked();
    }
    this.show();
  }

  show() {
    const engine = this.#last;
    const state = engine === null ? "away" : engine.state;
    const isBusy = state === "ready" && engine.active_streams > 0;
    document.getElementById("state").dataset.state = isBusy ? "busy" : state;
    const words = document.getElementById("state-text");
    const shown = say({ ready: "ready", loading: "loading", draining: "draining" }[state] ?? "away");
    if (words.textContent !== shown) words.textContent = shown; // a screen reader hears changes only
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
