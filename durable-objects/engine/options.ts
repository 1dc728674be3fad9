import type { Identity } from "./api/tokens.ts";
import type { Birth } from "./core/birth.ts";

/** Seed, nodes and name are handed in once: what is stored has its own. */
export interface EngineOptions extends Partial<Omit<Birth, "bornMs">> {
  /** Wall ms. */
  nowMs: number;
  /** Makes its service accounts' tokens its own; it stays the same for ever. */
  identity?: Identity | undefined;
  limits?: { objectsMax?: number; stateBytesMax?: number };
}
