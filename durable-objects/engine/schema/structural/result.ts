/** What validation finds, before it becomes field errors. k8s: kube-openapi pkg/validation/{validate/result.go,errors/schema.go} */
import { goFormat, goJson } from "../patch/go-value.ts";
import { child, goQuote, renderValue, type FieldError } from "../../machinery/field.ts";

/** `name` is the path; undefined where upstream's error has none. */
export interface Violation {
  name?: string;
  code: "required" | "enum" | "too-long" | "too-many" | "type" | "other";
  /** The whole text; equal ones are told once. */
  text: string;
  /** Shorter, and as different. */
  key?: string;
  value?: unknown;
  /** Of a maximum. */
  allowed?: number;
  /** Of an enum, as they are told. */
  choices?: string;
}

export class Result {
  readonly errors: Violation[] = [];
  readonly #told = new Set<string>();
  /** How much held: of several schemas that fail, the one that came furthest is told of. */
  matches = 0;

  get isValid(): boolean {
    return this.errors.length === 0;
  }

  add(...errors: readonly Violation[]): void {
    for (const error of errors) {
      const key = error.key ?? error.text;
      if (this.#told.has(key)) continue;
      this.#told.add(key);
      this.errors.push(error);
    }
  }

  merge(other: Result | undefined): void {
    if (!other) return;
    this.add(...other.errors);
    this.matches += other.matches;
  }
}

/** As `field.Path.String` writes no path. */
const nowhere = "<nil>";

/** Rendered as upstream prints a rejected value: numbers as Go's %v. */
const rendered = (value: unknown): string =>
  typeof value === "number"
    ? goFormat(value)
    : typeof value === "object" && value !== null
      ? goJson(value)
      : renderValue(value);

export const plural = (n: number, one: string): string => `${n} ${one}${n === 1 ? "" : "s"}`;

const typeOf: Record<Violation["code"], FieldError["type"]> = {
  required: "FieldValueRequired",
  enum: "FieldValueNotSupported",
  "too-long": "FieldValueTooLong",
  "too-many": "FieldValueTooMany",
  type: "FieldValueTypeInvalid",
  other: "FieldValueInvalid",
};

function messageOf({ code, text, value, allowed = 0, choices = "" }: Violation): string {
  switch (code) {
    case "required":
      return "Required value";
    case "enum":
      return `Unsupported value: ${rendered(value)}: supported values: ${choices}`;
    case "too-long":
      return `Too long: may not be more than ${plural(allowed, "byte")}`;
    case "too-many": {
      const most = plural(allowed, "item");
      return `Too many: ${rendered(value)}: must have at most ${most}`;
    }
    default:
      return `Invalid value: ${rendered(value === undefined || value === null ? "" : value)}: ${text}`;
  }
}

/** k8s: apiextensions-apiserver pkg/apiserver/validation/validation.go kubeOpenAPIResultToFieldErrors */
export const fieldErrorsOf = ({ errors }: Result, path: string): FieldError[] =>
  errors.map((error) => {
    const name = (error.name ?? "").replace(/^\./, "");
    const field = name === "" ? path : child(path, name);
    return { type: typeOf[error.code], field: field || nowhere, message: messageOf(error) };
  });

export const required = (path: string): Violation => ({
  name: path,
  code: "required",
  text: `${path} in body is required`,
});

/** `value`: what Go calls the type that it is of. */
export const wrongType = (path: string, wanted: string, value: string): Violation => ({
  name: path,
  code: "type",
  text: `${path} in body must be of type ${wanted}: ${goQuote(value)}`,
  value,
});

export const other = (path: string, value: unknown, text: string): Violation => ({
  name: path,
  code: "other",
  text: `${path} in body ${text}`,
  value,
});

/** Without a place of its own. */
export const plain = (text: string): Violation => ({ code: "other", text, value: "" });
