/** The whole of a PodSpec, in upstream's order. k8s: core/validation ValidatePodSpec */
import { type PodSpec, type Volume, containersOf } from "../types.ts";
import { cmpQuantity, parseQuantity } from "../../../machinery/quantity.ts";
import {
  append,
  type FieldError,
  duplicate,
  forbiddenField,
  invalid,
  notFoundField,
  required,
  tooLong,
} from "../../../machinery/field.ts";
import { validateIpLegacy } from "../../../machinery/ip.ts";
import { validateLabels } from "../../../machinery/metadata.ts";
import {
  byteLength,
  dns1123Label,
  dns1123Subdomain,
  dns1123SubdomainWithUnderscore,
  invalidEach,
  oneOf,
  qualifiedName,
  rangeText,
} from "../../../machinery/names.ts";
import {
  type ContainerContext,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from "./containers.ts";
import { validateContainerResources, validatePodLevelResources } from "./resources.ts";
import { validateAffinity, validateSpreadConstraints, validateTolerations } from "./scheduling.ts";
import { validateHostUsers, validateOs, validatePodSecurityContext } from "./security.ts";
import { validateVolumes } from "./volumes.ts";
import { sumOfContainers } from "../resources.ts";

/** How a spec is looked at. */
export interface PodSpecOptions {
  /** The spec is a Pod's own, not a template's. */
  resourceIsPod: boolean;
  /** Name of the Pod, where known. */
  podName?: string;
  /** The Pod mirrors a static one. */
  mirror?: boolean;
}

/** Go: math.MaxInt32 */
const int32Max = 2147483647;
const noVolumes: ReadonlyMap<string, Volume> = new Map();
const noNames: ReadonlySet<string> = new Set();

/** k8s: ValidatePodSpec */
export function validatePodSpec(
  spec: PodSpec,
  path: string,
  options: PodSpecOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const gracePeriod = spec.terminationGracePeriodSeconds;
  if (gracePeriod === undefined) errors.push(required(`${path}.terminationGracePeriodSeconds`));
  let volumes = noVolumes;
  if (spec.volumes?.length) {
    const known = new Map<string, Volume>();
    const context = { podName: options.podName, resourceIsPod: options.resourceIsPod };
    append(errors, validateVolumes(spec.volumes, `${path}.volumes`, context, known));
    volumes = known;
  }
  const claimNames = spec.resourceClaims
    ? new Set(spec.resourceClaims.map((c) => c.name).filter((name) => name))
    : noNames;
  if (spec.resourceClaims)
    errors.push(...validateResourceClaims(spec, `${path}.resourceClaims`, options));
  const context: ContainerContext = {
    volumes,
    claimNames,
    gracePeriod,
    os: spec.os?.name,
    restartPolicy: spec.restartPolicy ?? "",
    hostUsers: spec.hostUsers !== false,
  };
  const containers = spec.containers ?? [];
  append(errors, validateContainers(containers, `${path}.containers`, context));
  if (spec.initContainers)
    errors.push(
      ...validateInitContainers(spec.initContainers, containers, `${path}.initContainers`, context),
    );
  if (spec.ephemeralContainers)
    append(errors, validateEphemeralContainers(spec, `${path}.ephemeralContainers`, context));
  if (spec.resources) errors.push(...validateResources(spec, claimNames, path));
  validateHost(spec, path, options, errors);
  validateNames(spec, path, errors);
  validateRest(spec, path, errors);
  return errors;
}

/** Host network to host name. */
function validateHost(
  spec: PodSpec,
  path: string,
  options: PodSpecOptions,
  errors: FieldError[],
): void {
  if (spec.hostNetwork) errors.push(...validateHostPorts(spec, path, options.resourceIsPod));
  errors.push(
    ...oneOf(`${path}.restartPolicy`, spec.restartPolicy, ["Always", "OnFailure", "Never"]),
    ...oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, [
      "ClusterFirstWithHostNet",
      "ClusterFirst",
      "Default",
      "None",
    ]),
  );
  if (spec.nodeSelector) errors.push(...validateLabels(spec.nodeSelector, `${path}.nodeSelector`));
  errors.push(...validatePodSecurityContext(spec, `${path}.securityContext`));
  spec.imagePullSecrets?.forEach((secret, i) => {
    if (Object.keys(secret).some((key) => key !== "name"))
      errors.push(invalid(`${path}.imagePullSecrets[${i}]`, secret, "only name may be set"));
  });
  if (spec.affinity) append(errors, validateAffinity(spec.affinity, `${path}.affinity`));
  errors.push(...validateDnsConfig(spec, `${path}.dnsConfig`));
  spec.readinessGates?.forEach((gate, i) =>
    errors.push(
      ...invalidEach(
        `${path}.readinessGates[${i}].conditionType`,
        gate.conditionType,
        qualifiedName(gate.conditionType),
      ),
    ),
  );
  if (spec.schedulingGates) {
    const seen = new Set<string>();
    spec.schedulingGates.forEach(({ name }, i) => {
      const at = `${path}.schedulingGates[${i}]`;
      errors.push(...invalidEach(at, name, qualifiedName(name)));
      if (seen.has(name)) errors.push(duplicate(at, name));
      seen.add(name);
    });
  }
  if (spec.topologySpreadConstraints)
    errors.push(
      ...validateSpreadConstraints(
        spec.topologySpreadConstraints,
        `${path}.topologySpreadConstraints`,
      ),
    );
  if (spec.hostUsers === false) errors.push(...validateHostUsers(spec, path));
  if (spec.hostnameOverride !== undefined) errors.push(...validateHostnameOverride(spec, path));
}

/** Plain names and numbers of the spec. */
function validateNames(spec: PodSpec, path: string, errors: FieldError[]): void {
  const subdomain = (key: "serviceAccountName" | "nodeName" | "priorityClassName"): void => {
    const name = spec[key];
    if (name) errors.push(...invalidEach(`${path}.${key}`, name, dns1123Subdomain(name)));
  };
  subdomain("serviceAccountName");
  subdomain("nodeName");
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > int32Max))
    errors.push(invalid(`${path}.activeDeadlineSeconds`, deadline, rangeText(1, int32Max)));
  for (const key of ["hostname", "subdomain"] as const) {
    const name = spec[key];
    if (name) errors.push(...invalidEach(`${path}.${key}`, name, dns1123Label(name)));
  }
  if (spec.tolerations)
    errors.push(...validateTolerations(spec.tolerations, `${path}.tolerations`));
  spec.hostAliases?.forEach((alias, i) => {
    const at = `${path}.hostAliases[${i}]`;
    errors.push(...validateIpLegacy(`${at}.ip`, alias.ip ?? ""));
    alias.hostnames?.forEach((name, j) =>
      errors.push(...invalidEach(`${at}.hostnames[${j}]`, name, dns1123Subdomain(name))),
    );
  });
  subdomain("priorityClassName");
}

function validateRest(spec: PodSpec, path: string, errors: FieldError[]): void {
  if (spec.runtimeClassName !== undefined)
    errors.push(
      ...invalidEach(
        `${path}.runtimeClassName`,
        spec.runtimeClassName,
        dns1123Subdomain(spec.runtimeClassName),
      ),
    );
  if (spec.preemptionPolicy !== undefined)
    errors.push(
      ...oneOf(`${path}.preemptionPolicy`, spec.preemptionPolicy, [
        "PreemptLowerPriority",
        "Never",
      ]),
    );
  if (spec.overhead)
    errors.push(
      ...validateContainerResources({ limits: spec.overhead }, noNames, `${path}.overhead`),
    );
  if (spec.os) errors.push(...validateOs(spec, path));
  const group = spec.schedulingGroup;
  if (group) {
    const at = `${path}.schedulingGroup.podGroupName`;
    const name = group.podGroupName;
    if (name === undefined) errors.push(invalid(at, null, "must specify one of: `podGroupName`"));
    else errors.push(...invalidEach(at, name, dns1123Subdomain(name)));
  }
  errors.push(...validateFileKeyVolumes(spec, path));
}

function validateHostPorts(spec: PodSpec, path: string, isPod: boolean): FieldError[] {
  const errors: FieldError[] = [];
  spec.containers.forEach((container, i) =>
    container.ports?.forEach((port, j) => {
      const host = port.hostPort ?? 0;
      if ((isPod || host !== 0) && host !== port.containerPort)
        errors.push(
          invalid(
            `${path}.containers[${i}].ports[${j}].hostPort`,
            host,
            "must match `containerPort` when `hostNetwork` is true",
          ),
        );
    }),
  );
  return errors;
}

function validateHostnameOverride(spec: PodSpec, path: string): FieldError[] {
  const at = `${path}.hostnameOverride`;
  const name = spec.hostnameOverride ?? "";
  const errors: FieldError[] = [];
  if (spec.setHostnameAsFQDN)
    errors.push(forbiddenField(at, "may not be specified when setHostnameAsFQDN is true"));
  if (spec.hostNetwork)
    errors.push(forbiddenField(at, "may not be specified when hostNetwork is true"));
  if (byteLength(name) > 64) errors.push(tooLong(at, 64));
  return [...errors, ...invalidEach(at, name, dns1123Subdomain(name))];
}

/** k8s: validatePodDNSConfig */
function validateDnsConfig(spec: PodSpec, path: string): FieldError[] {
  const config = spec.dnsConfig;
  if (spec.dnsPolicy === "None") {
    if (!config) return [required(path, "must provide `dnsConfig` when `dnsPolicy` is None")];
    if (!config.nameservers?.length)
      return [
        required(
          `${path}.nameservers`,
          "must provide at least one DNS nameserver when `dnsPolicy` is None",
        ),
      ];
  }
  if (!config) return [];
  const errors: FieldError[] = [];
  const { nameservers = [], searches = [], options = [] } = config;
  if (nameservers.length > 3)
    errors.push(
      invalid(`${path}.nameservers`, nameservers, "must not have more than 3 nameservers"),
    );
  nameservers.forEach((ip, i) => errors.push(...validateIpLegacy(`${path}.nameservers[${i}]`, ip)));
  if (searches.length > 32)
    errors.push(invalid(`${path}.searches`, searches, "must not have more than 32 search paths"));
  if (searches.join(" ").length > 2048)
    errors.push(
      invalid(
        `${path}.searches`,
        searches,
        "must not have more than 2048 characters (including spaces) in the search list",
      ),
    );
  searches.forEach((search, i) => {
    const name = search.replace(/\.$/, "");
    if (search !== ".")
      errors.push(
        ...invalidEach(`${path}.searches[${i}]`, name, dns1123SubdomainWithUnderscore(name)),
      );
  });
  options.forEach((option, i) => {
    if (!option.name) errors.push(required(`${path}.options[${i}]`, "must not be empty"));
  });
  return errors;
}

/** k8s: validatePodResourceClaims */
function validateResourceClaims(
  spec: PodSpec,
  path: string,
  options: PodSpecOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  spec.resourceClaims?.forEach((claim, i) => {
    const at = `${path}[${i}]`;
    if (options.mirror) {
      errors.push(forbiddenField("", "static pods do not support resource claims"));
      return;
    }
    if (!claim.name) errors.push(required(`${at}.name`));
    else if (seen.has(claim.name)) errors.push(duplicate(`${at}.name`, claim.name));
    else errors.push(...invalidEach(`${at}.name`, claim.name, dns1123Label(claim.name)));
    seen.add(claim.name);
    const { resourceClaimName: name, resourceClaimTemplateName: template } = claim;
    if (name !== undefined && template !== undefined)
      errors.push(
        invalid(
          at,
          claim,
          "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified",
        ),
      );
    if (name === undefined && template === undefined)
      errors.push(
        invalid(at, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"),
      );
    if (name !== undefined)
      errors.push(...invalidEach(`${at}.resourceClaimName`, name, dns1123Subdomain(name)));
    if (template !== undefined)
      errors.push(
        ...invalidEach(`${at}.resourceClaimTemplateName`, template, dns1123Subdomain(template)),
      );
  });
  return errors;
}

/** spec.resources: at least what the containers ask for together. k8s: validatePodResources */
function validateResources(
  spec: PodSpec,
  claimNames: ReadonlySet<string>,
  path: string,
): FieldError[] {
  const at = `${path}.resources`;
  const resources = spec.resources ?? {};
  if (spec.os?.name === "windows") return [forbiddenField(at, "may not be set for a windows pod")];
  const errors: FieldError[] = [];
  if (resources.claims)
    errors.push(forbiddenField(`${at}.claims`, "claims may not be set for Resources at pod-level"));
  errors.push(...validatePodLevelResources(resources, claimNames, at));
  const asked = sumOfContainers(spec, "requests");
  for (const name in asked) {
    const own = parseQuantity(String(resources.requests?.[name] ?? ""));
    const total = asked[name];
    if (own && total && cmpQuantity(total, own) > 0)
      errors.push(
        invalid(
          `${at}.requests[${name}]`,
          own.text,
          `must be greater than or equal to aggregate container requests of ${total.text}`,
        ),
      );
  }
  spec.containers.forEach((container, i) => {
    for (const name in container.resources?.limits) {
      const limit = parseQuantity(String(container.resources?.limits?.[name]));
      const own = parseQuantity(String(resources.limits?.[name] ?? ""));
      if (limit && own && cmpQuantity(limit, own) > 0)
        errors.push(
          invalid(
            `${at}.containers[${i}][${name}].limits`,
            limit.text,
            `must be less than or equal to pod limits of ${own.text}`,
          ),
        );
    }
  });
  return errors;
}

/** k8s: validateFileKeyRefVolumes */
function validateFileKeyVolumes(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [container, at] of containersOf(spec, path))
    container.env?.forEach((variable, i) => {
      const ref = variable.valueFrom?.fileKeyRef;
      if (!ref) return;
      const where = `${at}.env[${i}].valueFrom.fileKeyRef.volumeName`;
      const volume = spec.volumes?.find((v) => v.name === ref.volumeName);
      if (!volume) errors.push(notFoundField(where, ref.volumeName));
      else if (!volume.emptyDir)
        errors.push(invalid(where, ref.volumeName, "referenced volume must be of type emptyDir"));
    });
  return errors;
}
