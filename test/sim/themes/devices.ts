/** Devices of resource.k8s.io: claims, classes, Pods that use them, and the example driver on each node. */
import {
  claim,
  deviceClass,
  driver,
  driverRights,
  driverSet,
  request,
  template,
} from "../../engine/scheduler/devices-world.ts";
import type { Chance } from "../chance.ts";
import type { Any } from "../simulation.ts";
import { any, namespace, path, target, type OperationRow } from "../operations/targets.ts";
import type { Theme } from "./theme.ts";

export const claims = "resourceclaims.resource.k8s.io";
const api = "/apis/resource.k8s.io/v1";
const own = `${api}/namespaces/${namespace}`;
/** Of each node. */
const devicesPerNode = 2;

function wanted(chance: Chance): object {
  if (chance.in100(15)) return { allocationMode: "All" };
  const selectors = [{ cel: { expression: `device.attributes["${driver}"].index == 0` } }];
  if (chance.in100(20)) return { selectors };
  return { count: chance.pick([1, 1, 1, 2]) };
}

const source = (chance: Chance): object =>
  chance.in100(50)
    ? { resourceClaimName: `rc-${chance.below(3)}` }
    : { resourceClaimTemplateName: `rt-${chance.below(2)}` };

function podSpec(chance: Chance, restartPolicy: string): Any {
  const script = chance.pick(["sleep 3600", "sleep 3600", "sleep 20; exit 0", "sleep 5; exit 1"]);
  return {
    restartPolicy,
    terminationGracePeriodSeconds: chance.pick([0, 1, 20]),
    resourceClaims: [{ name: "gpu", ...source(chance) }],
    containers: [
      {
        name: "main",
        image: "busybox:1.36",
        command: ["sh", "-c", script],
        resources: { claims: [{ name: "gpu" }] },
      },
    ],
  };
}

function user(chance: Chance): { of: string; manifest: object } {
  const labels = { app: "devices" };
  if (chance.in100(65)) {
    const spec = podSpec(chance, chance.pick(["Never", "Always", "OnFailure"]));
    // Past the scheduler.
    if (chance.in100(10)) spec.nodeName = "node-1";
    const metadata = { name: `u-${chance.below(5)}`, labels };
    return { of: "pods", manifest: { apiVersion: "v1", kind: "Pod", metadata, spec } };
  }
  const spec = {
    replicas: 1 + chance.below(3),
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: podSpec(chance, "Always") },
  };
  const metadata = { name: "d-devices" };
  return {
    of: "deployments",
    manifest: { apiVersion: "apps/v1", kind: "Deployment", metadata, spec },
  };
}

const operations: OperationRow[] = [
  {
    what: "claim devices",
    weight: 6,
    make: (chance) =>
      chance.in100(60)
        ? {
            of: "resourceclaims",
            manifest: claim(`rc-${chance.below(3)}`, [request("r", wanted(chance) as Any)]),
          }
        : {
            of: "resourceclaimtemplates",
            manifest: template(`rt-${chance.below(2)}`, [request("r", wanted(chance) as Any)]),
          },
    run: (sim, { of, manifest }) => void sim.request("POST", `${own}/${of}`, manifest),
  },
  {
    what: "use devices",
    weight: 10,
    make: user,
    run: (sim, { of, manifest }) => void sim.request("POST", path(of), manifest),
  },
  {
    what: "use devices no more",
    weight: 6,
    make: (chance) => ({ at: any(chance), grace: chance.pick([undefined, 0]) }),
    run: (sim, { at, grace }) => {
      const users = sim.all("pods", namespace).filter((pod) => pod.spec.resourceClaims);
      const pod = users[at % Math.max(users.length, 1)];
      if (!pod) return;
      const body = grace === undefined ? undefined : { gracePeriodSeconds: grace };
      sim.request("DELETE", `${path("pods")}/${pod.metadata.name}`, body);
    },
  },
  {
    what: "delete a claim",
    weight: 2,
    make: (chance) => ({ at: any(chance) }),
    run: (sim, { at }) => {
      const found = target(sim, claims, at);
      if (found) sim.request("DELETE", `${own}/resourceclaims/${found.metadata.name}`);
    },
  },
  {
    what: "take or give back the class of devices",
    weight: 1,
    make: (chance) => ({ there: chance.in100(70) }),
    run: (sim, { there }) =>
      void (there
        ? sim.request("POST", `${api}/deviceclasses`, deviceClass())
        : sim.request("DELETE", `${api}/deviceclasses/${driver}`)),
  },
  {
    what: "disturb a driver of devices",
    weight: 3,
    make: (chance) => ({ at: any(chance), slice: chance.in100(40) }),
    run: (sim, { at, slice }) => {
      if (slice) {
        const found = target(sim, "resourceslices.resource.k8s.io", at, false);
        if (found) sim.request("DELETE", `${api}/resourceslices/${found.metadata.name}`);
        return;
      }
      const pods = sim.all("pods", "default").filter((pod) => pod.metadata.labels?.app === "dra");
      const pod = pods[at % Math.max(pods.length, 1)];
      if (pod) sim.request("DELETE", `/api/v1/namespaces/default/pods/${pod.metadata.name}`);
    },
  },
];

export const devices: Theme = {
  name: "devices",
  weight: 2,
  births: 1,
  prepare: (world) => {
    world.create(deviceClass(), driverRights, driverSet("", devicesPerNode));
    world.advance(60_000);
  },
  operations,
  share: 45,
  heal: (sim) => void sim.request("POST", `${api}/deviceclasses`, deviceClass()),
};
