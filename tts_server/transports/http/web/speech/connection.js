// One WebSocket of tts-stream.v1: opened before it is needed, found dead when it is, resumed where it was.

import { authorised, ticket } from "../api.js";

const QUIET_MS = 2000; // without a word while speech is awaited: the daemon is asked whether it is there
const DEAD_MS = 4500; // the network is gone, though nobody has closed the connection
const STALE_MS = 5000; // unused for so long, a connection is asked whether it is there, before it is needed
const PROOF_MS = 1500;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 4000;
const OPEN_MS = 5000;
const HEADER_BYTES = 16;
const UNAUTHORIZED = 4401;

// An error of the daemon's or of the way to it: `code` is one of the protocol's, or "connection".
export class SpeechError extends Error {
  constructor(code, message = "") {
    super(message);
    this.code = code;
  }
}

export class Connection {
  #on;
  #socket = null;
  #opening = null; // a promise
  #ready = null; // the daemon's `ready`
  #heardAt = 0; // when the daemon said something
  #awaitedAt = 0; // since when something is awaited
  #watch = null;
  #isProving = false;

  // on: {message(message), frame({ch, seq, samples}), lost()}
  constructor(on) {
    this.#on = on;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN && this.#ready !== null;
  }

  get limits() {
    return this.#ready.limits;
  }

  // Resolves when messages can be sent. Raises SpeechError.
  open() {
    if (this.isOpen) {
      this.#prove();
      return Promise.resolve();
    }
    this.#opening ??= this.#connect(null).finally(() => (this.#opening = null));
    return this.#opening;
  }

  // Goes on with the session that was lost; `have`: contexts, and the `seq` each one needs next. Tries as long as the daemon
  // waits. Returns the contexts as the daemon has them; raises SpeechError when it has them no more.
  async resume(have) {
    const { session, resume } = this.#ready;
    if (!resume) throw new SpeechError("connection");
    const until = performance.now() + resume.ttl_ms;
    for (let wait = FIRST_RETRY_MS; performance.now() + wait < until; wait = Math.min(2 * wait, LONGEST_RETRY_MS)) {
      await new Promise((resolve) => setTimeout(resolve, wait * (0.75 + Math.random() / 2)));
      try {
        await this.#connect({ session, token: resume.token, have });
      } catch (error) {
        if (error.code !== "connection") throw error;
        continue;
      }
      if (this.#ready.resumed) return this.#ready.contexts;
      break;
    }
    throw new SpeechError("connection");
  }

  send(message) {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
  }

  // Whether something is awaited: then a silent network is found out.
  expect(isAwaited) {
    clearInterval(this.#watch);
    this.#awaitedAt = performance.now();
    this.#watch = isAwaited ? setInterval(() => this.#look(), 1000) : null;
  }

  async #connect(resume) {
    const url = new URL("ws/v1", document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    if (resume) url.searchParams.set("session", resume.session); // a balancer reads from it which box has it
    if (authorised()) url.searchParams.set("ticket", await ticket(url.search));
    const socket = new WebSocket(url, "tts-stream.v1");
    socket.binaryType = "arraybuffer";
    const hello = { type: "hello", client: { name: "page" }, accept: { framing: ["header16"], marks: ["char"] } };
    if (resume) hello.resume = resume;
    socket.onopen = () => socket.send(JSON.stringify(hello));
    const ready = await new Promise((resolve, reject) => {
      const fail = (code) => (socket.close(), reject(new SpeechError(code)));
      const patience = setTimeout(() => fail("connection"), OPEN_MS);
      socket.onclose = ({ code }) => (clearTimeout(patience), fail(code === UNAUTHORIZED ? "unauthorized" : "connection"));
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === "ready") (clearTimeout(patience), resolve(message));
        else if (message.type === "error" && message.fatal) fail(message.code); // `resume_gone` comes before a `ready`
      };
    });
    this.#ready = ready;
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onclose = () => this.#lost(socket);
  }

  #take(data) {
    this.#heardAt = performance.now();
    if (typeof data === "string") return this.#on.message(JSON.parse(data));
    const view = new DataView(data);
    if ((view.getUint8(0) & 0x0f) !== 1) return; // kind: audio
    const samples = new Int16Array(data, HEADER_BYTES); // little-endian, as every browser's machine is
    this.#on.frame({ ch: view.getUint16(2), seq: view.getUint32(4), samples });
  }

  // A phone that slept, a Wi-Fi that changed: the connection looks open, and is not.
  #prove() {
    const socket = this.#socket;
    const before = this.#heardAt;
    if (performance.now() - before < STALE_MS || this.#isProving) return;
    this.#isProving = true;
    this.send({ type: "ping" });
    setTimeout(() => {
      this.#isProving = false;
      if (this.#heardAt === before) this.#lost(socket);
    }, PROOF_MS);
  }

  #look() {
    const quiet = performance.now() - Math.max(this.#heardAt, this.#awaitedAt);
    if (!this.isOpen) return;
    if (quiet > DEAD_MS) this.#lost(this.#socket);
    else if (quiet > QUIET_MS) this.send({ type: "ping" });
  }

  #lost(socket) {
    if (this.#socket !== socket) return;
    socket.onclose = socket.onmessage = null;
    socket.close();
    this.#socket = null;
    this.#on.lost();
  }
}
