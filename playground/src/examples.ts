// The examples to choose from, and those of docs/rules.md, which links lead to. scripts/generate.mjs gathers them.

import examples from "../generated/examples.json";
import type { Input } from "./engine.ts";

/** An example; one without a title is only linked to. */
export type Example = Input & { id: string; title: string | null };

export const EXAMPLES: Example[] = examples;

/** The example of this id. */
export function example(id: string): Example | undefined {
    return EXAMPLES.find((example) => example.id === id);
}

/** The example that these texts are, unchanged. */
export function sameAs(input: Input): Example | undefined {
    const { manifest, settings, session } = input;
    return EXAMPLES.find((one) => one.manifest === manifest && one.settings === settings && one.session === session);
}
