/** Options of a write beside the object. */
import type { User } from "../../ports/request.ts";

export interface WriteOptions {
  user: User;
  dryRun: boolean;
  /** Manager for managedFields; "" leaves them alone (Podyard's own controllers). */
  fieldManager: string;
  subresource: string;
  /** Of the request, where it is not an update. */
  verb?: string;
  warn(text: string): void;
  /** Another request has been admitted for it: a Pod goes because of an Eviction. */
  admitted?: true;
}

export const apiServerUser: User = { name: "system:apiserver", groups: ["system:masters"] };

/** Nobody is there to be warned. */
export const discardWarning = (): void => undefined;

/** Options of Podyard's own components. */
export const internalWrite: WriteOptions = {
  user: apiServerUser,
  dryRun: false,
  fieldManager: "",
  subresource: "",
  warn: discardWarning,
};
