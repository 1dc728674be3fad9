import type { Signal } from "@preact/signals";
import { share } from "./view.ts";

interface Props {
  label: string;
  /** Percent of the parent that the part before the border has; with `after`, the part behind it. */
  value: Signal<number>;
  upright?: boolean;
  after?: boolean;
}

const stepPercent = 2;

/** Between two parts: dragged, or moved by arrows. */
export function Border({ label, value, upright = false, after = false }: Props) {
  const set = (percent: number): void => void (value.value = share(percent));
  const drag = (event: PointerEvent): void => {
    const border = event.currentTarget as HTMLElement;
    if (!border.hasPointerCapture(event.pointerId)) return;
    // The detail stands beside the part that this belongs to.
    const around = upright ? border.closest(".desk-body") : border.parentElement;
    const { left, top, width, height } = around!.getBoundingClientRect();
    const part = upright ? (event.clientX - left) / width : (event.clientY - top) / height;
    set(100 * (after ? 1 - part : part));
  };
  const press = (event: KeyboardEvent): void => {
    const [less, more] = upright ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    if (event.key !== less && event.key !== more) return;
    event.preventDefault();
    const grows = (event.key === more) !== after;
    set(value.value + (grows ? stepPercent : -stepPercent));
  };
  return (
    <div
      class={`border ${upright ? "upright" : ""}`}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={upright ? "vertical" : "horizontal"}
      aria-valuenow={value.value}
      aria-valuemin={share(0)}
      aria-valuemax={share(100)}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={press}
    />
  );
}
