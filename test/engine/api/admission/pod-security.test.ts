/** PodSecurity: what namespaces' labels refuse and warn of, in upstream's words. */
import { beforeAll, expect, test } from "vitest";
import { World, type Answer } from "../../../helpers/world.ts";

let world: World;
beforeAll(() => {
  world = new World({ nodes: 1 });
  space("baseline", { enforce: "baseline" });
  space("restricted", { enforce: "restricted" });
  space("old", { enforce: "restricted", "enforce-version": "v1.18" });
  space("warned", { warn: "restricted", audit: "baseline" });
});

const labelled = (labels: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]),
  );

function space(name: string, labels: Record<string, string>): Answer {
  return world.request("POST", "/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: labelled(labels) },
  });
}

const safe = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

interface Parts {
  spec?: object;
  container?: object;
  annotations?: Record<string, string>;
}

const specOf = ({ spec = {}, container = {} }: Parts): object => ({
  containers: [{ name: "c", image: "nginx", ...container }],
  ...spec,
});

const pod = (parts: Parts): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", ...(parts.annotations ? { annotations: parts.annotations } : {}) },
  spec: specOf(parts),
});

const post = (namespace: string, parts: Parts): Answer =>
  world.request("POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod(parts));

/** What a Pod is told where it is refused, "" where it is not. */
function refusal(namespace: string, parts: Parts): string {
  const { status, body } = post(namespace, parts);
  if (status === 201) return "";
  expect([status, body.reason, body.message]).toEqual([403, "Forbidden", body.message]);
  return body.message.replace(/^pods "p" is forbidden: violates PodSecurity "[^"]*": /, "");
}

const context = (securityContext: object): Parts => ({ container: { securityContext } });

test.each<[string, Parts, string]>([
  ["nothing", {}, ""],
  [
    "privileged",
    context({ privileged: true }),
    'privileged (container "c" must not set securityContext.privileged=true)',
  ],
  [
    "host namespaces",
    { spec: { hostNetwork: true, hostPID: true } },
    "host namespaces (hostNetwork=true, hostPID=true)",
  ],
  [
    "hostPath",
    { spec: { volumes: [{ name: "v", hostPath: { path: "/etc" } }] } },
    'hostPath volumes (volume "v")',
  ],
  [
    "hostPort",
    { container: { ports: [{ containerPort: 80, hostPort: 8080 }] } },
    'hostPort (container "c" uses hostPort 8080)',
  ],
  [
    "capabilities",
    context({ capabilities: { add: ["NET_RAW", "CHOWN", "SYS_ADMIN"] } }),
    'non-default capabilities (container "c" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)',
  ],
  [
    "AppArmor",
    context({ appArmorProfile: { type: "Unconfined" } }),
    'forbidden AppArmor profile (container "c" must not set AppArmor profile type to "Unconfined")',
  ],
  [
    "seccomp",
    { spec: { securityContext: { seccompProfile: { type: "Unconfined" } } } },
    'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    "sysctls",
    { spec: { securityContext: { sysctls: [{ name: "kernel.msgmax", value: "1" }] } } },
    "forbidden sysctls (kernel.msgmax)",
  ],
  [
    "SELinux",
    context({ seLinuxOptions: { type: "spc_t", user: "u" } }),
    'seLinuxOptions (container "c" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
  ],
  [
    "host of a probe",
    { container: { livenessProbe: { httpGet: { port: 80, host: "8.8.8.8" } } } },
    'probe or lifecycle host (container "c" uses probe or lifecycle host "8.8.8.8")',
  ],
])("baseline: %s", (_name, parts, message) => {
  expect(refusal("baseline", parts)).toBe(message);
});

test("restricted asks for more, and says all of it at once", () => {
  expect(post("restricted", {}).body.message).toBe(
    'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  );
  expect(refusal("restricted", context(safe))).toBe("");
  expect(refusal("restricted", context({ ...safe, runAsUser: 0 }))).toBe(
    'runAsUser=0 (container "c" must not set runAsUser=0)',
  );
  const volumes = [
    { name: "n", nfs: { server: "s", path: "/" } },
    { name: "h", hostPath: { path: "/" } },
  ];
  expect(refusal("restricted", { ...context(safe), spec: { volumes } })).toBe(
    'restricted volume types (volumes "n", "h" use restricted volume types "hostPath", "nfs")',
  );
  // A user namespace of its own makes root harmless.
  const { runAsNonRoot: _, ...rooted } = safe;
  expect(refusal("restricted", { ...context(rooted), spec: { hostUsers: false } })).toBe("");
});

test("an older version asks for what it asked for then", () => {
  expect(refusal("old", context({ allowPrivilegeEscalation: false, runAsNonRoot: true }))).toBe("");
  const annotations = { "seccomp.security.alpha.kubernetes.io/pod": "unconfined" };
  const parts = { ...context(safe), annotations };
  expect(refusal("old", parts)).toBe(
    'seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")',
  );
});

const deployment = (parts: Parts): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec: {
    selector: { matchLabels: { a: "b" } },
    template: { metadata: { labels: { a: "b" } }, spec: specOf(parts) },
  },
});

test("who writes a template is warned, also of what is only enforced; nobody is refused", () => {
  const url = (namespace: string): string => `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const parts = context({ ...safe, privileged: true, allowPrivilegeEscalation: true });
  for (const namespace of ["warned", "restricted"]) {
    const { status, headers } = world.request("POST", url(namespace), deployment(parts));
    expect([status, headers["warning"]]).toEqual([
      201,
      `299 - "would violate PodSecurity \\"restricted:latest\\": privileged (container \\"c\\" must not set securityContext.privileged=true), allowPrivilegeEscalation != false (container \\"c\\" must set securityContext.allowPrivilegeEscalation=false)"`,
    ]);
  }
  world.settle();
  // The Pods are refused where it is enforced, and the ReplicaSet tells.
  expect(world.pods("warned")).toHaveLength(1);
  expect(world.pods("restricted")).toHaveLength(0);
  const [set] = world.get("/apis/apps/v1/namespaces/restricted/replicasets").items;
  expect(world.events(set.metadata.name, "restricted")[0]).toMatch(
    /^Warning FailedCreate Error creating: pods "d-\w+-\w+" is forbidden: violates PodSecurity "restricted:latest": privileged /,
  );
  const cron = {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "c" },
    spec: {
      schedule: "0 0 1 1 *",
      jobTemplate: {
        spec: { template: { spec: { ...specOf({}), hostNetwork: true, restartPolicy: "Never" } } },
      },
    },
  };
  const answer = world.request("POST", "/apis/batch/v1/namespaces/warned/cronjobs", cron);
  expect(answer.headers["warning"]).toMatch("would violate PodSecurity");
});

test("labels are checked, and Pods that are there already are told of", () => {
  const bad = space("bad", { enforce: "strict", "warn-version": "1.25" });
  expect([bad.status, bad.body.message]).toEqual([
    422,
    'Namespace "bad" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.25": must be "latest" or "v1.x"]',
  ]);
  space("later", {});
  for (const name of ["a", "b", "c"])
    world.create({
      ...pod(name === "c" ? { spec: { hostNetwork: true } } : context({ privileged: true })),
      metadata: { name, namespace: "later" },
    });
  const { headers, body } = world.patch("/api/v1/namespaces/later", {
    metadata: { labels: labelled({ enforce: "baseline" }) },
  });
  expect(body.metadata.labels["pod-security.kubernetes.io/enforce"]).toBe("baseline");
  expect(headers["warning"]).toBe(
    [
      `299 - "existing pods in namespace \\"later\\" violate the new PodSecurity enforce level \\"baseline:latest\\""`,
      `299 - "a (and 1 other pod): privileged"`,
      `299 - "c: host namespaces"`,
    ].join(", "),
  );
  // A Pod that is there may still be labelled, but not get another image.
  const url = "/api/v1/namespaces/later/pods/a";
  expect(world.patch(url, { metadata: { labels: { a: "b" } } }).status).toBe(200);
  const image = { spec: { containers: [{ name: "c", image: "nginx:1.27" }] } };
  const answer = world.request("PATCH", url, image, {
    type: "application/strategic-merge-patch+json",
  });
  expect([answer.status, answer.body.message]).toEqual([
    403,
    'pods "a" is forbidden: violates PodSecurity "baseline:latest": privileged (container "c" must not set securityContext.privileged=true)',
  ]);
});
