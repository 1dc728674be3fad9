/** Commands that make one object from flags: `kubectl create deployment` and its like. k8s: kubectl/pkg/cmd/create */
import type { Command, Kubectl } from "../command.ts";
import { pathOf, splitVersion } from "../discovery.ts";
import { Failure } from "../errors.ts";
import type { KubeObject } from "../objects.ts";
import type { Work } from "../work.ts";
import {
  annotateApplied,
  changeQuery,
  dryRunOf,
  placeIn,
  typedPrinter,
  requireFlags,
  validationOf,
  type DryRun,
} from "./mutation.ts";

export interface Generated {
  /** Fields in the order of its Go type, zero values that its type shows among them. */
  object: KubeObject;
  plural: string;
  clusterScoped?: true;
  /** Put in front of what the server refuses: `failed to create deployment: `. */
  failure?: string;
}

/** The one NAME, before `--`. k8s: create.go NameFromCommandArgs */
export function nameOfArgs(k: Kubectl): string {
  const count = k.flags.dash === -1 ? k.args.length : k.flags.dash;
  if (count !== 1) k.usage(`exactly one NAME is required, got ${count}`);
  return k.args[0] as string;
}

/** Sends an object to the collection of its kind. */
export function* createObject(
  k: Kubectl,
  made: Pick<Generated, "object" | "plural" | "clusterScoped">,
  namespace: string,
  dryRun: DryRun,
  validation?: string,
): Work<KubeObject> {
  const [group, version] = splitVersion(made.object.apiVersion ?? "");
  const type = { group, version, plural: made.plural, namespaced: !made.clusterScoped };
  const client = yield* k.client();
  return yield* client.json<KubeObject>({
    method: "POST",
    path: pathOf(type, namespace),
    query: changeQuery(k, dryRun, validation),
    body: made.object,
  });
}

/** A command `create ...`: `make` checks the flags and says what is made. */
export const generator = (
  path: string,
  make: (k: Kubectl, name: string) => Work<Generated>,
  required: readonly string[] = [],
): Command => ({
  path: `create ${path}`,
  *run(k) {
    requireFlags(k, required);
    const name = nameOfArgs(k);
    const dryRun = yield* dryRunOf(k);
    const print = yield* typedPrinter(k, dryRun, "created");
    const validation = validationOf(k);
    const place = yield* placeIn(k);
    const made = yield* make(k, name);
    const { object } = made;
    if (place.explicit && !made.clusterScoped) {
      const { name: own, ...metadata } = object.metadata ?? {};
      object.metadata = { name: own ?? name, namespace: place.namespace, ...metadata };
    }
    annotateApplied(k, object, Object.keys);
    if (dryRun === "client") {
      k.out(print(object));
      return;
    }
    try {
      k.out(print(yield* createObject(k, made, place.namespace, dryRun, validation)));
    } catch (error) {
      if (!made.failure || !(error instanceof Failure)) throw error;
      throw new Failure(`${made.failure}${error.message}`);
    }
  },
});
