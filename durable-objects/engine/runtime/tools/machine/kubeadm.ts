/** kubeadm, as far as it only tells. k8s: cmd/kubeadm/app/cmd/version.go, token.go */
import { decodeUtf8, fromBase64 } from "../../bytes.ts";
import { rfc3339, parseTime } from "../../../core/clock.ts";
import type { Node } from "../../../kinds/node.ts";
import type { Secret } from "../../../kinds/secret.ts";
import type { Program } from "../../kernel/types.ts";
import { type Io, tool } from "../tool.ts";

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

export const kubeadm: Program = tool("kubeadm", (io) => {
  const [verb, noun] = io.args;
  if (verb === "version") return version(io);
  if (verb === "token" && noun === "list") return tokens(io);
  io.err(`error: ${refused}\n`);
  return 1;
});
