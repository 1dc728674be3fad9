/** Go encodes an empty list whose field has no omitempty as null: not stored, put in when read. */
import type { KubeObject } from "../../core/object.ts";
import type { Kind } from "../../kinds/define.ts";

type Json = Record<string, unknown>;

export const mayHaveNulls = (kind: Kind): boolean => kind.emptyAsNull !== undefined;

/** The object with null where Go encodes its kind's empty lists so. */
export function withNulls(kind: Kind, object: KubeObject): KubeObject {
  const missing: Json = {};
  for (const [outer, inner] of kind.emptyAsNull ?? []) {
    const value = (object as unknown as Json)[outer];
    if (inner === undefined && value === undefined) missing[outer] = null;
    const part = value as Json | undefined;
    if (inner !== undefined && part && part[inner] === undefined) {
      missing[outer] = { ...part, [inner]: null };
    }
  }
  return Object.keys(missing).length === 0 ? object : { ...object, ...missing };
}
