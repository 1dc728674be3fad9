import type { Program } from "../program.ts";
export const shellPrograms = (): Program[] => [];
