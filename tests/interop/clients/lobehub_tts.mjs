// @lobehub/tts.
import { OpenAITTS } from "@lobehub/tts";

const [FREE, STRICT, CUT] = process.argv.slice(2);
const SENTENCE = "今天天气很好，我们出去走走吧。";
const told = {};
const say = async (address, text = SENTENCE, voice = "alloy") => {
  const tts = new OpenAITTS({ OPENAI_API_KEY: "any", OPENAI_PROXY_URL: `${address}/v1` });
  const answer = await tts.create({ input: text, options: { model: "tts-1", voice } });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return (await answer.arrayBuffer()).byteLength;
};

told.length = `${((await say(FREE)) / 8000).toFixed(2)} s (mp3)`;
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
