/** kubectl events. k8s: kubectl/pkg/cmd/events */
import type { Event } from "kubernetes-types/core/v1";
import { parseTime } from "../../core/clock.ts";
import { now } from "../asks.ts";
import type { Command, Kubectl } from "../command.ts";
import { intervalOf } from "../describe/events.ts";
import { escapeTerminal } from "../describe/out.ts";
import { listAll } from "../describe/reach.ts";
import { apiVersionOf, type ResourceType } from "../discovery.ts";
import { Failure } from "../errors.ts";
import { structJson } from "../go/json.ts";
import { goSortedBy } from "../go/sort.ts";
import { resourceOf } from "./explain.ts";
import type { KubeObject } from "../objects.ts";
import { printerOf } from "../printers/index.ts";
import { TabWriter } from "../printers/tab-writer.ts";
import { failureOfEvent, nextEvents, openWatch, type WatchPlace } from "../watch.ts";
import type { Outcome, Work } from "../work.ts";

interface Options {
  /** "" for all. */
  namespace: string;
  shownNamespace: string;
  fieldSelector: string;
  types: string[];
}

function* selectorOf(k: Kubectl): Work<string> {
  const text = k.flags.string("for");
  if (text === "") return "";
  const mapper = yield* k.mapper();
  if (!text.includes("/")) throw new Failure("--for must be in resource/name form");
  const [resource = "", name = "", ...rest] = text.split("/");
  if (rest.length > 0)
    throw new Failure("arguments in resource/name form may not have more than one slash");
  const type = resourceOf(mapper, resource.toLowerCase());
  if (name === "") return "";
  return `involvedObject.kind=${type.kind},involvedObject.apiVersion=${apiVersionOf(type)},involvedObject.name=${name}`;
}

function* run(k: Kubectl): Work<Outcome> {
  const { flags } = k;
  const namespace = yield* k.namespace();
  const types = flags.list("types");
  const options: Options = {
    shownNamespace: namespace,
    namespace: flags.bool("all-namespaces") ? "" : namespace,
    fieldSelector: yield* selectorOf(k),
    types: types.map((type) => type.toLowerCase()),
  };
  const client = yield* k.client();
  if (flags.string("output") !== "") yield* printerOf(flags);
  if (options.types.some((type) => type !== "normal" && type !== "warning"))
    k.fail("valid --types are Normal or Warning");
  if (flags.bool("watch")) {
    const place = yield* openWatch(client, eventType, options.namespace, {
      fieldSelector: options.fieldSelector,
    });
    return k.continueAs("events", { place, options, widths: [], headed: false });
  }
  return yield* list(k, options);
}

const eventType = {
  group: "",
  version: "v1",
  plural: "events",
  namespaced: true,
} as ResourceType;

const isShown = ({ types }: Options, event: Event): boolean =>
  types.length === 0 || types.includes((event.type ?? "").toLowerCase());

function timeOf(event: Event): number {
  const { series, lastTimestamp, eventTime } = event;
  const ms = parseTime(
    (series ? series.lastObservedTime : lastTimestamp || eventTime) ?? undefined,
  );
  return Number.isNaN(ms) ? -1e15 : ms;
}

function* list(k: Kubectl, options: Options): Work<Outcome> {
  const { namespace, fieldSelector } = options;
  const path = namespace ? `/api/v1/namespaces/${namespace}/events` : "/api/v1/events";
  const all = yield* listAll<Event>({ client: yield* k.client(), chunk: 500 }, path, "events", [
    ["fieldSelector", fieldSelector],
  ]);
  const events = goSortedBy(
    all.filter((event) => isShown(options, event)),
    timeOf,
  );
  if (events.length === 0) {
    k.err(
      namespace === ""
        ? "No events found.\n"
        : `No events found in ${options.shownNamespace} namespace.\n`,
    );
    return 0;
  }
  if (k.flags.string("output") !== "") {
    const list = { kind: "EventList", apiVersion: "v1", metadata: {}, items: events.map(typed) };
    k.out(yield* printed(k, list as unknown as KubeObject));
    return 0;
  }
  const writer = new TabWriter();
  const moment = yield* now();
  writer.write(headOf(k));
  for (const event of events) writer.write(rowOf(k, event, moment));
  k.out(writer.flush());
  return 0;
}

/** As `-o` says; a list has no name of its own. JSON has fields in the order of Go's structs. */
function* printed(k: Kubectl, object: KubeObject): Work<string> {
  const output = k.flags.string("output");
  if (output === "name" && object.kind === "EventList") return "";
  if (output === "json") return `${structJson(object, "    ")}\n`;
  return (yield* printerOf(k.flags))(object);
}

/** With its kind, fields in the order of Go's struct. k8s: api/core/v1 Event */
function typed(event: Event): KubeObject {
  const { managedFields: _, ...metadata } = event.metadata;
  const { involvedObject: about, source = {}, series } = event;
  const own = {
    kind: "Event",
    apiVersion: "v1",
    metadata: ordered(
      metadata,
      "name generateName namespace uid resourceVersion creationTimestamp",
    ),
    involvedObject: ordered(about, "kind namespace name uid apiVersion resourceVersion fieldPath"),
    reason: event.reason,
    message: event.message,
    source: ordered(source, "component host"),
    firstTimestamp: event.firstTimestamp ?? null,
    lastTimestamp: event.lastTimestamp ?? null,
    count: event.count || undefined,
    type: event.type,
    eventTime: event.eventTime ?? null,
    series: series && ordered(series, "count lastObservedTime"),
    action: event.action || undefined,
    related: event.related,
    reportingComponent: event.reportingComponent ?? "",
    reportingInstance: event.reportingInstance ?? "",
  };
  return own as unknown as KubeObject;
}

/** The fields named first, in their order. */
function ordered(value: object, names: string): Record<string, unknown> {
  const table = value as Record<string, unknown>;
  const first = names.split(" ").filter((name) => table[name] !== undefined);
  return { ...Object.fromEntries(first.map((name) => [name, table[name]])), ...table };
}

function headOf({ flags }: Kubectl): string {
  if (flags.bool("no-headers")) return "";
  return `${flags.bool("all-namespaces") ? "NAMESPACE\t" : ""}LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n`;
}

function rowOf({ flags }: Kubectl, event: Event, moment: number): string {
  const { kind = "", name = "" } = event.involvedObject;
  const cells = [
    ...(flags.bool("all-namespaces") ? [event.metadata.namespace ?? ""] : []),
    intervalOf(event, moment),
    event.type ?? "",
    event.reason ?? "",
    `${kind}/${name}`,
    (event.message ?? "").trim(),
  ];
  return `${escapeTerminal(cells.join("\t"))}\n`;
}

interface WatchData {
  place: WatchPlace;
  options: Options;
  widths: number[];
  headed: boolean;
}

function* readOn(k: Kubectl, data: WatchData): Work<Outcome> {
  const { events, ended } = yield* nextEvents(data.place);
  const moment = yield* now();
  const writer = new TabWriter({ widths: data.widths });
  for (const event of events) {
    if (event.type === "ERROR") throw failureOfEvent(event);
    const object = event.object as unknown as Event;
    if (event.type === "DELETED" || event.type === "BOOKMARK" || !isShown(data.options, object))
      continue;
    if (k.flags.string("output") !== "") k.out(yield* printed(k, typed(object)));
    else {
      if (!data.headed) writer.write(headOf(k));
      data.headed = true;
      writer.write(rowOf(k, object, moment));
      k.out(writer.flush());
    }
  }
  data.widths = writer.widths;
  return ended ? 0 : k.continueAs("events", data);
}

export const eventsCommand: Command = {
  path: "events",
  run,
  continuations: { events: (k, data: WatchData) => readOn(k, data) },
};
