/**
 * The journal of a node: table "node-journal", key NODE, the newest lines. What every service says at its machine's first start
 * is not written down but worked out.
 */
import { parseTime, rfc3339Micro, rfc3339Nano } from "../../core/clock.ts";
import { journalLineCharsMax, journalLinesMax } from "../../core/limits.ts";
import type { Node } from "../../kinds/node.ts";
import type { NodeContext } from "./context.ts";
import { units } from "./units.ts";

const journalTable = "node-journal";

export interface JournalLine {
  /** Virtual ms. */
  ms: number;
  /** Whose unit it is about. */
  unit: string;
  /** Who says it: `kubelet`, `systemd`. */
  identifier: string;
  pid: number;
  text: string;
}

/** What a line says beside its text. */
export type Speaker = Pick<JournalLine, "unit" | "identifier" | "pid">;

/** Adds lines at the present moment. */
export function journal(
  context: Pick<NodeContext, "now" | "records">,
  node: string,
  texts: string[],
  by: Speaker,
): void {
  const before = context.records.get<JournalLine[]>(journalTable, node) ?? [];
  const ms = Math.round(context.now);
  const lines = texts.map((text) => ({ ms, ...by, text: text.slice(0, journalLineCharsMax) }));
  context.records.put(journalTable, node, [...before, ...lines].slice(-journalLinesMax));
}

/** A service's first lines. k8s: cmd/kubelet/app/server.go, containerd cmd/containerd/command/main.go */
function firstLines(context: Pick<NodeContext, "reader">, node: string): JournalLine[] {
  const { metadata, status } = context.reader.get<Node>("nodes", "", node) ?? {};
  if (!metadata) return [];
  const ms = parseTime(metadata.creationTimestamp);
  const version = status?.nodeInfo?.kubeletVersion ?? "";
  const said: Record<string, string[]> = {
    containerd: [
      `time="${rfc3339Nano(ms)}" level=info msg="containerd successfully booted in 0.042137s"`,
    ],
    kubelet: [klog("I", ms, 871, "server.go:529", `"Kubelet version" kubeletVersion="${version}"`)],
    ssh: ["Server listening on 0.0.0.0 port 22.", "Server listening on :: port 22."],
    "systemd-journald": ["Journal started"],
  };
  return units.flatMap(({ name, pid, description }) => {
    const identifier = name === "ssh" ? "sshd" : name;
    const started = { ms, unit: name, identifier: "systemd", pid: 1 };
    return [
      { ...started, text: `Started ${name}.service - ${description}.` },
      ...(said[name] ?? []).map((text) => ({ ms, unit: name, identifier, pid, text })),
    ];
  });
}

/** All lines there are, oldest first. */
export function journalLines(
  context: Pick<NodeContext, "reader" | "records">,
  node: string,
): JournalLine[] {
  const kept = context.records.get<JournalLine[]>(journalTable, node) ?? [];
  return kept.length >= journalLinesMax ? kept : [...firstLines(context, node), ...kept];
}

/** A line as klog begins it. */
export function klog(
  level: "I" | "W" | "E",
  ms: number,
  pid: number,
  at: string,
  text: string,
): string {
  const [, month, day, time] = /^\d+-(\d\d)-(\d\d)T([\d:.]+)/.exec(rfc3339Micro(ms)) ?? [];
  return `${level}${month}${day} ${time} ${String(pid).padStart(7)} ${at}] ${text}`;
}
