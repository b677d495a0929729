// Plays samples as they come, and tells how many of them have been played. Runs on the browser's audio thread.

const FADE_S = 0.005; // a stop is a short fade, not a click
const REPORT_EVERY = 1024; // samples

class SpeechPlayer extends AudioWorkletProcessor {
  constructor() {
    super();
    this.clear(0, 0);
    this.port.onmessage = ({ data }) => this.take(data);
  }

  clear(utterance, startAfter) {
    this.utterance = utterance;
    this.startAfter = startAfter; // samples to have before the first one is played
    this.queue = [];
    this.offset = 0; // in queue[0]
    this.waiting = 0;
    this.played = 0;
    this.reported = 0;
    this.isPlaying = false;
    this.isWhole = false;
    this.isOver = true;
    this.fade = null; // samples left of a fade-out
  }

  take(data) {
    if (data.type === "begin") {
      this.clear(data.utterance, data.startAfter);
      this.isOver = false;
    } else if (data.type === "stop") {
      this.fade = Math.min(Math.round(FADE_S * sampleRate), this.waiting);
      this.fadeLength = Math.max(1, this.fade);
    } else if (data.utterance === this.utterance && this.fade === null) {
      if (data.type === "samples") {
        this.queue.push(data.samples);
        this.waiting += data.samples.length;
      } else if (data.type === "end") {
        this.isWhole = true;
      }
    }
  }

  process(_, [[output]]) {
    this.isPlaying ||= this.waiting > 0 && (this.isWhole || this.waiting >= this.startAfter);
    if (!this.isOver && this.isPlaying) {
      this.fill(output);
    }
    this.report();
    return true;
  }

  fill(output) {
    for (let at = 0; at < output.length && this.waiting > 0 && this.fade !== 0; ) {
      const chunk = this.queue[0];
      const count = Math.min(output.length - at, chunk.length - this.offset, this.fade ?? Infinity);
      output.set(chunk.subarray(this.offset, this.offset + count), at);
      if (this.fade !== null) {
        for (let i = at; i < at + count; i++) output[i] *= this.fade-- / this.fadeLength;
      }
      at += count;
      this.offset += count;
      this.waiting -= count;
      this.played += count;
      if (this.offset === chunk.length) {
        this.queue.shift();
        this.offset = 0;
      }
    }
  }

  report() {
    if (this.isOver) return;
    this.isOver = this.fade === 0 || (this.isWhole && this.waiting === 0);
    if (this.isOver || this.played - this.reported >= REPORT_EVERY) {
      this.reported = this.played;
      this.port.postMessage({ utterance: this.utterance, played: this.played, isOver: this.isOver });
    }
  }
}

registerProcessor("speech-player", SpeechPlayer);
