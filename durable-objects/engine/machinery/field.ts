/** Validation errors. k8s: apimachinery/pkg/util/validation/field/errors.go and path.go */
import { fieldErrorCharsMax, fieldErrorsMax } from "../core/limits.ts";
import { StatusError, type StatusCause } from "./status.ts";

export type FieldErrorType =
  | "FieldValueNotFound"
  | "FieldValueRequired"
  | "FieldValueDuplicate"
  | "FieldValueInvalid"
  | "FieldValueNotSupported"
  | "FieldValueForbidden"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "InternalError"
  | "FieldValueTypeInvalid";

export interface FieldError {
  type: FieldErrorType;
  field: string;
  /** Body after `field: `. */
  message: string;
}

/** A path as a plain string: `spec.containers[0].image`, `metadata.labels[a/b]`. */
export const child = (path: string, name: string): string => (path ? `${path}.${name}` : name);
export const at = (path: string, index: number | string): string => `${path}[${index}]`;

/**
 * The same check, which does not look again into an object in which it found nothing, as what all Pods share. `check` must depend on the
 * object alone; objects never change.
 */
export function checkedOnce<T extends object>(
  check: (value: T, path: string) => FieldError[],
): (value: T, path: string) => FieldError[] {
  const fine = new WeakSet<T>();
  return (value, path) => {
    if (fine.has(value)) return [];
    const errors = check(value, path);
    if (errors.length === 0) fine.add(value);
    return errors;
  };
}

/** Renders a rejected value: strings quoted, numbers bare, the rest JSON. k8s: Error.ErrorBody */
export function renderValue(value: unknown): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "string") return goQuote(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return JSON.stringify(value).replace(/[<>&]/g, (ch) => htmlSafe[ch]!);
}

/** k8s: encoding/json HTMLEscape */
const htmlSafe: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
};

/** Go's %q for the characters that matter here. */
export function goQuote(text: string): string {
  let out = '"';
  for (const ch of text) {
    const code = ch.codePointAt(0) ?? 0;
    if (ch === '"' || ch === "\\") out += `\\${ch}`;
    else if (ch === "\n") out += "\\n";
    else if (ch === "\t") out += "\\t";
    else if (ch === "\r") out += "\\r";
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else out += ch;
  }
  return `${out}"`;
}

export const required = (field: string, detail = ""): FieldError => ({
  type: "FieldValueRequired",
  field,
  message: detail ? `Required value: ${detail}` : "Required value",
});
export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: "FieldValueInvalid",
  field,
  message: `Invalid value: ${renderValue(value)}${detail ? `: ${detail}` : ""}`,
});
export const typeInvalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: "FieldValueTypeInvalid",
  field,
  message: `Invalid value: ${renderValue(value)}${detail ? `: ${detail}` : ""}`,
});
export const duplicate = (field: string, value: unknown): FieldError => ({
  type: "FieldValueDuplicate",
  field,
  message: `Duplicate value: ${renderValue(value)}`,
});
export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: "FieldValueForbidden",
  field,
  message: `Forbidden${detail ? `: ${detail}` : ""}`,
});
export const notFoundField = (field: string, value: unknown): FieldError => ({
  type: "FieldValueNotFound",
  field,
  message: `Not found: ${renderValue(value)}`,
});
/** Supported values are printed sorted, quoted. k8s: field.NotSupported */
export const notSupported = (
  field: string,
  value: unknown,
  supported: readonly string[],
): FieldError => ({
  type: "FieldValueNotSupported",
  field,
  message: `Unsupported value: ${renderValue(value)}${
    supported.length ? `: supported values: ${[...supported].sort().map(goQuote).join(", ")}` : ""
  }`,
});
export const tooLong = (field: string, maxBytes: number): FieldError => ({
  type: "FieldValueTooLong",
  field,
  message: `Too long: may not be more than ${maxBytes} bytes`,
});
export const tooMany = (field: string, actual: number, max: number): FieldError => ({
  type: "FieldValueTooMany",
  field,
  message: `Too many: ${actual}: must have at most ${max} items`,
});

/** Distinct errors as one text. k8s: field.ErrorList.ToAggregate */
export function aggregate(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map((e) => `${e.field}: ${e.message}`))];
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(", ")}]`;
}

/** Appends without a spread, whose arguments lie on the stack: a body's lists may have more errors than fit there. */
export function append(errors: FieldError[], found: Iterable<FieldError>): void {
  for (const error of found) errors.push(error);
}

/**
 * What is told of an object's errors: the first ones, then how many there are. Upstream tells all of them; of strict
 * decoding's a hundred, as here.
 */
function told(errors: readonly FieldError[]): readonly FieldError[] {
  let chars = 0;
  let count = 0;
  while (count < errors.length && count < fieldErrorsMax && chars < fieldErrorCharsMax) {
    const { field, message } = errors[count++] as FieldError;
    chars += field.length + message.length;
  }
  if (count === errors.length) return errors;
  const message = `the first ${count} of ${errors.length} are shown`;
  return [
    ...errors.slice(0, count),
    { type: "FieldValueTooMany", field: "too many errors", message },
  ];
}

/** 422 of a kind. k8s: errors.NewInvalid: details.kind is the Kind, message joins the distinct errors. */
export function invalidObject(
  group: string,
  kind: string,
  name: string,
  all: readonly FieldError[],
): StatusError {
  const errors = told(all);
  const causes: StatusCause[] = errors.map((e) => ({
    reason: e.type,
    message: e.message,
    field: e.field,
  }));
  const body = aggregate(errors);
  const qualifiedKind = group ? `${kind}.${group}` : kind;
  return new StatusError(422, "Invalid", `${qualifiedKind} ${goQuote(name)} is invalid: ${body}`, {
    ...(name ? { name } : {}),
    ...(group ? { group } : {}),
    ...(kind ? { kind } : {}),
    causes,
  });
}
