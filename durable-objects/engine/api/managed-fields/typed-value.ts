/** Walking JSON values by their shape: list items as path elements, and the check that a value fits. */
import {
  getOwn,
  goFormat,
  goSyntax,
  goType,
  isObject,
  type JsonObject,
} from "../../schema/patch/go-value.ts";
import { fieldElement, keyElement, printElement, valueElement } from "./element.ts";
import {
  type ListShape,
  type MapShape,
  type ScalarShape,
  type Shape,
  GRANULAR_ANY,
} from "./shape.ts";

/** A value that does not fit its type; upstream's text. */
export class TypedError extends Error {
  override name = "TypedError";
}

/** The shape under a key; undefined where the type declares none. */
export function shapeUnder(shape: MapShape, key: string): Shape | undefined {
  return shape.fields.get(key)?.shape ?? shape.element;
}

/** A free JSON value is a map, a list or a scalar by what it holds. */
export function settle(shape: Shape, value: unknown): Shape {
  if (shape.kind !== "any") return shape;
  return isObject(value) && shape.granular ? GRANULAR_MAP : ATOMIC;
}
const GRANULAR_MAP: MapShape = {
  kind: "map",
  atomic: false,
  fields: new Map(),
  element: GRANULAR_ANY,
  filled: [],
};
const ATOMIC: ScalarShape = { kind: "scalar", scalar: "untyped" };

/** k8s: structured-merge-diff/typed/helpers.go listItemToPathElement */
export function itemElement(shape: ListShape, item: unknown): string {
  if (shape.relation === "map") return keyedElement(shape, item);
  if (isObject(item)) {
    throw new TypedError("associative list without keys has an element that's a map type");
  }
  if (Array.isArray(item)) {
    throw new TypedError("not supported: associative list with lists as elements");
  }
  if (item === null || item === undefined) {
    throw new TypedError("associative list without keys has an element that's an explicit null");
  }
  return valueElement(item);
}

function keyedElement(shape: ListShape, item: unknown): string {
  if (item === null || item === undefined) {
    throw new TypedError("associative list with keys may not have a null element");
  }
  if (!isObject(item)) {
    throw new TypedError("associative list with keys may not have non-map elements");
  }
  const pairs: [string, unknown][] = [];
  for (let i = 0; i < shape.keys.length; i++) {
    const key = shape.keys[i] as string;
    const value = getOwn(item, key) ?? shape.keyDefaults[i];
    if (value !== undefined) pairs.push([key, value]);
  }
  if (!pairs.length) {
    const keys = `[${shape.declaredKeys.map((k) => JSON.stringify(k)).join(" ")}]`;
    throw new TypedError(
      `associative list with keys has an element that omits all key fields ${keys} (and doesn't have default values for any key fields)`,
    );
  }
  return keyElement(pairs);
}

interface Problem {
  path: string;
  text: string;
}

class Checker {
  readonly problems: Problem[] = [];
  private readonly allowDuplicates: boolean;
  constructor(allowDuplicates: boolean) {
    this.allowDuplicates = allowDuplicates;
  }

  check(value: unknown, shape: Shape, path: string): void {
    if (value === null || value === undefined || shape.kind === "any") return;
    if (shape.kind === "scalar") this.scalar(value, shape, path);
    else if (shape.kind === "list") this.list(value, shape, path);
    else this.map(value, shape, path);
  }

  private fail(path: string, text: string): void {
    this.problems.push({ path, text });
  }

  private scalar(value: unknown, { scalar }: ScalarShape, path: string): void {
    const type = typeof value;
    if (scalar === "numeric" && type !== "number") {
      this.fail(path, `expected numeric (int or float), got ${goType(value)}`);
    } else if (scalar === "string" && type !== "string") {
      this.fail(path, `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`);
    } else if (scalar === "boolean" && type !== "boolean") {
      this.fail(path, `expected boolean, got &{${goFormat(value)}}`);
    } else if (scalar === "untyped" && type === "object") {
      this.fail(path, `expected any scalar, got &{${goFormat(value)}}`);
    }
  }

  private list(value: unknown, shape: ListShape, path: string): void {
    if (!Array.isArray(value)) return this.fail(path, `expected list, got &{${goFormat(value)}}`);
    const seen = new Set<string>();
    for (let i = 0; i < value.length; i++) {
      if (shape.relation === "atomic") {
        this.check(value[i], shape.element, `${path}[${i}]`);
        continue;
      }
      let element: string;
      try {
        element = itemElement(shape, value[i]);
      } catch (error) {
        if (!(error instanceof TypedError)) throw error;
        // Without an element nothing deeper can be named.
        return this.fail(path, `element ${i}: ${error.message}`);
      }
      const printed = printElement(element);
      if (seen.has(element) && !this.allowDuplicates) {
        this.fail(path, `duplicate entries for key ${printed}`);
      }
      seen.add(element);
      this.check(value[i], shape.element, path + printed);
    }
  }

  private map(value: unknown, shape: MapShape, path: string): void {
    if (!isObject(value)) return this.fail(path, `expected map, got &{${goFormat(value)}}`);
    for (const key of Object.keys(value)) {
      const under = shapeUnder(shape, key);
      const place = path + printElement(fieldElement(key));
      // Upstream stops at the first field of a map that its type lacks.
      if (!under) return this.fail(place, "field not declared in schema");
      this.check(value[key], under, place);
    }
  }
}

/** Throws a TypedError that lists everything in `value` its shape does not allow. k8s: typed/validate.go */
export function checkTyped(value: JsonObject, shape: Shape, allowDuplicates: boolean): void {
  const checker = new Checker(allowDuplicates);
  checker.check(value, shape, "");
  const texts = checker.problems.map(({ path, text }) => (path ? `${path}: ${text}` : text));
  if (texts.length === 1) throw new TypedError(texts[0]);
  if (texts.length) throw new TypedError(["errors:", ...texts.map((t) => `  ${t}`)].join("\n"));
}
