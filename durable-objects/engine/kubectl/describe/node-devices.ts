/** Devices that only one node has. k8s: kubectl/pkg/describe describeNodeResourceSlices */
import type { ResourceSlice } from "../../kinds/resource/resource-slice.ts";
import { byText } from "../go/json.ts";
import type { Work } from "../work.ts";
import type { Out } from "./out.ts";
import { listAll, orNothing, type Settings } from "./reach.ts";

const poolsShown = 10;

export const slicesOfNode = (settings: Settings, node: string): Work<ResourceSlice[]> =>
  orNothing(
    listAll<ResourceSlice>(
      { ...settings, chunk: 0 },
      "/apis/resource.k8s.io/v1/resourceslices",
      "resourceslices",
      [["fieldSelector", `spec.nodeName=${node}`]],
    ),
  );

export function writeSlices(out: Out, slices: readonly ResourceSlice[]): void {
  const pools = new Map<string, [driver: string, pool: string, slices: number, devices: number]>();
  for (const { spec } of slices) {
    const [driver, pool] = [spec?.driver ?? "", spec?.pool?.name ?? ""];
    const key = `${driver}/${pool}`;
    const [, , count, devices] = pools.get(key) ?? ["", "", 0, 0];
    pools.set(key, [driver, pool, count + 1, devices + (spec?.devices?.length ?? 0)]);
  }
  if (pools.size === 0) return;
  const keys = [...pools.keys()].toSorted(byText);
  const shown = keys.slice(0, poolsShown).map((key) => pools.get(key) ?? []);
  out.write("Node-Local ResourceSlices:\n");
  out.table(1, "Driver\tPool\tSlices\tDevices", shown);
  if (keys.length > poolsShown) out.write(`...and ${keys.length - poolsShown} more pools\n`, 1);
}
