/** hostnamectl: what machine this is. systemd: src/hostname/hostnamectl.c */
import { kernelRelease, osImage } from "../../../core/machine-facts.ts";
import type { Node } from "../../../kinds/node.ts";
import type { Program } from "../../kernel/types.ts";
import { tool } from "../tool.ts";

export const hostnamectl: Program = tool("hostnamectl", (io) => {
  const { context, pod } = io.sys.kernel;
  const { node } = pod.pod;
  const [verb = "status"] = io.args;
  if (verb === "hostname" && io.args.length === 1) return io.out(`${node}\n`);
  if (verb !== "status")
    return io.fail(
      "Could not set static hostname: a node's name stands in the cluster, and Podyard does not change it",
    );
  const info = context.reader.get<Node>("nodes", "", node)?.status?.nodeInfo;
  const rows: [string, string][] = [
    ["Static hostname", node],
    ["Icon name", "computer-vm"],
    ["Chassis", "vm"],
    ["Machine ID", info?.machineID ?? ""],
    ["Boot ID", (info?.bootID ?? "").replaceAll("-", "")],
    ["Virtualization", "kvm"],
    ["Operating System", osImage],
    ["Kernel", `Linux ${kernelRelease}`],
    ["Architecture", "x86-64"],
  ];
  for (const [name, value] of rows) io.out(`${name.padStart(16)}: ${value}\n`);
});
