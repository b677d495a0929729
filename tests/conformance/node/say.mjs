// Lets a tts-server speak a text, with Node's `ws`. Writes the samples to standard output.
// Use: node say.mjs ws://HOST:PORT/ws/v1 TEXT
import WebSocket from "ws";

const [url, text] = process.argv.slice(2);
const socket = new WebSocket(url, "tts-stream.v1");

socket.on("open", () => {
  socket.send(JSON.stringify({ type: "hello", client: { name: "node-ws" } }));
  socket.send(JSON.stringify({ type: "open", flow: "none" }));
  for (const character of text) socket.send(JSON.stringify({ type: "text", text: character }));
  socket.send(JSON.stringify({ type: "end" }));
});

socket.on("message", (message, isBinary) => {
  if (isBinary) {
    process.stdout.write(message.subarray(16));
  } else if (["done", "error"].includes(JSON.parse(message).type)) {
    socket.close(1000);
  }
});
