/**
 * Container logs: one entry per line with its moment, in chunk rows (table "logs"), rotated by size. An entry is
 * `o|e|O|E` (stdout, stderr; capital: the line goes on) + base-36 ms + space + bytes.
 */
import type { Records } from "../../ports/controller.ts";
import { RecordCodec } from "../../core/record-codec.ts";
import {
  logBytesPerContainerMax,
  logChunkBytes,
  logLineBytesMax,
  sessionOutputBytesMax,
} from "../../core/limits.ts";
import type { ImageCatalog, Kernel, Logs } from "../kernel/types.ts";
import { decodeUtf8, encodeUtf8 } from "../bytes.ts";
import { dueLines } from "./repeats.ts";
import type { LogEntry, LogRecord, PodRecord } from "../kernel/state.ts";

interface LogChunk {
  /** Number of its first entry. */
  first: number;
  entries: string[];
}

/** Field names of chunks on disk. */
export const logChunkCodec = new RecordCodec({ fields: { first: "i", entries: "l" } });

const chunkKey = (pod: string, id: string, chunk: number): string =>
  `${pod} ${id.slice(0, 12)} ${chunk}`;

export class PodLogs implements Logs {
  readonly kernel: Kernel;
  readonly #dirty = new Map<string, LogChunk>();
  /** The chunk last written to: lines come by the thousand. */
  #last: { record: LogRecord; number: number; chunk: LogChunk } | undefined;

  #moment = { ms: 0, text: "0" };

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  recordOf(containerKey: string): LogRecord {
    const { spec } = this.kernel.pod.containers[containerKey] as PodRecord["containers"][string];
    const list = (this.kernel.pod.logs[spec.name] ??= []);
    let record = list.find((known) => known.id === spec.id.slice(0, 12));
    if (!record) {
      record = {
        id: spec.id.slice(0, 12),
        firstChunk: 0,
        lastChunk: 0,
        lastChunkBytes: 0,
        all: 0,
        entries: 0,
        first: 0,
      };
      list.push(record);
      while (list.length > 2)
        removeLogs(this.kernel.records, this.kernel.key, list.shift() as LogRecord);
    }
    return record;
  }

  #chunk(record: LogRecord, number: number): LogChunk {
    const key = chunkKey(this.kernel.key, record.id, number);
    let chunk = this.#dirty.get(key);
    if (!chunk) {
      const stored = this.kernel.records.get<LogChunk>("logs", key);
      chunk = stored
        ? { first: stored.first, entries: [...stored.entries] }
        : { first: record.entries, entries: [] };
      this.#dirty.set(key, chunk);
    }
    return chunk;
  }

  append(containerKey: string, stream: 1 | 2, data: string): void {
    if (data === "") return;
    this.kernel.touch();
    this.#toAttached(containerKey, stream, data);
    const record = this.recordOf(containerKey);
    if (record.repeats) this.#writeRepeats(record);
    const open: [boolean, boolean] = record.open ?? [false, false];
    for (let at = 0; at < data.length;) {
      const end = data.indexOf("\n", at);
      const whole = end >= 0 && end - at <= logLineBytesMax;
      const upto = whole ? end : Math.min(data.length, at + logLineBytesMax);
      this.#entry(record, stream, data.slice(at, upto), whole);
      open[stream - 1] = !whole;
      at = whole ? upto + 1 : upto;
    }
    if (open[0] || open[1]) record.open = open;
    else delete record.open;
  }

  /** Writes down the repeated lines that came before what is written next. */
  #writeRepeats(record: LogRecord): void {
    const { lines, skipped, repeats } = dueLines(record.repeats, this.kernel.now);
    record.repeats = repeats;
    if (skipped) {
      // Numbers within a chunk run on without a gap.
      record.entries += skipped;
      record.lastChunk++;
      record.lastChunkBytes = 0;
    }
    for (const { ms, stream, text } of lines) this.#entry(record, stream, text, true, ms);
  }

  /** Entries of the last chunk from a moment on. */
  recent(containerKey: string, sinceMs: number): LogEntry[] {
    const record = this.recordOf(containerKey);
    const entries = this.#chunk(record, record.lastChunk).entries.map(parseEntry);
    return entries.filter(({ ms }) => ms >= sinceMs);
  }

  /** Ends what comes by itself under a name. */
  stopRepeats(name: string): void {
    for (const list of Object.values(this.kernel.pod.logs))
      for (const record of list) {
        if (!record.repeats?.some(({ probe }) => probe === name)) continue;
        this.#writeRepeats(record);
        record.repeats = record.repeats.filter(({ probe }) => probe !== name);
        if (record.repeats.length === 0) delete record.repeats;
      }
  }

  /** The container has ended: no line comes by itself any more. */
  finish(containerKey: string): void {
    const spec = this.kernel.pod.containers[containerKey]?.spec;
    const record = this.kernel.pod.logs[spec?.name ?? ""]?.find(
      (known) => known.id === spec?.id.slice(0, 12),
    );
    if (!record?.repeats) return;
    this.#writeRepeats(record);
    delete record.repeats;
  }

  #entry(
    record: LogRecord,
    stream: 1 | 2,
    text: string,
    whole: boolean,
    ms = this.kernel.now,
  ): void {
    if (record.lastChunkBytes >= logChunkBytes) {
      record.lastChunk++;
      record.lastChunkBytes = 0;
    }
    if (this.#last?.record !== record || this.#last.number !== record.lastChunk)
      this.#last = {
        record,
        number: record.lastChunk,
        chunk: this.#chunk(record, record.lastChunk),
      };
    const { chunk } = this.#last;
    const mark = stream === 1 ? (whole ? "o" : "O") : whole ? "e" : "E";
    const moment = Math.round(ms);
    if (this.#moment.ms !== moment) this.#moment = { ms: moment, text: moment.toString(36) };
    const entry = `${mark}${this.#moment.text} ${text}`;
    chunk.entries.push(entry);
    record.entries++;
    record.lastChunkBytes += entry.length + 4;
    record.all += entry.length + 4;
    while (record.all > logBytesPerContainerMax && record.firstChunk < record.lastChunk) {
      const key = chunkKey(this.kernel.key, record.id, record.firstChunk);
      const old = this.#chunk(record, record.firstChunk);
      record.all -= old.entries.reduce((sum, line) => sum + line.length + 4, 0);
      record.first = old.first + old.entries.length;
      this.#dirty.delete(key);
      this.kernel.records.delete("logs", key);
      record.firstChunk++;
    }
  }

  /** Bytes a container may print before it waits for the slowest who is attached to it. */
  room(containerKey: string): number {
    let room = Number.MAX_SAFE_INTEGER;
    for (const id in this.kernel.pod.sessions) {
      const session = this.kernel.pod.sessions[id];
      if (session?.kind !== "attach" || session.container !== containerKey) continue;
      room = Math.min(room, sessionOutputBytesMax - session.stdout.length - session.stderr.length);
    }
    return Math.max(0, room);
  }

  #toAttached(containerKey: string, stream: 1 | 2, data: string): void {
    for (const id in this.kernel.pod.sessions) {
      const session = this.kernel.pod.sessions[id];
      if (session?.kind !== "attach" || session.container !== containerKey) continue;
      // Only what did not ask for room, as a server's log, comes so far.
      const room = 2 * sessionOutputBytesMax - session.stdout.length - session.stderr.length;
      const part = data.slice(0, Math.max(0, room));
      if (stream === 1) session.stdout += part;
      else session.stderr += part;
    }
  }

  save(): void {
    for (const [key, chunk] of this.#dirty) this.kernel.records.put("logs", key, chunk);
    this.#dirty.clear();
    this.#last = undefined;
  }
}

export interface LogOptions {
  previous?: boolean;
  tail?: number;
  /** Virtual ms: only entries from then on. */
  sinceMs?: number;
  limitBytes?: number;
  /** Entries before this were seen already (`next` of an earlier read). */
  position?: number;
  stream?: "All" | "Stdout" | "Stderr";
  /** Virtual now, for lines that come by themselves. */
  nowMs?: number;
  /** Puts a moment before each line. */
  stamp?: (ms: number) => string;
}

export interface LogText {
  text: string;
  /** Position to go on from. */
  next: number;
  /** Instance it was read from: a follower sees a restart by it. */
  id: string;
}

function parseEntry(entry: string): LogEntry {
  const space = entry.indexOf(" ");
  const mark = entry.charAt(0);
  return {
    ms: parseInt(entry.slice(1, space), 36),
    stream: mark === "o" || mark === "O" ? 1 : 2,
    text: entry.slice(space + 1),
    whole: mark === "o" || mark === "e",
  };
}

/** Where logs lie, and the images whose first lines are computed when read. */
export interface LogSource {
  readonly records: Records;
  readonly images: ImageCatalog;
}

function entriesFrom(
  { records, images }: LogSource,
  podKey: string,
  record: LogRecord,
  from: number,
): LogEntry[] {
  const out: LogEntry[] = [];
  const boot = record.boot;
  const lines = boot ? images.bootLines(boot.image, boot.at).slice(from) : [];
  for (const line of lines)
    out.push({
      ms: boot!.at + line.afterMs,
      stream: line.stream,
      text: encodeUtf8(line.text),
      whole: true,
    });
  const skip = boot?.lines ?? 0;
  for (let number = record.firstChunk; number <= record.lastChunk; number++) {
    const chunk = records.get<LogChunk>("logs", chunkKey(podKey, record.id, number));
    if (!chunk || chunk.first + chunk.entries.length + skip <= from) continue;
    for (let i = Math.max(0, from - skip - chunk.first); i < chunk.entries.length; i++)
      out.push(parseEntry(chunk.entries[i] ?? ""));
  }
  return out;
}

/** Reads a container's log; undefined when there is no such instance. */
export function readLogRecord(
  context: LogSource,
  podKey: string,
  record: LogRecord,
  options: LogOptions,
): LogText {
  const from = options.position ?? 0;
  let entries = entriesFrom(context, podKey, record, from);
  let next = record.entries + (record.boot?.lines ?? 0);
  const repeated = dueLines(record.repeats, options.nowMs ?? 0);
  next += repeated.skipped;
  for (const { ms, stream, text } of repeated.lines)
    if (next++ >= from) entries.push({ ms, stream, text, whole: true });
  const { sinceMs, stream } = options;
  if (sinceMs !== undefined) entries = entries.filter((entry) => entry.ms >= sinceMs);
  if (stream === "Stdout" || stream === "Stderr")
    entries = entries.filter((entry) => (entry.stream === 1) === (stream === "Stdout"));
  if (options.tail !== undefined) entries = lastLines(entries, options.tail);
  let text = "";
  let fresh = [true, true];
  for (const entry of entries) {
    const at = entry.stream - 1;
    if (options.stamp && fresh[at]) text += `${options.stamp(entry.ms)} `;
    text += entry.whole ? `${entry.text}\n` : entry.text;
    fresh = fresh.with(at, entry.whole);
    if (options.limitBytes !== undefined && text.length >= options.limitBytes) break;
  }
  if (options.limitBytes !== undefined) text = text.slice(0, options.limitBytes);
  return { text: decodeUtf8(text), next, id: record.id };
}

function lastLines(entries: LogEntry[], count: number): LogEntry[] {
  let lines = 0;
  let start = entries.length;
  while (start > 0 && lines <= count) {
    const entry = entries[start - 1];
    const joins = start === entries.length ? false : entry?.whole === false;
    if (!joins && ++lines > count) break;
    start--;
  }
  return entries.slice(start);
}

/** Deletes the chunks of one container instance's log. */
export function removeLogs(records: Records, podKey: string, record: LogRecord): void {
  for (let chunk = record.firstChunk; chunk <= record.lastChunk; chunk++) {
    const key = chunkKey(podKey, record.id, chunk);
    if (records.get("logs", key) !== undefined) records.delete("logs", key);
  }
}
