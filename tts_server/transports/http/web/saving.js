// Speech as a file, without listening to it: made as fast as the box can.

import { postJson } from "./api.js";
import { fileName, saveFile, wavFile } from "./sound/files.js";
import { cut } from "./speech/parts.js";

// Saves what a request says. `extension`: "wav", "mp3" or "ogg". `onProgress(share)`: 0 to 1, for long texts.
// Raises ApiError; an AbortError when `signal` ends it.
export async function saveSpeech(request, extension, onProgress, signal) {
  const parts = cut(request.text, request.text_format);
  const isWav = extension === "wav";
  const format = isWav ? "pcm" : extension === "ogg" ? "opus" : extension;
  const files = [];
  let rate = 0;
  for (const [index, { text }] of parts.entries()) {
    const answer = await postJson("api/tts", { ...request, text, format, stream: isWav }, signal);
    files.push(await answer.blob()); // hours of a long text: browsers put them on the disk
    rate = Number(answer.headers.get("x-sample-rate"));
    onProgress((index + 1) / parts.length);
  }
  // Several MP3 or Ogg streams behind each other are one file to every player.
  const whole = isWav ? wavFile(files, rate) : new Blob(files, { type: extension === "mp3" ? "audio/mpeg" : "audio/ogg" });
  saveFile(whole, fileName(request.text, extension));
}

// Saves a recording that is complete.
export function saveRecording(recording) {
  saveFile(wavFile(recording.chunks, recording.rate), fileName(recording.request.text, "wav"));
}

// An address that says what a request says. Raises ApiError.
export async function linkTo(request) {
  const { url } = await (await postJson("api/links", request)).json();
  return new URL(url.replace(/^\//, ""), document.baseURI).href;
}
