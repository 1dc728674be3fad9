/** Options of a write beside the object. */
import type { User } from "../../ports/request.ts";

export interface WriteOptions {
  user: User;
  dryRun: boolean;
  /** Manager for managedFields; "" leaves them alone (Podyard's own controllers). */
  fieldManager: string;
  subresource: string;
  warn(text: string): void;
}

export const owner: User = { name: "system:apiserver", groups: ["system:masters"] };

/** Nobody is there to be warned. */
export const silent = (): void => undefined;

/** Options of Podyard's own components. */
export const internalWrite: WriteOptions = {
  user: owner,
  dryRun: false,
  fieldManager: "",
  subresource: "",
  warn: silent,
};
