/** What a user may hand to kubectl is bounded, said, and harms nobody else. */
import { describe, expect, test } from "vitest";
import { KubectlWorld } from "./kubectl-world.ts";

const world = new KubectlWorld().begin();
describe("templates", () => {
  test.each([
    [`-o go-template='{{range 1000000000}}x{{end}}'`, "the template takes too many steps"],
    [
      `-o go-template='{{define "a"}}{{template "a"}}{{end}}{{template "a"}}'`,
      "exceeded maximum template depth (200)",
    ],
    [`-o go-template='${"{{if 1}}".repeat(5_000)}'`, "max nesting depth exceeded"],
    [`-o go-template='{{${"(".repeat(5_000)}'`, "max expression depth exceeded"],
    [
      `-o go-template='{{range 100000}}{{printf "%999999d" 1}}{{end}}'`,
      "the template takes too many steps",
    ],
    [`-o jsonpath='{${"...*".repeat(4)}}'`, "the path finds too many values"],
    [`-o jsonpath='{.a${"[?(@.a".repeat(3_000)}${")]".repeat(3_000)}}'`, "error parsing jsonpath"],
  ])("%.60s", (output, said) => {
    const ran = world.sh(`kubectl get pods,nodes,clusterroles -A ${output}`);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(said);
    expect(world.engine.faults).toEqual([]);
  });

  test("widths and characters that nobody has room for", () => {
    const format = `%.200f|%99999999d|%c|%.300e`;
    const ran = world.sh(
      `kubectl get pod toolbox -o go-template='{{printf "${format}" 1.5 1 99999999999 1.5}}'`,
    );
    expect(ran.stdout).toMatch(/^1\.50{199}\|%!\(BADWIDTH\)1\|\ufffd\|1\.50{99}e\+00$/);
  });
});

describe("files", () => {
  test.each([
    ["a million brackets", "{ printf '{\"a\":'; head -c 1000000 /dev/zero | tr '\\000' '['; }"],
    ["a million braces of YAML", "{ echo a:; head -c 1000000 /dev/zero | tr '\\000' '{'; }"],
    ["bytes that are no text", "head -c 100000 /dev/urandom"],
    ["nothing but zeros", "head -c 100000 /dev/zero"],
  ])("%s", (_what, made) => {
    const ran = world.sh(`${made} > /tmp/f; kubectl get -f /tmp/f`);
    expect(ran.code).toBe(1);
    expect(ran.stderr.length).toBeLessThan(500_000);
    expect(world.engine.faults).toEqual([]);
  });

  test("more than may be kept while it waits", () => {
    world.out("head -c 300000 /dev/zero | tr '\\000' '#' > /tmp/a; cp /tmp/a /tmp/b");
    const session = world.start(
      "kubectl get -f /tmp/a -f /tmp/b -f -",
      "stdin=true&stdout=true&stderr=true",
    );
    session.read();
    expect(session.stderr).toBe(
      "error: this command holds more than 393216 bytes of answers while it waits\n",
    );
    expect(session.code).toBe(1);
  });

  test("a thousand objects are read one by one", () => {
    const object = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kube-root-ca.crt"}}';
    world.out(`for i in $(seq 1000); do echo '${object}'; done > /tmp/many`);
    const ran = world.sh("kubectl get -f /tmp/many -o name | sort | uniq -c");
    expect(ran.stdout.trim()).toBe("1000 configmap/kube-root-ca.crt");
  });
});

test("a long list waits for a slow reader in a file without a name", () => {
  const data = "x".repeat(200_000);
  for (let i = 0; i < 12; i++)
    world.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `large-${i}` },
      data: { data },
    });
  const ran = world.sh(
    "kubectl get cm -o yaml | { sleep 5; ls -a /tmp | grep -c kubectl; wc -c; }; kubectl get cm large-0 -o name",
  );
  expect(ran.stdout).toMatch(/^0\n24\d{5}\nconfigmap\/large-0\n$/);
  for (let i = 0; i < 12; i++) world.delete(`/api/v1/namespaces/default/configmaps/large-${i}`);
});

test("watches of a flood, twenty of them, leave the others alone", () => {
  const sessions = Array.from({ length: 20 }, () => world.start("kubectl get cm -w -o name"));
  for (const session of sessions) session.read();
  for (let i = 0; i < 100; i++) {
    world.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `flood-${i}` } });
  }
  world.advance(1_000);
  for (const session of sessions) session.read();
  expect(sessions.every(({ stdout }) => stdout.split("\n").length >= 100)).toBe(true);
  for (const session of sessions) session.end();
  world.advance(1_000);
  expect(world.out("echo still here")).toBe("still here\n");
});
