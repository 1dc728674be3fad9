import { useComputed, useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { messageOf } from "../api/client.ts";
import { followLog, logSources, sourcesMax, type LogSource } from "../api/logs.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { useTold } from "../objects/told.ts";
import { Problem } from "../ui/panel.tsx";
import "./logs.css";

/** Lines that are shown; what is older is left to kubectl. */
const linesMax = 2_000;

interface Line {
  from: string;
  text: string;
}

const nameOf = ({ pod, container }: LogSource): string => `${pod}/${container}`;

/** The logs of an object's containers, as they are followed. */
function useLogs(desk: Desk, object: ObjectRef) {
  const sources = useSignal<LogSource[] | undefined>(undefined);
  /** "": all of them. */
  const container = useSignal("");
  const previous = useSignal(false);
  const lines = useSignal<readonly Line[]>([]);
  const problem = useSignal<string | undefined>(undefined);
  useTold(desk, object, () => {
    logSources(desk.live, object).then(
      (found) => {
        sources.value = found;
        problem.value = undefined;
      },
      (error: unknown) => (problem.value = messageOf(error)),
    );
  });
  const chosen = useComputed(() =>
    (sources.value ?? []).filter(
      (one) => container.value === "" || one.container === container.value,
    ),
  );
  const followed = useRef(new Map<string, AbortController>());
  const tell = useRef(collect(lines)).current;
  useEffect(() => {
    const stopAll = (): void => {
      for (const stop of followed.current.values()) stop.abort();
      followed.current.clear();
    };
    lines.value = [];
    return stopAll;
  }, [container.value, previous.value]);
  useEffect(() => {
    for (const source of chosen.value) {
      // A container that was started anew is another one.
      const key = `${nameOf(source)} ${source.restarts}`;
      if (followed.current.has(key)) continue;
      const stop = new AbortController();
      followed.current.set(key, stop);
      const from = nameOf(source);
      const say = (text: string): void => tell({ from, text });
      followLog(desk.live, source, previous.value, say, stop.signal).catch((error: unknown) => {
        if (stop.signal.aborted) return;
        followed.current.delete(key);
        say(messageOf(error));
      });
    }
  }, [chosen.value, previous.value]);
  return { sources, container, previous, lines, problem };
}

export function Logs({ desk, object }: { desk: Desk; object: ObjectRef }) {
  const { sources, container, previous, lines, problem } = useLogs(desk, object);
  const filter = useSignal("");
  const pods = new Set(sources.value?.map(({ pod }) => pod));
  const shown = lines.value.filter(({ text }) => text.includes(filter.value));
  return (
    <>
      <Choices sources={sources.value ?? []} {...{ container, previous, filter }} />
      <Problem text={problem.value} />
      {sources.value?.length === 0 && (
        <p class="empty">It selects no Pods, so there is nothing that could print.</p>
      )}
      {(sources.value?.length ?? 0) >= sourcesMax && (
        <p class="quiet">The first {sourcesMax} containers are followed.</p>
      )}
      <Lines lines={shown} named={pods.size > 1 || (sources.value?.length ?? 0) > 1} />
    </>
  );
}

interface ChoicesProps {
  sources: LogSource[];
  container: Signal<string>;
  previous: Signal<boolean>;
  filter: Signal<string>;
}

function Choices({ sources, container, previous, filter }: ChoicesProps) {
  const names = [...new Set(sources.map((one) => one.container))];
  return (
    <div class="choices">
      <select
        aria-label="Container"
        value={container.value}
        onChange={(event) => (container.value = event.currentTarget.value)}
      >
        <option value="">{names.length > 1 ? "all containers" : (names[0] ?? "container")}</option>
        {names.length > 1 &&
          names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
      </select>
      <label>
        <input
          type="checkbox"
          checked={previous.value}
          onChange={(event) => (previous.value = event.currentTarget.checked)}
        />{" "}
        previous
      </label>
      <input
        aria-label="Filter lines"
        placeholder="filter"
        value={filter.value}
        onInput={(event) => (filter.value = event.currentTarget.value)}
      />
    </div>
  );
}

/** Stays at the end while the end is seen. */
function Lines({ lines, named }: { lines: readonly Line[]; named: boolean }) {
  const pre = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    if (atEnd.current) pre.current?.scrollTo({ top: pre.current.scrollHeight });
  }, [lines]);
  const scrolled = ({ scrollTop, scrollHeight, clientHeight }: HTMLPreElement): void => {
    atEnd.current = scrollTop + clientHeight > scrollHeight - 20;
  };
  return (
    <pre
      ref={pre}
      class="log"
      tabIndex={0}
      role="log"
      aria-label="Log"
      onScroll={(event) => scrolled(event.currentTarget)}
    >
      {lines.length === 0
        ? "Nothing was printed yet."
        : lines.map(({ from, text }, at) => (
            <span key={at}>
              {named && <span class={`log-from tint-${tintOf(from)}`}>{from} </span>}
              {text}
              {"\n"}
            </span>
          ))}
    </pre>
  );
}

const tints = 5;
const tintOf = (name: string): number =>
  [...name].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) % 1_000_003, 7) % tints;

const burstMs = 50;

/** Lines come in bursts: they are shown together. */
function collect(lines: Signal<readonly Line[]>): (line: Line) => void {
  let fresh: Line[] = [];
  return (line) => {
    if (fresh.push(line) > 1) return;
    setTimeout(() => {
      lines.value = [...lines.value, ...fresh].slice(-linesMax);
      fresh = [];
    }, burstMs);
  };
}
