// Speech as files.

// chunks: Int16Arrays, or Blobs of 16-bit PCM.
export function wavFile(chunks, rate) {
  const bytes = chunks.reduce((sum, chunk) => sum + (chunk.size ?? chunk.byteLength), 0);
  const header = new DataView(new ArrayBuffer(44));
  const ascii = (at, text) => [...text].forEach((c, i) => header.setUint8(at + i, c.charCodeAt(0)));
  ascii(0, "RIFF");
  header.setUint32(4, 36 + bytes, true);
  ascii(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true); // PCM
  header.setUint16(22, 1, true); // mono
  header.setUint32(24, rate, true);
  header.setUint32(28, 2 * rate, true);
  header.setUint16(32, 2, true);
  header.setUint16(34, 16, true); // bits
  ascii(36, "data");
  header.setUint32(40, bytes, true);
  return new Blob([header, ...chunks], { type: "audio/wav" });
}

export function fileName(text, extension) {
  const words = text.replace(/[\s\p{P}\p{S}]+/gu, " ").trim().slice(0, 24).trim();
  return `${words || "speech"}.${extension}`;
}

export function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
