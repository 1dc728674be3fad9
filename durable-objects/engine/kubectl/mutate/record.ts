/** `--record`: the command line is written down at what it changes, for `rollout history`. k8s: cli-runtime/pkg/genericclioptions/record_flags.go */
import type { Kubectl } from "../command.ts";
import { Flags } from "../flags.ts";
import type { KubeObject } from "../objects.ts";
import { changeCause } from "./revisions.ts";

export const recording = (k: Kubectl): boolean => k.flags.has("record") && k.flags.bool("record");

/** The words, then the flags in the order in which they were given, each with its value. */
function causeOf(k: Kubectl): string {
  const flags = new Flags(k.facts);
  flags.tryParse(k.line);
  const given = flags.given.map(([name, text]) => ` --${name}=${text}`);
  return ["kubectl", ...flags.args].join(" ") + given.join("");
}

/** What a merge patch says of it. */
export const recordPatch = (k: Kubectl): { metadata: { annotations: Record<string, string> } } => ({
  metadata: { annotations: { [changeCause]: causeOf(k) } },
});

/** Says at an object why it is as it is, where that was asked for. */
export function record(k: Kubectl, object: KubeObject): void {
  if (!recording(k)) return;
  const annotations = { ...object.metadata?.annotations, ...recordPatch(k).metadata.annotations };
  object.metadata = { ...object.metadata, annotations };
}
