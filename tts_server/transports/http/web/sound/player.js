// The loudspeaker: plays one recording at a time, also while it is still growing.
//
// Short sources are scheduled one behind the other, to the sample. They exist on plain HTTP too, where a browser has no
// AudioWorklet, and need nothing loaded before the first sound.

import { wavFile } from "./files.js";

// From the first samples to their sound, beside what the device takes: the next ones are there by then. A device with large
// blocks has it in them.
const HEAD_START_S = 0.03;
// What is due sooner than this may start too late, over what follows it. A clock that is read and used at once needs no
// more; Firefox's stands still while a script runs, and it tells no base latency.
const LATE_S = 0.003;
const LATE_BY_A_STILL_CLOCK_S = 0.012;
const AHEAD_S = 4; // scheduled, at most
const PIECE_S = 0.5; // of one source, at most
const DEVICE_S = 0.03; // of the device: with less, a busy tablet stutters
const FADE_S = 0.005; // a stop is a short fade, not a click
const WAKE_S = 3; // for a loudspeaker to start
const REST_MS = 60_000; // without a touch or a sound the loudspeaker is given back, for the battery's sake

// `code`: "sound_missing", "sound_blocked", one of the page's words for errors.
export class SoundError extends Error {
  constructor(code) {
    super();
    this.code = code;
  }
}

export class Player {
  #outputs = new Map(); // sample rate -> AudioContext; a context has one rate for life
  #play = null;
  #paused = null; // {recording, at, on}
  #volume = 1;
  #touchedAt = 0;

  constructor() {
    startSound();
    setInterval(() => this.#giveBack(), REST_MS);
  }

  // Makes the loudspeaker ready. Browsers allow it on a touch or a key only, so it is called on every one of them.
  wake(rate) {
    this.#touchedAt = performance.now();
    try {
      this.#output(rate).resume().catch(() => {}); // told when something is to be heard
    } catch {
      // the same
    }
  }

  // Plays `recording` from a sample on, and silences what was played before. Raises SoundError.
  // on: {started(at), position(played), starved(), over()}; `at` is when the first sample is heard, in performance.now().
  async play(recording, from, on) {
    this.stop();
    const play = (this.#play = new Play(recording, from, this.#volume, on));
    const output = await this.#running(recording.rate);
    if (this.#play === play) play.begin(output);
  }

  // More of the recording has come, or it is whole.
  more() {
    this.#play?.feed();
  }

  // Falls silent at once.
  stop() {
    this.#play?.end();
    this.#play = this.#paused = null;
  }

  pause() {
    if (this.#play === null) return;
    const { recording, played, on } = this.#play;
    this.stop();
    this.#paused = { recording, at: played, on };
  }

  // Goes on after a pause. Raises SoundError.
  async goOn() {
    if (this.#paused) await this.play(this.#paused.recording, this.#paused.at, this.#paused.on);
  }

  // Goes to a sample, or to the last one that is there. Raises SoundError.
  async seek(sample) {
    const { recording, on } = this.#play ?? this.#paused;
    const at = Math.max(recording.firstKept, Math.min(sample, recording.samples));
    if (this.#play) return this.play(recording, at, on);
    this.#paused.at = at;
    on.position(at);
  }

  get isPaused() {
    return this.#paused !== null;
  }

  // Samples that have been heard.
  get played() {
    return this.#play?.played ?? this.#paused?.at ?? 0;
  }

  // 0 to 1, as loud to the ear as it looks on a slider.
  set volume(value) {
    this.#volume = value ** 2;
    this.#play?.turn(this.#volume);
  }

  #giveBack() {
    const isInUse = this.#play !== null && !this.#play.isOver;
    if (!isInUse && performance.now() - this.#touchedAt > REST_MS) this.#outputs.forEach((output) => output.suspend());
  }

  #output(rate) {
    if (!this.#outputs.has(rate)) {
      if (typeof AudioContext === "undefined") throw new SoundError("sound_missing");
      if (navigator.audioSession) navigator.audioSession.type = "playback"; // heard with an iPad's ringer off, too
      this.#outputs.set(rate, new AudioContext({ sampleRate: rate, latencyHint: DEVICE_S }));
    }
    return this.#outputs.get(rate);
  }

  // The loudspeaker, when its clock moves: what is scheduled sooner, some browsers play with holes.
  async #running(rate) {
    const output = this.#output(rate);
    const until = performance.now() + 1000 * WAKE_S;
    output.resume().catch(() => {}); // or it stays suspended, which is seen below
    const before = output.currentTime;
    while (output.state !== "running" || output.currentTime === before) {
      if (performance.now() > until) throw new SoundError(output.state === "suspended" ? "sound_blocked" : "sound_missing");
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
    return output;
  }
}

// Lets the browser start what it plays sound with, ahead of the first touch: Chromium's is a process of its own, which the
// first AudioContext would wait for. A file that is loaded and never played is enough.
function startSound() {
  const silent = new Audio(URL.createObjectURL(wavFile([new Int16Array(2400)], 24_000)));
  silent.oncanplaythrough = silent.onerror = () => URL.revokeObjectURL(silent.src);
}

// One recording being played. Times are seconds of the output's clock, places are samples of the recording.
class Play {
  recording;
  on;
  #output = null;
  #gain = null;
  #pieces = []; // scheduled and not over: {source, at, from, count}
  #next; // the first sample that is not scheduled
  #at = 0; // when it is due
  #played;
  #volume;
  #isStarted = false;
  isOver = false;

  constructor(recording, from, volume, on) {
    this.recording = recording;
    this.#next = this.#played = from;
    this.#volume = volume;
    this.on = on;
  }

  begin(output) {
    this.#output = output;
    this.#gain = new GainNode(output, { gain: this.#volume });
    this.#gain.connect(output.destination);
    this.feed();
    this.#follow();
  }

  // Schedules what there is.
  feed() {
    if (this.#output === null || this.isOver) return;
    const { rate, samples, isWhole } = this.recording;
    this.#next = Math.max(this.#next, this.recording.firstKept);
    while (this.#next < samples && this.#at < this.#output.currentTime + AHEAD_S) {
      this.#schedule(this.recording.read(this.#next, Math.round(PIECE_S * rate)), rate);
    }
    if (this.#pieces.length > 0) return;
    if (isWhole) this.#finish();
    else if (this.#isStarted) this.on.starved();
  }

  turn(volume) {
    this.#volume = volume;
    this.#gain?.gain.setTargetAtTime(volume, this.#output.currentTime, FADE_S);
  }

  get played() {
    const now = this.#output ? this.#output.currentTime - this.#delay : 0;
    for (const { at, from, count } of this.#pieces) {
      if (now < at) break;
      this.#played = Math.max(this.#played, Math.min(from + count, from + Math.round((now - at) * this.recording.rate)));
    }
    return this.#played;
  }

  end() {
    if (this.isOver) return;
    this.isOver = true;
    if (this.#output === null) return;
    const silentAt = this.#output.currentTime + FADE_S;
    this.#gain.gain.setValueAtTime(this.#volume, this.#output.currentTime);
    this.#gain.gain.linearRampToValueAtTime(0, silentAt);
    for (const { source } of this.#pieces) source.stop(silentAt);
  }

  // When a sample is heard that is not to be late: as it is due, or anew after a head start.
  #dueAfter(now) {
    const { baseLatency } = this.#output;
    const late = baseLatency > 0 ? LATE_S : LATE_BY_A_STILL_CLOCK_S;
    return this.#at < now + late ? now + Math.max(late, HEAD_START_S - baseLatency) : this.#at;
  }

  // Of the device, behind the output's clock.
  get #delay() {
    return this.#output.outputLatency || this.#output.baseLatency || 0;
  }

  #schedule(samples, rate) {
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: rate });
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this.#output, { buffer });
    source.connect(this.#gain);
    const now = this.#output.currentTime; // last of all: it leaps by a whole block of the device
    this.#at = this.#dueAfter(now);
    source.start(this.#at);
    const piece = { source, at: this.#at, from: this.#next, count: samples.length };
    source.onended = () => this.#ended(piece);
    this.#pieces.push(piece);
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.on.started(performance.now() + 1000 * (this.#at - now + this.#delay));
    }
    this.#next += samples.length;
    this.#at += samples.length / rate;
  }

  #ended(piece) {
    if (this.isOver) return;
    this.#played = Math.max(this.#played, piece.from); // a hidden page is not asked for frames
    this.#pieces.splice(this.#pieces.indexOf(piece), 1);
    if (this.#pieces.length === 0) this.#played = piece.from + piece.count;
    this.feed();
  }

  #finish() {
    this.isOver = true;
    this.#gain.disconnect();
    this.on.position(this.#played);
    this.on.over();
  }

  #follow() {
    if (this.isOver) return;
    this.on.position(this.played);
    requestAnimationFrame(() => this.#follow());
  }
}
