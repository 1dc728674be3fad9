import type { ReadonlySignal, Signal } from "@preact/signals";
import type { Sandbox } from "../api/sandboxes.ts";
import type { Cluster } from "../api/tables.ts";

/** What the panels of a sandbox's page share. A panel is a file in `web/panels/`, and a row of `web/desk/panels.ts`. */

/** An object of the cluster. */
export interface ObjectRef {
  /** As the API tells it: `pods`, `deployments.apps`. */
  resource: string;
  kind: string;
  /** "": it belongs to no namespace. */
  namespace: string;
  name: string;
  /** Below the cluster's base: `/api/v1/namespaces/default/pods/web`. */
  path: string;
}

/** What the detail of the selected object shows. */
export interface DetailPlace {
  /** Name of the view; one that there is not for the object leaves it with its YAML. */
  view: string;
  /** Path of the field that is looked at: `spec.containers[0].image`. */
  field?: string;
}

export interface Desk {
  sandbox: Sandbox;
  /** The cluster of now, whatever moment is shown. */
  live: Cluster;
  /** The cluster that the panels show: of now, or of `moment`. */
  shown: ReadonlySignal<Cluster>;
  /** Revision that is looked at; undefined: now. */
  moment: Signal<number | undefined>;
  selected: Signal<ObjectRef | undefined>;
  detail: Signal<DetailPlace>;
  /** Types a line into the terminal that was used last, without pressing Enter, and shows it. Undefined: who looks has no terminal. */
  type?: (line: string) => void;
  /** Opens the editor for objects of one's own. Undefined: who looks may make none. */
  create?: () => void;
}
