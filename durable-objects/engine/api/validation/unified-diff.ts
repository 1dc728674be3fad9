/**
 * The Go-style tail of "pod updates may not change fields": a unified diff of both specs as indented JSON.
 * k8s: apimachinery/pkg/util/diff/diff.go Diff
 */

/** Field order of the internal types, unset fields included: upstream prints its own structs, not the API's. */
const podSpecFields =
  "Volumes InitContainers Containers EphemeralContainers RestartPolicy TerminationGracePeriodSeconds ActiveDeadlineSeconds DNSPolicy NodeSelector ServiceAccountName AutomountServiceAccountToken NodeName SecurityContext ImagePullSecrets Hostname Subdomain SetHostnameAsFQDN Affinity SchedulerName Tolerations HostAliases PriorityClassName Priority PreemptionPolicy DNSConfig ReadinessGates RuntimeClassName Overhead EnableServiceLinks TopologySpreadConstraints OS SchedulingGates ResourceClaims Resources HostnameOverride SchedulingGroup";
const containerFields =
  "Name Image Command Args WorkingDir Ports EnvFrom Env Resources ResizePolicy RestartPolicy RestartPolicyRules VolumeMounts VolumeDevices LivenessProbe ReadinessProbe StartupProbe Lifecycle TerminationMessagePath TerminationMessagePolicy ImagePullPolicy SecurityContext Stdin StdinOnce TTY";

/** API names whose internal spelling is not just a capital away. */
const spelling: Record<string, string> = {
  dnsPolicy: "DNSPolicy",
  dnsConfig: "DNSConfig",
  hostPID: "HostPID",
  os: "OS",
  tty: "TTY",
  uid: "UID",
  ip: "IP",
  hostIP: "HostIP",
  apiVersion: "APIVersion",
  httpGet: "HTTPGet",
  tcpSocket: "TCPSocket",
  grpc: "GRPC",
  fsGroup: "FSGroup",
  runAsUser: "RunAsUser",
};
const emptyText = new Set(
  "RestartPolicy DNSPolicy ServiceAccountName NodeName Hostname Subdomain SchedulerName PriorityClassName Name Image WorkingDir TerminationMessagePath TerminationMessagePolicy ImagePullPolicy".split(
    " ",
  ),
);
const falsy = new Set(["Stdin", "StdinOnce", "TTY"]);

const internalName = (key: string): string =>
  spelling[key] ?? key.charAt(0).toUpperCase() + key.slice(1);

type Plain = Record<string, unknown>;

/** Maps of user keys keep their keys. */
const userKeyed = new Set(["NodeSelector", "Overhead", "Limits", "Requests", "MatchLabels"]);

function internal(value: unknown, field: string, parent: string): unknown {
  if (Array.isArray(value)) return value.map((item) => internal(item, "", field));
  if (typeof value !== "object" || value === null) return value;
  const given = value as Plain;
  if (userKeyed.has(field)) {
    const sorted: Plain = {};
    for (const key of Object.keys(given).sort()) sorted[key] = given[key];
    return sorted;
  }
  const named: Plain = {};
  for (const key in given) named[internalName(key)] = internal(given[key], internalName(key), field);
  if (/^(Init|Ephemeral)?Containers$/.test(parent)) return ordered(named, containerFields);
  return named;
}

function ordered(named: Plain, order: string): Plain {
  const out: Plain = {};
  for (const key of order.split(" "))
    out[key] = named[key] ?? (emptyText.has(key) ? "" : falsy.has(key) ? false : null);
  for (const key in named) if (!(key in out)) out[key] = named[key];
  return out;
}

/** Host namespaces live in the security context of the internal type. */
function podSpecJson(spec: object): string {
  const {
    serviceAccount: _old,
    hostNetwork = false,
    hostPID = false,
    hostIPC = false,
    shareProcessNamespace = null,
    hostUsers = null,
    securityContext,
    ...rest
  } = spec as Plain;
  const named = internal(rest, "", "") as Plain;
  named["SecurityContext"] = {
    HostNetwork: hostNetwork,
    HostPID: hostPID,
    HostIPC: hostIPC,
    ShareProcessNamespace: shareProcessNamespace,
    HostUsers: hostUsers,
    ...(internal(securityContext ?? {}, "SecurityContext", "") as Plain),
  };
  return JSON.stringify(ordered(named, podSpecFields), undefined, 1);
}

/** Pairs of equal lines as a longest common subsequence (specs are a few hundred lines at most). */
function matches(a: readonly string[], b: readonly string[]): [number, number][] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  )
    end++;
  const rows = a.length - start - end;
  const columns = b.length - start - end;
  const best: number[][] = Array.from({ length: rows + 1 }, () => Array(columns + 1).fill(0) as number[]);
  const at = (i: number, j: number): number => best[i]?.[j] ?? 0;
  for (let i = rows - 1; i >= 0; i--)
    for (let j = columns - 1; j >= 0; j--)
      (best[i] as number[])[j] =
        a[start + i] === b[start + j]
          ? at(i + 1, j + 1) + 1
          : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs: [number, number][] = [];
  for (let i = 0; i < start; i++) pairs.push([i, i]);
  let i = 0;
  let j = 0;
  while (i < rows && j < columns) {
    if (a[start + i] === b[start + j]) pairs.push([start + i++, start + j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  for (let k = end; k > 0; k--) pairs.push([a.length - k, b.length - k]);
  return pairs;
}

interface Line {
  mark: " " | "-" | "+";
  text: string;
}

function script(a: readonly string[], b: readonly string[]): Line[] {
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  for (const [x, y] of [...matches(a, b), [a.length, b.length] as [number, number]]) {
    while (i < x) lines.push({ mark: "-", text: a[i++] ?? "" });
    while (j < y) lines.push({ mark: "+", text: b[j++] ?? "" });
    if (i < a.length && j < b.length) {
      lines.push({ mark: " ", text: a[i++] ?? "" });
      j++;
    }
  }
  return lines;
}

const range = (start: number, length: number): string =>
  length === 1 ? String(start + 1) : `${length === 0 ? start : start + 1},${length}`;

/** Unified diff with three lines of context and no file names. */
export function unifiedDiff(before: string, after: string): string {
  const lines = script(before.split("\n"), after.split("\n"));
  const changed = lines.flatMap((line, n) => (line.mark === " " ? [] : [n]));
  let out = "";
  let a = 0;
  let b = 0;
  let n = 0;
  for (let c = 0; c < changed.length; ) {
    const from = Math.max((changed[c] ?? 0) - 3, n);
    let last = changed[c] ?? 0;
    while (c < changed.length && (changed[c] ?? 0) <= last + 7) last = changed[c++] ?? 0;
    const to = Math.min(last + 4, lines.length);
    for (; n < from; n++) a++, b++;
    const hunk = lines.slice(from, to);
    const removed = hunk.filter((l) => l.mark !== "+").length;
    const added = hunk.filter((l) => l.mark !== "-").length;
    out += `@@ -${range(a, removed)} +${range(b, added)} @@\n`;
    for (const line of hunk) out += `${line.mark}${line.text}\n`;
    a += removed;
    b += added;
    n = to;
  }
  return out;
}

export const podSpecDiff = (before: object, after: object): string =>
  unifiedDiff(podSpecJson(before), podSpecJson(after));

/** Of one container of a Pod, as the internal type prints it. */
export const containerDiff = (before: object, after: object): string =>
  unifiedDiff(
    JSON.stringify(internal(before, "", "EphemeralContainers"), undefined, 1),
    JSON.stringify(internal(after, "", "EphemeralContainers"), undefined, 1),
  );
