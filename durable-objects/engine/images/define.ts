/** What an image is: one file per family, registered in images/index.ts. */
import type { Layer } from "../runtime/fs/layer.ts";
import type { Program } from "../runtime/program.ts";

/** What a tag of an image gives a container. */
export interface ImageVersion {
  /** `1.29.3`: what `latest` and `1.29` stand for. */
  version: string;
  entrypoint: string[];
  cmd: string[];
  env: Record<string, string>;
  /** `101`, `nobody`, `1000:1000`; absent: root. */
  user?: string;
  /** Nobody knows its user: root, or this number where a Pod asks for one that is not. */
  nonRootUser?: string;
  /** Of an image that is not simulated: all its programs are in its layer all the same. */
  complete?: true;
  /** Where the server of an image that is stood in for listens, whatever a Pod declares. */
  ports?: number[];
  workingDir?: string;
  layer: Layer;
  sizeBytes: number;
  /** SIGQUIT for nginx; absent: SIGTERM. */
  stopSignal?: number;
  /** Folders of its own file system, which a read-only root leaves writable. */
  volumes?: string[];
}

/** A line a server prints as it starts, computed when the log is read. */
export interface BootLine {
  /** After the container's start, ms. */
  afterMs: number;
  stream: 1 | 2;
  text: string;
}

export interface ImageDefinition {
  /** Normalised names: `docker.io/library/nginx`. */
  repositories: string[];
  /** The full version a tag stands for (`latest`, `1.29-alpine`), or nothing when there is no such tag. */
  resolveTag(tag: string): string | undefined;
  /** Called once per resolved version and kept. */
  version(version: string, tag: string): ImageVersion;
  /** Lines of the start, when nothing but the image and its plain command made them. */
  bootLog?(version: string, startedAtMs: number): BootLine[];
  programs?: Program[];
}
