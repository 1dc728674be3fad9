/** kubectl taint. k8s: kubectl/pkg/cmd/taint */
import { labelValue, qualifiedName } from "../../machinery/names.ts";
import { mergePatchType } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { Exit, Failure, throwAll } from "../errors.ts";
import { goQuote } from "../../machinery/field.ts";
import { dryRunOf, patchObject, placeIn, validationOf } from "../mutate/mutation.ts";
import type { KubeObject } from "../objects.ts";
import { printerOf } from "../printers/index.ts";
import type { Result } from "../result.ts";
import type { Work } from "../work.ts";

interface Taint {
  key: string;
  value?: string;
  effect?: string;
  timeAdded?: string;
}

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

function parseTaint(spec: string): Taint {
  const bad = (why = ""): Failure => new Failure(`invalid taint spec: ${spec}${why}`);
  const [named = "", effect = "", ...rest] = spec.split(":");
  if (rest.length > 0) throw bad();
  let key = named;
  let value = "";
  if (spec.includes(":")) {
    if (!effects.includes(effect))
      throw new Failure(`invalid taint effect: ${effect}, unsupported taint effect`);
    const parts = named.split("=");
    if (parts.length > 2) throw bad();
    [key = "", value = ""] = parts;
    const problems = parts.length === 2 ? labelValue(value) : [];
    if (problems.length > 0) throw bad(`, ${problems.join("; ")}`);
  }
  const problems = qualifiedName(key);
  if (problems.length > 0) throw bad(`, ${problems.join("; ")}`);
  return { key, ...(value ? { value } : {}), ...(effect ? { effect } : {}) };
}

function parseTaints(specs: readonly string[]): { add: Taint[]; remove: Taint[] } {
  const [add, remove]: [Taint[], Taint[]] = [[], []];
  for (const spec of specs) {
    if (spec.endsWith("-")) {
      const { value: _value, ...taint } = parseTaint(spec.slice(0, -1));
      remove.push(taint);
      continue;
    }
    const taint = parseTaint(spec);
    if (!taint.effect) throw new Failure(`invalid taint spec: ${spec}`);
    if (add.some((one) => one.key === taint.key && one.effect === taint.effect))
      throw new Failure(
        `duplicated taints with the same key and effect: {${taint.key} ${taint.value ?? ""} ${taint.effect} <nil>}`,
      );
    add.push(taint);
  }
  return { add, remove };
}

/** `key=value:effect`, without what is empty. */
const textOf = ({ key, value, effect }: Taint): string =>
  effect ? `${key}${value ? `=${value}` : ""}:${effect}` : key;

function changed(
  old: readonly Taint[],
  { add, remove }: { add: Taint[]; remove: Taint[] },
  overwrite: boolean,
): { taints: Taint[]; operation: string } {
  const same = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;
  let taints = [...add, ...old.filter((one) => !add.some((other) => same(one, other)))];
  const added = old.length !== taints.length;
  const errors: Failure[] = [];
  let deleted = false;
  for (const gone of remove) {
    const left = taints.filter((one) => (gone.effect ? !same(one, gone) : one.key !== gone.key));
    deleted = left.length !== taints.length;
    taints = left;
    if (!deleted) errors.push(new Failure(`taint ${goQuote(textOf(gone))} not found`));
  }
  throwAll(errors);
  if ((added && deleted) || overwrite) return { taints, operation: "modified" };
  return { taints, operation: added ? "tainted" : "untainted" };
}

function readArgs(k: Kubectl): { resources: string[]; add: Taint[]; remove: Taint[] } {
  const resources: string[] = [];
  const specs: string[] = [];
  for (const word of k.args) {
    if (/[=:]|-$/.test(word)) specs.push(word);
    else if (specs.length === 0) resources.push(word);
    else k.fail(`all resources must be specified before taint changes: ${word}`);
  }
  if (resources.length === 0)
    k.fail("one or more resources must be specified as <resource> <name>");
  if (specs.length === 0) k.fail("at least one taint update is required");
  try {
    return { resources, ...parseTaints(specs) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return k.usage(error.message);
  }
}

function* validate(k: Kubectl, given: ReturnType<typeof readArgs>): Work<void> {
  const mapper = yield* k.mapper();
  const [type = ""] = given.resources;
  const found = mapper.find(type.toLowerCase());
  if (!found)
    throw new Exit(1, `the server doesn't have a resource type ${goQuote(type.toLowerCase())}`);
  if (found.kind !== "Node")
    k.fail(`invalid resource type ${type.toLowerCase()}, only node types are supported`);
  const clashes = given.add.flatMap((add) =>
    given.remove
      .filter((gone) => gone.key === add.key && (!gone.effect || gone.effect === add.effect))
      .map((gone) => `${gone.key}=${gone.effect ?? ""}`),
  );
  if (clashes.length > 0)
    k.fail(
      `can not both modify and remove the following taint(s) in the same command: ${clashes.join(", ")}`,
    );
  const [all, selector] = [k.flags.bool("all"), k.flags.string("selector")];
  if (all && selector) k.fail("setting 'all' parameter with a non empty selector is prohibited");
  if (!all && !selector && given.resources.length < 2)
    k.fail("at least one resource name must be specified since 'all' parameter is not set");
}

export const taint: Command = {
  path: "taint",
  *run(k) {
    const { flags } = k;
    const { namespace } = yield* placeIn(k);
    const dryRun = yield* dryRunOf(k);
    const validation = validationOf(k);
    const given = readArgs(k);
    yield* validate(k, given);
    const [all, labelSelector] = [flags.bool("all"), flags.string("selector")];
    const names = { type: "node", names: given.resources.slice(1) };
    const result: Result = yield* k.build({
      namespace,
      continueOnError: true,
      latest: true,
      ...(all || labelSelector ? { types: ["node"], all, labelSelector } : { names }),
    });
    const overwrite = flags.bool("overwrite");
    yield* result.visit(function* (info): Work<void> {
      const node = info.object as KubeObject;
      const own = (node["spec"] ?? {}) as { taints?: Taint[] };
      const old = own.taints ?? [];
      const there = given.add
        .filter((add) => old.some(({ key, effect }) => key === add.key && effect === add.effect))
        .map(({ key }) => key);
      if (!overwrite && there.length > 0)
        throw new Failure(
          `node ${info.name} already has ${there.join(",")} taint(s) with same effect(s) and --overwrite is false`,
        );
      const { taints, operation } = changed(old, given, overwrite);
      // Nothing tells that it was a dry run, with the real one as well.
      const print = yield* printerOf(k.flags, { operation });
      const { taints: _taints, ...spec } = own;
      if (dryRun === "client") {
        k.out(print({ ...node, spec: { ...spec, ...(taints.length ? { taints } : {}) } }));
        return;
      }
      const patch = { spec: { taints: taints.length ? taints : null } };
      const options = { contentType: mergePatchType, dryRun, validation };
      k.out(print(yield* patchObject(k, info, patch, options)));
    });
  },
};
