/** TCP's first packet: who sent it is known from a Pod's first command on, and one that is dropped is sent again. */
import { beforeEach, describe, expect, test } from "vitest";
import { NetworkWorld, podOf, serviceOf, sleeper, whoami } from "./network-world.ts";

let world: NetworkWorld;

const policies = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";

const policy = (name: string, spec: object): object => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name },
  spec,
});

const onlyFriends = policy("only-friends", {
  podSelector: { matchLabels: { app: "api" } },
  ingress: [{ from: [{ podSelector: { matchLabels: { access: "granted" } } }] }],
});

const client = (name: string, command: string, labels = {}): object =>
  podOf(name, "busybox:1.36", {
    labels,
    spec: { restartPolicy: "Never" },
    container: { command: ["sh", "-c", command] },
  });

const log = (name: string): string =>
  world.request("GET", `/api/v1/namespaces/default/pods/${name}/log`).text;

const phase = (name: string): string => world.pod(name).status.phase;

beforeEach(() => {
  world = new NetworkWorld();
  world.create(
    sleeper("warm", { spec: { nodeName: "node-1" } }),
    sleeper("warm-2", { spec: { nodeName: "node-2" } }),
    whoami("api"),
    serviceOf("api", { selector: { app: "api" }, ports: [{ port: 80, targetPort: 8080 }] }),
    podOf("echo", "registry.k8s.io/e2e-test-images/agnhost:2.63.0", {
      container: { args: ["netexec", "--http-port=8080"] },
    }),
  );
  world.settle();
});

describe("a Pod's first command", () => {
  test("gets through where its labels admit it, and not where they do not", () => {
    world.create(onlyFriends);
    const ask = "wget -qO- -T 2 http://api";
    world.create(client("friend", ask, { access: "granted" }), client("stranger", ask));
    world.advance(10_000);
    expect([phase("friend"), log("friend").trim()]).toEqual(["Succeeded", "api"]);
    expect([phase("stranger"), log("stranger").trim()]).toEqual([
      "Failed",
      "wget: download timed out",
    ]);
  });

  test("nc and raw connections are held to the same rules", () => {
    world.create(onlyFriends);
    const ask = "nc -w 2 -z api 80 && echo open || echo closed";
    world.create(client("friend", ask, { access: "granted" }), client("stranger", ask));
    world.advance(10_000);
    expect([log("friend").trim(), log("stranger").trim()]).toEqual(["open", "closed"]);
  });

  test("a server sees its address", () => {
    const echo = world.pod("echo").status.podIP;
    world.create(client("asker", `wget -qO- http://${echo}:8080/clientip`));
    world.advance(10_000);
    expect(log("asker").split(":")[0]).toBe(world.pod("asker").status.podIP);
  });
});

describe("a connection that was dropped", () => {
  const deny = policy("deny", { podSelector: { matchLabels: { app: "api" } } });
  const begun = (name: string): number =>
    Date.parse(world.pod(name).status.containerStatuses[0].state.running.startedAt);

  test("is tried again after 1, 3, 7, 15, 31 and 63 s", () => {
    world.create(deny, client("patient", "wget -qO- http://api; echo; date +%s"));
    world.until(() => phase("patient") === "Running");
    const at = begun("patient");
    world.advance(at + 8_500 - world.now);
    world.delete(`${policies}/deny`);
    world.advance(6_000);
    expect(phase("patient")).toBe("Running");
    world.advance(2_000);
    expect(log("patient").split("\n")[0]).toBe("api");
    const [, seconds] = log("patient").split("\n");
    expect(Number(seconds) - at / 1000).toBe(15);
  });

  test("of nc as well", () => {
    world.create(deny, client("patient", "nc -z api 80 && echo open"));
    world.until(() => phase("patient") === "Running");
    world.advance(2_000);
    world.delete(`${policies}/deny`);
    world.advance(2_500);
    expect(log("patient")).toBe("open\n");
  });

  test("fails after 127 s", () => {
    world.create(deny, client("patient", "nc -z api 80 || echo closed"));
    world.until(() => phase("patient") === "Running");
    world.advance(120_000);
    expect(phase("patient")).toBe("Running");
    world.advance(10_000);
    expect(log("patient")).toContain("closed");
  });

  test("and given up is not sent again: the server never hears of it", () => {
    world.create(policy("deny", { podSelector: { matchLabels: { app: "echo" } } }));
    const { podIP } = world.pod("echo").status;
    world.create(
      podOf("hasty", "busybox:1.36", {
        container: { command: ["sh", "-c", `wget -qO- -T 2 http://${podIP}:8080/; sleep 1000`] },
      }),
    );
    world.advance(6_000);
    world.delete(`${policies}/deny`);
    world.advance(60_000);
    expect(log("echo")).not.toContain("GET");
    expect(log("hasty")).toContain("timed out");
  });

  test("holds no later one back, from the same Pod to the same Service", () => {
    world.create(
      sleeper("asker"),
      policy("no-way-out", {
        podSelector: { matchLabels: { app: "asker" } },
        policyTypes: ["Egress"],
        egress: [{ ports: [{ protocol: "UDP", port: 53 }] }],
      }),
    );
    world.advance(10_000);
    for (const tool of ["nc -w 1 -z api 80", "wget -qO- -T 1 http://api"])
      expect(world.exec("asker", tool).exitCode, tool).not.toBe(0);
    world.create(
      policy("all-out", {
        podSelector: { matchLabels: { app: "asker" } },
        policyTypes: ["Egress"],
        egress: [{}],
      }),
    );
    for (const tool of ["nc -w 1 -z api 80", "wget -qO- -T 1 http://api"])
      expect(world.exec("asker", tool), tool).toMatchObject({ exitCode: 0, tookMs: 0 });
  });
});
