import { expect, test } from "vitest";
import {
  api,
  experimentalDefinitions,
  gatewayOf,
  GatewayWorld,
  http,
  routeOf,
} from "../controllers/gateway/gateway-world.ts";
import { podOf, serviceOf, told } from "./network-world.ts";

/** Requests that a Gateway sends to backends again, where the experimental definitions are installed. */

function worldWith(rule: object): GatewayWorld {
  const world = new GatewayWorld(experimentalDefinitions);
  world.create(
    podOf("echo", "registry.k8s.io/gateway-api/echo-basic:v1.6.1"),
    serviceOf("echo", { selector: { app: "echo" }, ports: [{ port: 80, targetPort: 3000 }] }),
    gatewayOf("web", [http()]),
    routeOf("r", { rules: [{ backendRefs: [{ name: "echo", port: 80 }], ...rule }] }),
  );
  world.settle();
  return world;
}

interface Failing {
  /** How often the server fails before it echoes. */
  times: number;
  /** Absent: it breaks the connection off. */
  code?: number;
  delay?: string;
}

function ask(world: GatewayWorld, { times, code, delay }: Failing): [string, number] {
  const query = [
    `uuid=${times}-${code}`,
    `succeedAfter=${times}`,
    ...(code ? [`responseCode=${code}`] : []),
    ...(delay ? [`delayRetry=${delay}`] : []),
  ];
  const answer = world.ask("outside", {
    host: world.address(),
    path: `/retry/x?${query.join("&")}`,
    headers: { host: "x.test" },
  });
  return [told(answer).slice(0, 3), answer.tookMs];
}

test("N9 what fails is asked again, as often as the route says, after its backoff", () => {
  const world = worldWith({ retry: { codes: [500, 503], attempts: 2, backoff: "100ms" } });
  expect(ask(world, { times: 0, code: 500 })).toEqual(["200", 0]);
  expect(ask(world, { times: 1, code: 500 })).toEqual(["200", 100]);
  expect(ask(world, { times: 2, code: 503 })).toEqual(["200", 200]);
  expect(ask(world, { times: 3, code: 503 })).toEqual(["503", 200]);
  expect(ask(world, { times: 1, code: 502 })).toEqual(["502", 0]);
  // A connection that breaks is a failure of its own.
  expect(ask(world, { times: 2 })).toEqual(["200", 200]);
  expect(ask(world, { times: 3 })).toEqual(["502", 200]);
});

test("once where nothing is said of how often, and never where nothing is said of it at all", () => {
  const world = worldWith({ retry: { codes: [500] } });
  expect(ask(world, { times: 1, code: 500 })).toEqual(["200", 25]);
  expect(ask(world, { times: 2, code: 500 })).toEqual(["500", 25]);
  expect(ask(worldWith({}), { times: 1 })).toEqual(["502", 0]);
});

test("an attempt that takes too long is a failure, and all together have the request's time", () => {
  const slow = { times: 1, code: 500, delay: "10s" };
  const each = worldWith({ retry: { attempts: 3 }, timeouts: { backendRequest: "1s" } });
  expect(ask(each, slow)).toEqual(["200", 1_025]);
  expect(ask(each, { ...slow, times: 9 })).toEqual(["504", 4_075]);
  const all = worldWith({
    retry: { attempts: 3, backoff: "1s" },
    timeouts: { request: "2500ms", backendRequest: "1s" },
  });
  expect(ask(all, slow)).toEqual(["200", 2_000]);
  expect(ask(all, { ...slow, times: 9 })).toEqual(["504", 2_500]);
});

test("the next attempt goes to any endpoint that is there then", () => {
  const world = worldWith({ retry: { attempts: 5, backoff: "1s" } });
  world.create(
    podOf("mute", "busybox:1.36", {
      labels: { app: "echo" },
      container: { command: ["sleep", "infinity"] },
    }),
  );
  world.settle();
  for (let i = 0; i < 5; i++) expect(ask(world, { times: 0 })[0]).toBe("200");
});

test("the class says what the channel of the definitions has", () => {
  const features = (world: GatewayWorld): string[] =>
    world
      .get(`${api}/gatewayclasses/podyard`)
      .status.supportedFeatures.map(({ name }: { name: string }) => name);
  const more = features(new GatewayWorld(experimentalDefinitions));
  expect(more).toEqual([...more].sort());
  expect(more).toContain("HTTPRouteRetry");
  expect(features(new GatewayWorld())).not.toContain("HTTPRouteRetry");
});
