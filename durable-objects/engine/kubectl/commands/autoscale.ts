/** kubectl autoscale. k8s: kubectl/pkg/cmd/autoscale/autoscale.go */
import { canonicalQuantity, quantityError } from "../../machinery/quantity.ts";
import type { Command, Kubectl } from "../command.ts";
import { apiVersionOf } from "../discovery.ts";
import { Failure } from "../errors.ts";
import { fileOptions } from "../files.ts";
import { createObject } from "../mutate/generate.ts";
import {
  annotateApplied,
  dryRunOf,
  placeIn,
  typedPrinter,
  requireFlags,
  type DryRun,
} from "../mutate/mutation.ts";
import { record } from "../mutate/record.ts";
import type { Info } from "../result.ts";
import type { KubeObject } from "../objects.ts";
import type { Work } from "../work.ts";

const units: Record<string, string> = { cpu: "m", memory: "Mi" };

/** `80%`, `500m`, or a number without a unit. k8s: autoscale.go parseResourceInput */
function targetOf(given: string, resource: string): Record<string, unknown> {
  const text = given.trim();
  if (text === "") throw new Failure("empty input");
  if (text.endsWith("%")) {
    const number = text.slice(0, -1);
    if (!/^\+?\d+$/.test(number)) throw new Failure(`invalid percentage value: ${number}`);
    return { type: "Utilization", averageUtilization: Number(number) };
  }
  const quantity =
    text.trim() === text && Number.isFinite(Number(text))
      ? `${Number(text)}${units[resource]}`
      : text;
  if (quantityError(quantity)) throw new Failure(`invalid resource ${resource} value: ${text}`);
  return { type: "AverageValue", averageValue: canonicalQuantity(quantity) };
}

function validate(k: Kubectl): void {
  const { flags } = k;
  const [min, max] = [flags.int("min"), flags.int("max")];
  if (max < 1) k.fail(`--max=MAXPODS is required and must be at least 1, max: ${max}`);
  if (max < min)
    k.fail(`--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${max}, min: ${min}`);
  if (flags.int("cpu-percent") > 0 && flags.string("cpu"))
    k.fail("--cpu-percent and --cpu are mutually exclusive");
  for (const resource of ["cpu", "memory"])
    if (flags.string(resource)) targetOf(flags.string(resource), resource);
}

function metricsOf(k: Kubectl): Record<string, unknown>[] {
  const { flags } = k;
  const percent = flags.int("cpu-percent");
  const metric = (name: string, target: Record<string, unknown>): Record<string, unknown> => ({
    type: "Resource",
    resource: { name, target },
  });
  return [
    ...(percent > 0 ? [metric("cpu", { type: "Utilization", averageUtilization: percent })] : []),
    ...["cpu", "memory"]
      .filter((name) => flags.string(name))
      .map((name) => metric(name, targetOf(flags.string(name), name))),
  ];
}

function autoscalerOf(
  k: Kubectl,
  { type, name }: Info,
  namespace: string,
  old: boolean,
): KubeObject {
  const { flags } = k;
  const [min, percent] = [flags.int("min"), flags.int("cpu-percent")];
  const metrics = metricsOf(k);
  return {
    kind: "HorizontalPodAutoscaler",
    apiVersion: `autoscaling/${old ? "v1" : "v2"}`,
    metadata: { name: flags.string("name") || name, ...(namespace ? { namespace } : {}) },
    spec: {
      scaleTargetRef: { kind: type.kind, name, apiVersion: apiVersionOf(type) },
      ...(min > 0 ? { minReplicas: min } : {}),
      maxReplicas: flags.int("max"),
      ...(!old && metrics.length ? { metrics } : {}),
      ...(old && percent >= 0 ? { targetCPUUtilizationPercentage: percent } : {}),
    },
    status: old
      ? { currentReplicas: 0, desiredReplicas: 0 }
      : { desiredReplicas: 0, currentMetrics: null },
  };
}

function* handle(k: Kubectl, object: KubeObject, namespace: string, dryRun: DryRun): Work<void> {
  record(k, object);
  if (dryRun === "client") {
    k.out((yield* typedPrinter(k, dryRun, "created"))(object));
    return;
  }
  annotateApplied(k, object, Object.keys);
  const made = { object, plural: "horizontalpodautoscalers" };
  const created = yield* createObject(k, made, namespace, dryRun);
  k.out((yield* typedPrinter(k, dryRun, "autoscaled"))(created));
}

/** Where the newer API refuses, the older one is tried, if it can say as much. */
function checkOlder(k: Kubectl): void {
  const { flags } = k;
  try {
    const target = targetOf(flags.string("cpu"), "cpu");
    const memory = flags.string("memory");
    if (memory === "" && (flags.int("cpu-percent") >= 0 || target["type"] === "Utilization"))
      return;
    throw new Failure("%!w(<nil>)");
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      `failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: ${error.message}`,
    );
  }
}

export const autoscale: Command = {
  path: "autoscale",
  *run(k) {
    const { flags, args } = k;
    requireFlags(k, ["max"]);
    const dryRun = yield* dryRunOf(k);
    const place = yield* placeIn(k);
    validate(k);
    const result = yield* k.build({
      args,
      files: fileOptions(flags),
      namespace: place.namespace,
      enforceNamespace: place.explicit,
      continueOnError: true,
    });
    let count = 0;
    yield* result.visit(function* (info): Work<void> {
      if (!info.type.subresources["scale"])
        throw new Failure(
          `cannot autoscale a ${info.type.kind}: could not find scale subresource for ${info.type.group}/${info.type.version}, Resource=${info.type.plural} in discovery information`,
        );
      const named = place.explicit ? place.namespace : "";
      try {
        yield* handle(k, autoscalerOf(k, info, named, false), place.namespace, dryRun);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        checkOlder(k);
        yield* handle(k, autoscalerOf(k, info, named, true), place.namespace, dryRun);
      }
      count++;
    });
    if (count === 0) k.fail("no objects passed to autoscale");
  },
};
