import type * as core from "kubernetes-types/core/v1";
import { column, nameColumn } from "./columns.ts";
import type { Kind } from "./define.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type ComponentStatus = Stored<core.ComponentStatus>;

const healthOf = (component: ComponentStatus): core.ComponentCondition | undefined =>
  component.conditions?.find((condition) => condition.type === "Healthy");

/** Never stored: api/read/component-statuses.ts answers. */
export const ComponentStatus: Kind<ComponentStatus> = {
  resource: "componentstatuses",
  apiVersion: "v1",
  kind: "ComponentStatus",
  schema: schemaNamed("core/v1.ComponentStatus"),
  namespaced: false,
  hasGeneration: false,
  deprecation: "v1 ComponentStatus is deprecated in v1.19+",
  table: {
    columns: [
      nameColumn,
      column("Status", "Whether the component is well."),
      column("Message", "What it said of itself."),
      column("Error", "What went wrong when it was asked."),
    ],
    cells: (component) => {
      const health = healthOf(component);
      const well = health?.status === "True" ? "Healthy" : "Unhealthy";
      return [
        component.metadata.name,
        health ? well : "Unknown",
        health?.message ?? "",
        health?.error ?? "",
      ];
    },
  },
};
