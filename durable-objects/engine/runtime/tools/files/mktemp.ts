/** mktemp. */
import { trimEndOf } from "../../../core/trim.ts";
import { options } from "../options.ts";
import { tool } from "../tool.ts";

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

export const mktemp = tool("mktemp", (io) => {
  const opts = options(io, "dup:qt", { directory: "d", tmpdir: "p" });
  const given = opts.rest[0];
  const folder =
    opts.value("p") ??
    (given === undefined || opts.has("t") ? (io.sys.env.TMPDIR ?? "/tmp") : undefined);
  const template = `${folder === undefined ? "" : `${folder}/`}${given ?? "tmp.XXXXXX"}`;
  if (!template.endsWith("XXXXXX")) return io.fail(`${template}: Invalid argument`);
  const stem = trimEndOf(template, "X");
  const chosen = Array.from(
    { length: template.length - stem.length },
    () => letters[Math.floor(io.sys.random() * letters.length)],
  );
  const path = stem + chosen.join("");
  const made = io.try(path, () => {
    if (opts.has("u")) return;
    if (opts.has("d")) io.sys.mkdir(path, 0o700);
    else {
      io.sys.close(io.sys.open(path, { write: true, create: true, exclusive: true }));
      io.sys.chmod(path, 0o600);
    }
  });
  if (made) io.out(`${path}\n`);
  return made ? 0 : 1;
});
