import { expect, test } from "vitest";
import { NetworkWorld } from "../network/network-world.ts";

/** A CoreDNS of the user's own answers whoever names it in `dnsConfig`. */

const corefile = `. {
	hosts {
		1.1.1.1 dns.test.example
		::2 six.test.example
		fallthrough
	}
	rewrite name old.example dns.test.example
	template IN A templated.example {
		answer "{{ .Name }} 60 IN A 9.9.9.9"
	}
	forward . 10.96.0.10
	log
}
`;

const server = (name: string, container: object, map = "corefile"): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default" },
  spec: {
    dnsPolicy: "Default",
    containers: [
      {
        name: "c",
        volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
        ...container,
      },
    ],
    volumes: [{ name: "config", configMap: { name: map } }],
  },
});
const args = ["-conf", "/etc/coredns/Corefile"];
const map = (name: string, Corefile: string): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data: { Corefile },
});

test("hosts, rewrite, template and forward, over UDP and TCP, by both images that carry it", () => {
  const world = new NetworkWorld(1);
  world.create(
    map("corefile", corefile),
    server("own", { image: "registry.k8s.io/coredns/coredns:v1.12.1", args }),
    server("agnhost", {
      image: "registry.k8s.io/e2e-test-images/agnhost:2.63.0",
      command: ["/coredns"],
      args,
    }),
  );
  world.settle();
  const ipOf = (name: string): string =>
    world.get(`/api/v1/namespaces/default/pods/${name}`).status.podIP;
  for (const name of ["own", "agnhost"]) {
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `asks-${name}`, namespace: "default" },
      spec: {
        dnsPolicy: "None",
        dnsConfig: {
          nameservers: [ipOf(name)],
          searches: ["test.example"],
          options: [{ name: "ndots", value: "2" }],
        },
        containers: [
          { name: "c", image: "registry.k8s.io/e2e-test-images/agnhost:2.63.0", args: ["pause"] },
        ],
      },
    });
    world.settle();
    const run = (...command: string[]): string => world.exec(`asks-${name}`, command).stdout;
    expect(run("dig", "+short", "+search", "dns")).toBe("1.1.1.1\n");
    expect(run("dig", "+short", "+tcp", "dns.test.example")).toBe("1.1.1.1\n");
    expect(run("dig", "+short", "six.test.example", "AAAA")).toBe("::2\n");
    expect(run("dig", "+short", "old.example")).toBe("1.1.1.1\n");
    expect(run("dig", "+short", "x.templated.example")).toBe("9.9.9.9\n");
    expect(run("dig", "+short", "kubernetes.default.svc.cluster.local")).toBe("10.96.0.1\n");
    expect(run("dig", "nowhere.cluster.local")).toContain("NXDOMAIN");
    expect(run("sh", "-c", "nc -z -w 2 $0 53; echo $?", ipOf(name))).toContain("0\n");
  }
});

test("what is no Corefile is said, and nobody answers where nothing listens", () => {
  const world = new NetworkWorld(1);
  world.create(
    map("bad", ".:53 {\n  nonsense\n}\n"),
    server("bad", { image: "registry.k8s.io/coredns/coredns:v1.12.1", args }, "bad"),
  );
  world.settle();
  const log = world.request("GET", "/api/v1/namespaces/default/pods/bad/log").text;
  expect(log).toContain(
    "/etc/coredns/Corefile:2 - Error during parsing: Unknown directive 'nonsense'",
  );
});
