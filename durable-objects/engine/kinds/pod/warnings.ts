/** Warnings about Pods and templates. k8s: pkg/api/pod/warnings.go warningsForPodSpecAndMeta */
import { lookup } from "../../core/lookup.ts";
import { trimEndOf } from "../../core/trim.ts";
import type {
  ContainerPort,
  NodeSelectorTerm,
  PodAffinity,
  PodAntiAffinity,
} from "kubernetes-types/core/v1";
import { goQuote } from "../../machinery/field.ts";
import { ipWarnings } from "../../machinery/ip.ts";
import { dns1123Label, labelValue } from "../../machinery/names.ts";
import { appArmorPrefix } from "./validation/annotations-and-template.ts";
import type { ObjectMeta } from "../../core/object.ts";
import { parseQuantity, quantityMilliValue } from "../../machinery/quantity.ts";
import { deprecatedNodeLabels } from "../node-labels.ts";
import {
  type Container,
  type EphemeralContainer,
  type PodSpec,
  type PodTemplateSpec,
  type Volume,
  containersOf,
} from "./types.ts";

const deprecatedAnnotations: Record<string, string> = lookup({
  "scheduler.alpha.kubernetes.io/critical-pod":
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  "security.alpha.kubernetes.io/sysctls":
    'non-functional in v1.11+; use the "sysctls" field instead',
  "security.alpha.kubernetes.io/unsafe-sysctls":
    'non-functional in v1.11+; use the "sysctls" field instead',
});

const deprecatedVolumes: Record<string, string> = lookup({
  photonPersistentDisk: "deprecated in v1.11, non-functional in v1.16+",
  gitRepo: "deprecated in v1.11, and disabled by default in v1.33+",
  scaleIO: "deprecated in v1.16, non-functional in v1.22+",
  flocker: "deprecated in v1.22, non-functional in v1.25+",
  storageos: "deprecated in v1.22, non-functional in v1.25+",
  quobyte: "deprecated in v1.22, non-functional in v1.25+",
  glusterfs: "deprecated in v1.25, non-functional in v1.26+",
  cephfs: "deprecated in v1.28, non-functional in v1.31+",
  rbd: "deprecated in v1.28, non-functional in v1.31+",
});

const seccompPod = "seccomp.security.alpha.kubernetes.io/pod";
const seccompPrefix = "container.seccomp.security.alpha.kubernetes.io/";

const at = (path: string, rest: string): string => (path ? `${path}.${rest}` : rest);

function nodeTerm(term: NodeSelectorTerm, checkValues: boolean, path: string): string[] {
  return (term.matchExpressions ?? []).flatMap((expression, i) => {
    const warnings: string[] = [];
    const text = deprecatedNodeLabels[expression.key];
    if (text) warnings.push(`${path}.matchExpressions[${i}].key: ${expression.key} is ${text}`);
    if (checkValues)
      expression.values?.forEach((value, j) => {
        for (const text of labelValue(value)) {
          warnings.push(
            `${path}.matchExpressions[${i}].values[${j}]: ${value} is invalid, ${text}`,
          );
        }
      });
    return warnings;
  });
}

const noSelector = "a null labelSelector results in matching no pod";

function podTerms(affinity: PodAffinity | PodAntiAffinity | undefined, path: string): string[] {
  const hard = "requiredDuringSchedulingIgnoredDuringExecution";
  const soft = "preferredDuringSchedulingIgnoredDuringExecution";
  return [
    ...(affinity?.[hard] ?? []).flatMap((term, i) =>
      term.labelSelector ? [] : [`${path}.${hard}[${i}].labelSelector: ${noSelector}`],
    ),
    ...(affinity?.[soft] ?? []).flatMap((term, i) =>
      term.podAffinityTerm.labelSelector
        ? []
        : [`${path}.${soft}[${i}].podAffinityTerm.labelSelector: ${noSelector}`],
    ),
  ];
}

function placement(spec: PodSpec, path: string): string[] {
  const warnings: string[] = [];
  for (const key in spec.nodeSelector)
    if (deprecatedNodeLabels[key])
      warnings.push(`${at(path, "spec.nodeSelector")}[${key}]: ${deprecatedNodeLabels[key]}`);
  const nodes = spec.affinity?.nodeAffinity;
  const base = at(path, "spec.affinity.nodeAffinity");
  nodes?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms.forEach((term, i) =>
    warnings.push(
      ...nodeTerm(
        term,
        false,
        `${base}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}]`,
      ),
    ),
  );
  nodes?.preferredDuringSchedulingIgnoredDuringExecution?.forEach((term, i) =>
    warnings.push(
      ...nodeTerm(
        term.preference,
        true,
        `${base}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference`,
      ),
    ),
  );
  spec.topologySpreadConstraints?.forEach((constraint, i) => {
    const where = at(path, `spec.topologySpreadConstraints[${i}]`);
    const text = deprecatedNodeLabels[constraint.topologyKey];
    if (text) warnings.push(`${where}.topologyKey: ${constraint.topologyKey} is ${text}`);
    if (!constraint.labelSelector) warnings.push(`${where}.labelSelector: ${noSelector}`);
  });
  return warnings;
}

function volumes(spec: PodSpec, path: string): string[] {
  return (spec.volumes ?? []).flatMap((volume, i) =>
    Object.keys(deprecatedVolumes)
      .filter((key) => volume[key as keyof Volume])
      .map((key) => {
        const name = key === "storageos" ? "storageOS" : key;
        return `${at(path, `spec.volumes[${i}].${name}`)}: ${deprecatedVolumes[key]}`;
      }),
  );
}

interface Mapping {
  path: string;
  source: string;
}

/** Same path twice, or one inside the other. k8s: checkVolumeMappingForOverlap */
function overlaps(mappings: readonly Mapping[]): string[] {
  const inside = (a: string, b: string): boolean =>
    `${b}/`.startsWith(a.endsWith("/") ? a : `${a}/`);
  const sorted = [...mappings].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const shown = (m: Mapping): string => goQuote(m.path) + (m.source ? ` (${m.source})` : "");
  const out: string[] = [];
  sorted.forEach((mapping, i) => {
    for (const other of sorted.slice(0, i))
      if (inside(other.path, mapping.path)) out.push(`${shown(mapping)} with ${shown(other)}`);
  });
  return out;
}

const paths = (items: readonly { path: string }[] | undefined, source: string): Mapping[] =>
  (items ?? []).map((item) => ({ path: trimEndOf(item.path, "/"), source }));

function virtualPaths(volume: Volume): string[] {
  const warn = (what: string, found: string[]): string[] =>
    found.map((body) => `volume ${goQuote(volume.name)} (${what}): overlapping paths: ${body}`);
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap?.items)
    return warn(`ConfigMap ${goQuote(configMap.name ?? "")}`, overlaps(paths(configMap.items, "")));
  if (secret?.items)
    return warn(`Secret ${goQuote(secret.secretName ?? "")}`, overlaps(paths(secret.items, "")));
  if (downwardAPI?.items) return warn("DownwardAPI", overlaps(paths(downwardAPI.items, "")));
  if (!projected) return [];
  const warnings: string[] = [];
  const all: Mapping[] = [];
  for (const source of projected.sources ?? []) {
    if (Object.keys(source).length === 0)
      warnings.push(`volume ${goQuote(volume.name)} (Projected) has no sources provided`);
    if (source.configMap)
      all.push(
        ...paths(source.configMap.items, `ConfigMap ${goQuote(source.configMap.name ?? "")}`),
      );
    if (source.secret)
      all.push(...paths(source.secret.items, `Secret ${goQuote(source.secret.name ?? "")}`));
    if (source.downwardAPI) all.push(...paths(source.downwardAPI.items, "DownwardAPI"));
    if (source.serviceAccountToken)
      all.push({ path: source.serviceAccountToken.path, source: "ServiceAccountToken" });
  }
  return [...warnings, ...warn("Projected", overlaps(all))];
}

function repeated(values: readonly string[], warn: (i: number, value: string) => string): string[] {
  const seen = new Set<string>();
  return values.flatMap((value, i) => {
    if (seen.has(value)) return [warn(i, value)];
    seen.add(value);
    return [];
  });
}

function fractional(list: Record<string, unknown> | undefined, path: string): string[] {
  return ["memory", "ephemeral-storage"].flatMap((name) => {
    const quantity = list?.[name] === undefined ? undefined : parseQuantity(String(list[name]));
    return quantity && quantityMilliValue(quantity) % 1000 !== 0
      ? [
          `${path}[${name}]: fractional byte value ${goQuote(quantity.text)} is invalid, must be an integer`,
        ]
      : [];
  });
}

type AnyContainer = Container | EphemeralContainer;

/** A second definition of a variable is fine only if it builds on the first. */
function environment(container: AnyContainer, path: string): string[] {
  const seen = new Set<string>();
  return (container.env ?? []).flatMap((variable, i) => {
    const { name, value = "" } = variable;
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const reference = `$(${name})`;
    const bad = variable.valueFrom || value === reference || !value.includes(reference);
    return bad
      ? [
          `${path}.env[${i}]: hides previous definition of ${goQuote(name)}, which may be dropped when using apply`,
        ]
      : [];
  });
}

function profiles(
  container: AnyContainer,
  annotations: Record<string, string>,
  path: string,
): string[] {
  const warnings: string[] = [];
  const metadata = at(path, "metadata.annotations");
  const seccomp = seccompPrefix + container.name;
  if (!container.securityContext?.seccompProfile && annotations[seccomp] !== undefined)
    warnings.push(
      `${metadata}[${seccomp}]: non-functional in v1.27+; use the "seccompProfile" field instead`,
    );
  const armor = appArmorPrefix + container.name;
  if (path && !container.securityContext?.appArmorProfile && annotations[armor] !== undefined)
    warnings.push(
      `${metadata}[${armor}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
    );
  return warnings;
}

function samePort(a: ContainerPort, b: ContainerPort): string | undefined {
  const [hostA, hostB] = [a.hostPort ?? 0, b.hostPort ?? 0];
  const [ipA, ipB] = [a.hostIP ?? "", b.hostIP ?? ""];
  if (ipA === ipB && hostA === hostB) return "duplicate";
  if (hostA === 0 || hostB === 0) return "overlapping";
  return hostA === hostB && (ipA === "") !== (ipB === "") ? "dangerously ambiguous" : undefined;
}

function ports(spec: PodSpec, path: string): string[] {
  const all: { port: ContainerPort; path: string }[] = [];
  const warnings: string[] = [];
  const names = new Map<string, string>();
  const named: string[] = [];
  for (const [container, base] of containersOf(spec, at(path, "spec")))
    container.ports?.forEach((port, i) => {
      const here = `${base}.ports[${i}]`;
      for (const other of all) {
        if (
          other.port.containerPort !== port.containerPort ||
          other.port.protocol !== port.protocol
        )
          continue;
        const how = samePort(port, other.port);
        if (how) warnings.push(`${here}: ${how} port definition with ${other.path}`);
      }
      all.push({ port, path: here });
      if (!port.name) return;
      const first = names.get(port.name);
      if (first)
        named.push(
          `${here}: duplicate port name ${goQuote(port.name)} with ${first}, services and probes that select ports by name will use ${first}`,
        );
      else names.set(port.name, here);
    });
  return [...warnings, ...named];
}

/** `path` is "" for a Pod and the template's path otherwise. */
export function podWarnings(
  spec: PodSpec,
  metadata: Partial<ObjectMeta> | undefined,
  path: string,
): string[] {
  const annotations = metadata?.annotations ?? {};
  const warnings = placement(spec, path);
  for (const key in deprecatedAnnotations)
    if (annotations[key] !== undefined)
      warnings.push(`${at(path, "metadata.annotations")}[${key}]: ${deprecatedAnnotations[key]}`);
  warnings.push(...volumes(spec, path), ...(spec.volumes ?? []).flatMap(virtualPaths));
  if (spec.hostAliases)
    warnings.push(
      ...repeated(
        spec.hostAliases.map((a) => a.ip ?? ""),
        (i, ip) => `${at(path, `spec.hostAliases[${i}].ip`)}: duplicate ip ${goQuote(ip)}`,
      ),
    );
  const secrets = spec.imagePullSecrets?.map((s) => s.name ?? "") ?? [];
  const secretPath = (i: number): string => at(path, `spec.imagePullSecrets[${i}].name`);
  warnings.push(...repeated(secrets, (i, n) => `${secretPath(i)}: duplicate name ${goQuote(n)}`));
  secrets.forEach((name, i) => {
    if (!name) warnings.push(`${secretPath(i)}: invalid empty name ""`);
  });
  warnings.push(...fractional(spec.overhead, at(path, "spec.overhead")));
  if (!spec.securityContext?.seccompProfile && annotations[seccompPod] !== undefined)
    warnings.push(
      `${at(path, "metadata.annotations")}[${seccompPod}]: non-functional in v1.27+; use the "seccompProfile" field instead`,
    );
  for (const [container, base] of containersOf(spec, at(path, "spec"))) {
    warnings.push(...profiles(container, annotations, path));
    warnings.push(...fractional(container.resources?.limits, `${base}.resources.limits`));
    warnings.push(...fractional(container.resources?.requests, `${base}.resources.requests`));
    if ((container.env?.length ?? 0) > 1) warnings.push(...environment(container, base));
  }
  warnings.push(...ports(spec, path), ...lastWarnings(spec, path));
  return warnings;
}

function lastWarnings(spec: PodSpec, path: string): string[] {
  const warnings: string[] = [];
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0)
    warnings.push(
      `${at(path, "spec.terminationGracePeriodSeconds")}: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  if (spec.affinity) {
    const base = at(path, "spec.affinity");
    warnings.push(...podTerms(spec.affinity.podAffinity, `${base}.podAffinity`));
    warnings.push(...podTerms(spec.affinity.podAntiAffinity, `${base}.podAntiAffinity`));
  }
  spec.dnsConfig?.nameservers?.forEach((ip, i) =>
    warnings.push(...ipWarnings(at(path, `spec.dnsConfig.nameservers[${i}]`), ip)),
  );
  spec.hostAliases?.forEach((alias, i) =>
    warnings.push(...ipWarnings(at(path, `spec.hostAliases[${i}].ip`), alias.ip ?? "")),
  );
  return warnings;
}

/** Go prints a list of messages as `[a b]`. */
const list = (messages: readonly string[]): string => `[${messages.join(" ")}]`;

/** On create only: people do not write to Pods by hand. */
export function warningsOfPod(spec: PodSpec, metadata: ObjectMeta): string[] {
  const messages = dns1123Label(metadata.name);
  return [
    ...(messages.length > 0
      ? [
          `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: ${list(messages)}`,
        ]
      : []),
    ...podWarnings(spec, metadata, ""),
  ];
}

/** Of a workload whose Pods are named after it; `name` only on create. */
export function warningsOfWorkload(
  template: PodTemplateSpec | undefined,
  name: string | undefined,
  path = "spec.template",
): string[] {
  const messages = name === undefined ? [] : dns1123Label(name);
  return [
    ...(messages.length > 0
      ? [
          `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: ${list(messages)}`,
        ]
      : []),
    ...(template ? podWarnings(template.spec, template.metadata, path) : []),
  ];
}
