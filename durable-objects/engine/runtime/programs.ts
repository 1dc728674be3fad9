/** The table of all programs: shell, tools, servers of images. */
import { imagePrograms } from "../images/index.ts";
import { nodeService } from "./process-view.ts";
import type { Program, Programs } from "./program.ts";
import { shellPrograms } from "./shell/index.ts";
import { toolPrograms } from "./tools/index.ts";

let table: Map<string, Program> | undefined;

/** Built at first use: images and tools import the kernel in turn. */
export function programs(): Programs {
  if (!table) {
    table = new Map();
    for (const program of [nodeService, ...toolPrograms(), ...shellPrograms(), ...imagePrograms()])
      table.set(program.name, program);
  }
  return table;
}
