import { rolloutSentence, stripOf, touches, type Rollout } from "./rollout.ts";

const width = 600;
const height = 72;

/** Old and new Pods over time, between the bounds that the roll-out keeps. */
export function RolloutStrip({ rollout }: { rollout: Rollout }) {
  const { old, fresh, available, floorY, ceilingY } = stripOf(rollout, width, height);
  const touched = touches(rollout);
  const sentence = rolloutSentence(rollout);
  const line = (name: "floor" | "ceiling", y: number) => (
    <line class={`${name} ${touched[name] ? "touched" : ""}`} x1="0" x2={width} y1={y} y2={y} />
  );
  return (
    <figure class="rollout">
      <figcaption>{sentence}</figcaption>
      <div class="strip">
        <svg
          viewBox={`0 0 ${width} ${height}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={sentence}
        >
          <path class="old" d={old} />
          <path class="fresh" d={fresh} />
          <path class="available" d={available} />
          {line("floor", floorY)}
          {line("ceiling", ceilingY)}
        </svg>
        <span style={{ top: `${(ceilingY / height) * 100}%` }}>at most {rollout.ceiling}</span>
        <span style={{ top: `${(floorY / height) * 100}%` }}>at least {rollout.floor}</span>
      </div>
      <p class="key" aria-hidden="true">
        <i class="old" /> old <i class="fresh" /> new <i class="available" /> available
      </p>
    </figure>
  );
}
