/**
 * Protobuf bodies of built-in kinds to and from their JSON shape.
 * k8s: runtime/serializer/protobuf/protobuf.go, generated.proto of each group
 */
import { assert } from "../core/assert.ts";
import { decodeEnvelope, magic, readEnvelope, type DecodedProtobuf } from "./protobuf-read.ts";
import { Writer } from "./protobuf-wire.ts";
import { writeStoredList } from "./protobuf-list.ts";
import { writeStruct } from "./protobuf-write.ts";
import { typeForKind } from "./types.ts";

export type { DecodedProtobuf } from "./protobuf-read.ts";

/**
 * Decodes a protobuf body; `fallback` says what it is where its envelope does not. Throws DecodeError
 * with upstream's text (`proto: wrong wireType = 0 for field Name`, `unexpected EOF`).
 */
export function decodeProtobuf(
  bytes: Uint8Array,
  fallback?: { apiVersion: string; kind: string },
): DecodedProtobuf {
  return decodeEnvelope(bytes, 0, fallback);
}

/** apiVersion and kind of a protobuf body, "" where it does not say; the object is not read. */
export function protobufTypeMeta(bytes: Uint8Array): { apiVersion: string; kind: string } {
  const { apiVersion, kind } = readEnvelope(bytes);
  return { apiVersion, kind };
}

/**
 * The protobuf body of an object in canonical JSON shape, envelope included. `stored`: a list's items
 * are objects as stored, which never change, so their bytes are kept for the next list.
 */
export function encodeProtobuf(
  apiVersion: string,
  kind: string,
  value: object,
  stored = false,
): Uint8Array {
  const type = typeForKind(apiVersion, kind);
  assert(type, `protobuf: unknown kind ${kind} of ${apiVersion}`);
  const write = stored ? writeStoredList : writeStruct;
  const w = new Writer();
  w.stringField(4, "");
  w.stringField(3, "");
  w.messageField(2, () => write(w, type, value as Record<string, unknown>));
  w.messageField(1, () => {
    w.stringField(2, kind);
    w.stringField(1, apiVersion);
  });
  w.raw(Uint8Array.from(magic));
  return w.finish();
}

/**
 * A watch event, `{"type", "object"}` in JSON, as the message that upstream sends; the object is a whole protobuf body.
 * k8s: apimachinery/pkg/apis/meta/v1/generated.proto WatchEvent
 */
export function encodeWatchEvent(event: string): Uint8Array {
  const { type, object } = JSON.parse(event) as { type: string; object: TypedObject };
  const body = encodeProtobuf(object.apiVersion, object.kind, object);
  const w = new Writer();
  w.messageField(2, () => w.bytesField(1, body));
  w.stringField(1, type);
  return w.finish();
}

export interface TypedObject {
  apiVersion: string;
  kind: string;
}

/** Each message after its length in four bytes, highest first. k8s: runtime/serializer/protobuf LengthDelimitedFramer */
export function framed(messages: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(messages.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const message of messages) {
    view.setUint32(at, message.length);
    out.set(message, at + 4);
    at += 4 + message.length;
  }
  return out;
}
