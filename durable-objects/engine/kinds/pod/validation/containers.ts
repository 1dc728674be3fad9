/** Containers of all three sorts. k8s: core/validation validateContainers, validateInitContainers, validateEphemeralContainers */
import type { ContainerPort, ContainerResizePolicy } from "kubernetes-types/core/v1";
import type { Container, EphemeralContainer, PodSpec, Volume } from "../types.ts";
import {
  type FieldError,
  duplicate,
  forbiddenField,
  invalid,
  notFoundField,
  notSupported,
  required,
  tooMany,
} from "../../../machinery/field.ts";
import { dns1123Label, oneOf, portName, portNumber } from "../../../machinery/names.ts";
import { validateEnv, validateEnvFrom } from "./env.ts";
import { validateDevices, validateMounts } from "./mounts.ts";
import { type ProbeContext, validateLifecycle, validateProbes } from "./probes.ts";
import { validateContainerResources } from "./resources.ts";
import { validateSecurityContext } from "./security.ts";

/** What the checks of a container may know of its Pod. */
export interface ContainerContext extends ProbeContext {
  volumes: ReadonlyMap<string, Volume>;
  claimNames: ReadonlySet<string>;
  restartPolicy: string;
  hostUsers: boolean;
}

const protocols = ["SCTP", "TCP", "UDP"];

function validatePorts(ports: readonly ContainerPort[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  ports.forEach((port, i) => {
    const at = `${path}[${i}]`;
    if (port.name) {
      const messages = portName(port.name);
      for (const m of messages) errors.push(invalid(`${at}.name`, port.name, m));
      if (messages.length === 0) {
        if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
        names.add(port.name);
      }
    }
    if (!port.containerPort) errors.push(required(`${at}.containerPort`));
    else
      for (const m of portNumber(port.containerPort))
        errors.push(invalid(`${at}.containerPort`, port.containerPort, m));
    if (port.hostPort)
      for (const m of portNumber(port.hostPort))
        errors.push(invalid(`${at}.hostPort`, port.hostPort, m));
    if (!port.protocol) errors.push(required(`${at}.protocol`));
    else if (!protocols.includes(port.protocol))
      errors.push(notSupported(`${at}.protocol`, port.protocol, protocols));
  });
  return errors;
}

/** k8s: checkHostPortConflicts */
function hostPortConflicts(containers: readonly Container[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const taken = new Set<string>();
  containers.forEach((container, ci) =>
    container.ports?.forEach((port, pi) => {
      if (!port.hostPort) return;
      const key = `${port.protocol}/${port.hostIP ?? ""}/${port.hostPort}`;
      if (taken.has(key)) errors.push(duplicate(`${path}[${ci}].ports[${pi}].hostPort`, key));
      taken.add(key);
    }),
  );
  return errors;
}

function validateResizePolicy(
  policies: readonly ContainerResizePolicy[],
  path: string,
  restartPolicy: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  policies.forEach((policy, i) => {
    if (seen.has(policy.resourceName)) errors.push(duplicate(`${path}[${i}]`, policy.resourceName));
    seen.add(policy.resourceName);
    errors.push(...oneOf(path, policy.resourceName, ["cpu", "memory"]));
    errors.push(...oneOf(path, policy.restartPolicy, ["NotRequired", "RestartContainer"]));
    if (restartPolicy === "Never" && policy.restartPolicy !== "NotRequired")
      errors.push(
        invalid(
          path,
          policy.restartPolicy,
          "must be 'NotRequired' when pod `restartPolicy` is 'Never'",
        ),
      );
  });
  return errors;
}

const restartPolicies = ["Always", "Never", "OnFailure"];
const ruleActions = ["Restart", "RestartAllContainers"];

/** The container's own restart policy and its rules. k8s: validateContainerRestartPolicy */
function validateRestartPolicy(container: Container, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const rules = container.restartPolicyRules ?? [];
  if (container.restartPolicy === undefined) {
    if (rules.length === 0) return errors;
    errors.push(
      required(`${path}.restartPolicy`, "must specify restartPolicy when restart rules are used"),
    );
  } else if (!restartPolicies.includes(container.restartPolicy))
    errors.push(notSupported(`${path}.restartPolicy`, container.restartPolicy, restartPolicies));
  if (rules.length > 20) errors.push(tooMany(`${path}.restartPolicyRules`, rules.length, 20));
  rules.forEach((rule, i) => {
    const at = `${path}.restartPolicyRules[${i}]`;
    if (!ruleActions.includes(rule.action))
      errors.push(notSupported(`${at}.action`, rule.action ?? "", ruleActions));
    if (!rule.exitCodes) {
      errors.push(required(`${at}.exitCodes`, "must be specified"));
      return;
    }
    const { operator, values = [] } = rule.exitCodes;
    if (operator !== "In" && operator !== "NotIn")
      errors.push(notSupported(`${at}.exitCodes.operator`, operator ?? "", ["In", "NotIn"]));
    if (values.length > 255) errors.push(tooMany(`${at}.exitCodes.values`, values.length, 255));
  });
  return errors;
}

/** k8s: validateContainerCommon */
function validateCommon(
  container: Container | EphemeralContainer,
  path: string,
  context: ContainerContext,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!container.name) errors.push(required(`${path}.name`));
  else
    for (const m of dns1123Label(container.name))
      errors.push(invalid(`${path}.name`, container.name, m));
  if (!container.image) errors.push(required(`${path}.image`));
  const message = container.terminationMessagePolicy;
  errors.push(...oneOf(`${path}.terminationMessagePolicy`, message, messagePolicies));
  const { ports, env, envFrom } = container;
  if (ports) errors.push(...validatePorts(ports, `${path}.ports`));
  if (env) errors.push(...validateEnv(env, `${path}.env`));
  if (envFrom) errors.push(...validateEnvFrom(envFrom, `${path}.envFrom`));
  validateStorage(container, path, context, errors);
  errors.push(...oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, pullPolicies));
  const { resources, resizePolicy, securityContext } = container;
  if (resources)
    errors.push(...validateContainerResources(resources, context.claimNames, `${path}.resources`));
  if (resizePolicy) {
    const at = `${path}.resizePolicy`;
    errors.push(...validateResizePolicy(resizePolicy, at, context.restartPolicy));
  }
  if (securityContext) {
    const at = `${path}.securityContext`;
    errors.push(...validateSecurityContext(securityContext, at, context.hostUsers));
  }
  return errors;
}

const messagePolicies = ["File", "FallbackToLogsOnError"];
const pullPolicies = ["Always", "IfNotPresent", "Never"];

function validateStorage(
  container: Container | EphemeralContainer,
  path: string,
  { volumes }: ContainerContext,
  errors: FieldError[],
): void {
  const { volumeMounts, volumeDevices } = container;
  if (volumeMounts) errors.push(...validateMounts(container, volumes, `${path}.volumeMounts`));
  if (!volumeDevices) return;
  const at = `${path}.volumeDevices`;
  errors.push(...validateDevices(volumeDevices, volumeMounts ?? [], volumes, at));
}

function validateHooks(
  container: Container,
  path: string,
  context: ContainerContext,
): FieldError[] {
  return [
    ...(container.lifecycle
      ? validateLifecycle(container.lifecycle, `${path}.lifecycle`, context)
      : []),
    ...validateProbes(container, path, context),
  ];
}

/** k8s: validateContainers */
export function validateContainers(
  containers: readonly Container[],
  path: string,
  context: ContainerContext,
): FieldError[] {
  if (containers.length === 0) return [required(path)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  containers.forEach((container, i) => {
    const at = `${path}[${i}]`;
    errors.push(...validateCommon(container, at, context));
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
    names.add(container.name);
    errors.push(...validateHooks(container, at, context));
    errors.push(...validateRestartPolicy(container, at));
  });
  errors.push(...hostPortConflicts(containers, path));
  return errors;
}

const hookFields = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const;

/** k8s: validateInitContainers */
export function validateInitContainers(
  containers: readonly Container[],
  regular: readonly Container[],
  path: string,
  context: ContainerContext,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set(regular.map((c) => c.name));
  containers.forEach((container, i) => {
    const at = `${path}[${i}]`;
    errors.push(...validateCommon(container, at, context), ...validateRestartPolicy(container, at));
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
    else if (container.name) names.add(container.name);
    errors.push(...hostPortConflicts([container], path));
    const sidecar = container.restartPolicy === "Always";
    if (sidecar) errors.push(...validateHooks(container, at, context));
    else
      for (const key of hookFields)
        if (container[key])
          errors.push(
            forbiddenField(
              `${at}.${key}`,
              "may not be set for init containers without restartPolicy=Always",
            ),
          );
    container.resizePolicy?.forEach((policy, j) => {
      if (!sidecar && policy.restartPolicy === "RestartContainer")
        errors.push(
          invalid(
            `${at}.resizePolicy[${j}].restartPolicy`,
            policy.restartPolicy,
            "must not be set to 'RestartContainer' for non-sidecar initContainers",
          ),
        );
    });
  });
  return errors;
}

const notForEphemeral = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "restartPolicyRules",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
] as const;

const isSet = (value: unknown): boolean =>
  value !== undefined &&
  !(typeof value === "object" && value !== null && Object.keys(value).length === 0);

/** k8s: validateEphemeralContainers */
export function validateEphemeralContainers(
  spec: PodSpec,
  path: string,
  context: ContainerContext,
): FieldError[] {
  const errors: FieldError[] = [];
  const others = new Set([...spec.containers, ...(spec.initContainers ?? [])].map((c) => c.name));
  const names = new Set(others);
  spec.ephemeralContainers?.forEach((container, i) => {
    const at = `${path}[${i}]`;
    errors.push(...validateCommon(container, at, context), ...validateImageSpace(container, at));
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && !others.has(target))
      errors.push(notFoundField(`${at}.targetContainerName`, target));
    const text = "cannot be set for an Ephemeral Container";
    for (const key of notForEphemeral)
      if (isSet(container[key])) errors.push(forbiddenField(`${at}.${key}`, text));
    container.volumeMounts?.forEach((mount, j) => {
      for (const key of ["subPath", "subPathExpr"] as const)
        if (mount[key]) errors.push(forbiddenField(`${at}.volumeMounts[${j}].${key}`, text));
    });
  });
  return errors;
}

/** Only Pods mind blanks around an image, templates do not. k8s: validateContainerOnlyForPod */
export function validateImageSpace(container: { image?: string }, path: string): FieldError[] {
  const image = container.image ?? "";
  return image.trim() === image
    ? []
    : [invalid(`${path}.image`, image, "must not have leading or trailing whitespace")];
}
