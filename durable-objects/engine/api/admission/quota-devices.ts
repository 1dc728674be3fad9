/** ResourceClaims, and the devices that they may come to. k8s: pkg/quota/v1/evaluator/core/resource_claims.go */
import type { KubeObject } from "../../core/object.ts";
import type { ExactRequest, ResourceClaim } from "../../kinds/resource/shape.ts";
import { addQuantity, cmpQuantity, newQuantity } from "../../machinery/quantity.ts";
import { one, type Amounts, type Evaluator } from "./quota-evaluator.ts";

const count = "count/resourceclaims.resource.k8s.io";

/** k8s: core/v1 ResourceClaimsPerClass */
const perClass = ".deviceclass.resource.k8s.io/devices";

/** k8s: api/resource/v1/types.go AllocationResultsMaxSize: what "All" comes to at worst. */
const resultsMax = 32;

const devicesOf = ({ allocationMode, count: devices = 0 }: ExactRequest): number =>
  allocationMode === "ExactCount" ? devices : allocationMode === "All" ? resultsMax : 0;

/** Of alternatives the most that any of a class may take. */
function claimUsage({ spec }: ResourceClaim): Amounts {
  const out: Amounts = { [count]: one };
  for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    const most: Amounts = {};
    for (const request of exactly ? [exactly] : firstAvailable) {
      const name = `${request.deviceClassName ?? ""}${perClass}`;
      const devices = newQuantity(devicesOf(request));
      if (!most[name] || cmpQuantity(devices, most[name]) > 0) most[name] = devices;
    }
    for (const [name, devices] of Object.entries(most))
      out[name] = out[name] ? addQuantity(out[name], devices) : devices;
  }
  return out;
}

const usage = (object: KubeObject): Amounts => claimUsage(object as ResourceClaim);

export const resourceClaimEvaluator: Evaluator = {
  kind: { usage, scopes: () => "", until: () => undefined, usageAfter: () => ({}) },
  resource: "resourceclaims.resource.k8s.io",
  measures: (name) => name === count || name.endsWith(perClass),
  usage,
  inScope: () => false,
};
