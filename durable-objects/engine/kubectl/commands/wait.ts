/** kubectl wait. k8s: kubectl/pkg/cmd/wait */
import { goQuote } from "../../machinery/field.ts";
import type { Status } from "../../machinery/status.ts";
import { now, sleepUntil } from "../asks.ts";
import type { Command, Kubectl } from "../command.ts";
import { placeOf } from "../config/client-config.ts";
import { apiVersionOf, fullNameOf, pathOf, type ResourceType } from "../discovery.ts";
import { aggregate, Failure, isNotFound, StatusFailure } from "../errors.ts";
import { fileOptions } from "../files.ts";
import { goText } from "../go/format.ts";
import { closeStream } from "../http.ts";
import type { KubeObject, ListObject } from "../objects.ts";
import { printerOf } from "../printers/index.ts";
import { JsonPath, relaxedPath } from "../printers/jsonpath.ts";
import type { Info, Result } from "../result.ts";
import {
  failureOfEvent,
  nextEvents,
  openWatch,
  type WatchEvent,
  type WatchPlace,
} from "../watch.ts";
import { section, type Outcome, type Work } from "../work.ts";

type Check = (object: KubeObject) => boolean;
type Condition = { kind: "create" } | { kind: "delete" } | { kind: "check"; check: Check };

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

interface Generations {
  observedGeneration?: number;
}

function hasCondition(object: KubeObject, name: string, wanted: string): boolean {
  const status = object["status"] as
    | (Generations & { conditions?: (Generations & { type?: string; status?: string })[] })
    | undefined;
  const found = status?.conditions?.find(({ type }) => same(type ?? "", name));
  if (found?.status === undefined) return false;
  const observed = found.observedGeneration ?? status?.observedGeneration;
  const { generation } = object.metadata ?? {};
  if (generation !== undefined && observed !== undefined && observed < generation) return false;
  return same(found.status, wanted);
}

/** Splits at single `=`. k8s: wait.go splitJSONPathInput */
function splitInput(input: string): string[] {
  const out = [""];
  for (let i = 0; i < input.length; i++) {
    if (input[i] !== "=") out[out.length - 1] += input[i] as string;
    else if (input[i + 1] === "=") {
      out[out.length - 1] += "==";
      i++;
    } else out.push("");
  }
  return out;
}

/** Without quotes around it, however many. */
function unquoted(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && /['"]/.test(text[from] as string)) from++;
  while (to > from && /['"]/.test(text[to - 1] as string)) to--;
  return text.slice(from, to);
}

function pathCheck(input: string): Check {
  const [expression = "", given, ...more] = splitInput(input);
  if (more.length > 0)
    throw new Failure(
      "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'",
    );
  const relaxed = relaxedPath(expression);
  const value = given === undefined ? undefined : unquoted(given);
  if (value === "")
    throw new Failure(
      "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
    );
  if (relaxed === "") throw new Failure("jsonpath expression cannot be empty");
  const path = new JsonPath(relaxed, true);
  return (object) => {
    const results = path.find(object as never);
    if (results.length === 0 || results[0]?.length === 0) return false;
    if (results.length > 1)
      throw new Failure("given jsonpath expression matches more than one list");
    if ((results[0] as unknown[]).length > 1)
      throw new Failure("given jsonpath expression matches more than one value");
    if (value === undefined) return true;
    const [found] = results[0] as unknown[];
    if (typeof found === "object" && found !== null)
      throw new Failure("jsonpath leads to a nested object or list which is not supported");
    return goText(found as never).trim() === value.trim();
  };
}

function conditionOf(text: string): Condition {
  if (same(text, "delete")) return { kind: "delete" };
  if (same(text, "create")) return { kind: "create" };
  if (text.startsWith("condition=")) {
    const [name = "", value = "true"] = text.slice("condition=".length).split(/=(.*)/s);
    return { kind: "check", check: (object) => hasCondition(object, name, value) };
  }
  if (text.startsWith("jsonpath="))
    return { kind: "check", check: pathCheck(text.slice("jsonpath=".length)) };
  throw new Failure(`unrecognized condition: ${goQuote(text)}`);
}

const conditionsOf = (k: Kubectl): Condition[] => {
  const texts = k.flags.list("for");
  if (texts.length === 0) throw new Failure("unrecognized condition: []");
  return texts.map(conditionOf);
};

const weekMs = 7 * 86_400_000;

/** Where a wait stands: which object, which condition, what failed so far. */
interface WaitData {
  /** The timeout; 0: looked at once. */
  timeout: number;
  until: number;
  infos: Pick<Info, "type" | "namespace" | "name" | "object">[];
  at: number;
  condition: number;
  errors: { text: string; status?: Status }[];
  /** Of the object under way. */
  place?: WatchPlace;
}

function* find(k: Kubectl): Work<Result> {
  const { flags } = k;
  const where = placeOf(yield* k.access());
  return yield* k.build({
    args: k.args,
    files: fileOptions(flags),
    labelSelector: flags.string("selector"),
    fieldSelector: flags.string("field-selector"),
    all: flags.bool("all"),
    allNamespaces: flags.bool("all-namespaces"),
    namespace: where.namespace,
    enforceNamespace: where.explicitNamespace,
    local: flags.bool("local"),
    latest: true,
    continueOnError: true,
  });
}

function* run(k: Kubectl): Work<Outcome> {
  yield* printerOf(k.flags, { operation: "condition met" });
  yield* k.client();
  const conditions = conditionsOf(k);
  const given = k.flags.duration("timeout");
  const timeout = given < 0 ? weekMs : given;
  const until = (yield* now()) + timeout;
  if (conditions.some(({ kind }) => kind === "create"))
    yield* section(() => created(k, timeout, until));
  const forDelete = conditions.some(({ kind }) => kind === "delete");
  const result = yield* find(k);
  if (forDelete) result.ignore(isNotFound);
  const { infos, error } = yield* section(function* () {
    const found = yield* result.infos();
    return {
      infos: found.infos.map(({ type, namespace, name, object }) => ({
        type,
        namespace,
        name,
        ...(object ? { object } : {}),
      })),
      ...(found.error ? { error: keep(found.error) } : {}),
    };
  });
  if (infos.length === 0 && error) throw back(error);
  if (infos.length === 0 && !forDelete) k.fail("no matching resources found");
  const data: WaitData = {
    timeout,
    until,
    infos,
    at: 0,
    condition: 0,
    errors: error ? [error] : [],
  };
  return k.continueAs("object", data);
}

interface Kept {
  text: string;
  status?: Status;
}

const keep = (error: Failure): Kept => ({
  text: error.message,
  ...(error instanceof StatusFailure ? { status: error.status } : {}),
});

const back = ({ text, status }: Kept): Failure =>
  status ? new StatusFailure(status) : new Failure(text);

/** Waits until the first object is there; a name is watched, anything else looked for anew. */
function* created(k: Kubectl, timeout: number, until: number): Work<null> {
  for (;;) {
    const result = yield* find(k);
    const { infos, error } = yield* result.infos();
    if (infos.length > 0) return null;
    if (error && !isNotFound(error)) throw error;
    const timedOut = new Failure("timed out waiting for the condition");
    if (timeout === 0 || (yield* now()) >= until) throw timedOut;
    const { watched } = result;
    if (!watched) {
      yield* sleepUntil(Math.min(until, (yield* now()) + 500));
      continue;
    }
    const { type, namespace, name } = watched;
    const place = yield* openWatch(yield* k.client(), type, namespace, name ? { name } : {});
    const { late } = yield* nextEvents(place, until);
    if (place.stream !== undefined) yield* closeStream(place.stream);
    if (late) throw timedOut;
  }
}

function* nextObject(k: Kubectl, data: WaitData): Work<Outcome> {
  const conditions = conditionsOf(k);
  const info = data.infos[data.at];
  if (!info) {
    const all = aggregate(data.errors.map(back));
    if (all) throw all;
    return 0;
  }
  const condition = conditions[data.condition];
  if (!condition)
    return k.continueAs("object", { ...data, at: data.at + 1, condition: 0 } satisfies WaitData);
  try {
    const met = yield* look(k, data, info, condition);
    if (met === undefined) return k.continueAs("watching", data);
    return yield* satisfied(k, data, met);
  } catch (error) {
    return failed(k, data, error);
  }
}

function* satisfied(k: Kubectl, data: WaitData, object: KubeObject): Work<Outcome> {
  const printer = yield* printerOf(k.flags, { operation: "condition met" });
  k.out(printer(object));
  const { place: _place, ...rest } = data;
  return k.continueAs("object", { ...rest, condition: data.condition + 1 });
}

function failed(k: Kubectl, data: WaitData, error: unknown): Outcome {
  if (!(error instanceof Failure)) throw error;
  const { place: _place, ...rest } = data;
  const errors = [...data.errors, keep(error)];
  return k.continueAs("object", { ...rest, errors, at: data.at + 1, condition: 0 });
}

const notFound = (type: ResourceType, name: string): StatusFailure =>
  new StatusFailure({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `${fullNameOf(type)} ${goQuote(name)} not found`,
    reason: "NotFound",
    code: 404,
  });

type Target = WaitData["infos"][number];

const timedOut = ({ type, name }: Target): Failure =>
  new Failure(`timed out waiting for the condition on ${type.plural}/${name}`);

/** The object as it is once the condition holds; undefined: it has to be watched, and the watch is open. */
function* look(
  k: Kubectl,
  data: WaitData,
  info: Target,
  condition: Condition,
): Work<KubeObject | undefined> {
  if (info.name === "") throw new Failure("resource name must be provided");
  if (condition.kind === "create") return info.object as KubeObject;
  const client = yield* k.client();
  const { type, namespace, name } = info;
  const list = yield* client.json<ListObject>({
    path: pathOf(type, namespace),
    query: [["fieldSelector", `metadata.name=${name}`]],
  });
  const [item] = list.items;
  if (!item && condition.kind === "delete") return info.object ?? {};
  if (!item) throw notFound(type, name);
  const object: KubeObject = { apiVersion: apiVersionOf(type), kind: type.kind, ...item };
  if (condition.kind === "check" && condition.check(object)) return object;
  if (data.timeout === 0)
    throw new Failure(`condition not met for ${info.type.plural}/${info.name}`);
  if ((yield* now()) >= data.until) throw timedOut(info);
  info.object = object;
  data.place = yield* openWatch(client, type, namespace, {
    name,
    resourceVersion: list.metadata?.resourceVersion ?? "",
  });
  return undefined;
}

function* watching(k: Kubectl, data: WaitData): Work<Outcome> {
  const condition = conditionsOf(k)[data.condition] as Condition;
  const info = data.infos[data.at] as Target;
  const place = data.place as WatchPlace;
  const { events, ended, late } = yield* nextEvents(place, data.until);
  let outcome: Outcome | undefined;
  try {
    for (const event of events) {
      if (!meets(k, condition, event)) continue;
      const object = condition.kind === "delete" ? (info.object as KubeObject) : event.object;
      outcome = yield* satisfied(k, data, object);
      break;
    }
    if (outcome === undefined && late) throw timedOut(info);
  } catch (error) {
    outcome = failed(k, data, error);
  }
  if (outcome === undefined) return k.continueAs(ended ? "object" : "watching", data);
  if (place.stream !== undefined) yield* closeStream(place.stream);
  return outcome;
}

function meets(k: Kubectl, condition: Condition, event: WatchEvent): boolean {
  if (event.type === "ERROR") {
    const what = condition.kind === "delete" ? "object to be deleted" : "condition to be satisfied";
    k.err(
      `error: An error occurred while waiting for the ${what}: ${failureOfEvent(event).message}`,
    );
    return false;
  }
  if (event.type === "DELETED") return condition.kind === "delete";
  return condition.kind === "check" && event.type !== "BOOKMARK" && condition.check(event.object);
}

export const wait: Command = {
  path: "wait",
  run,
  continuations: { object: nextObject, watching },
};
