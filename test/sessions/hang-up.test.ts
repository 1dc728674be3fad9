/** Clients that cannot end their input alone (before v5.channel.k8s.io, and of a port-forward) hang up where it ends. */
import { expect, test } from "vitest";
import { departedWorkMax, sessionWorkMax } from "../../durable-objects/limits.ts";
import { ChannelForward } from "../../durable-objects/sessions/channel-forward.ts";
import { CommandStream } from "../../durable-objects/sessions/command.ts";
import { Departed } from "../../durable-objects/sessions/departed.ts";
import { commandProtocols, forwardProtocols } from "../../durable-objects/sessions/frames.ts";
import type { LiveSession } from "../../durable-objects/sessions/session.ts";
import { joined } from "../../durable-objects/sessions/spdy.ts";
import {
  commandOf,
  forwardOf,
  pod,
  pods,
  SessionWorld,
  upgrade,
} from "../engine/streams/streams-world.ts";

const wire = { send: (): void => {} };
const mebibyte = 1024 * 1024;

function running(manifest: object): SessionWorld {
  const world = new SessionWorld();
  world.create(manifest);
  world.until(() => world.pod("p").status.phase === "Running");
  world.advance(5_000);
  return world;
}

function exec(script: string): { world: SessionWorld; session: CommandStream } {
  const world = running(pod("p", "sleep 100000"));
  const command = ["sh", "-c", script].map((word) => `command=${encodeURIComponent(word)}`);
  const query = `${command.join("&")}&stdin=true&stdout=true`;
  const reply = world.raw("GET", `${pods}/p/exec?${query}`, undefined, upgrade);
  const v4 = commandProtocols.find(({ name }) => name === "v4.channel.k8s.io")!;
  return { world, session: new CommandStream(commandOf(reply), v4, wire) };
}

function say(session: LiveSession, text: string | Uint8Array): void {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  for (let i = 0; i < bytes.length; i += 32 * 1024)
    session.message(joined([Uint8Array.of(0), bytes.slice(i, i + 32 * 1024)]).buffer);
}

/** The object lets go of the session, in as many turns as that takes. Returns how many. */
function hangUp(world: SessionWorld, session: LiveSession): number {
  let turns = 1;
  while (session.drain?.(world.engine, world.now, world.engine.sessionWork + sessionWorkMax))
    turns++;
  session.release(world.engine, world.now);
  world.advance(1_000);
  return turns;
}

test("what a client has said before it hangs up is read all the same", () => {
  const { world, session } = exec("cat > /tmp/x; echo $? >> /tmp/x");
  session.pump(world.engine, world.now);
  say(session, "x".repeat(500_000));
  hangUp(world, session);
  const look = world.exec("p", "wc -c < /tmp/x; tail -c 2 /tmp/x");
  expect(look.read()).toBe("500002\n0\n");
});

test("a command that does not read keeps nobody who has hung up", () => {
  const { world, session } = exec("sleep 1000");
  say(session, new Uint8Array(20 * mebibyte));
  session.pump(world.engine, world.now);
  expect(hangUp(world, session)).toBe(1);
});

test("many megabytes of who has hung up take several turns", () => {
  const { world, session } = exec("wc -c");
  say(session, new Uint8Array(20 * mebibyte));
  expect(hangUp(world, session)).toBeGreaterThan(3);
});

test("a server reads what was said to it before the forward ended", () => {
  const world = running({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: { containers: [{ name: "c", image: "redis:7" }] },
  });
  const reply = world.raw("GET", `${pods}/p/portforward?ports=6379`, undefined, upgrade);
  const v4 = forwardProtocols.find(({ name }) => name === "v4.channel.k8s.io")!;
  const session = new ChannelForward(forwardOf(reply), v4, wire);
  say(session, `SET k ${"x".repeat(60_000)}\r\n`);
  hangUp(world, session);
  expect(world.exec("p", "redis-cli STRLEN k").read()).toBe("60000\n");
});

test("a forward to a port where nobody listens ends as before", () => {
  const world = running(pod("p", "sleep 100000"));
  const reply = world.raw("GET", `${pods}/p/portforward?ports=80`, undefined, upgrade);
  const session = new ChannelForward(forwardOf(reply), forwardProtocols[1]!, wire);
  say(session, "GET / HTTP/1.0\r\n\r\n");
  expect(hangUp(world, session)).toBe(1);
  expect([...world.engine.store.recordKeys("sessions")]).toEqual([]);
});

test("who said much before they hung up keep no other waiting, and are read up to a bound", () => {
  const { world, session } = exec("cat > /tmp/x");
  const { engine, now } = world;
  let released = 0;
  const endless: LiveSession = {
    kind: "portforward",
    message: () => {},
    pump: () => "more",
    abort: () => {},
    drain(_engine, _now, workEnd) {
      while (engine.sessionWork < workEnd) engine.session(now, () => {});
      return true;
    },
    release: () => released++,
  };
  const gone = new Departed();
  const begun = engine.sessionWork;
  const turn = (): void => gone.letGo(engine, now, engine.sessionWork + sessionWorkMax);
  gone.add(endless);
  turn();
  say(session, "hi");
  gone.add(session);
  turn();
  turn();
  expect([...gone]).toEqual([endless]);
  world.advance(1_000);
  expect(world.exec("p", "cat /tmp/x").read()).toBe("hi");
  for (let i = 0; i < 2 * (departedWorkMax / sessionWorkMax) && gone.size > 0; i++) turn();
  expect([gone.size, released]).toEqual([0, 1]);
  expect(engine.sessionWork - begun).toBeLessThan(departedWorkMax + 500);
});
