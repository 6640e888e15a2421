//! Makes JavaScript and WebAssembly of the playground's engine: `playground-bindgen MODULE FOLDER`.

use std::env;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut args = env::args().skip(1);
    let (module, folder) = (args.next().context("no module")?, args.next().context("no folder")?);
    // The page fetches the module itself.
    Bindgen::new().input_path(module).out_name("engine").web(true)?.omit_default_module_path(true).generate(folder)
}
