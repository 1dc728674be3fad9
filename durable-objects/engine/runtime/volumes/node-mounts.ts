/** What is mounted on a node beside its own file system: by hand, or by its kubelet. */

/** By node. */
export const mountTable = "node-mounts";
/** What lies beneath mounts, and what devices hold while they are mounted nowhere. */
export const aside = "/run/mount/aside";

export interface NodeMount {
  at: string;
  device: string;
  fsType: string;
  options: string;
  /** A folder on itself. */
  bound?: true;
  /** Folder with what lies beneath. */
  beneath?: string;
}
