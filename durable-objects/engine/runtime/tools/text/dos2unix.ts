/** dos2unix and unix2dos: line ends of DOS. */
import type { Program } from "../../kernel/types.ts";
import { options } from "../options.ts";
import { opened, tool } from "../tool.ts";

const converting = (name: string): Program =>
  tool(name, (io) => {
    const opts = options(io, "ud");
    const toDos = opts.has("d") || (name === "unix2dos" && !opts.has("u"));
    const convert = (text: string): string => {
      const plain = text.replaceAll("\r\n", "\n");
      return toDos ? plain.replaceAll("\n", "\r\n") : plain;
    };
    if (opts.rest.length === 0) io.out(convert(io.stdin()));
    for (const file of opts.rest) {
      const text = opened(io, file);
      if (text === undefined) return 1;
      io.sys.writeFile(file, convert(text));
    }
    return 0;
  });

export const lineEndTools: Program[] = [converting("dos2unix"), converting("unix2dos")];
