/** Objects with very many faults: the first are told, with how many there are, whatever list they lie in. */
import { describe, expect, it, test } from "vitest";
import {
  fieldErrorCharsMax,
  fieldErrorsMax,
  listItemsMax,
} from "../../../durable-objects/engine/core/limits.ts";
import { World, type Answer } from "../../helpers/world.ts";

const many = <T>(n: number, of: (i: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => of(i));
const keys = (n: number): object => Object.fromEntries(many(n, (i) => [`no key ${i}`, ""]));
const configMap = (data: object): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "c" },
  data,
});
const url = "/api/v1/namespaces/default/configmaps";

describe("many errors of one object", () => {
  const world = new World({ nodes: 1 });

  it("tells the first, and how many there are", () => {
    const answer = world.request("POST", url, configMap(keys(listItemsMax)));
    expect(answer.status).toBe(422);
    const { causes } = answer.body.details;
    expect(causes).toHaveLength(fieldErrorsMax + 1);
    expect(causes.at(-1)).toEqual({
      reason: "FieldValueTooMany",
      message: `the first ${fieldErrorsMax} of ${listItemsMax} are shown`,
      field: "too many errors",
    });
    expect(answer.body.message).toContain('data[no key 0]: Invalid value: "no key 0": a valid');
    expect(answer.body.message).toMatch(/, too many errors: the first 100 of 10000 are shown\]$/);
  });

  it("tells all where they are as many as are told", () => {
    const { body } = world.request("POST", url, configMap(keys(fieldErrorsMax)));
    expect(body.details.causes).toHaveLength(fieldErrorsMax);
    expect(body.message).not.toContain("too many errors");
  });

  it("tells fewer of long ones", () => {
    const long = (i: number): [string, string] => [
      `${"x".repeat(fieldErrorCharsMax / 5)} ${i}`,
      "",
    ];
    const data = Object.fromEntries(many(10, long));
    const { body } = world.request("POST", url, configMap(data));
    // Each key is too long and has a space, and each error says it twice.
    expect(body.details.causes.at(-1).message).toBe("the first 3 of 20 are shown");
  });

  test("items of custom resources, each compared with thousands of choices", () => {
    const choices = many(1_000, (i) => `choice-${i}`);
    const properties = {
      chosen: { type: "array", items: { type: "string", enum: choices } },
      counted: { type: "array", items: { type: "integer" } },
      tried: { type: "array", items: { anyOf: many(1_000, (i) => ({ minLength: i + 10 })) } },
    };
    properties.tried.items = { ...properties.tried.items, type: "string" } as never;
    world.create({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "picks.example.com" },
      spec: {
        group: "example.com",
        scope: "Namespaced",
        names: { plural: "picks", singular: "pick", kind: "Pick", listKind: "PickList" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object", properties } },
          },
        ],
      },
    });
    world.advance(5_000);
    const pick = (fields: object): Answer =>
      world.request("POST", "/apis/example.com/v1/namespaces/default/picks?dryRun=All", {
        apiVersion: "example.com/v1",
        kind: "Pick",
        metadata: { name: "p" },
        ...fields,
      });
    expect(pick({ chosen: many(20_000, () => "choice-999") }).status).toBe(201);
    const wrong = pick({ chosen: many(20_000, () => "none") });
    expect(wrong.body.message).toContain(
      'chosen[0]: Unsupported value: "none": supported values: "choice-0", "choice-1", ',
    );
    expect(wrong.body.details.causes.at(-1).message).toMatch(/^the first \d+ of 20000 are shown$/);
    const typed = pick({ counted: many(20_000, () => "none") });
    expect(typed.body.details.causes.at(-1).message).toBe("the first 100 of 20000 are shown");
    const tried = pick({ tried: many(20_000, () => "none") });
    expect(tried.body).toMatchObject({
      code: 429,
      message: "the schema of this resource takes too long",
    });
  });

  const refused = (path: string, object: object): Answer => {
    const answer = world.request("POST", `${path}?dryRun=All`, object);
    expect(answer.text.slice(0, 300)).toContain("is invalid: [");
    expect(answer.body.details.causes.length).toBeLessThanOrEqual(fieldErrorsMax + 1);
    return answer;
  };

  test("lists in lists of a Pod", () => {
    const containers = many(5_000, () => ({ ports: many(6, () => ({})) }));
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers } };
    refused("/api/v1/namespaces/default/pods", pod);
  });

  test("lists in lists of a StorageClass and of a ClusterRole", () => {
    const expressions = many(5_000, () => ({ matchLabelExpressions: many(6, () => ({})) }));
    refused("/apis/storage.k8s.io/v1/storageclasses", {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "s" },
      provisioner: "p",
      allowedTopologies: expressions,
    });
    const clusterRoleSelectors = many(5_000, () => ({ matchExpressions: many(6, () => ({})) }));
    refused("/apis/rbac.authorization.k8s.io/v1/clusterroles", {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "r" },
      aggregationRule: { clusterRoleSelectors },
    });
  });
});
