import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** Whether somebody can see the page: a hidden one does not keep the cluster's time running. */
export function useVisible(): boolean {
  const visible = useSignal(!document.hidden);
  useEffect(() => {
    const change = (): void => void (visible.value = !document.hidden);
    document.addEventListener("visibilitychange", change);
    return () => document.removeEventListener("visibilitychange", change);
  }, []);
  return visible.value;
}
