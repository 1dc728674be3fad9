import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { followObjects, type Objects } from "../api/objects.ts";
import { askWhy } from "../desk/ask-why.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import type { Arrangement } from "../picture/layout.ts";
import { Stage } from "../picture/stage.ts";
import { sceneOf, type Scene } from "../picture/scene.ts";
import { summaryOf } from "../picture/pod-view.ts";
import { followRollouts, type Rollout } from "../picture/rollout.ts";
import { RolloutStrip } from "../picture/strip.tsx";
import { Twin } from "../picture/twin.tsx";
import type { Target } from "../picture/pointing.ts";
import { troubleOf } from "../picture/troubled.ts";
import { WhyButton } from "../ui/why-button.tsx";
import "./picture.css";

/** The cluster as one looks at it: nodes as rooms, Pods in them, Services under them; and the same as a table. */
export function Picture({ desk }: { desk: Desk }) {
  const objects = useSignal<Objects | undefined>(undefined);
  const trouble = useSignal<string | undefined>(undefined);
  const rollouts = useSignal<Rollout[]>([]);
  const asTable = useSignal(false);
  const arrangement = useSignal<Arrangement>("nodes");
  const visible = useVisible();

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

  const scene = useMemo(() => objects.value && sceneOf(objects.value), [objects.value]);
  return (
    <section class="panel picture" aria-labelledby="picture-title">
      <div class="title">
        <h2 id="picture-title">Picture</h2>
        <span class={`state ${trouble.value ? "lost" : ""}`} role="status">
          {trouble.value ? `reconnecting: ${trouble.value}` : scene ? summaryOf(scene.pods) : ""}
        </span>
        {scene && <WhySelected desk={desk} scene={scene} />}
        <Switches asTable={asTable} arrangement={arrangement} />
      </div>
      {!scene && <p class="quiet">Asking the cluster…</p>}
      {scene && !asTable.value && (
        <Canvas scene={scene} desk={desk} arrangement={arrangement.value} />
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
            askWhy={(ref) => askWhy(desk, ref)}
          />
        </div>
      )}
      {rollouts.value.map((rollout) => (
        <RolloutStrip key={rollout.uid} rollout={rollout} />
      ))}
    </section>
  );
}

/** Where what is selected is not as wished. */
function WhySelected({ desk, scene }: { desk: Desk; scene: Scene }) {
  const selected = desk.selected.value;
  const trouble = troubleOf(scene, selected);
  if (!selected || trouble === undefined) return null;
  return (
    <WhyButton
      of={`${selected.kind} ${selected.name}, ${trouble},`}
      text={`Why? ${selected.name}`}
      ask={() => askWhy(desk, selected)}
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

function useVisible() {
  const visible = useSignal(!document.hidden);
  useEffect(() => {
    const change = (): void => void (visible.value = !document.hidden);
    document.addEventListener("visibilitychange", change);
    return () => document.removeEventListener("visibilitychange", change);
  }, []);
  return visible;
}

interface CanvasProps {
  scene: Scene;
  desk: Desk;
  arrangement: Arrangement;
}

function Canvas({ scene, desk, arrangement }: CanvasProps) {
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
      {scene.pods.every(({ system }) => system) && (
        <p class="hint">
          Nothing of yours runs yet. Try{" "}
          <code>kubectl create deployment my-web --image=nginx --replicas=3</code>
        </p>
      )}
      <div class="said">
        <p role="status">{target?.sentence ?? ""}</p>
        {!target && <p aria-hidden="true">Point at anything to read it; a click selects it.</p>}
      </div>
    </div>
  );
}
