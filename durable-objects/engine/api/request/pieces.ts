/** Long lists as JSON, piece by piece: what a turn is too short to write. */
import { listPieceCharacters, listPieceItems } from "../../core/limits.ts";
import type { PiecesReply } from "../../ports/request.ts";

/**
 * `head` with one field more, a list of what `itemAt` gives for 0 to `count` - 1. It is asked while the pieces are taken, later
 * than the answer, so it must tell of values that stay as they are.
 */
export function piecesReply(
  head: object,
  field: string,
  count: number,
  itemAt: (i: number) => unknown,
): PiecesReply {
  return {
    type: "pieces",
    status: 200,
    headers: { "content-type": "application/json", "cache-control": "no-cache, private" },
    pieces: (pretty) => piecesOf(head, field, count, itemAt, pretty),
  };
}

function* piecesOf(
  head: object,
  field: string,
  count: number,
  itemAt: (i: number) => unknown,
  pretty: boolean,
): Iterable<string> {
  const [line, space] = pretty ? ["\n", " "] : ["", ""];
  const indent = (by: number): string => line + space.repeat(by);
  const textOf = (value: unknown, by: number): string =>
    pretty ? JSON.stringify(value, null, 2).replaceAll("\n", indent(by)) : JSON.stringify(value);
  const begun = textOf(head, 0).slice(0, -1).trimEnd();
  let piece = `${begun},${indent(2)}"${field}":${space}[`;
  let held = 0;
  for (let i = 0; i < count; i++) {
    piece += `${i === 0 ? "" : ","}${indent(4)}${textOf(itemAt(i), 4)}`;
    if (++held < listPieceItems && piece.length < listPieceCharacters) continue;
    yield piece;
    piece = "";
    held = 0;
  }
  yield `${piece}${indent(2)}]${line}}${pretty ? "" : "\n"}`;
}
