/** Messages of the WebSocket subprotocols: a channel number, then bytes. k8s: apimachinery/pkg/util/httpstream/wsstream */

import { sessionMessageBytesMax } from "../limits.ts";

export interface Protocol {
  name: string;
  /** Text messages: the channel as a digit, then base64. */
  base64: boolean;
  /** `[255, channel]` says that a channel is over. */
  halfClose: boolean;
  /** The error channel carries a Status; else its message alone. */
  status: boolean;
}

const protocol = (name: string, version: number): Protocol => ({
  name,
  base64: name.includes("base64."),
  halfClose: version >= 5,
  status: version >= 4,
});

/** Each list's nameless one is for clients that offer none: binary channels. */
export const commandProtocols: readonly Protocol[] = [
  protocol("v5.channel.k8s.io", 5),
  protocol("v4.channel.k8s.io", 4),
  protocol("v3.channel.k8s.io", 3),
  protocol("v2.channel.k8s.io", 2),
  protocol("channel.k8s.io", 1),
  protocol("", 1),
  protocol("v5.base64.channel.k8s.io", 5),
  protocol("v4.base64.channel.k8s.io", 4),
  protocol("base64.channel.k8s.io", 1),
];
export const spdyProtocol = protocol("SPDY/3.1+portforward.k8s.io", 0);
export const forwardProtocols: readonly Protocol[] = [
  spdyProtocol,
  protocol("", 4),
  protocol("v4.channel.k8s.io", 4),
  protocol("v4.base64.channel.k8s.io", 4),
];
export const logProtocols: readonly Protocol[] = [
  protocol("", 0),
  protocol("binary.k8s.io", 0),
  protocol("base64.binary.k8s.io", 0),
];

export const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 };

/** The client's favourite among those served. */
export function choose(
  offered: string | undefined,
  served: readonly Protocol[],
): Protocol | undefined {
  const names = (offered ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  for (const name of names.length > 0 ? names : [""]) {
    const found = served.find((known) => known.name === name);
    if (found) return found;
  }
  return undefined;
}

export function encode(
  { base64 }: Protocol,
  channel: number,
  bytes: Uint8Array,
): ArrayBuffer | string {
  if (base64) return String(channel) + toBase64(bytes);
  const message = new Uint8Array(bytes.length + 1);
  message[0] = channel;
  message.set(bytes, 1);
  return message.buffer;
}

/** Text and binary messages mean the same, as upstream. Undefined: an empty one, which is ignored. */
export function decode(
  { base64, halfClose }: Protocol,
  message: ArrayBuffer | string,
): { channel: number; bytes: Uint8Array } | undefined {
  if (base64 && typeof message === "string" && message.charCodeAt(0) < 128) {
    const bytes = fromBase64(message.slice(1));
    return bytes && { channel: message.charCodeAt(0) - 48, bytes };
  }
  const data =
    typeof message === "string" ? new TextEncoder().encode(message) : new Uint8Array(message);
  const [first] = data;
  if (first === undefined) return undefined;
  const rest = data.subarray(1);
  if (!base64 || (halfClose && first === channels.close)) return { channel: first, bytes: rest };
  const bytes = fromBase64(new TextDecoder().decode(rest));
  return bytes && { channel: first - 48, bytes };
}

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Characters that are decoded at once: some twenty times faster for the greatest message than all of it together. */
const base64PieceChars = 64 * 1024;

/** Straight to bytes: by way of `atob` a message of the greatest size would be there four times over. */
function fromBase64(text: string): Uint8Array | undefined {
  try {
    return inPieces(text) ?? Uint8Array.fromBase64(text);
  } catch {
    return undefined;
  }
}

/** Undefined: one of the pieces ends in the middle of a group of four, since spaces or an end lie before it. */
function inPieces(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4));
  let length = 0;
  for (let at = 0; at < text.length; at += base64PieceChars) {
    const piece = text.slice(at, at + base64PieceChars);
    const { written } = bytes.subarray(length).setFromBase64(piece);
    length += written;
    const isLast = at + base64PieceChars >= text.length;
    if (!isLast && written < (base64PieceChars * 3) / 4) return undefined;
  }
  return bytes.subarray(0, length);
}

declare global {
  /** Newer than the type definitions. */
  interface Uint8ArrayConstructor {
    /** Throws where the text is no base64. */
    fromBase64(text: string): Uint8Array<ArrayBuffer>;
  }
  interface Uint8Array {
    /** As many bytes as there is room for; throws where the text is no base64. */
    setFromBase64(text: string): { read: number; written: number };
  }
}

export function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += sessionMessageBytesMax) {
    yield bytes.subarray(at, at + sessionMessageBytesMax);
  }
}
