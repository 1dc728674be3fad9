/**
 * What a Pod's extended resources ask for, where devices give them: requests of one claim, and which container has which.
 * k8s: dynamicresources/extendeddynamicresources.go createRequestsAndMappings
 */
import { isSidecar, type Container } from "../../kinds/pod/types.ts";
import type { DeviceRequest } from "../../kinds/resource/shape.ts";
import { value } from "../../machinery/quantity.ts";
import { byText, type Pod } from "../types.ts";

export interface RequestMapping {
  containerName: string;
  resourceName: string;
  requestName: string;
}

interface Wanted {
  name: string;
  count: number;
}
/** Of one container: what it needs beside what it finds, and where it finds all. */
interface Share {
  own: Wanted | undefined;
  from: string[];
}

/** Named by the container's place among all, and the resource's among those that the container asks for. */
function shareOf(
  place: number,
  container: Container,
  resource: string,
  found: readonly (Wanted | undefined)[],
): Share {
  const requests = container.resources?.requests as Record<string, string> | undefined;
  const wanted = requests?.[resource] === undefined ? 0 : value(requests[resource]);
  const share: Share = { own: undefined, from: [] };
  if (wanted === 0) return share;
  let sum = 0;
  for (const one of found) {
    if (!one) continue;
    sum += one.count;
    share.from.push(one.name);
    if (sum >= wanted) return share;
  }
  const name = `container-${place}-request-${Object.keys(requests ?? {})
    .sort(byText)
    .indexOf(resource)}`;
  share.own = { name, count: wanted - sum };
  share.from.push(name);
  return share;
}

/** Init containers use what those that run later get, and share among themselves what goes beyond it. */
function sharesOf(containers: readonly Container[], inits: number, resource: string) {
  const isShort = (i: number): boolean => i < inits && !isSidecar(containers[i] as Container);
  const lasting = containers.map((container, i) =>
    isShort(i) ? undefined : shareOf(i, container, resource, []),
  );
  const short = containers.map((container, i) =>
    isShort(i)
      ? shareOf(
          i,
          container,
          resource,
          lasting.slice(i).map((one) => one?.own),
        )
      : undefined,
  );
  let most: Wanted | undefined;
  for (const one of short) if (one?.own && !(most && most.count >= one.own.count)) most = one.own;
  const owned = new Set(short.map((one) => one?.own?.name));
  const shared = (name: string): string => (most && owned.has(name) ? most.name : name);
  const named = (shares: readonly (Share | undefined)[]): RequestMapping[] =>
    shares.flatMap((share, i) =>
      (share?.from ?? []).map((name) => ({
        containerName: (containers[i] as Container).name,
        resourceName: resource,
        requestName: shared(name),
      })),
    );
  return {
    wanted: [most, ...lasting.map((one) => one?.own)].filter((one) => one !== undefined),
    mappings: [...named(lasting), ...named(short)],
  };
}

/** For the given resources, by the class that stands behind each. */
export function extendedRequests(
  { spec }: Pod,
  classes: ReadonlyMap<string, string>,
): { requests: DeviceRequest[]; mappings: RequestMapping[] } {
  const inits = spec.initContainers ?? [];
  const containers = [...inits, ...spec.containers];
  const requests: DeviceRequest[] = [];
  const mappings: RequestMapping[] = [];
  for (const [resource, deviceClassName] of [...classes].sort(([a], [b]) => byText(a, b))) {
    const shares = sharesOf(containers, inits.length, resource);
    mappings.push(...shares.mappings);
    for (const { name, count } of shares.wanted)
      requests.push({
        name,
        exactly: { deviceClassName, allocationMode: "ExactCount", count },
      });
  }
  requests.sort((a, b) => byText(a.name ?? "", b.name ?? ""));
  return { requests, mappings };
}
