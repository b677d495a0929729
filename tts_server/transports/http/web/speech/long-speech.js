// Texts of any length: cut where a breath is taken, and asked for part by part, so that the daemon never has more in hand
// than will be heard soon.

import { cut } from "./parts.js";
import { Speech } from "./speech.js";

const AHEAD_S = 20; // of speech that is not heard yet: then the next part is asked for
const LOOK_MS = 250;

export class LongSpeech {
  #speech = new Speech();
  #turn = 0; // of the text that is being spoken

  open() {
    return this.#speech.open();
  }

  cancel(played) {
    this.#turn++;
    this.#speech.cancel(played);
  }

  leave() {
    this.#speech.leave();
  }

  // Speaks. `on` as in Speech, and `on.ahead()`: seconds that have come and were not heard; `marks` count in the whole text.
  async speak(text, how, on) {
    const turn = ++this.#turn;
    const parts = cut(text, how.text_format);
    let samples = 0;
    let rate = 1;
    for (const [index, part] of parts.entries()) {
      while (index > 0 && on.ahead() > AHEAD_S && turn === this.#turn) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (turn !== this.#turn) return;
      const startMs = (1000 * samples) / rate;
      const error = await this.#part(part.text, how, {
        ...on,
        opened(message) {
          rate = message.audio.rate;
          if (index === 0) on.opened(message);
        },
        samples(chunk) {
          samples += chunk.length;
          on.samples(chunk);
        },
        marks: (items) => on.marks(items.map(([from, to, start, end]) => [from + part.at, to + part.at, start + startMs, end + startMs])),
      });
      if (turn !== this.#turn) return;
      if (error) return on.failed(error);
    }
    on.done();
  }

  // Resolves when the part is over: with the error it failed with, or with null.
  #part(text, how, on) {
    return new Promise((resolve) => {
      this.#speech.speak(text, how, { ...on, done: () => resolve(null), failed: resolve }).catch(resolve);
    });
  }
}
