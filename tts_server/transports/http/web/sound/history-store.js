// Recordings that survive a reload: in this browser's IndexedDB, bounded. Where there is none, they last for the visit.

import { Recording } from "./recording.js";

const MOST = 20; // recordings
const MOST_SAMPLES = 24000 * 60 * 15; // all together

export class HistoryStore {
  #entries = []; // {id, recording}, the newest first
  #base = open();

  // What is there from earlier visits.
  async load() {
    const base = await this.#base;
    const stored = base ? await answer(base.transaction("speech").objectStore("speech").getAll()) : [];
    const known = new Set(this.#entries.map(({ id }) => id));
    this.#entries.push(...stored.filter(({ id }) => !known.has(id)).reverse().map((each) => ({ id: each.id, recording: revive(each) })));
    await this.#trim();
    return this.entries;
  }

  get entries() {
    return this.#entries;
  }

  async add(recording) {
    const { request, rate, used, marks, wasStopped, chunks } = recording;
    if (recording.firstKept > 0 || recording.samples > MOST_SAMPLES) return;
    const id = Date.now() + Math.random();
    this.#entries = [{ id, recording }, ...this.#entries];
    const base = await this.#base;
    if (base) await put(base, { id, request, rate, used, marks, wasStopped, pcm: join(chunks) });
    await this.#trim();
  }

  async forget(ids) {
    this.#entries = this.#entries.filter(({ id }) => !ids.includes(id));
    const base = await this.#base;
    if (!base || ids.length === 0) return;
    const store = base.transaction("speech", "readwrite").objectStore("speech");
    await Promise.all(ids.map((id) => answer(store.delete(id))));
  }

  // The oldest make room.
  #trim() {
    let samples = 0;
    const ids = this.#entries.filter(({ recording }, i) => (samples += recording.samples) > MOST_SAMPLES || i >= MOST).map(({ id }) => id);
    return this.forget(ids);
  }
}

function open() {
  return new Promise((resolve) => {
    try {
      const asked = indexedDB.open("tts-server", 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("speech", { keyPath: "id" });
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}

const answer = (asked) =>
  new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

// No room on the disk costs the history, not the speech.
const put = (base, entry) => answer(base.transaction("speech", "readwrite").objectStore("speech").put(entry)).catch(() => {});

function join(chunks) {
  const whole = new Int16Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function revive({ request, rate, used, marks, wasStopped, pcm }) {
  const recording = Object.assign(new Recording(request, rate, used), { marks, wasStopped, isWhole: true });
  recording.push(pcm);
  return recording;
}
