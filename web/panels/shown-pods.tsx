import type { Desk } from "../desk/desk.ts";
import { Pods } from "./pods.tsx";

/** The Pods of the cluster that the desk shows. */
export function ShownPods({ desk }: { desk: Desk }) {
  const cluster = desk.shown.value;
  return <Pods key={cluster.base} cluster={cluster} still={desk.moment.value !== undefined} />;
}
