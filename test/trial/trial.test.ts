/** The trial of a folder: what it takes for a manifest, what goes together, and what it says of each. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { tryBatch } from "./cluster.ts";
import { batchesOf, definitionsFor, manifestsBelow } from "./manifests.ts";

const root = mkdtempSync(path.join(tmpdir(), "podyard-trial-"));
afterAll(() => rmSync(root, { recursive: true }));

const put = (file: string, text: string): void => {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
};

const pod = (name: string, spec: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop}\nspec: {containers: [{name: c, ${spec}}]}\n`;

test("each file gets its verdict, in the words of the cluster", () => {
  put("crd/crd.yaml", definition);
  put("app/b.yaml", `${pod("good", "image: nginx")}---\n${pod("bad", "image: 'nginx:99'")}`);
  put("app/a.yaml", "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: old}\n");
  put("app/c.yaml", pod("good", "image: httpd"));
  put("app/own.yaml", "apiVersion: shop.dev/v1\nkind: Toy\nmetadata: {name: t}\nspec: {}\n");
  put("app/values.yaml", "replicas: 3\n");
  put("app/template.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.name }}}\n");
  const files = manifestsBelow(root);
  expect(files.map((file) => file.path)).toEqual([
    "app/a.yaml",
    "app/b.yaml",
    "app/c.yaml",
    "app/own.yaml",
    "crd/crd.yaml",
  ]);
  const batches = batchesOf(files);
  expect(batches.map((batch) => batch.files.map((file) => file.path))).toEqual([
    ["app/a.yaml", "app/b.yaml", "app/own.yaml"],
    ["app/c.yaml"],
    ["crd/crd.yaml"],
  ]);
  const definitions = definitionsFor(batches[0]!, files);
  const { verdicts, faults } = tryBatch(batches[0]!, { nodes: 1, minutes: 1, definitions });
  expect(faults).toEqual([]);
  expect(verdicts.map(({ refused, ready }) => [refused, ready])).toEqual([
    [['Deployment/old: no matches for kind "Deployment" in version "apps/v1beta1"'], 0],
    [[], 1],
    [[], 0],
  ]);
  expect(verdicts[1]!.notReady).toHaveLength(1);
  expect(verdicts[1]!.notReady[0]).toMatch(
    /^Pod\/bad: c \(nginx:99\): (ErrImagePull|ImagePullBackOff) .*nginx:99: not found/,
  );
});

const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: toys.shop.dev}
spec:
  group: shop.dev
  scope: Namespaced
  names: {plural: toys, singular: toy, kind: Toy}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object}}}}
`;
