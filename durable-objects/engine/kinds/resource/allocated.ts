/** What a claim has been given, device by device. */
import type * as shape from "./shape.ts";

type Named = Pick<shape.Allocated, "driver" | "pool" | "device" | "shareID">;

export const idOf = ({ driver = "", pool = "", device = "", shareID }: Named): string =>
  `${driver}/${pool}/${device}${shareID ? `/${shareID}` : ""}`;

export const resultsOf = ({ status }: shape.ResourceClaim): shape.Allocated[] =>
  status?.allocation?.devices?.results ?? [];
