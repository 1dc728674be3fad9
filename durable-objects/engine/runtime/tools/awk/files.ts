/** What an awk program reaches outside itself: files, pipes, commands, the clock. */
import { toolOutputCharactersMax } from "../../../core/limits.ts";
import type { AwkHost, AwkVariables } from "./host.ts";
import { AwkEndless } from "./run.ts";
import { launch, type Caller } from "../children.ts";
import type { Io } from "../tool.ts";

/**
 * What an awk program sees of the world: its output, files, pipes and input. `put` throws AwkEndless beyond the output's
 * limit.
 */
export function hostOf(
  io: Io,
  caller: Caller,
  input: { next(awk: AwkVariables): string | undefined },
): AwkHost {
  const { sys } = io;
  let bytes = 0;
  return {
    put(fd, text) {
      bytes += text.length;
      if (bytes > toolOutputCharactersMax) throw new AwkEndless();
      io.pending.push([fd, text]);
    },
    open(how, name) {
      if (how !== "|") {
        const flags = how === ">" ? { truncate: true } : { append: true };
        return { fd: caller.once(() => sys.open(name, { write: true, create: true, ...flags })) };
      }
      const both = caller.once(() => {
        const [read, write] = sys.pipe();
        const pid = launch(
          sys,
          ["sh", "-c", name],
          (command, why) => `awk: ${command}: ${why}\n`,
          (child) => {
            child.dup(read, 0);
            child.close(read);
            child.close(write);
          },
        );
        sys.close(read);
        return `${write} ${pid}`;
      });
      const [fd, pid] = both.split(" ").map(Number);
      return { fd: fd!, pid: pid! };
    },
    close({ fd, pid }) {
      caller.flush();
      caller.once(() => (sys.close(fd), 0));
      return pid === undefined ? 0 : caller.wait(pid);
    },
    capture: (command) => caller.capture(["sh", "-c", command]),
    system: (command) => caller.run(["sh", "-c", command]),
    flush: () => caller.flush(),
    file: (name) =>
      sys.peek(name)?.type === "f" || sys.peek(name)?.type === "c" ? sys.readFile(name) : undefined,
    record: (variables) => input.next(variables),
    random: () => sys.random(),
    now: () => sys.now,
    tooBig() {
      sys.kernel.oomKill(sys.key);
      throw new AwkEndless();
    },
    work: sys.matching,
  };
}
