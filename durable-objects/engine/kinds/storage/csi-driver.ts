import type * as storage from "kubernetes-types/storage/v1";
import {
  at,
  child,
  duplicate,
  invalid,
  notSupported,
  type FieldError,
} from "../../machinery/field.ts";
import { semanticEqual, validateImmutable } from "../../machinery/metadata.ts";
import { unsupported } from "../checks.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

/** Fields that came after 1.30. */
type Spec = storage.CSIDriverSpec & {
  nodeAllocatableUpdatePeriodSeconds?: number;
  serviceAccountTokenInSecrets?: boolean;
  preventPodSchedulingIfMissing?: boolean;
};
export type CSIDriver = Stored<Omit<storage.CSIDriver, "spec">> & { spec?: Spec };

const groupPolicies = ["File", "None", "ReadWriteOnceWithFSType"];
const lifecycleModes = ["Persistent", "Ephemeral"];
/** k8s: pkg/apis/storage/validation validateTokenRequests, validateNodeAllocatableUpdatePeriodSeconds */
const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;
const updatePeriodSecondsMin = 10;

/** k8s: pkg/apis/storage/validation validateCSIDriverSpec */
function validate({ spec = {} }: CSIDriver): FieldError[] {
  const errors: FieldError[] = [];
  const { fsGroupPolicy, tokenRequests = [] } = spec;
  if (fsGroupPolicy !== undefined && !groupPolicies.includes(fsGroupPolicy))
    errors.push(notSupported("spec.fsGroupPolicy", fsGroupPolicy, groupPolicies));
  errors.push(...checkTokenRequests(tokenRequests));
  for (const mode of spec.volumeLifecycleModes ?? [])
    if (!lifecycleModes.includes(mode))
      errors.push(unsupported("spec.volumeLifecycleModes", mode, lifecycleModes));
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < updatePeriodSecondsMin) {
    const path = "spec.nodeAllocatableUpdatePeriodSeconds";
    errors.push(invalid(path, period, "must be greater than or equal to 10 seconds"));
  }
  const inSecrets = spec.serviceAccountTokenInSecrets;
  if (inSecrets !== undefined && tokenRequests.length === 0) {
    const detail = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
    errors.push(invalid("spec.serviceAccountTokenInSecrets", inSecrets, detail));
  }
  return errors;
}

function checkTokenRequests(requests: readonly storage.TokenRequest[]): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { audience = "", expirationSeconds }] of requests.entries()) {
    const path = at("spec.tokenRequests", i);
    if (seen.has(audience)) {
      errors.push(duplicate(child(path, "audience"), audience));
      continue;
    }
    seen.add(audience);
    if (expirationSeconds === undefined) continue;
    const refuse = (detail: string): unknown =>
      errors.push(invalid(child(path, "expirationSeconds"), expirationSeconds, detail));
    if (expirationSeconds < tokenSecondsMin)
      refuse("may not specify a duration less than 10 minutes");
    if (expirationSeconds > tokenSecondsMax)
      refuse("may not specify a duration larger than 2^32 seconds");
  }
  return errors;
}

/** k8s: SetDefaults_CSIDriver */
function applyDefaults(driver: CSIDriver): CSIDriver {
  const spec = driver.spec ?? {};
  return {
    ...driver,
    spec: {
      ...spec,
      attachRequired: spec.attachRequired ?? true,
      podInfoOnMount: spec.podInfoOnMount ?? false,
      storageCapacity: spec.storageCapacity ?? false,
      fsGroupPolicy: spec.fsGroupPolicy ?? "ReadWriteOnceWithFSType",
      volumeLifecycleModes: spec.volumeLifecycleModes?.length
        ? spec.volumeLifecycleModes
        : ["Persistent"],
      requiresRepublish: spec.requiresRepublish ?? false,
      seLinuxMount: spec.seLinuxMount ?? false,
    },
  };
}

/** A field of a feature that is off in 1.36 (VolumeLimitScaling). */
function withoutGated(driver: CSIDriver): CSIDriver {
  if (driver.spec?.preventPodSchedulingIfMissing === undefined) return driver;
  const { preventPodSchedulingIfMissing: _, ...spec } = driver.spec;
  return { ...driver, spec };
}

const tokensInSecrets =
  "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes";

/** k8s: pkg/registry/storage/csidriver WarningsOnCreate, WarningsOnUpdate */
function warnings({ spec = {} }: CSIDriver, old: CSIDriver | undefined): string[] {
  const { tokenRequests = [], serviceAccountTokenInSecrets } = spec;
  if (tokenRequests.length === 0 || serviceAccountTokenInSecrets !== undefined) return [];
  return old && semanticEqual(old.spec?.tokenRequests, tokenRequests) ? [] : [tokensInSecrets];
}

export const CSIDriver: Kind<CSIDriver> = {
  resource: "csidrivers.storage.k8s.io",
  apiVersion: "storage.k8s.io/v1",
  kind: "CSIDriver",
  schema: schemaNamed("storage/v1.CSIDriver"),
  namespaced: false,
  // Counted from the first change on; a new one has none.
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  applyDefaults,
  prepareForCreate: withoutGated,
  prepareForUpdate(given, old) {
    const driver = withoutGated(given);
    if (semanticEqual(driver.spec, old.spec)) return driver;
    const generation = (old.metadata.generation ?? 0) + 1;
    return { ...driver, metadata: { ...driver.metadata, generation } };
  },
  validateCreate: validate,
  validateUpdate: (driver, old) => [
    ...validate(driver),
    ...validateImmutable(
      driver.spec?.attachRequired,
      old.spec?.attachRequired,
      "spec.attachedRequired",
    ),
    ...validateImmutable(
      driver.spec?.volumeLifecycleModes,
      old.spec?.volumeLifecycleModes,
      "spec.volumeLifecycleModes",
    ),
  ],
  warnings,
  table: {
    columns: [
      nameColumn,
      column("AttachRequired", "Whether volumes are attached before they are mounted.", "boolean"),
      column("PodInfoOnMount", "Whether the driver is told of the Pod.", "boolean"),
      column("StorageCapacity", "Whether Pods wait for known capacity.", "boolean"),
      column("TokenRequests", "Audiences of the tokens that it is given."),
      column("RequiresRepublish", "Whether it is called again and again.", "boolean"),
      column("Modes", "Volumes that it knows: Persistent, Ephemeral."),
      ageColumn,
    ],
    cells: (driver, now) => {
      const spec = driver.spec ?? {};
      return [
        driver.metadata.name,
        spec.attachRequired ?? true,
        spec.podInfoOnMount ?? false,
        spec.storageCapacity ?? false,
        spec.tokenRequests?.map(({ audience }) => audience).join(",") ?? "<unset>",
        spec.requiresRepublish ?? false,
        spec.volumeLifecycleModes?.join(",") || "<none>",
        age(driver, now),
      ];
    },
  },
};
