/** Watches: lines of a stream as events. */
import type { ApiCall, ApiClient } from "./client.ts";
import { pathOf, type ResourceType } from "./discovery.ts";
import { StatusFailure } from "./errors.ts";
import { events } from "./http.ts";
import type { KubeObject } from "./objects.ts";
import type { Status } from "../machinery/status.ts";
import type { Work } from "./work.ts";

export interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: KubeObject;
}

/** Where a watch stands: plain JSON, to be handed to a continuation. */
export interface WatchPlace {
  /** Handle; absent: it has ended. */
  stream?: string;
  /** Text that was read and is no whole line yet, or events not told yet. */
  text: string;
}

/** Opens a watch of a collection, or of one object by its name. */
export function* openWatch(
  client: ApiClient,
  type: ResourceType,
  namespace: string,
  options: {
    name?: string;
    resourceVersion?: string;
    labelSelector?: string;
    fieldSelector?: string;
    read?: Pick<ApiCall, "accept" | "query">;
    timeoutSeconds?: number;
  } = {},
): Work<WatchPlace> {
  const { name, read } = options;
  const fields = [options.fieldSelector, name ? `metadata.name=${name}` : ""].filter(Boolean);
  const answer = yield* client.ok({
    ...read,
    path: pathOf(type, namespace),
    query: [
      ["fieldSelector", fields.join(",")],
      ["labelSelector", options.labelSelector],
      ["resourceVersion", options.resourceVersion],
      ["timeoutSeconds", options.timeoutSeconds],
      ["watch", true],
      ...(read?.query ?? []),
    ],
    stream: true,
  });
  return { text: answer.text, ...(answer.stream === undefined ? {} : { stream: answer.stream }) };
}

/** The events that came, at least one unless it has ended or the moment has come; moves the place. StatusFailure for an ERROR. */
export function* nextEvents(
  place: WatchPlace,
  untilMs?: number,
): Work<{ events: WatchEvent[]; ended: boolean; late: boolean }> {
  for (;;) {
    const found = takeEvents(place);
    if (found.length > 0) return { events: found, ended: false, late: false };
    if (place.stream === undefined) return { events: [], ended: true, late: false };
    const news = yield* events(place.stream, untilMs);
    place.text += news.text;
    if (news.ended) delete place.stream;
    if (news.late) return { events: [], ended: false, late: true };
  }
}

function takeEvents(place: WatchPlace): WatchEvent[] {
  const end = place.text.lastIndexOf("\n") + 1;
  const lines = place.text.slice(0, end).split("\n").filter(Boolean);
  place.text = place.text.slice(end);
  return lines.map((line) => JSON.parse(line) as WatchEvent);
}

/** The failure that an ERROR event tells. */
export const failureOfEvent = ({ object }: WatchEvent): StatusFailure =>
  new StatusFailure(object as unknown as Status);
