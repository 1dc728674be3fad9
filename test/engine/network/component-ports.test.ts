/** The secure ports of the scheduler and the controllers. k8s: test/e2e/instrumentation/monitoring/metrics_grabber.go */
import { expect, test } from "vitest";
import { NetworkWorld, podOf, sleeper } from "./network-world.ts";

const curl = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";
const onControlPlane = {
  nodeName: "control-plane",
  hostNetwork: true,
  tolerations: [{ operator: "Exists" }],
};
const bindingOf = (role: string): object => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: "looks" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
  subjects: [{ kind: "ServiceAccount", name: "default", namespace: "default" }],
});

function started(): { world: NetworkWorld; ask(rest: string): string } {
  const world = new NetworkWorld();
  world.create(podOf("looker", curl, { spec: onControlPlane, container: { args: ["pause"] } }));
  world.advance(30_000);
  const ask = (rest: string): string => world.exec("looker", `curl -sk ${rest}`).stdout;
  return { world, ask };
}

const token =
  '-H "Authorization: Bearer $(cat /var/run/secrets/kubernetes.io/serviceaccount/token)"';

test("health is for everybody, the rest for who is allowed", () => {
  const { world, ask } = started();
  for (const path of [10_259, 10_257].map((port) => `https://127.0.0.1:${port}/healthz`))
    expect(ask(path)).toBe("ok");
  expect(ask("https://127.0.0.1:10259/livez")).toBe("ok");
  expect(ask("-H 'User-Agent: go' https://127.0.0.1:10259/metrics")).toBe(
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"forbidden: User \\"system:anonymous\\" cannot get path \\"/metrics\\"","reason":"Forbidden","details":{},"code":403}',
  );
  expect(ask("-H 'Authorization: Bearer wrong' https://127.0.0.1:10257/metrics")).toContain(
    '"code": 401',
  );
  const account = "system:serviceaccount:default:default";
  expect(ask(`${token} https://127.0.0.1:10257/metrics`)).toContain(
    `forbidden: User \\"${account}\\" cannot get path \\"/metrics\\"`,
  );
  world.create(bindingOf("system:monitoring"));
  expect(ask(`${token} https://127.0.0.1:10257/metrics`)).toContain("workqueue_adds_total");
  expect(ask(`${token} 'https://127.0.0.1:10259/readyz?verbose'`)).toBe(
    "[+]leaderElection ok\n[+]shutdown ok\n[+]sched-handler-sync ok\n[+]informer-sync ok\nreadyz check passed\n",
  );
  world.delete("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/looks");
  world.create(bindingOf("cluster-admin"));
  const configured = (port: number): any =>
    JSON.parse(ask(`${token} https://127.0.0.1:${port}/configz`));
  expect(configured(10_259).componentconfig.leaderElection).toMatchObject({ leaderElect: true });
  expect(configured(10_257)["kubecontrollermanager.config.k8s.io"].SAController.RootCAFile).toBe(
    "/etc/kubernetes/pki/ca.crt",
  );
  expect(ask(`${token} https://127.0.0.1:10257/nothing`)).toBe("404 page not found\n");
});

test("/metrics tells what the scheduler and the controllers did", () => {
  const { world, ask } = started();
  world.create(bindingOf("system:monitoring"));
  world.create(
    sleeper("placed"),
    sleeper("waits", { spec: { nodeSelector: { none: "such" } } }),
    sleeper("gated", { spec: { schedulingGates: [{ name: "example.com/x" }] } }),
  );
  world.advance(20_000);
  const scheduler = ask(`${token} https://127.0.0.1:10259/metrics`);
  expect(scheduler).toMatch(/\nscheduler_pending_pods\{queue="gated"\} 1\n/);
  expect(scheduler).toMatch(/\nscheduler_pending_pods\{queue="unschedulable"\} 1\n/);
  const attempts = (result: string): RegExp =>
    new RegExp(
      `\nscheduler_schedule_attempts_total\\{profile="default-scheduler",result="${result}"\\} [1-9]`,
    );
  expect(scheduler).toMatch(attempts("scheduled"));
  expect(scheduler).toMatch(attempts("unschedulable"));
  expect(scheduler).toMatch(/\nscheduler_pod_scheduling_attempts_count [1-9]/);
  expect(scheduler).toMatch(/\nleader_election_master_status\{name="kube-scheduler"\} 1\n/);
  const controllers = ask(`${token} https://127.0.0.1:10257/metrics`);
  expect(controllers).toMatch(/\nworkqueue_adds_total\{name="namespace"\} \d+\n/);
  expect(controllers).toMatch(/\nworkqueue_depth\{name="deployment"\} 0\n/);
});

test("from elsewhere they are reached where they are told to listen everywhere", () => {
  const { world } = started();
  world.create(sleeper("elsewhere"));
  world.advance(20_000);
  const address = world.pod("looker").status.hostIP;
  const ask = (): number => world.exec("elsewhere", `nc -z -w 2 ${address} 10259`).exitCode;
  expect(ask()).not.toBe(0);
});
