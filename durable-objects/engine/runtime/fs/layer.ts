/** The read-only file tree of an image: built once per image, shared by all its containers. */
import { encodeUtf8 } from "../bytes.ts";

/** File, directory, link, fifo, character device, block device, socket. */
export type NodeType = "f" | "d" | "l" | "p" | "c" | "b" | "s";

/** One file of an image as its table writes it. A bare string is a text file of mode 0644. */
export type LayerFile =
  | string
  | {
      /** Text content (UTF-8 is made of it). */
      text?: string;
      /** Computed from the container that reads it: /etc/hosts, /etc/hostname. */
      dynamic?: string;
      /** Symbolic link. */
      link?: string;
      /** An executable that runs this registered program. */
      program?: string;
      dir?: true;
      /** Character device: null, zero, full, random, urandom, tty, stdin, stdout, stderr. */
      device?: string;
      mode?: number;
      uid?: number;
      gid?: number;
    };

export interface LayerEntry {
  type: NodeType;
  mode: number;
  uid: number;
  gid: number;
  /** Content, link target, or device name. */
  data: string;
  dynamic?: string;
}

export interface Layer {
  entries: ReadonlyMap<string, LayerEntry>;
  children: ReadonlyMap<string, readonly string[]>;
}

const programMark = "\x7fELF\x02\x01\x01\x00podyard ";

/** Content of an executable that runs a registered program. */
export const programFile = (program: string): string => `${programMark}${program}\n`;

/** The registered program an executable's content stands for. */
export function programOf(content: string): string | undefined {
  if (!content.startsWith(programMark)) return undefined;
  return content.slice(programMark.length, content.indexOf("\n", programMark.length));
}

function entryOf(file: LayerFile): LayerEntry {
  if (typeof file === "string")
    return { type: "f", mode: 0o644, uid: 0, gid: 0, data: encodeUtf8(file) };
  const uid = file.uid ?? 0;
  const gid = file.gid ?? 0;
  const make = (type: NodeType, mode: number, data: string): LayerEntry => ({
    type,
    mode: file.mode ?? mode,
    uid,
    gid,
    data,
  });
  if (file.dir) return make("d", 0o755, "");
  if (file.link !== undefined) return make("l", 0o777, file.link);
  if (file.device !== undefined) return make("c", 0o666, file.device);
  if (file.program !== undefined) return make("f", 0o755, programFile(file.program));
  if (file.dynamic !== undefined) return { ...make("f", 0o644, ""), dynamic: file.dynamic };
  return make("f", 0o644, encodeUtf8(file.text ?? ""));
}

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

/** A layer of path tables; later ones win. Missing parents become directories of root, mode 0755. */
export const buildLayer = (...tables: Record<string, LayerFile>[]): Layer => new TableLayer(tables);

/** Built when a container first looks: of some ninety images a cluster runs a few. */
class TableLayer implements Layer {
  readonly #tables: Record<string, LayerFile>[];
  #built: Layer | undefined;

  constructor(tables: Record<string, LayerFile>[]) {
    this.#tables = tables;
  }

  get entries(): Layer["entries"] {
    return (this.#built ??= built(this.#tables)).entries;
  }

  get children(): Layer["children"] {
    return (this.#built ??= built(this.#tables)).children;
  }
}

function built(tables: Record<string, LayerFile>[]): Layer {
  const entries = new Map<string, LayerEntry>();
  entries.set("/", { type: "d", mode: 0o755, uid: 0, gid: 0, data: "" });
  for (const table of tables)
    for (const [path, file] of Object.entries(table)) {
      entries.set(path, entryOf(file));
      for (let up = parentOf(path); up !== "/" && !entries.has(up); up = parentOf(up))
        entries.set(up, entryOf({ dir: true }));
    }
  const children = new Map<string, string[]>();
  for (const path of entries.keys()) {
    if (path === "/") continue;
    const parent = parentOf(path);
    const names = children.get(parent);
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (names) names.push(name);
    else children.set(parent, [name]);
  }
  for (const names of children.values()) names.sort();
  return { entries, children };
}

export const emptyLayer: Layer = {
  entries: new Map(),
  children: new Map(),
};
