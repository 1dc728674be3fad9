import { expect, test } from "vitest";
import { heldBytesMax } from "../../durable-objects/limits.ts";
import { CommandStream } from "../../durable-objects/sessions/command.ts";
import { commandProtocols } from "../../durable-objects/sessions/frames.ts";
import { commandOf, pod, pods, SessionWorld, upgrade } from "../engine/streams/streams-world.ts";

const chunk = 32 * 1024;

/** A client that sends as fast as it can, in no time at all, to a container with very little CPU. */
function send(script: string, bytes: number): { said: string; code: number | undefined } {
  const world = new SessionWorld();
  world.create(pod("p", "sleep 100000", { resources: { limits: { cpu: "20m" } } }));
  world.until(() => world.pod("p").status.phase === "Running");
  const command = ["sh", "-c", script].map((word) => `command=${encodeURIComponent(word)}`);
  const query = `${command.join("&")}&stdin=true&stdout=true&stderr=true`;
  const reply = world.raw("GET", `${pods}/p/exec?${query}`, undefined, upgrade);
  const heard = { said: "", status: "" };
  const stream = new CommandStream(commandOf(reply), commandProtocols[0]!, {
    send(message) {
      const text = Buffer.from(message as ArrayBuffer).toString("latin1");
      if (text[0] === "\x03") heard.status += text.slice(1);
      else heard.said += text.slice(1);
    },
  });
  const message = new Uint8Array(chunk + 1).fill(120);
  message[0] = 0;
  for (let sent = 0; sent < bytes; sent += chunk) {
    stream.message(message.slice().buffer);
    stream.pump(world.engine, world.now);
  }
  stream.message(Uint8Array.of(255, 0).buffer);
  for (let i = 0; i < 5000 && heard.status === ""; i++) {
    stream.pump(world.engine, world.now);
    world.advance(1_000);
  }
  const { details } = JSON.parse(heard.status) as { details?: { causes: { message: string }[] } };
  return { said: heard.said, code: Number(details?.causes[0]?.message ?? 0) };
}

test("a client far ahead of a slow command is held back, and all of it is read", () => {
  const bytes = heldBytesMax + 8 * 1024 * 1024;
  expect(send("wc -c", bytes)).toEqual({ said: `${bytes}\n`, code: 0 });
});

test("what is more than the disk takes ends with the command's own words", () => {
  const { said, code } = send("cat > /tmp/f", 76 * 1024 * 1024);
  expect(said).toContain("No space left on device");
  expect(code).toBe(1);
});
