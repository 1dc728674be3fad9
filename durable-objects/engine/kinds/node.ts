import { presentNode } from "./heartbeats.ts";
import type * as core from "kubernetes-types/core/v1";
import {
  at,
  child,
  duplicate,
  forbiddenField,
  invalid,
  required,
  renderValue,
  type FieldError,
} from "../machinery/field.ts";
import { validateLabelName } from "../machinery/metadata.ts";
import { labelValue } from "../machinery/names.ts";
import { validateCidrLegacy } from "../machinery/ip.ts";
import { checkResourceQuantity, keysOf, unsupported } from "./checks.ts";
import { age, ageColumn, column, nameColumn, wideColumn } from "./columns.ts";
import { allMetadata, type Kind } from "./define.ts";
import { cidrWarnings, familyOf } from "./ip-families.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type Node = Stored<core.Node>;

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** k8s: core validation validateNodeTaints; the path says metadata, as upstream's does. */
function checkTaints(taints: readonly core.Taint[] = []): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, taint] of taints.entries()) {
    const path = at("metadata.taints", i);
    errors.push(...validateLabelName(taint.key ?? "", child(path, "key")));
    const value = labelValue(taint.value ?? "");
    if (value.length > 0) {
      errors.push(invalid(child(path, "value"), taint.value, value.join(";")));
    }
    const effectPath = child(path, "effect");
    if (!taint.effect) errors.push(required(effectPath));
    else if (!effects.includes(taint.effect)) {
      errors.push(unsupported(effectPath, taint.effect, effects));
    }
    const key = `${taint.key}:${taint.effect}`;
    if (seen.has(key)) errors.push(doubleTaint(path, taint));
    seen.add(key);
  }
  return errors;
}

function doubleTaint(path: string, taint: core.Taint): FieldError {
  const shown = renderValue({
    Key: taint.key,
    Value: taint.value ?? "",
    Effect: taint.effect,
    TimeAdded: taint.timeAdded ?? null,
  });
  const detail = "taints must be unique by key and effect pair";
  return { ...duplicate(path, ""), message: `Duplicate value: ${shown}: ${detail}` };
}

function checkResources(node: Node): FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ["capacity", "allocatable"] as const) {
    const amounts = node.status?.[list];
    for (const name of keysOf(amounts)) {
      errors.push(...checkResourceQuantity(`status.${list}.${name}`, name, amounts?.[name] ?? "0"));
    }
  }
  return errors;
}

/** The older field is the first of the newer one and wins where they differ. k8s: core/v1 Convert_v1_NodeSpec_To_core_NodeSpec */
function withPodCidr(node: Node): Node {
  const { podCIDR, podCIDRs } = node.spec ?? {};
  if (!podCIDR && !podCIDRs?.length) return node;
  if (podCIDR && podCIDR === podCIDRs?.[0]) return node;
  const all = podCIDR ? [podCIDR] : (podCIDRs ?? []);
  const [first = ""] = all;
  return { ...node, spec: { ...node.spec, podCIDR: first, podCIDRs: all } };
}

/** k8s: core validation ValidateNode */
function validateNode(node: Node): FieldError[] {
  const errors = [...checkTaints(node.spec?.taints), ...checkResources(node)];
  const cidrs = node.spec?.podCIDRs ?? [];
  for (const [i, cidr] of cidrs.entries()) {
    errors.push(...validateCidrLegacy(at("spec.podCIDRs", i), cidr));
  }
  const families = new Set(cidrs.map((cidr) => familyOf(cidr.split("/")[0] ?? "")));
  if (cidrs.length > 1 && (families.size < 2 || cidrs.length > 2)) {
    const detail = "may specify no more than one CIDR for each IP family";
    errors.push(invalid("spec.podCIDRs", cidrs, detail));
  }
  return errors;
}

/** k8s: core validation ValidateNodeUpdate */
function validateChange(node: Node, old: Node): FieldError[] {
  const errors = checkResources(node);
  const addresses = new Set<string>();
  for (const [i, address] of (node.status?.addresses ?? []).entries()) {
    const key = `${address.type}/${address.address}`;
    if (addresses.has(key)) {
      const shown = { Type: address.type, Address: address.address };
      errors.push(duplicate(at("status.addresses", i), shown));
    }
    addresses.add(key);
  }
  const now = node.spec ?? {};
  const was = old.spec ?? {};
  const fixed = (path: string, field: string): FieldError =>
    forbiddenField(path, `node updates may not change ${field} except from "" to valid`);
  const before = was.podCIDRs ?? [];
  const after = now.podCIDRs ?? [];
  if (before.length > 0) {
    const changed =
      before.length !== after.length ? [before] : before.filter((cidr, i) => cidr !== after[i]);
    for (const _ of changed) errors.push(fixed("spec.podCIDRs", "podCIDR"));
  }
  if (was.providerID && was.providerID !== now.providerID) {
    errors.push(fixed("spec.providerID", "providerID"));
  }
  errors.push(...checkTaints(now.taints));
  if ((now.externalID ?? "") !== (was.externalID ?? "")) {
    errors.push(forbiddenField("spec.externalID", "may not be updated"));
  }
  return errors;
}

const rolePrefix = "node-role.kubernetes.io/";
const roleLabel = "kubernetes.io/role";

/** k8s: printers.go findNodeRoles */
function roles(node: Node): string {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key !== rolePrefix) found.add(key.slice(rolePrefix.length));
    else if (key === roleLabel && value !== "") found.add(value);
  }
  return [...found].sort().join(",") || "<none>";
}

function statusText(node: Node): string {
  const ready = node.status?.conditions?.find((c) => c.type === "Ready");
  const word = !ready ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return node.spec?.unschedulable ? `${word},SchedulingDisabled` : word;
}

const addressOf = (node: Node, type: string): string =>
  node.status?.addresses?.find((a) => a.type === type)?.address ?? "<none>";

export const Node: Kind<Node> = {
  resource: "nodes",
  apiVersion: "v1",
  kind: "Node",
  schema: schemaNamed("core/v1.Node"),
  present: (object, now) => presentNode(object, now),
  namespaced: false,
  hasGeneration: false,
  statusWritesMetadata: allMetadata,
  applyDefaults(given) {
    const node = withPodCidr(given);
    const { capacity, allocatable } = node.status ?? {};
    if (!capacity || allocatable) return node;
    return { ...node, status: { ...node.status, allocatable: capacity } };
  },
  validateCreate: validateNode,
  validateUpdate: (node, old) => [...validateNode(node), ...validateChange(node, old)],
  validateStatusUpdate: validateChange,
  warnings(node) {
    const out: string[] = [];
    if (node.spec?.configSource) out.push("spec.configSource: the feature is removed");
    if (node.spec?.externalID) {
      out.push("spec.externalID: this field is deprecated, and is unused by Kubernetes");
    }
    for (const [i, cidr] of (node.spec?.podCIDRs ?? []).entries()) {
      out.push(...cidrWarnings(at("spec.podCIDRs", i), cidr));
    }
    return out;
  },
  fields: (node) => ({ "spec.unschedulable": String(node.spec?.unschedulable ?? false) }),
  table: {
    columns: [
      nameColumn,
      column("Status", "Whether the node is ready, and whether it takes Pods."),
      column("Roles", "Roles from its node-role labels."),
      ageColumn,
      column("Version", "Version of its kubelet."),
      wideColumn("Internal-IP", "Address inside the cluster."),
      wideColumn("External-IP", "Address outside the cluster."),
      wideColumn("OS-Image", "Operating system."),
      wideColumn("Kernel-Version", "Kernel and architecture."),
      wideColumn("Container-Runtime", "Container runtime and its version."),
    ],
    cells(node, now) {
      const info: Partial<core.NodeSystemInfo> = node.status?.nodeInfo ?? {};
      const kernel = info.kernelVersion || "<unknown>";
      return [
        node.metadata.name,
        statusText(node),
        roles(node),
        age(node, now),
        info.kubeletVersion ?? "",
        addressOf(node, "InternalIP"),
        addressOf(node, "ExternalIP"),
        info.osImage || "<unknown>",
        info.architecture ? `${kernel} (${info.architecture})` : kernel,
        info.containerRuntimeVersion || "<unknown>",
      ];
    },
  },
};
