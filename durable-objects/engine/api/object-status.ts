/** An object's status and the rest of it. */
import { equal } from "../core/equal.ts";
import type { KubeObject } from "../core/object.ts";

type Spec = { spec?: unknown; status?: unknown };

export const statusOf = (object: KubeObject): unknown => (object as Spec).status;

export function withStatus(object: KubeObject, value: unknown): KubeObject {
  const result: KubeObject & Spec = { ...object };
  if (value === undefined) delete result.status;
  else result.status = value;
  return result;
}

/** Everything but metadata and status. */
export function equalExceptStatus(a: KubeObject, b: KubeObject): boolean {
  const { metadata: _m, status: _s, ...left } = a as KubeObject & Spec;
  const { metadata: _n, status: _t, ...right } = b as KubeObject & Spec;
  return equal(left, right);
}
