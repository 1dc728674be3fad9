import { signal, useSignal, type Signal } from "@preact/signals";
import { createContext, type ComponentChildren } from "preact";
import { useContext, useEffect, useMemo } from "preact/hooks";

/** How many of the parts within still load. */
const Loading = createContext<Signal<number> | undefined>(undefined);

export const useLoading = (): Signal<number> | undefined => useContext(Loading);

/** How long parts wait for one another, at most. */
const waitMs = 2000;

/** Parts that load by themselves (`useLoaded`) and appear all at once: nothing moves under the pointer while others arrive. */
export function Together({ children }: { children: ComponentChildren }) {
  const loading = useMemo(() => signal(0), []);
  const shown = useSignal(false);
  useEffect(() => {
    const show = (): void => void (shown.value = true);
    const late = setTimeout(show, waitMs);
    const stop = loading.subscribe((count) => count === 0 && show());
    return () => {
      clearTimeout(late);
      stop();
    };
  }, []);
  return (
    <Loading.Provider value={loading}>
      <div style={shown.value ? undefined : { visibility: "hidden" }} aria-busy={!shown.value}>
        {children}
      </div>
    </Loading.Provider>
  );
}
