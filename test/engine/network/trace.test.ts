/** N8 of `test/behaviours.md`: the way of a request, as an object. */
import { expect, test } from "vitest";
import { spawn } from "./network-programs.ts";
import { NetworkWorld, serviceOf, sleeper, whoami } from "./network-world.ts";

const trace = (name: string, spec: object): object => ({
  apiVersion: "podyard.dev/v1",
  kind: "Trace",
  metadata: { name, namespace: "default" },
  spec,
});
const url = "/apis/podyard.dev/v1/namespaces/default/traces";

test("a Trace tells where a request went and what came back", () => {
  const world = new NetworkWorld();
  world.create(
    sleeper("a"),
    whoami("w"),
    serviceOf("w", { selector: { app: "w" }, ports: [{ port: 80, targetPort: 8080 }] }),
    serviceOf("none", { selector: { app: "nobody" }, ports: [{ port: 80 }] }),
  );
  world.settle();
  spawn(world, "a", "late", 9000, 3_000);
  world.create(
    trace("good", { from: "a", url: "http://w/x?y=1" }),
    trace("none", { from: "a", url: "http://none" }),
    trace("late", { from: "w", url: `http://${world.ip("a")}:9000/` }),
    trace("lost", { from: "a", url: "http://203.0.113.9" }),
    trace("nobody", { from: "a", url: "http://nope/", method: "HEAD" }),
    trace("outside", { url: "http://172.18.0.3:9/" }),
  );
  world.advance(1_000);
  world.evict();
  world.advance(2_500);
  expect(world.rows(url).map((row) => [row.Name, row.From, row.URL, row.Result, row.Hops])).toEqual(
    [
      ["good", "a", "http://w/x?y=1", "200", 7],
      ["late", "w", `http://${world.ip("a")}:9000/`, "200", 4],
      ["lost", "a", "http://203.0.113.9", "Running", 0],
      ["nobody", "a", "http://nope/", "unknown", 2],
      ["none", "a", "http://none", "refused", 3],
      ["outside", "<outside>", "http://172.18.0.3:9/", "refused", 3],
    ],
  );
  expect(world.get(`${url}/late`).status).toMatchObject({
    phase: "Done",
    body: "at last",
    tookMs: 3_000,
  });
  expect(world.get(`${url}/none`).status.hops.at(-1)).toEqual({
    kind: "service",
    name: "default/none",
    ip: expect.any(String),
    port: 80,
    detail: "has no ready endpoints",
    failed: true,
  });
  world.advance(130_000);
  expect(world.get(`${url}/lost`).status).toMatchObject({ error: "timeout", tookMs: 127_000 });
  for (const table of ["network", "traces"]) {
    expect([...world.engine.store.recordKeys(table)]).toEqual([]);
  }
});

test.each([
  [{ from: "a" }, "spec.url: Required value"],
  [{ url: "ftp://x" }, 'spec.url: Invalid value: "ftp://x": must be an http or https URL'],
  [
    { url: "http://x:99999/" },
    'spec.url: Invalid value: "http://x:99999/": must be an http or https URL',
  ],
  [
    { url: "http://x", method: "get" },
    'spec.method: Invalid value: "get": must be an HTTP method in capitals',
  ],
])("refused %#", (spec, message) => {
  const answer = new NetworkWorld(1).request("POST", url, trace("bad", spec));
  expect([answer.status, answer.body.message]).toEqual([
    422,
    `Trace.podyard.dev "bad" is invalid: ${message}`,
  ]);
});
