/** kubeadm, as far as it only tells. k8s: cmd/kubeadm/app/cmd/version.go, token.go */
import { decodeUtf8, fromBase64 } from "../../bytes.ts";
import { rfc3339, parseTime } from "../../../core/clock.ts";
import type { Node } from "../../../kinds/node.ts";
import type { Secret } from "../../../kinds/secret.ts";
import type { Program } from "../../kernel/types.ts";
import { type Io, tool } from "../tool.ts";
import { readCertificate, timeText } from "../openssl/certificate-text.ts";

const refused =
  "Podyard's nodes are made and removed as Node objects, and have one version: kubeadm changes nothing here";

function version(io: Io): number {
  const { context, pod } = io.sys.kernel;
  const info = context.reader.get<Node>("nodes", "", pod.pod.node)?.status?.nodeInfo;
  const number = info?.kubeletVersion ?? "";
  if (io.args.join(" ").includes("short")) io.out(`${number}\n`);
  else {
    const [major = "", minor = ""] = number.slice(1).split(".");
    io.out(
      `kubeadm version: &version.Info{Major:"${major}", Minor:"${minor}", GitVersion:"${number}", Platform:"linux/amd64"}\n`,
    );
  }
  return 0;
}

/** Bootstrap tokens: Secrets of their own type. */
function tokens(io: Io): number {
  const { reader } = io.sys.kernel.context;
  const rows = reader
    .list<Secret>("secrets", "kube-system")
    .filter(({ type }) => type === "bootstrap.kubernetes.io/token")
    .map(({ data = {} }) => {
      const text = (name: string): string => decodeUtf8(fromBase64(data[name] ?? "") ?? "");
      const expires = text("expiration");
      const left = expires === "" ? 0 : parseTime(expires) - io.sys.now;
      const ttl =
        expires === "" ? "<forever>" : left <= 0 ? "<invalid>" : `${Math.floor(left / 3_600_000)}h`;
      const usages = Object.keys(data)
        .filter((name) => name.startsWith("usage-bootstrap-") && text(name) === "true")
        .map((name) => name.replace("usage-bootstrap-", ""));
      return [
        `${text("token-id")}.${text("token-secret")}`,
        ttl,
        expires === "" ? "<never>" : rfc3339(parseTime(expires)),
        usages.sort().join(",") || "<none>",
        text("description") || "<none>",
        text("auth-extra-groups") || "<none>",
      ];
    });
  if (rows.length === 0) return 0;
  const all = [["TOKEN", "TTL", "EXPIRES", "USAGES", "DESCRIPTION", "EXTRA GROUPS"], ...rows];
  const widths =
    all[0]?.map((_, i) => Math.max(...all.map((row) => (row[i] ?? "").length)) + 3) ?? [];
  for (const row of all)
    io.out(
      `${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("")
        .trimEnd()}\n`,
    );
  return 0;
}

/** What kubeadm makes, and the authority that signs it; k8s: cmd/kubeadm/app/phases/certs/renewal/manager.go */
const certificates: [name: string, authority: string][] = [
  ["admin.conf", ""],
  ["apiserver", "ca"],
  ["apiserver-etcd-client", "etcd-ca"],
  ["apiserver-kubelet-client", "ca"],
  ["controller-manager.conf", ""],
  ["etcd-healthcheck-client", "etcd-ca"],
  ["etcd-peer", "etcd-ca"],
  ["etcd-server", "etcd-ca"],
  ["front-proxy-client", "front-proxy-ca"],
  ["scheduler.conf", ""],
  ["super-admin.conf", ""],
];
const authorities = ["ca", "etcd-ca", "front-proxy-ca"];

/** The file of a certificate; of a kubeconfig the certificate in it. */
function certificateOf(io: Io, name: string): string {
  const kubeconfig = name.endsWith(".conf");
  const path = kubeconfig ? name : `pki/${name.replace(/^etcd-/, "etcd/")}.crt`;
  const text = io.sys.peek(`/etc/kubernetes/${path}`)
    ? io.sys.readFile(`/etc/kubernetes/${path}`)
    : "";
  if (!kubeconfig) return text;
  const data = /client-certificate-data: *(\S+)/.exec(text)?.[1];
  return data === undefined ? "" : (fromBase64(data) ?? "");
}

/** k8s: cmd/kubeadm/app/cmd/certs.go newCmdCertsExpiration; vendored apimachinery ShortHumanDuration */
function expirations(io: Io): number {
  io.out(
    '[check-expiration] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...\n' +
      "[check-expiration] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.\n\n",
  );
  const cells = (name: string, middle: string[]): string[] => {
    const found = readCertificate(certificateOf(io, name));
    if (!found) return [`!MISSING! ${name}`, ...middle.map(() => ""), "", "", ""];
    const end = timeText(found.notAfter);
    const left = parseEnd(end) - io.sys.now;
    const [, month, day, time, year] = /^(\w+) +(\d+) (\d+:\d+):\d+ (\d+)/.exec(end) ?? [];
    const expires = `${month} ${day?.padStart(2, "0")}, ${year} ${time} UTC`;
    return [name, expires, left < 0 ? "<invalid>" : shortDuration(left), ...middle, "no"];
  };
  const head = ["EXPIRES", "RESIDUAL TIME"];
  columns(io, [
    ["CERTIFICATE", ...head, "CERTIFICATE AUTHORITY", "EXTERNALLY MANAGED"],
    ...certificates.map(([name, authority]) => cells(name, [authority])),
  ]);
  io.out("\n");
  columns(io, [
    ["CERTIFICATE AUTHORITY", ...head, "EXTERNALLY MANAGED"],
    ...authorities.map((name) => cells(name, [])),
  ]);
  return 0;
}

const parseEnd = (text: string): number => {
  const [, month = "", day = "", time, year] = /^(\w+) +(\d+) (\d+:\d+:\d+) (\d+)/.exec(text) ?? [];
  const number = "JanFebMarAprMayJunJulAugSepOctNovDec".indexOf(month) / 3 + 1;
  return parseTime(`${year}-${String(number).padStart(2, "0")}-${day.padStart(2, "0")}T${time}Z`);
};

/** k8s: apimachinery pkg/util/duration/duration.go ShortHumanDuration */
function shortDuration(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  if (hours >= 24 * 365) return `${Math.floor(hours / 24 / 365)}y`;
  if (hours >= 24) return `${Math.floor(hours / 24)}d`;
  return hours >= 1 ? `${hours}h` : `${Math.floor(ms / 60_000)}m`;
}

/** As text/tabwriter pads them: three blanks, the last column too. */
function columns(io: Io, rows: string[][]): void {
  const widths =
    rows[0]?.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length))) ?? [];
  for (const row of rows)
    io.out(`${row.map((cell, i) => cell.padEnd((widths[i] ?? 0) + 3)).join("")}\n`);
}

export const kubeadm: Program = tool("kubeadm", (io) => {
  const [verb, noun] = io.args;
  if (verb === "version") return version(io);
  if (verb === "token" && noun === "list") return tokens(io);
  if (verb === "certs" && noun === "check-expiration") return expirations(io);
  io.err(`error: ${refused}\n`);
  return 1;
});
