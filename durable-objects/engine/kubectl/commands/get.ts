/** kubectl get. k8s: kubectl/pkg/cmd/get/get.go */
import { ageOf } from "../../machinery/duration.ts";
import { goQuote } from "../../machinery/field.ts";
import { tableAccept } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { flattened, type Info, type Result, type Wanted } from "../result.ts";
import { klogHead, type ResourceType } from "../discovery.ts";
import { aggregate, Exit, Failure, Failures, isNotFound } from "../errors.ts";
import { placeOf } from "../config/client-config.ts";
import { fileOptions, hasFiles } from "../files.ts";
import { isList, type KubeObject } from "../objects.ts";
import { getFormats, printerOf, type Printer } from "../printers/index.ts";
import { TemplateFailure } from "../printers/template/template.ts";
import { sortedBy, Unsortable } from "../printers/sort.ts";
import {
  TablePrinter,
  isTable,
  type Table,
  type TableOptions,
  type TableState,
} from "../printers/table.ts";
import { TabWriter } from "../printers/tab-writer.ts";
import {
  failureOfEvent,
  nextEvents,
  openWatch,
  type WatchEvent,
  type WatchPlace,
} from "../watch.ts";
import { at, type Outcome, type Work } from "../work.ts";
import { rawContinuations, rawGet } from "./raw.ts";

interface Options {
  output: string;
  human: boolean;
  serverPrint: boolean;
  sortBy: string;
  namespace: string;
  explicit: boolean;
  allNamespaces: boolean;
}

/** k8s: cmd/util/helpers.go SuggestAPIResources */
export const suggestResources = `Use "kubectl api-resources" for a complete list of supported resources.`;

function* complete(k: Kubectl): Work<Options> {
  const { flags, args } = k;
  const where = placeOf(yield* k.access());
  const output = flags.string("output");
  const watches = flags.bool("watch");
  const watchesOnly = flags.bool("watch-only");
  const sortBy = flags.string("sort-by");
  if (watches && sortBy)
    k.err("warning: --watch requested, --sort-by will be ignored for watch events received\n");
  else if (watchesOnly && sortBy)
    k.err("warning: --watch-only requested, --sort-by will be ignored\n");
  if (!watches && !watchesOnly && args.length === 0 && !hasFiles(fileOptions(flags))) {
    k.err(`You must specify the type of resource to get. ${suggestResources}\n\n`);
    k.usage(
      'Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).',
    );
  }
  const clientSide =
    output.includes("custom-columns") || output === "yaml" || output.includes("json");
  return {
    output,
    sortBy,
    human: output === "wide" || (output === "" && flags.string("template") === ""),
    serverPrint: !clientSide && flags.bool("server-print"),
    namespace: where.namespace,
    explicit: where.explicitNamespace && !flags.bool("all-namespaces"),
    allNamespaces: flags.bool("all-namespaces"),
  };
}

function validate(k: Kubectl, { output }: Options): void {
  const { flags } = k;
  if (flags.bool("show-labels") && output !== "" && output !== "wide")
    k.fail(`--show-labels option cannot be used with ${output} printer`);
  if (flags.bool("output-watch-events") && !flags.bool("watch") && !flags.bool("watch-only"))
    k.fail("--output-watch-events option can only be used with --watch or --watch-only");
}

function checkRaw(k: Kubectl): void {
  const { flags, args } = k;
  const raw = flags.string("raw");
  if (args.length > 0) k.fail("arguments may not be passed when --raw is specified");
  if (flags.bool("watch") || flags.bool("watch-only") || flags.string("selector") !== "")
    k.fail(
      "--raw may not be specified with other flags that filter the server request or alter the output",
    );
  if (flags.string("output") !== "") k.fail("--raw and --output are mutually exclusive");
  if (!/^(\/|[a-z]+:)/.test(raw))
    k.fail(`--raw must be a valid URL path: parse ${goQuote(raw)}: invalid URI for request`);
}

function wantedOf(k: Kubectl, options: Options): Wanted {
  const { flags, args } = k;
  const reads = options.serverPrint && options.human;
  return {
    args,
    allOfType: true,
    files: fileOptions(flags),
    labelSelector: flags.string("selector"),
    fieldSelector: flags.string("field-selector"),
    namespace: options.namespace,
    enforceNamespace: options.explicit,
    allNamespaces: options.allNamespaces,
    subresource: flags.string("subresource"),
    chunk: options.sortBy ? 0 : flags.int("chunk-size"),
    latest: true,
    ...(reads
      ? {
          read: {
            accept: tableAccept,
            query: options.sortBy ? [["includeObject", "Object"] as const] : [],
          },
        }
      : {}),
  };
}

function* run(k: Kubectl): Work<Outcome> {
  const { flags } = k;
  if (flags.string("raw") !== "") {
    checkRaw(k);
    return yield* rawGet(k, flags.string("raw"));
  }
  const options = yield* complete(k);
  validate(k, options);
  if (flags.bool("watch") || flags.bool("watch-only")) return yield* watch(k, options);
  const result = yield* k.build({ ...wantedOf(k, options), continueOnError: true });
  if (flags.bool("ignore-not-found")) result.ignore(isNotFound);
  if (!options.human) return yield* printGeneric(k, options, result);
  return yield* printHuman(k, options, result);
}

/** What klog.Exitf says goes to standard error with its head. */
function* sorting(k: Kubectl): Work<Outcome> {
  try {
    return yield* run(k);
  } catch (error) {
    if (!(error instanceof Unsortable)) throw error;
    throw new Exit(1, `${yield* klogHead(error.place, "F")} ${error.message}`);
  }
}

export const get: Command = {
  path: "get",
  run: sorting,
  continuations: { ...rawContinuations, events: (k, data: WatchData) => readOn(k, data) },
};

// Tables

function tableOptions(
  k: Kubectl,
  options: Options,
  type: ResourceType,
  withKind: boolean,
): TableOptions {
  const { flags } = k;
  const kind = type.group ? `${type.kind}.${type.group}` : type.kind;
  return {
    noHeaders: flags.bool("no-headers"),
    withNamespace: options.allNamespaces && type.namespaced,
    wide: options.output === "wide",
    showLabels: flags.bool("show-labels"),
    columnLabels: flags.list("label-columns"),
    ...(withKind || flags.bool("show-kind") ? { kind: kind.toLowerCase() } : {}),
  };
}

/** What a server gave that makes no Tables: names and ages. */
function plainTable(object: KubeObject, now: number): Table {
  const items = isList(object) ? object.items : [object];
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    columnDefinitions: [
      { name: "Name", type: "string", format: "name" },
      { name: "Age", type: "string" },
    ],
    rows: items.map((item) => ({
      cells: [item.metadata?.name ?? "", ageOf(item.metadata?.creationTimestamp, now)],
      object: item,
    })),
  };
}

function* printHuman(k: Kubectl, options: Options, result: Result): Work<Outcome> {
  const { infos, error } = yield* result.infos();
  const errors: Failure[] = error ? [error] : [];
  const now = yield* at((sys) => sys.now);
  const withKind = new Set(infos.map(({ type }) => type)).size > 1;
  const sorted = options.sortBy ? sortTables(infos, options.sortBy) : infos;
  let written = false;
  let separates = false;
  let last: ResourceType | undefined;
  let printer: TablePrinter | undefined;
  let writer = new TabWriter();
  const flush = (): void => {
    const text = writer.flush();
    if (text === "") return;
    k.out(separates ? `\n${text}` : text);
    separates = false;
    written = true;
  };
  let namespaced = !options.allNamespaces;
  for (const { type, object } of sorted) {
    namespaced &&= type.namespaced;
    if (!printer || type !== last) {
      flush();
      if (last && !k.flags.bool("no-headers") && written) separates = true;
      writer = new TabWriter();
      printer = new TablePrinter(tableOptions(k, options, type, withKind));
      last = type;
    }
    const shown = object as KubeObject;
    const table = isTable(shown) ? shown : plainTable(shown, now);
    const ordered = options.sortBy ? sortedRows(table, options.sortBy) : table;
    if (ordered) printer.print(ordered, writer);
  }
  flush();
  if (!written && !k.flags.bool("ignore-not-found") && errors.length === 0)
    k.err(
      namespaced
        ? `No resources found in ${options.namespace} namespace.\n`
        : "No resources found\n",
    );
  if (errors.length > 0) throw new Failures(errors);
  return 0;
}

/**
 * Several kinds are sorted as what they came as, whole Tables: their rows only as each is printed. k8s: get.go
 * RuntimeSorter, sorter.go SortingPrinter
 */
function sortTables(infos: readonly Info[], field: string): Info[] {
  return infos.length < 2 ? [...infos] : sortedBy(infos, field, ({ object }) => object);
}

/** The rows of a Table in order; undefined: it cannot be sorted, and nothing is printed of it. */
function sortedRows(table: Table, field: string): Table | undefined {
  if ((table.rows ?? []).length < 2) return table;
  try {
    const rows = sortedBy(table.rows ?? [], field, ({ object }) => object, "[][][]reflect.Value");
    return { ...table, rows };
  } catch (error) {
    if (!(error instanceof Failure) || error instanceof Unsortable) throw error;
    return undefined;
  }
}

// Objects

function* printGeneric(k: Kubectl, options: Options, result: Result): Work<Outcome> {
  const single = result.singleItemImplied;
  const { infos, error } = yield* result.infos();
  if (error && single) throw error;
  const errors: Failure[] = error ? [error] : [];
  if (infos.length === 0 && k.flags.bool("ignore-not-found")) {
    if (error) throw error;
    return 0;
  }
  const printer = yield* printerOf(k.flags, { allowed: getFormats });
  const object = single && infos.length === 1 ? (infos[0]?.object as KubeObject) : listOf(infos);
  try {
    k.out(printer(sortedObject(object, options.sortBy)));
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    if (failure instanceof TemplateFailure) k.out(failure.printed);
    errors.push(failure);
  }
  const all = aggregate(errors);
  if (all) throw all;
  return 0;
}

function sortedObject(object: KubeObject, field: string): KubeObject {
  if (!field || !isList(object) || object.items.length === 0) return object;
  return { ...object, items: sortedBy(object.items, field, (item) => item) };
}

function listOf(infos: readonly Info[]): KubeObject {
  const items = infos.flatMap(({ object }) => (object ? [object] : []));
  return { apiVersion: "v1", items, kind: "List", metadata: { resourceVersion: "" } };
}

// Watching

interface WatchData {
  place: WatchPlace;
  type: ResourceType;
  options: Options;
  table: TableState;
  /** Widths of columns so far. */
  widths: number[];
  /** Nothing is printed of the first event: it tells what was printed already. */
  silent: boolean;
}

function* watch(k: Kubectl, options: Options): Work<Outcome> {
  const { flags } = k;
  const result = yield* k.build({ ...wantedOf(k, options), singleType: true, flatten: false });
  const { infos, error } = yield* result.infos();
  if (error) {
    if (isNotFound(error) && flags.bool("ignore-not-found")) return 0;
    throw error;
  }
  const [info] = infos;
  if (!info) return 0;
  const { type } = info;
  const object = info.object as KubeObject;
  const watched = result.watched;
  const named = watched?.name ?? (infos.length === 1 && info.source ? info.name : undefined);
  const isSet = named === undefined;
  const data: WatchData = {
    place: { text: "" },
    type,
    options,
    table: {},
    widths: [],
    silent: !isSet,
  };
  if (infos.length > 1)
    throw new Failure(
      `watch is only supported on individual resources and resource collections - ${infos.length} resources were found`,
    );
  const out = yield* outputOf(k, data);
  const first = flags.bool("output-watch-events") ? "ADDED" : undefined;
  if (!flags.bool("watch-only")) for (const one of itemsOf(object, isSet)) out(one, first);
  else out(emptied(object), first);
  const { client } = yield* k.machinery();
  const reads = wantedOf(k, options).read;
  data.place = yield* openWatch(client, type, info.namespace, {
    ...(named === undefined ? {} : { name: named }),
    resourceVersion: isSet ? (object.metadata?.resourceVersion ?? "") : "0",
    labelSelector: flags.string("selector").trim(),
    fieldSelector: flags.string("field-selector").trim(),
    ...(reads ? { read: reads } : {}),
  });
  return k.continueAs("events", data);
}

const emptied = (object: KubeObject): KubeObject =>
  isTable(object) ? ({ ...object, rows: [] } as KubeObject) : object;

function itemsOf(object: KubeObject, isSet: boolean): KubeObject[] {
  return isSet && isList(object) ? flattened(object) : [object];
}

type Out = (object: KubeObject, event?: string) => void;

/** Prints objects as they come; keeps what it remembers in the data. */
function* outputOf(k: Kubectl, data: WatchData): Work<Out> {
  const { options, type } = data;
  if (options.human) {
    const now = yield* at((sys) => sys.now);
    const writer = new TabWriter({ widths: data.widths });
    const printer = new TablePrinter(tableOptions(k, { ...options }, type, false), data.table);
    return (object, event) => {
      printer.print(isTable(object) ? object : plainTable(object, now), writer, event);
      k.out(writer.flush());
      data.widths = writer.widths;
      data.table = printer.state;
    };
  }
  const printer: Printer = yield* printerOf(k.flags, { allowed: getFormats });
  return (object, event) => k.out(printer(object, event));
}

function* readOn(k: Kubectl, data: WatchData): Work<Outcome> {
  const out = yield* outputOf(k, data);
  const { events, ended } = yield* nextEvents(data.place);
  for (const event of events) show(k, data, out, event);
  return ended ? 0 : k.continueAs("events", data);
}

function show(k: Kubectl, data: WatchData, out: Out, event: WatchEvent): void {
  if (event.type === "ERROR") throw failureOfEvent(event);
  if (event.type === "BOOKMARK") return;
  const shown = k.flags.bool("output-watch-events") ? event.type : undefined;
  if (data.silent) {
    data.silent = false;
    if (isTable(event.object)) out(emptied(event.object), shown);
    return;
  }
  out(event.object, shown);
}
