// The HTTP routes this page asks, with the access key where the daemon wants one.

const STORED = "tts-server.key";
let key = sessionStorage.getItem(STORED); // gone with the browser's tab

export const authorised = () => Boolean(key);

export function setKey(value) {
  key = value;
  if (value) sessionStorage.setItem(STORED, value);
  else sessionStorage.removeItem(STORED);
}

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

// fetch() that throws ApiError for whatever is not 2xx.
export async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (key) headers.Authorization = `Bearer ${key}`;
  const answer = await reach(path, { ...options, headers });
  if (!answer.ok) {
    const body = await answer.json().catch(() => ({}));
    throw new ApiError(answer.status, body.error?.code ?? "internal", body.error?.message ?? answer.statusText);
  }
  return answer;
}

export const getJson = async (path) => (await ask(path)).json();

// A daemon that cannot be reached is an ApiError too.
async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "connection", "");
  }
}

export const postJson = (path, body, signal) => sendJson("POST", path, body, signal);

export const sendJson = (method, path, body, signal) =>
  ask(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });

// A single-use ticket for the WebSocket: a browser cannot send headers with it, and keys do not belong into addresses.
// search: of the WebSocket's address, as it has to be opened on the box that gave the ticket.
export const ticket = async (search) => (await (await ask(`api/ws-tickets${search}`, { method: "POST" })).json()).ticket;
