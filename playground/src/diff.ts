// A unified diff for a reader.

import { h } from "./dom.ts";

const KINDS: Record<string, [string, string]> = { "+": ["added", "Added: "], "-": ["removed", "Removed: "], "@": ["place", ""] };

/** Shows the hunks of a patch; the names of its files are left out. */
export function diff(patch: string, label: string): HTMLElement {
    const lines = patch.split("\n").slice(2).filter((line, index, all) => line !== "" || index < all.length - 1);
    const rows = lines.map((line) => {
        const [kind, spoken] = KINDS[line[0]] ?? ["same", ""];
        return h("span", { class: kind }, spoken && h("span", { class: "spoken" }, spoken), `${line}\n`);
    });
    // What scrolls has to be reached by the keyboard.
    return h("pre", { class: "diff", tabindex: 0, role: "group", "aria-label": label }, ...rows);
}
