/** RFC 6902 as the API server takes it. Copy-on-write: the given object is never changed. */
import { encodeUtf8 } from "../../core/utf8.ts";
import { jsonPatchCopyBytesMax, jsonPatchOperationsMax } from "../../core/limits.ts";
import { badRequest, StatusError, tooLarge } from "../../machinery/status.ts";
import { getOwn, isObject, jsonEqual, jsonKind, setOwn, type JsonObject } from "./go-value.ts";

/** Why an operation does not apply; clients never see this text, only the 422. */
export class JsonPatchError extends Error {
  override name = "JsonPatchError";
}

export interface JsonPatchOperation {
  op?: unknown;
  path?: unknown;
  from?: unknown;
  value?: unknown;
}

const OPERATION_FIELDS = new Set(["op", "path", "from", "value"]);

/** k8s: apimachinery/pkg/api/errors NewGenericServerResponse(422) */
export const unprocessable = (): StatusError =>
  new StatusError(
    422,
    "Invalid",
    "the server rejected our request due to an error in our request",
    {},
  );

/**
 * Checks the shape of a patch body. `problems` are what fieldValidation=Strict refuses and Warn warns of.
 * Throws 400 for a body that is no list of operations and 413 for too many.
 * k8s: apiserver/pkg/endpoints/handlers/patch.go applyJSPatch
 */
export function decodeJsonPatch(patch: unknown): {
  operations: JsonPatchOperation[];
  problems: string[];
} {
  const refuse = (value: unknown, target: string): never => {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${jsonKind(value)} into Go ${target}`,
    );
  };
  if (patch === null) return { operations: [], problems: [] };
  if (!Array.isArray(patch)) return refuse(patch, "value of type []handlers.jsonPatchOp");
  const problems: string[] = [];
  patch.forEach((operation: unknown, i) => {
    if (!isObject(operation)) return refuse(operation, "value of type handlers.jsonPatchOp");
    for (const key of Object.keys(operation)) {
      const value = operation[key];
      if (!OPERATION_FIELDS.has(key)) problems.push(`json patch unknown field "[${i}].${key}"`);
      else if (key !== "value" && value !== null && typeof value !== "string") {
        refuse(value, `struct field jsonPatchOp.${key} of type string`);
      }
    }
  });
  if (patch.length > jsonPatchOperationsMax) {
    throw tooLarge(
      `The allowed maximum operations in a JSON patch is ${jsonPatchOperationsMax}, got ${patch.length}`,
    );
  }
  return { operations: patch as JsonPatchOperation[], problems };
}

/** Applies a decoded patch; a failing operation is the 422. */
export function jsonPatch(current: JsonObject, operations: JsonPatchOperation[]): unknown {
  try {
    return applyOperations(current, operations);
  } catch (error) {
    if (error instanceof JsonPatchError) throw unprocessable();
    throw error;
  }
}

type Container = JsonObject | unknown[];

/** What Go's strconv.Atoi takes. */
const NUMBER = /^[+-]?\d+$/;

/** The document under change: containers made by this patch may be changed in place, others are copied first. */
class Document {
  root: unknown;
  private readonly owned = new WeakSet<object>();
  /** Bytes of JSON that copies brought. */
  private copied = 0;
  constructor(root: unknown) {
    this.root = root;
  }

  /** The container a pointer's last token lives in, for reading. */
  container(pointer: string): { container: Container; key: string } | undefined {
    const tokens = pointerTokens(pointer);
    const key = tokens?.pop();
    if (!tokens || key === undefined) return undefined;
    let node: unknown = this.root;
    for (const token of tokens) node = step(node, token);
    return isContainer(node) ? { container: node, key } : undefined;
  }

  /** The same for writing: every container on the way becomes this document's own. */
  writable(pointer: string): { container: Container; key: string } | undefined {
    const tokens = pointerTokens(pointer);
    const key = tokens?.pop();
    if (!tokens || key === undefined || !isContainer(this.root)) return undefined;
    let node = this.own(this.root);
    this.root = node;
    for (const token of tokens) {
      const next = step(node, token);
      if (!isContainer(next)) return undefined;
      const own = this.own(next);
      if (own !== next) {
        if (Array.isArray(node)) node[arrayIndex(node, token)] = own;
        else setOwn(node, token, own);
      }
      node = own;
    }
    return { container: node, key };
  }

  private own(container: Container): Container {
    if (this.owned.has(container)) return container;
    const copy = Array.isArray(container) ? container.slice() : { ...container };
    this.owned.add(copy);
    return copy;
  }

  /**
   * A value of its own: what is copied may hold the very place it is copied to. All copies of a patch together are
   * bounded, or a few operations would double the document again and again.
   * k8s: apiserver/pkg/server/config.go JSONPatchMaxCopyBytes
   */
  copyOf(value: unknown): unknown {
    if (value === undefined) return null;
    const text = JSON.stringify(value);
    this.copied += encodeUtf8(text).length;
    if (this.copied > jsonPatchCopyBytesMax) {
      throw new JsonPatchError(
        `Unable to complete the copy, the accumulated size increase of copy is ${this.copied}, exceeding the limit ${jsonPatchCopyBytesMax}`,
      );
    }
    return JSON.parse(text);
  }
}

const isContainer = (value: unknown): value is Container =>
  typeof value === "object" && value !== null;

/** `undefined` where the pointer does not begin with a slash; the whole document has no container. */
function pointerTokens(pointer: string): string[] | undefined {
  const parts = pointer.split("/");
  if (parts.length < 2) return undefined;
  return parts.slice(1).map((p) => p.replace(/~[01]/g, (t) => (t === "~1" ? "/" : "~")));
}

function step(node: unknown, token: string): unknown {
  if (Array.isArray(node)) {
    const index = NUMBER.test(token) ? Number(token) : Number.NaN;
    return node[index < 0 ? index + node.length : index];
  }
  return isObject(node) ? getOwn(node, token) : undefined;
}

/** Negative indices count from the end, as in the library the API server uses. */
function arrayIndex(array: unknown[], token: string, length = array.length): number {
  if (!NUMBER.test(token)) {
    throw new JsonPatchError(`strconv.Atoi: parsing "${token}": invalid syntax`);
  }
  const index = Number(token);
  if (index >= length || index < -length) {
    throw new JsonPatchError(`Unable to access invalid index: ${index}: invalid index referenced`);
  }
  return index < 0 ? index + length : index;
}

function read(container: Container, key: string): unknown {
  return Array.isArray(container) ? container[arrayIndex(container, key)] : getOwn(container, key);
}

function insert(container: Container, key: string, value: unknown): void {
  if (!Array.isArray(container)) setOwn(container, key, value);
  else if (key === "-") container.push(value);
  else {
    const improper = `value was not a proper array index: '${key}'`;
    const number = NUMBER.test(key);
    const place = () => arrayIndex(container, key, container.length + 1);
    container.splice(number ? place() : within(improper, place), 0, value);
  }
}

function erase(container: Container, key: string): void {
  if (Array.isArray(container)) container.splice(arrayIndex(container, key), 1);
  else if (Object.hasOwn(container, key)) delete container[key];
  else throw new JsonPatchError(`Unable to remove nonexistent key: ${key}: missing value`);
}

function pointer(operation: JsonPatchOperation, field: "path" | "from"): string {
  const value = operation[field];
  if (typeof value === "string") return value;
  throw new JsonPatchError(
    field === "path"
      ? `${String(operation.op)} operation failed to decode path: missing value`
      : `${String(operation.op)} operation failed to decode from: operation, missing from field: missing value`,
  );
}

/** Prefixes what `action` throws, as upstream wraps its errors. */
function within<T>(prefix: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof JsonPatchError) throw new JsonPatchError(`${prefix}: ${error.message}`);
    throw error;
  }
}

const missing = (text: string): never => {
  throw new JsonPatchError(`${text}: missing value`);
};

type Apply = (document: Document, operation: JsonPatchOperation) => void;

const OPERATIONS: Record<string, Apply> = {
  add(document, operation) {
    const path = pointer(operation, "path");
    const target =
      document.writable(path) ??
      missing(`add operation does not apply: doc is missing path: "${path}"`);
    within(`error in add for path: '${path}'`, () =>
      insert(target.container, target.key, operation.value ?? null),
    );
  },
  remove(document, operation) {
    const path = pointer(operation, "path");
    const target =
      document.writable(path) ??
      missing(`remove operation does not apply: doc is missing path: "${path}"`);
    within(`error in remove for path: '${path}'`, () => erase(target.container, target.key));
  },
  replace(document, operation) {
    const path = pointer(operation, "path");
    const value = operation.value ?? null;
    if (path === "") {
      if (!isContainer(value)) {
        throw new JsonPatchError("replace operation value must be object or array");
      }
      document.root = value;
      return;
    }
    const target =
      document.writable(path) ??
      missing(`replace operation does not apply: doc is missing path: ${path}`);
    const { container, key } = target;
    if (Array.isArray(container)) {
      const length = container.length;
      const bad = !NUMBER.test(key) || Number(key) >= length || Number(key) < -length;
      if (bad) missing(`replace operation does not apply: doc is missing key: ${path}`);
      container[arrayIndex(container, key)] = value;
    } else {
      // The library sets absent keys too: its objects answer every read.
      setOwn(container, key, value);
    }
  },
  move(document, operation) {
    const from = pointer(operation, "from");
    const source =
      document.writable(from) ??
      missing(`move operation does not apply: doc is missing from path: ${from}`);
    const value = within(`error in move for path: '${source.key}'`, () => {
      const found = read(source.container, source.key);
      erase(source.container, source.key);
      return found;
    });
    const path = pointer(operation, "path");
    const target =
      document.writable(path) ??
      missing(`move operation does not apply: doc is missing destination path: ${path}`);
    within(`error in move for path: '${path}'`, () =>
      insert(target.container, target.key, value ?? null),
    );
  },
  copy(document, operation) {
    const from = pointer(operation, "from");
    const source =
      document.container(from) ??
      missing(`copy operation does not apply: doc is missing from path: ${from}`);
    const value = within(`error in copy for from: '${from}'`, () =>
      read(source.container, source.key),
    );
    const path = pointer(operation, "path");
    const target =
      document.writable(path) ??
      missing(`copy operation does not apply: doc is missing destination path: ${path}`);
    const copy = document.copyOf(value);
    within("error while adding value during copy", () =>
      insert(target.container, target.key, copy),
    );
  },
  test(document, operation) {
    const path = pointer(operation, "path");
    const failed = (): never => {
      throw new JsonPatchError(`testing value ${path} failed: test failed`);
    };
    const expected = operation.value ?? null;
    if (path === "") {
      if (!jsonEqual(document.root, expected)) failed();
      return;
    }
    const target =
      document.container(path) ??
      missing(`test operation does not apply: is missing path: ${path}`);
    const actual = within(`error in test for path: '${path}'`, () =>
      read(target.container, target.key),
    );
    // An absent value passes for null.
    if (!jsonEqual(actual ?? null, expected)) failed();
  },
};

/** Applies operations in order; throws JsonPatchError. k8s: gopkg.in/evanphx/json-patch.v4 Patch.Apply */
export function applyOperations(current: unknown, operations: JsonPatchOperation[]): unknown {
  const document = new Document(current);
  for (const operation of operations) {
    const kind = typeof operation.op === "string" ? operation.op : "unknown";
    const apply = Object.hasOwn(OPERATIONS, kind) ? OPERATIONS[kind] : undefined;
    if (!apply) throw new JsonPatchError(`Unexpected kind: ${kind}`);
    apply(document, operation);
  }
  return document.root;
}
