/** What a one-liner runs in: its language and its container. */
import type { Language } from "./tokens.ts";

/** The container around a program. */
export interface Host {
  /** Virtual ms. */
  readonly now: number;
  readonly hostname: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
  /** perl -l: every print ends its line. */
  readonly lineEnds: boolean;
  random(): number;
  write(fd: 1 | 2, text: string): void;
  /** So many steps were made. */
  charge(steps?: number): void;
}

export interface Runner {
  readonly language: Language;
  readonly host: Host;
}
