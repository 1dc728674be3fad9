import { Inflate } from "fflate";
import { EdgeError } from "../errors.ts";

/**
 * Reads a zip by its central directory, within bounds that hold while it unpacks, whatever its headers say.
 * PKWARE APPNOTE.TXT 6.3.10
 */

export interface ZipBounds {
  entriesMax: number;
  /** Of one entry unpacked, and of all together. */
  entryBytesMax: number;
  bytesMax: number;
}

interface Entry {
  name: string;
  flags: number;
  method: number;
  crc: number;
  packedBytes: number;
  bytes: number;
  /** Of Unix, from the high half of the external attributes; 0: none. */
  mode: number;
  /** Of its local header. */
  offset: number;
}

const endSignature = 0x06054b50;
const centralSignature = 0x02014b50;
const localSignature = 0x04034b50;
const endBytes = 22;
const centralBytes = 46;
const localBytes = 30;
/** The comment behind the end record is no longer. */
const commentBytes = 0xffff;
const encryptedFlag = 1;
const stored = 0;
const deflated = 8;
const fileTypeMask = 0o170000;
const linkType = 0o120000;
/** A thousandfold at most comes of it, so no step unpacks much more than it may. */
const inflateStepBytes = 1_024;

/** What is wrong with a zip, for who sent it. */
const refusal = (reason: string): EdgeError => new EdgeError(422, `the zip ${reason}`);

/** Content by name, folders left out. Throws 422 with what is wrong; never unpacks more than the bounds. */
export function readZip(
  zip: Uint8Array,
  bounds: ZipBounds,
  wanted: (name: string) => boolean,
): Map<string, Uint8Array> {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const files = new Map<string, Uint8Array>();
  let total = 0;
  for (const entry of entriesOf(zip, view, bounds)) {
    if (entry.name.endsWith("/") || !wanted(entry.name)) continue;
    refuseStrange(entry);
    if (files.has(entry.name)) throw refusal(`holds ${quoted(entry.name)} twice`);
    const left = Math.min(bounds.entryBytesMax, bounds.bytesMax - total);
    const content = unpacked(zip, view, entry, left, bounds);
    total += content.length;
    files.set(entry.name, content);
  }
  return files;
}

function entriesOf(zip: Uint8Array, view: DataView, { entriesMax }: ZipBounds): Entry[] {
  const end = endOf(view);
  if (end === undefined) throw refusal("is none, or its end is missing");
  const count = view.getUint16(end + 10, true);
  if (view.getUint16(end + 4, true) !== 0 || view.getUint16(end + 8, true) !== count) {
    throw refusal("is a part of several");
  }
  if (count > entriesMax) throw refusal(`has ${count} entries; ${entriesMax} are the most`);
  let at = view.getUint32(end + 16, true);
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    if (at + centralBytes > end || view.getUint32(at, true) !== centralSignature) {
      throw refusal("has a broken directory");
    }
    const nameBytes = view.getUint16(at + 28, true);
    const next =
      at + centralBytes + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) throw refusal("has a broken directory");
    entries.push({
      name: textOf(zip.subarray(at + centralBytes, at + centralBytes + nameBytes), "a name"),
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedBytes: view.getUint32(at + 20, true),
      bytes: view.getUint32(at + 24, true),
      mode: view.getUint16(at + 40, true),
      offset: view.getUint32(at + 42, true),
    });
    at = next;
  }
  return entries;
}

/** Where the end record is. */
function endOf(view: DataView): number | undefined {
  const last = view.byteLength - endBytes;
  for (let at = last; at >= Math.max(0, last - commentBytes); at--) {
    if (view.getUint32(at, true) !== endSignature) continue;
    if (at + endBytes + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return undefined;
}

function refuseStrange({ name, flags, method, mode }: Entry): void {
  if ((flags & encryptedFlag) !== 0) throw refusal(`holds ${quoted(name)} encrypted`);
  if ((mode & fileTypeMask) === linkType) throw refusal(`holds ${quoted(name)} as a link`);
  if (method !== stored && method !== deflated) {
    throw refusal(`holds ${quoted(name)} packed in a way that is not read here (method ${method})`);
  }
}

function unpacked(
  zip: Uint8Array,
  view: DataView,
  entry: Entry,
  left: number,
  { entryBytesMax, bytesMax }: ZipBounds,
): Uint8Array {
  const name = quoted(entry.name);
  const tooLarge = (): EdgeError =>
    left === entryBytesMax
      ? refusal(`holds ${name} with more than ${entryBytesMax} bytes`)
      : refusal(`unpacks to more than ${bytesMax} bytes`);
  if (entry.bytes > left) throw tooLarge();
  const { offset } = entry;
  if (offset + localBytes > zip.length || view.getUint32(offset, true) !== localSignature) {
    throw refusal(`does not hold ${name} where it says`);
  }
  const from =
    offset + localBytes + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const to = from + entry.packedBytes;
  if (to > zip.length) throw refusal(`does not hold the whole of ${name}`);
  const packed = zip.subarray(from, to);
  const content =
    entry.method === stored ? packed.slice() : inflated(packed, entry.bytes, left, tooLarge, name);
  if (content.length !== entry.bytes || crc32(content) !== entry.crc) {
    throw refusal(`holds ${name} damaged`);
  }
  return content;
}

/** In steps, because what the headers say of the size need not be so. */
function inflated(
  packed: Uint8Array,
  bytes: number,
  left: number,
  tooLarge: () => EdgeError,
  name: string,
): Uint8Array {
  const out = new Uint8Array(bytes);
  let size = 0;
  const inflate = new Inflate((chunk) => {
    if (size + chunk.length > left) throw tooLarge();
    if (size + chunk.length > bytes) throw refusal(`holds ${name} damaged`);
    out.set(chunk, size);
    size += chunk.length;
  });
  try {
    for (let at = 0; at < packed.length; at += inflateStepBytes) {
      const next = at + inflateStepBytes;
      inflate.push(packed.subarray(at, next), next >= packed.length);
    }
  } catch (error) {
    throw error instanceof EdgeError ? error : refusal(`holds ${name} damaged`);
  }
  return out.subarray(0, size);
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 255] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Throws 422 where it is no UTF-8. */
export function textOf(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refusal(`holds ${what} that is no text in UTF-8`);
  }
}

/** Names come from outside, and may be long. */
const quoted = (name: string): string => JSON.stringify(name.slice(0, 100));
