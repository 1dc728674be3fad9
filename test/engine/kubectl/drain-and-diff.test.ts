/** kubectl drain of a node without a kubelet, and diff --prune: held to what real kubectl says of the same cluster. */
import { beforeEach, describe, expect, test } from "vitest";
import { KubectlWorld } from "./kubectl-world.ts";

const onBare = (name: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: { nodeName: "bare", containers: [{ name: "c", image: "nginx:1.29" }] },
});

describe("drain of a node that nobody runs", () => {
  let world: KubectlWorld;

  beforeEach(() => {
    world = new KubectlWorld({ seed: "bare", nodes: 1 }).begin();
    world.create(
      { apiVersion: "v1", kind: "Node", metadata: { name: "bare" } },
      onBare("stuck"),
      onBare("other"),
    );
  });

  const warning = "Warning: deleting Pods that declare no controller: default";

  test("a Pod that has been going for long is waited for no more", () => {
    const line =
      "kubectl drain bare --force --pod-selector app=stuck --skip-wait-for-delete-timeout=3 --grace-period=1";
    const said = {
      stdout:
        "node/bare cordoned\nevicting pod default/stuck\n" +
        'pod "stuck" has DeletionTimestamp older than 3 seconds, skipping\nnode/bare drained\n',
      stderr: `${warning}/stuck\n`,
      code: 0,
    };
    expect(world.sh(line)).toEqual(said);
    // It is not looked at again.
    expect(world.sh(line)).toEqual({
      stdout: "node/bare already cordoned\nnode/bare drained\n",
      stderr: "",
      code: 0,
    });
  });

  test("time runs out", () => {
    const drain = "kubectl drain bare --force --pod-selector app=other --timeout=3s";
    const why =
      'error when waiting for pod "other" in namespace "default" to terminate: context deadline exceeded';
    const pending = (text: string): string =>
      `${warning}/other\nThere are pending pods in node "bare" when an error occurred: ${text}\npod/other\n` +
      `error: unable to drain node "bare" due to error: ${text}, continuing command...\n` +
      "There are pending nodes to be drained:\n bare\n";
    expect(world.sh(drain)).toEqual({
      stdout: "node/bare cordoned\nevicting pod default/other\n",
      stderr: `${pending(why)}${why}\n`,
      code: 1,
    });
    const deadline = "context deadline exceeded";
    expect(world.sh(`${drain} --disable-eviction`)).toEqual({
      stdout: "node/bare already cordoned\n",
      stderr: `${pending(deadline)}error: ${deadline}\n`,
      code: 1,
    });
  });
});

test("diff --prune shows what pruning would delete", () => {
  const world = new KubectlWorld({ seed: "pruned", nodes: 1 }).begin();
  const map = (name: string, to: string): string =>
    `printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: ${name}, labels: {set: one}}\\ndata: {a: "1"}\\n' > ${to}`;
  world.sh(`mkdir files; ${map("kept", "files/kept.yaml")}; ${map("gone", "gone.yaml")}`);
  expect(world.sh("kubectl apply -f files -f gone.yaml").code).toBe(0);
  const allowed = "--prune-allowlist core/v1/ConfigMap";
  const said = world.sh(`kubectl diff -f files --prune -l set=one ${allowed}`);
  expect([said.stderr, said.code]).toEqual(["", 1]);
  const lines = said.stdout.split("\n");
  expect(lines[0]).toMatch(
    /^diff -u -N \/tmp\/LIVE-(\d+)\/v1.ConfigMap.default.gone \/tmp\/MERGED-\d+\/v1.ConfigMap.default.gone$/,
  );
  expect(lines.slice(4, 9)).toEqual([
    "-apiVersion: v1",
    "-data:",
    '-  a: "1"',
    "-kind: ConfigMap",
    "-metadata:",
  ]);
  expect(said.stdout).toContain("\n-  managedFields:\n");
  expect(said.stdout).not.toContain("kept");
  const byDefault = world.sh("kubectl diff -f files --prune -l set=one");
  expect(byDefault.stderr).toMatch(/^W\d{4} .* prune.go:71\] Deprecated: kubectl apply will/);
  expect(byDefault.stderr).toMatch(/\nWarning: v1 Endpoints is deprecated in v1\.33\+; .*\n$/);
  expect(byDefault.stdout).toContain("v1.ConfigMap.default.gone");
  expect(world.sh("kubectl diff -f files --prune --prune-allowlist core/v1/Nope")).toEqual({
    stdout: "",
    stderr: 'error: no matches for kind "Nope" in version "v1"\n',
    code: 2,
  });
  expect(world.sh("kubectl diff -f files").code).toBe(0);
});
