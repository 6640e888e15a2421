// Elements, made in one expression.

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>;

/** Makes an element: functions are listeners, `true` is an attribute without a value, and what is null or false is left out. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (typeof value === "function") element.addEventListener(name, value);
        else if (value === true) element.setAttribute(name, "");
        else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
    }
    element.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
    return element;
}

/** The element of this id, which the page has. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
    const element = document.getElementById(id);
    if (!element) throw new Error(`the page has no #${id}`);
    return element as E;
}

/** A text with `code` in it. */
export function prose(text: string): (Node | string)[] {
    return text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
}
