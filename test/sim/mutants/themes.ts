/** Planted faults of what scenarios with a theme are about: webhooks, devices, Gateways, custom resources. */
import { MutatingWebhooks } from "../../../durable-objects/engine/api/admission/webhooks/mutating.ts";
import { validatingWebhooks } from "../../../durable-objects/engine/api/admission/webhooks/validating.ts";
import { Converter } from "../../../durable-objects/engine/api/custom/conversion.ts";
import { EngineClient } from "../../../durable-objects/engine/client/client.ts";
import { customResourceDefinitionController } from "../../../durable-objects/engine/controllers/custom-resource-definition/custom-resource-definition.ts";
import { gatewayController } from "../../../durable-objects/engine/controllers/gateway/gateway.ts";
import { resourceClaimController } from "../../../durable-objects/engine/controllers/resource-claim/resource-claim.ts";
import type { KubeObject } from "../../../durable-objects/engine/core/object.ts";
import { Queue } from "../../../durable-objects/engine/core/queue.ts";
import { Store } from "../../../durable-objects/engine/core/store.ts";
import { StatusError } from "../../../durable-objects/engine/machinery/status.ts";
import type { Client } from "../../../durable-objects/engine/ports/controller.ts";
import { KnownDevices } from "../../../durable-objects/engine/scheduler/devices/known-devices.ts";
import { dynamicResources } from "../../../durable-objects/engine/scheduler/plugins/dynamic-resources.ts";
import { HeldCalls } from "../../../durable-objects/engine/webhooks/held-calls.ts";
import { both, every, patch, through, type Mutant } from "./mutant.ts";
import type { Any } from "../simulation.ts";
import { claims } from "../themes/devices.ts";
import { customId } from "../themes/customs.ts";
import { gatewayId } from "../themes/gateways.ts";

/** What is thrown with these words is passed over. */
function passing<T>(words: RegExp, body: () => T, instead: T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof StatusError && words.test(error.message)) return instead;
    throw error;
  }
}

const validatingPasses = (words: RegExp) =>
  patch(
    validatingWebhooks,
    "validate",
    (was: Any) =>
      (...args: unknown[]) =>
        passing(words, () => was(...args), undefined),
  );

const ofWebhooks: Mutant[] = [
  {
    name: "a validating webhook that nobody answers allows",
    by: "with Fail and its webhook down nothing is stored",
    theme: "webhooks",
    plant: () => validatingPasses(/failed calling webhook/),
  },
  {
    name: "a mutating webhook that nobody answers is passed by",
    by: "with Fail and its webhook down nothing is stored",
    theme: "webhooks",
    plant: () =>
      patch(
        MutatingWebhooks.prototype,
        "run",
        (was) =>
          function (this: MutatingWebhooks, object: KubeObject, again?: boolean) {
            return passing(/failed calling webhook/, () => was.call(this, object, again), object);
          },
      ),
  },
  {
    name: "a webhook's refusal is not heeded",
    by: "what a webhook refuses is not stored",
    theme: "webhooks",
    plant: () => validatingPasses(/denied the request/),
  },
  {
    name: "a mutating webhook's patch is dropped",
    by: "what is stored has what a mutating webhook answered",
    theme: "webhooks",
    plant: () =>
      patch(
        MutatingWebhooks.prototype,
        "run",
        (was) =>
          function (this: MutatingWebhooks, object: KubeObject, again?: boolean) {
            was.call(this, object, again);
            return object;
          },
      ),
  },
  {
    name: "who waited for webhooks is told that all went well",
    by: "a write happens once or not at all, as its client was told",
    theme: "webhooks",
    plant: () =>
      patch(
        HeldCalls.prototype,
        "take",
        (was) =>
          function (this: HeldCalls, id: string) {
            const answer = was.call(this, id);
            return answer?.type === "reply" ? { ...answer, status: 200 } : answer;
          },
      ),
  },
  {
    name: "who waited for webhooks hears nothing",
    by: "nobody waits for webhooks for ever",
    theme: "webhooks",
    plant: () => patch(HeldCalls.prototype, "take", () => () => undefined),
  },
];

/** What the claim controller makes of a claim, changed; undefined: it is not written. */
const claimsWritten = (change: (was: Any, is: Any) => Any) =>
  through(resourceClaimController, (client) => ({
    modify: (id: string, namespace: string, name: string, make: (o: Any) => Any, sub?: "status") =>
      client.modify(
        id,
        namespace,
        name,
        (was: Any) => {
          const is = make(was);
          return id === claims && is ? change(was, is) : is;
        },
        sub,
      ),
  }));

const ofDevices: Mutant[] = [
  {
    name: "a device is not known to be taken",
    by: "a device is never of two claims",
    theme: "devices",
    plant: () => patch(KnownDevices.prototype, "isAllocated", () => () => false),
  },
  {
    name: "the scheduler leaves claims alone, and kubelets take each for reserved",
    by: "a Pod runs with its claims allocated, and reserved for it",
    theme: "devices",
    plant: () =>
      both(
        patch(dynamicResources as Any, "prepare", () => () => ({ skip: true })),
        patch(
          EngineClient.prototype as Any,
          "get",
          (was: Any) =>
            function (this: Client, id: string, namespace: string, name: string) {
              const found = was.call(this, id, namespace, name);
              if (id !== claims || !found) return found;
              const users = this.byIndex<Any>("pod.resourceClaim", `${namespace}\0${name}`);
              const reservedFor = users.map(({ metadata }) => ({
                resource: "pods",
                name: metadata.name,
                uid: metadata.uid,
              }));
              return { ...found, status: { ...found.status, reservedFor } };
            },
        ),
      ),
  },
  {
    name: "devices are reserved for somebody else",
    by: "devices are reserved for Pods that are there",
    theme: "devices",
    plant: () =>
      patch(
        Store.prototype,
        "write",
        (was) =>
          function (this: Store, op: string, id: string, object: Any, at: number) {
            const users = id === claims ? object.status?.reservedFor : undefined;
            const others = users?.map((user: Any) => ({ ...user, name: `${user.name}-other` }));
            const odd = others
              ? { ...object, status: { ...object.status, reservedFor: others } }
              : object;
            return was.call(this, op, id, odd, at);
          },
      ),
  },
  {
    name: "users of devices are never forgotten",
    by: "devices are given back after their last user",
    theme: "devices",
    plant: () => claimsWritten(() => undefined),
  },
  {
    name: "devices stay with their claim",
    by: "devices are given back after their last user",
    theme: "devices",
    plant: () =>
      claimsWritten(({ status: { allocation } = {} as Any }, is) =>
        allocation ? { ...is, status: { ...is.status, allocation } } : is,
      ),
  },
  {
    name: "a Pod that waits for devices is not woken",
    by: "no Pod waits for a device that is free",
    theme: "devices",
    plant: () => {
      const now = every(2);
      return patch(
        Queue.prototype,
        "add",
        (was) =>
          function (this: Queue, key: string) {
            if (!key.startsWith("scheduler") || !now()) was.call(this, key);
          },
      );
    },
  },
];

const ofGateways: Mutant[] = [
  {
    name: "a Gateway is told of once",
    by: "Gateways are told of as they are",
    theme: "gateways",
    plant: () =>
      through(gatewayController, (client) => ({
        update: (id: string, object: Any, sub?: "status") => {
          const known: Any = client.get(id, object.metadata.namespace, object.metadata.name);
          if (id === gatewayId && known?.status?.addresses?.length) return known;
          return client.update(id, object, sub);
        },
      })),
  },
  {
    name: "a route is not told that its Service came or went",
    by: "routes are told of as they are",
    theme: "gateways",
    plant: () => patch(gatewayController.wakesOn as Any, "services", () => () => undefined),
  },
  {
    name: "endpoints that are not ready are asked",
    by: "a request through a Gateway gets to an endpoint that is there",
    theme: "gateways",
    plant: () =>
      patch(
        Store.prototype,
        "byIndex",
        (was) =>
          function (this: Store, name: string, value: string) {
            return was.call(this, name, value).map((one: Any) =>
              one.kind === "EndpointSlice"
                ? {
                    ...one,
                    endpoints: one.endpoints?.map((of: Any) => ({
                      ...of,
                      conditions: { ready: true },
                    })),
                  }
                : one,
            );
          },
      ),
  },
];

const ofCustoms: Mutant[] = [
  {
    name: "a custom object is read as it is stored",
    by: "a custom object says the same in each version",
    theme: "customs",
    plant: () =>
      both(
        patch(Converter.prototype, "convert", () => (object: KubeObject, apiVersion: string) => ({
          ...object,
          apiVersion,
        })),
        patch(Converter.prototype, "prepare", () => () => undefined),
      ),
  },
  {
    name: "a definition goes before its objects",
    by: "what is defined is served, and what is not leaves nothing",
    theme: "customs",
    plant: () =>
      through(customResourceDefinitionController, (client) => ({
        list: (id: string, namespace?: string) =>
          id === customId ? [] : client.list(id, namespace),
        count: () => 0,
      })),
  },
];

export const themeMutants: readonly Mutant[] = [
  ...ofWebhooks,
  ...ofDevices,
  ...ofGateways,
  ...ofCustoms,
];
