/** A turn as rows of the log: one, more only beyond the row limit. */
import { logRowBytesMax } from "./limits.ts";
import { causesText, changeText, type FieldsOf, type LogEntry } from "./log-rows.ts";
import type { Change } from "./object.ts";
import type { PastRange } from "./log-reach.ts";
import type { RecordChange } from "./store.ts";

export interface RowPart {
  rv: number;
  /** It has some. */
  revisions: boolean;
  body: string;
}

export interface Turn {
  /** Virtual ms at its end. */
  now: number;
  /** Keys that wait then. */
  dirty: readonly string[];
  changes: readonly Change[];
  records: readonly RecordChange[];
  /** The JSON of its records, undefined for those deleted. */
  texts: readonly (string | undefined)[];
  /** Of those of which only the difference is told, its JSON. */
  differences: readonly (string | undefined)[];
  /** The newest revisions in memory, the turn's among them. */
  entries: readonly LogEntry[];
  reach: PastRange;
  /** The store's. */
  rv: number;
}

/** As `turnOf` reads them. */
export function turnRows(turn: Turn, fieldsOf: FieldsOf): RowPart[] {
  const { now, dirty, changes, records, texts, differences, entries, reach } = turn;
  const parts: RowPart[] = [];
  let changeTexts: string[] = [];
  let firstOfRow = 0;
  let recordTexts: string[] = [];
  let bytes = 0;
  let rv = changes[0] ? changes[0].rv - 1 : turn.rv;
  const flush = (last: boolean): void => {
    const queue = last && dirty.length ? `,"q":${JSON.stringify(dirty)}` : "";
    const past = last && changes.length ? `,"p":[${reach.join(",")}]` : "";
    const body = `"n":${now},"c":[${changeTexts.join(",")}],"r":[${recordTexts.join(",")}]`;
    const causes = causesText(changes.slice(firstOfRow, firstOfRow + changeTexts.length));
    parts.push({
      rv,
      revisions: changeTexts.length > 0,
      body: `{${body}${causes}${queue}${past}}`,
    });
    firstOfRow += changeTexts.length;
    changeTexts = [];
    recordTexts = [];
    bytes = 0;
  };
  const first = entries.length - changes.length;
  changes.forEach((change, i) => {
    const text = changeText(change, entries[first + i], fieldsOf);
    if (bytes + text.length > logRowBytesMax && bytes > 0) flush(false);
    changeTexts.push(text);
    bytes += text.length;
    rv = change.rv;
  });
  records.forEach(({ table, key }, i) => {
    const value = differences[i] === undefined ? texts[i] : `null,${differences[i]}`;
    const text = `["${table}",${JSON.stringify(key)}${value === undefined ? "" : `,${value}`}]`;
    if (bytes + text.length > logRowBytesMax && bytes > 0) flush(false);
    recordTexts.push(text);
    bytes += text.length;
  });
  flush(true);
  return parts;
}
