/** TLS spoken through a port-forward, by Node's own client. */
import { createHash } from "node:crypto";
import { Duplex } from "node:stream";
import tls from "node:tls";
import { expect, test } from "vitest";
import { sandboxOwner } from "../../durable-objects/engine/api/users.ts";
import { PodConnection } from "../../durable-objects/sessions/connection.ts";
import { forwardOf, SessionWorld, upgrade } from "../engine/streams/streams-world.ts";

function serving(): SessionWorld {
  const world = new SessionWorld();
  world.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web" },
    spec: {
      containers: [
        {
          name: "c",
          image: "registry.k8s.io/e2e-test-images/agnhost:2.63.0",
          args: ["porter"],
          env: [
            { name: "SERVE_TLS_PORT_8443", value: "x".repeat(40_000) },
            { name: "SERVE_PORT_8080", value: "plain" },
          ],
        },
      ],
    },
  });
  world.until(() => world.pod("web").status.phase === "Running");
  return world;
}

/** A connection to a port as a stream of Node's. */
function dialled(world: SessionWorld, port: number, session = world.forward("web")): Duplex {
  const stream = new Duplex({
    read() {},
    write(chunk: Uint8Array, _encoding, done) {
      connection.write(chunk);
      move();
      done();
    },
    final(done) {
      connection.endInput();
      move();
      done();
    },
  });
  const connection = new PodConnection(session, port, {
    data: (bytes) => void stream.push(bytes),
    error: (text) => void stream.destroy(new Error(text)),
    end: () => void stream.push(null),
  });
  const move = (): void => {
    for (let i = 0; i < 50; i++) {
      connection.pump(world.engine, world.now);
      world.advance(10);
    }
  };
  return stream;
}

const request = "GET / HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n";

async function answered(socket: Duplex, said: string): Promise<string> {
  const parts: Uint8Array[] = [];
  socket.on("data", (bytes: Uint8Array) => parts.push(bytes));
  const ended = new Promise((resolve, reject) => {
    socket.on("end", resolve);
    socket.on("error", reject);
  });
  socket.write(said);
  await ended;
  return Buffer.concat(parts).toString();
}

test("a client that speaks TLS gets the server's answer, and the same certificate again", async () => {
  const world = serving();
  const shown: string[] = [];
  for (let i = 0; i < 2; i++) {
    const socket = tls.connect({
      socket: dialled(world, 8443),
      rejectUnauthorized: false,
      ALPNProtocols: ["h2", "http/1.1"],
    });
    const text = await answered(socket, request);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text.endsWith("x".repeat(40_000))).toBe(true);
    expect([socket.getProtocol(), socket.alpnProtocol]).toEqual(["TLSv1.3", "http/1.1"]);
    expect(socket.getPeerCertificate().subjectaltname).toBe("DNS:localhost");
    shown.push(socket.getPeerCertificate().fingerprint256);
  }
  expect(shown[0]).toBe(shown[1]);
});

test("the token that let the client in is one to servers that ask the API server, too", async () => {
  const world = serving();
  const sha256 = createHash("sha256").update("secret").digest("hex");
  const path = "/api/v1/namespaces/kube-system/pods/kube-scheduler-control-plane/portforward";
  const ask = async (token: string): Promise<string> => {
    const edge = { tokenHash: sha256, user: sandboxOwner };
    const session = forwardOf(world.raw("GET", path, undefined, { ...upgrade, edge }));
    const socket = tls.connect({
      socket: dialled(world, 10_259, session),
      rejectUnauthorized: false,
    });
    return answered(
      socket,
      `GET /metrics HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`,
    );
  };
  expect(await ask("secret")).toContain("\nscheduler_pending_pods{");
  expect(await ask("other")).toMatch(/^HTTP\/1\.1 401 /);
});

test("who does not speak it is told so, and a port without it takes none", async () => {
  const world = serving();
  expect(await answered(dialled(world, 8443), request)).toContain(
    "Client sent an HTTP request to an HTTPS server.",
  );
  expect(await answered(dialled(world, 8080), request)).toContain("plain");
  const socket = tls.connect({ socket: dialled(world, 8080), rejectUnauthorized: false });
  await expect(answered(socket, request)).rejects.toThrow();
});

test("what no client can have sent is answered with an alert", async () => {
  const world = serving();
  const old = tls.connect({
    socket: dialled(world, 8443),
    rejectUnauthorized: false,
    maxVersion: "TLSv1.2",
  });
  await expect(answered(old, request)).rejects.toThrow(/protocol version/);
  const stream = dialled(world, 8443);
  const bytes = await new Promise<Buffer>((resolve) => {
    stream.once("data", resolve);
    stream.write(Uint8Array.of(22, 3, 1, 0, 5, 1, 0, 0, 1, 0));
  });
  expect([...bytes]).toEqual([21, 3, 3, 0, 2, 2, 50]);
});
