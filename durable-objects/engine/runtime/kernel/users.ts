/** Users and groups: of /etc/passwd and /etc/group, and who a container therefore runs as. */
import { accountFilesKeptMax } from "../../core/limits.ts";
import { keep, memo } from "../../core/memo.ts";
import type { ImageVersion } from "../image/image.ts";

export interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
}

export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

export interface Identity {
  uid: number;
  gid: number;
  groups: number[];
  home: string;
}

/** What a Pod says about it. */
export interface UserSettings {
  /** runAsNonRoot without a user id. */
  nonRoot?: boolean;
  runAsUser?: number;
  runAsGroup?: number;
  fsGroup?: number;
  supplementalGroups?: number[];
  /** Groups of the image do not count. */
  strictGroups?: boolean;
}

export const parsePasswd = memo(accountFilesKeptMax, (text): readonly PasswdEntry[] =>
  text
    .split("\n")
    .map((line) => line.split(":"))
    .filter((parts) => parts.length >= 7)
    .map(([name = "", , uid, gid, , home = "/", shell = ""]) => ({
      name,
      uid: Number(uid),
      gid: Number(gid),
      home,
      shell,
    })),
);

export const parseGroups = memo(accountFilesKeptMax, (text): readonly GroupEntry[] =>
  text
    .split("\n")
    .map((line) => line.split(":"))
    .filter((parts) => parts.length >= 4)
    .map(([name = "", , gid, members = ""]) => ({
      name,
      gid: Number(gid),
      members: members.split(",").filter(Boolean),
    })),
);

/** The user an image names; one of which nobody knows it runs as root, where a Pod allows that. */
export const userOf = (version: ImageVersion, settings: UserSettings): string | undefined =>
  version.user ?? (settings.nonRoot ? version.nonRootUser : undefined);

/** The image's user setting and the Pod's against the image's users. */
export function identify(
  imageUser: string | undefined,
  passwd: readonly PasswdEntry[],
  groupFile: readonly GroupEntry[],
  settings: UserSettings,
): Identity {
  const [name = "0", group] = (imageUser ?? "0").split(":");
  const asked = settings.runAsUser === undefined ? name : String(settings.runAsUser);
  const entry = passwd.find((user) => user.name === asked || String(user.uid) === asked);
  const uid = entry?.uid ?? (/^\d+$/.test(asked) ? Number(asked) : 0);
  const groupEntry = groupFile.find((known) => known.name === group || String(known.gid) === group);
  const imageGid =
    settings.runAsUser === undefined && group !== undefined
      ? (groupEntry?.gid ?? Number(group))
      : undefined;
  const gid = settings.runAsGroup ?? imageGid ?? entry?.gid ?? 0;
  const groups = new Set([gid]);
  if (entry && !settings.strictGroups)
    for (const known of groupFile) if (known.members.includes(entry.name)) groups.add(known.gid);
  if (settings.fsGroup !== undefined) groups.add(settings.fsGroup);
  for (const more of settings.supplementalGroups ?? []) groups.add(more);
  return { uid, gid, groups: [...groups], home: entry?.home ?? "/" };
}

const identities = new WeakMap<ImageVersion, Map<string, Identity>>();

/** Who a container of an image starts as, by the image's own files. */
export function imageIdentity(version: ImageVersion, settings: UserSettings): Identity {
  let ofImage = identities.get(version);
  if (!ofImage) identities.set(version, (ofImage = new Map()));
  const key = JSON.stringify(settings);
  const known = ofImage.get(key);
  if (known) return known;
  const text = (path: string): string => version.layer.entries.get(path)?.data ?? "";
  const made = identify(
    userOf(version, settings),
    parsePasswd(text("/etc/passwd")),
    parseGroups(text("/etc/group")),
    settings,
  );
  return keep(ofImage, 500, key, made);
}
