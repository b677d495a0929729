// tts-stream.v1, as far as this page needs it: one WebSocket, one utterance at a time.

import { authorised, ticket } from "./api.js";

const HEADER_BYTES = 16;
const AUDIO = 1; // kind of a frame

// An error of the daemon's or of the way to it: `code` is one of the protocol's, or "connection".
export class SpeechError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export class Speech {
  #socket = null;
  #count = 0;
  #current = null; // {ctx, ch, on}
  #limits = null;

  // Speaks. `how`: the fields of `open`. `on`: {opened, samples, marks, notice, done, failed}, called as things come.
  async speak(text, how, on) {
    const ctx = `page-${++this.#count}`;
    this.#current = { ctx, ch: null, on };
    const socket = await this.#connect();
    if (this.#current?.ctx !== ctx) return;
    const audio = { frame_ms: 40 };
    socket.send(JSON.stringify({ type: "open", ctx, marks: "char", preempt: "same", max_lead_ms: 1500, audio, ...how }));
    const limit = this.#limits?.max_text_chars ?? 5000;
    const characters = Array.from(text); // code points, as the protocol counts
    for (let at = 0; at < characters.length; at += limit) {
      const piece = characters.slice(at, at + limit).join("");
      socket.send(JSON.stringify({ type: "text", ctx, text: piece, end: at + limit >= characters.length }));
    }
  }

  // Stops what is being said; `played` samples of it have been heard.
  cancel(played) {
    if (this.#current === null) return;
    const { ctx } = this.#current;
    this.#current = null;
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify({ type: "cancel", ctx, played_samples: played }));
    }
  }

  // The page is going: the daemon need not wait for it to come back.
  leave() {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ type: "bye" }));
  }

  async #connect() {
    if (this.#socket?.readyState === WebSocket.OPEN) return this.#socket;
    const url = new URL("/ws/v1", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    if (authorised()) url.searchParams.set("ticket", await ticket());
    const socket = new WebSocket(url, "tts-stream.v1");
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => (typeof data === "string" ? this.#onMessage(JSON.parse(data)) : this.#onFrame(data));
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onclose = () => reject(new SpeechError("connection", ""));
    });
    socket.onclose = ({ code }) => this.#onClose(socket, code);
    socket.send(JSON.stringify({ type: "hello", client: { name: "page" }, accept: { framing: ["header16"], marks: ["char"] } }));
    this.#socket = socket;
    return socket;
  }

  #onMessage(message) {
    if (message.type === "ready") this.#limits = message.limits;
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
      this.#current = null;
      if (message.error) current.on.failed(new SpeechError(message.error.code, message.error.message));
      else current.on.done(message);
    } else if (message.type === "error") {
      this.#onError(current, message);
    }
  }

  #onError(current, { code, message, ctx }) {
    const isOpen = current.ch !== null; // then a `done` is still to come
    if (isOpen && ctx !== undefined) current.on.notice({ code, message });
    else {
      this.#current = null;
      current.on.failed(new SpeechError(code, message));
    }
  }

  #onFrame(buffer) {
    const view = new DataView(buffer);
    const current = this.#current;
    if (current === null || (view.getUint8(0) & 0x0f) !== AUDIO || view.getUint16(2) !== current.ch) return;
    current.on.samples(new Int16Array(buffer, HEADER_BYTES)); // little-endian, as every browser's machine is
  }

  #onClose(socket, code) {
    if (this.#socket === socket) this.#socket = null;
    const current = this.#current;
    this.#current = null;
    current?.on.failed(new SpeechError(code === 4401 ? "auth_required" : "connection", ""));
  }
}
