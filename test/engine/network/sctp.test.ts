/** SCTP between Pods, as agnhost speaks it. k8s: test/e2e/network/netpol, test/e2e/framework/network SCTPConnectivity */
import { beforeAll, expect, test } from "vitest";
import { NetworkWorld, podOf, serviceOf } from "./network-world.ts";

const agnhost = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";
let world: NetworkWorld;
beforeAll(() => {
  world = new NetworkWorld();
  const env = [
    { name: "SERVE_SCTP_PORT_80", value: "foo" },
    { name: "SERVE_PORT_81", value: "bar" },
  ];
  world.create(
    podOf("porter", agnhost, { container: { args: ["porter"], env } }),
    podOf("netexec", agnhost, { container: { args: ["netexec", "--sctp-port=8081"] } }),
    serviceOf("porter", {
      selector: { app: "porter" },
      ports: [{ port: 80, protocol: "SCTP" }],
    }),
  );
  world.settle();
});

function connect(host: string, port: number, protocol = "sctp"): string {
  const command = `/agnhost connect ${host}:${port} --timeout=3s --protocol=${protocol}`;
  const { exitCode, stderr } = world.exec("netexec", command);
  return `${exitCode} ${stderr.trim()}`.trim();
}

const logs = (pod: string): string =>
  world.request("GET", `/api/v1/namespaces/default/pods/${pod}/log`).text;

test("reaches a port that is listened to with SCTP, and that alone", () => {
  const ip = world.ip("porter");
  expect(connect(ip, 80)).toBe("0");
  expect(connect(ip, 81)).toBe("1 OTHER: connection refused");
  expect(connect(ip, 80, "tcp")).toBe("1 REFUSED");
  expect(connect(ip, 81, "tcp")).toBe("0");
  expect(logs("porter")).toContain("Started SCTP server");
  expect(logs("porter")).toContain("Response sent");
});

test("goes through Services' ports of its own", () => {
  const { clusterIP } = world.get("/api/v1/namespaces/default/services/porter").spec;
  expect(connect(clusterIP, 80)).toBe("0");
  expect(connect(clusterIP, 80, "tcp")).toBe("1 TIMEOUT");
});

test("is stopped by a policy that lets only TCP in", () => {
  const policies = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";
  const policy = (protocol: string): object => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "p" },
    spec: { podSelector: {}, ingress: [{ ports: [{ protocol, port: 80 }] }] },
  });
  world.create(policy("TCP"));
  expect(connect(world.ip("porter"), 80)).toBe("1 TIMEOUT");
  world.apply(policy("SCTP"));
  expect(connect(world.ip("porter"), 80)).toBe("0");
  expect(connect(world.ip("porter"), 81, "tcp")).toBe("1 TIMEOUT");
  world.delete(`${policies}/p`);
});

test("netexec answers it, and dials with it", () => {
  const dial = (port: number, request: string): string =>
    world.exec(
      "porter",
      `curl -s 'http://${world.ip("netexec")}:8080/dial?protocol=sctp&host=${world.ip("netexec")}&port=${port}&request=${request}'`,
    ).stdout;
  expect(dial(8081, "hostname")).toBe('{"responses":["netexec"]}');
  expect(dial(8081, "echo%20Hello")).toBe('{"responses":["hello"]}');
  expect(dial(8082, "hostname")).toBe('{"errors":["sctp dial failed. err:connection refused"]}');
  expect(logs("netexec")).toContain("Sending SCTP hostName response");
});
