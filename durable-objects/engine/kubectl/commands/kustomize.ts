/** kubectl kustomize. k8s: sigs.k8s.io/kustomize/kustomize/commands/build */
import { writeFile } from "../asks.ts";
import type { Command } from "../command.ts";
import { kustomized } from "../kustomize/documents.ts";

export const kustomize: Command = {
  path: "kustomize",
  *run(k) {
    const text = yield* kustomized(k.args);
    const output = k.flags.string("output");
    if (output) yield* writeFile(output, text);
    else k.out(text);
    return 0;
  },
};
