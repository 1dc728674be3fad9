/** A container in which filters of text run, with files in /lab. Texts are UTF-8. */
import { runtime } from "../../../../durable-objects/engine/cri/runtime.ts";
import type { ImageCatalog } from "../../../../durable-objects/engine/runtime/kernel/types.ts";
import {
  execSession,
  sessionCloseInput,
  sessionInput,
  sessionOutput,
} from "../../../../durable-objects/engine/runtime/sessions.ts";
import { RuntimeWorld } from "../runtime-world.ts";

export const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

export class FilterLab {
  readonly world: RuntimeWorld;
  readonly #key: string;
  readonly #id: string;

  constructor(files: Readonly<Record<string, string>>, image: string, own?: ImageCatalog) {
    this.world = Object.assign(new RuntimeWorld(), own ? { images: own } : {});
    const command = ["sleep", "100000"];
    const spec = this.world.start(this.world.spec(this.world.pod("x"), "x", image, { command }));
    this.#key = spec.pod.key;
    this.#id = spec.id;
    this.run("mkdir /lab");
    for (const [name, text] of Object.entries(files)) this.run(`cat > /lab/${name}`, text);
  }

  run(script: string, stdin = "", turns = 2_000): { out: string; err: string; code: number } {
    const command = ["sh", "-c", script];
    const { world } = this;
    const started = execSession(world, this.#key, this.#id, { command, tty: false, stdin: true });
    if ("error" in started) throw new Error(started.error);
    const { session } = started;
    if (stdin) sessionInput(world, this.#key, session, new TextEncoder().encode(stdin));
    sessionCloseInput(world, this.#key, session);
    const told = { out: "", err: "", code: -1 };
    for (let turn = 0; turn < turns; turn++) {
      const part = sessionOutput(world, this.#key, session);
      told.out += new TextDecoder().decode(part?.stdout ?? new Uint8Array());
      told.err += new TextDecoder().decode(part?.stderr ?? new Uint8Array());
      if (part?.exit !== undefined) return { ...told, code: part.exit };
      const due = runtime.advance(world, this.#key);
      if (due === undefined) break;
      // What has just ended is told before the next thing that is due, which may be far away.
      world.now = Math.min(Math.max(world.now, due), world.now + 2_000);
    }
    return told;
  }
}
