// Light or dark: as the system has it, until somebody chooses.

const KEY = "theme";

function isDark(): boolean {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function stored(): string | null {
    try {
        return localStorage.getItem(KEY);
    } catch {
        return null;
    }
}

function store(theme: string): void {
    try {
        localStorage.setItem(KEY, theme);
    } catch {
        // A browser may keep nothing: then it is chosen anew next time.
    }
}

/** Lets a button change between both. */
export function themes(button: HTMLElement): void {
    const theme = stored();
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
    const label = () => (button.textContent = isDark() ? "Light" : "Dark");
    button.addEventListener("click", () => {
        const next = isDark() ? "light" : "dark";
        document.documentElement.dataset.theme = next;
        store(next);
        label();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
    label();
}
