/** `--sort-by`. k8s: kubectl/pkg/cmd/get/sorter.go */
import { cmpQuantity, parseQuantity } from "../../machinery/quantity.ts";
import { goQuote } from "../../machinery/field.ts";
import { Failure } from "../errors.ts";
import { goTypeOf } from "../go/format.ts";
import { JsonPath, relaxedPath } from "./jsonpath.ts";

/** What cannot be sorted ends the program, as klog.Exitf does. */
export class Unsortable extends Failure {
  /** Place in sorter.go, as klog names it. */
  readonly place: string;
  constructor(text: string, place: string) {
    super(text);
    this.place = place;
  }
}

/** Whether a value comes before another. */
function isLess(a: unknown, b: unknown, field: string, type: string): boolean {
  if (a === null || a === undefined) return b !== null && b !== undefined;
  if (b === null || b === undefined) return false;
  if (typeof a === "number" && typeof b === "number") return a < b;
  if (typeof a === "string" && typeof b === "string") {
    const [x, y] = [parseQuantity(a), parseQuantity(b)];
    return x && y ? cmpQuantity(x, y) < 0 : a < b;
  }
  const bad = typeof a === "object" || typeof a === "boolean";
  const why = bad ? `unsortable type: ${goTypeOf(a)}` : "unsortable interface: interface";
  throw new Unsortable(
    `Field ${field} in ${type} is an unsortable type: interface, err: ${why}`,
    type.startsWith("[") ? "sorter.go:375" : "sorter.go:329",
  );
}

/**
 * Items in order of a field of what `objectOf` gives for them. Failure where no one has the field.
 * Go's sort is not stable; its order of equals for few items is insertion's, which is.
 */
export function sortedBy<T>(
  items: readonly T[],
  field: string,
  objectOf: (item: T) => unknown,
  type = "*unstructured.Unstructured",
): T[] {
  const path = relaxedPath(field);
  const values = items.map((item) => new JsonPath(path, true).find(objectOf(item))[0]);
  if (items.length > 0 && !values.some((found) => found && found.length > 0))
    throw new Failure(`couldn't find any field with path ${goQuote(path)} in the list of objects`);
  const rows = items.map((item, i) => ({ item, found: values[i] ?? [] }));
  const less = (a: (typeof rows)[number], b: (typeof rows)[number]): boolean => {
    if (a.found.length === 0) return true;
    if (b.found.length === 0) return false;
    return isLess(a.found[0], b.found[0], path, type);
  };
  for (let i = 1; i < rows.length; i++)
    for (let j = i; j > 0 && less(rows[j] as never, rows[j - 1] as never); j--)
      [rows[j], rows[j - 1]] = [rows[j - 1] as never, rows[j] as never];
  return rows.map(({ item }) => item);
}
