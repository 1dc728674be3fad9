/** No frame may come at all, of a tab that nobody sees. */
const waitedMsMax = 500;

/** When the page has been painted for the first time. What is not needed for that loads afterwards, and does not delay it. */
export function painted(): Promise<void> {
  const name = "first-contentful-paint";
  const isOver = performance.getEntriesByName(name).length > 0;
  const tells = globalThis.PerformanceObserver?.supportedEntryTypes?.includes("paint");
  if (isOver || document.hidden || !tells) return Promise.resolve();
  return new Promise((resolve) => {
    const observer = new PerformanceObserver((list) => {
      if (list.getEntriesByName(name).length > 0) done();
    });
    const done = (): void => {
      observer.disconnect();
      resolve();
    };
    observer.observe({ type: "paint", buffered: true });
    setTimeout(done, waitedMsMax);
  });
}
