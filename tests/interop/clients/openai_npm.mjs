// openai for JavaScript.
import OpenAI from "openai";

const [FREE, STRICT, CUT] = process.argv.slice(2);
const SENTENCE = "今天天气很好，我们出去走走吧。";
const OTHERS = ["好的。", "明天早上七点叫我起床，别忘了带伞。"];
const told = {};
const client = (address) => new OpenAI({ baseURL: `${address}/v1`, apiKey: "any", maxRetries: 0 });
const ask = (address, more) =>
  client(address).audio.speech.create({ model: "tts-1", voice: "alloy", input: SENTENCE, response_format: "pcm", ...more });
const hear = async (address, more) => Buffer.from(await (await ask(address, more)).arrayBuffer());
const say = async (address, more) => (await hear(address, more)).length;
const must = (holds, what) => {
  if (!holds) throw new Error(what);
};

told.length = `${((await say(FREE)) / 48000).toFixed(2)} s`;
for (const form of ["mp3", "wav", "opus", "flac", "aac"]) await say(FREE, { response_format: form });
const texts = [SENTENCE, ...OTHERS];
const alone = [];
for (const input of texts) alone.push(await hear(FREE, { input }));
const together = await Promise.all(texts.map((input) => hear(FREE, { input })));
together.forEach((sound, number) => must(sound.equals(alone[number]), `text ${number} sounds otherwise`));
const half = alone[0].subarray(0, alone[0].length / 2);
must((await hear(FREE, { input: SENTENCE + OTHERS[0] })).subarray(0, half.length).equals(half), "another beginning");
told.order = "three at once: each its own sound; a reply begins with its first sentence";
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
