/** The terminal: stty, tty, clear, and the editor that is not there. */
import type { Program } from "../../kernel/types.ts";
import { tool } from "../tool.ts";

const stty = tool("stty", (io) => {
  const session = io.sys.terminal(0);
  if (!session) return io.fail("standard input: Inappropriate ioctl for device");
  const words = io.args.filter((word) => word !== "-F");
  if (words.includes("size")) io.out(`${session.rows ?? 24} ${session.cols ?? 80}\n`);
  else if (words.includes("-g"))
    io.out(
      "500:5:bf:8a3b:3:1c:7f:15:4:0:1:0:11:13:1a:0:12:f:17:16:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0\n",
    );
  else if (words.length === 0 || words.includes("-a"))
    io.out(
      `speed 38400 baud; rows ${session.rows ?? 24}; columns ${session.cols ?? 80}; line = 0;\n-brkint -imaxbel iutf8\n`,
    );
  if (words.includes("raw") || words.includes("-icanon")) session.raw = true;
  if (
    words.includes("sane") ||
    words.includes("icanon") ||
    words.includes("-raw") ||
    words.includes("cooked")
  )
    delete session.raw;
  return 0;
});

export const terminalTools: Program[] = [
  stty,
  tool("tty", (io) => {
    io.out(io.sys.terminal(0) ? "/dev/pts/0\n" : "not a tty\n");
    return io.sys.terminal(0) ? 0 : 1;
  }),
  tool("clear", (io) => io.out("\x1b[H\x1b[J")),
  // A full-screen editor needs a screen this sandbox does not draw.
  tool("vi", (io) =>
    io.fail("no full-screen editor in this sandbox: use sed -i, or cat > FILE and Ctrl-D"),
  ),
];
