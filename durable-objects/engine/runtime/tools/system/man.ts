/** man: the machines have no manual pages, as minimal installations do. */
import { tool } from "../tool.ts";

export const man = tool("man", (io) => {
  const names = io.args.filter((word) => !word.startsWith("-") && !/^\d\w*$/.test(word));
  if (names.length === 0) {
    io.err("What manual page do you want?\nFor example, try 'man man'.\n");
    return 1;
  }
  for (const name of names) io.err(`No manual entry for ${name}\n`);
  io.err("This sandbox has no manual pages: try NAME --help.\n");
  return 16;
});
