/** events.k8s.io/v1 over the core events that are stored: two pure conversions. k8s: pkg/apis/events/v1/conversion.go */
import type * as core from "kubernetes-types/core/v1";
import type * as events from "kubernetes-types/events/v1";
import type { KubeObject } from "../core/object.ts";
import type { ServedVersion } from "./define.ts";
import { eventFields, type Event } from "./event.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type EventV1 = Stored<events.Event>;

/** Left: events.k8s.io/v1, right: core/v1. Everything else has one name in both. */
const renamed: readonly [keyof EventV1, keyof core.Event][] = [
  ["regarding", "involvedObject"],
  ["note", "message"],
  ["reportingController", "reportingComponent"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
];

const reporting = ["reportingController", "reportingInstance"] as const;

function rename(object: KubeObject, names: readonly (readonly [string, string])[]): KubeObject {
  const from = object as unknown as Record<string, unknown>;
  const to: Record<string, unknown> = {};
  const table = new Map(names);
  for (const [key, value] of Object.entries(from)) to[table.get(key) ?? key] = value;
  return to as unknown as KubeObject;
}

/** events.k8s.io/v1 of a core/v1 Event: the same fields by their newer names. */
export function toEventsV1(event: Event): EventV1 {
  const object = rename(
    event,
    renamed.map(([v1, core]) => [core, v1] as const),
  );
  const out: EventV1 = { ...(object as EventV1), apiVersion: "events.k8s.io/v1" };
  // Always there in core/v1, left out when empty here.
  for (const field of reporting) if (out[field] === "") delete out[field];
  return out;
}

/** The way back. */
export function fromEventsV1(event: EventV1): Event {
  const object = rename(event, renamed) as Event;
  const involvedObject = object.involvedObject ?? {};
  const { reportingComponent = "", reportingInstance = "" } = object;
  return { ...object, apiVersion: "v1", involvedObject, reportingComponent, reportingInstance };
}

/** k8s: pkg/apis/events/v1/conversion.go: field labels of this version */
function fields(object: KubeObject): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [key, value] of Object.entries(eventFields(object as Event))) {
    out[key.replace(/^involvedObject\./, "regarding.")] = value;
  }
  out["reportingController"] = out["reportingComponent"] ?? "";
  delete out["reportingComponent"];
  delete out["source"];
  return out;
}

export const EventV1Version: ServedVersion = {
  apiVersion: "events.k8s.io/v1",
  kind: "Event",
  plural: "events",
  schema: schemaNamed("events/v1.Event"),
  storage: "events",
  fromStored: (object) => toEventsV1(object as Event),
  toStored: (object) => fromEventsV1(object as EventV1),
  fields,
};
