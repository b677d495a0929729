// tts-stream.v1, as far as this page needs it: one context at a time, carried over a lost connection.

import { Connection, SpeechError } from "./connection.js";

export class Speech {
  #connection = new Connection({
    message: (message) => this.#onMessage(message),
    frame: (frame) => this.#onFrame(frame),
    lost: () => this.#onLost(),
  });
  #count = 0;
  #current = null; // {ctx, ch, seq, characters, how, on}; seq: of the next frame

  // Opens the connection ahead of the first click. Raises SpeechError.
  open() {
    return this.#connection.open();
  }

  // Speaks. `how`: the fields of `open`. `on`: {opened, samples, marks, notice, lost, resumed, done, failed}, called as
  // things come.
  async speak(text, how, on) {
    const current = { ctx: `page-${++this.#count}`, ch: null, seq: 0, characters: Array.from(text), how, on };
    this.#current = current;
    await this.#connection.open();
    if (this.#current === current) this.#begin(current);
  }

  // Stops what is being said; `played` samples of it have been heard.
  cancel(played) {
    if (this.#current === null) return;
    this.#connection.send({ type: "cancel", ctx: this.#take().ctx, played_samples: played });
  }

  // The page is going: the daemon need not wait for it to come back.
  leave() {
    this.#connection.send({ type: "bye" });
  }

  #begin(current) {
    const { ctx, how } = current;
    this.#connection.expect(true);
    this.#connection.send({ type: "open", ctx, marks: "char", preempt: "same", max_lead_ms: 1500, audio: { frame_ms: 40 }, ...how });
    this.#sendText(current, 0);
  }

  // Places are code points, as the protocol counts.
  #sendText({ ctx, characters }, from) {
    const limit = this.#connection.limits.max_text_chars;
    for (let at = from; at < characters.length; at += limit) {
      const text = characters.slice(at, at + limit).join("");
      this.#connection.send({ type: "text", ctx, text, at, end: at + limit >= characters.length });
    }
  }

  #onMessage(message) {
    const current = this.#current;
    const isOurs = current !== null && (message.ctx === undefined || message.ctx === current.ctx);
    if (!isOurs) return;
    if (message.type === "opened") {
      current.ch = message.ch;
      current.on.opened(message);
    } else if (message.type === "marks") {
      current.on.marks(message.items);
    } else if (message.type === "notice") {
      current.on.notice(message);
    } else if (message.type === "done") {
      this.#take();
      if (message.error) current.on.failed(new SpeechError(message.error.code, message.error.message));
      else current.on.done(message);
    } else if (message.type === "error") {
      this.#onError(message);
    }
  }

  // What refuses a part of the text refuses it all: a text with a hole in it is not spoken.
  #onError({ code, message }) {
    const { ctx, ch, on } = this.#take();
    if (ch !== null) this.#connection.send({ type: "cancel", ctx });
    on.failed(new SpeechError(code, message));
  }

  #onFrame({ ch, seq, samples }) {
    const current = this.#current;
    if (current === null || ch !== current.ch || seq < current.seq) return;
    current.seq = seq + 1;
    current.on.samples(samples);
  }

  async #onLost() {
    const current = this.#current;
    if (current === null) return;
    current.on.lost();
    try {
      if (current.ch === null) await this.#restart(current);
      else await this.#goOn(current);
    } catch (error) {
      if (this.#current === current) this.#take().on.failed(error);
    }
  }

  async #restart(current) {
    await this.#connection.open();
    if (this.#current !== current) return;
    current.on.resumed();
    this.#begin(current);
  }

  async #goOn(current) {
    const [found] = await this.#connection.resume({ [current.ctx]: current.seq });
    if (this.#current !== current) return this.#connection.send({ type: "cancel", ctx: current.ctx });
    if (!found) throw new SpeechError("connection");
    current.ch = found.ch;
    current.on.resumed();
    if (found.state !== "ENDING" && found.state !== "DONE") this.#sendText(current, found.received);
  }

  // What is being said is over.
  #take() {
    const current = this.#current;
    this.#current = null;
    this.#connection.expect(false);
    return current;
  }
}
