/** Environment of containers and the downward API. k8s: core/validation ValidateEnv, ValidateEnvFrom */
import type {
  EnvFromSource,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from "kubernetes-types/core/v1";
import type { EnvVar, EnvVarSource } from "../types.ts";
import { canonicalQuantity } from "../../../machinery/quantity.ts";
import { type FieldError, invalid, notSupported, required } from "../../../machinery/field.ts";
import {
  configMapKey,
  dns1123Label,
  dns1123Subdomain,
  envVarName,
  invalidEach,
  nameRules,
  qualifiedName,
} from "../../../machinery/names.ts";
import { validateNoBacksteps } from "../../../machinery/container-paths.ts";

const envFields = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
/** Fields the downward API knows at all; others fail in conversion. k8s: ConvertDownwardAPIFieldLabel */
const convertible = new Set([
  ...envFields,
  "metadata.annotations",
  "metadata.labels",
  "spec.restartPolicy",
  "spec.schedulerName",
  "status.phase",
  "spec.host",
]);
const resourceFields = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

/** k8s: validateObjectFieldSelector */
export function validateFieldRef(
  ref: ObjectFieldSelector,
  supported: readonly string[],
  path: string,
): FieldError[] {
  const fieldPath = ref.fieldPath;
  if (!ref.apiVersion) return [required(`${path}.apiVersion`)];
  if (!fieldPath) return [required(`${path}.fieldPath`)];
  const wrong = (reason: string): FieldError[] => [
    invalid(`${path}.fieldPath`, fieldPath, `error converting fieldPath: ${reason}`),
  ];
  if (ref.apiVersion !== "v1") return wrong(`unsupported pod version: ${ref.apiVersion}`);
  const head = fieldPath.endsWith("']") ? fieldPath.slice(0, -2) : "";
  const opens = head.lastIndexOf("['");
  if (opens >= 0) {
    const base = head.slice(0, opens);
    const key = head.slice(opens + 2);
    if (base === "metadata.annotations")
      return invalidEach(path, key.toLowerCase(), qualifiedName(key.toLowerCase()));
    if (base === "metadata.labels") return invalidEach(path, key, qualifiedName(key));
    return wrong(`field label does not support subscript: ${fieldPath}`);
  }
  if (!convertible.has(fieldPath)) return wrong(`field label not supported: ${fieldPath}`);
  const converted = fieldPath === "spec.host" ? "spec.nodeName" : fieldPath;
  return supported.includes(converted)
    ? []
    : [notSupported(`${path}.fieldPath`, converted, supported)];
}

const bytesDivisors = [
  "1",
  "1k",
  "1M",
  "1G",
  "1T",
  "1P",
  "1E",
  "1Ki",
  "1Mi",
  "1Gi",
  "1Ti",
  "1Pi",
  "1Ei",
];

function validateDivisor(
  resource: string,
  divisor: string | undefined,
  path: string,
): FieldError[] {
  const text = canonicalQuantity(String(divisor ?? "0"));
  if (text === undefined || text === "0") return [];
  const wrong = (allowed: string, what: string): FieldError[] => [
    invalid(
      `${path}.divisor`,
      resource,
      `only divisor's values ${allowed} are supported with the ${what} resource`,
    ),
  ];
  const kind = resource.replace(/^(limits|requests)\./, "");
  if (kind === "cpu") return text === "1m" || text === "1" ? [] : wrong("1m and 1", "cpu");
  if (bytesDivisors.includes(text)) return [];
  const all = bytesDivisors.join(", ");
  if (kind === "memory") return wrong(all, "memory");
  if (kind === "ephemeral-storage") return wrong(all, "local ephemeral storage");
  return kind.startsWith("hugepages-") ? wrong(all, "hugepages") : [];
}

/** k8s: validateContainerResourceFieldSelector */
export function validateResourceFieldRef(
  ref: ResourceFieldSelector,
  inVolume: boolean,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const resource = ref.resource ?? "";
  if (inVolume && !ref.containerName) errors.push(required(`${path}.containerName`));
  else if (!resource) errors.push(required(`${path}.resource`));
  else if (!resourceFields.includes(resource) && !/^(requests|limits)\.hugepages-/.test(resource))
    errors.push(notSupported(`${path}.resource`, resource, resourceFields));
  errors.push(...validateDivisor(resource, ref.divisor as string | undefined, path));
  return errors;
}

function validateKeyRef(ref: { name?: string; key?: string }, path: string): FieldError[] {
  const name = ref.name ?? "";
  const errors = invalidEach(`${path}.name`, name, dns1123Subdomain(name));
  if (!ref.key) errors.push(required(`${path}.key`));
  else errors.push(...invalidEach(`${path}.key`, ref.key, configMapKey(ref.key)));
  return errors;
}

function validateFileKeyRef(
  ref: NonNullable<EnvVarSource["fileKeyRef"]>,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!ref.key) errors.push(required(`${path}.key`));
  else errors.push(...invalidEach(`${path}.key`, ref.key, envVarName(ref.key)));
  if (!ref.volumeName) errors.push(required(`${path}.volumeName`));
  else
    errors.push(...invalidEach(`${path}.volumeName`, ref.volumeName, dns1123Label(ref.volumeName)));
  if (!ref.path) errors.push(required(`${path}.path`));
  else errors.push(...validateNoBacksteps(ref.path, `${path}.path`));
  return errors;
}

function validateValueFrom(variable: EnvVar, path: string): FieldError[] {
  const from = variable.valueFrom;
  if (!from) return [];
  const errors: FieldError[] = [];
  let sources = 0;
  if (from.fieldRef && ++sources)
    errors.push(...validateFieldRef(from.fieldRef, envFields, `${path}.fieldRef`));
  if (from.resourceFieldRef && ++sources)
    errors.push(
      ...validateResourceFieldRef(from.resourceFieldRef, false, `${path}.resourceFieldRef`),
    );
  if (from.configMapKeyRef && ++sources)
    errors.push(...validateKeyRef(from.configMapKeyRef, `${path}.configMapKeyRef`));
  if (from.secretKeyRef && ++sources)
    errors.push(...validateKeyRef(from.secretKeyRef, `${path}.secretKeyRef`));
  if (from.fileKeyRef && ++sources)
    errors.push(...validateFileKeyRef(from.fileKeyRef, `${path}.fileKeyRef`));
  if (sources === 0)
    errors.push(
      invalid(
        path,
        "",
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
      ),
    );
  else if (variable.value)
    errors.push(invalid(path, "", "may not be specified when `value` is not empty"));
  else if (sources > 1)
    errors.push(invalid(path, "", "may not have more than one field specified at a time"));
  return errors;
}

/** k8s: ValidateEnv */
export function validateEnv(variables: readonly EnvVar[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  variables.forEach((variable, i) => {
    const name = variable.name ?? "";
    if (!name) errors.push(required(`${path}[${i}].name`));
    else for (const m of envVarName(name)) errors.push(invalid(`${path}[${i}].name`, name, m));
    if (variable.valueFrom) errors.push(...validateValueFrom(variable, `${path}[${i}].valueFrom`));
  });
  return errors;
}

/** k8s: ValidateEnvFrom */
export function validateEnvFrom(sources: readonly EnvFromSource[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  sources.forEach((source, i) => {
    const at = `${path}[${i}]`;
    if (source.prefix)
      errors.push(...invalidEach(`${at}.prefix`, source.prefix, envVarName(source.prefix)));
    let count = 0;
    for (const key of ["configMapRef", "secretRef"] as const) {
      const ref = source[key];
      if (!ref) continue;
      count++;
      const name = ref.name ?? "";
      if (!name) errors.push(required(`${at}.${key}.name`));
      else errors.push(...invalidEach(`${at}.${key}.name`, name, nameRules.subdomain(name, true)));
    }
    if (count === 0)
      errors.push(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"));
    else if (count > 1)
      errors.push(invalid(path, "", "may not have more than one field specified at a time"));
  });
  return errors;
}
