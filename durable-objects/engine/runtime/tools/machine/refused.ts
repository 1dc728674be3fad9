/** Tools that a node of a real cluster has and that nothing here can answer: they say so. */
import type { Program } from "../../kernel/types.ts";
import { tool } from "../tool.ts";

const rules =
  "Podyard works Services and NetworkPolicies out without rules of a kernel: there are none to show or change";

const reasons: Record<string, string> = {
  iptables: rules,
  ip6tables: rules,
  nft: rules,
  ipvsadm: rules,
  tcpdump: "Podyard has no packets to show: what a connection meets is told by its error",
};

export const refusedTools: Program[] = Object.entries(reasons).map(([name, reason]) =>
  tool(name, (io) => io.fail(reason)),
);
