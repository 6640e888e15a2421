// The JSON Schema of the settings, as far as a form needs it.

import type { Settings } from "./report.ts";

/** A word to choose, and what it means. */
export type Choice = { const: string; description: string };

export type Schema = {
    description?: string;
    type?: string | string[];
    default?: unknown;
    examples?: unknown[];
    pattern?: string;
    anyOf?: Schema[];
    oneOf?: Choice[];
    items?: Schema;
    properties?: Record<string, Schema>;
    required?: string[];
};

/** How a value is entered. */
export type Control =
    | { kind: "choice"; choices: Choice[] }
    | { kind: "choices"; choices: Choice[] }
    | { kind: "flag" }
    | { kind: "text"; pattern?: string }
    | { kind: "texts"; pattern?: string }
    | { kind: "objects"; item: Schema }
    | { kind: "yaml" };

/** The control for a value of this schema. */
export function control(schema: Schema): Control {
    const choices = schema.oneOf ?? schema.anyOf?.find(({ oneOf }) => oneOf)?.oneOf;
    if (choices) return { kind: "choice", choices };
    switch ([schema.type].flat().find((type) => type !== "null")) {
        case "boolean":
            return { kind: "flag" };
        case "string":
            return { kind: "text", pattern: schema.pattern };
        case "array":
            return ofArray(schema.items ?? {});
        default:
            return { kind: "yaml" };
    }
}

function ofArray(items: Schema): Control {
    if (items.oneOf) return { kind: "choices", choices: items.oneOf };
    if (items.type === "string") return { kind: "texts", pattern: items.pattern };
    // An object with names that people choose from; one as large as a volume is easier as YAML.
    const count = Object.keys(items.properties ?? {}).length;
    return count > 0 && count < 12 ? { kind: "objects", item: items } : { kind: "yaml" };
}

/** The members of an object with one of them changed; one with its default, or nothing in it, is left out. */
export function changed(settings: Settings, name: string, value: unknown, schema: Schema): Settings {
    const same = (other: unknown) => JSON.stringify(value) === JSON.stringify(other);
    const isNothing = value === undefined || value === "" || same([]) || same(schema.default);
    const { [name]: _, ...others } = settings;
    if (isNothing) return others;
    return name in settings ? Object.fromEntries(Object.entries(settings).map(([key, old]) => [key, key === name ? value : old])) : { ...settings, [name]: value };
}
