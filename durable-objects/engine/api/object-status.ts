/** An object's status and the rest of it. */
import { equal } from "../core/equal.ts";
import type { KubeObject } from "../core/object.ts";

type Spec = { spec?: unknown; status?: unknown };

export const statusOf = (object: KubeObject): unknown => (object as Spec).status;

export const withStatus = (object: KubeObject, value: unknown): KubeObject =>
  setStatus({ ...object }, value);

/** The same in place, for who has made the object for this alone. */
export function setStatus(object: KubeObject & Spec, value: unknown): KubeObject {
  if (value === undefined) delete object.status;
  else object.status = value;
  return object;
}

/** Everything but metadata and status. */
export function equalExceptStatus(a: KubeObject, b: KubeObject): boolean {
  const { metadata: _m, status: _s, ...left } = a as KubeObject & Spec;
  const { metadata: _n, status: _t, ...right } = b as KubeObject & Spec;
  return equal(left, right);
}
