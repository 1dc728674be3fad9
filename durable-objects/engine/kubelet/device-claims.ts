/**
 * Devices of a Pod's ResourceClaims: their drivers prepare them before the sandbox, and take them back at its end. A driver is
 * who serves a socket in the registration folder. k8s: pkg/kubelet/cm/dra/manager.go, pluginmanager
 */
import {
  claimNameOf,
  isReservedFor,
  notForPod,
  type PodClaim,
} from "../kinds/pod/resource-claims.ts";
import type { ResourceClaim } from "../kinds/resource/shape.ts";
import { objectKey } from "../core/object.ts";
import { kubeletTable, type PodRecord, type PreparedClaim } from "./record.ts";
import type { Container, ContainerStatus, Pod } from "../kinds/pod/types.ts";
import { podEvent, requeueAt, type Sync } from "./sync.ts";

const claims = "resourceclaims.resource.k8s.io";
const registry = "/var/lib/kubelet/plugins_registry";
/** k8s: kubelet.go backOffPeriod */
const retryMs = 10_000;

const service = "/k8s.io.kubelet.pkg.apis.dra.v1.DRAPlugin";

interface Info {
  type?: string;
  name?: string;
  endpoint?: string;
}
interface PreparedDevice {
  requestNames?: string[];
  cdiDeviceIds?: string[];
}
interface PrepareAnswer {
  claims?: Record<string, { devices?: PreparedDevice[]; error?: string }>;
}

class ClaimProblem extends Error {}

function call<T>(sync: Sync, socket: string, method: string, body: object): T {
  const { runtime, context, nodeName } = sync;
  const answer = runtime.callSocket?.(context, nodeName, socket, method, JSON.stringify(body)) ?? {
    error: "rpc error: code = Unimplemented desc = no sockets",
  };
  if ("error" in answer) throw new ClaimProblem(answer.error);
  if (answer.status !== 200)
    throw new ClaimProblem(`rpc error: code = Unknown desc = ${answer.body.trim()}`);
  try {
    return JSON.parse(answer.body) as T;
  } catch {
    throw new ClaimProblem("rpc error: code = Internal desc = grpc: failed to unmarshal");
  }
}

/** Where each driver of the node is to be called. */
function endpointOf(sync: Sync, driver: string): string {
  for (const socket of sync.runtime.hostSockets?.(sync.context, sync.nodeName, registry) ?? []) {
    const info = infoOf(sync, socket);
    if (info?.type === "DRAPlugin" && info.name === driver) return info.endpoint ?? "";
  }
  throw new ClaimProblem(`DRA driver ${driver} is not registered`);
}

/** Undefined: nobody is there any more. */
function infoOf(sync: Sync, socket: string): Info | undefined {
  try {
    return call<Info>(sync, socket, "/pluginregistration.Registration/GetInfo", {});
  } catch (error) {
    if (error instanceof ClaimProblem) return undefined;
    throw error;
  }
}

/** With the one that was made for its extended resources. */
function namedClaims({ spec, status }: Pod): PodClaim[] {
  const extended = status?.extendedResourceClaimStatus?.resourceClaimName;
  const made: PodClaim[] =
    extended === undefined ? [] : [{ name: "", resourceClaimName: extended }];
  return [...(spec.resourceClaims ?? []), ...made];
}

/** What the Pod may use, or why it may not. */
function claimsOf(sync: Sync): ResourceClaim[] {
  const { pod, client } = sync;
  const namespace = pod.metadata.namespace ?? "";
  return namedClaims(pod).flatMap((one) => {
    const named = claimNameOf(pod, one);
    if ("problem" in named) throw new ClaimProblem(named.problem);
    if (named.name === undefined) return [];
    const claim = client.get<ResourceClaim>(claims, namespace, named.name);
    if (!claim)
      throw new ClaimProblem(
        `fetch ResourceClaim ${named.name}: resourceclaims.resource.k8s.io "${named.name}" not found`,
      );
    const stranger = named.own ? notForPod(pod, claim) : undefined;
    if (stranger !== undefined) throw new ClaimProblem(stranger);
    if (!isReservedFor(pod, claim))
      throw new ClaimProblem(
        `pod ${pod.metadata.name} (${pod.metadata.uid}) is not allowed to use ResourceClaim ${named.name} (${claim.metadata.uid})`,
      );
    return [claim];
  });
}

const driversOf = ({ status }: ResourceClaim): string[] => [
  ...new Set((status?.allocation?.devices?.results ?? []).map(({ driver = "" }) => driver)),
];

function prepare(sync: Sync): Record<string, PreparedClaim> {
  const all = claimsOf(sync);
  const endpoints = new Map<string, string>();
  for (const claim of all)
    for (const driver of driversOf(claim))
      if (!endpoints.has(driver)) endpoints.set(driver, endpointOf(sync, driver));
  const prepared: Record<string, PreparedClaim> = {};
  for (const { metadata } of all)
    prepared[metadata.uid ?? ""] = { name: metadata.name, drivers: [], devices: [] };
  for (const [driver, endpoint] of endpoints) {
    const batch = all.filter((claim) => driversOf(claim).includes(driver));
    for (const { metadata } of batch) prepared[metadata.uid ?? ""]!.drivers.push(driver);
    prepareBatch(sync, endpoint, batch, prepared);
  }
  return prepared;
}

function prepareBatch(
  sync: Sync,
  endpoint: string,
  batch: readonly ResourceClaim[],
  prepared: Record<string, PreparedClaim>,
): void {
  const asked = batch.map(({ metadata: { namespace, name, uid } }) => ({ namespace, name, uid }));
  let answer: PrepareAnswer;
  try {
    answer = call<PrepareAnswer>(sync, endpoint, `${service}/NodePrepareResources`, {
      claims: asked,
    });
  } catch (error) {
    if (!(error instanceof ClaimProblem)) throw error;
    throw new ClaimProblem(`NodePrepareResources: ${error.message}`);
  }
  for (const { name, uid = "" } of asked) {
    const found = answer.claims?.[uid];
    if (!found) throw new ClaimProblem("NodePrepareResources skipped 1 ResourceClaims");
    if (found.error)
      throw new ClaimProblem(
        `NodePrepareResources failed for ResourceClaim ${name}: ${found.error}`,
      );
    for (const { requestNames = [], cdiDeviceIds = [] } of found.devices ?? [])
      prepared[uid]!.devices.push({ requests: requestNames, cdi: cdiDeviceIds });
  }
}

/** Whether the Pod's devices are ready; what fails is told and tried again. k8s: kuberuntime_manager.go SyncPod */
export function claimsPrepared(sync: Sync): boolean {
  const { pod, record } = sync;
  if (record.claims || namedClaims(pod).length === 0) return true;
  const { claimsRetryAtMs: retryAtMs } = record;
  if (retryAtMs !== undefined && sync.now < retryAtMs) {
    requeueAt(sync, retryAtMs);
    return false;
  }
  try {
    record.claims = prepare(sync);
    delete record.claimsRetryAtMs;
    return true;
  } catch (error) {
    if (!(error instanceof ClaimProblem)) throw error;
    const text = `Failed to prepare dynamic resources: prepare dynamic resources: ${error.message}`;
    podEvent(sync, "Warning", "FailedPrepareDynamicResources", text);
    record.claimsRetryAtMs = sync.now + retryMs;
    requeueAt(sync, record.claimsRetryAtMs);
    return false;
  }
}

/** Whether another Pod of the node still has a claim. */
function isShared(sync: Sync, uid: string, name: string): boolean {
  const index = `${sync.pod.metadata.namespace ?? ""}\0${name}`;
  return sync.client.byIndex<Pod>("pod.resourceClaim", index).some((other) => {
    if (other.metadata.uid === sync.pod.metadata.uid || other.spec.nodeName !== sync.nodeName)
      return false;
    const key = objectKey(other.metadata.namespace, other.metadata.name);
    const record = sync.client.records.get<PodRecord>(kubeletTable, key);
    return record?.claims?.[uid] !== undefined && !record.done;
  });
}

/** Gives back what no other Pod of the node uses; who is gone cannot be told. */
export function unprepareClaims(sync: Sync): void {
  for (const [uid, { name, drivers }] of Object.entries(sync.record.claims ?? {})) {
    if (isShared(sync, uid, name)) continue;
    const asked = [{ namespace: sync.pod.metadata.namespace, name, uid }];
    for (const driver of drivers) unprepare(sync, driver, asked);
  }
  delete sync.record.claims;
}

function unprepare(sync: Sync, driver: string, asked: object[]): void {
  try {
    call(sync, endpointOf(sync, driver), `${service}/NodeUnprepareResources`, { claims: asked });
  } catch (error) {
    if (!(error instanceof ClaimProblem)) throw error;
  }
}

/** The requests of claims that a container has part in; without a name all of the claim's. */
function requestsOf(
  pod: Pod,
  { name, resources }: Container,
): { claimName: string | undefined; request: string | undefined }[] {
  const asked = (resources as { claims?: { name: string; request?: string }[] })?.claims ?? [];
  const own = asked.map((ask) => {
    const one = pod.spec.resourceClaims?.find((claim) => claim.name === ask.name);
    const named = one && claimNameOf(pod, one);
    return { claimName: named && "name" in named ? named.name : undefined, request: ask.request };
  });
  const { resourceClaimName, requestMappings = [] } = pod.status?.extendedResourceClaimStatus ?? {};
  const extended = requestMappings
    .filter(({ containerName }) => containerName === name)
    .map(({ requestName }) => ({ claimName: resourceClaimName, request: requestName }));
  return [...own, ...extended];
}

/** Variables of the devices that a container asks for. k8s: manager.go GetResources */
export function deviceEnv(
  sync: Sync,
  container: Container,
): { env: { name: string; value: string }[] } | { error: string } {
  const { pod, record, runtime } = sync;
  const asked = requestsOf(pod, container);
  if (asked.length === 0 || !record.claims) return { env: [] };
  const ids: string[] = [];
  for (const { claimName, request } of asked) {
    const claim = Object.values(record.claims).find((known) => known.name === claimName);
    for (const { requests, cdi } of claim?.devices ?? [])
      if (!request || requests.some((of) => of === request || of.split("/")[0] === request))
        ids.push(...cdi);
  }
  const found = runtime.cdiEnv?.(sync.context, sync.nodeName, ids) ?? { env: [] };
  if ("error" in found) return found;
  return {
    env: found.env.map((text) => {
      const at = text.indexOf("=");
      return at < 0
        ? { name: text, value: "" }
        : { name: text.slice(0, at), value: text.slice(at + 1) };
    }),
  };
}

type Health = NonNullable<ContainerStatus["allocatedResourcesStatus"]>;

/** No driver here tells of its devices' health, so that nothing is known of it. k8s: cm/dra/healthinfo.go getHealthInfo */
const health = "Unknown";

/** A request may be one of several alternatives. k8s: resourceclaim.BaseRequestRef */
const baseOf = (request: string): string => request.split("/")[0] ?? "";

function healthOf(pod: Pod, record: PodRecord, container: string): Health {
  const { resources } = pod.spec.containers.find(({ name }) => name === container) ?? {};
  const asked = (resources as { claims?: { name: string; request?: string }[] })?.claims ?? [];
  return asked.flatMap(({ name, request }) => {
    const one = pod.spec.resourceClaims?.find((claim) => claim.name === name);
    const named = one && claimNameOf(pod, one);
    const claimName = named && "name" in named ? named.name : undefined;
    const claim = Object.values(record.claims ?? {}).find((known) => known.name === claimName);
    const ids = (claim?.devices ?? []).flatMap(({ requests, cdi }) => {
      const part = !request || requests.length === 0;
      return part || requests.some((of) => baseOf(of) === baseOf(request)) ? cdi.slice(0, 1) : [];
    });
    if (ids.length === 0) return [];
    return [
      {
        name: `claim:${name}${request ? `/${request}` : ""}`,
        resources: [...new Set(ids)].map((resourceID) => ({ resourceID, health })),
      },
    ];
  });
}

/** The statuses of app containers with the devices of their claims. k8s: manager.go UpdateAllocatedResourcesStatus */
export function withDeviceHealth(
  pod: Pod,
  record: PodRecord,
  statuses: ContainerStatus[],
): ContainerStatus[] {
  if (!record.claims) return statuses;
  return statuses.map((status) => {
    const found = healthOf(pod, record, status.name);
    return found.length > 0 ? { ...status, allocatedResourcesStatus: found } : status;
  });
}
