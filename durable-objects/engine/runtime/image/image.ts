/** What a container finds of its image. */
import type { Layer } from "../fs/layer.ts";

/** Everything in an image was built then: 2026-01-15T00:00:00Z. */
export const imageTimeMs = 1_768_435_200_000;

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

export interface FoundImage {
  /** False for images nobody described: they stand in for a server on their declared ports. */
  known: boolean;
  version: ImageVersion;
  /** Absent where nobody described its repository. */
  definition?: ImageRepository;
}

export interface ImageRepository {
  /** The full version a tag stands for (`latest`, `1.29-alpine`), or nothing when there is no such tag. */
  resolveTag(tag: string): string | undefined;
  /** Called once per resolved version and kept. */
  version(version: string, tag: string): ImageVersion;
}
