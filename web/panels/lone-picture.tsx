import { useSignal } from "@preact/signals";
import type { ObjectRef } from "../desk/desk.ts";
import { clusterOf, type Cluster } from "../api/tables.ts";
import type { Sandbox } from "../api/sandboxes.ts";
import { Picture } from "./picture.tsx";

/** The picture where there is no desk around it. */

/** Of a moment that does not move. `base`: of its Kubernetes API. */
export const StillPicture = ({ base }: { base: string }) => <Alone cluster={{ base }} />;

/** Of a living cluster. */
export const LivingPicture = ({ sandbox }: { sandbox: Sandbox }) => (
  <Alone cluster={clusterOf(sandbox)} />
);

function Alone({ cluster }: { cluster: Cluster }) {
  const shown = useSignal(cluster);
  const selected = useSignal<ObjectRef | undefined>(undefined);
  return <Picture desk={{ shown, selected }} />;
}
