// Draws what has come of an utterance and how much of it has been heard.

const PEAK_S = 0.01;
const SHORTEST_S = 4; // of time across the canvas, so that a short sentence does not fill it in one jump
const BAR = 3; // CSS pixels
const STEP = 5;

export class Waveform {
  #canvas;
  #peaks = [];
  #open = 0; // samples in the last, unfinished peak
  #rate = 24000;
  #heard = 0; // seconds
  #shown = SHORTEST_S; // seconds across, eased towards what there is
  #told = -1;
  #isQueued = false;

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#queue()).observe(canvas);
  }

  begin(rate) {
    this.#rate = rate;
    this.#peaks = [];
    this.#open = 0;
    this.#shown = SHORTEST_S;
    this.heard(0);
  }

  push(samples) {
    const size = Math.round(PEAK_S * this.#rate);
    for (let at = 0; at < samples.length; ) {
      if (this.#open === 0) this.#peaks.push(0);
      const count = Math.min(size - this.#open, samples.length - at);
      let peak = this.#peaks[this.#peaks.length - 1];
      for (let i = at; i < at + count; i++) peak = Math.max(peak, Math.abs(samples[i]));
      this.#peaks[this.#peaks.length - 1] = peak;
      this.#open = (this.#open + count) % size;
      at += count;
    }
    this.#queue();
  }

  heard(samples) {
    this.#heard = samples / this.#rate;
    this.#canvas.dataset.heard = samples;
    const seconds = Math.floor(this.#heard);
    if (this.#told === seconds) return this.#queue();
    this.#told = seconds; // a screen reader is told once a second at most
    this.#canvas.setAttribute("aria-valuenow", seconds);
    this.#canvas.setAttribute("aria-valuemax", Math.ceil(this.#peaks.length * PEAK_S));
    this.#canvas.setAttribute("aria-valuetext", `${seconds} / ${Math.ceil(this.#peaks.length * PEAK_S)} s`);
    this.#queue();
  }

  get heardSamples() {
    return Math.round(this.#heard * this.#rate);
  }

  // The sample under a place of the canvas, in CSS pixels from its left.
  sampleAt(x) {
    return Math.round((x / this.#canvas.clientWidth) * this.#shown * this.#rate);
  }

  // The colours have changed.
  refresh() {
    this.#queue();
  }

  #queue() {
    if (this.#isQueued) return;
    this.#isQueued = true;
    requestAnimationFrame(() => {
      this.#isQueued = false;
      this.#draw();
    });
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = devicePixelRatio;
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    const pen = this.#canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(this.#canvas);
    const target = Math.max(SHORTEST_S, this.#peaks.length * PEAK_S);
    this.#shown += (target - this.#shown) * 0.25;
    if (target - this.#shown > 0.02) this.#queue();
    const bars = Math.floor(width / STEP);
    for (let bar = 0; bar < bars; bar++) {
      const level = this.#level(bar / bars, (bar + 1) / bars);
      const isHeard = (bar / bars) * this.#shown < this.#heard;
      pen.fillStyle = style.getPropertyValue(isHeard ? "--mood" : level > 0 ? "--soft" : "--line");
      pen.globalAlpha = isHeard || level === 0 ? 1 : 0.5;
      const tall = Math.max(2, level * (height - 4));
      pen.beginPath();
      if (pen.roundRect) pen.roundRect(bar * STEP, (height - tall) / 2, BAR, tall, BAR / 2);
      else pen.rect(bar * STEP, (height - tall) / 2, BAR, tall); // Safari before 16
      pen.fill();
    }
  }

  // 0 to 1: the loudest between two places of the canvas; a square root shows quiet speech too.
  #level(from, to) {
    const first = Math.floor((from * this.#shown) / PEAK_S);
    const last = Math.max(first + 1, Math.floor((to * this.#shown) / PEAK_S));
    let peak = 0;
    for (let i = first; i < Math.min(last, this.#peaks.length); i++) peak = Math.max(peak, this.#peaks[i]);
    return Math.sqrt(peak / 32768);
  }
}
