/** kubectl set env. k8s: kubectl/pkg/cmd/set/set_env.go, kubectl/pkg/cmd/set/env */
import { stdin } from "../asks.ts";
import { fromBase64, decodeUtf8 } from "../../runtime/bytes.ts";
import { goQuote } from "../../machinery/field.ts";
import { envVarProblems } from "../mutate/env-names.ts";
import type { Command, Kubectl } from "../command.ts";
import { Failure } from "../errors.ts";
import { fileOptions } from "../files.ts";
import { byText } from "../go/json.ts";
import { dryRunOf, placeIn, typedPrinter } from "../mutate/mutation.ts";
import { podSpecOf, type Container, type EnvVar } from "../mutate/pod-specs.ts";
import { changeObjects, selects, setTargets } from "../mutate/set-objects.ts";
import type { KubeObject } from "../objects.ts";
import type { Info } from "../result.ts";
import type { Work } from "../work.ts";

const isAssignment = (word: string): boolean => /^([^=]+)=|^-$|-$/.test(word);

/** Resources first, changes after them. k8s: env_parse.go SplitEnvironmentFromResources */
function split(args: readonly string[]): { resources: string[]; changes: string[] } {
  const from = args.findIndex(isAssignment);
  if (from < 0) return { resources: [...args], changes: [] };
  const changes = args.slice(from);
  if (!changes.every(isAssignment))
    throw new Failure(
      `all resources must be specified before environment changes: ${args.join(" ")}`,
    );
  return { resources: args.slice(0, from), changes };
}

interface Parsed {
  set: EnvVar[];
  gone: string[];
}

/** k8s: env_parse.go parseIntoEnvVar */
function* parse(changes: readonly string[]): Work<Parsed> {
  const out: Parsed = { set: [], gone: [] };
  const given = new Set<string>();
  for (const change of changes) {
    if (change === "-") {
      for (const raw of (yield* stdin()).split("\n")) {
        const line = raw.split("#")[0] as string;
        const at = line.indexOf("=");
        if (at >= 0) out.set.push({ name: line.slice(0, at), value: line.slice(at + 1) });
      }
    } else if (change.includes("=")) {
      const at = change.indexOf("=");
      const name = change.slice(0, at);
      const problems = envVarProblems(name);
      if (problems.length > 0)
        throw new Failure(`${goQuote(name)} is not a valid key name: ${problems.join(";")}`);
      given.add(name);
      out.set.push({ name, value: change.slice(at + 1) });
    } else if (change.endsWith("-")) out.gone.push(change.slice(0, -1));
    else throw new Failure(`unknown environment variable: ${change}`);
  }
  if (out.gone.some((name) => given.has(name)))
    throw new Failure(
      "can not both modify and remove the same environment variable in the same command",
    );
  return out;
}

/** Variables that are read from a ConfigMap or Secret. */
function* fromSource(k: Kubectl): Work<EnvVar[]> {
  const from = k.flags.string("from");
  if (from === "") return [];
  const keys = k.flags.list("keys");
  const result = yield* setTargets(k, [from], false);
  const { infos, error } = yield* result.infos();
  if (error) throw error;
  const out: EnvVar[] = [];
  for (const { object, name } of infos) {
    const ref = { Secret: "secretKeyRef", ConfigMap: "configMapKeyRef" }[object?.kind ?? ""];
    if (!ref) throw new Failure("unsupported resource specified in --from");
    for (const key of Object.keys((object?.["data"] ?? {}) as object).toSorted(byText)) {
      if (keys.length > 0 && !keys.includes(key)) continue;
      const variable = key.replace(/[^a-zA-Z0-9_]/g, "_").toUpperCase();
      if (variable !== key) k.err(`Warning: key ${key} transferred to ${variable}\n`);
      out.push({ name: variable, valueFrom: { [ref]: { name, key } } });
    }
  }
  return out;
}

/** k8s: helper.go updateEnv */
function updated(old: readonly EnvVar[], { set, gone }: Parsed): EnvVar[] {
  const covered = new Set(gone);
  const out: EnvVar[] = [];
  for (const one of old) {
    if (covered.has(one.name)) continue;
    const newer = set.find(({ name }) => name === one.name);
    if (newer) covered.add(one.name);
    out.push(newer ?? one);
  }
  for (const one of set) {
    if (covered.has(one.name)) continue;
    covered.add(one.name);
    out.push(one);
  }
  return out;
}

/** k8s: env_resolve.go GetEnvVarRefString */
function refText(from: NonNullable<EnvVar["valueFrom"]>): string {
  const { configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef } = from;
  if (configMapKeyRef) return `configmap ${configMapKeyRef["name"]}, key ${configMapKeyRef["key"]}`;
  if (secretKeyRef) return `secret ${secretKeyRef["name"]}, key ${secretKeyRef["key"]}`;
  if (fieldRef) return `field path ${fieldRef["fieldPath"]}`;
  if (!resourceFieldRef) return "invalid valueFrom";
  const { containerName, resource } = resourceFieldRef;
  return `resource field ${containerName ? `${containerName}/` : ""}${resource}`;
}

/** The value that a reference stands for. k8s: env_resolve.go GetEnvVarRefValue */
function* resolved(
  k: Kubectl,
  from: NonNullable<EnvVar["valueFrom"]>,
  object: KubeObject,
): Work<string> {
  const { configMapKeyRef, secretKeyRef, fieldRef } = from;
  const ref = configMapKeyRef ?? secretKeyRef;
  if (fieldRef) {
    const path = (fieldRef["fieldPath"] ?? "").split(".");
    const value = path.reduce<unknown>(
      (at, key) => (at as Record<string, unknown> | undefined)?.[key],
      object,
    );
    return typeof value === "string" ? value : "";
  }
  if (!ref) throw new Failure("unsupported valueFrom");
  const { namespace } = yield* placeIn(k);
  const client = yield* k.client();
  const plural = configMapKeyRef ? "configmaps" : "secrets";
  const path = `/api/v1/namespaces/${namespace}/${plural}/${ref["name"]}`;
  const { data = {} } = yield* client.json<{ data?: Record<string, string> }>({
    path,
  });
  const value = data[ref["key"] ?? ""];
  if (value === undefined)
    throw new Failure(
      `key ${ref["key"]} not found in ${configMapKeyRef ? "config map" : "secret"} ${ref["name"]}`,
    );
  return configMapKeyRef ? value : decodeUtf8(fromBase64(value) ?? "");
}

function* listEnv(k: Kubectl, object: KubeObject, container: Container): Work<void> {
  k.out(`# ${object.kind} ${object.metadata?.name}, container ${container.name}\n`);
  const failed = new Map<string, string[]>();
  for (const { name, value = "", valueFrom } of container.env ?? []) {
    if (!valueFrom) {
      k.out(`${name}=${value}\n`);
      continue;
    }
    if (k.flags.bool("resolve")) {
      try {
        k.out(`${name}=${yield* resolved(k, valueFrom, object)}\n`);
        continue;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        failed.set(error.message, [...(failed.get(error.message) ?? []), name]);
      }
    }
    k.out(`# ${name} from ${refText(valueFrom)}\n`);
  }
  const lines = [...failed].map(
    ([why, names]) => `error retrieving reference for ${names.toSorted(byText).join(", ")}: ${why}`,
  );
  for (const line of lines.toSorted(byText)) k.err(`${line}\n`);
}

function checkOverwrites(old: readonly EnvVar[], set: readonly EnvVar[]): void {
  for (const { name, value = "" } of set) {
    const there = old.find((one) => one.name === name);
    if (there && (there.value ?? "") !== value)
      throw new Failure(
        `'${name}' already has a value (${there.value ?? ""}), and --overwrite is false`,
      );
  }
}

function* apply(k: Kubectl, object: KubeObject, { name }: Info, change: Parsed): Work<void> {
  const { flags } = k;
  const pattern = flags.string("containers");
  const spec = podSpecOf(object);
  const chosen = [...spec.containers, ...(spec.initContainers ?? [])].filter((one) =>
    selects(pattern, one.name),
  );
  if (chosen.length === 0)
    k.err(
      `Warning: ${object.kind}/${name} does not have any containers matching ${goQuote(pattern)}\n`,
    );
  for (const container of chosen) {
    const old = container.env ?? [];
    if (!flags.bool("overwrite")) checkOverwrites(old, change.set);
    const next = updated(old, change);
    if (next.length > 0) container.env = next;
    else delete container.env;
    if (flags.bool("list")) yield* listEnv(k, object, container);
  }
}

export const setEnv: Command = {
  path: "set env",
  *run(k) {
    const { flags, args } = k;
    if (flags.bool("all") && flags.string("selector"))
      k.fail("cannot set --all and --selector at the same time");
    const { resources, changes } = split(args);
    const dryRun = yield* dryRunOf(k);
    const print = yield* typedPrinter(k, dryRun, "env updated");
    if (flags.bool("local") && dryRun === "server")
      k.fail("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
    if (flags.list("filename").length === 0 && resources.length === 0)
      k.fail("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    if (flags.bool("list") && flags.string("output"))
      k.fail("--list and --output may not be specified together");
    if (flags.list("keys").length > 0 && !flags.string("from"))
      k.fail("when specifying --keys, a configmap or secret must be provided with --from");
    const given = [...flags.list("env"), ...changes];
    if (given.includes("-") && fileOptions(flags).filenames.includes("-"))
      k.fail("standard input cannot be used for multiple arguments");
    const change = yield* parse(given);
    change.set.push(...(yield* fromSource(k)));
    const prefix = flags.string("prefix");
    for (const one of change.set) one.name = `${prefix}${one.name}`;
    const { infos, error } = yield* (yield* setTargets(k, resources, false)).infos();
    if (error) throw error;
    yield* changeObjects(k, infos, {
      dryRun,
      print,
      errors: [],
      listOnly: flags.bool("list"),
      failure: "failed to patch env update to pod template: ",
      apply: (object, info) => apply(k, object, info, change),
    });
  },
};
