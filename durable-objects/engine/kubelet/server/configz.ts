/** /configz: a node's configuration file over what holds where it says nothing. k8s: component-base/configz/configz.go */
import { runtimeContext, runtime } from "../../cri/runtime.ts";
import type { Client } from "../../ports/controller.ts";
import { DecodeError } from "../../schema/decode.ts";
import { parseYaml } from "../../schema/yaml.ts";
import { kubeletConfigPath } from "../../runtime/node/kubelet-configuration.ts";
import { defaults } from "./config-facts.ts";

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A zero in a file is nothing said. */
const isSaid = (value: unknown): boolean =>
  value !== null && value !== "" && value !== "0s" && value !== 0;

function over(known: Fields, said: Fields): Fields {
  const result: Record<string, unknown> = { ...known };
  for (const [name, value] of Object.entries(said)) {
    const before = known[name];
    if (isFields(value)) result[name] = over(isFields(before) ? before : {}, value);
    else if (isSaid(value)) result[name] = value;
  }
  return result;
}

function fileOf(client: Client, node: string): Fields {
  const text = runtime.hostFiles?.(runtimeContext(client), node)[kubeletConfigPath] ?? "";
  try {
    const { value } = parseYaml(text);
    return isFields(value) ? value : {};
  } catch (error) {
    // It is read when a kubelet starts; one that runs was started with another.
    if (error instanceof DecodeError) return {};
    throw error;
  }
}

/** What a node's kubelet is configured to. */
export function configOf(client: Client, node: string): object {
  const { apiVersion: _version, kind: _kind, ...said } = fileOf(client, node);
  return { kubeletconfig: over(defaults, said) };
}
