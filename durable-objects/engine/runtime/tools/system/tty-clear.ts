/** The terminal: stty, tty, clear. */
import type { Program } from "../../kernel/types.ts";
import { tool } from "../tool.ts";
import { stty } from "./stty.ts";

export const terminalTools: Program[] = [
  stty,
  tool("tty", (io) => {
    io.out(io.sys.terminal(0) ? "/dev/pts/0\n" : "not a tty\n");
    return io.sys.terminal(0) ? 0 : 1;
  }),
  tool("clear", (io) => io.out("\x1b[H\x1b[J")),
];
