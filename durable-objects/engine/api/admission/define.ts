/** What an admission rule is: upstream's plugins, one row each in admission.ts. */
import type { KubeObject, ResourceId } from "../../core/object.ts";
import type { WriteContext } from "../../kinds/define.ts";
import type { User } from "../../ports/request.ts";
import type { Calls } from "../webhooks/calls.ts";
import type { StructType } from "../../schema/types.ts";
import { forbidden, type StatusError } from "../../machinery/status.ts";

export type Operation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

/** The write that asks to be admitted. */
export interface Admission {
  operation: Operation;
  /** `pods`, `deployments.apps`. */
  resource: ResourceId;
  subresource: string;
  /** "" for cluster-scoped objects. */
  namespace: string;
  user: User;
  dryRun: boolean;
  fieldManager?: string;
  /** The version that is asked for, where that is not the stored one. */
  version?: string;
  /** What comes is no object of the resource, but one that its subresource takes: a Binding, PodExecOptions. */
  about?: { group: string; version: string; kind: string; name: string };
  /** Its name has just been generated, which mutating webhooks do not see yet. */
  unnamed?: boolean;
  /** Who is asked outside. */
  calls: Calls;
  /** What expressions have cost since the request, or the step of a controller, began. */
  cost: ExpressionCost;
}

/** In units of CEL. */
export interface ExpressionCost {
  used: number;
}

/** How the kind that is written takes changes. */
export interface Mutable {
  schema: StructType;
  /** The rules that are built in. */
  builtIn(object: KubeObject): KubeObject;
  /** A changed object with its defaults, and with what this write may not change as it was. */
  settled(object: KubeObject): KubeObject;
}

export interface AdmissionRule {
  /** Name of the plugin upstream. */
  name: string;
  /** Resources it looks at; "*" for all. */
  resources: readonly ResourceId[] | "*";
  /** Changes the object, returning a new one, or throws. Not asked for deletions. */
  admit?(
    admission: Admission,
    object: KubeObject,
    old: KubeObject | undefined,
    context: WriteContext,
  ): KubeObject;
  /** Throws StatusError to refuse. For deletions `object` is the one that goes. */
  validate?(
    admission: Admission,
    object: KubeObject,
    old: KubeObject | undefined,
    context: WriteContext,
  ): void;
}

/** `deployments.apps` -> its plural and group. */
export function resourceName(resource: ResourceId): { plural: string; group: string } {
  const dot = resource.indexOf(".");
  return dot < 0
    ? { plural: resource, group: "" }
    : { plural: resource.slice(0, dot), group: resource.slice(dot + 1) };
}

/** 403 about the object that is written. k8s: apiserver/pkg/admission/errors.go NewForbidden */
export function refused(
  admission: Admission,
  object: KubeObject,
  problem: string,
  causes?: { reason?: string; message?: string; field?: string }[],
): StatusError {
  const { name, generateName } = object.metadata ?? admission.about;
  return forbidden(
    resourceName(admission.resource),
    name || generateName || "Unknown",
    problem,
    causes,
  );
}
