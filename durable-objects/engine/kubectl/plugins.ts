/** Plugins: programs in PATH whose names begin with `kubectl-`. k8s: kubectl/pkg/cmd/{plugin,cmd}.go */
import { become, which } from "./asks.ts";
import { Exit } from "./errors.ts";
import type { Work } from "./work.ts";

/** Becomes the plugin that arguments name, the longest name first; comes back where there is none. */
export function* runPlugin(args: readonly string[], least: number): Work<void> {
  const words: string[] = [];
  for (const arg of args) {
    if (arg.startsWith("-")) break;
    words.push(arg.replaceAll("-", "_"));
  }
  if (words.length === 0)
    throw new Exit(1, `Error: flags cannot be placed before plugin name: ${args[0] ?? ""}`);
  for (; words.length >= Math.max(least, 1); words.pop()) {
    const path = yield* which(`kubectl-${words.join("-")}`);
    if (path === null) continue;
    const errno = yield* become(path, [path, ...args.slice(words.length)]);
    throw new Exit(
      1,
      `Error: fork/exec ${path}: ${errno === "EACCES" ? "permission denied" : "exec format error"}`,
    );
  }
}
