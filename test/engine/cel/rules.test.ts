/** x-kubernetes-validations as Kubernetes 1.36 takes them: of definitions, and of their objects. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkRules } from "../../../durable-objects/engine/cel/rules/check-rules.ts";
import { validateRules } from "../../../durable-objects/engine/cel/rules/validate-rules.ts";
import type { Schema } from "../../../durable-objects/engine/cel/schema.ts";
import type { FieldError } from "../../../durable-objects/engine/machinery/field.ts";

type Json = Record<string, never>;

interface Fact {
  schema: Schema;
  definition: string[];
  runs: { object: Json; old: Json | null }[];
  errors: string[][];
}

const facts = JSON.parse(
  readFileSync(new URL("../../golden/cel/rules.json", import.meta.url), "utf8"),
) as Fact[];

const told = (errors: readonly FieldError[]): string[] =>
  errors.map(({ field, message }) => `${field}: ${message}`);

const rulesOf = ({ schema }: Fact): string =>
  [...JSON.stringify(schema).matchAll(/"rule":("(?:[^"\\]|\\.)*")/g)].map(([, r]) => r).join(" ");

describe("rules", () => {
  test.each(facts.map((fact, i): [string, Fact] => [`${i}: ${rulesOf(fact)}`, fact]))(
    "%s",
    (_, fact) => {
      const path = "spec.validation.openAPIV3Schema";
      // Upstream goes through a map of the properties.
      const definition = told(checkRules(fact.schema, path)).sort();
      const kept = (line: string): boolean => !line.includes("contributed to estimated");
      expect(definition.filter(kept)).toEqual(fact.definition.filter(kept).sort());
      expect(definition.length).toBe(fact.definition.length);
      const errors = fact.runs.map(({ object, old }) =>
        told(validateRules(fact.schema, object, old ?? undefined).errors),
      );
      expect(errors).toEqual(fact.errors);
    },
  );
});

const rule = (text: string, more: object = {}): Schema =>
  ({
    type: "object",
    properties: { spec: { type: "object", "x-kubernetes-validations": [{ rule: text }], ...more } },
  }) as Schema;

test("fields that are called as reserved words need no escapes", () => {
  const text = { type: "string" } as const;
  const properties = { namespace: text, if: { type: "integer" as const }, "a-b": text };
  const told = (rules: string[], spec: object) =>
    rules.map((text) => {
      const schema = rule(text, { properties });
      const refused = checkRules(schema, "").map(({ message }) => message);
      const { errors } = validateRules(schema, { spec }, undefined);
      return refused.length > 0 ? refused[0]! : errors.length === 0;
    });
  const rules = [
    "!has(self.namespace)",
    "self.namespace == 'x'",
    "self.__namespace__ == 'x'",
    "self.if == 1",
  ];
  expect(told(rules, { namespace: "x", if: 1 })).toEqual([false, true, true, true]);
  expect(told(["!has(self.namespace)"], {})).toEqual([true]);
  expect(told(["self.for == 1"], {})[0]).toMatch("undefined field 'for'");
});

test("what did not change is warned of only", () => {
  const schema = rule("self.x > 1", { properties: { x: { type: "integer" } } });
  const bad = { spec: { x: 0 } };
  const warnings: string[] = [];
  const outcome = validateRules(schema, bad, bad, (text) => warnings.push(text));
  expect(outcome.errors).toEqual([]);
  expect(warnings).toEqual(["spec: Invalid value: failed rule: self.x > 1"]);
});

test("an object's rules share a budget", () => {
  const text = "self.l.all(a, self.l.all(b, self.l.all(c, a + b + c >= 0)))";
  const schema = rule(text, {
    properties: { l: { type: "array", items: { type: "integer" } } },
  });
  const { errors, cost } = validateRules(
    schema,
    { spec: { l: Array.from({ length: 300 }, (_, i) => i) } },
    undefined,
  );
  expect(told(errors)).toEqual([
    `spec: Invalid value: "object": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`,
  ]);
  expect(cost).toBeLessThanOrEqual(4_000_000);
});
