/** What `-k` reads: the place where the kustomize build is put in. */
import { Failure } from "./errors.ts";
import type { Work } from "./work.ts";

/** The objects of a kustomization as YAML documents. */
export const kustomizeHook = (folder: string): Work<string> => {
  throw new Failure(`unable to build kustomization ${folder}: not served`);
};
