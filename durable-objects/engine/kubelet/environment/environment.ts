/** A container's environment. k8s: pkg/kubelet/kubelet_pods.go makeEnvironmentVariables */
import { argumentBytesMax } from "../../core/limits.ts";
import type { Secret } from "../../kinds/secret.ts";
import type { ConfigMap } from "../../kinds/config-map.ts";
import type { Reader } from "../../ports/controller.ts";
import { decodeUtf8 } from "../../core/utf8.ts";
import { fromBase64 } from "../../machinery/base64.ts";
import { type DownwardInput, fieldText, findContainer, resourceText } from "./downward.ts";
import { envFileValue } from "./env-file.ts";
import { serviceVariables } from "./service-env.ts";
import { type Container, type EnvVar, runningUid } from "../../kinds/pod/types.ts";

export type EnvResult = { env: { name: string; value: string }[] } | { error: string };

/**
 * Expands `$(NAME)`; `$$` is a dollar, an unknown name stays as written. Variables that name variables double in length each
 * time, so what no program can be started with any more is not made longer.
 * k8s: third_party/forked/golang/expansion/expand.go
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let out = "";
  for (let i = 0; i < text.length && out.length <= argumentBytesMax; i++) {
    const c = text[i];
    const next = text[i + 1];
    if (c !== "$" || next === undefined) {
      out += c;
    } else if (next === "$") {
      out += "$";
      i++;
    } else if (next === "(") {
      const end = text.indexOf(")", i + 2);
      if (end < 0) {
        out += "$(";
        i++;
      } else {
        const name = text.slice(i + 2, end);
        out += lookup(name) ?? `$(${name})`;
        i = end;
      }
    } else {
      out += c + next;
      i++;
    }
  }
  return out;
}

type Source = { data: Record<string, string> } | { missing: string };

class Sources {
  readonly #reader: Reader;
  readonly #namespace: string;
  constructor(reader: Reader, namespace: string) {
    this.#reader = reader;
    this.#namespace = namespace;
  }
  configMap(name: string): Source {
    const found = this.#reader.get<ConfigMap>("configmaps", this.#namespace, name);
    return found ? { data: found.data ?? {} } : { missing: `configmap "${name}" not found` };
  }
  secret(name: string): Source {
    const found = this.#reader.get<Secret>("secrets", this.#namespace, name);
    if (!found) return { missing: `secret "${name}" not found` };
    const data: Record<string, string> = {};
    for (const [key, text] of Object.entries(found.data ?? {}))
      data[key] = decodeUtf8(fromBase64(text));
    return { data };
  }
}

type Value = { text: string } | { error: string } | undefined;

function keyed(
  source: Source,
  ref: { name?: string; key: string; optional?: boolean },
  what: string,
  namespace: string,
): Value {
  if ("missing" in source) return ref.optional ? undefined : { error: source.missing };
  const text = source.data[ref.key];
  if (text !== undefined) return { text };
  if (ref.optional) return undefined;
  return { error: `couldn't find key ${ref.key} in ${what} ${namespace}/${ref.name ?? ""}` };
}

function fromSource(
  variable: EnvVar,
  container: Container,
  input: EnvInput,
  sources: Sources,
): Value {
  const from = variable.valueFrom;
  const namespace = input.pod.metadata.namespace ?? "";
  if (from?.fieldRef) return fieldText(from.fieldRef.fieldPath, input);
  if (from?.resourceFieldRef) {
    const ref = from.resourceFieldRef;
    const target = ref.containerName ? findContainer(input.pod, ref.containerName) : container;
    if (!target) return { error: `container ${ref.containerName} not found` };
    return resourceText(target, ref.resource, ref.divisor, input);
  }
  if (from?.configMapKeyRef) {
    const ref = from.configMapKeyRef;
    return keyed(sources.configMap(ref.name ?? ""), ref, "ConfigMap", namespace);
  }
  if (from?.secretKeyRef) {
    const ref = from.secretKeyRef;
    return keyed(sources.secret(ref.name ?? ""), ref, "Secret", namespace);
  }
  const file = (from as { fileKeyRef?: FileKeyRef } | undefined)?.fileKeyRef;
  if (file) return fromFile(file, input);
  return { text: "" };
}

interface FileKeyRef {
  volumeName: string;
  path: string;
  key: string;
  optional?: boolean;
}

function fromFile(ref: FileKeyRef, { pod, volumeText }: EnvInput): Value {
  const { volumeName, path, key } = ref;
  if (!pod.spec.volumes?.some((volume) => volume.name === volumeName))
    return { error: `cannot find the volume "${volumeName}" referenced by FileKeyRef` };
  const text = volumeText(volumeName, path);
  // A file that is not there cannot be parsed, optional or not.
  const value = text === undefined ? undefined : envFileValue(text, key);
  if (value === undefined) return { error: "couldn't parse env file" };
  if (value !== "") return { text: value };
  if (ref.optional) return undefined;
  const place = `/var/lib/kubelet/pods/${runningUid(pod)}/volumes/kubernetes.io~empty-dir/${volumeName}/${path}`;
  return { error: `environment variable key "${key}" not found in file "${place}"` };
}

export interface EnvInput extends DownwardInput {
  /** A file of one of the Pod's volumes. */
  volumeText(volume: string, path: string): string | undefined;
}

/** Declared variables (envFrom first, env over them), then what Services add. */
export function containerEnv(reader: Reader, container: Container, input: EnvInput): EnvResult {
  const namespace = input.pod.metadata.namespace ?? "";
  const links = input.pod.spec.enableServiceLinks !== false;
  const { texts: services, env } = serviceVariables(reader, namespace, links);
  if (!container.envFrom?.length && !container.env?.length) return { env };
  const sources = new Sources(reader, namespace);
  const declared = new Map<string, string>();
  for (const from of container.envFrom ?? []) {
    const ref = from.configMapRef ?? from.secretRef;
    if (!ref) continue;
    const source = from.configMapRef
      ? sources.configMap(ref.name ?? "")
      : sources.secret(ref.name ?? "");
    if ("missing" in source) {
      if (ref.optional) continue;
      return { error: source.missing };
    }
    for (const key of Object.keys(source.data).sort()) {
      declared.set(`${from.prefix ?? ""}${key}`, source.data[key] ?? "");
    }
  }
  const lookup = (name: string): string | undefined => declared.get(name) ?? services.get(name);
  for (const variable of container.env ?? []) {
    const found: Value = variable.value
      ? { text: expand(variable.value, lookup) }
      : fromSource(variable, container, input, sources);
    if (!found) continue;
    if ("error" in found) return found;
    declared.set(variable.name, found.text);
  }
  for (const [name, text] of services) if (!declared.has(name)) declared.set(name, text);
  return { env: [...declared].map(([name, text]) => ({ name, value: text })) };
}

/** Command and args with `$(NAME)` taken from the environment. k8s: ExpandContainerCommandAndArgs */
export function expandAll(
  texts: readonly string[] | undefined,
  env: readonly { name: string; value: string }[],
): string[] | undefined {
  if (!texts) return undefined;
  const map = new Map(env.map((e) => [e.name, e.value]));
  return texts.map((text) => expand(text, (name) => map.get(name)));
}
