/** Loads what a sandbox's page shows first, while its sandbox is still being made or asked for. */
export function warm(): void {
  for (const part of [
    import("./emulator.ts"),
    import("../panels/picture.tsx"),
    import("../panels/time-bar.tsx"),
  ])
    // Whoever needs it asks again, and says so where it fails.
    part.catch(() => {});
}
