// openai for JavaScript.
import OpenAI from "openai";

const [FREE, STRICT, CUT] = process.argv.slice(2);
const SENTENCE = "今天天气很好，我们出去走走吧。";
const told = {};
const client = (address) => new OpenAI({ baseURL: `${address}/v1`, apiKey: "any", maxRetries: 0 });
const ask = (address, more) =>
  client(address).audio.speech.create({ model: "tts-1", voice: "alloy", input: SENTENCE, response_format: "pcm", ...more });
const say = async (address, more) => (await (await ask(address, more)).arrayBuffer()).byteLength;

told.length = `${((await say(FREE)) / 48000).toFixed(2)} s`;
for (const form of ["mp3", "wav", "opus", "flac", "aac"]) await say(FREE, { response_format: form });
const reader = (await ask(FREE, { input: SENTENCE.repeat(40) })).body.getReader();
await reader.read();
await reader.cancel();
try {
  await say(STRICT, { voice: "nobody" });
} catch (error) {
  told["404"] = `\`${error.constructor.name}\`, \`${error.code}\``;
}
try {
  for (let count = 0; count < 5; count++) await say(STRICT);
} catch (error) {
  told["429"] = `\`${error.constructor.name}\`, Retry-After ${error.headers.get("retry-after")}`;
}
try {
  told["broken connection"] = `${await say(CUT, { input: SENTENCE.repeat(4) })} bytes, unnoticed`;
} catch (error) {
  told["broken connection"] = `\`${error.constructor.name}\``;
}
console.log(JSON.stringify(told));
