import type { KubeObject } from "../core/object.ts";
import type * as core from "kubernetes-types/core/v1";
import { ageOf } from "../machinery/duration.ts";
import { child, invalid, required, type FieldError } from "../machinery/field.ts";
import { byteLength, dns1123Subdomain, invalidEach, qualifiedName } from "../machinery/names.ts";
import { column, nameColumn, wideColumn } from "./columns.ts";
import type { Kind } from "./define.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type Event = Stored<core.Event>;

/** An Event as recorders write it: what they do not know is null, not left out. */
export interface CoreEvent extends KubeObject {
  involvedObject: Record<string, string | undefined>;
  reason: string;
  message: string;
  source: { component?: string; host?: string };
  firstTimestamp: string | null;
  lastTimestamp: string | null;
  count?: number;
  type: string;
  eventTime: string | null;
  series?: { count: number; lastObservedTime: string };
  action?: string;
  related?: Record<string, string | undefined>;
  reportingComponent: string;
  reportingInstance: string;
}

const longest = [
  ["reportingInstance", 128],
  ["action", 128],
  ["reason", 128],
  ["message", 1024],
] as const;

/** k8s: core validation legacyValidateEvent */
export function validateEvent(event: Event): FieldError[] {
  const errors = event.eventTime ? checkNew(event) : checkOld(event);
  const namespace = event.metadata.namespace ?? "";
  return [...errors, ...invalidEach("namespace", namespace, dns1123Subdomain(namespace))];
}

const elsewhere = (event: Event): FieldError =>
  invalid(
    "involvedObject.namespace",
    event.involvedObject?.namespace ?? "",
    "does not match event.namespace",
  );

function checkOld(event: Event): FieldError[] {
  const about = event.involvedObject?.namespace ?? "";
  const wanted = about || "default";
  return event.metadata.namespace === wanted ? [] : [elsewhere(event)];
}

function checkNew(event: Event): FieldError[] {
  const errors: FieldError[] = [];
  const shared = ["default", "kube-system"].includes(event.metadata.namespace ?? "");
  if (!event.involvedObject?.namespace && !shared) errors.push(elsewhere(event));
  const component = event.reportingComponent ?? "";
  if (!component) errors.push(required("reportingController"));
  errors.push(...invalidEach("reportingController", component, qualifiedName(component)));
  for (const [field, max] of longest) {
    const text = event[field] ?? "";
    if (text === "" && field !== "message") errors.push(required(field));
    if (byteLength(text) > max) {
      errors.push(invalid(child("", field), "", `can have at most ${max} characters`));
    }
  }
  return errors;
}

/** k8s: printers.go formatEventSource */
function sourceText(event: Event): string {
  const component = event.source?.component || event.reportingComponent || "";
  const instance = event.source?.host || event.reportingInstance || "";
  return instance ? `${component}, ${instance}` : component;
}

function target(event: Event): string {
  const { kind = "", name = "" } = event.involvedObject ?? {};
  return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase();
}

/** Selectable fields of core events. k8s: pkg/registry/core/event ToSelectableFields */
export function eventFields(event: Event): Record<string, string> {
  const about: core.ObjectReference = event.involvedObject ?? {};
  const component = event.reportingComponent ?? "";
  return {
    "involvedObject.kind": about.kind ?? "",
    "involvedObject.namespace": about.namespace ?? "",
    "involvedObject.name": about.name ?? "",
    "involvedObject.uid": about.uid ?? "",
    "involvedObject.apiVersion": about.apiVersion ?? "",
    "involvedObject.resourceVersion": about.resourceVersion ?? "",
    "involvedObject.fieldPath": about.fieldPath ?? "",
    reason: event.reason ?? "",
    reportingComponent: component,
    source: event.source?.component || component,
    type: event.type ?? "",
  };
}

export const Event: Kind<Event> = {
  resource: "events",
  apiVersion: "v1",
  kind: "Event",
  schema: schemaNamed("core/v1.Event"),
  indices: [
    {
      name: "event.uid",
      from: (o) => (o as Event).involvedObject,
      values: (o) => {
        const uid = (o as Event).involvedObject?.uid;
        return uid ? [uid] : [];
      },
    },
  ],
  namespaced: true,
  hasGeneration: false,
  allowCreateOnUpdate: true,
  validateCreate: validateEvent,
  validateUpdate: validateEvent,
  fields: eventFields,
  table: {
    columns: [
      column("Last Seen", "Time since it last happened."),
      column("Type", "Normal or Warning."),
      column("Reason", "Short reason, for machines."),
      column("Object", "What it is about."),
      wideColumn("Subobject", "Part of the object it is about."),
      wideColumn("Source", "Component that reports it, and where."),
      column("Message", "What happened, for people."),
      wideColumn("First Seen", "Time since it first happened."),
      wideColumn("Count", "How often it happened."),
      { ...nameColumn, priority: 1 },
    ],
    cells(event, now) {
      const first = ageOf(event.firstTimestamp || event.eventTime, now);
      const series = event.series;
      const last = series
        ? ageOf(series.lastObservedTime, now)
        : event.lastTimestamp
          ? ageOf(event.lastTimestamp, now)
          : first;
      return [
        last,
        event.type ?? "",
        event.reason ?? "",
        target(event),
        event.involvedObject?.fieldPath ?? "",
        sourceText(event),
        (event.message ?? "").trim(),
        first,
        series ? (series.count ?? 0) : event.count || 1,
        event.metadata.name,
      ];
    },
  },
};
