/** Lists of stored objects as protobuf: an object's bytes are made once. */
import { assert } from "../core/assert.ts";
import { protobufKeptBytesMax } from "../core/limits.ts";
import type { Writer } from "./protobuf-wire.ts";
import { writeStruct } from "./protobuf-write.ts";
import type { StructType } from "./types.ts";

interface Kept {
  type: StructType;
  bytes: Uint8Array;
}

/** By the object itself: a new revision is another object. */
let kept = new WeakMap<object, Kept>();
let keptBytes = 0;

function keep(object: object, type: StructType, bytes: Uint8Array): void {
  if (bytes.length > protobufKeptBytesMax / 8) return;
  if (keptBytes + bytes.length > protobufKeptBytesMax) {
    kept = new WeakMap();
    keptBytes = 0;
  }
  kept.set(object, { type, bytes });
  keptBytes += bytes.length;
}

/** `list.items` are objects as stored, apiVersion and kind included, which are no fields of the message. */
export function writeStoredList(
  w: Writer,
  listType: StructType,
  list: Record<string, unknown>,
): void {
  const field = listType.fields.get("items");
  assert(field?.type.kind === "list" && field.type.of.kind === "struct", "protobuf: no list");
  const type = field.type.of.struct;
  const items = list["items"] as readonly Record<string, unknown>[];
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i] as Record<string, unknown>;
    const before = w.length;
    const known = kept.get(item);
    if (known?.type === type) w.raw(known.bytes);
    else {
      writeStruct(w, type, item);
      keep(item, type, w.since(before));
    }
    w.endMessage(field.n, before);
  }
  writeStruct(w, listType, { ...list, items: undefined });
}
