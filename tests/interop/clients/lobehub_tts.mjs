// @lobehub/tts.
import { OpenAITTS } from "@lobehub/tts";

const [FREE, STRICT, CUT] = process.argv.slice(2);
const SENTENCE = "今天天气很好，我们出去走走吧。";
const OTHERS = ["好的。", "明天早上七点叫我起床，别忘了带伞。"];
const told = {};
const hear = async (address, text = SENTENCE, voice = "alloy") => {
  const tts = new OpenAITTS({ OPENAI_API_KEY: "any", OPENAI_PROXY_URL: `${address}/v1` });
  const answer = await tts.create({ input: text, options: { model: "tts-1", voice } });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
};
const say = async (...asked) => (await hear(...asked)).length;

told.length = `${((await say(FREE)) / 8000).toFixed(2)} s (mp3)`;
const texts = [SENTENCE, ...OTHERS];
const alone = [];
for (const text of texts) alone.push(await hear(FREE, text));
const together = await Promise.all(texts.map((text) => hear(FREE, text)));
together.forEach((sound, number) => {
  if (!sound.equals(alone[number])) throw new Error(`text ${number} sounds otherwise`);
});
told.order = "three at once: each its own sound";
told["hang-up"] = "not offered";
for (const [name, voice, count] of [["404", "nobody", 1], ["429", "alloy", 5]]) {
  try {
    for (let number = 0; number < count; number++) await say(STRICT, SENTENCE, voice);
  } catch (error) {
    told[name] = `\`${error.constructor.name}\`, ${error.message}`;
  }
}
try {
  told["broken connection"] = `${await say(CUT, SENTENCE.repeat(8))} bytes, unnoticed`;
} catch (error) {
  told["broken connection"] = `\`${error.constructor.name}\``;
}
console.log(JSON.stringify(told));
