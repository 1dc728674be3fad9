/** How Go prints a patch's values and types in error messages. */
import { lookup } from "../../core/lookup.ts";
import { isObject } from "./go-value.ts";

/** k8s: fmt %+v of an unstructured map, as errors about strategic merge patches show it */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (isObject(value)) {
    const parts = Object.keys(value).sort();
    return `map[${parts.map((key) => `${key}:${goText(value[key])}`).join(" ")}]`;
  }
  return String(value);
}

const goTypes: Readonly<Record<string, [type: string, kind: string]>> = lookup({
  string: ["string", "string"],
  bool: ["bool", "bool"],
  number: ["int64", "int64"],
  array: ["[]interface {}", "slice"],
  object: ["map[string]interface {}", "map"],
});

const ofType = " of type ";

/** The text of Go's JSON decoder in the words of the converter. k8s: apimachinery/pkg/runtime/converter.go fromUnstructured */
export function conversionError(text: string): string {
  const found = /^json: cannot unmarshal (\w+)/.exec(text)?.[1];
  const into = text.indexOf(" into Go ");
  const of = text.lastIndexOf(ofType);
  if (found === undefined || into < 0 || of < into) return text;
  const [type, kind] = goTypes[found] ?? ["", ""];
  const wanted = text.slice(of + ofType.length);
  if (wanted.startsWith("map[")) return `cannot restore map from ${kind}`;
  if (wanted.startsWith("[]")) return `cannot restore slice from ${kind}`;
  if (/^\w+\.[A-Z]/.test(wanted)) return `cannot restore struct from: ${kind}`;
  // Go can turn whole numbers into strings, JSON must not; other pairs it does not even try.
  return kind === "int64" && wanted === "string"
    ? `cannot convert ${type} to ${wanted}`
    : `unrecognized type: ${wanted}`;
}
