/** Kustomizations as kubectl reads them. */
import { beforeAll, describe, expect, test } from "vitest";
import { KubectlWorld } from "./kubectl-world.ts";

let world: KubectlWorld;

beforeAll(() => {
  world = new KubectlWorld({ seed: "kustomize", nodes: 1 }).begin();
});

const made = (kustomization: string): { stdout: string; stderr: string } => {
  const folder = "/tmp/k";
  world.sh(`rm -rf ${folder}; mkdir ${folder}`);
  world.sh(`printf '${kustomization}' > ${folder}/kustomization.yaml`);
  return world.sh(`kubectl kustomize ${folder}`);
};

describe("fields", () => {
  test("are found in any case, those within others too", () => {
    const { stdout, stderr } = made(
      "nameprefix: dev-\\nconfigmapgenerator:\\n- Name: g\\n  LITERALS: [a=b]\\n  options: {disablenamesuffixhash: true}\\n",
    );
    expect(stderr).toBe("");
    expect(stdout).toBe(
      "apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\nmetadata:\n  name: dev-g\n",
    );
  });

  test("that nobody knows are refused, the first by name, deep ones too", () => {
    const refusal = (name: string): string =>
      `error: invalid Kustomization: json: unknown field "${name}"\n`;
    expect(made("zoo: 1\\nnope: 1\\n").stderr).toBe(refusal("nope"));
    expect(made("images: [{name: a, tag: b}]\\n").stderr).toBe(refusal("tag"));
    expect(made("commonLabels: {Any: thing}\\nresources: []\\n").stderr).not.toContain("unknown");
  });
});
