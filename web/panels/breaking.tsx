import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import {
  cutOff,
  killContainer,
  nodeState,
  podState,
  setCordon,
  setPower,
  type NodeState,
  type PodState,
} from "../api/breaking.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { useTold } from "../desk/told.ts";
import { Problem } from "../ui/panel.tsx";
import { useWork, type Work } from "../ui/work.ts";

interface Part {
  desk: Desk;
  object: ObjectRef;
}

/** Buttons that break an object by hand, and mend it. */
export function Breaking({ desk, object }: Part) {
  if (object.resource === "nodes") return <OfNode desk={desk} object={object} />;
  if (object.resource === "pods") return <OfPod desk={desk} object={object} />;
  return null;
}

function OfNode({ desk, object }: Part) {
  const state = useSignal<NodeState | undefined>(undefined);
  const work = useWork();
  const { live } = desk;
  useTold(desk, object, () => {
    nodeState(live, object).then(
      (told) => (state.value = told),
      () => (state.value = undefined),
    );
  });
  if (!state.value) return null;
  const { stopped, cordoned } = state.value;
  return (
    <>
      <Act work={work} does={() => setPower(live, object, stopped)}>
        {stopped ? "Start the node" : "Stop the node"}
      </Act>
      <Act work={work} does={() => setCordon(live, object, !cordoned)}>
        {cordoned ? "Uncordon" : "Cordon"}
      </Act>
      <Problem text={work.problem.value} />
    </>
  );
}

function OfPod({ desk, object }: Part) {
  const state = useSignal<PodState | undefined>(undefined);
  const work = useWork();
  const { live, sandbox } = desk;
  useTold(desk, object, () => {
    podState(live, object).then(
      (told) => (state.value = told),
      () => (state.value = undefined),
    );
  });
  if (!state.value) return null;
  const { isCut, node, containers } = state.value;
  return (
    <>
      {containers.map(({ name, id }) => (
        <Act key={id} work={work} does={() => killContainer(sandbox, node, id)}>
          Kill {name}
        </Act>
      ))}
      <Act work={work} does={() => cutOff(live, object, !isCut)}>
        {isCut ? "Connect again" : "Cut off"}
      </Act>
      <Problem text={work.problem.value} />
    </>
  );
}

interface ActProps {
  work: Work;
  does: () => Promise<unknown>;
  children: ComponentChildren;
}

function Act({ work: { busy, run }, does, children }: ActProps) {
  return (
    <button type="button" disabled={busy.value} onClick={() => run(does)}>
      {children}
    </button>
  );
}
