/** The rules of one schema, compiled. k8s: apiextensions-apiserver pkg/apiserver/schema/cel/compilation.go */
import { descendants } from "../ast.ts";
import type { Environment } from "../checker.ts";
import { compile, type Checked } from "../compile.ts";
import { estimateCost } from "../estimate.ts";
import { ConstantProblem } from "../plan.ts";
import { Program } from "../program.ts";
import type { Rule, Schema } from "../schema.ts";
import { optionalOf, type Kind } from "../types.ts";
import { DeclaredTypes, requestBytesMax } from "./declared-types.ts";
import { fieldPathOf } from "./field-path.ts";

export interface CompiledRule {
  readonly rule: Rule;
  /** Absent with an error, and of an empty rule. */
  readonly program?: Program;
  readonly error?: string;
  readonly usesOldSelf: boolean;
  /** What one run can cost at most. */
  readonly costMax: number;
  readonly message?: Program;
  readonly messageError?: string;
  readonly messageCostMax: number;
  /** Where a violation is told, below the schema's own place. */
  readonly path: string;
}

export interface CompiledRules {
  readonly rules: readonly CompiledRule[];
  /** How often the schema's data fit into a request. */
  readonly cardinality: number;
}

const usesOldSelf = ({ e }: Checked): boolean =>
  [...descendants(e)].some((part) => part.k === "ident" && part.name === "oldSelf");

function compiledRule(rule: Rule, types: DeclaredTypes, schema: Schema): CompiledRule {
  const self = types.root!.type;
  const oldSelf = rule.optionalOldSelf ? optionalOf(self) : self;
  const environment: Environment = {
    variables: new Map([
      ["self", self],
      ["oldSelf", oldSelf],
    ]),
    field: types.field,
  };
  const nothing = { rule, usesOldSelf: false, costMax: 0, messageCostMax: 0, path: "" };
  if (rule.rule.trim() === "") return nothing;
  const found = run(rule.rule, environment, types, "bool");
  if ("error" in found) {
    const { error, prefix } = found;
    return { ...nothing, error: prefix ? `${prefix} failed: ${error}` : error };
  }
  const made = {
    ...nothing,
    program: found.program,
    usesOldSelf: usesOldSelf(found.checked),
    costMax: found.costMax,
    path: rule.fieldPath ? (fieldPathOf(rule.fieldPath, schema) ?? "") : "",
  };
  if (!rule.messageExpression) return made;
  const message = run(rule.messageExpression, environment, types, "string");
  if ("error" in message) {
    const { error, prefix } = message;
    const text = prefix ? `messageExpression ${prefix} failed: ${error}` : error;
    return { ...made, messageError: text };
  }
  return { ...made, message: message.program, messageCostMax: message.costMax };
}

type Run =
  | { checked: Checked; program: Program; costMax: number }
  /** `prefix`: what failed, where that is said. */
  | { error: string; prefix?: string };

const wrongResult: Partial<Record<Kind, string>> = {
  bool: "cel expression must evaluate to a bool",
  string: "messageExpression must evaluate to a string",
};

function run(text: string, environment: Environment, types: DeclaredTypes, gives: Kind): Run {
  const checked = compile(text, environment);
  if ("error" in checked) return { error: checked.error, prefix: "compilation" };
  if (checked.type.kind !== gives) return { error: wrongResult[gives]! };
  try {
    const program = new Program(checked.e);
    return { checked, program, costMax: estimateCost(checked.e, types.sizeAt).max };
  } catch (error) {
    if (!(error instanceof ConstantProblem)) throw error;
    return {
      error: error.message,
      prefix: gives === "bool" ? "program instantiation" : "instantiation",
    };
  }
}

const kept = new WeakMap<
  Schema,
  { root: CompiledRules | undefined; inner: CompiledRules | undefined }
>();

/** Undefined: expressions do not see what the schema describes. `isRoot`: of a whole object. */
export function compiledRules(schema: Schema, isRoot: boolean): CompiledRules | undefined {
  const known = kept.get(schema) ?? { root: undefined, inner: undefined };
  const which = isRoot ? "root" : "inner";
  if (known[which]) return known[which];
  const types = new DeclaredTypes(schema, isRoot);
  if (!types.root) return undefined;
  const rules = (schema["x-kubernetes-validations"] ?? []).map((rule) =>
    compiledRule(rule, types, schema),
  );
  const made = { rules, cardinality: Math.trunc(requestBytesMax / (types.root.bytesMin + 1)) };
  known[which] = made;
  kept.set(schema, known);
  return made;
}
