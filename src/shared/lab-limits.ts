/** Bounds of an experiment, in a module of their own: the window's first view needs them, and no schema. */
export const labLimits = { variants: 8, rounds: 200, warmUps: 5, nameLength: 60 } as const;
