/** Names that every object of JavaScript has are names like any other: no table of ours holds them. */
import { expect, test } from "vitest";
import { KubectlWorld } from "../kubectl/kubectl-world.ts";

test("constructor, toString and the like are no options, operators, tags or variables", () => {
  const world = new KubectlWorld().begin();
  const said = (line: string): string => {
    const { stdout, stderr, code } = world.sh(line);
    return `${code} ${(stderr || stdout).trim().split("\n")[0]}`;
  };
  expect(said('echo "[$constructor$toString]"')).toBe("0 []");
  expect(said("[ a constructor b ]")).toMatch(/^2 .*(unexpected operator|constructor)/);
  expect(said("[ constructor a ]")).toMatch(/^2 /);
  expect(said("find / -constructor")).toMatch(/^1 .*constructor/);
  expect(said("echo a | tr '[:constructor:]' b")).toMatch(/^\d /);
  expect(said("kubectl patch cm x -p '{}' --type=constructor")).toBe(
    '1 error: --type must be one of [json merge strategic], not "constructor"',
  );
  expect(said("kubectl config set constructor.a b")).toMatch(/^1 error: /);
  expect(said("kubectl create cronjob c --image=busybox --schedule=constructor")).toMatch(
    /^1 .*expected exactly 5 fields, found 1: \[constructor\]/,
  );
  world.create(
    ...["debian:constructor", "ubuntu:toString", "alpine:constructor"].map((image, i) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `p${i}` },
      spec: { containers: [{ name: "c", image: image.toLowerCase() }] },
    })),
  );
  world.advance(10_000);
  const waiting = world
    .pods()
    .flatMap((pod) => pod.status.containerStatuses?.[0]?.state?.waiting?.reason ?? []);
  expect(waiting.filter((reason) => /ErrImagePull|ImagePullBackOff/.test(reason))).toHaveLength(3);
});
