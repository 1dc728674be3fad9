/** kubectl logs. k8s: kubectl/pkg/cmd/logs/logs.go, kubectl/pkg/polymorphichelpers/logsforobject.go */
import { goQuote } from "../../../machinery/field.ts";
import { sleep } from "../../asks.ts";
import type { ApiCall } from "../../client.ts";
import type { Command, Kubectl } from "../../command.ts";
import { Failure, isNotFound, StatusFailure } from "../../errors.ts";
import { closeStream, firstEvents } from "../../http.ts";
import { isList, type KubeObject } from "../../objects.ts";
import {
  allContainerNames,
  byLogging,
  containersOf,
  defaultContainerOf,
  findContainer,
  podsOf,
  selectorFor,
  typeText,
  type PodObject,
} from "../../pods.ts";
import type { Outcome, Work } from "../../work.ts";

const expected =
  "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";

/** Lines of a selector's Pods each, where no number was given. */
const selectorTail = 10;

interface Source {
  namespace: string;
  pod: string;
  container: string;
}

interface Options {
  container: string;
  query: [string, string | number | boolean | undefined][];
}

/** k8s: cmd/util/helpers.go GetPodRunningTimeoutFlag */
export function podTimeout(k: Kubectl): number {
  const ms = k.flags.duration("pod-running-timeout");
  if (ms <= 0) k.fail("--pod-running-timeout must be higher than zero");
  return ms;
}

/** k8s: kubectl/pkg/util/time.go ParseRFC3339 */
function sinceTime(text: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return text;
  const q = goQuote(text);
  throw new Failure(
    `parsing time ${q} as "2006-01-02T15:04:05Z07:00": cannot parse ${q} as "2006"`,
  );
}

function options(k: Kubectl): Options {
  const { flags, args } = k;
  const tail = flags.int("tail");
  const bySelector = flags.string("selector") !== "" && tail === -1 && !flags.changed("tail");
  const since = flags.duration("since");
  const at = flags.string("since-time");
  const container = args.length === 2 ? (args[1] as string) : flags.string("container");
  return {
    container,
    query: [
      ["follow", flags.bool("follow") || undefined],
      ["previous", flags.bool("previous") || undefined],
      ["timestamps", flags.bool("timestamps") || undefined],
      ["insecureSkipTLSVerifyBackend", flags.bool("insecure-skip-tls-verify-backend") || undefined],
      ["sinceTime", at ? sinceTime(at) : undefined],
      ["sinceSeconds", since ? Math.round(since / 1000) : undefined],
      ["limitBytes", flags.int("limit-bytes") || undefined],
      ["tailLines", bySelector ? selectorTail : tail === -1 ? undefined : tail],
    ],
  };
}

function* complete(k: Kubectl): Work<{ given: Options; object: KubeObject }> {
  const { flags, args } = k;
  const selector = flags.string("selector");
  if (args.length === 0 && selector === "") k.usage(expected);
  if (args.length === 1 && selector !== "")
    k.usage("only a selector (-l) or a POD name is allowed");
  if (args.length > 2) k.usage(expected);
  const namespace = yield* k.namespace();
  podTimeout(k);
  const given = options(k);
  const [name] = args;
  const result = yield* k.build({
    ...(name === undefined ? {} : { names: { type: "pods", names: [name] } }),
    ...(selector ? { types: ["pods"], labelSelector: selector } : {}),
    namespace,
    singleType: true,
    flatten: false,
  });
  const { infos, error } = yield* result.infos();
  if (error) {
    if (isNotFound(error))
      throw new Failure(
        `error from server (NotFound): ${error.message} in namespace ${goQuote(namespace)}`,
      );
    throw error;
  }
  if (selector === "" && infos.length !== 1) k.fail("expected a resource");
  const object = infos[0]?.object as KubeObject;
  if (selector && isList(object) && object.items.length === 0)
    k.err(`No resources found in ${namespace} namespace.\n`);
  return { given, object };
}

function validate(k: Kubectl, { container, query }: Options): void {
  const { flags, args } = k;
  const sent = new Map(query);
  if (flags.string("since-time") && flags.duration("since") !== 0)
    k.fail("at most one of `sinceTime` or `sinceSeconds` may be specified");
  // The inline argument is not yet in the options that this looks at.
  const named = args.length === 2 ? container : flags.string("container");
  if (flags.bool("all-containers") && named)
    k.fail(`--all-containers=true should not be specified with container name ${named}`);
  if (flags.changed("container") && args.length === 2)
    k.fail("only one of -c or an inline [CONTAINER] arg is allowed");
  if (flags.int("limit-bytes") < 0) k.fail("--limit-bytes must be greater than 0");
  if (Number(sent.get("sinceSeconds") ?? 0) < 0) k.fail("--since must be greater than 0");
  if (Number(sent.get("tailLines") ?? 0) < -1) k.fail("--tail must be greater than or equal to -1");
}

function* run(k: Kubectl): Work<Outcome> {
  const { flags } = k;
  const { given, object } = yield* complete(k);
  validate(k, given);
  const allContainers = flags.bool("all-containers");
  const sources = yield* sourcesOf(k, object, given.container, allContainers);
  const follows = flags.bool("follow");
  if (follows && sources.length > 1 && sources.length > flags.int("max-log-requests"))
    k.fail(
      `you are attempting to follow ${sources.length} log streams, but maximum allowed concurrency is ${flags.int("max-log-requests")}, use --max-log-requests to increase the limit`,
    );
  const open: OpenLog[] = [];
  for (const source of sources) {
    if (!follows) yield* printOne(k, source, given);
    else yield* follow(k, source, given, open);
  }
  return open.length > 0 ? k.continueAs("follow", { open } satisfies FollowData) : 0;
}

/** The containers that are meant, in the order of Pods and containers. */
function* sourcesOf(
  k: Kubectl,
  object: KubeObject,
  container: string,
  allContainers: boolean,
): Work<Source[]> {
  const allPods = k.flags.bool("all-pods");
  if (isList(object)) {
    const out: Source[] = [];
    for (const pod of object.items)
      out.push(...sourcesOfPod(k, pod as PodObject, container, allContainers, allPods));
    return out;
  }
  if (object.kind === "Pod")
    return sourcesOfPod(k, object as PodObject, container, allContainers, allPods);
  let selector: string;
  try {
    selector = selectorFor(object);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`cannot get the logs from ${typeText(object)}: ${error.message}`);
  }
  const namespace = object.metadata?.namespace ?? "";
  const pods = yield* podsOf(k, namespace, selector, podTimeout(k), byLogging);
  const [first] = pods;
  if (pods.length > 1 && !allPods)
    k.err(`Found ${pods.length} pods, using pod/${first?.metadata?.name}\n`);
  return (allPods ? pods : [first as PodObject]).flatMap((pod) =>
    sourcesOfPod(k, pod, container, allContainers, allPods),
  );
}

function sourcesOfPod(
  k: Kubectl,
  pod: PodObject,
  container: string,
  allContainers: boolean,
  quiet: boolean,
): Source[] {
  const { name = "", namespace = "" } = pod.metadata ?? {};
  const source = (one: string): Source => ({ namespace, pod: name, container: one });
  const { spec } = pod;
  if (allContainers)
    return [
      ...(spec.initContainers ?? []),
      ...spec.containers,
      ...(spec.ephemeralContainers ?? []),
    ].map((one) => source(one.name));
  let wanted = container;
  const preset = defaultContainerOf(pod);
  if (wanted === "" && preset) {
    if (findContainer(pod, preset)) wanted = preset;
    else k.err(`Default container name ${goQuote(preset)} not found in pod ${name}\n`);
  }
  if (wanted === "") {
    wanted = (spec.containers[0] as { name: string }).name;
    if (containersOf(pod).length > 1 && !quiet)
      k.err(`Defaulted container ${goQuote(wanted)} out of: ${allContainerNames(pod)}\n`);
  }
  if (!findContainer(pod, wanted))
    throw new Failure(
      `container ${wanted} is not valid for pod ${name} out of: ${allContainerNames(pod)}`,
    );
  return [source(wanted)];
}

const callFor = (source: Source, { query }: Options): ApiCall => ({
  path: `/api/v1/namespaces/${source.namespace}/pods/${source.pod}/log`,
  query: [["container", source.container], ...query],
  accept: "application/json, */*",
});

const prefixOf = (k: Kubectl, { pod, container }: Source): string =>
  k.flags.bool("prefix") || k.flags.bool("all-pods") ? `[pod/${pod}/${container}] ` : "";

/** Lines with their ends. */
function linesIn(text: string): string[] {
  const lines = text.split("\n");
  const last = lines.pop() ?? "";
  return [...lines.map((line) => `${line}\n`), ...(last === "" ? [] : [last])];
}

/** Text with a prefix before each line; a last line without end has one, too. */
const prefixed = (prefix: string, text: string): string =>
  prefix === ""
    ? text
    : linesIn(text)
        .map((line) => `${prefix}${line}`)
        .join("");

function* printOne(k: Kubectl, source: Source, given: Options): Work<void> {
  const client = yield* k.client();
  try {
    const { text } = yield* client.ok(callFor(source, given));
    k.out(prefixed(prefixOf(k, source), text));
  } catch (error) {
    if (!(error instanceof Failure) || !k.flags.bool("ignore-errors")) throw error;
    k.out(`error: ${error.message}\n`);
  }
}

interface OpenLog {
  stream: string;
  prefix: string;
  /** Of a line that has not come to its end. */
  text: string;
}

interface FollowData {
  open: OpenLog[];
}

/** Opens a log that goes on; one that the server refuses is asked for again every second, as long as Pods are waited for. */
function* follow(k: Kubectl, source: Source, given: Options, open: OpenLog[]): Work<void> {
  const client = yield* k.client();
  const prefix = prefixOf(k, source);
  const tries = Math.ceil(podTimeout(k) / 1000);
  for (let i = 0; ; i++) {
    try {
      const answer = yield* client.ok({ ...callFor(source, given), stream: true });
      const log: OpenLog = { stream: answer.stream ?? "", prefix, text: "" };
      say(k, log, answer.text, answer.stream === undefined);
      if (answer.stream !== undefined) open.push(log);
      return;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (k.flags.bool("ignore-errors")) return k.out(`error: ${error.message}\n`);
      k.err(`${error.message}\n`);
      if (!(error instanceof StatusFailure)) throw error;
      if (i + 1 >= tries) throw new Failure("timed out waiting for the condition");
    }
    yield* sleep(1000);
  }
}

/** Prints the whole lines of what came; with a prefix none is torn apart. */
function say(k: Kubectl, log: OpenLog, text: string, ended: boolean): void {
  if (log.prefix === "") return k.out(text);
  const all = log.text + text;
  const end = ended ? all.length : all.lastIndexOf("\n") + 1;
  log.text = all.slice(end);
  k.out(prefixed(log.prefix, all.slice(0, end)));
}

function* readOn(k: Kubectl, data: FollowData): Work<Outcome> {
  const { handle, news } = yield* firstEvents(data.open.map(({ stream }) => stream));
  const log = data.open.find(({ stream }) => stream === handle) as OpenLog;
  say(k, log, news.text, news.ended);
  if (!news.ended) return k.continueAs("follow", data);
  yield* closeStream(handle);
  const open = data.open.filter((one) => one !== log);
  return open.length > 0 ? k.continueAs("follow", { open } satisfies FollowData) : 0;
}

export const logs: Command = { path: "logs", run, continuations: { follow: readOn } };
