/** What an image is: one file or folder per family, registered in images/index.ts. */
import type { BootLine, ImageRepository } from "../runtime/image/image.ts";
import type { Program } from "../runtime/kernel/types.ts";

export interface ImageDefinition extends ImageRepository {
  /** Normalised names: `docker.io/library/nginx`. */
  repositories: string[];
  /** Lines of the start, when nothing but the image and its plain command made them. */
  bootLog?(version: string, startedAtMs: number): BootLine[];
  programs?: Program[];
}
