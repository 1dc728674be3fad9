/** The table of all programs: shell, tools, servers of images. runtime/runtime.ts fills it, so the kernel needs none of them. */
import type { Program, Programs } from "./program.ts";

let make: () => Program[] = () => [];
let table: Map<string, Program> | undefined;

export function registerPrograms(all: () => Program[]): void {
  make = all;
  table = undefined;
}

/** Built at first use. */
export function programs(): Programs {
  table ??= new Map(make().map((program) => [program.name, program]));
  return table;
}
