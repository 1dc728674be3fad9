/** Who caused a revision, made out of the name that it carries (`Change.by`). */

export interface Cause {
  /** `cluster` is what makes a cluster and its clock go; `fault` what Podyard did to save itself. */
  kind: "person" | "service" | "controller" | "kubelet" | "scheduler" | "cluster" | "fault";
  /** As the revision has it; "": it was not written down. */
  name: string;
}

const kinds: Record<string, Cause["kind"]> = {
  "": "cluster",
  bootstrap: "cluster",
  clock: "cluster",
  network: "cluster",
  kubelet: "kubelet",
  scheduler: "scheduler",
  watchdog: "fault",
};

const account = "system:serviceaccount:";
/** No name of a user has it, as none could be sent. */
const undoMark = "\0undo ";

/** Who goes back to a revision, as cause of what is written for it. */
export const undoingTo = (name: string, to: number): string => `${name}${undoMark}${to}`;

/** `components`: names of what reconciles. */
export function causeOf(
  by: string | undefined,
  components: ReadonlySet<string>,
): { cause: Cause; undoes?: number } {
  const [name = "", to] = (by ?? "").split(undoMark);
  const cause: Cause = { kind: kindOf(name, components), name };
  return to === undefined ? { cause } : { cause: { ...cause, kind: "person" }, undoes: Number(to) };
}

function kindOf(name: string, components: ReadonlySet<string>): Cause["kind"] {
  const known = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (known) return known;
  if (name.startsWith(account)) return "service";
  return components.has(name) ? "controller" : "person";
}

/** As the subject of a sentence. `node`: where the kubelet is. */
export function phraseOf({ kind, name }: Cause, node: string | undefined): string {
  if (kind === "scheduler") return "the scheduler";
  if (kind === "kubelet") return node === undefined ? "a kubelet" : `the kubelet of ${node}`;
  if (kind === "service") return `service account ${name.slice(account.length).replace(":", "/")}`;
  if (kind === "cluster") return "the cluster";
  if (kind === "fault") return "the watchdog";
  if (kind === "person") return name;
  if (name === "garbagecollector") return "the garbage collector";
  return /controller$|autoscaler$/.test(name) ? `the ${name}` : `the ${name} controller`;
}
