/**
 * Protobuf bodies of built-in kinds to and from their JSON shape.
 * k8s: runtime/serializer/protobuf/protobuf.go, generated.proto of each group
 */
import { assert } from "../assert.ts";
import { decodeEnvelope, magic, readEnvelope, type DecodedProtobuf } from "./protobuf-read.ts";
import { Writer } from "./protobuf-wire.ts";
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

/** The protobuf body of an object in canonical JSON shape, envelope included. */
export function encodeProtobuf(apiVersion: string, kind: string, value: object): Uint8Array {
  const type = typeForKind(apiVersion, kind);
  assert(type, `protobuf: unknown kind ${kind} of ${apiVersion}`);
  const w = new Writer();
  w.stringField(4, "");
  w.stringField(3, "");
  w.messageField(2, () => writeStruct(w, type, value as Record<string, unknown>));
  w.messageField(1, () => {
    w.stringField(2, kind);
    w.stringField(1, apiVersion);
  });
  w.raw(Uint8Array.from(magic));
  return w.finish();
}
