/** What may change about a Pod. k8s: core/validation ValidatePodUpdate and the subresources' */
import type { NodeSelectorTerm, Toleration } from "kubernetes-types/core/v1";
import { equal } from "../../../core/equal.ts";
import type { Container, Pod, PodSpec } from "../types.ts";
import { qosClass } from "../resources.ts";
import { type FieldError, forbiddenField, invalid, required } from "../../../machinery/field.ts";
import { semanticEqual } from "../../../machinery/metadata.ts";
import { rangeText } from "../../../machinery/names.ts";
import { validateImageSpace } from "./containers.ts";
import { appArmorPrefix, mirrorAnnotation, validatePodParts } from "./annotations-and-template.ts";
import { validateTolerations } from "./scheduling.ts";
import { containerDiff, internal, podSpecDiff } from "../../message-diff.ts";

const updatable = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
].join(",");

/** k8s: ValidatePodSpecificAnnotationUpdates */
export function validateAnnotationUpdates(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = [];
  const now = pod.metadata.annotations ?? {};
  const before = old.metadata.annotations ?? {};
  if (now === before) return errors;
  const check = (key: string, verb: string): void => {
    const at = `metadata.annotations[${key}]`;
    if (key.startsWith(appArmorPrefix))
      errors.push(forbiddenField(at, `may not ${verb} AppArmor annotations`));
    if (key === mirrorAnnotation)
      errors.push(forbiddenField(at, `may not ${verb} mirror pod annotation`));
  };
  for (const key in before) if (now[key] !== before[key]) check(key, "remove or update");
  for (const key in now) if (before[key] === undefined) check(key, "add");
  return errors;
}

/** Undefined: the lists do not pair up, so nothing further can be compared. k8s: ValidateContainerUpdates */
function validateImages(
  now: readonly Container[],
  old: readonly Container[],
  path: string,
): FieldError[] | undefined {
  if (now.length !== old.length) return undefined;
  return now.flatMap((container, i) => [
    ...(container.image ? [] : [required(`${path}[${i}].image`)]),
    ...validateImageSpace(container, `${path}[${i}]`),
  ]);
}

/** Unset to positive, or positive to less. `stop`: upstream looks no further. */
function validateDeadline(now: PodSpec, old: PodSpec): { errors: FieldError[]; stop: boolean } {
  const path = "spec.activeDeadlineSeconds";
  const value = now.activeDeadlineSeconds;
  const before = old.activeDeadlineSeconds;
  if (value === undefined) {
    if (before === undefined) return { errors: [], stop: false };
    const text = "must not update from a positive integer to nil value";
    return { errors: [invalid(path, null, text)], stop: false };
  }
  if (value < 0 || value > 2147483647)
    return { errors: [invalid(path, value, rangeText(0, 2147483647))], stop: true };
  if (before !== undefined && before < value)
    return {
      errors: [invalid(path, value, "must be less than or equal to previous value")],
      stop: true,
    };
  return { errors: [], stop: false };
}

const sameToleration = (a: Toleration, b: Toleration): boolean =>
  equal({ ...a, tolerationSeconds: undefined }, { ...b, tolerationSeconds: undefined });

/** k8s: validateOnlyAddedTolerations */
function validateTolerationUpdate(now: PodSpec, old: PodSpec): FieldError[] {
  const tolerations = now.tolerations ?? [];
  const kept = (old.tolerations ?? []).every((t) => tolerations.some((n) => sameToleration(t, n)));
  if (!kept)
    return [
      forbiddenField(
        "spec.tolerations",
        "existing toleration can not be modified except its tolerationSeconds",
      ),
    ];
  return validateTolerations(tolerations, "spec.tolerations");
}

/** k8s: validateOnlyDeletedSchedulingGates */
function validateGates(now: PodSpec, old: PodSpec): FieldError[] {
  return (now.schedulingGates ?? []).flatMap((gate, i) =>
    old.schedulingGates?.some((g) => g.name === gate.name)
      ? []
      : [
          forbiddenField(
            `spec.schedulingGates[${i}].name`,
            `only deletion is allowed, but found new scheduling gate '${gate.name}'`,
          ),
        ],
  );
}

const additionsOnly = (now: readonly unknown[] = [], old: readonly unknown[] = []): boolean =>
  now.length >= old.length && old.every((item, i) => semanticEqual(item, now[i]));

function termGrew(now: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const empty = !old.matchExpressions?.length && !old.matchFields?.length;
  if (empty) return !now.matchExpressions?.length && !now.matchFields?.length;
  return (
    additionsOnly(now.matchExpressions, old.matchExpressions) &&
    additionsOnly(now.matchFields, old.matchFields)
  );
}

/** A gated Pod may still become pickier about nodes. Returns the spec with those changes undone. */
function validateGated(now: PodSpec, old: PodSpec, errors: FieldError[]): PodSpec {
  let spec = now;
  if (!semanticEqual(now.nodeSelector, old.nodeSelector)) {
    const before = old.nodeSelector ?? {};
    if (Object.keys(before).some((key) => now.nodeSelector?.[key] !== before[key]))
      errors.push(
        invalid(
          "spec.nodeSelector",
          now.nodeSelector ?? null,
          "only additions to spec.nodeSelector are allowed (no mutations or deletions)",
        ),
      );
    spec = { ...spec, nodeSelector: old.nodeSelector };
  }
  const affinity = old.affinity?.nodeAffinity;
  if (semanticEqual(now.affinity?.nodeAffinity, affinity)) return spec;
  const key = "requiredDuringSchedulingIgnoredDuringExecution";
  const path = `spec.affinity.nodeAffinity.${key}.nodeSelectorTerms`;
  const terms = now.affinity?.nodeAffinity?.[key]?.nodeSelectorTerms ?? [];
  const before = affinity?.[key]?.nodeSelectorTerms ?? [];
  if (before.length > 0 && before.length !== terms.length)
    errors.push(
      invalid(
        path,
        internal(terms, "NodeSelectorTerm"),
        "no additions/deletions to non-empty NodeSelectorTerms list are allowed",
      ),
    );
  else
    before.forEach((term, i) => {
      const grown = terms[i];
      if (!grown || !termGrew(grown, term))
        errors.push(
          invalid(
            `${path}[${i}]`,
            internal(grown ?? null, "NodeSelectorTerm"),
            "only additions are allowed (no mutations or deletions)",
          ),
        );
    });
  return { ...spec, affinity: { ...spec.affinity, nodeAffinity: affinity } };
}

const withOldImages = (now: readonly Container[], old: readonly Container[]): Container[] =>
  now.map((container, i) => ({ ...container, image: old[i]?.image }));

/** k8s: ValidatePodUpdate */
export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const now = pod.spec;
  const before = old.spec;
  const errors = [...validatePodParts(pod), ...validateAnnotationUpdates(pod, old)];
  for (const list of ["containers", "initContainers"] as const) {
    const found = validateImages(now[list] ?? [], before[list] ?? [], `spec.${list}`);
    if (!found)
      return [
        ...errors,
        forbiddenField(`spec.${list}`, "pod updates may not add or remove containers"),
      ];
    errors.push(...found);
  }
  const deadline = validateDeadline(now, before);
  errors.push(...deadline.errors);
  if (deadline.stop) return errors;
  errors.push(...validateTolerationUpdate(now, before), ...validateGates(now, before));
  if (semanticEqual(now, before)) return errors;

  // Undo all that may change, then nothing may be left.
  let munged: PodSpec = {
    ...now,
    containers: withOldImages(now.containers, before.containers),
    initContainers: now.initContainers?.length
      ? withOldImages(now.initContainers, before.initContainers ?? [])
      : undefined,
    activeDeadlineSeconds: before.activeDeadlineSeconds,
    schedulingGates: before.schedulingGates,
    tolerations: before.tolerations,
  };
  if ((before.terminationGracePeriodSeconds ?? 0) < 0 && now.terminationGracePeriodSeconds === 1)
    munged.terminationGracePeriodSeconds = before.terminationGracePeriodSeconds;
  if (before.schedulingGates?.length) munged = validateGated(munged, before, errors);
  if (!semanticEqual(munged, before))
    errors.push(
      forbiddenField(
        "spec",
        `pod updates may not change fields other than ${updatable}\n${podSpecDiff(before, munged)}`,
      ),
    );
  return errors;
}

/** PATCH pods/x/ephemeralcontainers. k8s: ValidatePodEphemeralContainersUpdate */
export function validateEphemeralUpdate(pod: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations?.[mirrorAnnotation] !== undefined)
    return [forbiddenField("", "static pods do not support ephemeral containers")];
  const errors = [...validatePodParts(pod), ...validateAnnotationUpdates(pod, old)];
  const path = "spec.ephemeralContainers";
  for (const container of old.spec.ephemeralContainers ?? []) {
    const now = pod.spec.ephemeralContainers?.find((c) => c.name === container.name);
    if (!now)
      errors.push(
        forbiddenField(
          path,
          `existing ephemeral containers "${container.name}" may not be removed\n`,
        ),
      );
    else if (!semanticEqual(container, now))
      errors.push(
        forbiddenField(
          path,
          `existing ephemeral containers "${container.name}" may not be changed\n${containerDiff(container, now)}`,
        ),
      );
  }
  return errors;
}

type Lists = { requests?: object; limits?: object } | undefined;

const removed = (now: object | undefined, old: object | undefined): boolean =>
  Object.keys(old ?? {}).some((name) => (now as Record<string, unknown>)?.[name] === undefined);

/** Resources without what resizing may change. */
function fixedResources(resources: Lists): unknown {
  const fixed = (list: object | undefined): object => {
    const { cpu: _cpu, memory: _memory, ...rest } = (list ?? {}) as Record<string, unknown>;
    return rest;
  };
  return { requests: fixed(resources?.requests), limits: fixed(resources?.limits) };
}

const withoutResources = (container: Container): unknown => ({
  ...container,
  resources: fixedResources(container.resources),
  resizePolicy: undefined,
});

function validateOrder(
  now: readonly Container[],
  old: readonly Container[],
  list: string,
): FieldError[] {
  if (now.length !== old.length)
    return [forbiddenField(`spec.${list}`, `${list} may not be added or removed on resize`)];
  return old.flatMap((container, i) =>
    now[i]?.name === container.name
      ? []
      : [
          forbiddenField(
            `spec.${list}[${i}].name`,
            `${list} may not be renamed or reordered on resize`,
          ),
        ],
  );
}

/** PATCH pods/x/resize. k8s: ValidatePodResize */
export function validateResize(pod: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations?.[mirrorAnnotation] !== undefined)
    return [forbiddenField("", "static pods cannot be resized")];
  if (old.spec.os?.name === "windows")
    return [forbiddenField("", "windows pods cannot be resized")];
  const errors = validatePodParts(pod);
  const was = old.status?.qosClass ?? qosClass(old);
  if (was !== qosClass(pod))
    errors.push(invalid("spec", was, "Pod QOS Class may not change as a result of resizing"));
  const order = (["containers", "initContainers"] as const).flatMap((list) =>
    validateOrder(pod.spec[list] ?? [], old.spec[list] ?? [], list),
  );
  if (order.length > 0) return [...errors, ...order];
  for (const list of ["initContainers", "containers"] as const)
    old.spec[list]?.forEach((container, i) => {
      const now = pod.spec[list]?.[i];
      const path = `spec.${list}[${i}].resources`;
      for (const key of ["requests", "limits"] as const)
        if (removed(now?.resources?.[key], container.resources?.[key]))
          errors.push(forbiddenField(`${path}.${key}`, `resource ${key} cannot be removed`));
    });
  const text = "only cpu and memory resources are mutable";
  for (const list of ["containers", "initContainers"] as const)
    old.spec[list]?.forEach((container, i) => {
      const now = pod.spec[list]?.[i];
      if (!now || semanticEqual(withoutResources(now), withoutResources(container))) return;
      errors.push(
        list === "containers"
          ? forbiddenField("spec", text)
          : forbiddenField(
              `spec.initContainers[${i}]`,
              "only cpu and memory resources for init or sidecar containers are mutable",
            ),
      );
    });
  return errors;
}

/** POST pods/x/binding. k8s: ValidatePodBinding */
export function validateBinding(binding: {
  target?: { kind?: string; name?: string };
}): FieldError[] {
  const errors: FieldError[] = [];
  const { kind = "", name = "" } = binding.target ?? {};
  if (kind && kind !== "Node")
    errors.push({
      type: "FieldValueNotSupported",
      field: "target.kind",
      message: `Unsupported value: "${kind}": supported values: "Node", "<empty>"`,
    });
  if (!name) errors.push(required("target.name"));
  return errors;
}
