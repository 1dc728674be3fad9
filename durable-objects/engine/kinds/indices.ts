/** What every kind is filed under; a kind's own indices stand in its file. */
import type { Index } from "../core/indices.ts";
import type { Kind } from "./define.ts";
import { kinds } from "./index.ts";

const nothing: readonly string[] = [];

/** Of all objects. */
const common: readonly Index[] = [
  {
    name: "owner",
    resource: "*",
    from: (o) => o.metadata.ownerReferences,
    values: (o) => o.metadata.ownerReferences?.map((r) => r.uid) ?? nothing,
  },
  {
    name: "controller",
    resource: "*",
    from: (o) => o.metadata.ownerReferences,
    values: (o) => {
      for (const r of o.metadata.ownerReferences ?? []) if (r.controller) return [r.uid];
      return nothing;
    },
  },
];

/** A kind's own, as the store files by them. */
export const ownIndices = ({ resource, indices: own = [] }: Kind): Index[] =>
  own.map((index) => ({ ...index, resource }));

export const indices: readonly Index[] = [...common, ...kinds.flatMap(ownIndices)];
