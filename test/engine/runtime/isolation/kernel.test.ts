/** What the kernel tells a container: sysctls, control groups, security, descriptors of others, last words. */
import { describe, expect, it } from "vitest";
import { box, isolationWorld, podOf, type IsolationWorld } from "./isolation-world.ts";

const podUrl = "/api/v1/namespaces/default/pods/p";
const run = (containers: object[], spec: object = {}): IsolationWorld => {
  const w = isolationWorld();
  w.create(podOf("p", containers, spec));
  w.advance(20_000);
  return w;
};

describe("sysctls", () => {
  const sysctls = (name: string, value: string): object => ({
    securityContext: { sysctls: [{ name, value }] },
  });

  it("of a Pod reach its containers, whichever separator names them", () => {
    const w = run([box("c")], sysctls("kernel/shm_rmid_forced", "1"));
    expect(w.out("p", "sysctl kernel.shm_rmid_forced")).toBe("kernel.shm_rmid_forced = 1\n");
    expect(w.out("p", "sysctl kernel/shm_rmid_forced")).toBe("kernel.shm_rmid_forced = 1\n");
    expect(w.out("p", "cat /proc/sys/net/ipv4/tcp_fin_timeout")).toBe("60\n");
  });

  it("close low ports, which are free otherwise", () => {
    const low = { securityContext: { runAsUser: 1000 } };
    const script = "nc -l -p 80 & sleep 1; kill %1 && echo bound";
    expect(run([box("c", low)]).sh("p", script).out).toContain("bound");
    const w = run([box("c", low)], sysctls("net.ipv4.ip_unprivileged_port_start", "1024"));
    expect(w.sh("p", script).out).not.toContain("bound");
  });

  it("that are not safe are refused", () => {
    const w = run([box("c")], sysctls("kernel.msgmax", "10000000000"));
    expect(w.get(podUrl).status).toMatchObject({
      phase: "Failed",
      reason: "SysctlForbidden",
      message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
    });
  });
});

describe("security", () => {
  const status = (context: object, field: string): string =>
    run([box("c", { securityContext: context })]).out("p", `grep ^${field}: /proc/self/status`);

  it("shows in a process's status", () => {
    expect(status({ seccompProfile: { type: "RuntimeDefault" } }, "Seccomp")).toBe("Seccomp:\t2\n");
    expect(status({ seccompProfile: { type: "Unconfined" } }, "Seccomp")).toBe("Seccomp:\t0\n");
    expect(status({ allowPrivilegeEscalation: false }, "NoNewPrivs")).toBe("NoNewPrivs:\t1\n");
    expect(status({}, "CapEff")).toBe("CapEff:\t00000000a80425fb\n");
    expect(status({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } }, "CapEff")).toBe(
      "CapEff:\t0000000000000400\n",
    );
    expect(status({ privileged: true }, "CapEff")).toBe("CapEff:\t000001ffffffffff\n");
    expect(status({ runAsUser: 1000 }, "CapEff")).toBe("CapEff:\t0000000000000000\n");
  });

  it.each([
    [undefined, "Effective uid: 0\n"],
    [true, "Effective uid: 0\n"],
    [false, "Effective uid: 1000\n"],
  ])("a setuid file with allowPrivilegeEscalation %s", (allowPrivilegeEscalation, output) => {
    const image = "registry.k8s.io/e2e-test-images/nonewprivs:1.4";
    const securityContext = { runAsUser: 1000, allowPrivilegeEscalation };
    const w = run([{ name: "c", image, securityContext }], { restartPolicy: "Never" });
    expect(w.logs("p")).toBe(output);
  });
});

describe("oom_score_adj", () => {
  it.each([
    ["1000", {}],
    ["-997", { limits: { cpu: "1", memory: "64Mi" } }],
    ["993", { requests: { memory: "64Mi" } }],
  ])("%s", (score, resources) => {
    expect(run([box("c", { resources })]).out("p", "cat /proc/1/oom_score_adj")).toBe(`${score}\n`);
  });
});

it("a descriptor of another process can be written to", () => {
  const w = run([box("c")]);
  w.out("p", "echo hello > /proc/1/fd/1");
  expect(w.logs("p")).toBe("hello\n");
  expect(w.sh("p", "echo hello > /proc/77/fd/1").err).toMatch(/nonexistent|No such file/);
});

it("last words may be written anywhere, by anybody", () => {
  const w = run(
    [
      {
        name: "c",
        image: "busybox:1.36",
        command: ["sh", "-c", "printf DONE > /dev/termination-custom-log"],
        terminationMessagePath: "/dev/termination-custom-log",
        securityContext: { runAsUser: 10000 },
      },
    ],
    { restartPolicy: "Never" },
  );
  expect(w.get(podUrl).status.containerStatuses[0].state.terminated).toMatchObject({
    exitCode: 0,
    message: "DONE",
  });
});

describe("/etc/hosts and the hostname", () => {
  it("of a Pod on the host's network are the host's", () => {
    const hostAliases = [{ ip: "10.1.2.3", hostnames: ["a", "b"] }];
    const w = run([box("c")], { hostNetwork: true, hostAliases });
    expect(w.out("p", "cat /etc/hosts")).toBe(
      "# Kubernetes-managed hosts file (host network).\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n172.18.0.2\tcontrol-plane\n172.18.0.3\tnode-1\n172.18.0.4\tnode-2\n\n# Entries added by HostAliases.\n10.1.2.3\ta\tb\n",
    );
  });

  it.each([
    [{ hostnameOverride: "over.ride" }, "over.ride over.ride"],
    [{ hostnameOverride: "over", subdomain: "sub" }, "over over"],
    [
      { hostname: "h", subdomain: "sub", setHostnameAsFQDN: true },
      "h.sub.default.svc.cluster.local h.sub.default.svc.cluster.local",
    ],
  ])("%j", (spec, names) => {
    const w = run([box("c")], spec);
    expect(w.out("p", "echo $(hostname) $(hostname -f)")).toBe(`${names}\n`);
  });
});

it("devices are for who may administer the network", () => {
  const w = run([box("c"), box("p", { securityContext: { privileged: true } })]);
  const add = "ip link add dummy1 type dummy";
  expect(w.sh("p", add, "c")).toMatchObject({
    code: 2,
    err: expect.stringContaining("Operation not permitted"),
  });
  expect(
    w.sh("p", `${add} && ip link del dummy1 && ${add} && ip link show dummy1`, "p").out,
  ).toMatch(/^3: dummy1: <BROADCAST,NOARP> mtu 1500 qdisc noop qlen 1000\n/);
});

it.each([
  [true, /^ {9}0 {10}0 4294967295\n$/],
  [false, /^ {9}0 +\d+ {6}65536\n$/],
])("with hostUsers %s its ids are mapped", (hostUsers, map) => {
  expect(run([box("c")], { hostUsers }).out("p", "cat /proc/self/uid_map")).toMatch(map);
});
