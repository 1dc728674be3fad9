/** Blocks of base64 between lines that name what is in them. RFC 7468 */
import { decodeBase64Error, fromBase64, toBase64 } from "../base64.ts";

export interface PemBlock {
  type: string;
  bytes: Uint8Array;
}

const begin = "-----BEGIN ";
const dashes = "-----";

/** The first block at or after `from`, and where what follows it begins. Go: encoding/pem Decode */
export function decodePem(text: string, from = 0): { block: PemBlock; end: number } | undefined {
  const start = text.indexOf(begin, from);
  if (start < 0) return undefined;
  const typeEnd = text.indexOf(dashes, start + begin.length);
  if (typeEnd < 0) return undefined;
  const type = text.slice(start + begin.length, typeEnd);
  const last = `-----END ${type}-----`;
  const bodyEnd = text.indexOf(last, typeEnd);
  if (bodyEnd < 0) return undefined;
  const body = text.slice(typeEnd + dashes.length, bodyEnd).replace(/[\s]/g, "");
  if (decodeBase64Error(body) !== undefined) return undefined;
  return { block: { type, bytes: fromBase64(body) }, end: bodyEnd + last.length };
}

export function encodePem({ type, bytes }: PemBlock): string {
  const lines = toBase64(bytes).match(/.{1,64}/g) ?? [];
  return `${begin}${type}${dashes}\n${lines.join("\n")}\n-----END ${type}-----\n`;
}
