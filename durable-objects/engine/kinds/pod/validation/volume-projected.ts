/** Projected volumes and files of the downward API. k8s: core/validation validateProjectionSources */
import type { DownwardAPIVolumeFile, KeyToPath } from "kubernetes-types/core/v1";
import type { Volume, VolumeProjection } from "../types.ts";
import {
  checkedOnce,
  type FieldError,
  forbiddenField,
  invalid,
  required,
} from "../../../machinery/field.ts";
import { validateLabelSelector } from "../../../machinery/metadata.ts";
import { domainPrefixedPath, unsupported } from "../../../machinery/names.ts";
import { validateMode, validateNonReservedPath } from "../../../machinery/container-paths.ts";
import { validateFieldRef, validateResourceFieldRef } from "./env.ts";

const volumeFields = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];

/** k8s: validateKeyToPath */
export function validateKeyToPath(item: KeyToPath, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!item.key) errors.push(required(`${path}.key`));
  if (!item.path) errors.push(required(`${path}.path`));
  errors.push(...validateNonReservedPath(item.path ?? "", `${path}.path`));
  errors.push(...validateMode(item.mode, `${path}.mode`));
  return errors;
}

function validateDownwardFile(file: DownwardAPIVolumeFile, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!file.path) errors.push(required(`${path}.path`));
  errors.push(...validateNonReservedPath(file.path ?? "", `${path}.path`));
  if (file.fieldRef) {
    errors.push(...validateFieldRef(file.fieldRef, volumeFields, `${path}.fieldRef`));
    if (file.resourceFieldRef)
      errors.push(
        invalid(
          path,
          "resource",
          "fieldRef and resourceFieldRef can not be specified simultaneously",
        ),
      );
  } else if (file.resourceFieldRef)
    errors.push(
      ...validateResourceFieldRef(file.resourceFieldRef, true, `${path}.resourceFieldRef`),
    );
  else errors.push(required(path, "one of fieldRef and resourceFieldRef is required"));
  errors.push(...validateMode(file.mode, `${path}.mode`));
  return errors;
}

/** Upstream gives every file the path of their list. k8s: validateDownwardAPIVolumeSource */
export const validateDownwardFiles = (
  files: readonly DownwardAPIVolumeFile[] | undefined,
  path: string,
): FieldError[] => (files ?? []).flatMap((file) => validateDownwardFile(file, path));

/** Paths already used by the volume's sources; a second use is an error. */
class UsedPaths {
  readonly #used = new Set<string>();
  readonly #volumePath: string;
  constructor(volumePath: string) {
    this.#volumePath = volumePath;
  }
  take(path: string | undefined, shown: string): FieldError[] {
    if (!path) return [];
    if (this.#used.has(path))
      return [invalid(this.#volumePath, shown, "conflicting duplicate paths")];
    this.#used.add(path);
    return [];
  }
}

type ProjectionCheck = (
  source: VolumeProjection,
  path: string,
  used: UsedPaths,
  volumePath: string,
) => FieldError[];

const keyedProjection =
  (key: "secret" | "configMap"): ProjectionCheck =>
  (source, path, used) => {
    const given = source[key];
    const errors = given?.name ? [] : [required(`${path}.name`)];
    given?.items?.forEach((item, i) => {
      errors.push(...validateKeyToPath(item, `${path}.items[${i}]`));
      errors.push(...used.take(item.path, given.name ?? ""));
    });
    return errors;
  };

function tokenProjection(
  source: VolumeProjection,
  path: string,
  _used: UsedPaths,
  volumePath: string,
): FieldError[] {
  const token = source.serviceAccountToken;
  const seconds = token?.expirationSeconds ?? 0;
  const errors: FieldError[] = [];
  if (seconds < 600)
    errors.push(
      invalid(
        `${path}.expirationSeconds`,
        seconds,
        "may not specify a duration less than 10 minutes",
      ),
    );
  if (seconds > 2 ** 32)
    errors.push(
      invalid(
        `${path}.expirationSeconds`,
        seconds,
        "may not specify a duration larger than 2^32 seconds",
      ),
    );
  if (!token?.path) errors.push(required(`${volumePath}.path`));
  else errors.push(...validateNonReservedPath(token.path, `${volumePath}.path`));
  return errors;
}

function trustBundle(source: VolumeProjection, path: string, used: UsedPaths): FieldError[] {
  const bundle = source.clusterTrustBundle;
  if (!bundle) return [];
  const errors: FieldError[] = [];
  if (bundle.name !== undefined && bundle.signerName !== undefined)
    errors.push(invalid(path, bundle, "only one of name and signerName may be used"));
  else if (bundle.name !== undefined) {
    if (bundle.name === "") errors.push(required(`${path}.name`, "must be a valid object name"));
    if (bundle.labelSelector)
      errors.push(
        invalid(
          `${path}.labelSelector`,
          bundle.labelSelector,
          "labelSelector must be unset if name is specified",
        ),
      );
  } else if (bundle.signerName !== undefined) {
    if (bundle.signerName === "")
      errors.push(required(`${path}.signerName`, "must be a valid signer name"));
    errors.push(...validateLabelSelector(bundle.labelSelector, `${path}.labelSelector`));
  } else errors.push(required(path, "either name or signerName must be specified"));
  if (!bundle.path) errors.push(required(`${path}.path`));
  errors.push(...validateNonReservedPath(bundle.path ?? "", `${path}.path`));
  errors.push(...used.take(bundle.path, bundle.path ?? ""));
  return errors;
}

const keyTypes = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];

function podCertificate(source: VolumeProjection, path: string, used: UsedPaths): FieldError[] {
  const given = source.podCertificate ?? {};
  const errors: FieldError[] = [];
  errors.push(...domainPrefixedPath(`${path}.signerName`, given.signerName ?? ""));
  if (!keyTypes.includes(given.keyType ?? ""))
    errors.push(unsupported(`${path}.keyType`, given.keyType ?? "", keyTypes));
  let paths = 0;
  for (const key of ["credentialBundlePath", "keyPath", "certificateChainPath"] as const) {
    const file = given[key];
    if (!file) continue;
    paths++;
    errors.push(...validateNonReservedPath(file, `${path}.${key}`), ...used.take(file, file));
  }
  if (paths === 0)
    errors.push(
      required(
        path,
        "specify at least one of credentialBundlePath, keyPath, and certificateChainPath",
      ),
    );
  return errors;
}

const projections: [keyof VolumeProjection, ProjectionCheck][] = [
  ["secret", keyedProjection("secret")],
  ["configMap", keyedProjection("configMap")],
  [
    "downwardAPI",
    (source, path, used) =>
      (source.downwardAPI?.items ?? []).flatMap((file) => [
        ...validateDownwardFile(file, path),
        ...used.take(file.path, file.path),
      ]),
  ],
  ["serviceAccountToken", tokenProjection],
  ["clusterTrustBundle", trustBundle],
  ["podCertificate", podCertificate],
];

/** k8s: validateProjectedVolumeSource */
export const validateProjected = checkedOnce(
  (projected: NonNullable<Volume["projected"]>, path: string): FieldError[] => {
    const errors = validateMode(projected.defaultMode, `${path}.defaultMode`);
    const used = new UsedPaths(path);
    projected.sources?.forEach((source, i) => {
      const at = `${path}.sources[${i}]`;
      let kinds = 0;
      for (const [key, check] of projections) {
        if (!source[key]) continue;
        kinds++;
        errors.push(...check(source, `${at}.${key}`, used, path));
      }
      if (kinds > 1)
        errors.push(forbiddenField(at, "may not specify more than 1 volume type per source"));
    });
    return errors;
  },
);
