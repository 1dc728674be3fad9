/** Ids that no object holds, derived so that they never change. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** 64 hex digits, as containerd names sandboxes and execs. */
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
