import { defineConfig, devices } from "@playwright/test";

const PORT = 4173;

export default defineConfig({
    testDir: "tests",
    // One after the other: what is measured is measured alone.
    workers: 1,
    timeout: 120_000,
    // A machine may be busy.
    expect: { timeout: 15_000 },
    reporter: "list",
    use: {
        baseURL: `http://localhost:${PORT}/`,
        ...devices["Desktop Chrome"],
        channel: undefined,
        viewport: { width: 1360, height: 860 },
        launchOptions: {
            executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
            args: ["--no-sandbox", "--disable-gpu", "--disable-lcd-text", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        },
    },
    webServer: { command: `npx vite preview --port ${PORT} --strictPort`, port: PORT, reuseExistingServer: false },
});
