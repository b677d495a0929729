// Speech as it came: samples in the page's memory, to be played from any place of it.

const KEPT_S = 30 * 60; // of a long text; what is older is forgotten, so that a page does not grow for hours

export class Recording {
  chunks = []; // Int16Array
  samples = 0; // that have come
  firstKept = 0;
  marks = []; // [from, to, start_ms, end_ms]
  isWhole = false; // nothing more comes
  wasStopped = false; // before its end
  #starts = []; // of each chunk

  // request: {text, voice, emotion, ...}, the fields of POST /api/tts; used: {voice, emotion}.
  constructor(request, rate, used) {
    this.request = request;
    this.rate = rate;
    this.used = used;
  }

  push(samples) {
    this.#starts.push(this.samples);
    this.chunks.push(samples);
    this.samples += samples.length;
    while (this.samples - this.firstKept > KEPT_S * this.rate) {
      this.firstKept += this.chunks[0].length;
      this.chunks.shift();
      this.#starts.shift();
    }
  }

  get seconds() {
    return this.samples / this.rate;
  }

  get isComplete() {
    return this.isWhole && !this.wasStopped && this.firstKept === 0;
  }

  // Samples from a place on, as many as there are of `count`: Float32Array, -1 to 1.
  read(from, count) {
    const read = new Float32Array(Math.max(0, Math.min(count, this.samples - from)));
    let index = this.#chunkAt(from);
    for (let done = 0; done < read.length; index++) {
      const chunk = this.chunks[index];
      for (let i = from + done - this.#starts[index]; i < chunk.length && done < read.length; i++) read[done++] = chunk[i] / 32768;
    }
    return read;
  }

  // The last chunk that begins at that sample or before it.
  #chunkAt(sample) {
    let [first, last] = [0, this.#starts.length - 1];
    while (first < last) {
      const middle = (first + last + 1) >> 1;
      if (this.#starts[middle] <= sample) first = middle;
      else last = middle - 1;
    }
    return first;
  }
}
