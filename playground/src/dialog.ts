// The dialog that shows what can be taken along.

import { byId, h } from "./dom.ts";
import type { Export } from "./exports.ts";
import { Tabs } from "./tabs.ts";

/** Copies a text, and says on the button that it is done. */
export async function copy(text: string, button: HTMLElement): Promise<void> {
    const before = (button.dataset.title ??= button.textContent ?? "");
    let told = "Copied";
    try {
        await navigator.clipboard.writeText(text);
    } catch {
        told = "Not allowed";
    }
    button.textContent = told;
    setTimeout(() => (button.textContent = before), 1500);
}

function save(name: string, text: string): void {
    const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    h("a", { href: address, download: name }).click();
    URL.revokeObjectURL(address);
}

function panel({ id, about, file, text }: Export): HTMLElement {
    const button = h("button", { type: "button", class: "primary", click: (event) => void copy(text, event.currentTarget as HTMLElement) }, "Copy");
    const download = h("button", { type: "button", click: () => save(file, text) }, `Save as ${file}`);
    const shown = h("pre", { tabindex: 0, role: "group", "aria-label": file }, text);
    return h("div", { id: `panel-${id}` }, h("p", { class: "hint" }, about), shown, h("p", { class: "take" }, button, download));
}

/** Opens the dialog with these. */
export function open(exports: Export[]): void {
    const dialog = byId<HTMLDialogElement>("exports");
    const close = h("button", { type: "button", class: "close", "aria-label": "Close", click: () => dialog.close() }, "×");
    const tabs = h("div", {});
    dialog.replaceChildren(h("header", {}, h("h2", { id: "exports-title" }, "Take it along"), close), tabs, ...exports.map(panel));
    dialog.showModal();
    new Tabs(tabs, "Exports", exports);
    tabs.querySelector("button")?.focus();
}
