import { expect, test } from "vitest";
import { NetworkWorld } from "./network-world.ts";

/** The cluster's own CoreDNS does what its ConfigMap says. */

const map = "/api/v1/namespaces/kube-system/configmaps/coredns";

function world(): NetworkWorld {
  const w = new NetworkWorld(1);
  w.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "client" },
    spec: { containers: [{ name: "c", image: "registry.k8s.io/e2e-test-images/agnhost:2.63.0" }] },
  });
  w.create({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "away" },
    spec: { type: "ExternalName", externalName: "foo.example.com" },
  });
  w.settle();
  return w;
}
const dig = (w: NetworkWorld, args: string): string[] =>
  w
    .exec("client", `dig +short ${args}`)
    .stdout.split("\n")
    .filter((line) => line !== "");
const configure = (w: NetworkWorld, Corefile: string): void => {
  w.patch(map, { data: { Corefile } });
  // The kubelet's next sync writes it, and `reload` notices.
  w.advance(120_000);
};

const logs = (w: NetworkWorld): string[] => {
  const pods = "/api/v1/namespaces/kube-system/pods";
  const [pod] = w.get(`${pods}?labelSelector=k8s-app%3Dkube-dns`).items;
  return (w.request("GET", `${pods}/${pod.metadata.name}/log`).text ?? "").split("\n");
};
const running = "[INFO] plugin/reload: Running configuration SHA512 = ";

test("the log tells which configuration runs, of each that is read, and why one is not", () => {
  const w = world();
  const born: string = w.get(map).data.Corefile;
  const [zone, first = "", version = ""] = logs(w);
  expect(zone).toBe(".:53");
  expect(first).toMatch(/^\[INFO\] plugin\/reload: Running configuration SHA512 = [0-9a-f]{128}$/);
  expect(version).toMatch(/^CoreDNS-1\./);
  configure(w, born.replace("ready", "log\n    ready"));
  configure(w, ".:53 {\n    nonsense\n}\n");
  const error = "/etc/coredns/Corefile:2 - Error during parsing: Unknown directive 'nonsense'";
  const told = logs(w).slice(4, -1);
  const second = told[1] ?? "";
  expect(second.startsWith(running) && second !== first).toBe(true);
  expect(told).toEqual([
    "[INFO] Reloading",
    second,
    "[INFO] Reloading complete",
    "[INFO] Reloading",
    `[ERROR] Restart failed: ${error}`,
    `[ERROR] plugin/reload: Corefile changed but reload failed: ${error}`,
  ]);
});

test("hosts, stub domains and another upstream", () => {
  const w = world();
  const born: string = w.get(map).data.Corefile;
  const own = "foo.own.example";
  expect(dig(w, own)).toEqual([]);
  const hosts = "    hosts {\n       192.0.2.7 foo.own.example\n       fallthrough\n    }\n";
  configure(w, born.replace("    ready\n", `    ready\n${hosts}`));
  expect(dig(w, own)).toEqual(["192.0.2.7"]);
  expect(dig(w, "-x 192.0.2.7")).toEqual(["foo.own.example."]);
  expect(dig(w, "example.com")).toEqual(["23.192.228.80"]);
  expect(dig(w, "kubernetes.default.svc.cluster.local")).toEqual(["10.96.0.1"]);
  configure(
    w,
    `${born}own.example:53 {\n    hosts {\n       192.0.2.8 foo.own.example\n    }\n}\n`,
  );
  expect(dig(w, own)).toEqual(["192.0.2.8"]);
  configure(w, born);
  expect(dig(w, own)).toEqual([]);
});

test("what the cluster does not know falls through, and aliases are followed where they lead", () => {
  const w = world();
  const born: string = w.get(map).data.Corefile;
  expect(dig(w, "-x 8.8.8.8")).toEqual(["dns.google."]);
  expect(dig(w, "-x 10.96.0.1")).toEqual(["kubernetes.default.svc.cluster.local."]);
  const template = [
    "    template IN PTR 2.0.192.in-addr.arpa {",
    '       answer "{{ .Name }} 60 IN PTR my.test."',
    "    }",
    "    template IN A example.com {",
    '       answer "{{ .Name }} 60 IN A 192.0.2.123"',
    "    }",
    "",
  ].join("\n");
  configure(w, born.replace("    ready\n", `    ready\n${template}`));
  expect(dig(w, "-x 192.0.2.123")).toEqual(["my.test."]);
  expect(dig(w, "away.default.svc.cluster.local")).toEqual(["foo.example.com.", "192.0.2.123"]);
});

test("a Corefile that cannot be used changes nothing until the Pod is made anew", () => {
  const w = world();
  configure(w, ".:53 {\n    nonsense\n}\n");
  expect(dig(w, "kubernetes.default.svc.cluster.local")).toEqual(["10.96.0.1"]);
  const pods = "/api/v1/namespaces/kube-system/pods";
  for (const { metadata } of w.get(`${pods}?labelSelector=k8s-app%3Dkube-dns`).items)
    w.request("DELETE", `${pods}/${metadata.name}`);
  w.advance(120_000);
  const [pod] = w.get(`${pods}?labelSelector=k8s-app%3Dkube-dns`).items;
  expect(pod.status.containerStatuses[0].restartCount).toBeGreaterThan(0);
});
