/** Names of what is under way in the network, and of what container runtimes keep. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { RuntimeContext } from "../runtime/kernel/types.ts";

/** The next id of a request ("r"), stream ("s") or stream of the API ("a"); never given twice in a cluster. */
export function nextId(context: RuntimeContext, prefix: "a" | "r" | "s"): string {
  const next = (context.records.get<number>("network-draws", "id") ?? 0) + 1;
  context.records.put("network-draws", "id", next);
  return `${prefix}${next}`;
}

/** 64 hex digits, as containerd names sandboxes and execs; derived, so that no object holds them. */
export const hexId = (of: string): string => bytesToHex(sha256(utf8ToBytes(of)));

export const sandboxId = (podUid: string): string => hexId(`sandbox ${podUid}`);

/** Path of a Pod's network namespace. */
export function networkNamespace(podUid: string): string {
  const hex = hexId(`netns ${podUid}`);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ];
  return `/var/run/netns/cni-${parts.join("-")}`;
}
