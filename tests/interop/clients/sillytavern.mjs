// SillyTavern: its own server, asked as its page's provider "OpenAI Compatible" does.
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [FREE, STRICT, CUT] = process.argv.slice(2);
const SENTENCES = ["今天天气很好，我们出去走走吧。", "好的。", "明天早上七点叫我起床，别忘了带伞。"];
const told = {};

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

const port = await freePort();
const home = mkdtempSync(join(tmpdir(), "sillytavern-"));
const server = spawn(
  process.execPath,
  ["node_modules/sillytavern/server.js", "--port", port, "--configPath", join(home, "config.yaml"), "--dataRoot", home,
    "--browserLaunchEnabled", "false", "--listen", "false"],
  { stdio: ["ignore", "ignore", "inherit"] },
);
const base = `http://127.0.0.1:${port}`;

const page = async () => {
  for (let tries = 0; tries < 240; tries++) {
    try {
      const answer = await fetch(`${base}/csrf-token`);
      const cookie = answer.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
      return { "Content-Type": "application/json", "X-CSRF-Token": (await answer.json()).token, Cookie: cookie };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  throw new Error("SillyTavern does not listen");
};

const hear = async (headers, address, input, voice = "alloy", signal = undefined) => {
  const answer = await fetch(`${base}/api/openai/custom/generate-voice`, {
    method: "POST",
    headers,
    signal,
    body: JSON.stringify({
      provider_endpoint: `${address}/v1/audio/speech`, model: "tts-1", input, voice, response_format: "mp3", speed: 1,
    }),
  });
  if (!answer.ok) {
    const told = await answer.text();
    throw new Error(`HTTP ${answer.status}: ${told.startsWith("{") ? JSON.parse(told).error.code : told}`);
  }
  return Buffer.from(await answer.arrayBuffer());
};
const say = async (...asked) => (await hear(...asked)).length;

const attempt = async (name, speak) => {
  try {
    told[name] = `${((await speak()) / 8000).toFixed(2)} s, unnoticed`;
  } catch (error) {
    told[name] = `\`${error.message}\``;
  }
};

try {
  const headers = await page();
  const alone = [];
  for (const text of SENTENCES) alone.push(await hear(headers, FREE, text));
  told.length = `${(alone[0].length / 8000).toFixed(2)} s (mp3)`;
  const together = await Promise.all(SENTENCES.map((text) => hear(headers, FREE, text)));
  together.forEach((sound, number) => {
    if (!sound.equals(alone[number])) throw new Error(`text ${number} sounds otherwise`);
  });
  told.order = "three at once: each its own sound";
  const leaving = new AbortController();
  setTimeout(() => leaving.abort(), 300);
  await say(headers, FREE, SENTENCES[0].repeat(8), "alloy", leaving.signal).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 20000)); // its end must not look like the hang-up
  await attempt("404", () => say(headers, STRICT, SENTENCES[0], "nobody"));
  await attempt("429", async () => {
    for (let number = 0; number < 5; number++) await say(headers, STRICT, SENTENCES[0]);
    return 0;
  });
  await attempt("broken connection", () => say(headers, CUT, SENTENCES[0].repeat(8)));
  console.log(JSON.stringify(told));
} finally {
  server.kill();
}
