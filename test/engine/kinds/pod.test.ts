import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../durable-objects/engine/core/object.ts";
import { defaultPullPolicy } from "../../../durable-objects/engine/kinds/pod/defaults.ts";
import { podStatusText } from "../../../durable-objects/engine/kinds/pod/status.ts";
import type { PodSpec } from "../../../durable-objects/engine/kinds/pod/types.ts";
import { Pod } from "../../../durable-objects/engine/kinds/pod/pod.ts";
import { account, context, create, pod, update, withContainer } from "./workloads-world.ts";

const priorityClass = (name: string, value: number, more: object = {}): KubeObject =>
  ({
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name },
    value,
    ...more,
  }) as never;

describe("a created Pod", () => {
  it("has what a real one has", () => {
    const { object } = create(Pod, pod());
    expect(object.spec).toEqual({
      volumes: [
        {
          name: "kube-api-access-abcde",
          projected: {
            sources: [
              { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
              {
                configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] },
              },
              {
                downwardAPI: {
                  items: [
                    {
                      path: "namespace",
                      fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" },
                    },
                  ],
                },
              },
            ],
            defaultMode: 420,
          },
        },
      ],
      containers: [
        {
          name: "c",
          image: "nginx:1.27",
          resources: {},
          volumeMounts: [
            {
              name: "kube-api-access-abcde",
              readOnly: true,
              mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
            },
          ],
          terminationMessagePath: "/dev/termination-log",
          terminationMessagePolicy: "File",
          imagePullPolicy: "IfNotPresent",
        },
      ],
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 30,
      dnsPolicy: "ClusterFirst",
      serviceAccountName: "default",
      serviceAccount: "default",
      securityContext: {},
      schedulerName: "default-scheduler",
      tolerations: ["not-ready", "unreachable"].map((taint) => ({
        key: `node.kubernetes.io/${taint}`,
        operator: "Exists",
        effect: "NoExecute",
        tolerationSeconds: 300,
      })),
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: "PreemptLowerPriority",
    });
    expect(object.status).toEqual({ phase: "Pending", qosClass: "BestEffort" });
  });

  it.each([
    ["nginx", "Always"],
    ["nginx:latest", "Always"],
    ["nginx:1.27", "IfNotPresent"],
    ["localhost:5000/nginx", "Always"],
    ["registry.example:5000/a/b:v1", "IfNotPresent"],
    [`nginx@sha256:${"a".repeat(64)}`, "IfNotPresent"],
    [`nginx:latest@sha256:${"a".repeat(64)}`, "Always"],
    ["Not A Name", "IfNotPresent"],
  ])("pulls %s %s", (image, policy) => {
    expect(defaultPullPolicy(image)).toBe(policy);
  });

  it("takes requests from limits, ports of the host, probe numbers", () => {
    const { object } = create(
      Pod,
      pod({
        hostNetwork: true,
        containers: [
          {
            name: "c",
            image: "a:1",
            ports: [{ containerPort: 80 }],
            resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } },
            livenessProbe: { httpGet: { port: 80 } },
          },
        ],
        volumes: [{ name: "e" }, { name: "s", secret: { secretName: "x" } }],
      }),
    );
    const [container] = object.spec.containers;
    expect(container?.resources?.requests).toEqual({ cpu: "500m", memory: "1Gi" });
    expect(container?.ports).toEqual([{ containerPort: 80, protocol: "TCP", hostPort: 80 }]);
    expect(container?.livenessProbe).toEqual({
      httpGet: { port: 80, path: "/", scheme: "HTTP" },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    });
    expect(object.spec.volumes?.slice(0, 2)).toEqual([
      { name: "e", emptyDir: {} },
      { name: "s", secret: { secretName: "x", defaultMode: 420 } },
    ]);
  });

  it("shows that it is gated", () => {
    const { object } = create(Pod, pod({ schedulingGates: [{ name: "a.io/wait" }] }));
    expect(object.status?.conditions).toMatchObject([
      { type: "PodScheduled", status: "False", reason: "SchedulingGated" },
    ]);
    expect(podStatusText(object)).toBe("SchedulingGated");
  });
});

describe("admission", () => {
  const refused = (input: object, objects: Record<string, KubeObject[]>): string => {
    try {
      create(Pod, input, context(objects));
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };

  it("needs the service account", () => {
    expect(refused(pod({ serviceAccountName: "robot" }), { serviceaccounts: [account()] })).toBe(
      'pods "web" is forbidden: error looking up service account default/robot: serviceaccount "robot" not found',
    );
  });

  it("follows the service account", () => {
    const quiet = account("default", {
      automountServiceAccountToken: false,
      imagePullSecrets: [{ name: "pull" }],
    });
    const { object } = create(Pod, pod(), context({ serviceaccounts: [quiet] }));
    expect(object.spec.volumes).toBeUndefined();
    expect(object.spec.imagePullSecrets).toEqual([{ name: "pull" }]);
  });

  it("finds the priority", () => {
    const classes = {
      serviceaccounts: [account()],
      "priorityclasses.scheduling.k8s.io": [
        priorityClass("high", 1000, { preemptionPolicy: "Never" }),
        priorityClass("usual", 10, { globalDefault: true }),
      ],
    };
    const spec = (more: object): PodSpec => create(Pod, pod(more), context(classes)).object.spec;
    expect(spec({ priorityClassName: "high" })).toMatchObject({
      priority: 1000,
      preemptionPolicy: "Never",
    });
    expect(spec({})).toMatchObject({ priority: 10, priorityClassName: "usual" });
    expect(spec({ priorityClassName: "system-node-critical" }).priority).toBe(2000001000);
    expect(refused(pod({ priorityClassName: "x" }), classes)).toBe(
      'pods "web" is forbidden: no PriorityClass with name x was found',
    );
    expect(refused(pod({ priority: 5 }), classes)).toBe(
      'pods "web" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 10 from the given PriorityClass name',
    );
  });

  it("leaves tolerations that already cover a taint", () => {
    const { object } = create(Pod, pod({ tolerations: [{ operator: "Exists" }] }));
    expect(object.spec.tolerations).toHaveLength(1);
  });
});

describe("an updated Pod", () => {
  const old = create(Pod, pod()).object;
  const changed = (spec: Partial<PodSpec>): string[] =>
    update(Pod, old, (p) => ({ ...p, spec: { ...p.spec, ...spec } })).errors;

  it("may change its image, deadline and tolerations", () => {
    const [container] = old.spec.containers;
    expect(changed({ containers: [{ ...container, name: "c", image: "nginx:2" }] })).toEqual([]);
    expect(changed({ activeDeadlineSeconds: 60 })).toEqual([]);
    const more = [...(old.spec.tolerations ?? []), { key: "a", operator: "Exists" as const }];
    expect(changed({ tolerations: more })).toEqual([]);
    const tolerant = create(Pod, pod({ tolerations: [{ key: "a", operator: "Exists" }] })).object;
    const dropped = update(Pod, tolerant, (p) => ({ ...p, spec: { ...p.spec, tolerations: [] } }));
    expect(dropped.errors).toEqual([
      "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
    ]);
  });

  it("of hundreds of containers is refused at little cost, and says that the difference is long", () => {
    const containers = (tag: string) =>
      Array.from({ length: 400 }, (_, i) => ({ name: `${tag}${i}`, image: `${tag}${i}` }));
    const many = create(Pod, pod({ containers: containers("a") })).object;
    const { errors } = update(Pod, many, (p) => ({
      ...p,
      spec: { ...p.spec, containers: containers("b") },
    }));
    expect(errors.at(-1)).toMatch(
      /^spec: Forbidden: pod updates may not change fields other than [^\n]*\nthe difference is not shown: limit is 65536 bytes$/,
    );
  });

  it("may not change anything else, and says what", () => {
    expect(changed({ nodeName: "node-2", hostname: "x" })).toEqual([
      [
        "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
        "@@ -140,7 +140,7 @@",
        '  "NodeSelector": null,',
        '  "ServiceAccountName": "default",',
        '  "AutomountServiceAccountToken": null,',
        '- "NodeName": "",',
        '+ "NodeName": "node-2",',
        '  "SecurityContext": {',
        '   "HostNetwork": false,',
        '   "HostPID": false,',
        "@@ -162,7 +162,7 @@",
        '   "SELinuxChangePolicy": null',
        "  },",
        '  "ImagePullSecrets": null,',
        '- "Hostname": "",',
        '+ "Hostname": "x",',
        '  "Subdomain": "",',
        '  "SetHostnameAsFQDN": null,',
        '  "Affinity": null,',
        "",
      ].join("\n"),
    ]);
  });

  it("keeps its containers", () => {
    expect(changed({ containers: [] })).toEqual([
      "spec.containers: Required value",
      "spec.containers: Forbidden: pod updates may not add or remove containers",
    ]);
  });

  it("keeps its status, and its spec in a status write", () => {
    const status = { phase: "Running" as const };
    expect(update(Pod, old, (p) => ({ ...p, status })).object.status).toEqual(old.status);
    const written = update(
      Pod,
      old,
      (p) => ({ ...p, spec: { ...p.spec, nodeName: "n" }, status: { phase: "Running" } }),
      "status",
    );
    expect(written.errors).toEqual([]);
    expect(written.object.spec.nodeName).toBeUndefined();
    expect(written.object.status).toEqual({ phase: "Running", qosClass: "BestEffort" });
  });

  it("takes ephemeral containers through their subresource only", () => {
    const debug = { name: "debug", image: "busybox", targetContainerName: "c" };
    const add = (p: Pod): Pod => ({
      ...p,
      metadata: { ...p.metadata },
      spec: { ...p.spec, hostname: "ignored", ephemeralContainers: [debug] },
    });
    const { object, errors } = update(Pod, old, add, "ephemeralcontainers");
    expect(errors).toEqual([]);
    expect(object.spec.hostname).toBeUndefined();
    expect(object.spec.ephemeralContainers?.[0]).toMatchObject({
      ...debug,
      imagePullPolicy: "Always",
    });
    const gone = update(
      Pod,
      object,
      (p) => ({ ...p, spec: { ...p.spec, ephemeralContainers: [] } }),
      "ephemeralcontainers",
    );
    expect(gone.errors).toEqual([
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
    ]);
  });

  it("is resized within its QoS class", () => {
    const burstable = create(
      Pod,
      withContainer({ resources: { requests: { cpu: "100m" } } }),
    ).object;
    const resize = (requests: Record<string, string>): string[] =>
      update(
        Pod,
        burstable,
        (p) => ({
          ...p,
          spec: {
            ...p.spec,
            containers: p.spec.containers.map((c) => ({ ...c, resources: { requests } })),
          },
        }),
        "resize",
      ).errors;
    expect(resize({ cpu: "200m" })).toEqual([]);
    expect(resize({})).toEqual([
      'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
      "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
    ]);
    expect(resize({ cpu: "100m", "ephemeral-storage": "1Gi" })).toEqual([
      "spec: Forbidden: only cpu and memory resources are mutable",
    ]);
  });

  it("does not raise the dead", () => {
    const never = create(Pod, pod({ restartPolicy: "Never" })).object;
    const container = { name: "c", image: "a", imageID: "", ready: false, restartCount: 0 };
    const ended = {
      ...never,
      status: {
        ...never.status,
        containerStatuses: [{ ...container, state: { terminated: { exitCode: 0 } } }],
      },
    } as Pod;
    const { errors } = update(
      Pod,
      ended,
      (p) => ({
        ...p,
        status: { ...p.status, containerStatuses: [{ ...container, state: { running: {} } }] },
      }),
      "status",
    );
    expect(errors).toEqual([
      "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state",
    ]);
  });
});

const pods = (spec: object, status: object, metadata: object = {}): Pod => {
  const { object } = create(Pod, pod(spec, metadata));
  return {
    ...object,
    metadata: { ...object.metadata, ...metadata },
    status: { ...object.status, ...status },
  } as Pod;
};
describe("the rest of a Pod", () => {
  it("warns", () => {
    // A negative grace is one second at once: only templates are warned of.
    const { warnings } = create(
      Pod,
      pod(
        {
          terminationGracePeriodSeconds: -1,
          nodeSelector: { "beta.kubernetes.io/os": "linux" },
          containers: [
            {
              name: "c",
              image: "a",
              env: [
                { name: "A", value: "1" },
                { name: "A", value: "2" },
                { name: "A", value: "$(A)3" },
              ],
              ports: [{ containerPort: 80 }, { containerPort: 80 }],
            },
          ],
        },
        { name: "a.b" },
      ),
    );
    expect(warnings).toEqual([
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
      'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
      "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
    ]);
  });

  it("can be selected by its fields", () => {
    expect(Pod.fields?.(pods({ nodeName: "n" }, { phase: "Running" }))).toMatchObject({
      "spec.nodeName": "n",
      "spec.hostNetwork": "false",
      "status.phase": "Running",
      "status.podIP": "",
    });
  });
});
