/** true, false, and what busybox says of an applet it has not. */
import type { Program } from "../../kernel/types.ts";
import { tool } from "../tool.ts";

export const trueFalseTools: Program[] = [
  tool("true", () => 0),
  tool("false", () => 1),
  tool("no-applet", (io) => {
    io.err(`${io.name}: applet not found\n`);
    return 127;
  }),
];
