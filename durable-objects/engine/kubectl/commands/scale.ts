/** kubectl scale. k8s: kubectl/pkg/cmd/scale/scale.go, kubectl/pkg/scale/scale.go */
import { now, sleep } from "../asks.ts";
import { goQuote } from "../../machinery/field.ts";
import { mergePatchType, type ApiClient } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { Failure, isReason } from "../errors.ts";
import { fileOptions } from "../files.ts";
import {
  changeQuery,
  dryRunOf,
  patchObject,
  placeIn,
  printerFor,
  requireFlags,
  type DryRun,
} from "../mutate/mutation.ts";
import { recording, recordPatch } from "../mutate/record.ts";
import type { Info } from "../result.ts";
import type { KubeObject } from "../objects.ts";
import { section, type Work } from "../work.ts";

interface Scale {
  spec?: { replicas?: number };
  status?: { replicas?: number };
}

function updateReplicas({ object, type }: Info, replicas: number): void {
  if (!object || !["apps", ""].includes(type.group)) return;
  object["spec"] = { ...(object["spec"] as Record<string, unknown> | undefined), replicas };
}

/** The state that is asked for before anything is changed. */
function checkBefore(k: Kubectl, object: KubeObject): void {
  const scale = object as Scale;
  const wanted = k.flags.int("current-replicas");
  const version = k.flags.string("resource-version");
  const { replicas = 0 } = scale.spec ?? {};
  if (wanted !== -1 && replicas !== wanted)
    throw new Failure(`Expected replicas to be ${wanted}, was ${replicas}`);
  if (version && object.metadata?.resourceVersion !== version)
    throw new Failure(
      `Expected resource version to be ${version}, was ${object.metadata?.resourceVersion}`,
    );
}

function* scaleOne(k: Kubectl, client: ApiClient, info: Info, dryRun: DryRun): Work<number> {
  const { flags } = k;
  const path = pathOf(info.type, info.namespace, info.name, "scale");
  const replicas = flags.int("replicas");
  const query = changeQuery(k, dryRun);
  if (flags.int("current-replicas") === -1 && !flags.string("resource-version")) {
    const body = { spec: { replicas } };
    const call = { method: "PATCH", path, query, body, contentType: mergePatchType } as const;
    return (yield* client.json<Scale>(call)).spec?.replicas ?? 0;
  }
  for (;;) {
    const scale = yield* client.json<KubeObject>({ path });
    checkBefore(k, scale);
    const body = { ...scale, spec: { ...(scale as Scale).spec, replicas } };
    try {
      return (yield* client.json<Scale>({ method: "PUT", path, query, body })).spec?.replicas ?? 0;
    } catch (error) {
      if (!isReason(error, "Conflict")) throw error;
    }
  }
}

function* waitScaled(client: ApiClient, info: Info, limit: number): Work<void> {
  const path = pathOf(info.type, info.namespace, info.name, "scale");
  for (;;) {
    const done = yield* section(function* () {
      const { spec, status } = yield* client.json<Scale>({ path });
      return (spec?.replicas ?? 0) === (status?.replicas ?? 0);
    });
    if (done) return;
    if ((yield* now()) >= limit)
      throw new Failure(`timed out waiting for ${goQuote(info.name)} to be synced`);
    yield* sleep(1000);
  }
}

export const scale: Command = {
  path: "scale",
  *run(k) {
    const { flags, args } = k;
    requireFlags(k, ["replicas"]);
    const dryRun = yield* dryRunOf(k);
    const print = yield* printerFor(k, dryRun, "scaled");
    const place = yield* placeIn(k);
    const replicas = flags.int("replicas");
    if (replicas < 0)
      k.fail("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
    if (flags.int("current-replicas") < -1)
      k.fail("The --current-replicas must specify an integer of -1 or greater");
    const result = yield* k.build({
      args,
      allOfType: flags.bool("all"),
      files: fileOptions(flags),
      labelSelector: flags.string("selector"),
      namespace: place.namespace,
      enforceNamespace: place.explicit,
      continueOnError: true,
    });
    const { infos, error } = yield* result.infos();
    if (flags.string("resource-version") && infos.length > 1)
      k.fail("cannot use --resource-version with multiple resources");
    if (infos.length === 0) throw error ?? new Failure("no objects passed to scale");
    const timeout = flags.duration("timeout");
    for (const info of infos) {
      if (dryRun === "client") updateReplicas(info, replicas);
      else {
        const client = yield* k.client();
        const size = yield* scaleOne(k, client, info, dryRun);
        if (timeout && dryRun === "none") yield* waitScaled(client, info, (yield* now()) + timeout);
        updateReplicas(info, size);
        if (recording(k))
          yield* patchObject(k, info, recordPatch(k), { contentType: mergePatchType });
      }
      k.out(print(info.object as KubeObject));
    }
    if (error) throw error;
  },
};
