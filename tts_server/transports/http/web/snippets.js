// The same request for other places: a shell, Python, Home Assistant.

const shellQuoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const yamlQuoted = (text) => JSON.stringify(text); // JSON strings are YAML strings

export const snippets = {
  curl(request, origin) {
    return [
      `curl ${origin}/api/tts \\`,
      `  -H 'Content-Type: application/json' \\`,
      `  -d ${shellQuoted(JSON.stringify({ ...request, format: "mp3" }))} \\`,
      `  -o speech.mp3`,
    ].join("\n");
  },

  python({ text, ...how }, origin) {
    const names = Object.entries(how).map(([name, value]) => `, ${name}=${JSON.stringify(value)}`);
    return [
      "import asyncio",
      "",
      "from protocol.client import TtsClient",
      "",
      "async def main() -> None:",
      `    async with TtsClient(${JSON.stringify(origin.replace(/^http/, "ws"))}) as tts:`,
      `        async for chunk in tts.say(${JSON.stringify(text)}${names.join("")}):`,
      "            play(chunk.pcm, chunk.sample_rate)",
      "",
      "asyncio.run(main())",
    ].join("\n");
  },

  // An automation of Home Assistant's with a phrase; [phrases] wyoming lets its name stand for it.
  phrase(name) {
    return [
      "action: tts.speak",
      "target:",
      "  entity_id: tts.tts_server",
      "data:",
      "  media_player_entity_id: media_player.living_room",
      `  message: ${yamlQuoted(`phrase:${name}`)}`,
    ].join("\n");
  },

  homeassistant({ text, voice, emotion }) {
    const name = emotion && emotion !== "neutral" ? `${voice}||${emotion}` : voice;
    return [
      "action: tts.speak",
      "target:",
      "  entity_id: tts.tts_server",
      "data:",
      "  media_player_entity_id: media_player.living_room",
      `  message: ${yamlQuoted(text)}`,
      "  options:",
      `    voice: ${yamlQuoted(name)}`,
    ].join("\n");
  },
};
