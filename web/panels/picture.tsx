import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { followObjects, type Objects } from "../api/picture-objects.ts";
import { askWhy } from "../desk/ask-why.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import type { Arrangement } from "../picture/layout.ts";
import { Stage } from "../picture/stage.ts";
import { sceneOf, type Scene } from "../picture/scene.ts";
import { summaryOf } from "../picture/pod-view.ts";
import { followRollouts, type Rollout } from "../picture/rollout.ts";
import { RolloutStrip } from "../picture/rollout-strip.tsx";
import { Twin } from "../picture/picture-table.tsx";
import type { Target } from "../picture/pointing.ts";
import { Command, firstCommand } from "../ui/command.tsx";
import { troubleOf } from "../picture/troubled.ts";
import { usePageVisible } from "../ui/page-visible.ts";
import { WhyButton } from "../ui/why-button.tsx";
import "./picture.css";

/** What the picture needs of a desk: a snapshot's page and a frame have no more. */
export type Looked = Pick<Desk, "shown" | "selected" | "type"> & Partial<Pick<Desk, "detail">>;

/** What there is in the cluster that is shown, kept up with. */
function useFollowed(desk: Looked) {
  const objects = useSignal<Objects | undefined>(undefined);
  const trouble = useSignal<string | undefined>(undefined);
  const rollouts = useSignal<Rollout[]>([]);
  const visible = usePageVisible();
  useSignalEffect(() => {
    const cluster = desk.shown.value;
    // A hidden page does not keep the cluster's time running.
    if (cluster.changes && !visible.value) return;
    rollouts.value = [];
    return followObjects(cluster, {
      show(next) {
        objects.value = next;
        rollouts.value = followRollouts(rollouts.peek(), next, cluster.changes?.time.nowMs);
      },
      trouble: (message) => void (trouble.value = message),
    });
  });
  return { objects, trouble, rollouts };
}

/** The cluster as one looks at it: nodes as rooms, Pods in them, Services under them; and the same as a table. */
export function Picture({ desk }: { desk: Looked }) {
  const { objects, trouble, rollouts } = useFollowed(desk);
  const asTable = useSignal(false);
  const arrangement = useSignal<Arrangement>("nodes");
  const scene = useMemo(() => objects.value && sceneOf(objects.value), [objects.value]);
  const { detail, selected } = desk;
  const why = detail && ((ref: ObjectRef) => askWhy({ detail, selected }, ref));
  const strips = rollouts.value.map((rollout) => (
    <RolloutStrip key={rollout.uid} rollout={rollout} />
  ));
  return (
    <section class="panel picture" aria-labelledby="picture-title">
      <div class="title">
        <h2 id="picture-title">Picture</h2>
        <span class={`state ${trouble.value ? "lost" : ""}`} role="status">
          {trouble.value ? `reconnecting: ${trouble.value}` : scene ? summaryOf(scene.pods) : ""}
        </span>
        {scene && why && <WhySelected selected={desk.selected.value} scene={scene} why={why} />}
        <Switches asTable={asTable} arrangement={arrangement} />
      </div>
      {!scene && <p class="quiet">Asking the cluster…</p>}
      {scene && desk.type && hasNothing(scene) && (
        <div class="first">
          <p>Nothing of yours runs yet. Begin with a Deployment:</p>
          <Command command={firstCommand} type={desk.type} />
        </div>
      )}
      {scene && !asTable.value && (
        <Canvas scene={scene} desk={desk} arrangement={arrangement.value}>
          {strips}
        </Canvas>
      )}
      {scene && (
        <div
          class={asTable.value ? "scroll" : "unseen"}
          role="region"
          aria-label="The picture as a table"
          tabIndex={asTable.value ? 0 : undefined}
        >
          <Twin
            scene={scene}
            select={(ref) => (desk.selected.value = ref)}
            {...(why && { askWhy: why })}
          />
        </div>
      )}
      {asTable.value && strips}
    </section>
  );
}

const hasNothing = ({ pods }: Scene): boolean => pods.every(({ system }) => system);
interface WhyProps {
  selected: ObjectRef | undefined;
  scene: Scene;
  why: (ref: ObjectRef) => void;
}

/** Where what is selected is not as wished. */
function WhySelected({ selected, scene, why }: WhyProps) {
  const trouble = troubleOf(scene, selected);
  if (!selected || trouble === undefined) return null;
  return (
    <WhyButton
      of={`${selected.kind} ${selected.name}, ${trouble},`}
      text={`Why? ${selected.name}`}
      ask={() => why(selected)}
    />
  );
}

interface SwitchesProps {
  asTable: Signal<boolean>;
  arrangement: Signal<Arrangement>;
}

function Switches({ asTable, arrangement }: SwitchesProps) {
  return (
    <div class="switches">
      <button
        type="button"
        aria-pressed={arrangement.value === "workloads"}
        disabled={asTable.value}
        onClick={() => (arrangement.value = arrangement.value === "nodes" ? "workloads" : "nodes")}
      >
        By workload
      </button>
      <button
        type="button"
        aria-pressed={asTable.value}
        onClick={() => (asTable.value = !asTable.value)}
      >
        As table
      </button>
    </div>
  );
}

interface CanvasProps {
  scene: Scene;
  desk: Looked;
  arrangement: Arrangement;
  /** Right under the picture. */
  children: ComponentChildren;
}

function Canvas({ scene, desk, arrangement, children }: CanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | undefined>(undefined);
  const pointed = useSignal<Target | undefined>(undefined);
  useEffect(() => {
    const made = new Stage(canvas.current!, {
      time: () => desk.shown.peek().changes?.time,
      pointed: (target) => void (pointed.value = target),
      select: (ref: ObjectRef) => void (desk.selected.value = ref),
    });
    stage.current = made;
    return () => made.end();
  }, []);
  useEffect(() => stage.current?.show(scene, arrangement), [scene, arrangement]);
  useSignalEffect(() => stage.current?.mark(desk.selected.value));
  const target = pointed.value;
  return (
    <div class="canvas">
      <canvas
        ref={canvas}
        role="img"
        tabIndex={0}
        aria-label={`Picture of the cluster: ${scene.nodes.length} nodes, ${scene.pods.length} Pods. Arrow keys move, Enter selects.`}
      />
      {children}
      <div class="said">
        <p role="status">{target?.sentence ?? ""}</p>
        {!target && <p aria-hidden="true">Point at anything to read it; a click selects it.</p>}
      </div>
    </div>
  );
}
