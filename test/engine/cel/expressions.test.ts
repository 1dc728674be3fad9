/** Expressions as Kubernetes 1.36 answers them: errors, types, values, what they cost, and what they can cost. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { admissionField } from "../../../durable-objects/engine/cel/admission-types.ts";
import { compile } from "../../../durable-objects/engine/cel/compile.ts";
import { estimateCost } from "../../../durable-objects/engine/cel/estimate.ts";
import { fromJson } from "../../../durable-objects/engine/cel/json.ts";
import { ConstantProblem } from "../../../durable-objects/engine/cel/plan.ts";
import { Program } from "../../../durable-objects/engine/cel/program.ts";
import { dynType, structType, typeText } from "../../../durable-objects/engine/cel/types.ts";
import { valueText } from "../../../durable-objects/engine/cel/value-text.ts";
import {
  CelError,
  ListValue,
  MapValue,
  Optional,
  Uint,
  type Value,
} from "../../../durable-objects/engine/cel/values.ts";

interface Fact {
  expr: string;
  vars?: Record<string, unknown>;
  error?: string;
  type?: string;
  failed?: string;
  value?: unknown;
  cost?: number;
  min?: number;
  max?: number;
}

const facts = JSON.parse(
  readFileSync(new URL("../../golden/cel/expressions.json", import.meta.url), "utf8"),
) as Fact[];

const object = {
  metadata: { name: "web", labels: { a: "b", c: "d" } },
  spec: {
    replicas: 3,
    containers: [
      { name: "c", image: "registry/x", resources: {} },
      { name: "d", image: "y" },
    ],
  },
  list: [1, 2, 3],
  names: ["x", "web", "zz"],
  i: 7,
  f: 1.5,
  q: "1",
  nil: null,
  bad: "(",
  people: [
    { name: "bob", age: 30 },
    { name: "al", age: 20 },
  ],
};
const usual: Record<string, unknown> = {
  object,
  oldObject: null,
  params: { maxReplicas: 5 },
  request: {
    operation: "CREATE",
    namespace: "default",
    userInfo: { username: "u", groups: ["g"] },
  },
  namespaceObject: { metadata: { name: "default", labels: {} } },
};

const variables = new Map([
  ["object", dynType],
  ["oldObject", dynType],
  ["params", dynType],
  ["request", structType("kubernetes.AdmissionRequest")],
  ["namespaceObject", structType("kubernetes.Namespace")],
  ["authorizer", structType("kubernetes.authorization.Authorizer")],
  ["authorizer.requestResource", structType("kubernetes.authorization.ResourceCheck")],
]);

function shown(value: Value): unknown {
  if (value === null || ["boolean", "string", "number"].includes(typeof value)) return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (value instanceof ListValue) return [...value].map(shown);
  if (value instanceof MapValue) {
    const entries = [...value.keys()].map((key): [string, unknown] => [
      typeof key === "string" ? key : valueText(key),
      shown(value.find(key)!),
    ]);
    return Object.fromEntries(entries);
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Optional) return value.value === undefined ? null : shown(value.value);
  return valueText(value);
}

function answer({ expr, vars }: Fact): Fact {
  const given = vars ? { vars } : {};
  const compiled = compile(expr, { variables, field: admissionField });
  if ("error" in compiled) return { expr, ...given, error: compiled.error };
  const { min, max } = estimateCost(compiled.e);
  const told = { expr, ...given, type: typeText(compiled.type), min, max };
  const values = { ...usual, ...vars };
  try {
    const { value, cost } = new Program(compiled.e).evaluate((name) =>
      Object.hasOwn(values, name) ? fromJson(values[name]) : undefined,
    );
    if (value instanceof CelError) return { ...told, failed: value.text };
    return { ...told, value: shown(value), cost };
  } catch (error) {
    if (error instanceof ConstantProblem) return { ...told, failed: `program: ${error.message}` };
    throw error;
  }
}

/** Beyond what a double holds exactly the last digits differ. */
const rounded = (fact: Fact): Fact =>
  fact.max !== undefined && fact.max > Number.MAX_SAFE_INTEGER
    ? { ...fact, max: Number(fact.max.toPrecision(12)) }
    : fact;

test.each(facts.map((fact): [string, Fact] => [fact.expr, fact]))("%s", (_, fact) => {
  expect(rounded(answer(fact))).toEqual(rounded(fact));
});
