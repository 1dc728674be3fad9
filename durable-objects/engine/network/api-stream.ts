/** Watches and followed logs that programs read: records in their own table, told of by the network controller. */
import type { ApiOwed, LogFollow, Subscription } from "../ports/request.ts";
import type { Records } from "../ports/controller.ts";
import type { ResourceId } from "../core/object.ts";
import { encodeUtf8 } from "../runtime/bytes.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { apiStreamTable, type ApiNews, type ApiStream } from "../runtime/net/api-stream-shapes.ts";
import { closeSession, isSession, stepSession } from "./api-session.ts";
import type { Source } from "../runtime/net/stream.ts";

const isWatch = (at: ApiStream["at"]): at is Subscription => "resource" in at;

/** Opens a stream for a Pod's program, from where an answer's body ends; returns its handle. */
export function openApiStream(
  context: RuntimeContext,
  id: string,
  from: Source,
  at: Subscription | LogFollow,
): string {
  const plural = isWatch(at) ? at.resource.split("/")[2] : undefined;
  const stream: ApiStream = { from, at, ...(plural === undefined ? {} : { plural }) };
  context.records.put(apiStreamTable, id, stream);
  context.wake?.("network", id, endOf(at));
  return id;
}

const endOf = (at: ApiStream["at"]): number | undefined =>
  isWatch(at) ? at.endsAtWall : undefined;

const load = (context: RuntimeContext, id: string): ApiStream | undefined =>
  context.records.get<ApiStream>(apiStreamTable, id);

/**
 * Looks whether a stream has something to say, and lets its Pod run if so. Called where this turn's changes are known to be
 * whole. Returns when it ends.
 */
export function stepApiStream(
  context: RuntimeContext,
  id: string,
  runPod: (context: RuntimeContext, podKey: string) => void,
): number | undefined {
  const stream = load(context, id);
  if (!stream) return undefined;
  if (isSession(stream)) {
    if (context.records.get("runtime", stream.from.pod ?? ""))
      return stepSession(context, id, stream, runPod);
    return closeSession(context, id, stream);
  }
  if (!context.records.get("runtime", stream.from.pod ?? "")) return closeApiStream(context, id);
  const end = endOf(stream.at);
  // Nobody has come for what there was, up to the end: its reader is gone.
  if (stream.news)
    return end !== undefined && context.now >= end ? closeApiStream(context, id) : end;
  const at = stream.at as Subscription | LogFollow;
  const owed = context.pollApi?.(at, true);
  if (!owed) return undefined;
  if (owed.text === "" && !owed.ended) {
    context.records.put(apiStreamTable, id, { ...stream, at: owed.open });
    return endOf(owed.open);
  }
  // Read by the program itself, which may have more to wait for than this.
  context.records.put(apiStreamTable, id, { ...stream, news: true });
  runPod(context, stream.from.pod ?? "");
  return load(context, id) && end;
}

export function closeApiStream(context: RuntimeContext, id: string): undefined {
  context.records.delete(apiStreamTable, id);
  return undefined;
}

/** What came of a stream; undefined: nothing yet. */
export function receiveApi(context: RuntimeContext, id: string): ApiNews | undefined {
  const stream = load(context, id);
  if (!stream) return { bytes: "", ended: true };
  const owed: ApiOwed | undefined = context.pollApi?.(stream.at as Subscription | LogFollow, false);
  if (!owed) return undefined;
  if (owed.ended) closeApiStream(context, id);
  else if (stream.news || owed.text !== "") {
    const { news: _news, ...rest } = stream;
    context.records.put(apiStreamTable, id, { ...rest, at: owed.open });
  }
  if (owed.text === "" && !owed.ended) return undefined;
  return { bytes: encodeUtf8(owed.text), ended: owed.ended };
}

export const hasApiNews = (context: RuntimeContext, id: string): boolean =>
  load(context, id)?.news ?? context.records.get(apiStreamTable, id) === undefined;

/** Streams that a change concerns. */
export function* watchersOf(
  records: Pick<Records, "get" | "keys">,
  resource: ResourceId,
): Iterable<string> {
  for (const id of records.keys(apiStreamTable)) {
    const plural = records.get<ApiStream>(apiStreamTable, id)?.plural;
    if (plural !== undefined && plural === resource.split(".")[0]) yield id;
  }
}

/** A Pod's record was saved: who follows a log of its containers looks. */
export function tellFollowers(context: RuntimeContext, podKey: string): void {
  for (const id of context.records.keys(apiStreamTable)) {
    const stream = load(context, id);
    if (!stream) continue;
    const { at, from } = stream;
    const follows = !isWatch(at) && at.pod === podKey;
    if (follows || (isSession(stream) && from.pod === podKey)) context.wake?.("network", id);
  }
}

/** A Pod is gone, and what its programs read with it; who follows its logs hears the end. */
export function closeStreamsOf(context: RuntimeContext, podKey: string): void {
  for (const id of context.records.keys(apiStreamTable)) {
    const stream = load(context, id);
    if (stream?.from.pod === podKey && isSession(stream)) context.wake?.("network", id);
    else if (stream?.from.pod === podKey) closeApiStream(context, id);
    else if (stream && !isWatch(stream.at) && stream.at.pod === podKey)
      context.wake?.("network", id);
  }
}
