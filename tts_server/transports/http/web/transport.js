// Everything around the player that is no playing: files, links, the volume, and the waveform as a slider.

import { showError } from "./problems.js";
import { linkTo, saveRecording, saveSpeech } from "./saving.js";
import { recall, remember } from "./settings.js";
import { say } from "./words/words.js";

const element = (id) => document.getElementById(id);
const LEAP_S = 2; // an arrow key on the waveform

// playback: what is heard; request(): the fields of what the page stands at now; locked(): a token is needed.
export function addTransport(playback, wave, request, locked) {
  let saving = null; // an AbortController
  const fail = (error) => {
    element("kept").textContent = "";
    if (error.name === "AbortError") return;
    if (error.status === 401) locked();
    else showError(error);
  };

  async function save(extension) {
    saving?.abort();
    const mine = (saving = new AbortController());
    const wanted = request();
    const { recording } = playback;
    try {
      if (extension === "wav" && recording?.isComplete && isSame(recording.request, wanted)) saveRecording(recording);
      else {
        element("kept").textContent = say("savingBusy");
        const tell = (share) => (element("kept").textContent = say("savingPart", Math.round(100 * share)));
        await saveSpeech(wanted, extension, tell, mine.signal);
      }
      element("kept").textContent = say("saved");
    } catch (error) {
      if (saving === mine) fail(error);
    }
  }

  for (const button of document.querySelectorAll("[data-save]")) button.onclick = () => save(button.dataset.save);

  element("link").onclick = async () => {
    try {
      copy(await linkTo(request()), element("kept"));
    } catch (error) {
      fail(error);
    }
  };
  element("share").hidden = typeof navigator.share !== "function"; // over HTTPS only
  element("share").onclick = async () => {
    try {
      const { text } = request();
      await navigator.share({ title: text.slice(0, 60), url: await linkTo(request()) });
    } catch (error) {
      fail(error);
    }
  };

  element("player-volume").value = recall("volume") ?? 1;
  const turn = () => {
    playback.volume = Number(element("player-volume").value);
    remember("volume", Number(element("player-volume").value));
  };
  element("player-volume").oninput = turn;
  turn();

  const canvas = element("wave");
  canvas.addEventListener("pointerdown", (event) => playback.seek(wave.sampleAt(event.offsetX)));
  canvas.addEventListener("keydown", (event) => {
    const leaps = { ArrowLeft: -LEAP_S, ArrowDown: -LEAP_S, ArrowRight: LEAP_S, ArrowUp: LEAP_S, Home: -Infinity, End: Infinity };
    if (!(event.key in leaps) || !playback.recording) return;
    event.preventDefault();
    playback.seek(Math.max(0, Math.min(playback.recording.samples, wave.heardSamples + leaps[event.key] * playback.recording.rate)));
  });
}

// Into the clipboard; where plain HTTP has none, the text is shown and selected, to be copied by hand.
export async function copy(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    shown.textContent = say("copied");
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    field.setAttribute("aria-hidden", "true");
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    shown.textContent = isCopied ? say("copied") : `${say("copyByHand")}: ${text}`;
  }
}

const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
