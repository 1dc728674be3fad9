/**
 * A snapshot as bytes: a header (signature, format, state version, length, SHA-256 of what follows), then what made it (its
 * length in a byte, UTF-8) and the snapshot's JSON, deflated. Format 1 did not say what made it. Equal snapshots give equal
 * bytes, of one version. Nothing that is opened is trusted: it may come from anywhere.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { deflateSync, Inflate, strFromU8, strToU8 } from "fflate";
import { stateVersion, type Snapshot } from "../core/snapshot.ts";
import {
  inflatePieceBytes,
  jsonDepthMax,
  snapshotBytesMax,
  snapshotValuesMax,
} from "../core/limits.ts";
import { measureJson } from "../schema/body-budget.ts";
import type { Registry } from "../api/discovery/registry.ts";
import { snapshotProblem } from "./check.ts";

/** Raised when the bytes below mean something else. Readers of all formats stay. */
export const artefactFormat = 2;
/** As package.json names it. */
export const createdBy = "podyard 0.1.0";

/** A line's end of each kind among it, so that a transfer as text shows. */
const signature = strToU8("podyard\r\n\u001a\n\0");
const offsets = {
  format: signature.length,
  state: signature.length + 2,
  bytes: signature.length + 4,
  hash: signature.length + 8,
  body: signature.length + 40,
};
/** Deflate makes at most so many bytes of one. RFC 1951 */
const inflationMax = 1_032;

export type Sealed = { bytes: Uint8Array } | { reason: string };
export type Opened = OpenedArtefact | { reason: string };

export interface OpenedArtefact {
  snapshot: Snapshot;
  /** Which version made it: `podyard 0.1.0`; "" where format 1 did not say. */
  createdBy: string;
  /** Of its content, unpacked. */
  contentBytes: number;
}

/** The artefact of a snapshot, or why there is none: it is larger than can be opened again. */
export function sealArtefact(snapshot: Snapshot): Sealed {
  const text = JSON.stringify(snapshot);
  if (text.length > snapshotBytesMax) return { reason: tooLarge(text.length) };
  const content = strToU8(text);
  const measured = measureJson(text);
  const reason = sizeProblem(content.length, measured.values, measured.depth);
  if (reason !== undefined) return { reason };
  const by = strToU8(createdBy);
  const packed = deflateSync(content, { level: 6 });
  const body = new Uint8Array(1 + by.length + packed.length);
  body[0] = by.length;
  body.set(by, 1);
  body.set(packed, 1 + by.length);
  const bytes = new Uint8Array(offsets.body + body.length);
  const view = new DataView(bytes.buffer);
  bytes.set(signature);
  view.setUint16(offsets.format, artefactFormat);
  view.setUint16(offsets.state, snapshot.state);
  view.setUint32(offsets.bytes, content.length);
  bytes.set(sha256(body), offsets.hash);
  bytes.set(body, offsets.body);
  return { bytes };
}

/**
 * The snapshot in an artefact, or in one sentence why it cannot be opened. Never throws. `kinds`: those that its objects may be
 * of, where they are not the built-in ones alone.
 */
export function openArtefact(bytes: Uint8Array, kinds?: Registry): Opened {
  const head = headerOf(bytes);
  if ("reason" in head) return head;
  const body = bytes.subarray(offsets.body);
  if (bytesToHex(sha256(body)) !== bytesToHex(bytes.subarray(offsets.hash, offsets.body))) {
    return { reason: "the snapshot is damaged or incomplete: its checksum does not match" };
  }
  // A length beyond the end leaves nothing to unpack.
  const byBytes = head.format === 1 ? 0 : 1 + (body[0] as number);
  const content = inflated(body.subarray(byBytes), head.contentBytes);
  if (!content) return { reason: "the snapshot is damaged: it does not unpack to what it says" };
  const opened = parsed(strFromU8(content), head.state, kinds);
  if ("reason" in opened) return opened;
  const { contentBytes } = head;
  return { ...opened, createdBy: printable(body.subarray(1, byBytes)), contentBytes };
}

/** It is shown to people, and may come from anywhere. */
const printable = (bytes: Uint8Array): string => strFromU8(bytes).replaceAll(/[^ -~]/g, "?");

interface Header {
  format: number;
  state: number;
  contentBytes: number;
}

function headerOf(bytes: Uint8Array): Header | { reason: string } {
  const known = bytes.subarray(0, signature.length);
  if (known.length < signature.length || known.some((byte, i) => byte !== signature[i])) {
    return { reason: "this is no snapshot" };
  }
  if (bytes.length <= offsets.body) return { reason: "the snapshot is incomplete" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const format = view.getUint16(offsets.format);
  const state = view.getUint16(offsets.state);
  if (format > artefactFormat || state > stateVersion) {
    return {
      reason: `the snapshot was made by a newer version (format ${format}, state ${state})`,
    };
  }
  if (format < 1 || state < 1) return { reason: "the snapshot names no format that ever was" };
  const contentBytes = view.getUint32(offsets.bytes);
  const bodyBytes = bytes.length - offsets.body;
  if (contentBytes > snapshotBytesMax || bodyBytes > snapshotBytesMax) {
    return { reason: tooLarge(Math.max(contentBytes, bodyBytes)) };
  }
  if (contentBytes > bodyBytes * inflationMax) {
    return { reason: "the snapshot is damaged: it says that it holds more than it can" };
  }
  return { format, state, contentBytes };
}

const tooLarge = (bytes: number): string =>
  `the snapshot holds ${bytes} bytes, the limit is ${snapshotBytesMax}`;

function sizeProblem(bytes: number, values: number, depth: number): string | undefined {
  if (bytes > snapshotBytesMax) return tooLarge(bytes);
  if (values > snapshotValuesMax) {
    return `the snapshot holds ${values} values, the limit is ${snapshotValuesMax}`;
  }
  if (depth > jsonDepthMax) {
    return `the snapshot is nested ${depth} deep, the limit is ${jsonDepthMax}`;
  }
  return undefined;
}

/** Exactly so many bytes, or undefined: as soon as more come, no more is unpacked. */
function inflated(body: Uint8Array, bytes: number): Uint8Array | undefined {
  const content = new Uint8Array(bytes);
  let at = 0;
  const inflate = new Inflate((piece) => {
    // What does not fit throws.
    content.set(piece, at);
    at += piece.length;
  });
  try {
    for (let from = 0; from < body.length; from += inflatePieceBytes) {
      inflate.push(
        body.subarray(from, from + inflatePieceBytes),
        from + inflatePieceBytes >= body.length,
      );
    }
  } catch {
    return undefined;
  }
  return at === bytes ? content : undefined;
}

function parsed(
  text: string,
  state: number,
  kinds: Registry | undefined,
): { snapshot: Snapshot } | { reason: string } {
  const { values, depth } = measureJson(text);
  const tooMuch = sizeProblem(text.length, values, depth);
  if (tooMuch !== undefined) return { reason: tooMuch };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { reason: "the snapshot is damaged: its content is no JSON" };
  }
  const problem = snapshotProblem(value, state, kinds);
  if (problem !== undefined) return { reason: `the snapshot is not sound: ${problem}` };
  return { snapshot: value as Snapshot };
}
