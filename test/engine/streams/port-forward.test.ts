/** port-forward to the server that the end-to-end tests forward to, and to what has nothing to forward to. */
import { describe, expect, test } from "vitest";
import type { ForwardSession } from "../../../durable-objects/engine/ports/request.ts";
import { pods, SessionWorld } from "./streams-world.ts";

const variables = (env: Record<string, string>): object[] =>
  Object.entries(env).map(([name, value]) => ({ name, value }));

function tester(env: Record<string, string>): [SessionWorld, ForwardSession] {
  const world = new SessionWorld();
  world.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: {
      restartPolicy: "Never",
      containers: [
        {
          name: "c",
          image: "registry.k8s.io/e2e-test-images/agnhost:2.63.0",
          args: ["port-forward-tester"],
          env: variables({
            BIND_PORT: "80",
            CHUNKS: "3",
            CHUNK_SIZE: "4",
            CHUNK_INTERVAL: "100",
            ...env,
          }),
        },
      ],
    },
  });
  world.until(() => world.pod("p").status.phase === "Running");
  return [world, world.forward("p")];
}

function dialled(world: SessionWorld, target: ForwardSession): string {
  const opened = world.engine.session(world.now, () => world.engine.sessions.connect(target, 80));
  if ("error" in opened) throw new Error(opened.error);
  return opened.stream;
}

/** What comes within so many steps of a tenth of a second. */
function heard(world: SessionWorld, stream: string, steps: number): string {
  let text = "";
  for (let i = 0; i < steps; i++) {
    const { sessions } = world.engine;
    const bytes = world.engine.session(world.now, () => sessions.receive(stream));
    if (bytes === "end") return `${text}<end>`;
    if (bytes) text += new TextDecoder().decode(bytes);
    world.advance(100);
  }
  return text;
}

const logOf = (world: SessionWorld): string => world.request("GET", `${pods}/p/log`).text;

describe("port-forward-tester", () => {
  test("sends its chunks in their time, and ends", () => {
    const [world, target] = tester({});
    const stream = dialled(world, target);
    expect(heard(world, stream, 8)).toBe("xxxxxxxxxxxx<end>");
    world.advance(5_000);
    expect(logOf(world)).toBe("Accepted client connection\nShutting down connection\nDone\n");
    expect(world.pod("p").status.containerStatuses[0].state.terminated.exitCode).toBe(0);
  });
  test("a client that goes away before it said anything", () => {
    const [world, target] = tester({ EXPECTED_CLIENT_DATA: "abc" });
    const stream = dialled(world, target);
    world.engine.session(world.now, () => world.engine.sessions.disconnect(stream));
    world.advance(5_000);
    expect(logOf(world)).toBe(
      "Accepted client connection\nExpected to read 3 bytes from client, but got 0 instead. err=EOF\n",
    );
    expect(world.pod("p").status.containerStatuses[0].state.terminated.exitCode).toBe(2);
  });
  test("a Pod in which nobody listens any more", () => {
    const [world, target] = tester({ BIND_PORT: "81" });
    world.advance(1_000);
    const opened = world.engine.session(world.now, () => world.engine.sessions.connect(target, 80));
    expect("error" in opened && opened.error).toContain("connect: connection refused");
    dialledEnd(world, target);
    const after = world.engine.session(world.now, () => world.engine.sessions.connect(target, 81));
    expect("error" in after && after.error).toContain("connect: connection refused");
  });
});

/** One client is all it takes: then its port is closed. */
function dialledEnd(world: SessionWorld, target: ForwardSession): void {
  const opened = world.engine.session(world.now, () => world.engine.sessions.connect(target, 81));
  if ("error" in opened) throw new Error(opened.error);
  heard(world, opened.stream, 8);
  world.advance(5_000);
}
