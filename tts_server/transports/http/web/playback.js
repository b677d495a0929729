// What is spoken and heard: one thing at a time, from the click to the last sample, with pause, seek and again.

import { hideProblem, showError, showProblem } from "./problems.js";
import { Player } from "./sound/player.js";
import { Recording } from "./sound/recording.js";
import { LongSpeech } from "./speech/long-speech.js";
import { say } from "./words/words.js";

const STALLED_MS = 700; // without more speech while some is due: said in words
const WAITING_MS = 3000; // without any sound after a click

const element = (id) => document.getElementById(id);

export class Playback {
  #player = new Player();
  #speech = new LongSpeech();
  #wave;
  #reading;
  #on;
  #recording = null; // what the waveform shows
  #run = null; // {askedAt, isSpeech} while something is heard or awaited
  #patience = null; // until something is said of the waiting

  // on: {spoken(recording), locked(), usedEmotion(name)}.
  constructor(wave, reading, on) {
    this.#wave = wave;
    this.#reading = reading;
    this.#on = on;
    element("toggle").onclick = () => this.toggle();
    element("stop").onclick = () => this.stop();
  }

  // A touch: browsers give a loudspeaker on one only, and what was closed for idleness is open again before the click.
  wake(rate, isReachable) {
    this.#player.wake(rate);
    if (isReachable) this.connect();
  }

  connect() {
    this.#speech.open().catch(() => {}); // told when something is to be said
  }

  leave() {
    this.#speech.leave();
  }

  set volume(value) {
    this.#player.volume = value;
  }

  // Speaks a request. isKept: it is noted among what was heard.
  async speak(request, isKept = true) {
    this.stop();
    const run = this.#begin({ askedAt: performance.now(), isSpeech: true });
    const { text, ...how } = request;
    this.#wait(WAITING_MS, "waiting");
    const isMine = () => this.#run === run;
    await this.#speech.speak(text, how, {
      opened: ({ audio, voice, emotion }) => this.#play(new Recording(request, audio.rate, { voice, emotion }), run),
      samples: (samples) => this.#take(samples),
      marks: (items) => this.#takeMarks(items),
      notice: (notice) => this.#notice(notice),
      lost: () => showProblem("reconnecting"),
      resumed: () => hideProblem("reconnecting"),
      ahead: () => (this.#recording.samples - this.#player.played) / this.#recording.rate,
      done: () => isMine() && this.#whole(isKept),
      failed: (error) => isMine() && this.#fail(error),
    });
  }

  // Plays what was heard before.
  replay(recording, from = recording.firstKept) {
    this.stop();
    const run = this.#begin({ isSpeech: false });
    this.#play(recording, run, from);
  }

  // Pause, go on, or once more: whatever the button says.
  toggle() {
    if (this.#run === null) {
      if (this.#recording) this.replay(this.#recording);
    } else if (this.#player.isPaused) {
      this.#player.goOn().catch((error) => this.#fail(error));
      element("said").textContent = say("speaking");
    } else {
      this.#player.pause();
      element("said").textContent = say("paused");
    }
    this.show();
  }

  seek(sample) {
    if (this.#recording === null) return;
    if (this.#run === null) this.replay(this.#recording, Math.max(this.#recording.firstKept, Math.min(sample, this.#recording.samples)));
    else this.#player.seek(sample).catch((error) => this.#fail(error));
  }

  // Falls silent, whatever is going on.
  stop() {
    if (this.#run === null) return;
    const { isSpeech } = this.#run;
    this.#speech.cancel(this.#player.played);
    this.#player.stop();
    if (isSpeech && this.#recording && !this.#recording.isWhole) {
      this.#recording.isWhole = this.#recording.wasStopped = true;
      if (this.#recording.samples > 0) this.#on.spoken(this.#recording);
    }
    this.#finish("stopped");
  }

  get recording() {
    return this.#recording;
  }

  // The buttons, as things are.
  show() {
    const shows = this.#run === null ? "replay" : this.#player.isPaused ? "goOn" : "pause";
    element("toggle").dataset.shows = shows;
    element("toggle-text").textContent = say(shows);
    element("toggle").disabled = this.#recording === null || this.#recording.samples === 0;
    element("stop").disabled = this.#run === null;
  }

  #begin(run) {
    this.#run = run;
    this.#recording = null;
    hideProblem();
    element("first").textContent = "";
    element("said").textContent = say("speaking");
    this.show();
    return run;
  }

  async #play(recording, run, from = 0) {
    this.#recording = recording;
    this.#wave.begin(recording.rate);
    recording.chunks.forEach((samples) => this.#wave.push(samples));
    this.#reading.begin(recording.request.text);
    this.#reading.add(recording.marks);
    const isMine = () => this.#run === run;
    try {
      await this.#player.play(recording, from, {
        started: (at) => isMine() && this.#started(at),
        position: (played) => this.#position(played),
        starved: () => isMine() && this.#wait(STALLED_MS, "stalled"),
        over: () => isMine() && this.#finish("finished"),
      });
    } catch (error) {
      if (isMine()) this.#fail(error);
    }
  }

  #started(at) {
    clearTimeout(this.#patience);
    if (this.#run.askedAt) element("first").textContent = say("firstSound", Math.round(at - this.#run.askedAt));
    this.#run.askedAt = null; // a pause or a leap is no first sound
    this.show();
  }

  #take(samples) {
    clearTimeout(this.#patience);
    ["waiting", "stalled", "queued"].forEach(hideProblem);
    this.#recording.push(samples);
    this.#wave.push(samples);
    this.#player.more();
  }

  #takeMarks(items) {
    const { marks } = this.#recording;
    const known = marks.length ? marks[marks.length - 1][0] : -1;
    const unknown = items.filter(([from]) => from > known); // after a lost connection some come again
    marks.push(...unknown);
    this.#reading.add(unknown);
  }

  #whole(isKept) {
    const recording = this.#recording;
    recording.isWhole = true;
    if (recording.samples === 0) return this.#finish("nothing");
    if (isKept) this.#on.spoken(recording);
    this.#player.more();
  }

  #position(played) {
    const recording = this.#recording;
    const seconds = played / recording.rate;
    element("clock").textContent = time(seconds);
    this.#wave.heard(played);
    this.#reading.heard(1000 * seconds);
    element("progress").hidden = !this.#reading.isLong;
    element("progress").value = this.#reading.share;
  }

  #finish(why) {
    clearTimeout(this.#patience);
    this.#run = null;
    this.#reading.end();
    hideProblem("stalled");
    if (why === "nothing") showProblem(why);
    else element("said").textContent = say(why);
    this.show();
  }

  #notice({ code, position }) {
    if (code === "emotion_fallback") this.#on.usedEmotion(this.#recording.used.emotion);
    else if (code === "queued") showProblem("queued", position);
    else if (code === "draining") showProblem(code);
  }

  #fail(error) {
    this.stop();
    if (error.code === "unauthorized") this.#on.locked();
    else showError(error);
  }

  #wait(ms, key) {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => showProblem(key), ms);
  }
}

const time = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
