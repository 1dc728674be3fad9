/** events.k8s.io/v1 over the core events that are stored: two pure conversions. k8s: pkg/apis/events/v1/conversion.go */
import type * as core from "kubernetes-types/core/v1";
import type * as events from "kubernetes-types/events/v1";
import type { KubeObject } from "../core/object.ts";
import type { ServedVersion } from "./define.ts";
import { eventFields, validateEvent, type Event } from "./event.ts";
import type { Stored } from "./stored.ts";
import { invalid, required, type FieldError } from "../machinery/field.ts";
import { semanticEqual, validateImmutable } from "../machinery/metadata.ts";
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

/** What core/v1 has for Events of old. */
function checkUnset(event: Event): FieldError[] {
  const set: Record<string, unknown> = {
    firstTimestamp: event.firstTimestamp,
    lastTimestamp: event.lastTimestamp,
    count: event.count,
    source: event.source?.component || event.source?.host,
  };
  const names = Object.keys(set).filter((name) => set[name]);
  return names.map((name) => invalid(name, "", "needs to be unset"));
}

function checkSeries({ series }: Event): FieldError[] {
  if (!series) return [];
  const errors: FieldError[] = [];
  if ((series.count ?? 0) < 2) errors.push(invalid("series.count", "", "should be at least 2"));
  if (!series.lastObservedTime) errors.push(required("series.lastObservedTime"));
  return errors;
}

/** k8s: core validation ValidateEventCreate */
function validateCreate(event: Event): FieldError[] {
  const errors = [...validateEvent(event), ...checkSeries(event)];
  if (!event.eventTime) errors.push(required("eventTime"));
  if (event.type !== "Normal" && event.type !== "Warning")
    errors.push(invalid("type", "", `has invalid value: ${event.type ?? ""}`));
  return [...errors, ...checkUnset(event)];
}

/** As the API server's own type prints, which has no names of JSON. */
const reference = (about: core.ObjectReference | undefined): unknown =>
  about
    ? {
        Kind: about.kind ?? "",
        Namespace: about.namespace ?? "",
        Name: about.name ?? "",
        UID: about.uid ?? "",
        APIVersion: about.apiVersion ?? "",
        ResourceVersion: about.resourceVersion ?? "",
        FieldPath: about.fieldPath ?? "",
      }
    : null;

/** Fields that stay as they were created, as the API server's own type names them. */
const fixed: Readonly<Record<string, (event: Event) => unknown>> = {
  involvedObject: (event) => reference(event.involvedObject ?? {}),
  reason: (event) => event.reason ?? "",
  message: (event) => event.message ?? "",
  source: ({ source }) => ({ Component: source?.component ?? "", Host: source?.host ?? "" }),
  firstTimestamp: (event) => event.firstTimestamp ?? null,
  lastTimestamp: (event) => event.lastTimestamp ?? null,
  count: (event) => event.count ?? 0,
  type: (event) => event.type ?? "",
  eventTime: (event) => event.eventTime ?? null,
  action: (event) => event.action ?? "",
  related: (event) => reference(event.related),
  reportingController: (event) => event.reportingComponent ?? "",
  reportingInstance: (event) => event.reportingInstance ?? "",
};

/** k8s: core validation ValidateEventUpdate */
function validateUpdate(event: Event, old: Event): FieldError[] {
  const errors = validateEvent(event);
  if (!semanticEqual(event.series, old.series)) errors.push(...checkSeries(event));
  for (const [name, of] of Object.entries(fixed))
    errors.push(...validateImmutable(of(event), of(old), name));
  return errors;
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
  checks: {
    validateCreate: (object) => validateCreate(object as Event),
    validateUpdate: (object, old) => validateUpdate(object as Event, old as Event),
  },
};
