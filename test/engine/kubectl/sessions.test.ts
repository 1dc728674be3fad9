/** Sessions of the API that a Pod's kubectl drives: exec into other Pods and its own, with pipes and a terminal. */
import { beforeAll, expect, test } from "vitest";
import { KubectlWorld } from "./kubectl-world.ts";

let world: KubectlWorld;

beforeAll(() => {
  world = new KubectlWorld({ seed: "sessions", nodes: 2 }).begin();
  world.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "other" },
    spec: {
      containers: [
        { name: "c", image: "busybox:1.37", command: ["sh", "-c", "echo hi; sleep 3600"] },
      ],
    },
  });
  world.until(() => world.pod("other").status.phase === "Running");
});

test.each([
  ["kubectl exec other -- echo hello", "hello\n", "", 0],
  [
    "kubectl exec other -- sh -c 'echo out; echo err >&2; exit 3'",
    "out\n",
    "err\ncommand terminated with exit code 3\n",
    3,
  ],
  ["echo in | kubectl exec -i other -- cat", "in\n", "", 0],
  ["kubectl exec toolbox -- hostname", "toolbox\n", "", 0],
  ["kubectl exec other -- sh -c 'sleep 2; echo late'", "late\n", "", 0],
])("%s", (line, stdout, stderr, code) => {
  expect(world.sh(line)).toEqual({ stdout, stderr, code });
});

const terminal = "stdin=true&stdout=true&tty=true&stderr=false";

test("a terminal within the terminal", () => {
  const session = world.start("kubectl exec -it other -- sh", terminal);
  world.settle(1000);
  session.read();
  session.write("echo $((40+2))\n");
  world.settle(1000);
  session.read();
  session.write("exit 5\n");
  world.settle(1000);
  session.read();
  expect(session.stdout).toBe(
    "/ # echo $((40+2))\r\n42\r\n/ # exit 5\r\ncommand terminated with exit code 5\r\n",
  );
  expect(session.code).toBe(5);
});

test("a client that was killed hangs up", () => {
  world.sh("kubectl exec other -- sleep 1000 & sleep 1; kill -9 $!");
  world.settle(1000);
  expect([...world.engine.store.recordKeys("api-streams")]).toEqual([]);
});
