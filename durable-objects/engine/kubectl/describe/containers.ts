/** Containers of a Pod or of its template. k8s: kubectl/pkg/describe describeContainers */
import type { ContainerPort, Probe } from "kubernetes-types/core/v1";
import { canonicalQuantity, milliValue, value } from "../../machinery/quantity.ts";
import { goQuote } from "../../machinery/field.ts";
import type { Container, ContainerState, ContainerStatus, EnvVar } from "../../kinds/pod/types.ts";
import { byText, sortedKeys } from "../go/json.ts";
import { boolText, dateText, none, type Out, type Texts } from "./out.ts";

/** Value of a field of the Pod, for a variable that reads it. */
export type FieldReader = (path: string) => string;

export function writeContainers(
  out: Out,
  label: string,
  containers: readonly Container[],
  options: { statuses?: readonly ContainerStatus[]; read?: FieldReader; indent?: string } = {},
): void {
  const { indent = "" } = options;
  out.write(`${indent}${label}:${containers.length ? "" : ` ${none}`}\n`);
  for (const container of containers) {
    const status = options.statuses?.find(({ name }) => name === container.name);
    out.lines(1, `${indent ? " " : ""}${container.name}:`);
    writeBasics(out, container, status);
    for (const [title, texts] of [
      ["Command", container.command ?? []],
      ["Args", container.args ?? []],
    ] as const) {
      if (texts.length === 0) continue;
      out.lines(2, `${title}:`);
      out.lines(3, ...texts.flatMap((text) => text.split("\n")));
    }
    if (status) writeState(out, status);
    writeResources(out, container.resources, 2);
    for (const [title, probe] of [
      ["Liveness", container.livenessProbe],
      ["Readiness", container.readinessProbe],
      ["Startup", container.startupProbe],
    ] as const)
      if (probe) out.field(title, probeText(probe), 2);
    writeEnvironment(out, container, options.read);
    writeMounts(out, container);
  }
}

function writeBasics(out: Out, container: Container, status: ContainerStatus | undefined): void {
  if (status) out.field("Container ID", status.containerID, 2);
  out.field("Image", container.image, 2);
  if (status) out.field("Image ID", status.imageID, 2);
  const ports = (label: string, number: (port: ContainerPort) => number): void => {
    const texts = (container.ports ?? []).map((port) => {
      const text = `${number(port)}/${port.protocol ?? ""}`;
      return port.name ? `${text} (${port.name})` : text;
    });
    out.field(texts.length > 1 ? `${label}s` : label, texts.join(", ") || none, 2);
  };
  ports("Port", ({ containerPort }) => containerPort);
  ports("Host Port", ({ hostPort = 0 }) => hostPort);
  const seccomp = container.securityContext?.seccompProfile;
  if (!seccomp) return;
  out.field("SeccompProfile", seccomp.type, 2);
  if (seccomp.type === "Localhost") out.field("LocalhostProfile", seccomp.localhostProfile, 3);
}

function writeState(out: Out, status: ContainerStatus): void {
  writeOneState(out, "State", status.state ?? {});
  if (status.lastState?.terminated) writeOneState(out, "Last State", status.lastState);
  out.field("Ready", boolText(status.ready ?? false), 2);
  out.field("Restart Count", status.restartCount ?? 0, 2);
}

function writeOneState(out: Out, title: string, state: ContainerState): void {
  const { running, waiting, terminated } = state;
  if (running) {
    out.field(title, "Running", 2);
    out.field("Started", dateText(running.startedAt), 3);
  } else if (terminated && !waiting) {
    out.field(title, "Terminated", 2);
    if (terminated.reason) out.field("Reason", terminated.reason, 3);
    if (terminated.message) out.field("Message", terminated.message, 3);
    out.field("Exit Code", terminated.exitCode ?? 0, 3);
    if ((terminated.signal ?? 0) > 0) out.field("Signal", terminated.signal, 3);
    out.field("Started", dateText(terminated.startedAt), 3);
    out.field("Finished", dateText(terminated.finishedAt), 3);
  } else {
    out.field(title, "Waiting", 2);
    if (waiting?.reason) out.field("Reason", waiting.reason, 3);
  }
}

export function writeResources(
  out: Out,
  resources: { limits?: Texts; requests?: Texts } | undefined,
  level: number,
): void {
  for (const [title, list] of [
    ["Limits", resources?.limits ?? {}],
    ["Requests", resources?.requests ?? {}],
  ] as const) {
    const names = sortedKeys(list);
    if (names.length) out.lines(level, `${title}:`);
    for (const name of names) out.field(name, amount(list[name]), level + 1);
  }
}

/** A quantity as Go prints it. */
export const amount = (text: string | undefined): string =>
  text === undefined ? "0" : (canonicalQuantity(text) ?? text);

/** k8s: describe.go DescribeProbe */
function probeText(probe: Probe): string {
  const seconds = (n: number | undefined): string => `${n ?? 0}s`;
  const attributes = `delay=${seconds(probe.initialDelaySeconds)} timeout=${seconds(probe.timeoutSeconds)} period=${seconds(probe.periodSeconds)} #success=${probe.successThreshold ?? 0} #failure=${probe.failureThreshold ?? 0}`;
  const { exec, httpGet, tcpSocket, grpc } = probe;
  if (exec) return `exec [${(exec.command ?? []).join(" ")}] ${attributes}`;
  if (httpGet) {
    const { host = "", port, path = "", scheme = "" } = httpGet;
    const at = host.includes(":") ? `[${host}]` : host;
    const rooted = path === "" || path.startsWith("/") ? path : `/${path}`;
    return `http-get ${scheme.toLowerCase()}://${at}:${port}${urlPath(rooted)} ${attributes}`;
  }
  if (tcpSocket) return `tcp-socket ${tcpSocket.host ?? ""}:${tcpSocket.port} ${attributes}`;
  if (grpc) return `grpc <pod>:${grpc.port} ${grpc.service ?? ""} ${attributes}`;
  return `unknown ${attributes}`;
}

/** A path as Go's URL.EscapedPath writes it. */
const urlPath = (path: string): string =>
  encodeURI(path).replaceAll("?", "%3F").replaceAll("#", "%23");

function writeEnvironment(out: Out, container: Container, read?: FieldReader): void {
  const from = container.envFrom ?? [];
  if (from.length) out.lines(2, "Environment Variables from:");
  for (const { configMapRef, secretRef, prefix } of from) {
    const kind = configMapRef ? "ConfigMap" : secretRef ? "Secret" : "";
    const { name = "", optional = false } = configMapRef ?? secretRef ?? {};
    const what = prefix ? `${kind} with prefix '${prefix}'` : kind;
    out.row(3, name, what, `Optional: ${optional}`);
  }
  const env = container.env ?? [];
  out.lines(2, `Environment:${env.length ? "" : `\t${none}`}`);
  for (const one of env) writeVariable(out, one, container, read);
}

function writeVariable(out: Out, one: EnvVar, container: Container, read?: FieldReader): void {
  const { name, valueFrom } = one;
  if (!valueFrom) {
    (one.value ?? "")
      .split("\n")
      .forEach((line, i) => out.lines(3, `${i ? "" : `${name}:`}\t${line}`));
    return;
  }
  const { fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef } = valueFrom;
  if (fieldRef) {
    const found = read?.(fieldRef.fieldPath) ?? "";
    out.field(name, `${found} (${fieldRef.apiVersion ?? ""}:${fieldRef.fieldPath})`, 3);
  } else if (resourceFieldRef) {
    const { resource, divisor } = resourceFieldRef;
    const found = resourceOf(container, resource, divisor);
    const whole = found === "0" && ["limits.cpu", "limits.memory"].includes(resource);
    out.field(name, `${whole ? "node allocatable" : found} (${resource})`, 3);
  } else if (secretKeyRef) {
    const { key, name: of = "", optional = false } = secretKeyRef;
    out.row(3, `${name}:`, `<set to the key '${key}' in secret '${of}'>`, `Optional: ${optional}`);
  } else if (configMapKeyRef) {
    const { key, name: of = "", optional = false } = configMapKeyRef;
    const text = `<set to the key '${key}' of config map '${of}'>`;
    out.row(3, `${name}:`, text, `Optional: ${optional}`);
  }
}

/** k8s: kubectl/pkg/util/resource ExtractContainerResourceValue */
function resourceOf(container: Container, resource: string, divisor = "0"): string {
  const dot = resource.indexOf(".");
  const [list, name] = [resource.slice(0, dot), resource.slice(dot + 1)];
  if (!/^(limits|requests)$/.test(list)) return "";
  if (!/^(cpu|memory|ephemeral-storage|hugepages-.*)$/.test(name)) return "";
  const text = container.resources?.[list as "limits" | "requests"]?.[name];
  const number = name === "cpu" ? milliValue : value;
  return String(Math.ceil(number(text) / (number(divisor) || number("1"))));
}

function writeMounts(out: Out, { volumeMounts = [], volumeDevices = [] }: Container): void {
  const nothing = volumeMounts.length ? "" : `\t${none}`;
  out.lines(2, `Mounts:${nothing}`);
  for (const mount of volumeMounts.toSorted((a, b) => byText(a.mountPath, b.mountPath))) {
    const flags = [mount.readOnly ? "ro" : "rw"];
    if (mount.subPath) flags.push(`path=${goQuote(mount.subPath)}`);
    out.lines(3, `${mount.mountPath} from ${mount.name} (${flags.join(",")})`);
  }
  if (volumeDevices.length === 0) return;
  out.lines(2, `Devices:${nothing}`);
  for (const device of volumeDevices.toSorted((a, b) => byText(a.devicePath, b.devicePath)))
    out.lines(3, `${device.devicePath} from ${device.name}`);
}
