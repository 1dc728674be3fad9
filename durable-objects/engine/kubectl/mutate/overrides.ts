/** `--overrides`: what is changed of a generated object. k8s: kubectl/pkg/cmd/util/override_options.go */
import type { Kubectl } from "../command.ts";
import { Failure } from "../errors.ts";
import { jsonProblem } from "../go/json-error.ts";
import type { KubeObject } from "../objects.ts";
import { mergeInto } from "./merge-diff.ts";

type Table = Record<string, unknown>;

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Lists whose items are told apart by a field are merged by it. */
const mergeKeys: Record<string, string> = {
  containers: "name",
  initContainers: "name",
  ephemeralContainers: "name",
  env: "name",
  volumes: "name",
  volumeMounts: "mountPath",
  imagePullSecrets: "name",
};

function mergeLists(key: string, old: readonly unknown[], added: readonly unknown[]): unknown[] {
  const by = key === "ports" ? portKey(added) : mergeKeys[key];
  if (by === undefined) return [...added];
  const out = [...old];
  for (const item of added) {
    const named = isTable(item) ? item[by] : undefined;
    const at = out.findIndex((one) => isTable(one) && one[by] === named);
    if (at < 0) out.push(item);
    else if (isTable(item) && item["$patch"] === "delete") out.splice(at, 1);
    else out[at] = strategic(out[at], item);
  }
  return out;
}

const portKey = (ports: readonly unknown[]): string =>
  ports.some((one) => isTable(one) && "containerPort" in one) ? "containerPort" : "port";

/** As a strategic merge patch of the kinds that are generated. */
function strategic(value: unknown, patch: unknown): unknown {
  if (!isTable(patch)) return patch;
  const out: Table = isTable(value) ? { ...value } : {};
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) delete out[key];
    else if (Array.isArray(change) && Array.isArray(out[key]))
      out[key] = mergeLists(key, out[key] as unknown[], change);
    else out[key] = strategic(out[key], change);
  }
  return out;
}

interface Operation {
  op: string;
  path: string;
  value?: unknown;
}

/** RFC 6902, the operations that change an object. */
function jsonPatched(object: KubeObject, operations: readonly Operation[]): KubeObject {
  const out = JSON.parse(JSON.stringify(object)) as Table;
  for (const { op, path, value } of operations) {
    const keys = path
      .split("/")
      .slice(1)
      .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = keys.pop() ?? "";
    let at: unknown = out;
    for (const key of keys) at = (at as Table | undefined)?.[key];
    if (typeof at !== "object" || at === null)
      throw new Failure(
        `${op} operation does not apply: doc is missing path: "${path}": missing value`,
      );
    if (Array.isArray(at)) {
      const index = last === "-" ? at.length : Number(last);
      if (op === "remove") at.splice(index, 1);
      else at.splice(index, op === "replace" ? 1 : 0, value);
    } else if (op === "remove") delete (at as Table)[last];
    else (at as Table)[last] = value;
  }
  return out;
}

/** An object with what `--overrides` says. */
export function overridden(k: Kubectl, object: KubeObject): KubeObject {
  const text = k.flags.string("overrides");
  if (text === "") return object;
  const kind = k.flags.string("override-type");
  if (!["json", "merge", "strategic"].includes(kind))
    throw new Failure(`invalid override type: ${kind}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Failure(kind === "merge" ? "Invalid JSON Patch" : jsonProblem(text).message);
  }
  if (kind === "json") return jsonPatched(object, value as Operation[]);
  return (kind === "merge" ? mergeInto(object, value) : strategic(object, value)) as KubeObject;
}
