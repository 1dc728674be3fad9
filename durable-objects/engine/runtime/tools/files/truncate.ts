/** truncate. */
import { count } from "../counts.ts";
import { options } from "../options.ts";
import { tool } from "../tool.ts";

export const truncate = tool("truncate", (io) => {
  const opts = options(io, "cs:", { size: "s", "no-create": "c" });
  const text = opts.value("s") ?? io.fail("no size given");
  let code = 0;
  for (const path of opts.rest) {
    const old = io.sys.peek(path);
    if (!old && opts.has("c")) continue;
    const by = count(io, text.replace(/^[+-]/, ""));
    const size = text.startsWith("+")
      ? (old?.size ?? 0) + by
      : text.startsWith("-")
        ? Math.max(0, (old?.size ?? 0) - by)
        : by;
    if (!io.try(path, () => io.sys.truncate(path, size))) code = 1;
  }
  return code;
});
