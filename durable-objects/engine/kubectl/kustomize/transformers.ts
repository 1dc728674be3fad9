/** What a kustomization does to all of its objects: names, namespaces, labels, annotations, images, replicas, replacements. */
import { Failure } from "../errors.ts";
import { byText } from "../go/json.ts";
import type { KubeObject } from "../objects.ts";
import { hashOf } from "./generators.ts";
import { replace } from "./replacements.ts";
import type { Resource, Transformers } from "./types.ts";
import { renameReferences } from "./references.ts";

const clusterWide = new Set(
  "Namespace Node PersistentVolume ClusterRole ClusterRoleBinding StorageClass CustomResourceDefinition PriorityClass IngressClass APIService MutatingWebhookConfiguration ValidatingWebhookConfiguration CSIDriver RuntimeClass".split(
    " ",
  ),
);
const workloads = new Set(
  "Deployment StatefulSet DaemonSet ReplicaSet ReplicationController Job CronJob".split(" "),
);

type Json = Record<string, unknown>;

const template = (object: KubeObject): Json | undefined => {
  const spec = object["spec"] as Json | undefined;
  const job = object.kind === "CronJob" ? (spec?.["jobTemplate"] as Json | undefined) : undefined;
  return ((job?.["spec"] as Json | undefined) ?? spec)?.["template"] as Json | undefined;
};

function withMeta(target: Json, field: "labels" | "annotations", pairs: object): void {
  const metadata = (target["metadata"] ?? {}) as Json;
  target["metadata"] = { ...metadata, [field]: { ...(metadata[field] as object), ...pairs } };
}

function addLabels(
  object: KubeObject,
  pairs: object,
  selectors: boolean,
  templates: boolean,
): void {
  withMeta(object, "labels", pairs);
  if (!workloads.has(object.kind ?? "") && object.kind !== "Service") return;
  const spec = object["spec"] as Json | undefined;
  const inside = template(object);
  if (inside && (selectors || templates)) withMeta(inside, "labels", pairs);
  if (!selectors || !spec) return;
  if (object.kind === "Service" || object.kind === "ReplicationController") {
    if (spec["selector"]) spec["selector"] = { ...(spec["selector"] as object), ...pairs };
  } else if (!["Job", "CronJob"].includes(object.kind ?? "")) {
    const selector = (spec["selector"] ?? {}) as Json;
    const matchLabels = { ...(selector["matchLabels"] as object | undefined), ...pairs };
    spec["selector"] = { ...selector, matchLabels };
  }
}

function image(given: string, rules: NonNullable<Transformers["images"]>): string {
  const [tagged = ""] = given.split("@");
  const colon = tagged.indexOf(":", tagged.lastIndexOf("/") + 1);
  const name = colon < 0 ? tagged : tagged.slice(0, colon);
  const tag = given.slice(name.length);
  const rule = rules.find((one) => one.name === name);
  if (!rule) return given;
  const after = rule.newTag
    ? `:${rule.newTag}${rule.digest ? `@${rule.digest}` : ""}`
    : rule.digest
      ? `@${rule.digest}`
      : `${tag}${rule.tagSuffix ?? ""}`;
  return `${rule.newName || name}${after}`;
}

function setImages(value: unknown, rules: NonNullable<Transformers["images"]>): void {
  if (Array.isArray(value)) return value.forEach((one) => setImages(one, rules));
  if (typeof value !== "object" || value === null) return;
  const table = value as Json;
  for (const [key, inner] of Object.entries(table)) {
    if (["containers", "initContainers"].includes(key) && Array.isArray(inner))
      for (const one of inner as Json[])
        if (typeof one["image"] === "string") one["image"] = image(one["image"], rules);
    setImages(inner, rules);
  }
}

const order =
  "Namespace ResourceQuota StorageClass CustomResourceDefinition ServiceAccount PodSecurityPolicy Role ClusterRole RoleBinding ClusterRoleBinding ConfigMap Secret Endpoints Service LimitRange PriorityClass PersistentVolume PersistentVolumeClaim Deployment StatefulSet CronJob PodDisruptionBudget".split(
    " ",
  );
const placeOf = ({ kind = "" }: KubeObject): number => {
  if (/WebhookConfiguration$/.test(kind)) return order.length + 1;
  const at = order.indexOf(kind);
  return at < 0 ? order.length : at;
};

/** Namespaces first, webhooks last. k8s: kustomize/api/internal/builtins/SortOrderTransformer.go */
function sorted(resources: readonly Resource[]): Resource[] {
  const text = ({ object }: Resource): string =>
    `${object.apiVersion}/${object.kind}/${object.metadata?.namespace ?? ""}/${object.metadata?.name}`;
  return resources.toSorted(
    (a, b) => placeOf(a.object) - placeOf(b.object) || byText(text(a), text(b)),
  );
}

/** The objects after a kustomization's fields; `last`: it is the outermost, and hashes and order come in. */
export function transform(
  config: Transformers,
  given: readonly Resource[],
  last: boolean,
): Resource[] {
  const resources = given.map((one) => ({ ...one, object: structuredCopy(one.object) }));
  const labels = config.labels ?? [];
  for (const { object } of resources) {
    const meta = (object.metadata ??= {});
    if (config.namespace && !clusterWide.has(object.kind ?? "")) meta.namespace = config.namespace;
    if (config.namespace && object.kind === "Namespace") meta.name = config.namespace;
    else if (object.kind !== "CustomResourceDefinition" && object.kind !== "Namespace")
      meta.name = `${config.namePrefix ?? ""}${meta.name ?? ""}${config.nameSuffix ?? ""}`;
    for (const { pairs = {}, includeSelectors = false, includeTemplates = false } of labels)
      addLabels(object, pairs, includeSelectors, includeTemplates);
    if (config.commonLabels) addLabels(object, config.commonLabels, true, true);
    if (config.commonAnnotations) {
      withMeta(object, "annotations", config.commonAnnotations);
      const inside = template(object);
      if (inside) withMeta(inside, "annotations", config.commonAnnotations);
    }
    if (config.images) setImages(object, config.images);
  }
  setReplicas(config, resources);
  for (const one of config.replacements ?? []) replace(one, resources);
  if (last)
    for (const one of resources)
      if (one.hashed && one.object.metadata)
        one.object.metadata.name = `${one.object.metadata.name}-${hashOf(one.object)}`;
  renameReferences(resources);
  return last ? sorted(resources) : resources;
}

const structuredCopy = (object: KubeObject): KubeObject =>
  JSON.parse(JSON.stringify(object)) as KubeObject;

function setReplicas(config: Transformers, resources: readonly Resource[]): void {
  for (const { name, count } of config.replicas ?? []) {
    const meant = resources.filter(
      ({ object, origin }) =>
        (origin.name === name || object.metadata?.name === name) &&
        ["Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"].includes(
          object.kind ?? "",
        ),
    );
    if (meant.length === 0)
      throw new Failure(
        `resource with name ${name} does not match a config with the following GVK [Deployment.[noVer].[noGrp] StatefulSet.[noVer].[noGrp] ReplicaSet.[noVer].[noGrp] ReplicationController.[noVer].[noGrp]]`,
      );
    for (const { object } of meant)
      object["spec"] = { ...(object["spec"] as object | undefined), replicas: count };
  }
}
