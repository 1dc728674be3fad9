/**
 * Fields that a kind of write ignores, and so does not come to own: the main resource leaves status
 * alone, the status subresource everything else. k8s: pkg/registry strategies' GetResetFields
 */
import type { StructType } from "../../schema/types.ts";
import { fieldElement } from "./element.ts";
import { EMPTY, setOf } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";

const cache = new WeakMap<StructType, Map<string, FieldSet>>();

const pathSet = (paths: readonly string[]): FieldSet =>
  setOf(...paths.map((path) => path.split(".").map(fieldElement)));

/**
 * Never undefined: most subresources reset nothing. `statusResets`: what a status write of the kind ignores beyond spec.
 */
export function resetFieldsOf(
  schema: StructType | undefined,
  subresource: string,
  statusResets: readonly string[] = [],
): FieldSet {
  if (!schema) {
    if (subresource === "status") return CUSTOM_STATUS_RESETS;
    return subresource === "" ? MAIN_RESETS : EMPTY;
  }
  let ofType = cache.get(schema);
  if (!ofType) cache.set(schema, (ofType = new Map()));
  let set = ofType.get(subresource);
  if (!set) ofType.set(subresource, (set = build(schema, subresource, statusResets)));
  return set;
}
const MAIN_RESETS = pathSet(["status"]);
const CUSTOM_STATUS_RESETS = pathSet(["metadata", "spec"]);

function build(
  { fields }: StructType,
  subresource: string,
  statusResets: readonly string[],
): FieldSet {
  if (!fields.has("status")) return EMPTY;
  if (subresource === "") return MAIN_RESETS;
  return subresource === "status" ? pathSet(["spec", ...statusResets]) : EMPTY;
}
