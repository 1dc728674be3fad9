/**
 * Sessions of the API (exec, attach) that a program of another Pod drives, kubectl's: a record like other streams of the API.
 * Bytes lie in it in both directions, and the network controller carries them, so neither Pod reaches into the other while it
 * runs. The program is woken by output, the session by input, and nothing else.
 */
import { sessionInputBytesMax, streamBytesMax } from "../core/limits.ts";
import type { CommandSession } from "../ports/request.ts";
import { binaryOf, bytesOf } from "../runtime/bytes.ts";
import type { PodRecord } from "../runtime/kernel/state.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import {
  apiStreamTable,
  type ApiStream,
  type SessionFrame,
  type SessionInput,
} from "../runtime/net/api-stream-shapes.ts";
import type { Source } from "../runtime/net/stream.ts";
import {
  sessionBacklog,
  sessionCloseInput,
  sessionEnd,
  sessionInput,
  sessionOutput,
  sessionResize,
  sessionTable,
} from "../runtime/sessions.ts";
import { withKubeletWake } from "./kubelet-wake.ts";

type SessionStream = ApiStream & { at: CommandSession };

export const isSession = (stream: ApiStream): stream is SessionStream => "kind" in stream.at;

const load = (context: RuntimeContext, handle: string): ApiStream | undefined =>
  context.records.get<ApiStream>(apiStreamTable, handle);

/** Takes over a session that the API server began for a Pod's program; returns the handle. */
export function openSession(
  context: RuntimeContext,
  handle: string,
  from: Source,
  session: CommandSession,
): string {
  // It ends with its program, not with a connection that the object may lose.
  if (session.id !== undefined)
    context.records.delete(sessionTable, `${session.pod} ${session.id}`);
  const stream: ApiStream = { from, at: session };
  if (session.failed) stream.output = [[3, { message: session.failed.message ?? "" }]];
  if (stream.output) stream.news = true;
  context.records.put(apiStreamTable, handle, stream);
  context.wake?.("network", handle);
  return handle;
}

/** Carries what lies ready, and lets the program run if there is something to read for it. */
export function stepSession(
  context: RuntimeContext,
  handle: string,
  stream: SessionStream,
  runPod: (context: RuntimeContext, podKey: string) => void,
): undefined {
  const { id, pod } = stream.at;
  if (id === undefined) return undefined;
  if (!isHeld(context, handle, stream)) return closeSession(context, handle, stream);
  if (stream.toSession) carryInput(context, handle, stream, stream.toSession);
  const now = load(context, handle) ?? stream;
  const waiting = (now.output ?? []).reduce((sum, [, text]) => sum + String(text).length, 0);
  if (waiting >= streamBytesMax) return undefined;
  const frames = withKubeletWake(context, pod, () => take(context, stream.at));
  const room = now.full && sessionRoom(context, handle) > 0;
  if (frames.length === 0 && !room) return undefined;
  const { full: _full, ...open } = now;
  const output = [...(now.output ?? []), ...frames];
  context.records.put(apiStreamTable, handle, {
    ...(room ? open : now),
    ...(output.length > 0 ? { output } : {}),
    news: true,
  });
  if (!stream.news) runPod(context, stream.from.pod ?? "");
  return undefined;
}

/** Whether a process of the program's Pod still knows the handle: one that was killed hangs up. */
function isHeld(context: RuntimeContext, handle: string, { from }: ApiStream): boolean {
  const pod = context.records.get<PodRecord>("runtime", from.pod ?? "");
  const named = `"${handle}"`;
  return Object.values(pod?.processes ?? {}).some(
    ({ state, wait, exitStatus }) =>
      exitStatus === undefined &&
      (wait?.answer?.split(" ").includes(handle) || JSON.stringify(state)?.includes(named)),
  );
}

/** Sends on what the session has room for; the end of its input comes after the last byte. */
function carryInput(
  context: RuntimeContext,
  handle: string,
  stream: SessionStream,
  input: SessionInput,
): void {
  const { at } = stream;
  const { bytes = "", end, size } = input;
  const room = Math.max(0, sessionInputBytesMax - sessionBacklog(context, at.pod, at.id ?? ""));
  const left = bytes.slice(room);
  const { toSession: _sent, ...rest } = stream;
  context.records.put(
    apiStreamTable,
    handle,
    left === ""
      ? rest
      : { ...rest, toSession: { bytes: left, ...(end ? { end: true as const } : {}) } },
  );
  const part: SessionInput = { bytes: bytes.slice(0, room) };
  if (size) part.size = size;
  if (end && left === "") part.end = true;
  withKubeletWake(context, at.pod, () => carry(context, at, part));
}

function carry(
  context: RuntimeContext,
  { pod, id = "" }: CommandSession,
  input: SessionInput,
): void {
  const { size, bytes, end } = input;
  if (size) sessionResize(context, pod, id, size.cols, size.rows);
  if (bytes) sessionInput(context, pod, id, bytesOf(bytes));
  if (end) sessionCloseInput(context, pod, id);
}

function take(context: RuntimeContext, { kind, pod, id = "" }: CommandSession): SessionFrame[] {
  const news = sessionOutput(context, pod, id);
  const out: SessionFrame[] = [];
  if (news?.stdout.length) out.push([1, binaryOf(news.stdout)]);
  if (news?.stderr.length) out.push([2, binaryOf(news.stderr)]);
  // Its Pod has gone: whatever ran was killed.
  const code = news ? news.exit : 137;
  if (code !== undefined) out.push([3, { code: kind === "attach" ? 0 : code }]);
  return out;
}

export function receiveSession(
  context: RuntimeContext,
  handle: string,
): SessionFrame[] | undefined {
  const stream = load(context, handle);
  if (!stream) return [[3, { code: 137 }]];
  const { output, news: _news, ...rest } = stream;
  if (!output?.length) {
    if (stream.news) context.records.put(apiStreamTable, handle, rest);
    return undefined;
  }
  if (output.some(([channel]) => channel === 3)) context.records.delete(apiStreamTable, handle);
  else {
    context.records.put(apiStreamTable, handle, rest);
    context.wake?.("network", handle);
  }
  return output;
}

export function sendSession(context: RuntimeContext, handle: string, input: SessionInput): void {
  const stream = load(context, handle);
  if (!stream) return;
  const { bytes = "", ...before } = stream.toSession ?? {};
  const toSession = { ...before, ...input, bytes: bytes + (input.bytes ?? "") };
  context.records.put(apiStreamTable, handle, { ...stream, toSession });
  context.wake?.("network", handle);
}

/** How many bytes can be sent to a session now; where none, its program hears when there is room. */
export function sessionRoom(context: RuntimeContext, handle: string): number {
  const stream = load(context, handle);
  if (!stream) return 0;
  const room = sessionInputBytesMax - (stream.toSession?.bytes?.length ?? 0);
  if (room <= 0 && !stream.full)
    context.records.put(apiStreamTable, handle, { ...stream, full: true });
  return Math.max(0, room);
}

/** Hangs up. */
export function closeSession(
  context: RuntimeContext,
  handle: string,
  { at: { pod, id } }: SessionStream,
): undefined {
  context.records.delete(apiStreamTable, handle);
  if (id !== undefined) withKubeletWake(context, pod, () => sessionEnd(context, pod, id));
  return undefined;
}
