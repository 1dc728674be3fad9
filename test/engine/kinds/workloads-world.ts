/** Drives a kind's hooks as a write does, without a store: default, admit, prepare, validate. */
import type { FieldError } from "../../../durable-objects/engine/machinery/field.ts";
import {
  validateObjectMeta,
  validateObjectMetaUpdate,
} from "../../../durable-objects/engine/machinery/metadata.ts";
import type { Reader } from "../../../durable-objects/engine/ports/controller.ts";
import type { KubeObject } from "../../../durable-objects/engine/core/object.ts";
import type { Kind, WriteContext } from "../../../durable-objects/engine/kinds/define.ts";
import { Pod } from "../../../durable-objects/engine/kinds/pod/pod.ts";

export const now = Date.UTC(2026, 0, 1, 12);

export const account = (name = "default", more: object = {}): KubeObject =>
  ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace: "default", uid: "u", resourceVersion: "1", creationTimestamp: "" },
    ...more,
  }) as KubeObject;

/** A context whose reader knows the given objects, keyed by resource. */
export function context(
  objects: Record<string, KubeObject[]> = { serviceaccounts: [account()] },
  subresource = "",
): WriteContext {
  const reader = {
    now,
    get: (resource: string, namespace: string, name: string) =>
      objects[resource]?.find(
        (o) => o.metadata.name === name && (o.metadata.namespace ?? "") === namespace,
      ),
    list: (resource: string) => objects[resource] ?? [],
  } as unknown as Reader;
  return {
    reader,
    now,
    subresource,
    random: () => 0.5,
    randomSuffix: (n) => "abcde".slice(0, n),
    simulatesImage: () => false,
    warn: () => undefined,
  };
}

export interface Written<T> {
  object: T;
  /** `field: message`, in order. */
  errors: string[];
  warnings: string[];
}

const shown = (errors: readonly FieldError[]): string[] =>
  errors.map((e) => `${e.field}: ${e.message}`);

const withMeta = <T extends KubeObject>(input: unknown): T => {
  const given = input as T;
  const server = {
    namespace: "default",
    uid: "uid-1",
    resourceVersion: "1",
    creationTimestamp: "2026-01-01T12:00:00Z",
    generation: 1,
  };
  return { ...given, metadata: { ...server, ...(given.metadata as object) } } as T;
};

export function create<T extends KubeObject>(
  kind: Kind<T>,
  input: unknown,
  with_ = context(),
): Written<T> {
  let object = withMeta<T>(input);
  object = kind.applyDefaults?.(object, with_) ?? object;
  object = kind.admit?.(object, undefined, with_) ?? object;
  object = kind.prepareForCreate?.(object, with_) ?? object;
  const errors = [
    ...validateObjectMeta(object.metadata, kind.namespaced, kind.nameRule),
    ...(kind.validateCreate?.(object, with_) ?? []),
  ];
  return {
    object,
    errors: shown(errors),
    warnings: kind.warnings?.(object, undefined) ?? [],
  };
}

export function update<T extends KubeObject>(
  kind: Kind<T>,
  old: T,
  change: (old: T) => unknown,
  subresource = "",
): Written<T> {
  const with_ = context(undefined, subresource);
  let object = change(old) as T;
  object = kind.applyDefaults?.(object, with_) ?? object;
  object = kind.admit?.(object, old, with_) ?? object;
  object = kind.prepareForUpdate?.(object, old, with_) ?? object;
  const own =
    subresource === "status"
      ? kind.validateStatusUpdate?.(object, old, with_)
      : kind.validateUpdate?.(object, old, with_);
  const errors = [...validateObjectMetaUpdate(object.metadata, old.metadata), ...(own ?? [])];
  return { object, errors: shown(errors), warnings: kind.warnings?.(object, old) ?? [] };
}

/** A Pod with one nginx, changed by `spec`. */
export const pod = (spec: object = {}, metadata: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", ...metadata },
  spec: { containers: [{ name: "c", image: "nginx:1.27" }], ...spec },
});

/** One container, changed. */
export const withContainer = (container: object): object =>
  pod({ containers: [{ name: "c", image: "nginx:1.27", ...container }] });

export const podErrors = (input: object): string[] => create(Pod, input).errors;

/** A workload's spec around a template. */
export const workload = (spec: object = {}, template: object = {}): object => ({
  metadata: { name: "web" },
  spec: {
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "c", image: "nginx:1.27" }], ...template },
    },
    ...spec,
  },
});
