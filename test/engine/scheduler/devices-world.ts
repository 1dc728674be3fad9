/** Devices, classes, claims and Pods of resource.k8s.io for tests. */
import type { World } from "../../helpers/world.ts";

type Fields = Record<string, unknown>;

export const driver = "gpu.example.com";

export const gpu = (index: number, more: Fields = {}): Fields => ({
  name: `gpu-${index}`,
  attributes: {
    index: { int: index },
    model: { string: index < 2 ? "LATEST" : "OLD" },
    numa: { int: Math.floor(index / 2) },
    driverVersion: { version: `1.${index}.0` },
  },
  capacity: { memory: { value: `${10 * (index + 1)}Gi` } },
  ...more,
});

export const slice = (node: string, devices: Fields[], more: Fields = {}): Fields => ({
  apiVersion: "resource.k8s.io/v1",
  kind: "ResourceSlice",
  metadata: { name: `${node}-gpus` },
  spec: {
    driver,
    nodeName: node,
    pool: { name: node, generation: 1, resourceSliceCount: 1 },
    devices,
    ...more,
  },
});

export const deviceClass = (
  name = driver,
  expression = `device.driver == '${driver}'`,
): Fields => ({
  apiVersion: "resource.k8s.io/v1",
  kind: "DeviceClass",
  metadata: { name },
  spec: { selectors: [{ cel: { expression } }] },
});

export const request = (name: string, more: Fields = {}): Fields => ({
  name,
  exactly: { deviceClassName: driver, ...more },
});

export const claim = (name: string, requests: Fields[], more: Fields = {}): Fields => ({
  apiVersion: "resource.k8s.io/v1",
  kind: "ResourceClaim",
  metadata: { name },
  spec: { devices: { requests, ...more } },
});

export const template = (name: string, requests: Fields[]): Fields => ({
  apiVersion: "resource.k8s.io/v1",
  kind: "ResourceClaimTemplate",
  metadata: { name },
  spec: { spec: { devices: { requests } } },
});

/** A Pod whose one container uses a claim: `{resourceClaimName}` or `{resourceClaimTemplateName}`. */
export const pod = (name: string, source: Fields, more: Fields = {}): Fields => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 1,
    resourceClaims: [{ name: "gpu", ...source }],
    containers: [
      {
        name: "c",
        image: "busybox:1.37",
        command: ["sh", "-c", "env; sleep 9999"],
        resources: { claims: [{ name: "gpu" }] },
      },
    ],
    ...more,
  },
});

const claims = "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims";
// oxlint-disable-next-line no-explicit-any
export const claimOf = (w: World, name: string): any => w.get(`${claims}/${name}`);
/** `request=device` of what a claim has. */
export const devicesOf = (w: World, name: string): string[] =>
  (claimOf(w, name).status.allocation?.devices.results ?? []).map(
    (one: { request: string; pool: string; device: string }) =>
      `${one.request}=${one.pool}/${one.device}`,
  );
export const scheduled = (w: World, name: string): string | undefined =>
  w.pod(name).status.conditions?.find((c: { type: string }) => c.type === "PodScheduled")?.message;

/** What the example driver may do. */
export const driverRights = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: dra-example-driver-service-account}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: dra-example-driver-role}
rules:
- {apiGroups: [resource.k8s.io], resources: [resourceclaims], verbs: [get]}
- {apiGroups: [""], resources: [nodes], verbs: [get]}
- {apiGroups: [resource.k8s.io], resources: [resourceslices], verbs: [get, list, watch, create, update, patch, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: dra-example-driver-role-binding}
subjects: [{kind: ServiceAccount, name: dra-example-driver-service-account, namespace: default}]
roleRef: {kind: ClusterRole, name: dra-example-driver-role, apiGroup: rbac.authorization.k8s.io}
`;

/** The example driver, as its chart makes it; `env`: more variables of its container. */
export const driverSet = (env = "", devices = 4): string => `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: dra-example-driver-kubeletplugin}
spec:
  selector: {matchLabels: {app: dra}}
  template:
    metadata: {labels: {app: dra}}
    spec:
      serviceAccountName: dra-example-driver-service-account
      terminationGracePeriodSeconds: 1
      containers:
      - name: plugin
        image: registry.k8s.io/dra-example-driver/dra-example-driver:v0.4.0
        command: [dra-example-kubeletplugin]
        securityContext: {privileged: true}
        livenessProbe: {grpc: {port: 51515, service: liveness}, failureThreshold: 3, periodSeconds: 10}
        env:
        - {name: DEVICE_PROFILE, value: gpu}
        - {name: CDI_ROOT, value: /var/run/cdi}
        - {name: NUM_DEVICES, value: "${devices}"}
        - {name: HEALTHCHECK_PORT, value: "51515"}
        - {name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
        - {name: POD_UID, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}
${env}
        volumeMounts:
        - {name: plugins-registry, mountPath: /var/lib/kubelet/plugins_registry}
        - {name: plugins, mountPath: /var/lib/kubelet/plugins}
        - {name: cdi, mountPath: /var/run/cdi}
      volumes:
      - {name: plugins-registry, hostPath: {path: /var/lib/kubelet/plugins_registry}}
      - {name: plugins, hostPath: {path: /var/lib/kubelet/plugins}}
      - {name: cdi, hostPath: {path: /var/run/cdi}}
`;
