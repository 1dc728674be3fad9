import { useSignal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { messageOf } from "../api/client.ts";
import { useLoading } from "./together.tsx";

/** Asking the server from a component. */

export interface Work {
  /** One thing at a time; buttons are off meanwhile. */
  busy: Signal<boolean>;
  problem: Signal<string | undefined>;
  run: (work: () => Promise<unknown>) => void;
}

export function useWork(): Work {
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const run = (work: () => Promise<unknown>): void => {
    if (busy.value) return;
    busy.value = true;
    problem.value = undefined;
    work()
      .catch((error: unknown) => (problem.value = messageOf(error)))
      .finally(() => (busy.value = false));
  };
  return { busy, problem, run };
}

export interface Loaded<T> {
  value: Signal<T | undefined>;
  problem: Signal<string | undefined>;
  again: () => Promise<void>;
}

/** What `load` answers, asked once, and again when told. */
export function useLoaded<T>(load: () => Promise<T>): Loaded<T> {
  const value = useSignal<T | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const again = async (): Promise<void> => {
    try {
      value.value = await load();
    } catch (error) {
      problem.value = messageOf(error);
    }
  };
  const loading = useLoading();
  useEffect(() => {
    if (loading) loading.value += 1;
    void again().finally(() => loading && (loading.value -= 1));
  }, []);
  return { value, problem, again };
}

export const when = (iso: string): string =>
  new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
