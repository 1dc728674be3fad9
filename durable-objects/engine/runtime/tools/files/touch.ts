/** touch: the moment a file was last written. */
import { parseDate } from "../system/date.ts";
import { options } from "../options.ts";
import { tool } from "../tool.ts";
import { usage } from "../words.ts";

export const touch = tool("touch", (io) => {
  const opts = options(io, "acfmht:d:r:", { reference: "r", date: "d", "no-create": "c" });
  if (opts.rest.length === 0)
    return usage(io, "touch [-cham] [-d DATE] [-t DATE] [-r FILE] FILE...");
  let { now } = io.sys;
  const text = opts.value("d") ?? opts.value("t");
  if (text !== undefined) now = parseDate(text, now) ?? io.fail(`invalid date '${text}'`);
  const like = opts.value("r");
  if (like !== undefined && !io.try(like, () => (now = io.sys.stat(like).mtime))) return 1;
  let code = 0;
  for (const path of opts.rest) {
    const done = io.try(path, () => {
      if (!io.sys.peek(path)) {
        if (opts.has("c")) return;
        io.sys.writeFile(path, "");
      }
      // Only one moment of a file is kept: when it was written.
      if (!opts.has("a") || opts.has("m")) io.sys.utime(path, now);
    });
    if (!done) code = 1;
  }
  return code;
});
