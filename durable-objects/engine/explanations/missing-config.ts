/** ConfigMaps, Secrets and keys that a Pod refers to and that are not there. */
import type { ConfigMap } from "../kinds/config-map.ts";
import type { Secret } from "../kinds/secret.ts";
import type { Container, Pod } from "../kinds/pod/types.ts";
import { usedVolumes } from "../kubelet/volumes/volume-problems.ts";
import { containersOf, recordOf } from "./containers.ts";
import {
  about,
  inNamespace,
  listed,
  mend,
  nameOf,
  near,
  seconds,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";

interface Reference {
  resource: "configmaps" | "secrets";
  name: string;
  key?: string;
  /** Path of the reference in the Pod. */
  field: string;
}

interface Ref {
  name?: string;
  key?: string;
  optional?: boolean;
}

function reference(
  resource: Reference["resource"],
  ref: Ref | undefined,
  field: string,
): Reference[] {
  if (!ref || ref.optional) return [];
  return [{ resource, name: ref.name ?? "", ...(ref.key ? { key: ref.key } : {}), field }];
}

function ofEnvironment(container: Container, path: string): Reference[] {
  const all = (container.envFrom ?? []).flatMap((from, i) => [
    ...reference("configmaps", from.configMapRef, `${path}.envFrom[${i}].configMapRef`),
    ...reference("secrets", from.secretRef, `${path}.envFrom[${i}].secretRef`),
  ]);
  for (const [i, { valueFrom }] of (container.env ?? []).entries()) {
    const at = `${path}.env[${i}].valueFrom`;
    all.push(
      ...reference("configmaps", valueFrom?.configMapKeyRef, `${at}.configMapKeyRef`),
      ...reference("secrets", valueFrom?.secretKeyRef, `${at}.secretKeyRef`),
    );
  }
  return all;
}

interface Source {
  items?: { key: string }[];
  optional?: boolean;
  name?: string;
}

function ofSource(
  resource: Reference["resource"],
  given: Source | undefined,
  field: string,
): Reference[] {
  const whole = reference(resource, given, field);
  if (!given?.items?.length || whole.length === 0) return whole;
  return given.items.map(({ key }) => ({ ...(whole[0] as Reference), key }));
}

function ofVolumes(pod: Pod): Reference[] {
  return usedVolumes(pod).flatMap((volume) => {
    const field = `spec.volumes[${pod.spec.volumes?.indexOf(volume) ?? 0}]`;
    const { secret, configMap, projected } = volume;
    return [
      ...ofSource("configmaps", configMap as Source, `${field}.configMap`),
      ...ofSource(
        "secrets",
        secret && { ...(secret as Source), name: secret.secretName ?? "" },
        `${field}.secret`,
      ),
      ...(projected?.sources ?? []).flatMap((source) => [
        ...ofSource("configmaps", source.configMap as Source, `${field}.projected`),
        ...ofSource("secrets", source.secret as Source, `${field}.projected`),
      ]),
    ];
  });
}

type Data = ConfigMap & Secret;

/** Whether what is referred to is not there: the whole object, or its key. */
function problemOf({ client }: Scope, pod: Pod, ref: Reference): "object" | "key" | undefined {
  const found = client.get<Data>(ref.resource, pod.metadata.namespace ?? "", ref.name);
  if (!found) return "object";
  if (ref.key === undefined) return undefined;
  return (found.data?.[ref.key] ?? found.binaryData?.[ref.key])
    ? undefined
    : keyMissing(found, ref.key);
}

const keyMissing = (found: Data, key: string): "key" | undefined =>
  key in { ...found.data, ...found.binaryData } ? undefined : "key";

function missingConfig(scope: Scope, pod: Pod): Found | undefined {
  if (!pod.spec.nodeName || pod.metadata.deletionTimestamp) return undefined;
  const views = containersOf(scope, pod).filter(({ record }) => record.state !== "running");
  if (views.length === 0) return undefined;
  const record = recordOf(scope, pod);
  for (const ref of ofVolumes(pod)) {
    const problem = problemOf(scope, pod, ref);
    if (problem)
      return missing(scope, pod, ref, problem, "mount the volume", record?.mount?.retryAtMs);
  }
  for (const view of views) {
    for (const ref of ofEnvironment(view.container, view.path)) {
      const problem = problemOf(scope, pod, ref);
      const doing = `start container ${view.container.name}`;
      if (problem) return missing(scope, pod, ref, problem, doing, view.record.retryAtMs);
    }
  }
  return undefined;
}

function missing(
  scope: Scope,
  pod: Pod,
  ref: Reference,
  problem: "object" | "key",
  doing: string,
  retryAtMs: number | undefined,
): Found {
  const { client, mayRead, now } = scope;
  const namespace = pod.metadata.namespace ?? "";
  const kind = ref.resource === "secrets" ? "Secret" : "ConfigMap";
  const word = ref.resource === "secrets" ? "secret generic" : "configmap";
  const may = (name: string): boolean => mayRead(ref.resource, namespace, name);
  const found = client.get<Data>(ref.resource, namespace, ref.name);
  const known =
    problem === "key"
      ? may(ref.name)
        ? Object.keys({ ...found?.data, ...found?.binaryData })
        : []
      : client
          .list(ref.resource, namespace)
          .map((o) => o.metadata.name)
          .filter(may);
  const others = near(problem === "key" ? (ref.key ?? "") : ref.name, known);
  const hint = others.length ? ` (there is ${listed(others)})` : "";
  const what =
    problem === "key"
      ? `${kind} ${namespace}/${ref.name} has no key ${ref.key}${hint}`
      : `${kind} ${namespace}/${ref.name} does not exist${hint}`;
  const next =
    retryAtMs !== undefined && retryAtMs > now
      ? ` The next try is in ${seconds(retryAtMs - now)}.`
      : "";
  const command =
    problem === "key"
      ? `kubectl patch ${kind.toLowerCase()} ${ref.name}${inNamespace(pod)} --type=merge -p '{"${kind === "Secret" ? "stringData" : "data"}":{"${ref.key}":"VALUE"}}'`
      : `kubectl create ${word} ${ref.name} --from-literal=${ref.key ?? "KEY"}=VALUE${inNamespace(pod)}`;
  return {
    sentence: `${nameOf(pod)} cannot ${doing}: ${what}.${next}`,
    evidence: [
      about(pod, `refers to ${kind} ${ref.name}${ref.key ? `, key ${ref.key}` : ""}`, {
        field: ref.field,
      }),
      about(pod, what, { event: doing.startsWith("mount") ? "FailedMount" : "Failed" }),
      ...(found && may(ref.name) ? [about(found, `has the keys ${listed(known, 8)}`)] : []),
    ],
    mend: [
      mend(problem === "key" ? "Add the key" : "Create it", command),
      mend(
        "Or mark the reference `optional: true`",
        `kubectl explain pod.${ref.field.replace(/\[\d+\]/g, "")}`,
      ),
    ],
    decidedBy: "kubelet",
    reason: what,
  };
}

/** Rows about configuration. */
export const config: Situation[] = [
  { name: "ConfigMap, Secret or key missing", of: ["pods"], find: missingConfig },
];
