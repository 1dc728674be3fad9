/** Claims that the kubelet asks for: a file for containerd with each one's devices. dra-example-driver: state.go, cdi.go */
import type { ResourceClaim } from "../../kinds/resource/shape.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { klogTime } from "../../runtime/logs/times.ts";
import { Errno } from "../../runtime/errno.ts";
import { getFromApi } from "../serving/cluster-api.ts";
import { gpuEnv } from "./gpu-config.ts";

export interface Place {
  driver: string;
  cdiRoot: string;
  nodeName: string;
}
interface Asked {
  namespace?: string;
  name?: string;
  uid?: string;
}
interface Prepared {
  devices?: object[];
  error?: string;
}
type Allocation = NonNullable<NonNullable<ResourceClaim["status"]>["allocation"]>["devices"] &
  object;

const cdiVersion = "0.3.0";
const vendorOf = (driver: string): string => `k8s.${driver}`;
const fileOf = ({ cdiRoot, driver }: Place, name: string): string =>
  `${cdiRoot}/${vendorOf(driver)}-gpu_${name}.json`;

function writeSpec(sys: Sys, place: Place, name: string, devices: object[]): void {
  const spec = { cdiVersion, kind: `${vendorOf(place.driver)}/gpu`, devices };
  sys.writeFile(fileOf(place, name), JSON.stringify(spec));
}

export function writeCommonSpec(sys: Sys, place: Place): void {
  const env = [
    `KUBERNETES_NODE_NAME=${place.nodeName}`,
    `DRA_RESOURCE_DRIVER_NAME=${place.driver}`,
  ];
  writeSpec(sys, place, "common", [{ name: "common", containerEdits: { env } }]);
}

/** The parameters that count for a request: the claim's before the class', the later before the earlier. */
function parametersFor({ config = [] }: Allocation, driver: string, request: string): unknown {
  const own = (source: string): typeof config =>
    config.filter((one) => one.source === source && one.opaque?.driver === driver);
  const found = [...own("FromClass"), ...own("FromClaim")]
    .reverse()
    .find(({ requests = [] }) => requests.length === 0 || requests.includes(request));
  return found?.opaque?.parameters;
}

function prepare(sys: Sys, place: Place, asked: Asked): Prepared {
  const of = `${asked.namespace}/${asked.name}`;
  const path = `/apis/resource.k8s.io/v1/namespaces/${asked.namespace}/resourceclaims/${asked.name}`;
  const found = getFromApi(sys, path);
  if (found?.status !== 200)
    return { error: `retrieve claim ${of}: ${found?.body.message ?? "connection refused"}` };
  const claim = found.body as ResourceClaim;
  const allocation = claim.status?.allocation?.devices;
  if (!allocation) return { error: `claim ${of} not allocated` };
  if (claim.metadata.uid !== asked.uid) return { error: `claim ${of} got replaced` };
  const wrong = (why: string): Prepared => ({
    error: `error preparing devices for claim ${asked.uid}: prepare failed: ${why}`,
  });
  const uid = claim.metadata.uid ?? "";
  const results = (allocation.results ?? []).filter((one) => one.driver === place.driver);
  const looksAfter = allocation.results?.some((one) => one.adminAccess) ?? false;
  const kind = `${vendorOf(place.driver)}/gpu`;
  const written: object[] = [];
  const devices: object[] = [];
  const told: string[] = [];
  for (const { request = "", pool, device = "" } of results) {
    const env = gpuEnv(device, parametersFor(allocation, place.driver, request));
    if ("problem" in env) return wrong(env.problem);
    const key = device.replace(/[^a-zA-Z0-9]+/g, "_").toUpperCase();
    const own = [`GPU_DEVICE_${key}_RESOURCE_CLAIM=${uid}`, `DRA_ADMIN_ACCESS=${looksAfter}`];
    written.push({ name: `${uid}-${device}`, containerEdits: { env: [...own, ...env] } });
    const cdiDeviceIds = [`${kind}=common`, `${kind}=${uid}-${device}`];
    devices.push({ requestNames: [request], poolName: pool, deviceName: device, cdiDeviceIds });
    told.push(`{[${request}] ${pool} ${device} [${cdiDeviceIds.join(" ")}]}`);
  }
  writeSpec(sys, place, uid, written);
  say(sys, 133, `Returning newly prepared devices for claim '${uid}': [${told.join(" ")}]`);
  return { devices };
}

/** A line of the driver's log. dra-example-driver: cmd/dra-example-kubeletplugin/driver.go */
const say = (sys: Sys, line: number, text: string): void =>
  sys.complain(`${klogTime(sys.now)}       1 driver.go:${line}] ${text}\n`);

/** Answers NodePrepareResources. */
export function prepareAll(sys: Sys, place: Place, asked: readonly Asked[]): object {
  say(sys, 106, `PrepareResourceClaims is called: number of claims: ${asked.length}`);
  const answers = asked.map((one) => [one.uid ?? "", prepare(sys, place, one)]);
  return { claims: Object.fromEntries(answers) };
}

/** Answers NodeUnprepareResources. */
export function unprepareAll(sys: Sys, place: Place, asked: readonly Asked[]): object {
  say(sys, 138, `UnprepareResourceClaims is called: number of claims: ${asked.length}`);
  const answers = asked.map(({ uid = "" }) => {
    try {
      sys.unlink(fileOf(place, uid));
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
    return [uid, {}];
  });
  return { claims: Object.fromEntries(answers) };
}
